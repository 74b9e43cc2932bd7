package real

import (
	"context"
	"io"

	"fencepost/chaos"
	"fencepost/core/history"
	"fencepost/internal/campaign"
	"fencepost/scenarios"
	"fencepost/sim"
)

// Worlds compiles the scenario for real processes and returns what opens its
// worlds, which are given up when ctx ends. The error is a campaign.Refusal
// where real processes cannot do what the file asks for.
func Worlds(ctx context.Context, s *scenarios.Scenario, o chaos.Options) (func() campaign.World, error) {
	program, err := chaos.Compile(s)
	if err != nil {
		return nil, err
	}
	if o.Beside == nil {
		o.Beside = beside(s)
	}
	if s.Nemesis == nil {
		return func() campaign.World { return open(ctx, program, o) }, nil
	}
	// The nemesis is the simulator's: it draws the same faults for both.
	drawn, err := sim.Compile(s)
	if err != nil {
		return nil, err
	}
	return func() campaign.World {
		w := open(ctx, program, o)
		w.program, w.nemesis = program, drawn
		return w
	}, nil
}

// open returns a world that knows where its runs leave what they were.
func open(ctx context.Context, program *chaos.Program, o chaos.Options) *world {
	w := &world{ctx: ctx}
	o.Left = func(dir string) { w.left = dir }
	w.world = chaos.NewWorld(program, o)
	return w
}

// world is a world of real processes.
type world struct {
	ctx   context.Context
	world *chaos.World
	// nemesis draws faults for each seed of the program; nil without one.
	program *chaos.Program
	nemesis *sim.Program
	// left is where the last run left what it was, or "".
	left string
}

// Repetition says which one of its seed the next run is.
func (w *world) Repetition(n int) { w.world.Repetition(n) }

// Run plays the scenario once.
func (w *world) Run(seed uint64) campaign.Outcome {
	if w.nemesis != nil {
		var steps []scenarios.Step
		for _, fault := range w.nemesis.Faults(seed) {
			steps = append(steps, fault.Step())
		}
		w.world.Load(w.program.With(steps))
	}
	w.left = ""
	r := w.world.Run(w.ctx, seed)
	return campaign.Outcome{
		Seed: seed, Verdict: r.Verdict, Hash: r.Hash, Events: r.Records, SimNanos: r.Nanos,
		Failure: r.Failure, Excused: r.Excused, Counts: r.Counts, Offered: r.Offered,
		Left: w.left,
	}
}

// WriteTrace writes the last lines of the last run's history.
func (w *world) WriteTrace(out io.Writer, n int) error { return w.world.WriteTrace(out, n) }

// History returns what was seen in the last run.
func (w *world) History() []history.Record { return w.world.History() }
