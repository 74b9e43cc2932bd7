package chaos

import (
	"context"
	"fmt"

	"fencepost/core"
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
	if err := r.collectLedger(ctx); err != nil {
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
			if err := r.replayLife(n, l); err != nil {
				return err
			}
		}
	}
	return nil
}

// collectOrders tells of the orders that came into being.
func (r *run) collectOrders() {
	for _, p := range r.broker.orders() {
		signal := r.idOf[p.key]
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
		signal := r.idOf[s.key]
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
	for i := range r.replies {
		rep := &r.replies[i]
		if r.signals[rep.number].key == key && rep.began <= at && at <= rep.at {
			return rep.node
		}
	}
	return history.None
}

// stored notes whose signal a row is.
func (r *run) stored(id core.SignalID, key string) {
	r.highest = max(r.highest, id)
	r.keyOf[id], r.idOf[key] = key, id
}
