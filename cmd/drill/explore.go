package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"fencepost/internal/crew"
	"fencepost/internal/mutants"
	"fencepost/internal/mutants/errand"
	"fencepost/scenarios"
	"fencepost/sim/explore"
)

// exploreOptions are the flags of `drill explore`.
type exploreOptions struct {
	explore.Config
	kinds  string
	json   bool
	mutant string
}

func newExplore() *cobra.Command {
	o := &exploreOptions{}
	c := &cobra.Command{
		Use:   "explore [flags]",
		Short: "Enumerate every order of events and every choice of faults in a small world",
		Long: "Searches all states that a few nodes and signals can reach with at most so many faults, on\n" +
			"the production core, and judges each: first without faults, then with one, and so on. Prints\n" +
			"what was searched, and the shortest way to a broken invariant or the line that there is " +
			"none.\nAn interrupt ends the search with what was searched so far, which proves nothing.\n\n" +
			"Faults: " + strings.Join(explore.Kinds(), ", ") + ".",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return o.run(c) },
	}
	f := c.Flags()
	f.IntVar(&o.Nodes, "nodes", 2, "how many nodes: 2 or 3")
	f.IntVar(&o.Signals, "signals", 1, "how many signals come, at any time: 0 to 2")
	f.IntVar(&o.Faults, "faults", 1, "the most faults that strike, at any time: 0 to 4")
	f.IntVar(&o.Depth, "depth", 0, "the most steps one after the other (0: no bound)")
	f.IntVar(&o.Limit, "limit", 0, "the most states (0: no bound)")
	f.StringVar(&o.Class, "class", "D", "the broker's class: A, B, C or D")
	f.StringVar(&o.kinds, "kinds", strings.Join(explore.UsualKinds(), ","), "which faults strike")
	f.BoolVar(&o.NoReduction, "no-reduction", false, "tell nodes by name, and order what needs no order")
	f.BoolVar(&o.AnyOrder, "any-order", false, "let what one node has sent be carried out in any order")
	f.BoolVar(&o.json, "json", false, "print one JSON object")
	f.StringVar(&o.mutant, "mutant", "", "search a program with this mistake in it; a+b makes both")
	return c
}

// run searches and prints what was found.
func (o *exploreOptions) run(c *cobra.Command) error {
	o.Kinds = strings.Split(o.kinds, ",")
	if err := o.Validate(); err != nil {
		return refuse(err)
	}
	report, err := o.search(c)
	if err != nil {
		return err
	}
	if o.json {
		err = json.NewEncoder(c.OutOrStdout()).Encode(report)
	} else {
		err = printSearch(c.OutOrStdout(), report)
	}
	switch {
	case err != nil:
		return broke(err)
	case report.Violation != nil:
		return verdict(scenarios.Fail)
	case report.Interrupted, o.Limit > 0 && !report.Complete:
		return verdict(scenarios.Unknown) // the search gave up; it proves nothing
	}
	return nil
}

// search looks through this program, or through a runner that is built with the
// mutant's mistake in it.
func (o *exploreOptions) search(c *cobra.Command) (*explore.Report, error) {
	report := &explore.Report{}
	if o.mutant == "" {
		began := time.Now()
		o.Share = crew.Share(0)
		o.Clock = func() time.Duration { return time.Since(began) }
		o.Stop = func() bool { return c.Context().Err() != nil }
		o.Progress = progressOf(c.ErrOrStderr(), o.Clock)
		var err error
		if *report, err = explore.Search(o.Config); err != nil {
			return nil, refuse(err)
		}
		return report, nil
	}
	_, runner, err := mutated(c.Context(), o.mutant)
	if err != nil {
		return nil, err
	}
	err = mutants.Ask(c.Context(), runner, errand.Explore, o.mutant, o.Config, report, c.ErrOrStderr())
	return report, ofRunner(c.Context(), err)
}

// progressOf writes a line every few seconds.
func progressOf(to io.Writer, clock func() time.Duration) func(faults, depth, states int) {
	const every = 5 * time.Second
	next := every
	return func(faults, depth, states int) {
		if now := clock(); now >= next {
			next = now + every
			fmt.Fprintf(to, "… <= %s, depth %d: %s, %.0f states/s\n", explore.Count(faults, "fault"),
				depth, explore.Count(states, "state"), float64(states)/now.Seconds())
		}
	}
}

// printSearch writes a report for people.
func printSearch(out io.Writer, r *explore.Report) error {
	var b strings.Builder
	for _, budget := range r.Budgets {
		end := "complete"
		if !budget.Complete {
			end = "not complete"
		}
		fmt.Fprintf(&b, "<= %s: %s, depth %d, %.1f s, %s\n", explore.Count(budget.Faults, "fault"),
			explore.Count(budget.States, "state"), budget.Depth, budget.Seconds, end)
	}
	fmt.Fprintf(&b, "%.0f states/s, %.1f bytes for each visited state, %.1f more for those that waited\n",
		r.StatesPerSecond, r.BytesPerState, r.FrontierBytesPerState)
	if v := r.Violation; v != nil {
		fmt.Fprintf(&b, "%s is broken with %s, after %s: %s\n", v.Invariant,
			explore.Count(v.Faults, "fault"), explore.Count(len(v.Steps), "step"), v.Detail)
		for _, step := range v.Steps {
			b.WriteString("  " + step + "\n")
		}
	}
	b.WriteString(r.Proof + "\n")
	_, err := io.WriteString(out, b.String())
	return err
}
