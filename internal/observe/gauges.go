package observe

import (
	"github.com/prometheus/client_golang/prometheus"

	"fencepost/core"
)

// Gauges are readings of the running node. None of them asks a store, so that a
// scrape never waits for one.
type Gauges struct {
	Status  func() core.Status
	Ready   func() bool
	Dropped func() int64
	// Connections is how many connections to PostgreSQL are in use.
	Connections func() int
	// Leaders are the names that Redis and PostgreSQL gave when they were last
	// asked; nil if one named nobody or did not answer.
	Leaders func() (redis, postgres *string)
	// Reachable tells whether a store answered lately.
	Reachable func(core.Store) bool
}

// one is a claim as a metric.
func one(holds bool) float64 {
	if holds {
		return 1
	}
	return 0
}

// scraped registers metrics that are read at each scrape.
type scraped struct{ to prometheus.Registerer }

// gauge adds a gauge; labels are pairs of a name and a value.
func (s scraped) gauge(name, help string, read func() float64, labels ...string) {
	s.to.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: metricsNamespace + name, Help: help, ConstLabels: constant(labels),
	}, read))
}

func constant(labels []string) prometheus.Labels {
	set := prometheus.Labels{}
	for i := 0; i+1 < len(labels); i += 2 {
		set[labels[i]] = labels[i+1]
	}
	return set
}

// Watch adds metrics that are read from the node at each scrape. It is called
// once.
func (o *Observer) Watch(g Gauges) {
	s := scraped{prometheus.WrapRegistererWith(
		prometheus.Labels{groupLabel: o.group, instanceLabel: o.instance}, o.metrics.registry)}
	o.watchNode(s, g)
	o.watchStores(s, g)
	o.watchLedger(s)
}

// watchNode adds what the node itself is.
func (o *Observer) watchNode(s scraped, g Gauges) {
	for _, role := range []core.Role{core.Follower, core.Candidate, core.Leader, core.Draining} {
		s.gauge("role", "Whether this instance has that role.",
			func() float64 { return one(g.Status().Role == role) }, "role", role.String())
	}
	s.gauge("is_leader", "Whether this instance believes that it leads.",
		func() float64 { return one(g.Status().Believes) })
	s.gauge("epoch", "The epoch that this instance leads under, else 0.",
		func() float64 { return float64(g.Status().Epoch) })
	s.gauge("ledger_epoch", "The group's highest epoch, as this instance last read or took it.",
		func() float64 {
			status := g.Status()
			return float64(max(status.Epoch, status.View.Epoch))
		})
	for _, kind := range []core.TenureKind{core.TenureRedis, core.TenurePG} {
		s.gauge("tenure", "Whether this instance leads under a lease of that kind.", func() float64 {
			status := g.Status()
			return one(status.Believes && status.Tenure == kind)
		}, "kind", kind.String())
	}
	for _, mode := range []core.Control{core.Run, core.Pause, core.Halt} {
		s.gauge("control_mode", "Whether that is the group's control mode, as this instance last read it.",
			func() float64 { return one(g.Status().Control == mode) }, "mode", mode.String())
	}
	s.gauge("barred", "Whether this instance executes nothing because PostgreSQL went back in time.",
		func() float64 { return one(g.Status().Barred) })
	s.gauge("lease_remaining_seconds", "For how long belief lasts without another confirmation.",
		func() float64 { return g.Status().TrustLeft.Seconds() })
	s.gauge("signals_in_flight", "Signals that this instance works on.",
		func() float64 { return float64(g.Status().InFlight) })
	s.gauge("ready", "Whether this instance says that it is ready.",
		func() float64 { return one(g.Ready()) })
	s.to.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{
		Name: metricsNamespace + "announcements_dropped_total",
		Help: "Events that were neither logged nor counted because the log was stuck.",
	}, func() float64 { return float64(g.Dropped()) }))
}

// watchStores adds what this instance knows of its stores.
func (o *Observer) watchStores(s scraped, g Gauges) {
	for _, store := range []core.Store{core.Redis, core.Postgres} {
		s.gauge("store_reachable", "Whether that store answered within three heartbeat intervals.",
			func() float64 { return one(g.Reachable(store)) }, "store", store.String())
		s.gauge("leader_named", "Whether that store named a leader when it was last asked.",
			func() float64 {
				redis, postgres := g.Leaders()
				return one(store == core.Redis && redis != nil || store == core.Postgres && postgres != nil)
			}, "store", store.String())
	}
	s.gauge("leader_mismatch", "Whether Redis and PostgreSQL named different leaders when last asked.",
		func() float64 {
			redis, postgres := g.Leaders()
			return one(redis != nil && postgres != nil && *redis != *postgres)
		})
	s.gauge("db_connections_in_use", "Connections to PostgreSQL that calls have at the moment.",
		func() float64 { return float64(g.Connections()) })
	s.gauge("last_heartbeat_timestamp_seconds", "When PostgreSQL last confirmed a heartbeat, else 0.",
		func() float64 {
			if at, ever := o.window.lastBeat(); ever {
				return float64(instant(at.Wall).UnixMilli()) / 1000
			}
			return 0
		})
	s.gauge("heartbeat_age_seconds",
		"How long ago PostgreSQL confirmed a heartbeat, or since the start if it never did.",
		func() float64 {
			now := o.clock.Now().Boot
			if at, ever := o.window.lastBeat(); ever {
				return now.Sub(at.Boot).Seconds()
			}
			return now.Sub(o.start).Seconds()
		})
}
