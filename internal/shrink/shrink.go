package shrink

import (
	"context"
	"fmt"
	"hash/fnv"
	"time"

	"fencepost/scenarios"
)

// Options say what is to be shrunk. They travel to programs with a mistake in
// them as JSON.
type Options struct {
	// Source is the text of the scenario's file, File its name for messages and
	// for the rule that both have one name; "" is none.
	Source string `json:"source"`
	File   string `json:"file"`
	// Seed is the first seed that is tried for a failure, Seeds how many are; the
	// first that fails is shrunk.
	Seed  uint64 `json:"seed"`
	Seeds int    `json:"seeds"`
	// Name is what the result is called; "" means after the failure.
	Name string `json:"name"`
	// Origin says in the result where the failure came from: "scenario x, seed 3".
	Origin string `json:"origin"`
	// Mutant is what the program was built with, or "". It stands in `catches`.
	Mutant string `json:"mutant"`
	// Like is the only way to fail that is looked for, as Answer.Kind says it; ""
	// takes the first.
	Like string `json:"like,omitempty"`
	// Anchor asks for a file that both worlds can play: it fails not under one
	// schedule of the simulator but under as many as can be had, its steps wait for
	// events where they can, and it is for both tiers.
	Anchor bool `json:"anchor,omitempty"`
	// Avoid lists the keys of stages that the search must not come to.
	Avoid []string `json:"avoid,omitempty"`
	// Effort bounds the search, in simulated events; 0 means Effort.
	Effort int64 `json:"effort"`
	// Workers is how many runs go on at once; 0 means one for each core.
	Workers int `json:"workers"`
}

// Answer is what came of the search.
type Answer struct {
	// Failing tells whether a seed failed at all; if not, Seeds is how many were
	// played, and the rest is empty.
	Failing bool `json:"failing"`
	Seeds   int  `json:"seeds"`
	// Met counts what was met before the seed that fails, or in all seeds if none
	// does: how many runs passed, were invalid, or failed in other ways.
	Met map[string]int `json:"met,omitempty"`
	// Anchored says how well an anchored file stands; nil without Options.Anchor.
	Anchored *Anchored `json:"anchored,omitempty"`
	// Kind is the broken invariant, or the word of the expectation. The rest is
	// what the shrunk file does: under Seed, at so many seconds of the run.
	Kind   string  `json:"kind"`
	Seed   uint64  `json:"seed"`
	At     float64 `json:"at"`
	Detail string  `json:"detail"`
	Hash   string  `json:"hash"` // 16 hexadecimal digits
	// Text is the shrunk file.
	Text   string `json:"text"`
	Before Size   `json:"before"`
	After  Size   `json:"after"`
	// Stages are the scenarios on the way, the one found first to the shortest.
	Stages []Stage `json:"stages,omitempty"`
	// Runs and Events tell what the search took, Spent that it ended for want of
	// effort and not at a fixed point.
	Runs        int64   `json:"runs"`
	Events      int64   `json:"events"`
	Spent       bool    `json:"spent"`
	WallSeconds float64 `json:"wall_seconds"`
	// Interrupted: the context ended first. What was found until then is here, and
	// replays like any other answer.
	Interrupted bool `json:"interrupted"`
}

// Size says how large a scenario is.
type Size struct {
	Faults int `json:"faults"`
	Nodes  int `json:"nodes"`
	// Lines are those of the file's steps.
	Lines int `json:"lines"`
}

// Stage is a scenario on the way.
type Stage struct {
	// Key names the stage: equal keys are equal scenarios under equal seeds.
	Key  string `json:"key"`
	What string `json:"what"`
	Text string `json:"text"`
	// Fails is, of a stage for both worlds, under how many schedules it fails.
	Fails int `json:"fails,omitempty"`
}

// Find looks for the failure and shrinks it, until ctx ends. The error says that
// the source is no scenario that the simulator can play, or that the result did
// not replay, which is a mistake of this package.
func Find(ctx context.Context, o *Options) (*Answer, error) {
	began := time.Now()
	s, err := scenarios.Parse(o.File, []byte(o.Source))
	if err != nil {
		return nil, err
	}
	return find(ctx, o, s, began)
}

func find(ctx context.Context, o *Options, s *scenarios.Scenario, began time.Time) (*Answer, error) {
	own := *o
	if own.Effort <= 0 {
		own.Effort = Effort
	}
	t := &task{ctx: ctx, o: &own, avoid: map[string]bool{}, tried: map[string]bool{}, met: map[string]int{}}
	for _, key := range o.Avoid {
		t.avoid[key] = true
	}
	failing, err := t.begin(s)
	if err != nil {
		return nil, err
	}
	answer := &Answer{Failing: failing, Seeds: max(o.Seeds, 1)}
	if !failing {
		answer.Seeds = int(t.runs)
	} else {
		t.search()
		if own.Anchor {
			answer.Anchored = t.anchor()
		}
		if err := t.answer(answer); err != nil {
			return nil, err
		}
	}
	answer.Met = t.met
	answer.Runs, answer.Events, answer.Spent = t.runs, t.events, t.events >= own.Effort
	answer.Interrupted = ctx.Err() != nil
	answer.WallSeconds = time.Since(began).Seconds()
	return answer, nil
}

// key returns the stage's name.
func key(s *scenarios.Scenario, seed uint64) string {
	sum := fnv.New64a()
	fmt.Fprintf(sum, "%d %s", seed, bare(s))
	return fmt.Sprintf("%016x", sum.Sum64())
}

// forBoth tells whether the scenario is for both worlds, and is therefore not
// pinned to one schedule of the simulator.
func forBoth(s *scenarios.Scenario) bool { return s.Plays(scenarios.RealTier) }

// bare returns the scenario's text without what makes no difference to a run.
func bare(s *scenarios.Scenario) string {
	b := *s
	b.Name, b.Why, b.TierReason, b.Tiers, b.Tags, b.Catches = "", "", "", nil, nil, nil
	b.Run.Seed = 0
	return string(scenarios.Format(&b))
}
