package fencepost

import (
	"io"
	"log/slog"

	"fencepost/internal/config"
	"fencepost/internal/observe"
)

// Option changes how a Coordinator is made.
type Option func(*options)

type options struct {
	broker Broker
	log    *slog.Logger
	// supervisor is nil if nobody wants to be told.
	supervisor Supervisor
	// leadsOnly: there is no broker, and there are no signals.
	leadsOnly bool
	// Of several groups in one process: how many there are, whose connections are
	// shared, and whether leaderships are spread.
	groups int
	beside *Reader
	spread bool
}

// WithBroker sends orders through b instead of to the configured address. The
// configured class must be one that b promises to keep.
func WithBroker(b Broker) Option { return func(o *options) { o.broker = b } }

// WithoutBroker makes an instance that leads and executes no signals: what it does
// while it leads is the function given to Run. All instances of its group must be
// of that kind, for signals of the group wait until somebody leads who has a broker.
func WithoutBroker() Option { return func(o *options) { o.leadsOnly = true } }

// WithLogger writes to log instead of nowhere. Losing leadership is logged at
// LevelCritical.
func WithLogger(log *slog.Logger) Option { return func(o *options) { o.log = log } }

// LevelCritical is the level of what somebody should look at now.
const LevelCritical = observe.LevelCritical

// NewLogger returns a logger that writes to w in the configured format and
// names LevelCritical as CRITICAL.
func NewLogger(c *Config, w io.Writer) *slog.Logger { return observe.NewLogger(c.Log, w) }

func applied(list []Option) options {
	o := options{log: observe.NewLogger(config.Default().Log, io.Discard)}
	for _, option := range list {
		option(&o)
	}
	return o
}
