package detect

import (
	"os"
	"strings"
	"testing"
)

// simulatedFaults is how many faults of each type the document shows of the
// simulator: what `drill detect` plays when nothing else is asked for.
const simulatedFaults = 1000

func TestDocumentShowsWhatWasMeasured(t *testing.T) {
	t.Parallel()
	kept, err := OpenKept("../../docs/detection")
	if err != nil {
		t.Fatal(err)
	}
	runs := kept.Runs
	for _, k := range Kinds() {
		simulated, err := k.Simulate(t.Context(), 1, simulatedFaults/PerRun, 0)
		if err != nil {
			t.Fatal(err)
		}
		runs = append(runs, simulated...)
	}
	r, err := Summarize(Kinds(), runs)
	if err != nil {
		t.Fatal(err)
	}
	for i := range r.Wrong {
		t.Errorf("%s", r.Wrong[i].String())
	}
	for file, want := range map[string]func(string) (string, error){
		"../../docs/DETECTION.md":  r.Within,
		"../../docs/detection.svg": func(string) (string, error) { return r.SVG(), nil },
	} {
		have, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if text, err := want(string(have)); err != nil || text != string(have) {
			t.Errorf("%s is out of date (%v); run\n  make detect", file, err)
		}
	}
}

func TestDocumentWithoutMarkersIsRefused(t *testing.T) {
	t.Parallel()
	if _, err := (&Report{}).Within("# Nothing\n"); err == nil || !strings.Contains(err.Error(), beginMark) {
		t.Errorf("refused with %v", err)
	}
}

func TestPictureDrawsEveryTypeInBothWorlds(t *testing.T) {
	t.Parallel()
	k := kind(t, "pause")
	real := runOf(k, Elected, 900, 1200)
	sim := real
	sim.Tier = "sim"
	r, err := Summarize([]*Kind{k}, []Run{real, sim})
	if err != nil {
		t.Fatal(err)
	}
	picture := r.SVG()
	if strings.Count(picture, "<circle") != 2+len(tracks) || !strings.Contains(picture, ">pause<") ||
		!strings.HasSuffix(picture, "</svg>\n") {
		t.Errorf("%s", picture)
	}
}
