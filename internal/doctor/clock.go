package doctor

import (
	"fmt"
	"time"

	"fencepost/core/order"
)

// Offset is by how much a server's clock is ahead of this machine's, and how
// far that may be wrong: half the round trip in which it was asked.
type Offset struct {
	Ahead, Uncertainty time.Duration
}

// String writes both.
func (o Offset) String() string {
	about := max(o.Uncertainty.Round(time.Millisecond), time.Millisecond)
	return fmt.Sprintf("%+v ± %v", o.Ahead.Round(time.Millisecond), about)
}

// rounds is how often a clock is asked; the shortest round trip tells most.
const rounds = 5

// measure asks a server for its clock several times and keeps the narrowest
// answer.
func measure(ask func() (time.Time, error)) (Offset, error) {
	var best Offset
	for round := range rounds {
		began := time.Now()
		server, err := ask()
		took := time.Since(began)
		if err != nil {
			return Offset{}, err
		}
		o := Offset{Ahead: server.Sub(began.Add(took / 2)), Uncertainty: took / 2}
		if round == 0 || o.Uncertainty < best.Uncertainty {
			best = o
		}
	}
	return best, nil
}

// How far clocks may be apart.
const (
	// looseClock is what a machine that keeps time never reaches.
	looseClock = 250 * time.Millisecond
	// wrongClock is what a broker that checks timestamps lets pass.
	wrongClock = time.Second
)

// judgeClock judges the distance between this machine's clock and a server's.
// Leadership does not rest on it; orders to a broker of class B carry it.
func judgeClock(l *list, name string, o Offset, class order.Class) {
	apart := max(o.Ahead.Abs()-o.Uncertainty, 0)
	const do = "let this machine and the server keep time by the same source (chrony, ntp)"
	switch {
	case apart <= looseClock:
		l.ok(name, o.String(), "the clocks agree as far as a round trip can tell")
	case apart > wrongClock && class == order.ClassB:
		l.fail(name, o.String(),
			"orders are stamped by this machine's clock, and a broker of class B refuses or accepts by it",
			do)
	default:
		l.warn(name, o.String(),
			"no decision rests on it, but log lines and the ledger's instants will not agree",
			do)
	}
}
