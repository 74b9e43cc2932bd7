package model

import "time"

// The ways to misbehave, in the words of scenario files.
const (
	acceptThenSilence = "accept_then_silence"
	lateArrival       = "late"
	duplicateAck      = "duplicate_ack"
	rejects           = "reject"
	isDown            = "down"
	wrongStatus       = "wrong_status"
)

// conduct is how the broker behaves at the moment: how many ask for each act,
// and the delay that was named last. The zero value behaves well.
type conduct struct {
	down        act
	reject      act
	silent      act
	wrongStatus act
	twice       act
	late        act
}

// act is one way to misbehave.
type act struct {
	askers int
	delay  time.Duration
}

// on reports whether somebody asks for it.
func (a *act) on() bool { return a.askers > 0 }

// Misbehave begins an act: the word is that of a scenario file, and delay how
// late an order or a second answer is. It goes on until it was healed as often
// as it was begun.
func (b *Broker) Misbehave(act string, delay time.Duration) {
	a := b.conduct.named(act)
	a.askers++
	a.delay = delay
}

// Heal ends an act; it is no error if it is not going on.
func (b *Broker) Heal(act string) {
	a := b.conduct.named(act)
	a.askers = max(a.askers-1, 0)
	if !a.on() {
		a.delay = 0
	}
}

// named returns the act of that word.
func (c *conduct) named(word string) *act {
	switch word {
	case acceptThenSilence:
		return &c.silent
	case lateArrival:
		return &c.late
	case duplicateAck:
		return &c.twice
	case rejects:
		return &c.reject
	case isDown:
		return &c.down
	case wrongStatus:
		return &c.wrongStatus
	default:
		panic("sim/model: a broker misbehaves as a scenario can ask")
	}
}

// Late is how long a request for an order is held up on its way into the book,
// whether or not its sender still waits. Whoever carries requests holds it that
// long before calling Submit; the answer comes after that.
func (b *Broker) Late() time.Duration { return b.conduct.late.delay }

// SecondAnswer tells whether each answer to a Submit is sent a second time, and
// how much later.
func (b *Broker) SecondAnswer() (after time.Duration, twice bool) {
	return b.conduct.twice.delay, b.conduct.twice.on()
}
