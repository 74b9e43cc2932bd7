package parity

import (
	"testing"

	"fencepost/core"
	"fencepost/core/event"
	"fencepost/core/history"
)

// says is an announcement.
func says(at int64, node int16, what event.Event) history.Record {
	return history.Record{Kind: history.Announced, At: at * 1e9, Node: node, Subject: node, Event: what}
}

func TestNodesAreCalledByTheOrderInWhichTheyLead(t *testing.T) {
	order := orderOf([]history.Record{
		says(1, 2, event.LeaseAcquired), says(2, 2, event.LeaderElected), says(3, 0, event.LeaseAcquired),
		says(4, 0, event.LeaderElected), says(5, 1, event.LeaseAcquired),
	})
	want := []string{"A", "A", "B", "B", "n2"}
	if len(order) != len(want) {
		t.Fatalf("%v", order)
	}
	for i := range want {
		if order[i].Who != want[i] {
			t.Errorf("event %d is of %s, want %s", i, order[i].Who, want[i])
		}
	}
}

func TestWhatIsSaidTwiceCountsOnceAndSignalsDoNotCount(t *testing.T) {
	stale := says(3, 1, event.LeaderStale)
	stale.Subject = 0
	stored := stale
	stored.By = core.StoreParty
	order := orderOf([]history.Record{
		says(1, 0, event.LeaderElected), says(2, 0, event.PermitGranted), stale, stored, stale,
		{Kind: history.NodeDown, Node: 0},
	})
	if len(order) != 2 || order[1].Event != "leader.stale" || order[1].Who != "A" {
		t.Errorf("%v, want the election and one report about A", order)
	}
}

func TestOrdersPartAtTheFirstEventThatOnlyOneHas(t *testing.T) {
	a := orderOf([]history.Record{says(1, 0, event.LeaderElected), says(2, 0, event.LeaderSteppedDown)})
	b := orderOf([]history.Record{says(1, 4, event.LeaderElected), says(9, 4, event.LeaderSteppedDown)})
	if d := firstDivergence(a, b); d != nil {
		t.Errorf("the same order on other nodes parts at %+v", d)
	}
	if d := firstDivergence(a, b[:1]); d == nil || d.After != 1 || d.Real != nil || d.Sim == nil {
		t.Errorf("%+v; want the simulator's second event against nothing", d)
	}
}
