package timeline_test

import (
	"cmp"
	"slices"
	"time"

	"fencepost/core"
	"fencepost/core/event"
	"fencepost/core/history"
	"fencepost/internal/timeline"
)

// ms is a millisecond in the unit of records.
const ms = int64(time.Millisecond)

// story writes records as an engine would.
type story struct{ records []history.Record }

// at notes a record.
func (s *story) at(millis int64, r history.Record) {
	r.At = millis * ms
	s.records = append(s.records, r)
}

// says notes what a node says of itself.
func (s *story) says(millis int64, node int16, what event.Event, epoch core.Epoch) {
	s.at(millis, history.Record{
		Kind: history.Announced, Event: what, Node: node, Subject: node, Epoch: epoch,
	})
}

// takesOver elects a node at once.
func (s *story) takesOver(millis int64, node int16, epoch core.Epoch) {
	token := tokenOf(node)
	s.says(millis, node, event.LeaseAcquired, 0)
	until := (millis + 1000) * ms
	s.at(millis, history.Record{Kind: history.LeaseSet, Node: node, Token: token, Until: until})
	s.at(millis+4, history.Record{
		Kind: history.TenureOpened, Node: node, Epoch: epoch, Seq: uint64(millis), Token: token,
	})
	s.says(millis+6, node, event.EpochTaken, epoch)
	s.says(millis+6, node, event.LeaderElected, epoch)
	s.at(millis+6, history.Record{
		Kind: history.BeliefHeld, Node: node, Epoch: epoch, Until: (millis + 940) * ms,
	})
}

// renews extends lease and belief.
func (s *story) renews(millis int64, node int16, epoch core.Epoch) {
	s.at(millis, history.Record{
		Kind: history.LeaseSet, Node: node, Token: tokenOf(node), Until: (millis + 1000) * ms,
	})
	s.at(millis+2, history.Record{
		Kind: history.BeliefHeld, Node: node, Epoch: epoch, Until: (millis + 940) * ms,
	})
}

// executes takes one signal from its sender to its end.
func (s *story) executes(millis int64, node int16, epoch core.Epoch, id core.SignalID) {
	about := history.Record{Node: node, Subject: node, Epoch: epoch, Signal: id, Attempt: 1}
	say := func(after int64, kind history.Kind, change func(*history.Record)) {
		r := about
		r.Kind = kind
		change(&r)
		s.at(millis+after, r)
	}
	told := func(what event.Event) func(*history.Record) { return func(r *history.Record) { r.Event = what } }
	state := func(state core.SignalState) func(*history.Record) {
		return func(r *history.Record) { r.Node, r.Epoch, r.State = history.None, 0, state }
	}
	say(0, history.Announced, told(event.SignalReceived))
	say(1, history.StateSet, state(core.Received))
	say(2, history.Acknowledged, func(r *history.Record) { r.Node, r.Epoch, r.Attempt = history.None, 0, 0 })
	say(3, history.Announced, told(event.PermitRequested))
	say(5, history.Permitted, func(r *history.Record) { r.Seq = uint64(millis) + 1 })
	say(5, history.StateSet, state(core.Submitting))
	say(6, history.Announced, told(event.PermitGranted))
	say(6, history.Announced, told(event.GatePassed))
	say(6, history.Announced, told(event.OrderSent))
	say(9, history.OrderCreated, func(r *history.Record) { r.Node, r.Epoch = history.None, 0 })
	say(15, history.Announced, told(event.OrderAcked))
	say(17, history.StateSet, state(core.Executed))
}

// tokenOf is a node's token.
func tokenOf(node int16) core.Token { return core.Token{Nonce: core.Nonce(node) + 1, Acquisition: 1} }

