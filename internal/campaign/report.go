package campaign

import (
	"fmt"
	"strings"

	"fencepost/core/check"
	"fencepost/scenarios"
)

// Report is what came of one scenario: the object that `drill run --json`
// prints for a file.
type Report struct {
	Name    string               `json:"name"`
	Tier    scenarios.Tier       `json:"tier"`
	Mutant  string               `json:"mutant,omitempty"`
	Verdict scenarios.RunVerdict `json:"verdict"`
	// Seeds is how many were played. Failed, Unknown, Invalid and Crashed say how
	// many of the runs did not pass, Repeated how many were played once more because
	// they were invalid at first. A seed has one run, or as many as were asked for if
	// its runs waver.
	Seeds    int `json:"seeds"`
	Failed   int `json:"failed"`
	Unknown  int `json:"unknown"`
	Invalid  int `json:"invalid"`
	Crashed  int `json:"crashed"`
	Repeated int `json:"repeated"`
	// Excused counts violations that the rules excuse, over all runs.
	Excused int `json:"excused"`
	// Unmet lists what all seeds together did not meet: `sometimes` and
	// `min_traffic`. It is empty for a single seed.
	Unmet []Violation `json:"unmet"`
	// Interrupted: it ended before all seeds were played. What was played is
	// here, and nothing is said of all of them together.
	Interrupted bool  `json:"interrupted"`
	Runs        []Run `json:"runs"`
	// Asked is what was to be played.
	Asked Asked `json:"asked"`
	// Replay is the command that plays the first run of the worst verdict again,
	// or the first run if all passed.
	Replay string `json:"replay"`
}

// Run is what came of one seed.
type Run struct {
	Seed       uint64               `json:"seed"`
	Verdict    scenarios.RunVerdict `json:"verdict"`
	Hash       string               `json:"hash"` // 16 hexadecimal digits
	Events     int64                `json:"events"`
	SimSeconds float64              `json:"sim_seconds"`
	Violation  *Violation           `json:"violation"`
	// Left is the directory in which a run on real processes left what it was, or "".
	Left string `json:"left,omitempty"`
	// Unused counts the entries of the tape that the run did not ask for, Unnamed
	// the draws that the tape does not name.
	Unused  int `json:"tape_unused,omitempty"`
	Unnamed int `json:"tape_unnamed,omitempty"`
	// Trace holds the last lines of the trace of a run that did not pass.
	Trace []string `json:"trace,omitempty"`
}

// Violation is the first thing that kept a run from passing. Exactly one of
// Invariant and Expect is set.
type Violation struct {
	Invariant string  `json:"invariant,omitempty"`
	Expect    string  `json:"expect,omitempty"`
	At        float64 `json:"at"`   // seconds of the run
	Step      string  `json:"step"` // that fired last before, or ""
	Node      string  `json:"node"` // such as n1, or ""
	Detail    string  `json:"detail"`
}

// ViolationOf returns the failure as it stands in a report, or nil.
func ViolationOf(f *scenarios.Failure) *Violation {
	if f == nil {
		return nil
	}
	v := &Violation{
		Expect: f.Expect, At: seconds(f.At), Step: f.Step, Node: scenarios.NodeName(f.Node), Detail: f.Detail,
	}
	if f.Invariant != check.NoInvariant {
		v.Invariant, v.Expect = f.Invariant.String(), ""
	}
	return v
}

// String returns the violation on one line.
func (v *Violation) String() string {
	text := v.Invariant + v.Expect
	if v.At > 0 {
		text += fmt.Sprintf(" at %.6fs", v.At)
	}
	if v.Node != "" {
		text += " on " + v.Node
	}
	if v.Step != "" {
		text += " after step " + v.Step
	}
	if v.Detail != "" {
		text += ": " + v.Detail
	}
	return text
}

func seconds(nanos int64) float64 { return float64(nanos) / 1e9 }

