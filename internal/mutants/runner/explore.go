package main

import (
	"context"
	"io"
	"time"

	"fencepost/internal/crew"
	"fencepost/internal/mutants/errand"
	"fencepost/sim/explore"
)

// explores searches a bounded world of this program.
func explores(ctx context.Context, order errand.Order, _ io.Writer) (any, error) {
	var c explore.Config
	if err := order.Decode(&c); err != nil {
		return nil, err
	}
	began := time.Now()
	c.Share = crew.Share(0)
	c.Clock = func() time.Duration { return time.Since(began) }
	c.Stop = func() bool { return ctx.Err() != nil }
	return explore.Search(c)
}
