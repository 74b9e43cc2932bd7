package check

import (
	"fmt"
	"slices"

	"fencepost/core"
	"fencepost/core/history"
)

// oneOpen judges one-open-per-instrument, where the service is set up for it: no
// signal is permitted while an order of another signal of its instrument may
// exist or still arrive, and of those that wait an exit goes before an entry,
// else the older one.
//
// It holds while PostgreSQL keeps committed rows. A signal that a late outcome
// puts in doubt beside another is no violation: no permit made it. Of two doubts
// the older one is sent again first. Where the observer may be late, what began
// to stand in the way just before the permit was not seen by it.
//
// Counter-example: an entry and, a moment later, the exit that is to close it are
// permitted together. The exit reaches the broker first, opens the opposite
// position, and nothing closes that.
type oneOpen struct{ lanes []lane }

// lane is what the history has told of one instrument.
type lane struct {
	// open are the signals of which an order may exist or still arrive, and
	// waiting those that were received.
	open, waiting []turn
	// head is the one of those that wait whose turn is next, zero if none waits,
	// and free since when nothing has stood in its way.
	head core.SignalID
	free int64
}

// turn is one signal in its lane, since then. doubt: a late outcome put it there.
type turn struct {
	id    core.SignalID
	since int64
	doubt bool
}

// maxInstruments bounds the instruments that a history can name.
const maxInstruments = 1 << 16

// reset forgets everything and keeps the memory.
func (c *oneOpen) reset() {
	for i := range c.lanes {
		c.lanes[i] = lane{open: c.lanes[i].open[:0], waiting: c.lanes[i].waiting[:0]}
	}
}

// of returns the instrument's lane, or nil if no history can name it.
func (c *oneOpen) of(instrument int32) *lane {
	if instrument < 0 || instrument >= maxInstruments {
		return nil
	}
	for int(instrument) >= len(c.lanes) {
		c.lanes = append(c.lanes, lane{})
	}
	return &c.lanes[instrument]
}

// inFlight reports whether an order of a signal in that state may exist.
func inFlight(state core.SignalState) bool {
	return state == core.Submitting || state == core.Submitted || state == core.InDoubt
}

// stored takes a signal's row.
func (c *oneOpen) stored(s *Suite, g *signal, r *history.Record) {
	g.instrument, g.exit, g.validFor = r.Instrument, r.Exit, r.Span
	if g.state == core.NoSignal {
		c.moved(s, g, r, core.Received)
	}
}

// stateSet takes a signal's new state; its page still has the old one.
func (c *oneOpen) stateSet(s *Suite, g *signal, r *history.Record) { c.moved(s, g, r, r.State) }

// missing takes a row that is not there any more.
func (c *oneOpen) missing(s *Suite, g *signal, r *history.Record) { c.moved(s, g, r, core.NoSignal) }

// moved puts the signal where it belongs in its lane.
func (c *oneOpen) moved(s *Suite, g *signal, r *history.Record, next core.SignalState) {
	l := c.of(g.instrument)
	if !s.cfg.OneOpen || l == nil || g.state == next {
		return
	}
	was, is := inFlight(g.state), inFlight(next)
	if was && !is {
		l.open = without(l.open, r.Signal)
	} else if is && !was {
		l.open = append(l.open, turn{r.Signal, r.At, next == core.InDoubt})
	}
	if g.state == core.Received {
		l.waiting = without(l.waiting, r.Signal)
	} else if next == core.Received {
		l.waiting = append(l.waiting, turn{id: r.Signal, since: r.At})
	}
	l.free = r.At
	l.head = 0
	for _, w := range l.waiting {
		if l.head == 0 || s.book.first(w.id, l.head) {
			l.head = w.id
		}
	}
}

// without takes a signal off a list whose order means nothing.
func without(list []turn, id core.SignalID) []turn {
	if i := slices.IndexFunc(list, func(t turn) bool { return t.id == id }); i >= 0 {
		list[i] = list[len(list)-1]
		return list[:len(list)-1]
	}
	return list
}

// first reports whether a signal that waits goes before another that does.
func (b *book) first(id, other core.SignalID) bool {
	if exit := b.signals[id].exit; exit != b.signals[other].exit {
		return exit
	}
	return id < other
}

// permitted takes a permit; the signal's page still has the state before it.
func (c *oneOpen) permitted(s *Suite, r *history.Record) {
	g := s.book.of(r.Signal)
	if !s.cfg.OneOpen || g == nil {
		return
	}
	l := c.of(g.instrument)
	if l == nil {
		return
	}
	slack := int64(0)
	if s.cfg.HarnessStall > 0 {
		slack = int64(s.cfg.HarnessStall + s.cfg.StoreTimeout)
	}
	again := g.state == core.InDoubt
	for _, o := range l.open {
		late := o.doubt && o.since+slack > r.At && slack > 0
		younger := again && s.book.signals[o.id].state == core.InDoubt && o.id > r.Signal
		if o.id != r.Signal && !late && !younger {
			c.breaks(s, r, o.id, besideOpen)
			return
		}
	}
	if again || len(l.waiting) < 2 {
		return
	}
	s.marks[TurnJudged]++
	for _, w := range l.waiting {
		other := &s.book.signals[w.id]
		over := other.validFor > 0 && other.storedAt+other.validFor-slack <= r.At
		if w.id == r.Signal || over || w.since+slack > r.At && slack > 0 {
			continue
		}
		if s.book.first(w.id, r.Signal) {
			c.breaks(s, r, w.id, outOfTurn)
			return
		}
		if g.exit && !other.exit && w.id < r.Signal {
			s.marks[ExitWentFirst]++
		}
	}
}

// breaks reports that the permit was not the signal's to have.
func (c *oneOpen) breaks(s *Suite, r *history.Record, other core.SignalID, say func(*finding) string) {
	f := of(OneOpenPerInstrument, r, say)
	f.a, f.b = int64(other), int64(s.book.signals[other].state)
	s.breaksUnless(ledgerExcuses, f)
}

// turn reports since when it has been the turn of a signal that was received;
// never while it is not. Where several may be open it always is.
func (c *oneOpen) turn(s *Suite, id core.SignalID, g *signal) int64 {
	l := c.of(g.instrument)
	switch {
	case !s.cfg.OneOpen || l == nil:
		return before
	case len(l.open) > 0 || l.head != id:
		return never
	default:
		return l.free
	}
}

func besideOpen(f *finding) string {
	return fmt.Sprintf("signal %d was permitted while signal %d of its instrument was %s",
		f.signal, f.a, core.SignalState(f.b))
}

func outOfTurn(f *finding) string {
	return fmt.Sprintf("signal %d was permitted before signal %d of its instrument, whose turn it was",
		f.signal, f.a)
}
