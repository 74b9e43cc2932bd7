package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fencepost/internal/detect"
	"fencepost/scenarios"
)

func TestDetectMeasuresTheSimulatorAndWritesItDown(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	svg, doc := filepath.Join(dir, "detection.svg"), filepath.Join(dir, "DETECTION.md")
	const marked = "# How long\n<!-- begin: drill detect -->\nold\n<!-- end: drill detect -->\nThe end.\n"
	if err := os.WriteFile(doc, []byte(marked), 0o644); err != nil {
		t.Fatal(err)
	}
	got := carry(t, "detect", "--tier", "sim", "--type", "pause,broker-link", "--sim-count", "15", "--json",
		"--svg", svg, "--doc", doc)
	var found struct {
		Types []struct {
			Name   string
			Worlds []struct {
				Occurrences int
				HandedOver  int `json:"handed_over"`
				Spreads     map[string]struct{ N int }
			}
		}
		Violations []struct{}
	}
	if err := json.Unmarshal([]byte(got.out), &found); err != nil || got.code != 0 {
		t.Fatalf("exit %d: %v\n%s%s", got.code, err, got.out, got.problems)
	}
	if len(found.Types) != 2 || len(found.Types[0].Worlds) != 1 || found.Violations == nil {
		t.Fatalf("%s", got.out)
	}
	pause, broker := found.Types[0].Worlds[0], found.Types[1].Worlds[0]
	if pause.Occurrences != 20 || pause.HandedOver != 20 || pause.Spreads["overlap"].N != 20 ||
		broker.HandedOver != 0 {
		t.Errorf("%s", got.out)
	}
	text, err := os.ReadFile(doc)
	if err != nil || strings.Contains(string(text), "old\n") ||
		!strings.HasSuffix(string(text), "The end.\n") {
		t.Errorf("%v: %s", err, text)
	}
	if picture, err := os.ReadFile(svg); err != nil || !strings.HasPrefix(string(picture), "<svg ") {
		t.Errorf("%v: %s", err, picture)
	}
}

// TestDetectFailsOnAnOverlapThatIsKept reads a run that another command has kept.
func TestDetectFailsOnAnOverlapThatIsKept(t *testing.T) {
	t.Parallel()
	const kept = `{"type":"pause","tier":"real","seed":7,"verdict":"pass","occurrences":[` +
		`{"at":2500,"old":0,"epoch":1,"next":1,"measured":{"overlap":3}}]}` + "\n"
	dir := filepath.Dir(write(t, "samples.jsonl", kept))
	got := carry(t, "detect", "--count", "1", "--type", "pause", "--sim-count", "10", "--resume", dir)
	for _, want := range []string{
		"pause, tier real, seed 7, at 2.500000s: n1 believed until 0.003000s after n2",
		"out/detect-pause/real/7", "again: bin/drill detect --tier real --type pause --seed 7 --count 1",
	} {
		if got.code != 1 || !strings.Contains(got.problems, want) {
			t.Errorf("exit %d, without %q:\n%s", got.code, want, got.problems)
		}
	}
	if !strings.Contains(got.out, "| `pause` | real | 1 |") || !strings.Contains(got.out, "| 1 of 1 |") {
		t.Errorf("%s", got.out)
	}
}

func TestDetectRefusesWhatMakesNoSense(t *testing.T) {
	t.Parallel()
	doc := write(t, "DETECTION.md", "# How long\n")
	for args, want := range map[string]string{
		"--tier both --type pose":    "did you mean pause?",
		"--tier simulated":           "no such tier",
		"--count 0":                  "at least one",
		"--tier sim --doc " + doc:    "drill detect",
		"--tier sim --svg " + "/":    "it is a directory",
		"--tier sim --resume " + doc: "--resume",
	} {
		got := carry(t, append([]string{"detect"}, strings.Fields(args)...)...)
		if got.code != 64 || !strings.Contains(got.problems, want) || got.out != "" {
			t.Errorf("detect %s: exit %d, %q\n%s", args, got.code, got.problems, got.out)
		}
	}
}

// TestDetectSaysOfWhatItMeasuredNothing reads a run whose faults were all lost.
func TestDetectSaysOfWhatItMeasuredNothing(t *testing.T) {
	t.Parallel()
	dir := filepath.Dir(write(t, "samples.jsonl",
		`{"type":"pause","tier":"real","seed":7,"verdict":"pass","lost":5}`+"\n"))
	svg := filepath.Join(dir, "detection.svg")
	got := carry(t, "detect", "--tier", "sim", "--type", "pause", "--sim-count", "10", "--resume", dir,
		"--svg", svg)
	const want = "no fault was measured of pause, tier real, 1 run (0 invalid, 5 faults lost)"
	if got.code != scenarios.Unknown.ExitCode() || !strings.Contains(got.problems, want) {
		t.Errorf("exit %d, without %q:\n%s", got.code, want, got.problems)
	}
	if _, err := os.Stat(svg); !os.IsNotExist(err) {
		t.Errorf("a picture of nothing was drawn: %v", err)
	}
}

func TestRunsThatMeasureNothingEndAMeasurement(t *testing.T) {
	t.Parallel()
	kinds, err := detect.Find([]string{"pause"})
	if err != nil {
		t.Fatal(err)
	}
	measured := detect.Run{Kind: "pause", Verdict: scenarios.Pass, Occurrences: make([]detect.Occurrence, 5)}
	lost := detect.Run{Kind: "pause", Verdict: scenarios.Pass, Lost: 5}
	invalid := detect.Run{Kind: "pause", Verdict: scenarios.Invalid}
	m := &measuring{
		kept: &detect.Kept{}, say: func(string) {}, underWay: map[string]int{},
		vain: map[string]int{},
	}
	for i := range mostVain {
		m.ended(kinds[0], &measured, nil)
		if m.ended(kinds[0], []*detect.Run{&lost, &invalid}[i%2], nil); m.failed != nil {
			t.Fatalf("it gives up after %d: %v", i+1, m.failed)
		}
	}
	m.ended(kinds[0], &lost, nil)
	if m.failed == nil || !strings.Contains(m.failed.Error(), "pause: 6 runs measured nothing") {
		t.Errorf("it goes on: %v", m.failed)
	}
}
