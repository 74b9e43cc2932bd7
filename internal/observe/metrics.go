package observe

import (
	"runtime"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"fencepost/core"
	"fencepost/core/event"
	"fencepost/core/order"
)

// metrics are the Prometheus side. All carry the group and the instance.
type metrics struct {
	registry *prometheus.Registry
	// process has the numbers of the Go runtime and of the process, of which there
	// is one however many groups it has.
	process  *prometheus.Registry
	events   *prometheus.CounterVec
	permits  *prometheus.CounterVec
	refused  *prometheus.CounterVec
	changes  *prometheus.CounterVec
	syncs    *prometheus.CounterVec
	syncTime prometheus.Histogram
	calls    *prometheus.HistogramVec
	failures *prometheus.CounterVec
	broker   *prometheus.CounterVec
	requests *prometheus.CounterVec
	answers  prometheus.Histogram
	senders  *prometheus.GaugeVec
	sentAway prometheus.Counter
	canaries prometheus.Counter
	notices  *prometheus.CounterVec
	// spansLost counts exports, not spans.
	spansLost prometheus.Counter
	compared  *comparison
}

// Labels that all metrics carry.
const (
	groupLabel    = "group"
	instanceLabel = "instance_id"
)

// The values of some labels.
const (
	gained, lost     = "gained", "lost"
	electedReason    = "elected"
	succeeded        = "success"
	failed           = "failure"
	withheldByGate   = "withheld"
	deliveredNotice  = "delivered"
	failedNotice     = "failed"
	abandonedNotice  = "given_up"
	metricsNamespace = "fencepost_"
)

func counters(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(
		prometheus.CounterOpts{Name: metricsNamespace + name, Help: help}, labels)
}

func counter(name, help string) prometheus.Counter {
	return prometheus.NewCounter(prometheus.CounterOpts{Name: metricsNamespace + name, Help: help})
}

// timing returns the options of a histogram of seconds, whose buckets double n
// times from the first.
func timing(name, help string, first float64, n int) prometheus.HistogramOpts {
	return prometheus.HistogramOpts{
		Name: metricsNamespace + name, Help: help, Buckets: prometheus.ExponentialBuckets(first, 2, n),
	}
}

func newMetrics(group, instance, version string) *metrics {
	registry, process := prometheus.NewRegistry(), prometheus.NewRegistry()
	named := prometheus.Labels{groupLabel: group, instanceLabel: instance}
	ours := prometheus.WrapRegistererWith(named, registry)
	m := &metrics{
		registry: registry, process: process,
		events:  counters("events_total", "What happened to this instance, by the event's name.", "event"),
		permits: counters("permits_total", "Permits requested, granted and refused.", "result"),
		refused: counters("permits_refused_total", "Permits refused, by whom and why.", "by", "reason"),
		changes: counters("leadership_changes_total", "How often leadership was gained or lost, and why.",
			"change", "reason"),
		syncs: counters("db_syncs_total",
			"Heartbeats, takeovers and closings in PostgreSQL, by how they ended.", "result"),
		syncTime: prometheus.NewHistogram(timing("db_sync_duration_seconds",
			"How long heartbeats, takeovers and closings in PostgreSQL took.", 0.0005, 14)),
		calls: prometheus.NewHistogramVec(timing("call_duration_seconds",
			"How long calls to a store or the broker took.", 0.0005, 14), []string{"store", "op"}),
		failures: counters("call_failures_total", "Calls that failed or were not answered in time.",
			"store", "op"),
		broker: counters("broker_requests_total",
			"Requests to the broker, by what it said; withheld: nothing left this process.", "op", "outcome"),
		requests: counters("webhook_requests_total", "Webhooks answered, by source and status.",
			"source", "status"),
		answers: prometheus.NewHistogram(timing("webhook_duration_seconds",
			"How long webhooks waited for their answer.", 0.001, 12)),
		senders: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "fencepost_sender_heartbeat_timestamp_seconds", Help: "When it last sent a HEARTBEAT.",
		}, []string{"source"}),
		canaries: counter("canaries_passed_total",
			"Canaries that passed the gate here; events of permits and gates count them too."),
		sentAway: counter("connections_sent_away_total",
			"Connections of senders that were closed to make room for others."),
		notices: counters("notification_deliveries_total",
			"Attempts to deliver a notification, by channel and result.", "channel", "result"),
		spansLost: counter("trace_export_failures_total",
			"Exports of spans that the collector did not take."),
		compared: newComparison(),
	}
	build := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "fencepost_build_info", Help: "The version of this instance; always 1.",
	}, []string{"version", "goversion"})
	build.WithLabelValues(version, runtime.Version()).Set(1)
	ours.MustRegister(m.events, m.permits, m.refused, m.changes, m.syncs, m.syncTime, m.calls, m.failures,
		m.broker, m.requests, m.answers, m.senders, m.sentAway, m.canaries, m.notices, m.spansLost, build)
	ours.MustRegister(m.compared.all()...)
	prometheus.WrapRegistererWith(named, process).MustRegister(collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.begin()
	return m
}

// begin shows the counters at zero whose labels are known: one that appears with
// its first event cannot be seen to rise.
func (m *metrics) begin() {
	for _, e := range event.All() {
		m.events.WithLabelValues(e.String())
	}
	for _, result := range []string{"requested", "granted", "refused"} {
		m.permits.WithLabelValues(result)
	}
	for _, result := range []string{succeeded, failed} {
		m.syncs.WithLabelValues(result)
	}
	m.changes.WithLabelValues(gained, electedReason)
	for _, reason := range []core.Reason{
		core.GracefulShutdown, core.OperatorRequest, core.LeaseExpired, core.LeaseLost, core.SplitBrain,
		core.HeartbeatLost, core.Superseded, core.ClockGap, core.Lapsed, core.AuthorityRegressed,
		core.TenureClosed,
	} {
		m.changes.WithLabelValues(lost, reason.String())
	}
	for _, op := range []core.Op{core.Submit, core.Lookup} {
		for _, answer := range []order.Answer{
			order.Unknown, order.Accepted, order.Filled, order.Rejected, order.Cancelled,
		} {
			m.broker.WithLabelValues(op.String(), answer.String())
		}
	}
	m.broker.WithLabelValues(core.Submit.String(), withheldByGate)
	m.broker.WithLabelValues(core.Lookup.String(), order.Absent.String())
}

// synced counts and times a synchronisation with PostgreSQL.
func (m *metrics) synced(took time.Duration, hasFailed bool) {
	result := succeeded
	if hasFailed {
		result = failed
	}
	m.syncs.WithLabelValues(result).Inc()
	m.syncTime.Observe(took.Seconds())
}
