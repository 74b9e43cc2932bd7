package fencepost

import (
	"context"
	"errors"
	"fmt"
	"time"

	"fencepost/core"
	"fencepost/core/event"
	"fencepost/internal/config"
	"fencepost/internal/driver"
	"fencepost/internal/intake"
	"fencepost/internal/notify"
	"fencepost/internal/observe"
	"fencepost/internal/pgledger"
	"fencepost/internal/tracing"
)

// Notice is something that a person is to be told.
type Notice = pgledger.Notice

// ErrNoNotice says that there is no such notification.
var ErrNoNotice = pgledger.ErrNoNotice

// sink hands what the node announces to whoever tells of it.
type sink struct {
	*observe.Observer
	tracer *tracing.Tracer
	// regressed takes the epoch that a ledger which went back in time is behind.
	regressed chan core.Epoch
	conflicts *conflicts
}

// Announce tells of an event.
func (s *sink) Announce(a *driver.Announcement) {
	s.Observer.Announce(a)
	s.tracer.Announce(a)
	if a.Effect.Event == event.AuthorityRegressed {
		select {
		case s.regressed <- a.Effect.Epoch:
		default: // one is being told already
		}
	}
}

// called tells of a request to the broker.
func (s *sink) called(e *core.Effect, outcome string, began time.Time) {
	s.BrokerAnswered(e.Op, outcome)
	s.tracer.Called(e, outcome, began)
}

// saw tells of a webhook.
func (s *sink) saw(seen *intake.Seen) {
	s.Saw(seen)
	s.tracer.Saw(seen)
	if seen.Reason == core.Conflict && seen.Signal != 0 && !s.conflicts.add(seen.Signal) {
		s.Log().Error("too many conflicts at once: nobody is told of this one but the log",
			"event", "notification.failed", "signal", int64(seen.Signal))
	}
}

// openTelling prepares the ways to people and to the collector of traces.
func (k *Coordinator) openTelling() error {
	k.sink = &sink{
		Observer: k.observer, regressed: make(chan core.Epoch, 1), conflicts: newConflicts(),
	}
	var err error
	if k.channels, err = channels(&k.config.Notify); err != nil || k.config.Tracing.Endpoint == "" {
		return err
	}
	k.sink.tracer, err = tracing.New(tracing.Options{
		Endpoint: k.config.Tracing.Endpoint, Token: k.config.Tracing.Token.Reveal(),
		Timeout: time.Duration(k.config.Tracing.Timeout), Group: k.config.Group,
		Instance: k.config.InstanceID, Version: Version(), Failed: k.observer.SpansLost,
	})
	return err
}

// lastSpans sends what waits for the collector, within its time limit. Spans decide
// nothing: their loss is logged and no failure.
func (k *Coordinator) lastSpans() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(k.config.Tracing.Timeout))
	defer cancel()
	if err := k.sink.tracer.Close(ctx); err != nil {
		k.observer.SpansLost(err)
	}
}

// channels makes the configured receivers of notifications.
func channels(n *config.Notify) ([]notify.Channel, error) {
	var list []notify.Channel
	for name, c := range n.Channels {
		key, err := c.SigningKey()
		if err != nil {
			return nil, fmt.Errorf("notify.channels.%s.signing_secret: %w", name, err)
		}
		switch c.Type {
		case config.ChannelSlack:
			list = append(list, notify.Slack(name, c.Address()))
		case config.ChannelTelegram:
			list = append(list, notify.Telegram(name, c.Address(), c.Token.Reveal(), c.ChatID))
		case config.ChannelWebhook:
			list = append(list, notify.Webhook(name, c.Address(), key))
		}
	}
	return list, nil
}

// deliver carries notifications to people until the context ends. Any instance
// does; who leads has no part in it.
func (k *Coordinator) deliver(ctx context.Context) {
	n := &k.config.Notify
	notify.NewCourier(k.ledger, notify.Options{
		Group: k.config.Group, Channels: k.channels, Kinds: n.Told(), Timeout: time.Duration(n.Timeout),
		GiveUpAfter: time.Duration(n.GiveUpAfter), Poll: time.Duration(n.Poll), Log: k.observer.Log(),
		Notified: k.observer.Notified,
	}).Run(ctx)
}

