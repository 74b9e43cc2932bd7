package detect

import (
	"reflect"
	"testing"

	"fencepost/core/history"
	"fencepost/scenarios"
)

func TestEveryTypeIsAScenarioThatAFileCanHold(t *testing.T) {
	t.Parallel()
	for _, k := range Kinds() {
		s := k.Scenario(PerRun)
		again, err := scenarios.Parse(s.Name+".yaml", scenarios.Format(s))
		if err != nil {
			t.Errorf("%s: %v", k.Name, err)
			continue
		}
		if len(again.Steps) < PerRun || again.TTL() != int64(TTL) {
			t.Errorf("%s has %d steps and a ttl of %d", k.Name, len(again.Steps), again.TTL())
		}
	}
}

func TestEveryFaultOfASimulatedRunIsMeasured(t *testing.T) {
	t.Parallel()
	for _, k := range Kinds() {
		runs, err := k.Simulate(t.Context(), 1, 10, 0)
		if err != nil {
			t.Fatal(err)
		}
		for i := range runs {
			r := &runs[i]
			if r.Verdict != scenarios.Pass || len(r.Occurrences) != PerRun || r.Lost != 0 {
				t.Errorf("%s", r)
			}
			for _, v := range r.violations(k) {
				t.Errorf("%s", v.String())
			}
			for _, o := range r.Occurrences {
				if k.Keeps != (o.Next == history.None) {
					t.Errorf("%s, seed %d: after the fault at %d ns %d leads", k.Name, r.Seed, o.At, o.Next)
				}
			}
		}
	}
}

func TestSimulationIsTheSameOnAnyNumberOfCores(t *testing.T) {
	t.Parallel()
	k := kind(t, "pause-at-permit")
	one, err := k.Simulate(t.Context(), 3, 6, 1)
	if err != nil {
		t.Fatal(err)
	}
	many, err := k.Simulate(t.Context(), 3, 6, 4)
	if err != nil || !reflect.DeepEqual(one, many) {
		t.Errorf("%v\nalone    %+v\ntogether %+v", err, one, many)
	}
}

func TestUnknownTypeIsNamedWithTheNearest(t *testing.T) {
	t.Parallel()
	if _, err := Find([]string{"redis-lnk"}); err == nil ||
		err.Error()[:56] != "redis-lnk is no type of fault; did you mean redis-link? " {
		t.Errorf("%v", err)
	}
}
