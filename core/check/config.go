package check

import (
	"errors"
	"fmt"
	"time"

	"fencepost/core"
)

// MaxNodes is the most nodes that one history can have.
const MaxNodes = 1024

// Config is what the checkers must know of the cluster that they judge. All
// durations are on the observer's clock.
type Config struct {
	// Nodes is how many nodes there are; a record's Node is below it.
	Nodes int
	// TTL is the lease's length.
	TTL time.Duration
	// StaleAfter is the age of a leader's heartbeat from which peers call it
	// stale.
	StaleAfter time.Duration
	// StoreTimeout bounds one call to a store. A node that steps down makes two
	// such calls, so a fault that ended this long before may have cost both.
	StoreTimeout time.Duration
	// DriftPPM bounds by how much the rates of two clocks differ, in parts per
	// million (ρ). It stretches the excuses.
	DriftPPM int64
	// RecoverSignals is the bound within which a signal that is open while
	// nothing is disturbed must become final or in doubt. It includes the time
	// to elect a leader.
	RecoverSignals time.Duration
	// QueueTurn is for how long a leader may be busy with as many signals as it
	// works on at once (core.MaxFlights), before it turns to the next ones.
	QueueTurn time.Duration
	// HarnessStall is by how much the observer itself may be late. Overlaps of
	// belief up to it are not seen, and every deadline is later by it. It is
	// zero in the simulator.
	HarnessStall time.Duration
	// Untimed tells that the machine itself stood still for longer than that: what
	// only came too late is nobody's fault, and Timed invariants are not judged.
	Untimed bool
	// OneOpen: the service lets one signal of an instrument be open at a time,
	// exits before entries.
	OneOpen bool
	// FirstEpoch is the ledger's epoch before the history begins.
	FirstEpoch core.Epoch
	// Ineligible tells of nodes that never lead, by their number. Nodes beyond
	// its length are eligible.
	Ineligible []bool
}

// For returns the checkers' view of a cluster of that many nodes with the
// configuration cfg, in the simulator. An open signal has the time of one
// election, one sweep, one permit, one time-out of the broker and one review,
// and one ttl more for those before it.
func For(cfg *core.Config, nodes int) Config {
	return Config{
		Nodes:          nodes,
		TTL:            cfg.TTL,
		StaleAfter:     cfg.StaleAfter,
		StoreTimeout:   cfg.StoreTimeout,
		DriftPPM:       cfg.DriftPPM,
		RecoverSignals: 3*cfg.TTL + cfg.Sweep + cfg.SendBy + cfg.BrokerTimeout + cfg.Review,
		QueueTurn:      cfg.BrokerTimeout + 2*cfg.StoreTimeout,
	}
}

// Validate judges the configuration and changes nothing. It names the field
// and what would do.
func (c *Config) Validate() error {
	var faults []error
	if c.Nodes < 1 || c.Nodes > MaxNodes {
		faults = append(faults, fmt.Errorf("nodes %d: must lie between 1 and %d", c.Nodes, MaxNodes))
	}
	for _, positive := range []struct {
		name  string
		value time.Duration
	}{
		{"ttl", c.TTL},
		{"stale_after", c.StaleAfter},
		{"store_timeout", c.StoreTimeout},
		{"recover_signals", c.RecoverSignals},
	} {
		if positive.value <= 0 {
			faults = append(faults, fmt.Errorf("%s %v: must be positive", positive.name, positive.value))
		}
	}
	if c.DriftPPM < 0 || c.DriftPPM > 1_000_000 {
		faults = append(faults, fmt.Errorf("clock drift of %d ppm: must lie between 0 and 1e6", c.DriftPPM))
	}
	if c.HarnessStall < 0 {
		faults = append(faults, fmt.Errorf("harness_stall %v: must not be negative", c.HarnessStall))
	}
	return errors.Join(faults...)
}

// grace is for how long after its end a fault still excuses: ttl·(1+ρ).
func (c *Config) grace() int64 { return int64(c.TTL) + int64(c.TTL)/1_000_000*c.DriftPPM }

// eligible reports whether that node may lead at all.
func (c *Config) eligible(node int16) bool {
	return int(node) >= len(c.Ineligible) || !c.Ineligible[node]
}