// The times of the readings for metrics.
const (
	readingEvery = 5 * time.Second
	readingTime  = 2 * time.Second
)

// readForMetrics reads the ledger and the stores' clocks, so that no scrape has to.
func (k *Coordinator) readForMetrics(ctx context.Context) {
	ticker := time.NewTicker(min(readingEvery, 3*k.protocol.Heartbeat))
	defer ticker.Stop()
	for {
		bounded, cancel := context.WithTimeout(ctx, readingTime)
		reading, err := k.reading(bounded)
		cancel()
		if ctx.Err() != nil {
			return
		}
		k.observer.LedgerRead(reading, err)
		if err != nil {
			k.observer.Log().Debug("the ledger was not read for metrics", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// reading reads once. Redis's clock is left out where Redis does not answer.
func (k *Coordinator) reading(ctx context.Context) (observe.LedgerReading, error) {
	r := observe.LedgerReading{
		Open: map[string]int64{}, Oldest: map[string]time.Duration{},
		Offsets: map[core.Store]time.Duration{},
	}
	before := k.clock.Now().Wall
	c, err := k.ledger.Census(ctx, k.config.Notify.Told())
	if err != nil {
		return r, err
	}
	r.Offsets[core.Postgres] = offset(before, k.clock.Now().Wall, c.Now)
	before = k.clock.Now().Wall
	if now, err := k.lease.Now(ctx); err == nil {
		r.Offsets[core.Redis] = offset(before, k.clock.Now().Wall, now)
	}
	for _, open := range c.Open {
		r.Open[open.State], r.Oldest[open.State] = open.Count, seconds(open.OldestSeconds)
		r.Alerted += open.Alerted
	}
	if c.CanarySeconds != nil {
		age := seconds(*c.CanarySeconds)
		r.CanaryAge = &age
	}
	r.PendingNotices, r.GivenUpNotices = c.Pending, c.GivenUp
	r.OldestNotice = seconds(c.PendingSeconds)
	return r, nil
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// offset is by how much a server's clock is ahead of this machine's, as far as that
// can be told: the server read its clock at some instant between the two of ours.
func offset(before, after core.Time, server time.Time) time.Duration {
	at := core.Time(server.UnixNano())
	switch {
	case at < before:
		return at.Sub(before)
	case at > after:
		return at.Sub(after)
	default:
		return 0
	}
}

// Notices lists the notifications in these states, the youngest first: pending,
// delivered, unwanted, given_up.
func (r *Reader) Notices(ctx context.Context, states []string, limit int) ([]Notice, error) {
	return r.ledger.Notices(ctx, states, limit)
}

// RetryNotices lets a notification that nobody has yet be tried at once, or all of
// them for zero, and returns how many.
func (r *Reader) RetryNotices(ctx context.Context, id int64) (int, error) {
	return r.ledger.RetryNotices(ctx, id)
}

// Tried is whether a channel took a message.
type Tried struct {
	Channel string `json:"channel"`
	Error   string `json:"error,omitempty"`
}

// TryChannels sends a message to every configured channel, past the outbox, and
// tells which took it.
func TryChannels(ctx context.Context, c *Config) ([]Tried, error) {
	list, err := channels(&c.Notify)
	if err = errors.Join(c.Notify.Check(), err); err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	if len(list) == 0 {
		return nil, errors.New("notify.channels: there is none")
	}
	message := &notify.Message{Group: c.Group, Notice: Notice{
		Kind: "test", Message: "This is a test. Nothing has happened.", HappenedAt: time.Now(),
	}}
	tried := make([]Tried, 0, len(list))
	for i := range list {
		bounded, cancel := context.WithTimeout(ctx, time.Duration(c.Notify.Timeout))
		one := Tried{Channel: list[i].Name}
		if err := list[i].Send(bounded, message, time.Now()); err != nil {
			one.Error = err.Error()
		}
		cancel()
		tried = append(tried, one)
	}
	return tried, nil
}
