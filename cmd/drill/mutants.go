package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"fencepost/internal/mutants"
	"fencepost/scenarios"
)

// mutantsOptions are the flags of `drill mutants`.
type mutantsOptions struct {
	list     bool
	only     []string
	fast     bool
	json     bool
	markdown bool
	sample   int
	by       string
	clauses  bool
	tier     string

	onlyGiven, sampleGiven bool
}

func newMutants() *cobra.Command {
	o := &mutantsOptions{}
	c := &cobra.Command{
		Use:   "mutants [flags]",
		Short: "Build one deliberate mistake at a time, and show what notices it",
		Long: "Builds the program with one mistake at a time (nothing in the source tree changes) and\n" +
			"plays scenarios, then searches, until a run fails that does not fail without the mistake.\n" +
			"Prints what killed each mutant, after how many runs and how much simulation.\n\n" +
			"With --tier real it builds the service itself, and plays on real processes those mutants\n" +
			"whose file names a run there, one after the other; each has to fail for its own reason, and\n" +
			"the program without a mistake has to pass the same run.\n\n" +
			"The exit code is 1 if a mutant survives that has no written argument why it may.",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			o.onlyGiven, o.sampleGiven = c.Flags().Changed("only"), c.Flags().Changed("sample")
			return o.run(c)
		},
	}
	f := c.Flags()
	f.BoolVar(&o.list, "list", false, "only list the mutants: where each lies, what it breaks, why it tempts")
	f.StringSliceVar(&o.only, "only", nil, "only these mutants")
	f.BoolVar(&o.fast, "fast", false, "give up sooner on each mutant")
	f.BoolVar(&o.json, "json", false, "print one JSON object for each mutant")
	f.BoolVar(&o.markdown, "markdown", false, "print the table of docs/MUTANTS.md")
	f.IntVar(&o.sample, "sample", 0, "only so many mutants, others with each change of the source")
	f.StringVar(&o.by, "by", "", "search in one way only: scenarios, fuzz or explore")
	f.BoolVar(&o.clauses, "clauses", false, "run the tests of core against each of the project's own instead")
	f.StringVar(&o.tier, "tier", string(scenarios.SimTier), "where they are played: sim or real")
	c.MarkFlagsMutuallyExclusive("list", "clauses", "markdown")
	c.MarkFlagsMutuallyExclusive("only", "sample")
	return c
}

// run does what the flags say.
func (o *mutantsOptions) run(c *cobra.Command) error {
	out := c.OutOrStdout()
	chosen, err := o.chosen()
	if err != nil {
		return refuse(err)
	}
	if err := o.checkTier(); err != nil {
		return refuse(err)
	}
	if o.list {
		return listMutants(out, chosen, o.json)
	}
	tree, err := mutants.FindTree()
	if err != nil {
		return refuse(err)
	}
	if o.sample > 0 {
		if chosen, err = tree.Sample(c.Context(), chosen, o.sample); stopped(c.Context(), err) {
			return cutShort(false, "no mutant was chosen yet")
		} else if err != nil {
			return broke(err)
		}
	}
	if o.clauses {
		return clauses(c, tree, chosen)
	}
	if o.tier == string(scenarios.RealTier) {
		return o.killReal(c, tree, chosen)
	}
	search, err := o.search(tree)
	if err != nil {
		return refuse(err)
	}
	return o.kill(c, search, chosen)
}

// kill searches for what kills each mutant, and prints it.
func (o *mutantsOptions) kill(c *cobra.Command, search *mutants.Search, chosen []mutants.Mutant) error {
	var all []*mutants.Result
	out := c.OutOrStdout()
	tell := func(r *mutants.Result) error {
		r.Replay = asCalled(r.Replay)
		all = append(all, r)
		switch {
		case o.markdown:
			fmt.Fprintf(c.ErrOrStderr(), "%s: %s\n", r.Name, r.KilledBy)
			return nil
		case o.json:
			return json.NewEncoder(out).Encode(r)
		default:
			return printResult(out, r)
		}
	}
	err := search.KillAll(c.Context(), chosen, tell)
	halted := stopped(c.Context(), err)
	if halted {
		err = tellAll(mutants.Unsearched(chosen, all), tell)
	}
	if err != nil {
		return broke(err)
	}
	mutants.Order(all)
	switch {
	case o.markdown:
		err = mutants.Markdown(out, all, chosen)
	case !o.json:
		_, err = fmt.Fprintln(out, mutants.Summary(all))
	}
	if err != nil {
		return broke(err)
	}
	survives := slices.ContainsFunc(all, func(r *mutants.Result) bool {
		return r.Survived && r.WhyEquivalent == ""
	})
	switch {
	case halted:
		return cutShort(survives, "not every mutant was searched")
	case survives:
		return verdict(scenarios.Fail)
	}
	return nil
}

// tellAll hands over results, up to the first that cannot be.
func tellAll(all []*mutants.Result, tell func(*mutants.Result) error) error {
	for _, r := range all {
		if err := tell(r); err != nil {
			return err
		}
	}
	return nil
}

// The ways to search.
const (
	byScenarios = "scenarios"
	byFuzz      = mutants.FuzzName
	byExplore   = mutants.ExploreName
)

