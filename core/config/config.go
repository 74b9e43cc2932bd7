package config

import (
	"errors"
	"fmt"
	"time"

	"fencepost/core/order"
)

// Config is everything about the protocol that can be set. It is a plain value
// inside the node and never changes during a process's life. All durations are
// on the node's boot clock unless a field says otherwise.
type Config struct {
	// TTL is the lease's length in Redis: how long nobody leads after a crash.
	TTL time.Duration
	// Renew is the time between two renewals of the lease. Unless two attempts
	// and one time-out fit into the trust window, a lost reply costs leadership.
	Renew time.Duration
	// Heartbeat is the time between two heartbeats; bound as Renew.
	Heartbeat time.Duration
	// Margin is taken off the trust window for scheduling and the way to the wire.
	Margin time.Duration
	// DriftPPM bounds how the rates of any two clocks differ, in parts per million.
	DriftPPM int64
	// Retry is the least time between two acquisitions; up to RetryJitter is added.
	Retry       time.Duration
	RetryJitter time.Duration
	// StoreTimeout bounds one call to Redis or PostgreSQL.
	StoreTimeout time.Duration
	// CandidateBudget is how long a candidate keeps the lease without the epoch.
	CandidateBudget time.Duration
	// SendBy bounds the time from asking for a permit to the order's first byte,
	// on the node's clock and on the database's.
	SendBy time.Duration
	// BrokerTimeout bounds one call to the broker.
	BrokerTimeout time.Duration
	// Sweep is the time between two looks for unannounced work, Review between
	// two for signals that wait for the broker.
	Sweep  time.Duration
	Review time.Duration
	// StaleAfter is the age of a leader's heartbeat, by the database's clock, from
	// which its peers may evict its lease.
	StaleAfter time.Duration
	// Broker is what the broker's interface promises.
	Broker order.Capability
	// Ineligible nodes take in signals and never lead.
	Ineligible bool
	// LeaderOnly refuses signals on every instance but the leader's.
	LeaderOnly bool
	// Protocol is the version of the protocol that this build speaks.
	Protocol uint16
}

// ProtocolVersion is the version that the core speaks.
const ProtocolVersion = 1

// DefaultTTL is the lease's length unless it is configured.
const DefaultTTL = 10 * time.Second

// Default returns the configuration for a ttl of 10 s: stale after 30 s.
func Default() Config { return ForTTL(DefaultTTL) }

// Fast returns the profile for a ttl of three seconds.
func Fast() Config { return ForTTL(3 * time.Second) }

// ForTTL returns the configuration in which every interval has its usual part
// of the ttl (PROTOCOL 4.3), for a broker of class D.
func ForTTL(ttl time.Duration) Config {
	return Config{
		TTL:             ttl,
		Renew:           scale(ttl, 300),
		Heartbeat:       scale(ttl, 300),
		Margin:          scale(ttl, 50),
		DriftPPM:        10_000,
		Retry:           scale(ttl, 200),
		RetryJitter:     scale(ttl, 100),
		StoreTimeout:    scale(ttl, 250),
		CandidateBudget: scale(ttl, 300),
		SendBy:          scale(ttl, 250),
		BrokerTimeout:   scale(ttl, 500),
		Sweep:           scale(ttl, 300),
		Review:          ttl,
		StaleAfter:      3 * ttl,
		Broker:          order.ClassD.Capability(),
		Protocol:        ProtocolVersion,
	}
}

// Window is for how long after the start of a confirmed attempt a node may
// believe: ttl·(1−ρ) − margin.
func (c *Config) Window() time.Duration { return c.Shrink(c.TTL) - c.Margin }

// Shrink returns d as the slowest lawful clock may measure it: d·(1−ρ).
func (c *Config) Shrink(d time.Duration) time.Duration {
	return d - time.Duration(int64(d)/1_000_000*c.DriftPPM)
}

// Validate judges the configuration and changes nothing. It reports every
// fault it finds, each with the setting's name and a value that would do.
func (c *Config) Validate() error {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	if c.TTL < 100*time.Millisecond || c.TTL > time.Hour {
		fault("ttl %v: must lie between 100ms and 1h", c.TTL)
		return errors.Join(faults...)
	}
	names := []string{
		"renew", "heartbeat", "margin", "retry", "store_timeout", "candidate_budget", "send_by",
		"broker_timeout", "sweep", "review",
	}
	for i, span := range []time.Duration{
		c.Renew, c.Heartbeat, c.Margin, c.Retry, c.StoreTimeout, c.CandidateBudget, c.SendBy,
		c.BrokerTimeout, c.Sweep, c.Review,
	} {
		if span < time.Millisecond {
			fault("%s %v: must be at least 1ms", names[i], span)
		}
	}
	if c.DriftPPM < 0 || c.DriftPPM > 100_000 {
		fault("clock drift of %d ppm: must lie between 0 and 100000 (10 %%)", c.DriftPPM)
	}
	if c.RetryJitter < 0 || c.Retry+c.RetryJitter > c.TTL/2 {
		fault("retry %v plus jitter %v: together at most half a ttl (%v)", c.Retry, c.RetryJitter, c.TTL/2)
	}
	window := c.Window()
	for i, beat := range []time.Duration{c.Renew, c.Heartbeat} {
		if need := 2*beat + c.StoreTimeout; need > window {
			fault("%s %v: two attempts and one time-out of %v (%v) must fit into the trust window of %v; "+
				"%v and %v fit", names[i], beat, c.StoreTimeout, need, window,
				scale(c.TTL, 300), scale(c.TTL, 250))
		}
	}
	if c.CandidateBudget >= window {
		fault("candidate_budget %v: must be shorter than the trust window of %v", c.CandidateBudget, window)
	}
	if c.SendBy >= window {
		fault("send_by %v: must be shorter than the trust window of %v", c.SendBy, window)
	}
	if c.StaleAfter < 2*c.TTL {
		fault("stale_after %v: must be at least two ttl (%v)", c.StaleAfter, 2*c.TTL)
	}
	if c.Protocol == 0 {
		fault("protocol version 0: versions start at 1")
	}
	return errors.Join(faults...)
}

// scale returns d·thousandths/1000: every interval of the protocol is a part
// of the lease's ttl (PROTOCOL 4.3).
func scale(d time.Duration, thousandths int64) time.Duration {
	return d * time.Duration(thousandths) / 1000
}
