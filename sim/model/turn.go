package model

import "fencepost/core"

// inTheWay reports whether another signal of the same instrument stands before
// one that was received: an order of it may exist or still arrive, or it is
// received as well and goes before this one.
//
//	EXISTS (SELECT FROM signals o WHERE same group and instrument, another id
//	AND (o.state IN ('submitting', 'submitted', 'in_doubt')
//	     OR o.state = 'received' AND it is still valid
//	        AND it is an exit and the other is not, or of the same kind and older))
func (p *Postgres) inTheWay(now core.Time, id core.SignalID) bool {
	s := &p.signals[id]
	for other := p.firstOpen; other != 0; other = p.signals[other].later {
		o := &p.signals[other]
		if other == id || o.Instrument != s.Instrument {
			continue
		}
		if o.inFlight() {
			return true
		}
		if o.State == core.Received && !o.outdated(now) && before(o.Exit, s.Exit, other < id) {
			return true
		}
	}
	return false
}

// before reports whether one of two signals that wait goes first: exits before
// entries, then the older one.
func before(exit, otherExit, older bool) bool {
	if exit != otherExit {
		return exit
	}
	return older
}

// inFlight reports whether an order of the signal may exist or still arrive.
func (s *Signal) inFlight() bool {
	return s.State == core.Submitting || s.State == core.Submitted || s.State == core.InDoubt
}

// inTheWayAgain reports whether another signal of the same instrument stands
// before one in doubt that is to be sent again. Of two doubts, which only a late
// outcome can make, the older one goes first, or each would wait for the other.
func (p *Postgres) inTheWayAgain(id core.SignalID) bool {
	s := &p.signals[id]
	for other := p.firstOpen; other != 0; other = p.signals[other].later {
		o := &p.signals[other]
		if other != id && o.Instrument == s.Instrument && o.inFlight() &&
			(o.State != core.InDoubt || other < id) {
			return true
		}
	}
	return false
}

// mayTakeTurn reports whether the rule lets the signal be permitted now.
func (p *Postgres) mayTakeTurn(now core.Time, e *core.Effect) bool {
	switch {
	case !p.cfg.OneOpen:
		return true
	case e.Resend:
		return !p.inTheWayAgain(e.Signal)
	default:
		return !p.inTheWay(now, e.Signal)
	}
}

// waits reports whether a signal of that one's instrument was received and is
// still to be sent.
func (p *Postgres) waits(id core.SignalID) bool {
	for other := p.firstOpen; other != 0; other = p.signals[other].later {
		if o := &p.signals[other]; o.State == core.Received && o.Instrument == p.signals[id].Instrument {
			return true
		}
	}
	return false
}
