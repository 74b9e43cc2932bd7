package mutants

import (
	"context"

	"fencepost/internal/mutants/errand"
	"fencepost/sim/explore"
)

// ExploreName is what a mutant is killed by that the exhaustive search finds.
const ExploreName = "explore"

// Explore is the search of `drill explore`: every order of events of two nodes
// and one signal with at most one fault, up to so many states.
func Explore(states int) Further {
	bounded := explore.Config{Nodes: 2, Signals: 1, Faults: 1, Class: "A", Limit: states}
	hunt := func(ctx context.Context, runner, mutant string) (kill errand.Kill, err error) {
		var report explore.Report
		if err := Ask(ctx, runner, errand.Explore, mutant, bounded, &report, nil); err != nil {
			return kill, err
		}
		kill.Runs, kill.Events, kill.Nanos = 1, int64(report.Acts), int64(report.Seconds*1e9)
		if v := report.Violation; v != nil && v.Invariant != explore.Assertion {
			kill.By, kill.Invariant, kill.Detail = ExploreName, v.Invariant, v.Detail
			kill.Replay = "bin/drill explore --nodes 2 --signals 1 --faults 1 --class A --mutant " + mutant
		}
		return kill, nil
	}
	return Further{
		Hunt: hunt,
		Control: func(ctx context.Context, runner string, _ errand.Kill) (string, error) {
			again, err := hunt(ctx, runner, "")
			return again.Broke(), err
		},
	}
}
