package chaos

import (
	"context"

	"fencepost/chaos/store"
	"fencepost/core"
	"fencepost/core/event"
	"fencepost/core/history"
)

// rewound is a ledger that went back in time: its last changes, and what was left
// of it from then on.
type rewound struct {
	at   int64 // of the wall clock
	rows []store.Row
	left store.Ledger
}

// read reads what is left of a ledger that is up again. Nodes know signals by
// their numbers in the ledger: those that are gone are given to nobody else.
func (b *rewound) read(ctx context.Context, p *store.Postgres) error {
	last := int64(0)
	for i := range b.rows {
		if s := b.rows[i].Signal; s != nil {
			last = max(last, s.ID)
		}
	}
	var err error
	if b.left, err = p.Ledger(ctx); err != nil {
		return err
	}
	return p.SkipSignals(ctx, last)
}

// collectLedger tells what the ledger did.
func (r *run) collectLedger(ctx context.Context) error {
	rest, err := r.postgres.Audit().Drain(ctx)
	if err != nil {
		return err
	}
	h := store.NewHistorian(r.clock.ofWall, r.nodeOf)
	for i := range r.rewound {
		back := &r.rewound[i]
		r.ledgerDid(h, back.rows)
		for _, record := range h.Rewound(back.at, back.left) {
			r.ledgerSays(record)
		}
	}
	r.ledgerDid(h, rest)
	r.collectUnlogged()
	return nil
}

// ledgerDid writes down what changes mean, and whose rows they are of.
func (r *run) ledgerDid(h *store.Historian, rows []store.Row) {
	for i := range rows {
		if s := rows[i].Signal; s != nil {
			r.stored(core.SignalID(s.ID), s.Key, r.clock.ofWall(rows[i].At))
		}
		if a := rows[i].Attempt; a != nil {
			r.attemptOf[a.ClientOrderID] = uint32(a.Number)
		}
	}
	for _, record := range h.Tell(rows) {
		r.ledgerSays(record)
	}
}

// ledgerSays writes down what the ledger did, and what follows from it: for
// senders, and for whoever it calls stale.
func (r *run) ledgerSays(record history.Record) {
	r.book.add(record.At, record)
	said := history.Record{
		Kind: history.Announced, Node: record.Node, Subject: record.Node, Epoch: record.Epoch,
		Signal: record.Signal,
	}
	switch record.Kind {
	case history.Stored:
		said.Node = r.takerOf(r.keyOf[record.Signal], record.At)
		said.Subject, said.Event = said.Node, event.SignalReceived
		r.book.add(record.At, said)
	case history.StateSet:
		if record.State.Final() || record.State == core.InDoubt {
			if number, ok := r.numberOf[r.keyOf[record.Signal]]; ok {
				r.conclude(number, record.At)
			}
		}
	case history.EffectRefused:
		said.By = core.StoreParty
		if record.Op == core.Permit {
			said.Event, said.Attempt, said.Reason = event.PermitRefused, record.Attempt, record.Reason
			r.book.add(record.At, said)
		}
		if record.Epoch < record.Current {
			said.Event, said.Op, said.Signal = event.LeaderStale, record.Op, 0
			said.Attempt, said.Reason = 0, core.NoReason
			r.book.add(record.At, said)
		}
	default:
	}
}

// refusal is what a row of fence_refusals says.
type refusal struct {
	op    core.Op
	epoch core.Epoch
	token core.Token
}

// collectUnlogged tells what the ledger keeps no row of: what was refused under
// an older epoch, as a node knows that heard of it, or the link if none did.
func (r *run) collectUnlogged() {
	logged := map[refusal]int{}
	for i := range r.book.entries {
		e := &r.book.entries[i].record
		if r.book.entries[i].tell == nil && e.Kind == history.EffectRefused {
			logged[refusal{e.Op, e.Epoch, e.Token}]++
		}
	}
	defer r.collectUnheard(logged)
	for i := range r.refusals {
		a := &r.refusals[i]
		what := refusal{a.call.Op, a.call.Epoch, a.call.Token}
		if logged[what]--; logged[what] >= 0 || a.call.Epoch >= a.input.Epoch {
			continue
		}
		r.book.add(a.at, history.Record{
			Kind: history.EffectRefused, Node: a.node, Subject: history.None, Op: a.call.Op,
			Epoch: a.call.Epoch, Current: a.input.Epoch, Token: a.call.Token, Signal: a.call.Signal,
			Attempt: a.call.Attempt, Reason: a.input.Reason,
		})
	}
}
