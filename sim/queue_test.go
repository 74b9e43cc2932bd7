package sim

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestQueueGivesBackInOrderOfTimeThenOfPushing(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		type item struct {
			at   int64
			slot int32
		}
		var q queue
		var want []item
		for i, at := range rapid.SliceOf(rapid.Int64Range(0, 20)).Draw(rt, "instants") {
			q.push(at, int32(i))
			want = append(want, item{at, int32(i)})
		}
		slices.SortStableFunc(want, func(a, b item) int { return int(a.at - b.at) })
		for _, w := range want {
			if at := q.next(); at != w.at {
				rt.Fatalf("next is at %d, want %d", at, w.at)
			}
			if slot := q.pop(); slot != w.slot {
				rt.Fatalf("popped %d, want %d", slot, w.slot)
			}
		}
		if q.next() != never {
			rt.Fatal("an empty queue has nothing next")
		}
	})
}
