package campaign

import (
	"time"

	"fencepost/scenarios"
	"fencepost/sim"
	"fencepost/sim/tape"
)

// Refusal is an error that names a place in a file and the words that would
// have been possible there: scenarios.Errors and *scenarios.Error.
type Refusal interface {
	error
	// Detail returns the error over several lines; it ends with a newline.
	Detail() string
}

// Simulated compiles the scenario for the simulator and returns what opens its
// worlds. The error is a Refusal where the simulator cannot do what the file
// asks for.
func Simulated(s *scenarios.Scenario) (func() World, error) {
	program, err := compiled(s)
	if err != nil {
		return nil, err
	}
	return func() World { return simulated{sim.NewWorld(program)} }, nil
}

// compiled compiles a scenario that names the simulator.
func compiled(s *scenarios.Scenario) (*sim.Program, error) {
	if !s.Plays(scenarios.SimTier) {
		return nil, s.Refuse(s.Place.Of("tiers"), string(scenarios.SimTier), nil,
			"the file does not name the tier sim")
	}
	return sim.Compile(s)
}

// simulated is a world of the simulator.
type simulated struct{ *sim.World }

// Run plays the scenario once.
func (w simulated) Run(seed uint64) Outcome {
	return outcome(w.World.Run(seed))
}

// RunUntil plays the beginning of the scenario once more.
func (w simulated) RunUntil(seed uint64, instant int64) {
	w.PlayUntil(tape.Seeded(seed), instant)
}

// outcome is what the campaign wants of a run's result.
func outcome(r sim.Result) Outcome {
	return Outcome{
		Seed: r.Seed, Verdict: r.Verdict, Hash: r.Hash, Events: r.Events, SimNanos: r.SimNanos,
		Failure: r.Failure, Excused: r.Excused, Counts: r.Counts, Offered: r.Offered,
		Unused: r.Unused, Unnamed: r.Unnamed,
	}
}

// Timeout returns how long one run of the scenario may take on the machine's
// clock.
func Timeout(s *scenarios.Scenario) time.Duration {
	full := s.WithDefaults()
	return time.Duration(full.Run.Timeout.Resolve(full.TTL()))
}
