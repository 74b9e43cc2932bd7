package load

import (
	"context"
	"fmt"
	"time"

	"fencepost/core"
	"fencepost/internal/cluster"
	"fencepost/internal/pgledger"
)

// Rest is what became, in so much time, of signals that nobody had executed yet
// when no more came in.
type Rest struct {
	Seconds  float64 `json:"seconds"`
	Executed int     `json:"executed"`
	// PerSecond is how many were executed a second, Left how many were still open.
	PerSecond float64 `json:"per_second"`
	Left      int     `json:"left"`
}

// control sets the control mode, unless it is so.
func control(ctx context.Context, c *cluster.Cluster, word string) error {
	mode, known := core.ParseControl(word)
	if !known {
		return fmt.Errorf("control mode %q: want run, pause or halt", word)
	}
	ledger, err := pgledger.Open(pgledger.Options{DSN: c.State().PostgresDSN, Conns: 1})
	if err != nil {
		return err
	}
	defer ledger.Close()
	is, err := ledger.Control(ctx)
	if err != nil || is.Mode == mode {
		return err
	}
	return ledger.SetControl(ctx, mode, "a measurement wants it", "drill load")
}

// rest lets orders be executed until none is left or the bound has passed.
func rest(ctx context.Context, c *cluster.Cluster, bound time.Duration) (Rest, error) {
	if ctx.Err() != nil {
		return Rest{}, nil
	}
	if err := control(ctx, c, core.Run.String()); err != nil {
		return Rest{}, err
	}
	before, err := c.Ledger().Counts(ctx)
	if err != nil {
		return Rest{}, err
	}
	began := time.Now()
	// That some are left when the bound has passed is what is to be measured.
	after, err := c.Settle(ctx, bound)
	if after == nil {
		return Rest{}, err
	}
	r := Rest{Seconds: time.Since(began).Seconds()}
	for state, n := range after {
		if s, _ := core.ParseSignalState(state); !s.Final() {
			r.Left += n
		}
	}
	r.Executed = after[core.Executed.String()] - before[core.Executed.String()]
	r.PerSecond = float64(r.Executed) / max(r.Seconds, 0.001)
	return r, nil
}
