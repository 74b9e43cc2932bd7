package tracing

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/codes"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/proto"

	"fencepost/core"
	"fencepost/core/event"
	"fencepost/internal/driver"
	"fencepost/internal/intake"
)

// inMemory returns a tracer of an instance, and where its spans go.
func inMemory(instance string) (*Tracer, *tracetest.InMemoryExporter) {
	spans := tracetest.NewInMemoryExporter()
	o := Options{Group: "desk", Instance: instance, Version: "v0"}
	return with(o, sdk.NewSimpleSpanProcessor(spans)), spans
}

// at is an announcement of signal 17 at that second.
func at(second int64, e core.Effect) *driver.Announcement {
	e.Signal = 17
	return &driver.Announcement{Now: core.Now{Wall: core.Time(second * int64(time.Second))}, Effect: e}
}

// One instance takes a signal in, another executes it: one trace, and nobody told the
// other anything.
func TestSpansOfTwoInstancesAreOneTrace(t *testing.T) {
	clerk, taken := inMemory("n1")
	leader, done := inMemory("n2")
	clerk.Saw(&intake.Seen{
		Event: event.SignalReceived, Signal: 17, Source: "desk", Status: 202, State: core.Received,
		Took: 5 * time.Millisecond, Key: "a-private-key",
	})
	leader.Announce(at(100, core.Effect{Event: event.PermitRequested, Attempt: 1, Epoch: 3}))
	leader.Announce(at(102, core.Effect{Event: event.PermitGranted, Attempt: 1, Epoch: 3}))
	leader.Called(&core.Effect{Op: core.Submit, Signal: 17, Attempt: 1, Epoch: 3}, "filled",
		time.Now().Add(-time.Second))
	leader.Announce(at(104, core.Effect{Event: event.SignalExecuted, Attempt: 1, Epoch: 3}))

	first, rest := taken.GetSpans(), done.GetSpans()
	if len(first) != 1 || len(rest) != 3 {
		t.Fatalf("%d and %d spans", len(first), len(rest))
	}
	root := first[0]
	if root.Name != "intake" || root.Parent.IsValid() ||
		root.SpanContext.TraceID() != rootOf("desk", 17).TraceID() ||
		root.EndTime.Sub(root.StartTime) != 5*time.Millisecond {
		t.Errorf("%+v", root)
	}
	var names []string
	for _, span := range rest {
		names = append(names, span.Name)
		if span.SpanContext.TraceID() != root.SpanContext.TraceID() ||
			span.Parent.SpanID() != root.SpanContext.SpanID() || span.Status.Code == codes.Error {
			t.Errorf("%s stands apart: %+v", span.Name, span)
		}
	}
	if !slices.Equal(names, []string{"permit", "broker submit", "signal.executed"}) {
		t.Errorf("%v", names)
	}
	if took := rest[0].EndTime.Sub(rest[0].StartTime); took != 2*time.Second {
		t.Errorf("the permit took %v", took)
	}
	for _, span := range append(first, rest...) {
		for _, a := range span.Attributes {
			if strings.Contains(a.Value.String(), "private") {
				t.Errorf("%s holds what a sender wrote: %v", span.Name, a)
			}
		}
	}
	if rootOf("desk", 17).TraceID() == rootOf("desk", 18).TraceID() ||
		rootOf("desk", 17).TraceID() == rootOf("test", 17).TraceID() {
		t.Error("two signals share a trace")
	}
}

func TestWhatFailedIsMarked(t *testing.T) {
	tracer, spans := inMemory("n1")
	tracer.Announce(at(1, core.Effect{Event: event.PermitRefused, Reason: core.Superseded, By: core.Gate}))
	tracer.Called(&core.Effect{Op: core.Submit, Signal: 17}, "unknown", time.Now())
	tracer.Announce(at(2, core.Effect{Event: event.SignalInDoubt}))
	tracer.Saw(&intake.Seen{Event: event.SignalDuplicate, Signal: 17, Status: 200})
	var failed []string
	for _, span := range spans.GetSpans() {
		if span.Status.Code == codes.Error {
			failed = append(failed, span.Name)
		}
	}
	if want := []string{"permit", "broker submit", "signal.in_doubt"}; !slices.Equal(failed, want) {
		t.Errorf("%v, want %v", failed, want)
	}
	tracer.Announce(&driver.Announcement{Effect: core.Effect{Event: event.LeaderElected}})
	tracer.Saw(&intake.Seen{Status: 404})
	if n := len(spans.GetSpans()); n != 4 {
		t.Errorf("%d spans; what is about no signal has none", n)
	}
}

func TestRequestsForPermitsAreForgottenBeyondABound(t *testing.T) {
	tracer, _ := inMemory("n1")
	for i := range core.SignalID(10 * mostAsked) {
		tracer.Announce(&driver.Announcement{
			Effect: core.Effect{Event: event.PermitRequested, Signal: i + 1},
		})
	}
	if n := len(tracer.asked); n > mostAsked {
		t.Errorf("%d are remembered", n)
	}
}

func TestNoTracerWritesNothing(t *testing.T) {
	var none *Tracer
	none.Saw(&intake.Seen{Signal: 1})
	none.Announce(at(1, core.Effect{Event: event.SignalExecuted}))
	none.Called(&core.Effect{Signal: 1}, "filled", time.Now())
	if err := none.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

// A collector takes OTLP over HTTP, with the token; what it does not take is told to
// us and printed nowhere.
func TestCollectorGetsTheSpans(t *testing.T) {
	got := make(chan *collector.ExportTraceServiceRequest, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		var said collector.ExportTraceServiceRequest
		if r.URL.Path != "/v1/traces" || r.Header.Get("Authorization") != "Bearer secret" ||
			proto.Unmarshal(body, &said) != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		got <- &said
	}))
	t.Cleanup(server.Close)
	o := Options{
		Endpoint: server.URL + "/", Token: "secret", Timeout: 10 * time.Second, Group: "desk", Instance: "n1",
		Failed: func(err error) { t.Errorf("not taken: %v", err) },
	}
	tracer, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	tracer.Saw(&intake.Seen{Event: event.SignalReceived, Signal: 17, Status: 202})
	if err := tracer.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	said := <-got
	spans := said.GetResourceSpans()[0]
	if name := spans.GetScopeSpans()[0].GetSpans()[0].GetName(); name != "intake" {
		t.Errorf("span %q", name)
	}
	if !strings.Contains(spans.GetResource().String(), "fencepost.group") {
		t.Errorf("%v", spans.GetResource())
	}
}

func TestCollectorThatIsGoneIsToldOfAndHoldsUpNobody(t *testing.T) {
	var lost []error
	tracer, err := New(Options{
		Endpoint: "http://127.0.0.1:1", Timeout: 200 * time.Millisecond, Group: "desk",
		Failed: func(err error) { lost = append(lost, err) },
	})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 * mostQueued {
		tracer.Announce(at(1, core.Effect{Event: event.SignalExecuted}))
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := tracer.Close(ctx); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	if len(lost) == 0 {
		t.Error("nobody was told")
	}
}
