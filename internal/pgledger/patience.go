package pgledger

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
)

// mostDoublings bounds how patient a pool becomes: eight times as patient as it
// was.
const mostDoublings = 3

// patience is how long one pool waits for a connection to be made. It begins with
// Limits.Connect, which finds a silent link soon, and doubles whenever a
// connection was given up for lack of time: a server that needs longer, because a
// whole fleet comes back at once or because it is far away, would otherwise begin
// every handshake and finish none. A connection that is made ends it. Each single
// read keeps to Limits.Read and the dialling to Limits.Connect, so a silent link is
// never waited for any longer.
type patience struct {
	first   time.Duration
	doubled atomic.Int32
}

// grant gives the attempt that begins its time.
func (p *patience) grant(_ context.Context, config *pgx.ConnConfig) error {
	config.ConnectTimeout = p.first << p.doubled.Load()
	return nil
}

// granted is the key under which a context holds an attempt's time.
type granted struct{}

// TraceConnectStart is a part of pgx.ConnectTracer.
func (p *patience) TraceConnectStart(ctx context.Context, data pgx.TraceConnectStartData) context.Context {
	return context.WithValue(ctx, granted{}, data.ConnConfig.ConnectTimeout)
}

// TraceConnectEnd learns from an attempt. Of several that were given the same time
// and ran out of it, one counts.
func (p *patience) TraceConnectEnd(ctx context.Context, data pgx.TraceConnectEndData) {
	switch {
	case data.Err == nil:
		p.doubled.Store(0)
	case errors.Is(data.Err, context.DeadlineExceeded):
		n := p.doubled.Load()
		if n < mostDoublings && ctx.Value(granted{}) == p.first<<n {
			p.doubled.CompareAndSwap(n, n+1)
		}
	}
}

// TraceQueryStart is a part of pgx.QueryTracer, which whoever traces connections
// has to be.
func (p *patience) TraceQueryStart(
	ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData,
) context.Context {
	return ctx
}

// TraceQueryEnd is a part of pgx.QueryTracer.
func (p *patience) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}
