package detect

import (
	"context"
	"fmt"
	"path/filepath"
	"strconv"

	"fencepost/chaos"
	"fencepost/core/history"
	"fencepost/internal/campaign/real"
	"fencepost/internal/crew"
	"fencepost/internal/guard"
	"fencepost/scenarios"
	"fencepost/sim"
)

// Run is one run of a kind, and what was measured in it.
type Run struct {
	Kind    string               `json:"type"`
	Tier    scenarios.Tier       `json:"tier"`
	Seed    uint64               `json:"seed"`
	Verdict scenarios.RunVerdict `json:"verdict"`
	// Why says why the run did not pass.
	Why string `json:"why,omitempty"`
	// Lost counts the faults that struck somebody who did not lead.
	Lost        int          `json:"lost,omitempty"`
	Occurrences []Occurrence `json:"occurrences,omitempty"`
}

// Violation is what must not be, and where it was.
type Violation struct {
	Kind string         `json:"type"`
	Tier scenarios.Tier `json:"tier"`
	Seed uint64         `json:"seed"`
	// At is when the fault struck, or the failure of the whole run if it is zero.
	At   Span   `json:"at"`
	What string `json:"what"`
}

// String returns the violation on one line.
func (v *Violation) String() string {
	return fmt.Sprintf("%s, tier %s, seed %d, at %s: %s", v.Kind, v.Tier, v.Seed,
		scenarios.Seconds(int64(v.At)), v.What)
}

// Again is the command that plays a run again.
func (v *Violation) Again() string { return again(v.Kind, v.Tier, v.Seed) }

func again(kind string, tier scenarios.Tier, seed uint64) string {
	count := "--count"
	if tier == scenarios.SimTier {
		count = "--sim-count"
	}
	return fmt.Sprintf("bin/drill detect --tier %s --type %s --seed %d %s 1", tier, kind, seed, count)
}

// violations says what of a run must not be.
func (r *Run) violations(k *Kind) []Violation {
	var list []Violation
	if r.Verdict != scenarios.Pass && r.Verdict != scenarios.Invalid {
		list = append(list, Violation{Kind: r.Kind, Tier: r.Tier, Seed: r.Seed, What: r.Why})
	}
	for i := range r.Occurrences {
		if what := k.violation(&r.Occurrences[i]); what != "" {
			list = append(list, Violation{
				Kind: r.Kind, Tier: r.Tier, Seed: r.Seed, At: r.Occurrences[i].At, What: what,
			})
		}
	}
	return list
}

// read makes a run of what an engine says of it. A run that is invalid says
// nothing, and is not measured.
func (k *Kind) read(tier scenarios.Tier, seed uint64, v scenarios.RunVerdict, f *scenarios.Failure,
	records []history.Record,
) Run {
	r := Run{Kind: k.Name, Tier: tier, Seed: seed, Verdict: v}
	if v != scenarios.Pass && f != nil {
		r.Why = f.String()
	}
	if v != scenarios.Invalid {
		r.Occurrences, r.Lost = k.Collect(records)
	}
	return r
}

// Simulate plays so many runs of the kind in the simulator, on so many cores (0
// means all), until ctx ends. The error says that the simulator refuses the
// scenario.
func (k *Kind) Simulate(ctx context.Context, first uint64, runs, workers int) ([]Run, error) {
	program, err := sim.Compile(k.Scenario(PerRun))
	if err != nil {
		return nil, fmt.Errorf("simulate %s: %w", k.Name, err)
	}
	played := make([]Run, runs)
	crew.Share(workers)(runs, func(_, job int) {
		if ctx.Err() != nil {
			return
		}
		played[job] = k.simulate(program, first+uint64(job))
	})
	return played, ctx.Err()
}

// simulate plays one run in the simulator. A panic is a crash of that run.
func (k *Kind) simulate(program *sim.Program, seed uint64) (run Run) {
	defer func() {
		if reason := recover(); reason != nil {
			run = Run{
				Kind: k.Name, Tier: scenarios.SimTier, Seed: seed, Verdict: scenarios.Crash,
				Why: guard.Panic(reason),
			}
		}
	}()
	var records []history.Record
	world := sim.NewWorld(program)
	world.Listen(func(r history.Record) { records = append(records, r) })
	result := world.Run(seed)
	return k.read(scenarios.SimTier, seed, result.Verdict, result.Failure, records)
}

// Stage plays runs on real processes.
type Stage struct {
	// Program is the fencepost binary that the nodes run, Out the directory in which
	// runs are kept that did not pass, or in which something must not be.
	Program, Out string
	// Faults is how many faults a run holds; 0 means PerRun.
	Faults int
}

// Play plays one run of the kind. The error says that it was not played to its
// end: ctx has ended, or the harness broke.
func (s Stage) Play(ctx context.Context, k *Kind, seed uint64) (Run, error) {
	faults := s.Faults
	if faults == 0 {
		faults = PerRun
	}
	open, err := real.Worlds(ctx, k.Scenario(faults), chaos.Options{
		Program: s.Program, Out: s.Out,
		Suspect: func(records []history.Record) bool {
			r := k.read(scenarios.RealTier, seed, scenarios.Pass, nil, records)
			return len(r.violations(k)) > 0
		},
		Again: func(seed uint64) string { return again(k.Name, scenarios.RealTier, seed) },
	})
	if err != nil {
		return Run{}, fmt.Errorf("play %s: %w", k.Name, err)
	}
	world := open()
	outcome := world.Run(seed)
	if ctx.Err() != nil {
		return Run{}, ctx.Err()
	}
	if outcome.Verdict == scenarios.Crash {
		return Run{}, fmt.Errorf("play %s, seed %d: %s", k.Name, seed, outcome.Failure)
	}
	told, ok := world.(interface{ History() []history.Record })
	if !ok {
		return Run{}, fmt.Errorf("play %s: a world of real processes tells no history", k.Name)
	}
	return k.read(scenarios.RealTier, seed, outcome.Verdict, outcome.Failure, told.History()), nil
}

// Left is where the run has left what it was, below the directory in which runs
// on real processes are kept.
func (v *Violation) Left(out string) string {
	if v.Tier == scenarios.SimTier {
		return "a simulated run leaves nothing"
	}
	return "kept in " + filepath.Join(out, "detect-"+v.Kind, string(v.Tier), strconv.FormatUint(v.Seed, 10))
}

// String says on one line how the run went.
func (r *Run) String() string {
	text := fmt.Sprintf("%-7s %s, seed %d: %s", r.Verdict, r.Kind, r.Seed,
		scenarios.Plural(len(r.Occurrences), "fault"))
	if r.Lost > 0 {
		text += fmt.Sprintf(", %d lost", r.Lost)
	}
	if r.Why != "" {
		text += ": " + r.Why
	}
	return text
}
