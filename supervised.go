package fencepost

import (
	"context"
	"slices"
	"time"
)

// Supervisor is told how an instance is: systemd, for example.
type Supervisor interface {
	// Ready is called once the instance answers HTTP, whether the stores do or not.
	Ready() error
	// Stopping is called once it begins to hand over.
	Stopping() error
	// Alive is called every Every as long as the node is driven. A driver that
	// stands still is not reported to be alive, whatever else of the process runs.
	Alive() error
	// Every is how often Alive is wanted, zero if never.
	Every() time.Duration
}

// WithSupervisor tells s how the instance is.
func WithSupervisor(s Supervisor) Option { return func(o *options) { o.supervisor = s } }

// tell calls one of a supervisor's methods. Who cannot be told has no part in
// what is done.
func (k *Coordinator) tell(what func(Supervisor) error) {
	if k.supervisor == nil {
		return
	}
	if err := what(k.supervisor); err != nil {
		k.observer.Log().Warn("the supervisor was not told", "event", "service.supervisor", "error", err)
	}
}

// feed tells the supervisor that the instance lives, for as long as the driver
// turns; in a process with several groups, as long as the drivers of all do.
func (k *Coordinator) feed(ctx context.Context) {
	if k.supervisor == nil || k.supervisor.Every() <= 0 {
		return
	}
	ticker := time.NewTicker(k.supervisor.Every())
	defer ticker.Stop()
	last := k.turns()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		now := k.turns()
		if !slices.ContainsFunc(now, func(t turns) bool { return slices.Contains(last, t) }) {
			last = now
			k.tell(Supervisor.Alive)
		}
	}
}

// Live reports whether the node is driven: it is not once the driver has taken no
// turn for a ttl, which its lease does not outlast either. It asks no store and
// waits for nothing, and an instance that does not run, yet or any more, is live.
func (k *Coordinator) Live() bool { return k.driver.StandsFor() <= k.protocol.TTL }

// turns is how often a group's driver has turned.
type turns struct {
	group string
	count uint64
}

func (k *Coordinator) turns() []turns {
	var list []turns
	for _, one := range k.together {
		list = append(list, turns{one.config.Group, one.driver.Turns()})
	}
	return list
}
