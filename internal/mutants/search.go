package mutants

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"fencepost/internal/campaign"
	"fencepost/internal/mutants/errand"
	"fencepost/scenarios"
)

// Search looks for what kills a mutant: the scenarios that promise to catch it,
// then all others, then random faults, then whatever Further has. The zero value, with a tree, is
// ready.
type Search struct {
	Tree Tree
	// Cache is where runners are kept; "" is the user's own place.
	Cache string
	// Most bounds the seeds of each scenario that promises to catch the mutant,
	// Others those of each other scenario, Wild those of each hunting ground, where
	// faults come at random. 0 means all that a file has.
	Most, Others, Wild int
	// Further are searches of other kinds, in their order. NoScenarios leaves all
	// but them out.
	Further     []Further
	NoScenarios bool
}

// Further is a search of another kind than playing scenarios. It gets the path
// of a runner; the Kill's By is "" if it found nothing. Control gets a runner
// without the mistake and tells what the run that failed breaks there.
type Further struct {
	Hunt    func(ctx context.Context, runner, mutant string) (errand.Kill, error)
	Control func(ctx context.Context, runner string, kill errand.Kill) (broke string, err error)
}

// Result is what came of the search for one mutant.
type Result struct {
	Name string `json:"name"`
	Site string `json:"site"`
	// With names what it was built together with, because another layer masks it
	// alone.
	With []string `json:"with,omitempty"`
	// KilledBy is the scenario or the search whose run failed, "" for a survivor;
	// Seed is that run's, Broke the invariant or the expectation that fell.
	KilledBy string `json:"killed_by"`
	Seed     uint64 `json:"seed"`
	Broke    string `json:"broke"`
	Detail   string `json:"detail"`
	Replay   string `json:"replay"`
	// Runs and Events count what it took, the failed run included. SimMS is how
	// long the simulator worked, in milliseconds of the machine's clock, without
	// building; SimulatedMS how long the runs were on their own clock.
	Runs        int     `json:"runs"`
	Events      int64   `json:"events"`
	SimMS       float64 `json:"sim_ms"`
	SimulatedMS float64 `json:"simulated_ms"`
	// BuildMS is how long it took to build the runner, or to find it built; WallMS
	// everything together.
	BuildMS  float64 `json:"build_ms"`
	WallMS   float64 `json:"wall_ms"`
	Survived bool    `json:"survived"`
	// Interrupted: the search was interrupted before it had found anything; the
	// rest is empty.
	Interrupted bool `json:"interrupted,omitempty"`
	// WhyEquivalent is the written argument of a survivor, if it has one.
	WhyEquivalent string `json:"why_equivalent,omitempty"`
}

// rounds are the seeds after which a hunt turns to the next scenario.
var rounds = []int{2, 10, 50, 200}

// Kill searches for what kills the mutant. The error says that something broke,
// never that the mutant survived.
func (s *Search) Kill(ctx context.Context, m Mutant) (*Result, error) {
	started := time.Now()
	made, err := Find(m.Together())
	if err != nil {
		return nil, err
	}
	r := &Result{Name: m.Name, Site: m.Site(), With: m.With, WhyEquivalent: m.Survives}
	runner, err := s.Tree.Build(ctx, made, s.Cache)
	if err != nil {
		return nil, err
	}
	r.BuildMS = milliseconds(time.Since(started))
	// A failure counts only if it is the mutant's: without it, the same run must
	// not fail in the same way.
	control, err := s.control(ctx, m)
	if err != nil {
		return nil, err
	}
	var stages [][]errand.Ground
	if !s.NoScenarios {
		if stages, err = s.stages(m); err != nil {
			return nil, err
		}
	}
	for _, stage := range stages {
		if err := s.hunt(ctx, r, runner, control, m, stage); err != nil {
			return nil, err
		}
		if r.KilledBy != "" {
			break
		}
	}
	for _, f := range s.Further {
		if r.KilledBy != "" {
			break
		}
		if err := s.further(ctx, r, runner, control, m, f); err != nil {
			return nil, err
		}
	}
	r.Survived = r.KilledBy == ""
	r.WallMS = milliseconds(time.Since(started))
	return r, nil
}

// Together returns the name under which the mutant is built: its own, joined
// with those that take away what masks it.
func (m *Mutant) Together() string { return strings.Join(append([]string{m.Name}, m.With...), "+") }

// control builds what the mutant is compared with: the program as it is, or
// with nothing but the mutants that unmask this one.
func (s *Search) control(ctx context.Context, m Mutant) (string, error) {
	var without []Mutant
	if len(m.With) > 0 {
		var err error
		if without, err = Find(strings.Join(m.With, "+")); err != nil {
			return "", err
		}
	}
	return s.Tree.Build(ctx, without, s.Cache)
}

