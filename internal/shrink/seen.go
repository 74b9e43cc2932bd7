package shrink

import (
	"slices"

	"fencepost/core/event"
	"fencepost/core/history"
	"fencepost/scenarios"
	"fencepost/sim"
)

// seen is what one run did, in either world: which events were announced, and
// what the steps came to.
type seen struct {
	said    []said
	strikes []sim.Strike
	// elected is when the scenario's own clock began.
	elected int64
}

// said is one announcement.
type said struct {
	at    int64
	node  int16
	event event.Event
}

// anchors are the events that a step of a file for both worlds may wait for: both
// hear of them from the same party, once for each time that they happen.
var anchors = []event.Event{
	event.LeaseAcquired, event.LeaseLost, event.LeaseReleased, event.EpochTaken, event.LeaderElected,
	event.LeaderSteppedDown, event.LeaderGray, event.PermitRequested, event.PermitGranted, event.GatePassed,
	event.OrderSent, event.OrderAccepted, event.OrderAcked, event.OrderAmbiguous,
}

// watched plays the scenario once more and returns what it did. It reports false
// if it cannot be played to its end.
func watched(s *scenarios.Scenario, seed uint64) (*seen, bool) {
	world, ok := open(nil, s)
	if !ok {
		return nil, false
	}
	run := &seen{}
	world.Listen(func(r history.Record) {
		if r.Kind == history.Announced && slices.Contains(anchors, r.Event) {
			run.said = append(run.said, said{r.At, r.Node, r.Event})
		}
	})
	if _, whole := play(world, seed); !whole {
		return nil, false
	}
	run.strikes, run.elected = world.Strikes(nil), world.Elected()
	return run, true
}

// strike returns what a step came to, or nil if it struck nobody.
func (r *seen) strike(step int) *sim.Strike {
	for i := range r.strikes {
		if r.strikes[i].Step == step {
			return &r.strikes[i]
		}
	}
	return nil
}

// role returns what a node was at an instant: the leader, or one of those that
// follow.
func (r *seen) role(node int16, at int64) scenarios.Party {
	leads := history.None
	for _, s := range r.said {
		switch {
		case s.at > at:
		case s.event == event.LeaderElected:
			leads = s.node
		case s.event == event.LeaderSteppedDown && s.node == leads:
			leads = history.None
		}
	}
	if node == leads {
		return scenarios.Party{Kind: scenarios.LeaderParty}
	}
	return scenarios.Party{Kind: scenarios.FollowerParty}
}

// anchored is an event of the run as a trigger waits for it.
type anchored struct {
	when scenarios.When
	// off is how far it was from the instant that it is to stand for.
	off int64
	// before: it had happened by then.
	before bool
}

// mostNth is the greatest number of an event that a step waits for: a later one
// is an instant in disguise.
const mostNth = 20

// around lists the events by which a step at that instant can be set off, the
// nearest first: of each event the last one before it and the first one after
// it.
func (r *seen) around(at int64) []anchored {
	var list []anchored
	for _, what := range anchors {
		count := 0
		last := anchored{}
		for _, s := range r.said {
			if s.event != what {
				continue
			}
			count++
			here := anchored{whenNth(what, count), max(at-s.at, s.at-at), s.at <= at}
			if !here.before {
				if count <= mostNth {
					list = append(list, here)
				}
				break
			}
			last = here
		}
		if last.before && last.when.Nth.Max <= mostNth {
			list = append(list, last)
		}
	}
	slices.SortStableFunc(list, func(a, b anchored) int {
		switch {
		case a.off != b.off && (a.off < b.off):
			return -1
		case a.off != b.off:
			return 1
		case a.before == b.before:
			return 0
		case a.before:
			return -1
		default:
			return 1
		}
	})
	return list
}

// whenNth is the trigger of the nth such event of the run.
func whenNth(what event.Event, nth int) scenarios.When {
	when := scenarios.When{Event: what}
	if nth > 1 {
		when.Nth = scenarios.Count{Min: nth, Max: nth}
	}
	return when
}
