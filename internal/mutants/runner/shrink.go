package main

import (
	"context"
	"io"

	"fencepost/internal/mutants/errand"
	"fencepost/internal/shrink"
)

// shrinks makes a failure of this program short.
func shrinks(ctx context.Context, order errand.Order, _ io.Writer) (any, error) {
	var o shrink.Options
	if err := order.Decode(&o); err != nil {
		return nil, err
	}
	o.Mutant = order.Mutant
	return shrink.Find(ctx, &o)
}
