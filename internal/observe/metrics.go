package observe

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"fencepost/core"
	"fencepost/core/event"
)

// metrics are the Prometheus side. All carry the group and the instance.
type metrics struct {
	registry *prometheus.Registry
	events   *prometheus.CounterVec
	refused  *prometheus.CounterVec
	changes  prometheus.Counter
	calls    *prometheus.HistogramVec
	failures *prometheus.CounterVec
	requests *prometheus.CounterVec
	answers  prometheus.Histogram
	senders  *prometheus.GaugeVec
	sentAway prometheus.Counter
	canaries prometheus.Counter
	compared *comparison
}

// Labels that all metrics carry.
const (
	groupLabel    = "group"
	instanceLabel = "instance_id"
)

func newMetrics(group, instance, version string) *metrics {
	registry := prometheus.NewRegistry()
	labels := prometheus.Labels{groupLabel: group, instanceLabel: instance}
	ours := prometheus.WrapRegistererWith(labels, registry)
	m := &metrics{
		registry: registry,
		events: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "fencepost_events_total", Help: "What happened to this instance, by the event's name.",
		}, []string{"event"}),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "fencepost_permits_refused_total", Help: "Permits refused, by whom and why.",
		}, []string{"by", "reason"}),
		changes: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "fencepost_leadership_changes_total", Help: "How often leadership was gained or lost.",
		}),
		calls: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "fencepost_call_seconds", Help: "How long calls to a store or the broker took.",
			Buckets: prometheus.ExponentialBuckets(0.0005, 2, 14),
		}, []string{"store", "op"}),
		failures: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "fencepost_call_failures_total", Help: "Calls that failed or were not answered in time.",
		}, []string{"store", "op"}),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "fencepost_webhook_requests_total", Help: "Webhooks answered, by source and status.",
		}, []string{"source", "status"}),
		answers: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "fencepost_webhook_seconds", Help: "How long webhooks waited for their answer.",
			Buckets: prometheus.ExponentialBuckets(0.001, 2, 12),
		}),
		senders: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "fencepost_sender_heartbeat_timestamp_seconds", Help: "When it last sent a HEARTBEAT.",
		}, []string{"source"}),
		canaries: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "fencepost_canaries_passed_total",
			Help: "Canaries that passed the gate here; events of permits and gates count them too.",
		}),
		compared: newComparison(),
	}
	m.sentAway = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "fencepost_connections_sent_away_total",
		Help: "Connections of senders that were closed to make room for others.",
	})
	build := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "fencepost_build_info", Help: "The version of this instance; always 1.",
	}, []string{"version"})
	build.WithLabelValues(version).Set(1)
	ours.MustRegister(m.events, m.refused, m.changes, m.calls, m.failures, m.requests, m.answers, m.senders,
		m.sentAway, m.canaries, build)
	ours.MustRegister(m.compared.all()...)
	registry.MustRegister(collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	for _, event := range event.All() {
		// A counter that appears with its first event cannot be seen to rise.
		m.events.WithLabelValues(event.String())
	}
	return m
}

// Gauges are readings of the running node.
type Gauges struct {
	Status  func() core.Status
	Ready   func() bool
	Dropped func() int64
	// Connections is how many connections to PostgreSQL are in use.
	Connections func() int
}

// Watch adds metrics that are read from the node at each scrape. It is called
// once.
func (o *Observer) Watch(g Gauges) {
	one := func(holds bool) float64 {
		if holds {
			return 1
		}
		return 0
	}
	ours := prometheus.WrapRegistererWith(
		prometheus.Labels{groupLabel: o.group, instanceLabel: o.instance}, o.metrics.registry)
	gauge := func(name, help string, read func() float64) {
		options := prometheus.GaugeOpts{Name: "fencepost_" + name, Help: help}
		ours.MustRegister(prometheus.NewGaugeFunc(options, read))
	}
	gauge("is_leader", "Whether this instance believes that it leads.",
		func() float64 { return one(g.Status().Believes) })
	gauge("epoch", "The epoch that this instance leads under, else 0.",
		func() float64 { return float64(g.Status().Epoch) })
	for _, kind := range []core.TenureKind{core.TenureRedis, core.TenurePG} {
		options := prometheus.GaugeOpts{
			Name: "fencepost_tenure", Help: "Whether this instance leads under a lease of that kind.",
			ConstLabels: prometheus.Labels{"kind": kind.String()},
		}
		ours.MustRegister(prometheus.NewGaugeFunc(options, func() float64 {
			s := g.Status()
			return one(s.Believes && s.Tenure == kind)
		}))
	}
	gauge("barred", "Whether this instance executes nothing because PostgreSQL went back in time.",
		func() float64 { return one(g.Status().Barred) })
	gauge("trust_left_seconds", "For how long belief lasts without another confirmation.",
		func() float64 { return g.Status().TrustLeft.Seconds() })
	gauge("signals_in_flight", "Signals that this instance works on.",
		func() float64 { return float64(g.Status().InFlight) })
	gauge("db_connections_in_use", "Connections to PostgreSQL that calls have at the moment.",
		func() float64 { return float64(g.Connections()) })
	gauge("ready", "Whether this instance says that it is ready.",
		func() float64 { return one(g.Ready()) })
	gauge("announcements_dropped", "Events that were not logged because the log was stuck.",
		func() float64 { return float64(g.Dropped()) })
	gauge("db_sync_failure_rate", "Failed among the last hundred synchronisations with PostgreSQL.",
		func() float64 { return o.syncs.look().failureRate })
	gauge("db_sync_latency_seconds", "Average of the last hundred synchronisations with PostgreSQL.",
		func() float64 { return o.syncs.look().average.Seconds() })
	gauge("last_heartbeat_timestamp_seconds", "When PostgreSQL last confirmed a heartbeat, else 0.",
		func() float64 {
			if at := o.syncs.look().lastHeartbeat; !at.IsZero() {
				return float64(at.UnixMilli()) / 1000
			}
			return 0
		})
}
