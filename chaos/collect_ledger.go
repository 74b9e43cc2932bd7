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
	r.historian = store.NewHistorian(r.clock.ofWall, r.nodeOf)
	var did []history.Record
	for i := range r.rewound {
		back := &r.rewound[i]
		did = append(did, r.ledgerDid(back.rows)...)
		did = append(did, r.historian.Rewound(back.at, back.left)...)
	}
	did = append(did, r.ledgerDid(rest)...)
	r.nameSignals()
	for i := range did {
		r.ledgerSays(did[i])
	}
	r.collectUnlogged()
	return nil
}

// ledgerDid returns what changes mean, and notes which attempts they are of.
func (r *run) ledgerDid(rows []store.Row) []history.Record {
	for i := range rows {
		if a := rows[i].Attempt; a != nil {
			r.attemptOf[a.ClientOrderID] = uint32(a.Number)
		}
	}
	return r.historian.Tell(rows)
}

// nameSignals gives what nodes and people have told of the signals' own numbers: they
// call a signal by its row, and one that comes again after a rewind has another, while
// the broker knows both by one key.
//
// Counter-example: a signal that was executed before a rewind and again after it. Under
// two numbers these are not two orders of one signal.
func (r *run) nameSignals() {
	for i := range r.book.entries {
		e := &r.book.entries[i].record
		e.Signal = r.historian.Signal(e.Signal)
	}
	for i := range r.refusals {
		call := &r.refusals[i].call
		call.Signal = r.historian.Signal(call.Signal)
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
		said.Node = r.takerOf(r.historian.KeyOf(record.Signal), record.At)
		said.Subject, said.Event = said.Node, event.SignalReceived
		r.book.add(record.At, said)
	case history.StateSet:
		if record.State.Final() || record.State == core.InDoubt {
			if number, ok := r.numberOf[r.historian.KeyOf(record.Signal)]; ok {
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
