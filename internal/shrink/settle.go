package shrink

import (
	"context"
	"fmt"

	"fencepost/scenarios"
)

// Engine carries out a search, here or in a program with a mistake in it.
type Engine func(ctx context.Context, o *Options) (*Answer, error)

// rounds is how often Settle searches at most.
const rounds = 6

// Settle shrinks with an engine that makes a mistake, until the shortest file
// also passes on this program, which does not: a file that fails on both has
// found something else, and one that is invalid without the mistake says
// nothing. Where a stage does not pass, the search goes on from the one before
// it, and avoids it. The second result is the last stage's verdict here; it is
// not pass only if no stage passes.
func Settle(ctx context.Context, o Options, engine Engine) (*Answer, scenarios.RunVerdict, error) {
	effort := o.Effort
	if effort <= 0 {
		effort = Effort
	}
	var before Size
	var runs, events int64
	var best *Answer
	var wall float64
	verdict := scenarios.Unknown
	for round := range rounds {
		answer, err := engine(ctx, &o)
		if err != nil || !answer.Failing {
			return answer, scenarios.Pass, err
		}
		if round == 0 {
			before = answer.Before
		}
		runs, events, wall = runs+answer.Runs, events+answer.Events, wall+answer.WallSeconds
		passed := -1
		for i := len(answer.Stages) - 1; i >= 0 && passed < 0; i-- {
			v, err := lawful(answer.Stages[i].Text)
			if err != nil {
				return nil, verdict, err
			}
			if v == scenarios.Pass {
				passed = i
			} else if round == 0 && i == 0 {
				verdict = v
			}
		}
		if passed == len(answer.Stages)-1 {
			best, verdict = answer, scenarios.Pass
			break
		}
		if passed < 0 {
			if best == nil {
				best = answer
			}
			break
		}
		o.Effort = max(effort-events, 1)
		// Begin again at the last stage that passes.
		stage := answer.Stages[passed]
		o.Avoid = append(o.Avoid, answer.Stages[passed+1].Key)
		s, err := scenarios.Parse("", []byte(stage.Text))
		if err != nil {
			return nil, verdict, fmt.Errorf("shrink: read a stage: %w", err)
		}
		o.Source, o.File, o.Name = stage.Text, "", s.Name
		o.Seed, o.Seeds = seedsOf(s)
		best, verdict = answer.at(passed, s), scenarios.Pass
		if answer.Interrupted {
			break
		}
	}
	best.Before, best.Runs, best.Events, best.WallSeconds = before, runs, events, wall
	return best, verdict, nil
}

// at returns the answer as if the search had ended with that stage.
func (a *Answer) at(stage int, s *scenarios.Scenario) *Answer {
	b := *a
	b.Stages, b.Text = a.Stages[:stage+1], a.Stages[stage].Text
	b.Seed, _ = seedsOf(s)
	if a.Anchored != nil {
		b.Anchored = &Anchored{Fails: a.Stages[stage].Fails, Tries: tries, Instants: instantsOf(s)}
	}
	b.After, b.At, b.Hash, b.Spent = sizeOf(s), 0, "", false
	return &b
}

// lawful plays a stage on this program.
func lawful(text string) (scenarios.RunVerdict, error) {
	s, err := scenarios.Parse("", []byte(text))
	if err != nil {
		return scenarios.Crash, fmt.Errorf("shrink: read a stage: %w", err)
	}
	world, ok := open(nil, s)
	if !ok {
		return scenarios.Crash, fmt.Errorf("shrink: a stage cannot be compiled:\n%s", text)
	}
	verdict := scenarios.Pass
	first, count := seedsOf(s)
	for seed := first; seed < first+uint64(count); seed++ {
		r, whole := play(world, seed)
		if !whole {
			return scenarios.Crash, nil
		}
		verdict = verdict.Worst(r.Verdict)
	}
	return verdict, nil
}

// seedsOf returns the seeds under which the simulator plays a stage: the pinned
// one, or the file's own number of them.
func seedsOf(s *scenarios.Scenario) (first uint64, count int) {
	if s.Run.Seed != 0 {
		return s.Run.Seed, 1
	}
	return 1, s.WithDefaults().Run.Seeds.Sim
}
