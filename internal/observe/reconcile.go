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
	failed   prometheus.Counter
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
		failed: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "fencepost_reconcile_failures_total",
			Help: "Comparisons of broker and ledger here that failed; none where the broker cannot list.",
		}),
	}
	for _, kind := range reconcile.Kinds() {
		c.findings.WithLabelValues(string(kind))
	}
	return c
}

func (c *comparison) all() []prometheus.Collector {
	return []prometheus.Collector{c.findings, c.complete, c.last, c.failed}
}

// set shows the report.
func (c *comparison) set(r *reconcile.Report) {
	c.complete.Set(0)
	if r.Error != "" {
		c.failed.Inc()
	}
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
// first time raises the alert, and so does each comparison whose halt could not be
// written; whoever only looked raises none.
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
	o.notHalted(r)
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

// notHalted raises the alert if an order that halts was found and the ledger took
// neither the finding nor the halt. Findings that nobody wrote down stand beside an
// error only where that failed.
func (o *Observer) notHalted(r *reconcile.Report) {
	if r.Error == "" || r.Kept || r.Halted {
		return
	}
	for i := range r.Findings {
		f := &r.Findings[i]
		if !f.Fresh || !f.Kind.Halts() {
			continue
		}
		o.metrics.events.WithLabelValues(event.AlertRaised.String()).Inc()
		o.log.LogAttrs(context.Background(), LevelCritical,
			siren+"THE BROKER HAS AN ORDER THAT THE LEDGER DOES NOT KNOW - and the halt could not be "+
				"written; it is tried again, do not wait for it: fencepost halt "+
				"(docs/runbooks/unknown-order.md)",
			slog.String("event", event.AlertRaised.String()), slog.String("kind", string(f.Kind)),
			slog.String("client_order_id", f.ClientOrderID), slog.String("order_id", f.OrderID),
			slog.Int64("signal", int64(f.Signal)), slog.String("error", r.Error))
		return // one is enough to act on
	}
}

// CanaryPassed counts a canary that passed the gate.
func (o *Observer) CanaryPassed() { o.metrics.canaries.Inc() }
