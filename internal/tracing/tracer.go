package tracing

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"fencepost/core"
	"fencepost/core/event"
	"fencepost/internal/driver"
	"fencepost/internal/intake"
)

// Options says where spans are sent, and of whom.
type Options struct {
	// Endpoint is the base address of the collector; /v1/traces is added.
	Endpoint string
	// Token is presented as a bearer token, if set.
	Token string
	// Timeout bounds one export, its repetitions included.
	Timeout                  time.Duration
	Group, Instance, Version string
	// Failed is told of exports that failed. It must not wait.
	Failed func(error)
}

// The bounds of what waits.
const (
	mostQueued = 2048
	mostAsked  = 64
)

// Tracer writes spans. A nil Tracer writes none.
type Tracer struct {
	group    string
	provider *sdk.TracerProvider
	tracer   trace.Tracer

	mu sync.Mutex
	// asked is when a permit was requested, at most mostAsked of them.
	asked map[core.SignalID]time.Time
}

// New returns a tracer, which opens no connection before it has something to send.
// It has a goroutine of its own until it is closed.
func New(o Options) (*Tracer, error) {
	headers := map[string]string{}
	if o.Token != "" {
		headers["Authorization"] = "Bearer " + o.Token
	}
	exporter, err := otlptracehttp.New(context.Background(),
		otlptracehttp.WithEndpointURL(strings.TrimSuffix(o.Endpoint, "/")+"/v1/traces"),
		otlptracehttp.WithTimeout(o.Timeout), otlptracehttp.WithHeaders(headers),
		otlptracehttp.WithRetry(otlptracehttp.RetryConfig{
			Enabled: true, InitialInterval: o.Timeout / 10, MaxInterval: o.Timeout, MaxElapsedTime: o.Timeout,
		}))
	if err != nil {
		return nil, fmt.Errorf("prepare traces: %w", err)
	}
	return with(o, sdk.NewBatchSpanProcessor(&quiet{exporter, o.Failed},
		sdk.WithMaxQueueSize(mostQueued), sdk.WithExportTimeout(o.Timeout))), nil
}

// with returns a tracer whose spans go to that processor.
func with(o Options, to sdk.SpanProcessor) *Tracer {
	provider := sdk.NewTracerProvider(sdk.WithSpanProcessor(to), sdk.WithIDGenerator(identities{}),
		sdk.WithSampler(sdk.AlwaysSample()),
		sdk.WithResource(resource.NewSchemaless(
			attribute.String("service.name", "fencepost"), attribute.String("service.version", o.Version),
			attribute.String("service.instance.id", o.Instance),
			attribute.String("fencepost.group", o.Group))))
	return &Tracer{
		group: o.Group, provider: provider, tracer: provider.Tracer("fencepost"),
		asked: map[core.SignalID]time.Time{},
	}
}

// quiet is an exporter whose failures go to us: the library would print them to
// standard error, in the middle of the log.
type quiet struct {
	sdk.SpanExporter
	failed func(error)
}

// ExportSpans sends spans.
func (q *quiet) ExportSpans(ctx context.Context, spans []sdk.ReadOnlySpan) error {
	if err := q.SpanExporter.ExportSpans(ctx, spans); err != nil {
		q.failed(err)
	}
	return nil
}

// Close sends what waits, within the context, and ends the tracer. Once is enough:
// a second call does nothing.
func (t *Tracer) Close(ctx context.Context) error {
	if t == nil {
		return nil
	}
	if err := t.provider.Shutdown(ctx); err != nil {
		return fmt.Errorf("send the last spans: %w", err)
	}
	return nil
}

// span writes one span of a signal's trace.
func (t *Tracer) span(
	signal core.SignalID, name string, from, to time.Time, failed bool, list ...attribute.KeyValue,
) {
	below := trace.ContextWithSpanContext(context.Background(), rootOf(t.group, signal))
	t.write(below, signal, name, from, to, failed, list)
}

func (t *Tracer) write(
	ctx context.Context, signal core.SignalID, name string, from, to time.Time, failed bool,
	list []attribute.KeyValue,
) {
	_, span := t.tracer.Start(ctx, name, trace.WithTimestamp(from),
		trace.WithAttributes(append(list, attribute.Int64("fencepost.signal", int64(signal)))...))
	if failed {
		span.SetStatus(codes.Error, "")
	}
	span.End(trace.WithTimestamp(to))
}

// Saw tells of a webhook that brought a signal: the first one begins its trace.
func (t *Tracer) Saw(s *intake.Seen) {
	if t == nil || s.Signal == 0 {
		return
	}
	now := time.Now()
	list := []attribute.KeyValue{
		attribute.String("fencepost.source", s.Source), attribute.Int("http.response.status_code", s.Status),
		attribute.String("fencepost.state", s.State.String()),
	}
	failed := s.Status >= 500
	if s.Event != event.SignalReceived {
		t.span(s.Signal, "webhook "+s.Event.String(), now.Add(-s.Took), now, failed, list...)
		return
	}
	root := context.WithValue(context.Background(), rootKey{}, rootOf(t.group, s.Signal))
	t.write(root, s.Signal, "intake", now.Add(-s.Took), now, failed, list)
}

// Announce tells of the permit and the end of a signal.
func (t *Tracer) Announce(a *driver.Announcement) {
	if t == nil || a.Effect.Signal == 0 {
		return
	}
	e, at := &a.Effect, time.Unix(0, int64(a.Now.Wall))
	list := []attribute.KeyValue{
		attribute.Int64("fencepost.attempt", int64(e.Attempt)),
		attribute.Int64("fencepost.epoch", int64(e.Epoch)),
	}
	switch e.Event {
	case event.PermitRequested:
		t.ask(e.Signal, at)
	case event.PermitGranted:
		t.span(e.Signal, "permit", t.askedAt(e.Signal, at), at, false, list...)
	case event.PermitRefused:
		list = append(list, attribute.String("fencepost.reason", e.Reason.String()),
			attribute.String("fencepost.by", e.By.String()))
		t.span(e.Signal, "permit", t.askedAt(e.Signal, at), at, true, list...)
	case event.SignalExecuted, event.SignalExpired, event.OrderAcked:
		t.span(e.Signal, e.Event.String(), at, at, false, list...)
	case event.SignalInDoubt, event.OrderAmbiguous, event.AlertRaised:
		t.span(e.Signal, e.Event.String(), at, at, true, list...)
	default:
	}
}

// Called tells of a request to the broker.
func (t *Tracer) Called(e *core.Effect, outcome string, began time.Time) {
	if t == nil {
		return
	}
	t.span(e.Signal, "broker "+e.Op.String(), began, time.Now(), outcome == "unknown",
		attribute.Int64("fencepost.attempt", int64(e.Attempt)),
		attribute.Int64("fencepost.epoch", int64(e.Epoch)),
		attribute.String("fencepost.outcome", outcome))
}

// ask remembers when a permit was requested. What is beyond the bound begins when
// it ends.
func (t *Tracer) ask(signal core.SignalID, at time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.asked) >= mostAsked {
		clear(t.asked)
	}
	t.asked[signal] = at
}

func (t *Tracer) askedAt(signal core.SignalID, otherwise time.Time) time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	at, ok := t.asked[signal]
	if !ok {
		return otherwise
	}
	delete(t.asked, signal)
	return at
}