// stages lists where the mutant is hunted: first the scenarios that promise to
// catch it, then the others, then the hunting grounds.
func (s *Search) stages(m Mutant) ([][]errand.Ground, error) {
	shipped, err := scenarios.Shipped()
	if err != nil {
		return nil, err
	}
	var first, others, wild []errand.Ground
	for _, sc := range shipped {
		if !sc.Plays(scenarios.SimTier) {
			continue
		}
		g := ground(s.Tree.Scenario(sc.Name), sc)
		if promises(sc, m) {
			g.Seeds = atMost(g.Seeds, s.Most)
			first = append(first, g)
			continue
		}
		g.Seeds = atMost(g.Seeds, s.Others)
		others = append(others, g)
	}
	files, err := filepath.Glob(filepath.Join(string(s.Tree), "internal", "mutants", "grounds", "*.yaml"))
	if err != nil {
		return nil, fmt.Errorf("list hunting grounds: %w", err)
	}
	for _, file := range files {
		sc, err := scenarios.Load(file)
		if err != nil {
			return nil, err
		}
		g := ground(file, sc)
		if promises(sc, m) {
			first = append(first, g)
			continue
		}
		g.Seeds = atMost(g.Seeds, s.Wild)
		wild = append(wild, g)
	}
	return [][]errand.Ground{first, others, wild}, nil
}

// promises tells whether the scenario names the mutant among those that it
// catches.
func promises(sc *scenarios.Scenario, m Mutant) bool {
	return slices.ContainsFunc(sc.Catches, func(c scenarios.Catch) bool { return slices.Contains(c, m.Name) })
}

// ground returns the scenario with all of its seeds.
func ground(file string, sc *scenarios.Scenario) errand.Ground {
	if sc.Run.Seed != 0 {
		return errand.Ground{Scenario: file, First: sc.Run.Seed, Seeds: 1}
	}
	return errand.Ground{Scenario: file, First: 1, Seeds: sc.WithDefaults().Run.Seeds.Sim}
}

func atMost(n, most int) int {
	if most > 0 {
		return min(n, most)
	}
	return n
}

// hunt plays the grounds until a run fails that is the mutant's own.
func (s *Search) hunt(
	ctx context.Context, r *Result, runner, control string, m Mutant, grounds []errand.Ground,
) error {
	for len(grounds) > 0 {
		var kill errand.Kill
		options := errand.HuntOptions{Grounds: grounds, Rounds: rounds}
		if err := Ask(ctx, runner, errand.Hunt, m.Together(), options, &kill, nil); err != nil {
			return err
		}
		r.add(&kill)
		if kill.By == "" {
			return nil
		}
		ground := grounds[kill.Ground]
		sound, err := Play(ctx, control, "", errand.RunOptions{
			Scenario: ground.Scenario, Argument: kill.By, First: kill.Seed, Count: 1,
		})
		if err = errors.Join(err, ctx.Err()); err != nil {
			return err // half a comparison proves nothing
		}
		if !failsAlike(sound, &kill) && m.expects(&kill) {
			kill.Replay = fmt.Sprintf("bin/drill run --seed %d --mutant %s %s",
				kill.Seed, m.Together(), s.Tree.argument(ground.Scenario))
			r.killed(&kill)
			return nil
		}
		grounds = slices.Delete(slices.Clone(grounds), kill.Ground, kill.Ground+1)
	}
	return nil
}

// expects tells whether what fell may be laid at the mutant's door. One that is
// built with others must break what its file says: the others break things too.
func (m *Mutant) expects(kill *errand.Kill) bool {
	if len(m.With) == 0 {
		return true
	}
	if m.Misses != "" {
		return strings.HasPrefix(kill.Expect, m.Misses+":")
	}
	return kill.Invariant == m.Breaks.String()
}

// failsAlike tells whether the control's run breaks what the mutant's broke.
func failsAlike(report *campaign.Report, kill *errand.Kill) bool {
	v := report.Runs[0].Violation
	return v != nil && report.Runs[0].Verdict == scenarios.Fail &&
		v.Invariant == kill.Invariant && v.Expect == kill.Expect
}

// further searches in another way than by scenarios.
func (s *Search) further(
	ctx context.Context, r *Result, runner, control string, m Mutant, f Further,
) error {
	kill, err := f.Hunt(ctx, runner, m.Together())
	if err = errors.Join(err, ctx.Err()); err != nil {
		return err
	}
	r.add(&kill)
	if kill.By == "" {
		return nil
	}
	broke, err := f.Control(ctx, control, kill)
	if err = errors.Join(err, ctx.Err()); err != nil || broke == kill.Broke() {
		return err
	}
	r.killed(&kill)
	return nil
}

// add counts what a hunt took.
func (r *Result) add(kill *errand.Kill) {
	r.Runs += kill.Runs
	r.Events += kill.Events
	r.SimulatedMS += float64(kill.SimNanos) / 1e6
	r.SimMS += float64(kill.Nanos) / 1e6
}

// killed notes the kill.
func (r *Result) killed(kill *errand.Kill) {
	r.KilledBy, r.Seed, r.Broke, r.Detail = kill.By, kill.Seed, kill.Broke(), kill.Detail
	r.Replay = kill.Replay
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1e3 }

// KillAll searches for each mutant, two at a time, and hands each result to
// tell, one at a time and in the order in which they come. It ends with the
// first error.
func (s *Search) KillAll(ctx context.Context, ms []Mutant, tell func(*Result) error) error {
	const atOnce = 2
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	next := make(chan Mutant)
	var one sync.Mutex
	var group sync.WaitGroup
	for range atOnce {
		group.Go(func() {
			for m := range next {
				r, err := s.Kill(ctx, m)
				one.Lock()
				if err == nil {
					err = tell(r)
				}
				one.Unlock()
				if err != nil {
					cancel(err)
				}
			}
		})
	}
	for _, m := range ms {
		select {
		case next <- m:
		case <-ctx.Done():
		}
	}
	close(next)
	group.Wait()
	return context.Cause(ctx)
}
