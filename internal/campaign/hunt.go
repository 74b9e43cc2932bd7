package campaign

import (
	"context"
	"time"

	"fencepost/scenarios"
)

// Hunt plays the scenario under the seeds First … First+Count-1, one after the
// other in one world, until a run fails. The run is nil if none does; played
// counts the runs, the failed one included, and Outcome adds up their events
// and how long they were on their own clock. Lines, Traces and Repeat are not
// looked at. What a run breaks in the harness is no failure. The error is the
// context's.
func (c *Campaign) Hunt(ctx context.Context) (hunted Hunted, err error) {
	w := worker{campaign: c}
	started := time.Now()
	for i := range c.Count {
		if err := ctx.Err(); err != nil {
			return hunted, err
		}
		o := w.once(c.First + uint64(i))
		hunted.Runs++
		hunted.Events += o.Events
		hunted.SimNanos += o.SimNanos
		if o.Verdict == scenarios.Fail {
			failed := runOf(&played{Outcome: o})
			hunted.Failed = &failed
			break
		}
	}
	hunted.Took = time.Since(started)
	return hunted, nil
}

// Hunted is what Hunt has seen.
type Hunted struct {
	Failed   *Run
	Runs     int
	Events   int64
	SimNanos int64
	// Took is how long the runs took on the machine's clock.
	Took time.Duration
}