// bothBelieve tells a run in which a leader that judges belief by a flag is paused over the end of its lease:
// its successor is elected, and for a second both believe. The ledger refuses what the old one asks for. Then
// the new leader is cut off from PostgreSQL and gives up.
func bothBelieve() timeline.Run {
	s := &story{}
	for node := range int16(3) {
		s.at(0, history.Record{Kind: history.NodeUp, Node: node})
		s.at(0, history.Record{Kind: history.Reach, Node: node, Stores: 0b1110})
	}
	id := core.SignalID(0)
	leads := func(from, to int64, node int16, epoch core.Epoch) {
		for t := from; t < to; t += 50 {
			if (t-from)%300 == 250 {
				s.renews(t, node, epoch)
			}
			id++
			s.executes(t+10, node, epoch, id)
		}
	}
	s.takesOver(300, 0, 1)
	leads(350, 3000, 0, 1)
	s.at(3005, history.Record{Kind: history.BeliefHeld, Node: 0, Epoch: 1, Until: int64(core.Never)})
	s.at(3010, history.Record{Kind: history.FaultBegan, Fault: history.NodeFault, Node: 0})
	s.at(3010, history.Record{Kind: history.NodePaused, Node: 0})
	s.at(4000, history.Record{Kind: history.LeaseGone, Node: 0, Token: tokenOf(0)})
	s.at(4110, history.Record{
		Kind: history.Announced, Event: event.LeaderStale, Node: 1, Subject: 0, By: core.Peer, Epoch: 1,
	})
	s.at(4113, history.Record{Kind: history.TenureEnded, Node: 0, Epoch: 1, Reason: core.Superseded})
	s.takesOver(4110, 1, 2)
	leads(4160, 5500, 1, 2)
	s.at(5510, history.Record{Kind: history.NodeResumed, Node: 0})
	s.at(5510, history.Record{Kind: history.FaultEnded, Fault: history.NodeFault, Node: 0})
	s.at(5512, history.Record{
		Kind: history.Announced, Event: event.PermitRequested, Node: 0, Epoch: 1, Signal: 54, Attempt: 1,
	})
	s.at(5514, history.Record{
		Kind: history.EffectRefused, Node: 0, Op: core.Permit, Epoch: 1, Current: 2, Signal: 54, Attempt: 1,
		Logged: true,
	})
	s.at(5515, history.Record{
		Kind: history.Announced, Event: event.PermitRefused, Node: 0, By: core.StoreParty, Epoch: 1,
		Signal: 54, Attempt: 1, Reason: core.Superseded,
	})
	s.says(5516, 0, event.LeaderStale, 1)
	s.at(5516, history.Record{Kind: history.BeliefEnded, Node: 0})
	s.says(5516, 0, event.LeaderSteppedDown, 1)
	leads(5560, 8000, 1, 2)
	grayLeader(s)
	leads(9300, 12000, 2, 3)
	slices.SortStableFunc(s.records, func(a, b history.Record) int { return cmp.Compare(a.At, b.At) })
	return timeline.FromHistory(s.records, 3, timeline.Run{
		Name: "pause-across-lease-expiry", Tier: "sim", Seed: 7, Verdict: "fail",
		Violation: &timeline.Violation{
			Text: "single-believer: n2 began to believe under epoch 2 while n1 believes under epoch 1",
			At:   4116 * ms, Lane: "n2",
		},
		Why:      []string{"mutant belief-by-flag is built in"},
		Replay:   "bin/drill run --seed 7 --mutant belief-by-flag pause-across-lease-expiry",
		Duration: 12 * time.Second, TTL: time.Second,
	})
}

// grayLeader cuts the second leader off from PostgreSQL; the third takes over, and the second crashes.
func grayLeader(s *story) {
	s.at(8010, history.Record{Kind: history.FaultBegan, Fault: history.LinkFault, Node: 1})
	s.at(8010, history.Record{Kind: history.Reach, Node: 1, Stores: 0b1010})
	s.says(8600, 1, event.LeaderGray, 2)
	s.says(8800, 1, event.LeaderSteppedDown, 2)
	s.at(8800, history.Record{Kind: history.BeliefEnded, Node: 1})
	s.at(8810, history.Record{Kind: history.LeaseGone, Node: 1, Token: tokenOf(1), Op: core.Release})
	s.says(8811, 1, event.LeaseReleased, 2)
	s.at(9003, history.Record{Kind: history.TenureEnded, Node: 1, Epoch: 2, Reason: core.HeartbeatLost})
	s.takesOver(9000, 2, 3)
	s.at(10010, history.Record{Kind: history.Reach, Node: 1, Stores: 0b1110})
	s.at(10010, history.Record{Kind: history.FaultEnded, Fault: history.LinkFault, Node: 1})
	s.at(10500, history.Record{Kind: history.NodeDown, Node: 1})
	s.at(11200, history.Record{Kind: history.NodeUp, Node: 1})
}
