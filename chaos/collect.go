package chaos

import (
	"context"
	"fmt"

	"fencepost/core/event"
	"fencepost/core/history"
	"fencepost/scenarios"
)

// collect reads what every party saw and writes it into the book. The nodes have
// been ended; the stores still run.
func (r *run) collect(ctx context.Context, end int64) error {
	if err := r.collectProcesses(end); err != nil {
		return err
	}
	if err := r.wakeStores(ctx); err != nil {
		return err
	}
	if err := r.collectLedger(ctx); err != nil {
		return err
	}
	if err := r.verifyLedger(ctx, end); err != nil {
		return err
	}
	if err := r.collectLease(ctx, end); err != nil {
		return err
	}
	r.collectOrders()
	r.collectReplies()
	r.demandAssumptions(end)
	return nil
}

// collectProcesses tells when each process lived, and what it believed and said.
// One that ended by itself is the service's own fault.
func (r *run) collectProcesses(end int64) error {
	for _, n := range r.nodes {
		for _, l := range n.lives {
			if l.ended == 0 {
				l.ended = end + 1
			}
			if !l.asked && l.ended <= end {
				return fmt.Errorf("%s has ended by itself %s into the run", n.name,
					scenarios.Seconds(l.ended))
			}
			if l.how != nil && !l.killed && l.how.ExitCode() != 0 && l.how.ExitCode() != handedOverLate {
				return fmt.Errorf("%s was asked to stop, and ended with %s", n.name, l.how)
			}
			if err := r.replayLife(n, l); err != nil {
				return err
			}
		}
	}
	return nil
}

// handedOverLate is the exit code of a service that could not hand everything over
// in time: with a store away, that is what it must say.
const handedOverLate = 1

// collectOrders tells of the orders that came into being.
func (r *run) collectOrders() {
	for _, p := range r.broker.orders() {
		signal := r.historian.SignalOf(p.key)
		attempt := r.attemptOf[p.clientOrderID]
		r.book.add(p.at, history.Record{
			Kind: history.OrderCreated, Node: history.None, Signal: signal, Attempt: attempt,
		})
		r.book.add(p.at, history.Record{
			Kind: history.Announced, Event: event.OrderAccepted, Node: history.None, Subject: history.None,
			Signal: signal, Attempt: attempt,
		})
	}
}

// collectReplies tells what senders were told, and which signals came to an
// end for them.
func (r *run) collectReplies() {
	for i := range r.replies {
		rep := &r.replies[i]
		s := r.signals[rep.number]
		signal := r.historian.SignalOf(s.key)
		if rep.known {
			r.book.add(rep.at, history.Record{
				Kind: history.Acknowledged, Node: history.None, Subject: history.None, Signal: signal,
			})
		}
		if rep.known && !rep.fresh {
			r.book.add(rep.at, history.Record{
				Kind: history.Announced, Event: event.SignalDuplicate, Node: rep.node, Subject: rep.node,
				Signal: signal,
			})
		}
		if rep.final && signal == 0 {
			r.conclude(rep.number, rep.at)
		}
	}
}

// conclude tells the judge that a signal came to an end.
func (r *run) conclude(number int32, at int64) {
	r.book.tell(at, func(j *scenarios.Judge, at int64) { j.Concluded(number, at) })
}

// takerOf is the node that a sender was talking to when the signal's row came
// into being, or history.None.
func (r *run) takerOf(key string, at int64) int16 {
	if r.repliesOf == nil {
		r.repliesOf = map[string][]*reply{}
		for i := range r.replies {
			key := r.signals[r.replies[i].number].key
			r.repliesOf[key] = append(r.repliesOf[key], &r.replies[i])
		}
	}
	for _, rep := range r.repliesOf[key] {
		if rep.began <= at && at <= rep.at {
			return rep.node
		}
	}
	return history.None
}
