package core

import (
	"time"

	"fencepost/core/config"
)

// Config is everything about the protocol that can be set.
type Config = config.Config

// What a node speaks, and the lease's length unless it is configured.
const (
	ProtocolVersion = config.ProtocolVersion
	DefaultTTL      = config.DefaultTTL
)

// Default returns the configuration for a ttl of 10 s: stale after 30 s.
func Default() Config { return config.Default() }

// Fast returns the profile for a ttl of three seconds.
func Fast() Config { return config.Fast() }

// ForTTL returns the configuration in which every interval has its usual part
// of the ttl (PROTOCOL 4.3), for a broker of class D.
func ForTTL(ttl time.Duration) Config { return config.ForTTL(ttl) }
