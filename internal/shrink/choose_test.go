package shrink

import (
	"testing"

	"fencepost/core/event"
	"fencepost/scenarios"
)

// killing is a scenario in which a node is killed and nobody else may be elected.
func killing(t *testing.T, node string) *scenarios.Scenario {
	t.Helper()
	s, err := scenarios.Parse("", []byte("version: 1\nname: planted\nwhy: A test.\ntiers: [sim]\n"+
		"tier_reason: It is planted.\ncatches: [belief-by-flag]\ncluster: {nodes: 3, lease: {ttl: 1s}}\n"+
		"steps:\n  - at: 2s\n    kill: {node: "+node+"}\nexpect:\n  - never: single-executor\n"+
		"  - at_most: {event: leader.elected, count: 1}\nrun: {duration: 8ttl}\n"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestWhatFailsUnderTooFewSchedulesIsNotTaken: so a step stays at its instant
// where no event sets off the same failure.
func TestWhatFailsUnderTooFewSchedulesIsNotTaken(t *testing.T) {
	t.Parallel()
	leader, first := killing(t, "leader"), killing(t, "n1")
	follower := killing(t, "follower")
	task := &task{
		ctx: t.Context(), o: &Options{Effort: Effort}, kind: Kind{Word: "at_most"}, now: first, seed: 1,
		avoid: map[string]bool{}, tried: map[string]bool{}, met: map[string]int{},
	}
	a := &Anchored{}
	if task.choose(a, []candidate{{follower, "a follower"}}, 1) || task.now != first {
		t.Error("what never fails was taken")
	}
	list := []candidate{{follower, "a follower"}, {first, "one node"}, {leader, "the leader"}}
	if task.choose(a, list, tries+1) || task.now != first || a.Fails != 0 {
		t.Error("nothing fails under more schedules than there are")
	}
	if !task.choose(a, list, tries/2) || task.now != leader || a.Fails != tries {
		t.Errorf("%+v: it is not the one that fails the most", a)
	}
	task.avoid[task.stages[0].Key] = true
	if !task.choose(a, list, 1) || task.now != first || a.Fails < 1 || a.Fails >= tries {
		t.Errorf("%+v: it is not the next best one", a)
	}
}

func TestEventsAroundAnInstantAreThoseNextToIt(t *testing.T) {
	t.Parallel()
	run := &seen{said: []said{
		{100, 0, event.LeaseAcquired},
		{200, 0, event.LeaderElected},
		{300, 0, event.PermitRequested},
		{400, 0, event.PermitRequested},
		{900, 1, event.LeaderElected},
	}}
	list := run.around(380)
	want := []struct {
		what   event.Event
		nth    int
		before bool
	}{
		{event.PermitRequested, 2, false},
		{event.PermitRequested, 0, true},
		{event.LeaderElected, 0, true},
		{event.LeaseAcquired, 0, true},
		{event.LeaderElected, 2, false},
	}
	if len(list) != len(want) {
		t.Fatalf("%+v", list)
	}
	for i, w := range want {
		if got := list[i]; got.when.Event != w.what || got.when.Nth.Max != w.nth || got.before != w.before {
			t.Errorf("%d: %+v, want %+v", i, got, w)
		}
	}
	if role := run.role(0, 500); role.Kind != scenarios.LeaderParty {
		t.Errorf("n1 at 500 is %s", role)
	}
	if role := run.role(0, 950); role.Kind != scenarios.FollowerParty {
		t.Errorf("n1 at 950 is %s", role)
	}
}
