package observe

import (
	"context"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"

	"fencepost/core/event"
	"fencepost/internal/reconcile"
)

// comparison is what scrapes learn of the comparison of broker and ledger.
type comparison struct {
	findings *prometheus.GaugeVec
	complete prometheus.Gauge
	last     prometheus.Gauge
}

func newComparison() *comparison {
	c := &comparison{
		findings: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "fencepost_reconcile_findings",
			Help: "What the last comparison of broker and ledger here found that no person has seen to.",
		}, []string{"kind"}),
		complete: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "fencepost_reconcile_complete",
			Help: "Whether the last comparison here compared everything; 0 while there was none.",
		}),
		last: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "fencepost_reconcile_timestamp_seconds",
			Help: "When the last comparison here that compared everything began, else 0.",
		}),
	}
	for _, kind := range reconcile.Kinds() {
		c.findings.WithLabelValues(string(kind))
	}
	return c
}

func (c *comparison) all() []prometheus.Collector {
	return []prometheus.Collector{c.findings, c.complete, c.last}
}

// set shows the report.
func (c *comparison) set(r *reconcile.Report) {
	c.complete.Set(0)
	if r.Error == "" && r.Listed {
		c.complete.Set(1)
		c.last.Set(float64(r.At.UnixMilli()) / 1000)
	}
	open := map[reconcile.Kind]int{}
	for i := range r.Findings {
		if !r.Findings[i].Acknowledged {
			open[r.Findings[i].Kind]++
		}
	}
	for _, kind := range reconcile.Kinds() {
		c.findings.WithLabelValues(string(kind)).Set(float64(open[kind]))
	}
}

// Reconciled logs and counts a comparison. A finding that was written down for the
// first time raises the alert; whoever only looked raises none.
func (o *Observer) Reconciled(r *reconcile.Report) {
	o.metrics.compared.set(r)
	level, text := slog.LevelDebug, "broker and ledger were compared"
	if r.Error != "" {
		level, text = slog.LevelWarn, "broker and ledger could not be compared"
	}
	o.log.LogAttrs(context.Background(), level, text, slog.String("event", "reconcile.compared"),
		slog.Int("orders", r.Orders), slog.Int("attempts", r.Attempts),
		slog.Int("findings", len(r.Findings)),
		slog.Int("foreign_ignored", r.Ignored), slog.Bool("whole", r.Whole), slog.Int64("took_ms", r.TookMS),
		slog.String("error", r.Error))
	if !r.Kept {
		return
	}
	for i := range r.Findings {
		f := &r.Findings[i]
		if !f.Fresh || !f.Kind.Lasts() {
			continue
		}
		o.metrics.events.WithLabelValues(event.AlertRaised.String()).Inc()
		text := siren + "broker and ledger disagree about an order; a person must look: " +
			"fencepost reconcile --dry-run (docs/runbooks/unknown-order.md)"
		if r.Halted && f.Kind.Halts() {
			text = siren + "THE BROKER HAS AN ORDER THAT THE LEDGER DOES NOT KNOW - trading is halted " +
				"until a person has looked: fencepost reconcile --dry-run (docs/runbooks/unknown-order.md)"
		}
		o.log.LogAttrs(context.Background(), LevelCritical, text,
			slog.String("event", event.AlertRaised.String()), slog.String("kind", string(f.Kind)),
			slog.String("client_order_id", f.ClientOrderID), slog.String("order_id", f.OrderID),
			slog.Int64("signal", int64(f.Signal)), slog.String("broker", f.Broker),
			slog.String("ledger", f.Ledger), slog.String("detail", f.Detail))
	}
}

// CanaryPassed counts a canary that passed the gate.
func (o *Observer) CanaryPassed() { o.metrics.canaries.Inc() }
