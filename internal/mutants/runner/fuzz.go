package main

import (
	"context"
	"io"

	"fencepost/internal/fuzz"
	"fencepost/internal/mutants/errand"
)

// fuzzes plays random clusters against this program.
func fuzzes(ctx context.Context, order errand.Order, progress io.Writer) (any, error) {
	var o fuzz.Options
	if err := order.Decode(&o); err != nil {
		return nil, err
	}
	o.Mutant = order.Mutant
	return fuzz.Run(ctx, o, progress)
}
