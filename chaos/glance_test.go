package chaos_test

import (
	"sync"
	"testing"
	"time"

	"fencepost/chaos"
	"fencepost/core"
	"fencepost/core/event"
	"fencepost/scenarios"
)

// at is a step at an instant.
func at(after time.Duration, verb scenarios.Verb) scenarios.Step {
	instant := scenarios.Length{Nanos: int64(after)}.Span()
	return scenarios.Step{Trigger: scenarios.Trigger{Kind: scenarios.AtTrigger, At: instant}, Verb: verb}
}

// TestAPersonWhomTheLedgerDoesNotHearSaysItAgain: a nemesis halts the cluster and lets
// it run again while PostgreSQL is down. Neither word breaks the harness or is lost;
// were it the second, nothing would be executed any more.
func TestAPersonWhomTheLedgerDoesNotHearSaysItAgain(t *testing.T) {
	p, err := chaos.Compile(scenario(t, "short"))
	if err != nil {
		t.Fatal(err)
	}
	const down = 900 * time.Millisecond
	p = p.With([]scenarios.Step{
		at(500*time.Millisecond, scenarios.Postgres{
			Act: scenarios.PostgresCrash, Down: scenarios.Length{Nanos: int64(down)}.Span(),
		}),
		at(700*time.Millisecond, scenarios.Control{Set: core.Halt}),
		at(900*time.Millisecond, scenarios.Control{Set: core.Run}),
	})
	r := run(t, chaos.NewWorld(p, chaos.Options{Program: program(t)}))
	if r.Verdict != scenarios.Pass {
		t.Fatalf("%v: %v", r.Verdict, r.Failure)
	}
	// Nodes that notice announce it as well.
	if changes := r.Counts[event.ControlChanged]; changes < 2 {
		t.Errorf("the control mode changed %d times, not twice", changes)
	}
}

// TestWhoWatchesARunSeesWhatEachPartyHolds: every process and both stores are looked
// at while the run goes on, and a run that is halted is judged as far as it came.
func TestWhoWatchesARunSeesWhatEachPartyHolds(t *testing.T) {
	p, err := chaos.Compile(scenario(t, "short"))
	if err != nil {
		t.Fatal(err)
	}
	var (
		seen []chaos.Glance
		r    chaos.Result
	)
	for range 5 { // other tests run beside this one
		halt := make(chan struct{})
		end := sync.OnceFunc(func() { close(halt) })
		seen = nil
		r = chaos.NewWorld(p, chaos.Options{Program: program(t), Halt: halt, Watch: func(g chaos.Glance) {
			seen = append(seen, g)
			if g.Answered > 0 && g.Elections > 0 {
				end()
			}
		}}).Run(t.Context(), 1)
		if r.Verdict != scenarios.Invalid {
			break
		}
	}
	if r.Verdict != scenarios.Pass {
		t.Fatalf("%v: %v", r.Verdict, r.Failure)
	}
	if full := int64(3 * 20); r.Offered == 0 || r.Offered > full*3/4 {
		t.Errorf("%d signals were offered in a run that was halted; a whole one has %d", r.Offered, full)
	}
	held := map[chaos.Holding]bool{}
	for _, g := range seen {
		for _, h := range g.Holdings {
			if h.Amount > 0 {
				h.Amount = 0
				held[h] = true
			}
		}
	}
	process := []chaos.Resource{chaos.Heap, chaos.Resident, chaos.Descriptors, chaos.Goroutines}
	for _, want := range []struct {
		party     string
		life      int
		resources []chaos.Resource
	}{
		{"n1", 1, process},
		{"n2", 1, process},
		{chaos.HarnessParty, 0, process},
		{core.Redis.String(), 0, []chaos.Resource{chaos.Connections}},
		{core.Postgres.String(), 0, []chaos.Resource{chaos.Connections}},
	} {
		for _, resource := range want.resources {
			if !held[chaos.Holding{Party: want.party, Life: want.life, Resource: resource}] {
				t.Errorf("nobody has seen the %s of %s", resource, want.party)
			}
		}
	}
}
