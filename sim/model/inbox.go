package model

import (
	"time"

	"fencepost/core"
	"fencepost/core/history"
	"fencepost/core/inbox"
)

// Admit stores a signal, durably, once for each key. Keys are small positive
// numbers that stand for the text of the key; payload stands for the hash of
// the body. Zero validFor is for ever. It returns the id and the state of the
// row that has the key.
//
//	INSERT INTO signals ON CONFLICT (group, key) DO NOTHING
//	SELECT id, state, payload_sha256 FROM signals WHERE key = $key
func (p *Postgres) Admit(
	now core.Time, key, payload int64, validFor time.Duration,
) (inbox.Admission, core.SignalID, core.SignalState) {
	assert(key > 0, "keys are positive")
	for int64(len(p.byKey)) <= key {
		p.byKey = append(p.byKey, 0)
	}
	if s := p.signal(p.byKey[key]); s != nil {
		if s.Payload != payload {
			return inbox.Clash, p.byKey[key], s.State
		}
		return inbox.Duplicate, p.byKey[key], s.State
	}
	id := p.insert(now, key, payload, validFor)
	p.out.addSignal(history.Stored, now, id, 0)
	return inbox.Fresh, id, core.Received
}

// insert writes the row. A key whose row was lost gets its former id: the
// broker knows orders by the key, and so do the checkers by the id.
func (p *Postgres) insert(now core.Time, key, payload int64, validFor time.Duration) core.SignalID {
	id := p.byKey[key]
	if id == 0 {
		id = core.SignalID(len(p.signals))
		p.signals = append(p.signals, Signal{})
		p.byKey[key] = id
	}
	s := &p.signals[id]
	*s = Signal{
		Key: key, Payload: payload, State: core.Received, Version: 1, ValidUntil: core.Never,
		ReceivedAt: now, newest: -1,
	}
	if validFor > 0 {
		s.ValidUntil = now.Add(validFor)
	}
	p.enlist(id)
	return id
}

// outdated reports whether the signal's validity has ended.
func (s *Signal) outdated(now core.Time) bool {
	return s.ValidUntil != core.Never && now >= s.ValidUntil
}

// fetch lists the signals that need work, oldest first. One that its sender may
// still send is left out.
//
//	SELECT ... WHERE id > $after AND state = ANY ($states)
//	AND (state <> 'submitting' OR send_by < clock_timestamp()) ORDER BY id LIMIT 8
func (p *Postgres) fetch(now core.Time, e *core.Effect, reply *Reply) {
	done := core.Done
	for id := p.firstOpen; id != 0; id = p.signals[id].later {
		s := &p.signals[id]
		if id <= e.After || e.States&(1<<s.State) == 0 || s.State == core.Submitting && !p.overdue(now, s) {
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
