package campaign

import (
	"fmt"

	"fencepost/core/history"
	"fencepost/scenarios"
	"fencepost/sim"
	"fencepost/sim/tape"
)

// Taping plays a scenario from a written tape, or records what a run left to
// chance. It serves one run at a time: campaigns of a single seed.
type Taping struct {
	// From answers what a run leaves to chance; nil means the seed.
	From *tape.List
	// Record asks for a recording.
	Record bool

	recorded *tape.List
}

// Recorded returns what the last run left to chance, also if it broke off, or
// nil.
func (t *Taping) Recorded() *tape.List { return t.recorded }

// Simulated is as the function of that name, for worlds that play the tape.
func (t *Taping) Simulated(s *scenarios.Scenario) (func() World, error) {
	program, err := compiled(s)
	if err != nil {
		return nil, err
	}
	return func() World { return taped{sim.NewWorld(program), t} }, nil
}

// taped is a world of the simulator with a tape.
type taped struct {
	*sim.World
	taping *Taping
}

// Run plays the scenario once, from the tape if there is one.
func (w taped) Run(seed uint64) Outcome {
	played := tape.Seeded(seed)
	if w.taping.From != nil {
		played = tape.From(w.taping.From.Source(nil))
	}
	if w.taping.Record {
		played.Record()
		defer func() {
			w.taping.recorded = played.Recorded()
			if from := w.taping.From; from != nil {
				w.taping.recorded.Seed, w.taping.recorded.Seeded = from.Seed, from.Seeded
			}
		}()
	}
	o := outcome(w.Play(played))
	if from := w.taping.From; from != nil {
		o.misfits(len(from.Entries))
	}
	return o
}

// RunUntil plays the beginning of the scenario once more.
func (w taped) RunUntil(seed uint64, instant int64) {
	played := tape.Seeded(seed)
	if w.taping.From != nil {
		played = tape.From(w.taping.From.Source(nil))
	}
	w.PlayUntil(played, instant)
}

// misfits makes a run invalid in which none of its tape's entries was asked for:
// it was another run than the one that the tape is of.
func (o *Outcome) misfits(entries int) {
	if entries == 0 || o.Unused < entries || !scenarios.Invalid.WorseThan(o.Verdict) {
		return
	}
	o.Verdict = scenarios.Invalid
	o.Failure = &scenarios.Failure{
		Expect: "the tape fits the run", Node: history.None,
		Detail: fmt.Sprintf("none of its %s was asked for", scenarios.Plural(entries, "draw")),
	}
}
