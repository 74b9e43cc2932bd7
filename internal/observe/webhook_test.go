package observe

import (
	"encoding/json"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"fencepost/core"
	"fencepost/core/event"
	"fencepost/core/inbox"
	"fencepost/internal/config"
	"fencepost/internal/intake"
)

func TestRefusedWebhookIsOneLineThatNamesWhatWasWrong(t *testing.T) {
	o, log := observer(config.LevelInfo)
	o.Saw(&intake.Seen{
		Source: "tv", Address: netip.MustParseAddr("203.0.113.7"), Field: "lots",
		Problem: "must be a number\nlevel=CRITICAL", Status: 400,
	})
	var said map[string]any
	if err := json.Unmarshal(log.Bytes(), &said); err != nil || strings.Count(log.String(), "\n") != 1 {
		t.Fatalf("%v: %s", err, log)
	}
	for name, want := range map[string]any{
		"msg": "webhook refused", "level": "WARN", "source": "tv", "field": "lots", "address": "203.0.113.7",
		"problem": "must be a number\nlevel=CRITICAL", "status": 400.0,
	} {
		if said[name] != want {
			t.Errorf("%s is %v, want %v", name, said[name], want)
		}
	}
}

// rate() of a series that begins with its first failures is 0: a sender that does
// not repeat would lose its signal, and nobody would be told.
func TestFailuresOfASourceAreShownAtZeroBeforeThereIsOne(t *testing.T) {
	o, _ := observer(config.LevelInfo)
	o.Expect("desk")
	w := httptest.NewRecorder()
	Handler(o).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", "/metrics", nil))
	const want = "fencepost_webhook_requests_total{group=\"desk\",instance_id=\"blue-1\",source=\"desk\"," +
		"status=\"503\"} 0\n"
	if !strings.Contains(w.Body.String(), want) {
		t.Errorf("nothing is shown of %s", want)
	}
}

func TestHeldSignalRaisesAnAlertBesideItsLine(t *testing.T) {
	for doubt, says := range map[inbox.Doubt]string{
		inbox.Ahead: "its sender's clock is ahead", inbox.Similar: "another one said the same",
	} {
		o, log := observer(config.LevelInfo)
		o.Saw(&intake.Seen{
			Source: "tv", Key: "s-1", Signal: 8, State: core.Held, Doubt: doubt, SimilarTo: 7,
			Event: event.SignalReceived, Status: 202,
		})
		text := log.String()
		if strings.Count(text, "\n") != 2 || !strings.Contains(text, says) ||
			!strings.Contains(text, `"level":"CRITICAL"`) || !strings.Contains(text, `"similar_to":7`) {
			t.Errorf("%v: %s", doubt, text)
		}
		for _, name := range []string{"signal.received", "alert.raised"} {
			if got := testutil.ToFloat64(o.metrics.events.WithLabelValues(name)); got != 1 {
				t.Errorf("%s was counted %v times", name, got)
			}
		}
	}
}

// A refused one asks nothing of a person; what was refused is said all the same.
func TestSimilarSignalThatIsRefusedIsAWarning(t *testing.T) {
	o, log := observer(config.LevelWarn)
	o.Saw(&intake.Seen{
		Signal: 8, State: core.Rejected, Doubt: inbox.Similar, SimilarTo: 7, Status: 200,
		Event: event.SignalReceived,
	})
	text := log.String()
	if strings.Count(text, "\n") != 1 || !strings.Contains(text, `"reason":"similar"`) ||
		!strings.Contains(text, `"level":"WARN"`) {
		t.Errorf("%s", text)
	}
}
