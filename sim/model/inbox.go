package model

import (
	"time"

	"fencepost/core"
	"fencepost/core/history"
	"fencepost/core/inbox"
)

// Offer is a signal as a sender offers it.
type Offer struct {
	// Key is a small positive number that stands for the text of the key, Payload
	// for the hash of the body.
	Key, Payload int64
	// ValidFor is for how long it is worth sending; zero is for ever.
	ValidFor time.Duration
	// Instrument stands for what is traded; Exit for a signal of type EXIT.
	Instrument int32
	Exit       bool
}

// Admit stores a signal, durably, once for each key. It returns the id and the
// state of the row that has the key.
//
//	INSERT INTO signals ON CONFLICT (group, key) DO NOTHING
//	SELECT id, state, payload_sha256 FROM signals WHERE key = $key
func (p *Postgres) Admit(now core.Time, o Offer) (inbox.Admission, core.SignalID, core.SignalState) {
	assert(o.Key > 0, "keys are positive")
	for int64(len(p.byKey)) <= o.Key {
		p.byKey = append(p.byKey, 0)
	}
	if s := p.signal(p.byKey[o.Key]); s != nil {
		if s.Payload != o.Payload {
			return inbox.Clash, p.byKey[o.Key], s.State
		}
		return inbox.Duplicate, p.byKey[o.Key], s.State
	}
	id := p.insert(now, &o)
	p.tellStored(now, id)
	return inbox.Fresh, id, core.Received
}

// tellStored tells of a signal's row.
func (p *Postgres) tellStored(now core.Time, id core.SignalID) {
	s := &p.signals[id]
	seen := p.out.addSignal(history.Stored, now, id, 0)
	seen.Instrument, seen.Exit = s.Instrument, s.Exit
	if s.ValidUntil != core.Never {
		seen.Span = int64(s.ValidUntil.Sub(s.ReceivedAt))
	}
}

// insert writes the row. A key whose row was lost gets its former id: the
// broker knows orders by the key, and so do the checkers by the id.
func (p *Postgres) insert(now core.Time, o *Offer) core.SignalID {
	id := p.byKey[o.Key]
	if id == 0 {
		id = core.SignalID(len(p.signals))
		p.signals = append(p.signals, Signal{})
		p.byKey[o.Key] = id
	}
	s := &p.signals[id]
	*s = Signal{
		Key: o.Key, Payload: o.Payload, Instrument: o.Instrument, Exit: o.Exit, State: core.Received,
		Version: 1, ValidUntil: core.Never, ReceivedAt: now, newest: -1,
	}
	if o.ValidFor > 0 {
		s.ValidUntil = now.Add(o.ValidFor)
	}
	p.enlist(id)
	return id
}

// outdated reports whether the signal's validity has ended.
func (s *Signal) outdated(now core.Time) bool {
	return s.ValidUntil != core.Never && now >= s.ValidUntil
}

// fetch lists the signals that need work, oldest first. One that its sender may
// still send is left out, and one that was received and whose turn it is not.
//
//	SELECT ... WHERE id > $after AND state = ANY ($states)
//	AND (state <> 'submitting' OR send_by < clock_timestamp())
//	AND (state <> 'received' OR outdated OR nothing is in its way) ORDER BY id LIMIT 8
func (p *Postgres) fetch(now core.Time, e *core.Effect, reply *Reply) {
	done := core.Done
	for id := p.firstOpen; id != 0; id = p.signals[id].later {
		s := &p.signals[id]
		if id <= e.After || e.States&(1<<s.State) == 0 || s.State == core.Submitting && !p.overdue(now, s) {
			continue
		}
		if p.cfg.OneOpen && s.State == core.Received && !s.outdated(now) && p.inTheWay(now, id) {
			continue
		}
		if reply.count == core.FetchLimit {
			done = 0
			break
		}
		in := reply.next(core.SignalFound)
		in.Signal, in.Attempt, in.Version, in.State = id, s.Attempt, s.Version, s.State
		p.tellAttempt(now, s, in)
	}
	reply.next(core.WorkListed).Flags = done
}

// overdue reports whether send_by of the newest attempt has passed.
func (p *Postgres) overdue(now core.Time, s *Signal) bool {
	a := p.newestAttempt(s)
	return a != nil && now > a.SendBy
}

// enlist puts a signal among the open ones, in the order of ids. New ids are
// the greatest; only one that was lost and comes again has to look for its
// place.
func (p *Postgres) enlist(id core.SignalID) {
	after := p.lastOpen
	for after > id {
		after = p.signals[after].earlier
	}
	s := &p.signals[id]
	s.earlier, s.later = after, p.firstOpen
	if after != 0 {
		s.later = p.signals[after].later
		p.signals[after].later = id
	} else {
		p.firstOpen = id
	}
	if s.later != 0 {
		p.signals[s.later].earlier = id
	} else {
		p.lastOpen = id
	}
}

// unlist takes a signal out of the open ones.
func (p *Postgres) unlist(id core.SignalID) {
	s := &p.signals[id]
	if s.earlier != 0 {
		p.signals[s.earlier].later = s.later
	} else {
		p.firstOpen = s.later
	}
	if s.later != 0 {
		p.signals[s.later].earlier = s.earlier
	} else {
		p.lastOpen = s.earlier
	}
	s.earlier, s.later = 0, 0
}