// report adds up what the workers handed in, in the order of the seeds.
func (c *Campaign) report(all []played) *Report {
	r := &Report{
		Name: c.Scenario.Name, Tier: c.Tier, Mutant: c.Mutant, Verdict: scenarios.Pass,
		Seeds: seedsOf(all), Runs: make([]Run, len(all)), Unmet: []Violation{}, Asked: c.asked(),
		Interrupted: len(all) < c.Count*c.times(),
	}
	if len(all) == 0 {
		r.Verdict, r.Replay = scenarios.Unknown, c.replay(c.First, c.Count)
		return r
	}
	together := scenarios.NewAggregate(c.Scenario)
	worst := 0
	for i := range all {
		p := &all[i]
		r.Runs[i] = runOf(p)
		r.count(p)
		if p.Verdict.WorseThan(r.Verdict) {
			r.Verdict, worst = p.Verdict, i
		}
		together.Add(&p.Counts, p.Offered)
	}
	r.Replay = c.replay(all[worst].Seed, 1)
	if r.Interrupted {
		r.Verdict = r.Verdict.Worst(scenarios.Unknown)
		return r
	}
	// A run that broke something ended there: what it did not come to is no
	// news beside that.
	if r.Seeds > 1 && r.Failed+r.Crashed == 0 {
		for _, f := range together.Unmet() {
			r.Unmet = append(r.Unmet, *ViolationOf(&f))
		}
		if len(r.Unmet) > 0 && r.Verdict == scenarios.Pass {
			r.Verdict, r.Replay = scenarios.Invalid, c.replay(all[0].Seed, r.Seeds)
		}
	}
	return r
}

// seedsOf counts the seeds of runs that are in the order of their seeds.
func seedsOf(all []played) int {
	if len(all) == 0 {
		return 0
	}
	return int(all[len(all)-1].Seed-all[0].Seed) + 1
}

func (r *Report) count(p *played) {
	r.Excused += p.Excused
	if p.repeated {
		r.Repeated++
	}
	switch p.Verdict {
	case scenarios.Pass:
	case scenarios.Fail:
		r.Failed++
	case scenarios.Unknown:
		r.Unknown++
	case scenarios.Invalid:
		r.Invalid++
	case scenarios.Crash:
		r.Crashed++
	default:
		r.Crashed++
	}
}

func lines(text string) []string {
	text = strings.TrimRight(text, "\n")
	if text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}

// Again returns the command that plays a seed of the campaign again.
func (c *Campaign) Again(seed uint64) string { return c.replay(seed, 1) }

// replay returns the command that plays so many seeds again.
func (c *Campaign) replay(seed uint64, seeds int) string {
	words := []string{"bin/drill", "run"}
	if c.Tier != scenarios.SimTier {
		words = append(words, "--tier", string(c.Tier))
	}
	if c.Tape == "" {
		words = append(words, "--seed", fmt.Sprint(seed))
	} else {
		words = append(words, "--tape", scenarios.ShellWord(c.Tape))
	}
	if seeds > 1 {
		words = append(words, "--seeds", fmt.Sprint(seeds))
	}
	if c.Repeat > 1 {
		words = append(words, "--repeat", fmt.Sprint(c.Repeat))
	}
	if c.Mutant != "" {
		words = append(words, "--mutant", c.Mutant)
	}
	if c.Class != "" {
		words = append(words, "--class", c.Class)
	}
	argument := c.Argument
	if argument == "" {
		argument = c.Scenario.Name
	}
	return strings.Join(append(words, scenarios.ShellWord(argument)), " ")
}

// runOf says what came of one seed.
func runOf(p *played) Run {
	if p.told != nil {
		return *p.told
	}
	return Run{
		Seed: p.Seed, Verdict: p.Verdict, Hash: fmt.Sprintf("%016x", p.Hash), Events: p.Events,
		SimSeconds: seconds(p.SimNanos), Violation: ViolationOf(p.Failure), Trace: lines(p.trace),
		Unused: p.Unused, Unnamed: p.Unnamed, Left: p.Left,
	}
}
