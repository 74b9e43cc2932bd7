package campaign

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"fencepost/core/history"
	"fencepost/internal/guard"
	"fencepost/scenarios"
)

// worker plays seeds, one after the other, in a world of its own.
type worker struct {
	campaign *Campaign
	world    World
	// repetition is which one of its seed the next run is, from 1.
	repetition int
	// broken: the world panicked; its trace may be read, but it plays no more.
	broken bool
}

// play plays one seed as often as the campaign wants.
func (w *worker) play(seed uint64) (played, error) {
	p := played{Outcome: w.once(seed)}
	if p.Verdict == scenarios.Invalid && w.campaign.Wavers {
		p = played{Outcome: w.once(seed), repeated: true}
	}
	for range max(w.campaign.Repeat, 1) - w.campaign.times() {
		if p.Verdict == scenarios.Crash {
			break
		}
		if again := w.once(seed); again.Verdict == scenarios.Crash || again.Hash != p.Hash {
			p.Outcome = differs(p.Outcome, again)
		}
	}
	p.silent, p.ended = w.world == nil, true
	return p, w.keepTrace(&p)
}

// differs is the crash of a harness that does not repeat itself.
func differs(first, again Outcome) Outcome {
	if again.Verdict == scenarios.Crash {
		return again
	}
	first.Verdict = scenarios.Crash
	first.Failure = &scenarios.Failure{
		Expect: "the same seed has the same hash", Node: history.None,
		Detail: fmt.Sprintf("%016x, then %016x", first.Hash, again.Hash),
	}
	return first
}

// once plays the seed, and gives up when the timeout has passed.
func (w *worker) once(seed uint64) Outcome {
	if w.world == nil || w.broken {
		w.world, w.broken = w.campaign.Open(), false
	}
	if r, ok := w.world.(Repeater); ok {
		r.Repetition(w.repetition)
	}
	type ending struct {
		outcome Outcome
		broken  bool
	}
	var late <-chan time.Time
	if w.campaign.Timeout > 0 {
		timer := time.NewTimer(w.campaign.Timeout)
		defer timer.Stop()
		late = timer.C
	}
	done, world := make(chan ending, 1), w.world
	go func() {
		outcome, broken := guarded(world, seed)
		done <- ending{outcome, broken}
	}()
	select {
	case end := <-done:
		w.broken = end.broken
		return end.outcome
	case <-late:
		// The run goes on, and the world is its own from now on.
		w.world = nil
		return crash(seed, fmt.Sprintf("the run had not ended after %s", w.campaign.Timeout))
	}
}

// guarded plays the seed; a panic is a crash of that seed, not of the campaign.
func guarded(world World, seed uint64) (outcome Outcome, broken bool) {
	defer func() {
		if reason := recover(); reason != nil {
			outcome = crash(seed, guard.Panic(reason))
			broken = true
		}
	}()
	outcome = world.Run(seed)
	outcome.Seed = seed
	return outcome, false
}

func crash(seed uint64, detail string) Outcome {
	return Outcome{
		Seed: seed, Verdict: scenarios.Crash,
		Failure: &scenarios.Failure{Expect: "the harness holds", Node: history.None, Detail: detail},
	}
}

// keepTrace keeps what the campaign wants of the last run's trace. A run that
// did not end in time has none.
func (w *worker) keepTrace(p *played) error {
	c := w.campaign
	if w.world == nil || p.Verdict == scenarios.Pass && c.Lines != AllLines {
		return nil
	}
	if c.Lines == AllLines || c.Wavers {
		p.trace = string(w.trace(max(c.Lines, 0)))
	}
	if c.Traces == "" || p.Verdict == scenarios.Pass {
		return nil
	}
	name := filepath.Join(c.Traces, TraceName(c.Scenario.Name, c.Mutant, p.Seed))
	if err := os.WriteFile(name, w.trace(0), 0o644); err != nil {
		return fmt.Errorf("write trace of seed %d: %w", p.Seed, err)
	}
	return nil
}

// trace returns the last n lines of the world's trace, or all of them. A world
// that panicked shows as much as it can.
func (w *worker) trace(n int) []byte {
	var text bytes.Buffer
	func() {
		defer func() {
			if reason := recover(); reason != nil {
				fmt.Fprintf(&text, "(the trace breaks off: %v)\n", reason)
			}
		}()
		if err := w.world.WriteTrace(&text, n); err != nil {
			panic(err)
		}
	}()
	return text.Bytes()
}
