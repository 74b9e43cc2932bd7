package core_test

import (
	"testing"

	"fencepost/core"
	"fencepost/core/order"
)

// PROTOCOL 5.2.11: a review that fell due while a mere sweep was under way is
// not thereby done.
func TestSweepIsNoReview(t *testing.T) {
	b := idleLeader(t)
	reviews, until := 0, core.Never
	b.stores = func(call core.Effect) []core.Input {
		if call.Op == core.Fetch {
			until = b.now.Boot.Add(b.cfg.StoreTimeout - b.part(10))
		}
		if call.Op == core.Fetch && call.States == reviewed {
			reviews++
		}
		return healthy(call)
	}
	for range 1000 {
		b.pass(b.part(10))
		if b.now.Boot >= until {
			until = core.Never
			b.answer(core.Fetch, core.Input{Kind: core.WorkListed, Flags: core.Done})
		}
	}
	if reviews < 6 {
		t.Fatalf("%d reviews in 100 s, of a ledger that takes 2.4 s to answer", reviews)
	}
}

// PROTOCOL 5.2.11: a sweep that does not come to its end, because work comes as fast as
// it is listed, does not keep reviews from coming: each lists all from the beginning,
// and to its end.
func TestBacklogDoesNotPostponeReviews(t *testing.T) {
	b := idleLeader(t)
	b.stores = healthy
	b.tell(core.Input{Kind: core.WorkHeard})
	sweeps, reviews, ends := 0, 0, 0
	for range 3000 { // lists that take ten milliseconds each
		b.pass(b.part(1))
		fetch := b.call(core.Fetch)
		end := core.Input{Kind: core.WorkListed}
		switch {
		case fetch.States == swept && fetch.After == 0:
			sweeps++
		case fetch.States == reviewed && fetch.After == 0:
			reviews++
		case fetch.States == reviewed:
			ends++
			end.Flags = core.Done
		}
		if !end.Flags.Has(core.Done) { // there is always more behind
			in := found(fetch.After + 1)
			in.State, in.Req = core.Held, fetch.Req
			b.tell(in)
		}
		b.answerTo(fetch, end)
	}
	if reviews != 2 || ends != 2 || sweeps != 3 {
		t.Fatalf("%d reviews in 30 s, %d to their end, and %d sweeps", reviews, ends, sweeps)
	}
}

// PROTOCOL 5.2.11: a list that began as a review ends as one, however long it takes.
func TestReviewIsNotCutByTheNext(t *testing.T) {
	b := leader(t)
	for after := core.SignalID(0); after < 5; after++ {
		fetch := b.call(core.Fetch)
		if fetch.After != after || fetch.States != reviewed {
			t.Fatalf("lists states %b after %d", fetch.States, fetch.After)
		}
		in := found(after + 1)
		in.State, in.Req = core.Held, fetch.Req
		b.tell(in)
		b.stores = healthy
		b.pass(b.cfg.StoreTimeout - 1)
		b.stores = nil
		b.answerTo(fetch, core.Input{Kind: core.WorkListed})
	}
}

// PROTOCOL 5.2.15: a review goes beyond the first sixteen, however long their
// orders stand.
func TestReviewReachesEverySignal(t *testing.T) {
	b := leader(t, broker(order.ClassC))
	seen := map[core.SignalID]bool{}
	b.take(b.call(core.Fetch))
	b.stores = func(call core.Effect) []core.Input {
		switch call.Op {
		case core.Fetch:
			var list []core.Input
			for id := call.After + 1; id <= 40 && call.States == reviewed; id++ {
				if len(list) == core.FetchLimit {
					return append(list, core.Input{Kind: core.WorkListed})
				}
				in := doubtful(0)
				in.Signal, in.State = id, core.Submitted
				list = append(list, in)
			}
			return append(list, core.Input{Kind: core.WorkListed, Flags: core.Done})
		case core.Lookup:
			seen[call.Signal] = true
			return nil
		default:
			return healthy(call)
		}
	}
	for range 100 {
		b.pass(b.cfg.TTL / 5)
		for b.has(core.Lookup) {
			b.answer(core.Lookup, core.Input{Kind: core.OrderLookedUp, Answer: order.Accepted})
		}
	}
	if len(seen) != 40 {
		t.Fatalf("%d of 40 signals looked up", len(seen))
	}
}
