package observe

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"fencepost/core"
)

// LedgerReading is what is read of the ledger for scrapes, every few seconds and
// not by them.
type LedgerReading struct {
	// Open counts the signals that are not at their end, by state.
	Open map[string]int64
	// Alerted counts those that wait for a person.
	Alerted int64
	// Oldest are the ages of the oldest of them, by state and the database's clock.
	Oldest map[string]time.Duration
	// CanaryAge is how long ago a canary passed the gate, nil if none ever did.
	CanaryAge *time.Duration
	// PendingNotices counts the notifications that are still to be delivered, and
	// OldestNotice is the age of the oldest. GivenUpNotices reached nobody.
	PendingNotices, GivenUpNotices int64
	OldestNotice                   time.Duration
	// Offsets are by how much each store's clock is ahead of this machine's, as far
	// as the round trip tells; a store that did not answer is missing.
	Offsets map[core.Store]time.Duration
}

// openStates are the states of a signal that is not at its end.
var openStates = []core.SignalState{
	core.Received, core.Held, core.Submitting, core.Submitted, core.InDoubt,
}

// ledgerReading is the last reading that succeeded, and when.
type ledgerReading struct {
	mu       sync.Mutex
	last     LedgerReading
	at       core.Time
	ever     bool
	failures int64
}

// LedgerRead keeps a reading. After an error the last one stays, and grows old.
func (o *Observer) LedgerRead(r LedgerReading, err error) {
	o.ledger.mu.Lock()
	defer o.ledger.mu.Unlock()
	if err != nil {
		o.ledger.failures++
		return
	}
	o.ledger.last, o.ledger.at, o.ledger.ever = r, o.clock.Now().Boot, true
}

// look returns the last reading, and whether there is one.
func (l *ledgerReading) look() (LedgerReading, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.last, l.ever
}

// age is how old the last reading is, or how long there has been none.
func (o *Observer) readingAge() time.Duration {
	o.ledger.mu.Lock()
	defer o.ledger.mu.Unlock()
	since := o.start
	if o.ledger.ever {
		since = o.ledger.at
	}
	return o.clock.Now().Boot.Sub(since)
}

// ledgerCollector shows the last reading. What was never read has no sample: a
// zero would say that nothing is open.
type ledgerCollector struct {
	o *Observer

	signals, alerted, oldest, canary, notices, oldestNotice, offset, age, failures *prometheus.Desc
}

func (o *Observer) watchLedger(s scraped) {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(metricsNamespace+name, help, labels, nil)
	}
	s.to.MustRegister(&ledgerCollector{
		o: o,
		signals: desc("signals",
			"Signals of the group that are not at their end, as last read from the ledger.", "state"),
		alerted: desc("signals_alerted", "Open signals of the group that wait for a person, as last read."),
		oldest: desc("oldest_open_signal_age_seconds",
			"How old the group's oldest open signal in that state was when last read; 0 if there is none.",
			"state"),
		canary: desc("canary_age_seconds",
			"How long before the last reading a canary passed the gate; absent if none ever did."),
		notices: desc("notifications", "Notifications that are pending, or were given up, as last read.",
			"state"),
		oldestNotice: desc("oldest_pending_notification_age_seconds",
			"How old the oldest pending notification was when last read; 0 if there is none."),
		offset: desc("clock_offset_seconds",
			"By how much the store's clock is ahead of this machine's, beyond half the round trip.", "store"),
		age: desc("ledger_reading_age_seconds",
			"How old the readings of the ledger are, or for how long there has been none."),
		failures: desc("ledger_reading_failures_total", "Readings of the ledger for metrics that failed."),
	})
}

// Describe lists what there may be.
func (c *ledgerCollector) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		c.signals, c.alerted, c.oldest, c.canary, c.notices, c.oldestNotice, c.offset, c.age,
		c.failures,
	} {
		to <- d
	}
}

// Collect shows the last reading.
func (c *ledgerCollector) Collect(to chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, value float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	gauge(c.age, c.o.readingAge().Seconds())
	c.o.ledger.mu.Lock()
	failures := c.o.ledger.failures
	c.o.ledger.mu.Unlock()
	to <- prometheus.MustNewConstMetric(c.failures, prometheus.CounterValue, float64(failures))
	r, ever := c.o.ledger.look()
	if !ever {
		return
	}
	for _, state := range openStates {
		gauge(c.signals, float64(r.Open[state.String()]), state.String())
		gauge(c.oldest, r.Oldest[state.String()].Seconds(), state.String())
	}
	gauge(c.alerted, float64(r.Alerted))
	if r.CanaryAge != nil {
		gauge(c.canary, r.CanaryAge.Seconds())
	}
	gauge(c.notices, float64(r.PendingNotices), "pending")
	gauge(c.notices, float64(r.GivenUpNotices), "given_up")
	gauge(c.oldestNotice, r.OldestNotice.Seconds())
	for store, offset := range r.Offsets {
		gauge(c.offset, offset.Seconds(), store.String())
	}
}

// Notified counts an attempt to deliver a notification.
func (o *Observer) Notified(channel string, delivered, givenUp bool) {
	result := failedNotice
	switch {
	case delivered:
		result = deliveredNotice
	case givenUp:
		result = abandonedNotice
	}
	o.metrics.notices.WithLabelValues(channel, result).Inc()
}

// SpansLost counts an export of spans that failed.
func (o *Observer) SpansLost(err error) {
	o.metrics.spansLost.Inc()
	o.log.Debug("spans were not taken by the collector", "error", err)
}
