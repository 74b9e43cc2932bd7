package chaos

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"fencepost/core/history"
	"fencepost/internal/shrink/recorded"
	"fencepost/scenarios"
)

func TestFaultLogTellsOfEachStepWhomAndWhenItStruck(t *testing.T) {
	r := &run{program: &Program{scenario: &scenarios.Scenario{Steps: []scenarios.Step{
		{ID: "freeze", Verb: scenarios.Pause{}}, {Verb: scenarios.Kill{}}, {ID: "cut", Verb: scenarios.Net{}},
	}}}}
	r.begunAt = 1000
	r.steps = []step{{struck: 5000, healed: 7000, hit: []int16{1}}, {}, {struck: 900, hit: []int16{0, 2}}}
	var text strings.Builder
	err := r.writeFaults(&text, []history.Record{
		{Kind: history.FaultBegan, Fault: history.LinkFault, At: 900, Node: 0},
		{Kind: history.Announced, At: 1000, Node: 0},
		{Kind: history.FaultBegan, Fault: history.NodeFault, At: 4999, Node: 1},
		{Kind: history.FaultEnded, Fault: history.NodeFault, At: 7000, Node: 1},
	})
	if err != nil {
		t.Fatal(err)
	}
	var struck []recorded.Strike
	var kinds []string
	for line := range strings.Lines(text.String()) {
		var s recorded.Strike
		var kind struct{ Kind string }
		if err := json.Unmarshal([]byte(line), &kind); err != nil {
			t.Fatal(err)
		}
		kinds = append(kinds, kind.Kind)
		if kind.Kind == recorded.StepStruck {
			if err := json.Unmarshal([]byte(line), &s); err != nil {
				t.Fatal(err)
			}
			struck = append(struck, s)
		}
	}
	want := []string{"step", "fault began", "fault began", "step", "fault ended"}
	if !slices.Equal(kinds, want) {
		t.Errorf("%q, want the order of time: %q", kinds, want)
	}
	if len(struck) != 2 {
		t.Fatalf("%+v", struck)
	}
	if s := struck[0]; s.Step != 3 || s.ID != "cut" || s.Verb != "net" || s.Since != -100 || s.Healed != 0 ||
		!slices.Equal(s.Nodes, []string{"n1", "n3"}) {
		t.Errorf("%+v", s)
	}
	if s := struck[1]; s.Step != 1 || s.Since != 4000 || s.Healed != 7000 ||
		!slices.Equal(s.Nodes, []string{"n2"}) {
		t.Errorf("%+v", s)
	}
}
