package parity

import (
	"context"
	"fmt"
	"io"
	"strings"

	"fencepost/chaos"
	"fencepost/core/history"
	"fencepost/internal/campaign"
	"fencepost/internal/campaign/real"
	"fencepost/scenarios"
	"fencepost/sim"
)

// Options says how a scenario is compared.
type Options struct {
	// First is the first seed on real processes, and Seeds how many there are; the
	// simulator plays as many as the file says, from the same one.
	First uint64
	Seeds int
	// Chaos says how the runs on real processes are made. Its mutant is what this
	// program was built with: both worlds make the mistake.
	Chaos chaos.Options
}

// Side is what one world made of a scenario.
type Side struct {
	Verdict scenarios.RunVerdict `json:"verdict"`
	Seeds   int                  `json:"seeds"`
	// Violation is what was broken first, or nil.
	Violation *campaign.Violation `json:"violation"`
	// Order is that of the first seed's events.
	Order []Said `json:"order"`
	// Replay plays the worst run again.
	Replay string `json:"replay"`
}

// Report is the comparison of one scenario.
type Report struct {
	Name string `json:"name"`
	// Mutant is the mistake that both worlds make, or "".
	Mutant string `json:"mutant,omitempty"`
	Sim    Side   `json:"sim"`
	Real   Side   `json:"real"`
	// Agree tells whether both worlds have the same verdict.
	Agree bool `json:"agree"`
	// Alike tells whether both fail in the same way: they break the same invariant,
	// or miss the same expectation.
	Alike bool `json:"alike"`
	// FirstDivergence is where the orders of events part, or nil.
	FirstDivergence *Divergence `json:"first_divergence"`
}

// Verdict is pass where the worlds agree, and else fail; where one of them says
// nothing, neither does the comparison.
func (r *Report) Verdict() scenarios.RunVerdict {
	worst := scenarios.Pass
	for _, side := range []*Side{&r.Sim, &r.Real} {
		if side.Verdict != scenarios.Fail {
			worst = worst.Worst(side.Verdict)
		}
	}
	if worst == scenarios.Pass && !r.Agree {
		return scenarios.Fail
	}
	return worst
}

// Compare plays the scenario in both worlds. The error is a campaign.Refusal
// where one of them cannot do what the file asks for.
func Compare(ctx context.Context, s *scenarios.Scenario, argument string, o Options) (*Report, error) {
	program, err := sim.Compile(s)
	if err != nil {
		return nil, err
	}
	open, err := campaign.Simulated(s)
	if err != nil {
		return nil, err
	}
	full := s.WithDefaults()
	first, count := o.First, full.Run.Seeds.Sim
	if full.Run.Seed != 0 {
		first, count, o.Seeds = full.Run.Seed, 1, 1 // a pinned failure is played as it is
	}
	heard := &[]history.Record{}
	processes := campaign.Campaign{
		Scenario: s, Tier: scenarios.RealTier, First: first, Count: o.Seeds, Workers: 1, Wavers: true,
		Timeout: chaos.Timeout(s), Argument: argument, Mutant: o.Chaos.Mutant,
	}
	worlds, err := real.Worlds(ctx, s, o.staging(&processes))
	if err != nil {
		return nil, err
	}
	processes.Open = listening(worlds, heard)
	report := &Report{Name: s.Name, Mutant: o.Chaos.Mutant}
	simulated := campaign.Campaign{
		Scenario: s, Tier: scenarios.SimTier, Open: open, First: first, Count: count,
		Timeout: campaign.Timeout(s), Argument: argument, Mutant: o.Chaos.Mutant,
	}
	if report.Sim, err = play(ctx, &simulated); err != nil {
		return nil, err
	}
	if report.Sim.Verdict != scenarios.Crash { // what broke once breaks again
		report.Sim.Order = orderOf(simulatedHistory(program, first))
	}
	if report.Real, err = play(ctx, &processes); err != nil {
		return nil, err
	}
	report.Real.Order = orderOf(*heard)
	report.Agree = report.Sim.Verdict == report.Real.Verdict
	report.Alike = report.alike()
	report.FirstDivergence = firstDivergence(report.Sim.Order, report.Real.Order)
	return report, nil
}

