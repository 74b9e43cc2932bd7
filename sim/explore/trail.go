package explore

import (
	"fmt"
	"slices"
	"time"

	"fencepost/core"
)

// trail walks from the first state to a breach and tells each step. The states
// on the way are known by their fingerprints alone: what leads from one to the
// next is found by doing it again, this time without reading states from codes,
// so that nodes keep their names and clocks run on.
func (s *search) trail(b *breach) []string {
	var way []uint64
	for print := b.parent; print != 0; print = s.find(print).parent {
		way = append(way, print)
	}
	slices.Reverse(way)
	from, to := newWorld(s.rules), newWorld(s.rules)
	var c canon
	var told []string
	for i, print := range way {
		if i == 0 {
			continue
		}
		a, ok := from.towards(to, &c, print)
		if !ok {
			return append(told, lostWay)
		}
		told = append(told, from.tell(a, to))
		from, to = to, from
	}
	for _, a := range append(from.acts(nil), from.strikes(nil)...) {
		to.become(from)
		if to.do(a); to.broken.Invariant == b.what.Invariant {
			b.what.Detail = to.broken.Detail // with the numbers of this way
			return append(told, from.tell(a, to))
		}
	}
	return append(told, lostWay)
}

// lostWay says that doing it again does not lead there.
const lostWay = "(the way from here is not found again: the fingerprints are no bisimulation)"

// towards finds what leads to the state of that fingerprint, and leaves it in
// to.
func (w *world) towards(to *world, c *canon, print uint64) (act, bool) {
	for _, a := range append(w.acts(nil), w.strikes(nil)...) {
		to.become(w)
		if to.do(a); to.broken.Invariant == "" && c.take(to) == print {
			return a, true
		}
	}
	return act{}, false
}

// tell says what happened, in one sentence.
func (w *world) tell(a act, after *world) string {
	at := fmt.Sprintf("%6.2f ttl  ", float64(w.now-startOfTime)/float64(w.rules.config.TTL))
	name := fmt.Sprintf("n%d", a.at+1)
	text := ""
	switch a.deed {
	case serve, serveBehind, refuse, deliver, drop, loseReply, delay, late, pauseAt:
		text = w.tellMessage(a)
	case wake:
		text = name + " wakes"
	case wakeAlone:
		text = "timers ring"
	case restart:
		text = name + " starts again"
	case resume:
		text = name + " goes on"
	case admit:
		text = fmt.Sprintf("signal %d is stored", after.watch.admitted)
	case pass:
		text = fmt.Sprintf("%v pass", time.Duration(after.now-w.now))
	case passRestart:
		text = fmt.Sprintf("%v pass; %s starts again", time.Duration(after.now-w.now), name)
	case passResume:
		text = fmt.Sprintf("%v pass; %s goes on", time.Duration(after.now-w.now), name)
	case crash:
		text = "FAULT: " + name + " crashes"
	case pause:
		text = "FAULT: " + name + " stands still"
	case handOver:
		text = "FAULT: " + name + " is asked to step down"
	case loseData:
		text = "FAULT: Redis loses its data"
	case deeds:
	default:
	}
	return at + text + after.changes(w)
}

// tellMessage says what became of a message.
func (w *world) tellMessage(a act) string {
	m := &w.net[a.at]
	who := fmt.Sprintf("n%d", m.node+1)
	what := fmt.Sprintf("%v of %s", m.op, who)
	if m.life != w.hosts[m.node].life {
		what += " (an earlier process)"
	}
	switch a.deed {
	case serve:
		return what + " is carried out and answered"
	case serveBehind:
		return what + " is answered from a book that does not show the order yet"
	case refuse:
		return what + " is withheld: its time is over"
	case deliver:
		if m.stage == hint {
			return fmt.Sprintf("%s hears: %v", who, m.body.inputs[0].Kind)
		}
		return fmt.Sprintf("a late answer reaches %s: %v", who, m.body.inputs[0].Kind)
	case drop:
		return "FAULT: " + what + " is lost"
	case loseReply:
		return "FAULT: " + what + " is carried out, its answer is lost"
	case delay:
		return "FAULT: " + what + " is held up"
	case late:
		return "FAULT: " + what + " is carried out, its answer is held up"
	case pauseAt:
		return "FAULT: " + what + " is carried out; " + who + " stands still before it hears the answer"
	default:
		return what
	}
}

// changes tells how roles and the ledger differ from before.
func (w *world) changes(before *world) string {
	text := ""
	for i := range w.nodes {
		if !w.hosts[i].up || !before.hosts[i].up {
			continue
		}
		was, is := before.hosts[i].node.Role(), w.hosts[i].node.Role()
		if was != is {
			text += fmt.Sprintf("; n%d is now %v", i+1, is)
			if e := w.hosts[i].node.Epoch(); is == core.Leader {
				text += fmt.Sprintf(" of epoch %d", e)
			}
		}
	}
	for id := core.SignalID(1); id <= w.postgres.LastSignal(); id++ {
		was, is := before.postgres.Row(id), w.postgres.Row(id)
		if was.State != is.State && was.State != core.NoSignal {
			text += fmt.Sprintf("; signal %d is %v", id, is.State)
		}
		if n := w.broker.OrdersOf(id); n != before.broker.OrdersOf(id) {
			text += fmt.Sprintf("; the broker has %d orders of signal %d", n, id)
		}
	}
	return text
}
