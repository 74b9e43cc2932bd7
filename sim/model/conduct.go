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

// conduct is how the broker behaves at the moment. The zero value behaves
// well.
type conduct struct {
	down        bool
	reject      bool
	silent      bool
	wrongStatus bool
	twice       bool
	late        time.Duration
	again       time.Duration
}

// Misbehave begins an act, or changes it if it goes on already: the word is
// that of a scenario file, and delay how late an order or a second answer is.
func (b *Broker) Misbehave(act string, delay time.Duration) { b.conduct.set(act, true, delay) }

// Heal ends an act; it is no error if it is not going on.
func (b *Broker) Heal(act string) { b.conduct.set(act, false, 0) }

// set begins or ends an act.
func (c *conduct) set(act string, on bool, delay time.Duration) {
	switch act {
	case acceptThenSilence:
		c.silent = on
	case lateArrival:
		c.late = delay
	case duplicateAck:
		c.twice, c.again = on, delay
	case rejects:
		c.reject = on
	case isDown:
		c.down = on
	case wrongStatus:
		c.wrongStatus = on
	default:
		assert(false, "a broker misbehaves as a scenario can ask")
	}
}

// Late is how long a request for an order is held up on its way into the book,
// whether or not its sender still waits. Whoever carries requests holds it that
// long before calling Submit; the answer comes after that.
func (b *Broker) Late() time.Duration { return b.conduct.late }

// SecondAnswer tells whether each answer to a Submit is sent a second time, and
// how much later.
func (b *Broker) SecondAnswer() (after time.Duration, twice bool) {
	return b.conduct.again, b.conduct.twice
}