// staging says how the campaign is played on real processes. What a run leaves names
// the command that is printed for it.
func (o *Options) staging(c *campaign.Campaign) chaos.Options {
	made := o.Chaos
	made.Again = c.Again
	return made
}

// alike tells whether both worlds fail in the same way.
func (r *Report) alike() bool {
	return r.Agree && r.Sim.Verdict == scenarios.Fail && way(r.Sim.Violation) == way(r.Real.Violation)
}

// way is in which way a run failed.
func way(v *campaign.Violation) string {
	if v == nil {
		return ""
	}
	word, _, _ := strings.Cut(v.Expect, ":")
	return v.Invariant + word
}

// play makes a campaign's side. One that was interrupted has none.
func play(ctx context.Context, c *campaign.Campaign) (Side, error) {
	report, err := c.Run(ctx)
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return Side{}, err
	}
	side := Side{Verdict: report.Verdict, Seeds: report.Seeds, Replay: report.Replay}
	for i := range report.Runs {
		if report.Runs[i].Verdict == report.Verdict {
			side.Violation = report.Runs[i].Violation
			break
		}
	}
	if side.Violation == nil && len(report.Unmet) > 0 {
		side.Violation = &report.Unmet[0]
	}
	return side, nil
}

// simulatedHistory plays one seed again and returns what was seen.
func simulatedHistory(p *sim.Program, seed uint64) []history.Record {
	var records []history.Record
	w := sim.NewWorld(p)
	w.Listen(func(r history.Record) { records = append(records, r) })
	w.Run(seed)
	return records
}

// historian is a world that can tell what was seen in its last run.
type historian interface{ History() []history.Record }

// listening opens worlds of which the first run's history is kept.
func listening(open func() campaign.World, heard *[]history.Record) func() campaign.World {
	return func() campaign.World { return &listener{World: open(), heard: heard} }
}

type listener struct {
	campaign.World
	heard *[]history.Record
}

// Run plays the scenario once.
func (l *listener) Run(seed uint64) campaign.Outcome {
	outcome := l.World.Run(seed)
	if told, ok := l.World.(historian); ok && len(*l.heard) == 0 {
		*l.heard = told.History()
	}
	return outcome
}

// Render writes the report for people.
func (r *Report) Render(out io.Writer) {
	word, name := "agree", r.Name
	if !r.Agree {
		word = "DIFFER"
	}
	if r.Mutant != "" {
		name += " [" + r.Mutant + "]"
	}
	fmt.Fprintf(out, "%-7s %s: the simulator says %s (%s), real processes say %s (%s)\n", word, name,
		r.Sim.Verdict, scenarios.Plural(r.Sim.Seeds, "seed"),
		r.Real.Verdict, scenarios.Plural(r.Real.Seeds, "seed"))
	for _, side := range []*Side{&r.Sim, &r.Real} {
		if side.Violation != nil {
			fmt.Fprintf(out, "    %s\n    replay: %s\n", side.Violation, side.Replay)
		}
	}
	if r.Agree && r.Sim.Verdict == scenarios.Fail {
		how := "in different ways"
		if r.Alike {
			how = "in the same way"
		}
		fmt.Fprintf(out, "    both fail, %s\n", how)
	}
	if d := r.FirstDivergence; d != nil {
		const text = "    the orders of events part after %s: %s in the simulator, %s on real processes\n"
		fmt.Fprintf(out, text,
			scenarios.Plural(d.After, "event"), d.Sim, d.Real)
	}
}

// String tells of the event and its instant.
func (s *Said) String() string {
	switch {
	case s == nil:
		return "nothing more"
	case s.Who == "":
		return fmt.Sprintf("%s at %.3fs", s.Event, s.At)
	default:
		return fmt.Sprintf("%s of %s at %.3fs", s.Event, s.Who, s.At)
	}
}
