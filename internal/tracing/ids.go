package tracing

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"fmt"

	"go.opentelemetry.io/otel/trace"

	"fencepost/core"
)

// rootOf returns the context of the first span of a signal's trace, the same on
// every instance.
func rootOf(group string, signal core.SignalID) trace.SpanContext {
	sum := sha256.Sum256(fmt.Appendf(nil, "fencepost:trace:%d:%s:%d", len(group), group, signal))
	var ids trace.SpanContextConfig
	copy(ids.TraceID[:], sum[:16])
	copy(ids.SpanID[:], sum[16:24])
	ids.TraceFlags, ids.Remote = trace.FlagsSampled, true
	return trace.NewSpanContext(ids)
}

// rootKey carries, in a context, the ids that the next root span gets.
type rootKey struct{}

// identities gives a root span the ids that its context carries, and every other
// span random ones.
type identities struct{}

// NewIDs returns the ids of a root span.
func (i identities) NewIDs(ctx context.Context) (trace.TraceID, trace.SpanID) {
	if root, ok := ctx.Value(rootKey{}).(trace.SpanContext); ok {
		return root.TraceID(), root.SpanID()
	}
	var id trace.TraceID
	_, _ = rand.Read(id[:]) // never fails
	return id, i.NewSpanID(ctx, id)
}

// NewSpanID returns the id of a span that is no root.
func (identities) NewSpanID(context.Context, trace.TraceID) trace.SpanID {
	var id trace.SpanID
	_, _ = rand.Read(id[:]) // never fails
	return id
}
