package pgledger_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"fencepost/core"
)

// contest is several processes that want a lease in PostgreSQL.
type contest struct {
	t  *testing.T
	mu sync.Mutex
	// trusted is, for each tenure of kind pg, when its holder began to ask for
	// what was confirmed last, by the database's clock.
	trusted map[core.Epoch]core.Time
}

// led notes that the holder of that epoch was confirmed.
func (c *contest) led(epoch core.Epoch, asked core.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.trusted[epoch] = max(c.trusted[epoch], asked)
}

// ask is call for goroutines of the test.
func (c *contest) ask(ctx context.Context, p *process, e core.Effect) core.Input {
	var in core.Input
	if err := p.Call(ctx, &e, func(got *core.Input) { in = *got }); err != nil && ctx.Err() == nil {
		c.t.Errorf("%s: %v: %v", p.name, e.Op, err)
	}
	return in
}

// rule takes the next epoch whenever it can be had, beats for a while and then
// falls silent until somebody else has taken over.
func (c *contest) rule(ctx context.Context, p *process) {
	tick := time.NewTicker(7 * time.Millisecond)
	defer tick.Stop()
	for ; ctx.Err() == nil; <-tick.C {
		seen := c.ask(ctx, p, core.Effect{Op: core.Observe})
		take := core.Effect{Op: core.TakeEpoch, Epoch: seen.Epoch, Token: p.token, Tenure: core.TenurePG}
		in := c.ask(ctx, p, take)
		if in.Kind != core.EpochWasTaken {
			continue
		}
		c.led(in.Epoch, seen.Server)
		for range 20 {
			asked := c.ask(ctx, p, core.Effect{Op: core.Observe}).Server
			beat := c.ask(ctx, p, core.Effect{Op: core.Heartbeat, Epoch: in.Epoch, Token: p.token})
			if beat.Kind != core.HeartbeatConfirmed {
				break
			}
			c.led(in.Epoch, asked)
			<-tick.C
		}
		for ctx.Err() == nil && c.ask(ctx, p, core.Effect{Op: core.Observe}).Token == p.token {
			<-tick.C
		}
		p.token.Acquisition++
	}
}

// interrupt takes the epoch through Redis whenever it can be had, and gives it
// back.
func (c *contest) interrupt(ctx context.Context, p *process) {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for ; ctx.Err() == nil; <-tick.C {
		seen := c.ask(ctx, p, core.Effect{Op: core.Observe})
		in := c.ask(ctx, p, core.Effect{Op: core.TakeEpoch, Epoch: seen.Epoch, Token: p.token})
		if in.Kind == core.EpochWasTaken {
			c.ask(ctx, p, core.Effect{
				Op: core.Resign, Epoch: in.Epoch, Token: p.token, Reason: core.OperatorRequest,
			})
			p.token.Acquisition++
		}
	}
}

// Takers of both kinds press for a lease that is renewed for a while and then is
// not: whoever comes next comes after a full ttl without a renewal.
func TestLeaseInPostgresIsNeverTakenBeforeItHasRunOut(t *testing.T) {
	t.Parallel()
	const ttl, enough = 100 * time.Millisecond, 8
	dsn := database(t)
	conn := connect(t, dsn)
	c := &contest{t: t, trusted: map[core.Epoch]core.Time{}}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var racing sync.WaitGroup
	for _, name := range []string{"n1", "n2", "n3"} {
		p := start(t, dsn, name, shortTTL)
		racing.Go(func() { c.rule(ctx, p) })
	}
	other := start(t, dsn, "n4", shortTTL)
	racing.Go(func() { c.interrupt(ctx, other) })
	until(t, "enough tenures", func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		return len(c.trusted) >= enough
	})
	stop()
	racing.Wait()
	judged := 0
	for epoch, asked := range c.trusted {
		next := read[*time.Time](t, conn,
			`SELECT max(became_leader_at) FROM leadership_history WHERE epoch = $1`, int64(epoch)+1)
		if next == nil {
			continue
		}
		judged++
		if silence := core.Time(next.UnixNano()).Sub(asked); silence < ttl {
			t.Errorf("epoch %d was taken over %v after a heartbeat began", epoch, silence)
		}
	}
	if judged < enough-1 {
		t.Errorf("only %d of %d tenures had a successor", judged, len(c.trusted))
	}
}
