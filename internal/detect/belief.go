package detect

import (
	"math"

	"fencepost/core"
	"fencepost/core/history"
)

// belief is a stretch of time during which a node believed under one epoch, from
// one renewal to the next.
type belief struct {
	node        int16
	epoch       core.Epoch
	from, until int64
}

// beliefs reads what every node believed: from the record that says so until the
// trust deadline or the end that it was told, whichever came first.
func beliefs(records []history.Record) []belief {
	var all []belief
	open := map[int16]int{} // the index of each node's present belief
	for i := range records {
		r := &records[i]
		index, has := open[r.Node]
		switch r.Kind {
		case history.BeliefHeld:
			if has {
				all[index].until = min(all[index].until, r.At)
			}
			open[r.Node] = len(all)
			all = append(all, belief{node: r.Node, epoch: r.Epoch, from: r.At, until: r.Until})
		case history.BeliefEnded:
			if has {
				all[index].until = min(all[index].until, r.At)
				delete(open, r.Node)
			}
		default:
		}
	}
	return all
}

// leaderAt returns the belief of the highest epoch at an instant, or nil. One that
// ended at that very instant counts: a process dies in the instant of the strike.
func leaderAt(all []belief, at int64) *belief {
	var found *belief
	for i := range all {
		b := &all[i]
		if b.from < at && at <= b.until && (found == nil || b.epoch > found.epoch) {
			found = b
		}
	}
	return found
}

// lastOf is the last instant at which the node believed under the epoch.
func lastOf(all []belief, node int16, epoch core.Epoch) int64 {
	last := int64(math.MinInt64)
	for i := range all {
		if b := &all[i]; b.node == node && b.epoch == epoch {
			last = max(last, b.until)
		}
	}
	return last
}

// younger returns the first belief under a younger epoch, or nil.
func younger(all []belief, than core.Epoch) *belief {
	var found *belief
	for i := range all {
		if b := &all[i]; b.epoch > than && (found == nil || b.from < found.from) {
			found = b
		}
	}
	return found
}
