package observe

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"fencepost/core"
	"fencepost/core/event"
	"fencepost/internal/config"
	"fencepost/internal/driver"
	"fencepost/internal/intake"
)

func observer(level config.Level) (*Observer, *bytes.Buffer) {
	o, log, _ := observerAt(level)
	return o, log
}

// hand is a clock that a test moves by hand.
type hand struct{ now core.Now }

func (h *hand) Now() core.Now { return h.now }

// pass lets time pass on all three clocks.
func (h *hand) pass(d time.Duration) {
	h.now = core.Now{Boot: h.now.Boot.Add(d), Mono: h.now.Mono.Add(d), Wall: h.now.Wall.Add(d)}
}

// observerAt is an observer whose time stands still.
func observerAt(level config.Level) (*Observer, *bytes.Buffer, *hand) {
	var log bytes.Buffer
	logger := NewLogger(config.Log{Format: config.FormatJSON, Level: level}, &log)
	wall := time.Date(2026, 1, 5, 14, 0, 0, 0, time.UTC).UnixNano()
	h := &hand{core.Now{Boot: core.Time(time.Hour), Mono: core.Time(time.Hour), Wall: core.Time(wall)}}
	return New(logger, h, "desk", "blue-1", "v0"), &log, h
}

func TestEveryEventHasALine(t *testing.T) {
	for _, event := range event.All() {
		if said, ok := lines[event]; !ok || said.text == "" {
			t.Errorf("%v has no line", event)
		}
	}
	if len(lines) != len(event.All()) {
		t.Errorf("%d lines for %d events", len(lines), len(event.All()))
	}
}

func TestChangesOfLeadershipAreLoudWhateverTheLevel(t *testing.T) {
	o, log := observer(config.LevelError)
	o.Announce(&driver.Announcement{Effect: core.Effect{Event: event.LeaderElected, Epoch: 7}})
	o.Announce(&driver.Announcement{Effect: core.Effect{Event: event.PermitGranted}})
	o.Announce(&driver.Announcement{Effect: core.Effect{
		Event: event.LeaderSteppedDown, Epoch: 7, Reason: core.HeartbeatLost,
	}})
	entries := strings.Split(strings.TrimSpace(log.String()), "\n")
	if len(entries) != 2 {
		t.Fatalf("%d lines:\n%s", len(entries), log)
	}
	for i, want := range []struct{ level, event, says string }{
		{"ERROR", "leader.elected", "BECAME LEADER"},
		{"CRITICAL", "leader.stepped_down", "PostgreSQL did not confirm"},
	} {
		var got map[string]any
		if err := json.Unmarshal([]byte(entries[i]), &got); err != nil {
			t.Fatal(err)
		}
		text, _ := got["msg"].(string)
		if got["level"] != want.level || got["event"] != want.event || got["instance_id"] != "blue-1" ||
			got["group"] != "desk" || got["epoch"] != float64(7) ||
			!strings.HasPrefix(text, "🚨") || !strings.Contains(text, want.says) {
			t.Errorf("%s", entries[i])
		}
	}
	if got := o.Coordinator().LeadershipChanges; got != 2 {
		t.Errorf("%d changes of leadership", got)
	}
}

// writes counts the writes and keeps the last.
type writes struct {
	count int
	last  string
}

func (w *writes) Write(text []byte) (int, error) {
	w.count, w.last = w.count+1, string(text)
	return len(text), nil
}

// Whoever watches from outside sees an event while the node is held at it.
func TestEveryAnnouncementIsOneWriteAtLevelDebug(t *testing.T) {
	var log writes
	logger := NewLogger(config.Log{Format: config.FormatJSON, Level: config.LevelDebug}, &log)
	o := New(logger, &hand{}, "desk", "n1", "v0")
	for i, what := range event.All() {
		o.Announce(&driver.Announcement{
			Now: core.Now{Boot: 123}, Effect: core.Effect{Event: what, Signal: 5, Attempt: 6, Epoch: 7},
		})
		var said struct {
			Event                        string
			Signal, Attempt, Epoch, Boot int64
		}
		if err := json.Unmarshal([]byte(log.last), &said); err != nil {
			t.Fatalf("%v: %v: %q", what, err, log.last)
		}
		if log.count != i+1 || !strings.HasSuffix(log.last, "}\n") || strings.Count(log.last, "\n") != 1 {
			t.Errorf("%v: %d writes, the last %q", what, log.count, log.last)
		}
		if said.Event != what.String() || said.Signal != 5 || said.Attempt != 6 || said.Epoch != 7 ||
			said.Boot != 123 {
			t.Errorf("%v: %s", what, log.last)
		}
	}
}

// The one line that a person must not miss says what to do; the alert that
// comes with it says no more.
func TestRegressionIsOneLoudLineThatSaysWhatToDo(t *testing.T) {
	o, log := observer(config.LevelError)
	regressed := core.Effect{Event: event.AuthorityRegressed, Reason: core.AuthorityRegressed, Epoch: 7}
	o.Announce(&driver.Announcement{Effect: regressed})
	o.Announce(&driver.Announcement{Effect: core.Effect{
		Event: event.AlertRaised, Reason: core.AuthorityRegressed,
	}})
	text := log.String()
	if strings.Count(text, "\n") != 1 || !strings.Contains(text, `"level":"CRITICAL"`) ||
		!strings.Contains(text, "fencepost authority accept --reason") ||
		!strings.Contains(text, `"epoch":7`) {
		t.Errorf("%s", text)
	}
	for _, name := range []string{"authority.regressed", "alert.raised"} {
		if got := testutil.ToFloat64(o.metrics.events.WithLabelValues(name)); got != 1 {
			t.Errorf("%s was counted %v times", name, got)
		}
	}
}

