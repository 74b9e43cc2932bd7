package observe

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"fencepost/core"
	"fencepost/core/event"
	"fencepost/internal/clock"
	"fencepost/internal/driver"
	"fencepost/internal/identity"
)

// Observer is told everything that happens to one instance. It is safe for use
// by several goroutines.
type Observer struct {
	group    string
	instance string
	log      *slog.Logger
	metrics  *metrics
	clock    clock.Clock
	window   window
	ledger   ledgerReading
	// redis and postgres are when the store last answered, on the boot clock, as
	// nanoseconds since start; zero if it never did.
	start    core.Time
	redis    atomic.Int64
	postgres atomic.Int64
}

// New returns an observer of that instance. It goes by the clock that the node
// goes by.
func New(log *slog.Logger, now clock.Clock, group, instance, version string) *Observer {
	return &Observer{
		group: group, instance: instance, log: log.With(groupLabel, group, instanceLabel, instance),
		metrics: newMetrics(group, instance, version), clock: now, window: newWindow(), start: now.Now().Boot,
	}
}

// Log returns the logger that names the instance.
func (o *Observer) Log() *slog.Logger { return o.log }

// Handler answers scrapes with what all observers of one process know. The numbers
// of the process itself are shown once, with the group of the first.
func Handler(list ...*Observer) http.Handler {
	var all prometheus.Gatherers
	for i, o := range list {
		if i == 0 {
			all = append(all, o.metrics.process)
		}
		all = append(all, o.metrics.registry)
	}
	return promhttp.HandlerFor(all, promhttp.HandlerOpts{})
}

// Expect shows what is counted of a source at zero before it is counted: an alert
// does not see a counter that appears with its first failures.
func (o *Observer) Expect(source string) {
	for _, status := range []int{
		http.StatusAccepted, http.StatusRequestTimeout, http.StatusServiceUnavailable,
	} {
		o.metrics.requests.WithLabelValues(source, strconv.Itoa(status))
	}
}

// Announce logs and counts an event of the core.
func (o *Observer) Announce(a *driver.Announcement) {
	e := &a.Effect
	o.metrics.events.WithLabelValues(e.Event.String()).Inc()
	switch e.Event {
	case event.LeaderElected:
		o.window.change(a.Now.Boot)
		o.metrics.changes.WithLabelValues(gained, electedReason).Inc()
	case event.LeaderSteppedDown:
		o.window.change(a.Now.Boot)
		o.metrics.changes.WithLabelValues(lost, e.Reason.String()).Inc()
	case event.PermitRequested:
		o.metrics.permits.WithLabelValues("requested").Inc()
	case event.PermitGranted:
		o.metrics.permits.WithLabelValues("granted").Inc()
	case event.PermitRefused:
		o.metrics.permits.WithLabelValues("refused").Inc()
		o.metrics.refused.WithLabelValues(e.By.String(), e.Reason.String()).Inc()
	default:
	}
	said, list := lineOf(e), attributes(e)
	if o.log.Enabled(context.Background(), slog.LevelDebug) {
		// The line's own time is when it was written; this is when it happened, by
		// the clock that the node goes by.
		list = append(list, slog.Int64("boot", int64(a.Now.Boot)))
	}
	o.log.LogAttrs(context.Background(), said.level, said.text, list...)
}

// attributes lists what the event carries.
func attributes(e *core.Effect) []slog.Attr {
	list := []slog.Attr{slog.String("event", e.Event.String())}
	add := func(holds bool, a slog.Attr) {
		if holds {
			list = append(list, a)
		}
	}
	add(e.Epoch != 0, slog.Uint64("epoch", uint64(e.Epoch)))
	add(e.Tenure != core.TenureRedis, slog.String("tenure", e.Tenure.String()))
	add(e.Reason != core.NoReason, slog.String("reason", e.Reason.String()))
	add(detection(e.Event), slog.String("by", e.By.String()))
	add(e.About != core.NoOp, slog.String("about", e.About.String()))
	add(e.Signal != 0, slog.Int64("signal", int64(e.Signal)))
	add(e.Attempt != 0, slog.Uint64("attempt", uint64(e.Attempt)))
	add(e.State != core.NoSignal, slog.String("state", e.State.String()))
	add(e.Event == event.OrderAcked || e.Event == event.OrderAmbiguous,
		slog.String("answer", e.Answer.String()))
	add(e.Subject != 0, slog.String("node", identity.NonceText(e.Subject)))
	return list
}

// detection reports whether the event is noticed by somebody.
func detection(e event.Event) bool {
	switch e {
	case event.LeaderStale, event.LeaderEvicted, event.SplitBrainDetected, event.LeaseLost,
		event.PermitRefused, event.HeartbeatRefused, event.LeaderGray, event.ClockDrift,
		event.AuthorityRegressed, event.OutcomeUnknown:
		return true
	default:
		return false
	}
}

// Called counts and times a call.
func (o *Observer) Called(op core.Op, took time.Duration, err error) {
	store := op.Store().String()
	o.metrics.calls.WithLabelValues(store, op.String()).Observe(took.Seconds())
	if err != nil {
		o.metrics.failures.WithLabelValues(store, op.String()).Inc()
		text := "a call failed"
		if outdatedTables(err) {
			text = "the ledger's tables are missing or older than this program: fencepost migrate up"
		}
		o.log.Warn(text, "op", op.String(), "took", took, "error", err)
	} else {
		o.Answered(op.Store())
	}
	switch op {
	case core.Heartbeat, core.TakeEpoch, core.Resign:
		now := o.clock.Now()
		o.window.add(now.Boot, took, err != nil)
		o.metrics.synced(took, err != nil)
		if op == core.Heartbeat && err == nil {
			o.window.beat(now)
		}
	default:
	}
}

// outdatedTables reports whether PostgreSQL lacks one of our tables or columns.
func outdatedTables(err error) bool {
	const undefinedTable, undefinedColumn = "42P01", "42703"
	var answer *pgconn.PgError
	return errors.As(err, &answer) && (answer.Code == undefinedTable || answer.Code == undefinedColumn)
}

// Answered notes that a store answered just now.
func (o *Observer) Answered(store core.Store) {
	at := int64(o.clock.Now().Boot.Sub(o.start)) + 1
	switch store {
	case core.Redis:
		o.redis.Store(at)
	case core.Postgres:
		o.postgres.Store(at)
	case core.Broker, core.NoStore:
	}
}

// AnsweredWithin reports whether the store answered within the last d.
func (o *Observer) AnsweredWithin(store core.Store, d time.Duration) bool {
	var at int64
	switch store {
	case core.Redis:
		at = o.redis.Load()
	case core.Postgres:
		at = o.postgres.Load()
	case core.Broker, core.NoStore:
	}
	return at != 0 && o.clock.Now().Boot.Sub(o.start)-time.Duration(at) <= d
}

// BrokerAnswered counts what became of a request to the broker: its answer's
// word, or withheld.
func (o *Observer) BrokerAnswered(op core.Op, outcome string) {
	o.metrics.broker.WithLabelValues(op.String(), outcome).Inc()
}

// BrokerUnclear logs why the broker's answer is unknown, or why an order was
// not sent.
func (o *Observer) BrokerUnclear(op core.Op, signal core.SignalID, err error) {
	o.metrics.failures.WithLabelValues(op.Store().String(), op.String()).Inc()
	o.log.Warn("the broker's answer is unclear", "op", op.String(), "signal", int64(signal), "error", err)
}
