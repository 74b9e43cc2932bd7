package fuzz

import (
	"fmt"
	"slices"

	"fencepost/core/check"
	"fencepost/scenarios"
	"fencepost/sim"
)

// Summary is what a campaign came to, as `drill fuzz --json` prints it.
type Summary struct {
	Runs       uint64  `json:"runs"`
	Events     uint64  `json:"events"`
	SimSeconds float64 `json:"sim_seconds"`
	// WallSeconds is how long it took; of merged shards, the longest.
	WallSeconds float64 `json:"wall_seconds"`
	// Failures lists those of the lowest seeds; Failed and Crashed count all.
	Failures []Failure `json:"failures"`
	Failed   uint64    `json:"failed"`
	Crashed  uint64    `json:"crashed"`
	// Undecided counts runs that a checker gave up on, Idle those in which some
	// fault found nobody to hit.
	Undecided uint64 `json:"undecided"`
	// Doubts lists those that were given up on, of the lowest seeds.
	Doubts  []Failure `json:"doubts"`
	Idle    uint64    `json:"idle"`
	Excused uint64    `json:"excused"`
	// Marks counts the points that must be hit, Coverage what else was seen.
	Marks    map[string]uint64 `json:"marks"`
	Coverage map[string]uint64 `json:"coverage"`
	// Blind lists demanded marks that were never hit, once enough was played.
	Blind  []string `json:"blind"`
	Mutant string   `json:"mutant,omitempty"`
	// Campaign is what this answers for; nil only where somebody else has written
	// the summary.
	Campaign *Plan `json:"campaign,omitempty"`
	// Interrupted: it ended before what was asked for had been played. Missing
	// lists the shards that a merge lacks, Gaps says what else keeps the summary
	// from answering for the whole.
	Interrupted bool     `json:"interrupted"`
	Missing     []uint64 `json:"missing,omitempty"`
	Gaps        []string `json:"gaps,omitempty"`
	// Trace is that of the last run, if it was asked for.
	Trace []string `json:"trace,omitempty"`
}

// Failure is one run that broke something.
type Failure struct {
	Seed uint64 `json:"seed"`
	// Invariant is what broke, or "" if the harness itself did.
	Invariant string  `json:"invariant"`
	At        float64 `json:"at"` // seconds of the run
	Detail    string  `json:"detail"`
	Repro     string  `json:"repro"`
}

// EnoughRuns is from how many runs on a demanded mark that was never hit is a
// failure.
const EnoughRuns = 10_000

// newSummary returns a summary of nothing: every demanded mark stands at zero.
func newSummary() *Summary {
	s := &Summary{
		Failures: []Failure{}, Doubts: []Failure{}, Blind: []string{},
		Marks: map[string]uint64{}, Coverage: map[string]uint64{},
	}
	for _, m := range sim.AllMarks() {
		if m.Demanded {
			s.Marks[m.Name] = 0
		}
	}
	return s
}

// addMarks takes over what was counted.
func (s *Summary) addMarks(hits *sim.Marks) {
	for i, m := range sim.AllMarks() {
		switch {
		case m.Demanded:
			s.Marks[m.Name] += hits[i]
		case hits[i] > 0:
			s.Coverage[m.Name] += hits[i]
		}
	}
}

// judge finds the marks to which the search was blind.
func (s *Summary) judge() {
	s.Blind = s.Blind[:0]
	if s.Runs < EnoughRuns {
		return
	}
	for name, n := range s.Marks {
		if n == 0 {
			s.Blind = append(s.Blind, name)
		}
	}
	slices.Sort(s.Blind)
}

// Hit counts the demanded marks that were hit, and all of them.
func (s *Summary) Hit() (hit, demanded int) {
	for _, n := range s.Marks {
		if n > 0 {
			hit++
		}
	}
	return hit, len(s.Marks)
}

// Verdict is the worst that happened: a campaign that was blind has failed, and
// one of which a part is missing is unknown.
func (s *Summary) Verdict() scenarios.RunVerdict {
	switch {
	case s.Crashed > 0:
		return scenarios.Crash
	case s.Failed > 0 || len(s.Blind) > 0:
		return scenarios.Fail
	case s.Undecided > 0 || s.Interrupted || len(s.Missing) > 0 || len(s.Gaps) > 0:
		return scenarios.Unknown
	default:
		return scenarios.Pass
	}
}

// failureOf describes a run that broke something.
func failureOf(r *sim.Result) Failure {
	f := Failure{Seed: r.Seed, At: float64(r.Failure.At) / 1e9, Detail: r.Failure.Detail}
	if r.Failure.Invariant != check.NoInvariant {
		f.Invariant = r.Failure.Invariant.String()
	}
	return f
}

// repro is the command that plays a seed again.
func repro(seed uint64, file, mutant string) string {
	built := ""
	if mutant != "" {
		built = " --mutant " + mutant
	}
	if file != "" {
		return "bin/drill run --trace" + built + " " + scenarios.ShellWord(file)
	}
	return fmt.Sprintf("bin/drill fuzz --seed %d --seeds 1 --trace", seed) + built
}