// search returns the search that the flags describe.
func (o *mutantsOptions) search(tree mutants.Tree) (*mutants.Search, error) {
	fuzz, explore := mutants.Fuzz(200_000, 5*time.Minute), mutants.Explore(20_000_000)
	search := &mutants.Search{Tree: tree}
	if o.fast {
		search.Most, search.Others, search.Wild = 2000, 20, 1000
		fuzz, explore = mutants.Fuzz(20_000, 25*time.Second), mutants.Explore(1_000_000)
	}
	search.Further = []mutants.Further{fuzz, explore}
	switch o.by {
	case "":
	case byScenarios:
		search.Further = nil
	case byFuzz:
		search.NoScenarios, search.Further = true, []mutants.Further{fuzz}
	case byExplore:
		search.NoScenarios, search.Further = true, []mutants.Further{explore}
	default:
		return nil, fmt.Errorf("--by %s: no such search (allowed: %s, %s, %s)", o.by, byScenarios, byFuzz,
			byExplore)
	}
	return search, nil
}

// chosen returns the mutants that the flags name.
func (o *mutantsOptions) chosen() ([]mutants.Mutant, error) {
	switch {
	case o.sampleGiven && o.sample < 1:
		return nil, fmt.Errorf("--sample %d: at least one mutant must be built", o.sample)
	case !o.onlyGiven:
		return mutants.All()
	case len(o.only) == 0:
		return nil, errors.New(`--only "": it names no mutant (drill mutants --list lists them)`)
	}
	var chosen []mutants.Mutant
	for _, name := range o.only {
		found, err := mutants.Find(name)
		if err != nil {
			return nil, fmt.Errorf("--only: %w", err)
		}
		// A mutant is named alone; what masks it is built with it anyway.
		first := found[0]
		if !slices.ContainsFunc(chosen, func(m mutants.Mutant) bool { return m.Name == first.Name }) {
			chosen = append(chosen, first)
		}
	}
	return chosen, nil
}

// printResult writes one line for people, and how to see a survivor.
func printResult(out io.Writer, r *mutants.Result) error {
	name := strings.Join(append([]string{r.Name}, r.With...), "+")
	if r.Interrupted {
		_, err := fmt.Fprintf(out, "unsearched %s (%s)\n", name, r.Site)
		return err
	}
	if r.Survived {
		why := r.WhyEquivalent
		if why == "" {
			why = "nothing noticed it"
		}
		_, err := fmt.Fprintf(out, "SURVIVES %s (%s): %s in %.0f ms; %s\n",
			name, r.Site, scenarios.Plural(r.Runs, "run"), r.SimMS, why)
		return err
	}
	_, err := fmt.Fprintf(out, "killed   %s (%s) by %s, seed %d: %s\n"+
		"         %s, %s in %.1f ms of simulation, built in %.1f s\n",
		name, r.Site, r.KilledBy, r.Seed, r.Broke, scenarios.Plural(r.Runs, "run"),
		scenarios.Plural(r.Events, "event"), r.SimMS, r.BuildMS/1e3)
	return err
}

// listMutants prints what there is, without building anything.
func listMutants(out io.Writer, all []mutants.Mutant, asJSON bool) error {
	type entry struct {
		Name   string             `json:"name"`
		Site   string             `json:"site"`
		Breaks string             `json:"breaks,omitempty"`
		Misses string             `json:"misses,omitempty"`
		With   []string           `json:"with,omitempty"`
		Needs  string             `json:"needs,omitempty"`
		Why    string             `json:"why"`
		Real   string             `json:"real,omitempty"` // the scenario that it fails on real processes
		Fails  []mutants.RealTest `json:"fails,omitempty"`
	}
	for i := range all {
		m := &all[i]
		e := entry{
			Name: m.Name, Site: m.Site(), Misses: m.Misses, With: m.With, Needs: m.Needs, Why: m.Why,
			Fails: m.Fails,
		}
		if m.Real != nil {
			e.Real = m.Real.Scenario
		}
		if m.Misses == "" {
			e.Breaks = m.Breaks.String()
		}
		if asJSON {
			if err := json.NewEncoder(out).Encode(e); err != nil {
				return broke(err)
			}
			continue
		}
		what := e.Breaks
		if what == "" {
			what = "the expectation `" + e.Misses + "`"
		}
		if len(e.With) > 0 {
			what += ", with " + strings.Join(e.With, " and ")
		}
		fmt.Fprintf(out, "%s (%s) breaks %s\n    %s\n", e.Name, e.Site, what, e.Why)
	}
	return nil
}

// clauses runs the tests of core with each mutant in it whose mistake lies in
// core. One that they notice needs no simulator, and counts for little.
func clauses(c *cobra.Command, tree mutants.Tree, chosen []mutants.Mutant) error {
	chosen = slices.DeleteFunc(chosen, func(m mutants.Mutant) bool { return m.Fixed() })
	noticed := 0
	for i := range chosen {
		failing, err := tree.Clauses(c.Context(), chosen[i])
		var not *mutants.NotCore
		switch {
		case errors.As(err, &not):
			fmt.Fprintf(c.OutOrStdout(), "unseen   %s (no edit in core)\n", chosen[i].Name)
		case stopped(c.Context(), err):
			return cutShort(noticed > 0, "%d of %s tried", i, scenarios.Plural(len(chosen), "mutant"))
		case err != nil:
			return broke(err)
		case len(failing) == 0:
			fmt.Fprintf(c.OutOrStdout(), "unseen   %s\n", chosen[i].Name)
		default:
			noticed++
			fmt.Fprintf(c.OutOrStdout(), "NOTICED  %s by %s\n", chosen[i].Name, strings.Join(failing, ", "))
		}
	}
	if noticed > 0 {
		return verdict(scenarios.Fail)
	}
	return nil
}
