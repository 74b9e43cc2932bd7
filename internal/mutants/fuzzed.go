package mutants

import (
	"context"
	"time"

	"fencepost/internal/fuzz"
	"fencepost/internal/mutants/errand"
)

// FuzzName is what a mutant is killed by that a campaign of random clusters,
// workloads and faults finds.
const FuzzName = "fuzz"

// Fuzz is the search of `drill fuzz`, over so many seeds, or for so long: that
// comes first which ends first.
func Fuzz(seeds uint64, bound time.Duration) Further {
	hunt := func(ctx context.Context, runner, mutant string, o fuzz.Options) (kill errand.Kill, err error) {
		var sum fuzz.Summary
		o.Stop = true
		if err := Ask(ctx, runner, errand.Fuzz, mutant, o, &sum, nil); err != nil {
			return kill, err
		}
		kill.Runs, kill.Events = int(sum.Runs), int64(sum.Events)
		kill.SimNanos, kill.Nanos = int64(sum.SimSeconds*1e9), int64(sum.WallSeconds*1e9)
		// A run in which the harness broke has noticed nothing.
		for _, f := range sum.Failures {
			if f.Invariant != "" {
				kill.By, kill.Seed, kill.Invariant, kill.Detail = FuzzName, f.Seed, f.Invariant, f.Detail
				kill.Replay = f.Repro
				break
			}
		}
		return kill, nil
	}
	return Further{
		Hunt: func(ctx context.Context, runner, mutant string) (errand.Kill, error) {
			return hunt(ctx, runner, mutant, fuzz.Options{First: 1, Seeds: seeds, For: bound})
		},
		Control: func(ctx context.Context, runner string, kill errand.Kill) (string, error) {
			again, err := hunt(ctx, runner, "", fuzz.Options{First: kill.Seed, Seeds: 1})
			return again.Broke(), err
		},
	}
}
