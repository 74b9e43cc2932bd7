package model

import (
	"fencepost/core"
	"fencepost/core/history"
)

// Crash loses what was committed in memory only: the holder's heartbeats of
// the last CrashLoses, if its lease is in Redis or it follows by now. Everything
// else is durable, with it the heartbeats that renewed a lease in PostgreSQL.
// Started says when the server is back.
//
// The death of a single backend costs as much: the server makes its memory
// anew, though it has not been started again.
func (p *Postgres) Crash(now core.Time) {
	a := &p.authority
	if !a.Token.IsZero() {
		durable := max(a.TakenAt, a.LeaseUntil.Add(-p.cfg.TTL))
		a.BeatAt = p.beats.kept(now.Add(-p.cfg.CrashLoses), durable)
		p.beats = beats{count: 1}
		p.beats.list[0] = a.BeatAt
	}
	p.started = now
}

// Started tells the server when it came up, after a crash or an orderly
// restart. For one ttl from then nobody takes an epoch of kind pg.
func (p *Postgres) Started(now core.Time) { p.started = now }

// CopyFrom makes p what the other ledger is, in its own memory. It says
// nothing to Records and goes on with its own.
func (p *Postgres) CopyFrom(other *Postgres) {
	p.become(other, append(p.byKey[:0], other.byKey...))
}

// become makes p what the other ledger is, but for the keys.
func (p *Postgres) become(other *Postgres, byKey []core.SignalID) {
	mine := *p
	*p = *other
	p.out, p.byKey = mine.out, byKey
	p.tenures = append(mine.tenures[:0], other.tenures...)
	p.signals = append(mine.signals[:0], other.signals...)
	p.attempts = append(mine.attempts[:0], other.attempts...)
}

// Rewind restores an older copy of this ledger: what was committed since is
// gone, fence_seq and the epoch included. Signals that are gone are told of as
// Missing, others by the state that they have again, and the control mode if it
// is another. The ids of those that are gone are given to nobody else: one whose
// key comes again gets its own. A copy that was recovered to a point in time, or
// a standby that was promoted, has a timeline of its own (branch); a copy of the
// files has that of the original.
func (p *Postgres) Rewind(now core.Time, older *Postgres, branch bool) {
	last, lineages := p.LastSignal(), p.lineages
	for id := core.SignalID(1); id <= last; id++ {
		p.tellLoss(now, id, older.signal(id))
	}
	if mode := older.authority.Control; mode != p.authority.Control {
		p.out.add(history.ControlSet, now, core.Token{}).Control = mode
	}
	p.become(older, p.byKey)
	for p.LastSignal() < last {
		p.signals = append(p.signals, Signal{newest: -1})
	}
	p.started = now
	p.lineages = lineages
	if branch {
		p.lineages++
		p.lineage = p.lineages
	}
}

// tellLoss tells what a restored copy makes of a signal.
func (p *Postgres) tellLoss(now core.Time, id core.SignalID, older *Signal) {
	row := p.signal(id)
	switch {
	case row == nil && older == nil:
		return
	case older == nil:
		p.out.addSignal(history.Missing, now, id, 0)
		return
	case row == nil:
		seen := p.out.addSignal(history.Stored, now, id, 0)
		seen.Instrument, seen.Exit = older.Instrument, older.Exit
		row = &Signal{}
	default:
	}
	if older.State != row.State || older.Version != row.Version || older.Attempt != row.Attempt {
		seen := p.out.addSignal(history.StateSet, now, id, older.Attempt)
		seen.State, seen.Alerted = older.State, older.Alerted
	}
}

// Promote lets a standby take this server's place. It has what was committed
// durably, a timeline of its own, and has been up for long; heartbeats that were
// committed in memory may be missing, as after a crash.
func (p *Postgres) Promote(now core.Time) {
	p.Crash(now)
	p.lineages++
	p.lineage, p.started = p.lineages, longUp
}
