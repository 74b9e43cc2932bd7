package recorded

import (
	"fmt"
	"slices"
	"testing"

	"fencepost/scenarios"
)

// played is the scenario that the lines are about.
const played = "../../../scenarios/pause-across-lease-expiry.yaml"

// FuzzLines: a line of a run's files is taken or refused, and what is taken speaks
// of a step and of nodes that there are.
func FuzzLines(f *testing.F) {
	s, err := scenarios.Load(played)
	if err != nil {
		f.Fatal(err)
	}
	nodes, verb := s.WithDefaults().Cluster.Nodes, s.Steps[0].Verb.Word()
	f.Add(fmt.Appendf(nil, `{"kind":"step","step":1,"verb":%q,"nodes":["n1"],"at":5}`, verb))
	for _, line := range []string{
		`{"kind":"step","step":1,"verb":"kill","nodes":["n1"],"at":5}`, `{"kind":"step","step":0}`,
		`{"kind":"record"}`,
		`{"kind":"step","step":3,"verb":"kill"}`, `{"kind":"step","step":2,"verb":"kill"}`, `[]`, ``,
		`{"kind":1}`,
		`{"kind":"step","step":1,"verb":"kill","nodes":["n4"]}`, `{"kind":"announced","event":"x","at":-1}`,
	} {
		f.Add([]byte(line))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		r := &Run{Scenario: s}
		if r.strike(line) == nil {
			for _, strike := range r.Strikes {
				if strike.Step < 1 || strike.Step > len(s.Steps) || slices.ContainsFunc(strike.Nodes,
					func(name string) bool {
						return !isNode(name, nodes)
					}) {
					t.Errorf("%q is taken as %+v", line, strike)
				}
			}
		}
		if err := r.say(line); err != nil && len(r.Said) > 0 {
			t.Errorf("%q is taken and refused: %v", line, err)
		}
	})
}
