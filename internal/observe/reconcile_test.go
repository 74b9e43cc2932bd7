package observe

import (
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"fencepost/core/event"
	"fencepost/internal/config"
	"fencepost/internal/intake"
	"fencepost/internal/reconcile"
)

// A finding that was written down for the first time raises the alert, loudly if it
// halted; who only looked, and what a person has seen to, raise none.
func TestFreshFindingIsAnAlertOnce(t *testing.T) {
	o, log := observer(config.LevelInfo)
	unknown := reconcile.Finding{Kind: reconcile.Unknown, ClientOrderID: "AAAA", OrderID: "7", Fresh: true}
	missing := reconcile.Finding{Kind: reconcile.Missing, ClientOrderID: "BBBB", Signal: 5, Fresh: true}
	report := reconcile.Report{
		Listed: true, At: time.Unix(1000, 0), Findings: []reconcile.Finding{unknown, missing},
	}
	alerts := o.metrics.events.WithLabelValues(event.AlertRaised.String())
	o.Reconciled(&report)
	if log.Len() != 0 || testutil.ToFloat64(alerts) != 0 {
		t.Errorf("a look was an alert: %s", log)
	}
	report.Kept, report.Halted = true, true
	o.Reconciled(&report)
	lines := strings.Split(strings.TrimSpace(log.String()), "\n")
	if len(lines) != 2 || testutil.ToFloat64(alerts) != 2 ||
		!strings.Contains(lines[0], "trading is halted") || !strings.Contains(lines[0], `"AAAA"`) ||
		!strings.Contains(lines[0], `"level":"CRITICAL"`) || strings.Contains(lines[1], "halted") ||
		!strings.Contains(lines[1], `"alert.raised"`) {
		t.Errorf("%s", log)
	}
	open := o.metrics.compared.findings.WithLabelValues(string(reconcile.Unknown))
	if testutil.ToFloat64(open) != 1 || testutil.ToFloat64(o.metrics.compared.complete) != 1 ||
		testutil.ToFloat64(o.metrics.compared.last) != 1000 {
		t.Error("the metrics do not show the comparison")
	}
	report.Findings[0].Fresh, report.Findings[0].Acknowledged = false, true
	report.Findings[1].Fresh = false
	log.Reset()
	o.Reconciled(&report)
	if log.Len() != 0 || testutil.ToFloat64(alerts) != 2 || testutil.ToFloat64(open) != 0 {
		t.Errorf("what was seen to is an alert again: %s", log)
	}
}

// A comparison that failed is told, and leaves the time of the last good one.
func TestComparisonThatFailedIsNotCalledComplete(t *testing.T) {
	o, log := observer(config.LevelInfo)
	o.Reconciled(&reconcile.Report{Listed: true, At: time.Unix(1000, 0)})
	o.Reconciled(&reconcile.Report{Listed: true, At: time.Unix(2000, 0), Error: "away"})
	if testutil.ToFloat64(o.metrics.compared.complete) != 0 ||
		testutil.ToFloat64(o.metrics.compared.last) != 1000 ||
		!strings.Contains(log.String(), `"level":"WARN"`) || !strings.Contains(log.String(), "away") {
		t.Errorf("%s", log)
	}
	if testutil.ToFloat64(o.metrics.compared.failed) != 1 {
		t.Error("one comparison failed")
	}
}

// An order that should have halted trading and did not is told as loudly as one that
// has, each time, until the ledger takes it.
func TestHaltThatCouldNotBeWrittenIsAnAlert(t *testing.T) {
	unknown := reconcile.Finding{Kind: reconcile.Unknown, ClientOrderID: "AAAA", Fresh: true}
	missing := reconcile.Finding{Kind: reconcile.Missing, ClientOrderID: "BBBB", Fresh: true}
	known := unknown
	known.Fresh = false
	for what, c := range map[string]struct {
		found  []reconcile.Finding
		halted bool
		loud   int
	}{
		"not kept":                {[]reconcile.Finding{missing, unknown}, false, 1},
		"nothing that halts":      {[]reconcile.Finding{missing}, false, 0},
		"halted before":           {[]reconcile.Finding{known}, false, 0},
		"halted by the part kept": {[]reconcile.Finding{unknown}, true, 0},
	} {
		o, log := observer(config.LevelInfo)
		o.Reconciled(&reconcile.Report{
			Listed: true, Findings: c.found, Halted: c.halted, Error: "permission denied",
		})
		loud := strings.Count(log.String(), `"level":"CRITICAL"`)
		alerts := testutil.ToFloat64(o.metrics.events.WithLabelValues(event.AlertRaised.String()))
		if loud != c.loud || int(alerts) != c.loud || strings.Contains(log.String(), "trading is halted") {
			t.Errorf("%s: %v alerts, %s", what, alerts, log)
		}
	}
}

// A canary is stored like a signal and is none that somebody wants executed.
func TestCanaryIsNotCountedAsASignal(t *testing.T) {
	o, _ := observer(config.LevelInfo)
	for _, kind := range []string{"HEARTBEAT", "EXIT"} {
		o.Saw(&intake.Seen{Source: "tv", Type: kind, Status: 202, Event: event.SignalReceived})
	}
	o.CanaryPassed()
	received := o.metrics.events.WithLabelValues(event.SignalReceived.String())
	if testutil.ToFloat64(received) != 1 || testutil.ToFloat64(o.metrics.canaries) != 1 {
		t.Errorf("%v signals, %v canaries", testutil.ToFloat64(received),
			testutil.ToFloat64(o.metrics.canaries))
	}
	if testutil.ToFloat64(o.metrics.senders.WithLabelValues("tv")) == 0 {
		t.Error("a sender that sent a canary is not seen to live")
	}
}