// The same event asks for something else, according to its reason.
func TestLineSaysWhatItsReasonAsksFor(t *testing.T) {
	for says, e := range map[string]core.Effect{
		"does not answer": {Event: event.Degraded, Reason: core.Unavailable, About: core.Renew},
		"slowly":          {Event: event.Degraded, Reason: core.SlowAnswer, About: core.Permit},
		"run apart":       {Event: event.ClockDrift, Reason: core.ClockRate},
		"slept":           {Event: event.ClockDrift, Reason: core.ClockGap},
		"signals show":    {Event: event.AlertRaised, Signal: 7},
		"look at Redis":   {Event: event.LeaderElected, Tenure: core.TenurePG, Epoch: 3},
		"back in time":    {Event: event.LeaderSteppedDown, Reason: core.AuthorityRegressed},
	} {
		o, log := observer(config.LevelInfo)
		o.Announce(&driver.Announcement{Effect: e})
		if !strings.Contains(log.String(), says) {
			t.Errorf("%v for %v: %s", e.Event, e.Reason, log)
		}
		if got := testutil.ToFloat64(o.metrics.events.WithLabelValues(e.Event.String())); got != 1 {
			t.Errorf("%v was counted %v times", e.Event, got)
		}
	}
}

func TestMetricsAreWellFormedAndCountEvents(t *testing.T) {
	o, _ := observer(config.LevelError)
	o.Watch(Gauges{
		Status: func() core.Status {
			return core.Status{Believes: true, Epoch: 3, Tenure: core.TenurePG, Barred: true}
		},
		Ready: func() bool { return true }, Dropped: func() int64 { return 0 },
		Connections: func() int { return 2 },
		Leaders:     func() (redis, postgres *string) { return nil, nil },
		Reachable:   func(core.Store) bool { return true },
	})
	o.Announce(&driver.Announcement{Effect: core.Effect{
		Event: event.PermitRefused, By: core.Gate, Reason: core.GateDeadline,
	}})
	o.Saw(&intake.Seen{Source: "tv", Status: 202, Event: event.SignalReceived})
	problems, err := testutil.GatherAndLint(o.metrics.registry)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
	want := `
		# HELP fencepost_permits_refused_total Permits refused, by whom and why.
		# TYPE fencepost_permits_refused_total counter
		fencepost_permits_refused_total{by="gate",group="desk",instance_id="blue-1",reason="gate_deadline"} 1
		# HELP fencepost_is_leader Whether this instance believes that it leads.
		# TYPE fencepost_is_leader gauge
		fencepost_is_leader{group="desk",instance_id="blue-1"} 1
		# HELP fencepost_barred Whether this instance executes nothing because PostgreSQL went back in time.
		# TYPE fencepost_barred gauge
		fencepost_barred{group="desk",instance_id="blue-1"} 1
		# HELP fencepost_tenure Whether this instance leads under a lease of that kind.
		# TYPE fencepost_tenure gauge
		fencepost_tenure{group="desk",instance_id="blue-1",kind="pg"} 1
		fencepost_tenure{group="desk",instance_id="blue-1",kind="redis"} 0
	`
	err = testutil.GatherAndCompare(o.metrics.registry, strings.NewReader(want),
		"fencepost_permits_refused_total", "fencepost_is_leader", "fencepost_barred", "fencepost_tenure")
	if err != nil {
		t.Error(err)
	}
	if got := testutil.ToFloat64(o.metrics.events.WithLabelValues("signal.received")); got != 1 {
		t.Errorf("signal.received was counted %v times", got)
	}
}

func TestStoreIsHeardOfOnlyAfterItAnswered(t *testing.T) {
	o, _ := observer(config.LevelError)
	if o.AnsweredWithin(core.Redis, time.Hour) {
		t.Error("Redis has never answered")
	}
	o.Called(core.Renew, time.Millisecond, errors.New("cut"))
	if o.AnsweredWithin(core.Redis, time.Hour) {
		t.Error("a failed call is no answer")
	}
	o.Called(core.Renew, time.Millisecond, nil)
	if !o.AnsweredWithin(core.Redis, time.Hour) || o.AnsweredWithin(core.Postgres, time.Hour) {
		t.Error("Redis answered, PostgreSQL did not")
	}
}

func TestCriticalIsNamedInTextToo(t *testing.T) {
	var log bytes.Buffer
	logger := NewLogger(config.Log{Format: config.FormatText, Level: config.LevelInfo}, &log)
	logger.Log(t.Context(), LevelCritical, "x", slog.Group("g", slog.String("level", "kept")))
	if !strings.Contains(log.String(), "level=CRITICAL") || !strings.Contains(log.String(), "g.level=kept") {
		t.Error(log.String())
	}
}
