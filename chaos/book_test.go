package chaos

import (
	"testing"

	"fencepost/core/history"
	"fencepost/scenarios"
)

func TestBookIsReadInTheOrderOfTimeAndThenOfWriting(t *testing.T) {
	var b book
	b.add(30, history.Record{Kind: history.NodeUp, Node: 3})
	b.add(10, history.Record{Kind: history.NodeUp, Node: 1})
	b.tell(10, func(*scenarios.Judge, int64) {})
	b.add(20, history.Record{Kind: history.NodeUp, Node: 2})
	b.add(10, history.Record{Kind: history.NodeDown, Node: 1})
	got := b.sorted(20)
	if len(got) != 4 {
		t.Fatalf("%d entries up to 20, want 4", len(got))
	}
	for i, want := range []int64{10, 10, 10, 20} {
		if got[i].at != want {
			t.Errorf("entry %d is at %d, want %d", i, got[i].at, want)
		}
	}
	if got[0].record.Kind != history.NodeUp || got[1].tell == nil || got[2].record.Kind != history.NodeDown {
		t.Error("entries of one instant have changed places")
	}
	if got[0].record.At != 10 {
		t.Errorf("a record knows its instant as %d, want 10", got[0].record.At)
	}
}
