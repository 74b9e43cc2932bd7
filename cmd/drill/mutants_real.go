package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"fencepost/internal/mutants"
	"fencepost/scenarios"
)

// checkTier refuses a tier that is none, and what only the simulator can do.
func (o *mutantsOptions) checkTier() error {
	switch scenarios.Tier(o.tier) {
	case scenarios.SimTier:
		return nil
	case scenarios.RealTier:
	default:
		return fmt.Errorf("--tier %s: no such tier (allowed: sim, real)", o.tier)
	}
	if o.by != "" || o.fast || o.clauses {
		return errors.New("--tier real: --by, --fast and --clauses are for the simulator; " +
			"on real processes each mutant has one run")
	}
	return nil
}

// killReal plays mutants on real processes, one after the other, each in the run
// that its file names; a scenario that the program as it is does not pass is a
// failure too.
func (o *mutantsOptions) killReal(c *cobra.Command, tree mutants.Tree, chosen []mutants.Mutant) error {
	listed := mutants.OnReal(chosen)
	if o.onlyGiven && len(listed) < len(chosen) {
		return refuse(errors.New("--tier real: not every one of --only names a run on real processes " +
			"(`real` in its file)"))
	}
	var all []*mutants.RealResult
	failed := false
	sound := map[string]string{}
	for i := range listed {
		m := &listed[i]
		run := fmt.Sprintf("%s, seed %d", m.Real.Scenario, m.Real.Seed)
		why, known := sound[run]
		if !known {
			var err error
			why, err = tree.PassesReal(c.Context(), m.Real.RealPlay, "")
			if stopped(c.Context(), err) {
				return cutShort(failed, "%d of %s played", i, scenarios.Plural(len(listed), "mutant"))
			} else if err != nil {
				return broke(err)
			}
			sound[run] = why
		}
		if why != "" {
			failed = true
			fmt.Fprintf(c.ErrOrStderr(), "%s: the program without a mistake does not pass: %s\n", run, why)
		}
		r, err := tree.KillReal(c.Context(), *m, "")
		if stopped(c.Context(), err) {
			return cutShort(failed, "%d of %s played", i, scenarios.Plural(len(listed), "mutant"))
		} else if err != nil {
			return broke(err)
		}
		all, failed = append(all, r), failed || r.Survived
		r.Replay = asCalled(r.Replay)
		if err := o.printReal(c, r); err != nil {
			return broke(err)
		}
	}
	if err := o.concludeReal(c.OutOrStdout(), all, chosen); err != nil {
		return broke(err)
	}
	if failed {
		return verdict(scenarios.Fail)
	}
	return nil
}

// printReal writes what came of one mutant.
func (o *mutantsOptions) printReal(c *cobra.Command, r *mutants.RealResult) error {
	out := c.OutOrStdout()
	var err error
	switch {
	case o.markdown:
		_, err = fmt.Fprintf(c.ErrOrStderr(), "%s: %s\n", r.Name, r.KilledBy+r.Why)
	case o.json:
		err = json.NewEncoder(out).Encode(r)
	case r.Survived:
		_, err = fmt.Fprintf(out, "SURVIVES %s (%s): %s\n         again: %s\n", r.Name, r.Site, r.Why,
			r.Replay)
	default:
		_, err = fmt.Fprintf(out, "killed   %s (%s) by %s, seed %d: %s\n"+
			"         %s, %.1f s, built in %.1f s\n",
			r.Name, r.Site, r.KilledBy, r.Seed, r.Broke, scenarios.Plural(r.Runs, "run"), r.Seconds,
			r.BuildSeconds)
	}
	return err
}

// concludeReal writes what came of all.
func (o *mutantsOptions) concludeReal(
	out io.Writer, all []*mutants.RealResult, chosen []mutants.Mutant,
) error {
	switch {
	case o.markdown:
		return mutants.MarkdownReal(out, all, chosen)
	case o.json:
		return nil
	default:
		_, err := fmt.Fprintln(out, mutants.SummaryReal(all))
		return err
	}
}
