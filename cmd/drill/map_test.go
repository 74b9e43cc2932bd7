package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestMapDrawsTheEdge(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	svg, doc := filepath.Join(dir, "edge.svg"), filepath.Join(dir, "EDGE.md")
	const marked = "# Edge\n<!-- begin: drill map -->\nold\n<!-- end: drill map -->\nThe end.\n"
	if err := os.WriteFile(doc, []byte(marked), 0o644); err != nil {
		t.Fatal(err)
	}
	got := carry(t, "map", "--json", "--seeds", "2", "--svg", svg, "--doc", doc)
	var found struct {
		Curves []struct {
			Points []struct {
				Drift *float64 `json:"drift_percent"`
			} `json:"points"`
		} `json:"curves"`
		ExecutorBroken bool `json:"executor_broken"`
	}
	if err := json.Unmarshal([]byte(got.out), &found); err != nil || got.code != 0 {
		t.Fatalf("exit %d: %v\n%s%s", got.code, err, got.out, got.problems)
	}
	if len(found.Curves) != 8 || found.ExecutorBroken || found.Curves[0].Points[0].Drift != nil {
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

func TestMapRefusesADocumentWithoutItsMarkers(t *testing.T) {
	t.Parallel()
	doc := write(t, "EDGE.md", "# Edge\n")
	if got := carry(t, "map", "--seeds", "1", "--doc", doc); got.code != 64 ||
		!strings.Contains(got.problems, "drill map") {
		t.Errorf("exit %d: %s", got.code, got.problems)
	}
	if got := carry(t, "map", "--seeds", "0"); got.code != 64 {
		t.Errorf("exit %d: %s", got.code, got.problems)
	}
}
