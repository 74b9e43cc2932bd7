package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"fencepost/internal/detect"
	"fencepost/scenarios"
)

// detectOptions are the flags of `drill detect`.
type detectOptions struct {
	types            []string
	tier             string
	count, simulated int
	seed             uint64
	json             bool
	svg, doc         string
	resume, out      string
	length           time.Duration
	workers          int
	kinds            []*detect.Kind
}

func newDetect() *cobra.Command {
	o := &detectOptions{}
	c := &cobra.Command{
		Use:   "detect [flags]",
		Short: "Measure how long faults go unnoticed, and that no two leaders overlap",
		Long: "Strikes the leader, or a store, many times with each type of fault, on real processes\n" +
			"and in the simulator, and measures from the history of each run: when the old leader, a\n" +
			"peer and the ledger notice, when somebody else leads, when signals are executed again, and\n" +
			"what lies between the last belief of the old leader and the first of the next.\n\n" +
			"Runs on real processes take real time: with --resume they are kept in a directory as they\n" +
			"end, and those that are there already are not played again. Two leaders that believe at\n" +
			"once, or an effect of the old one after the first of the next, are a failure, and the run\n" +
			"is kept in --out.",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return o.run(c) },
	}
	f := c.Flags()
	f.StringSliceVar(&o.types, "type", nil, "which types of fault (default: all)")
	f.StringVar(&o.tier, "tier", bothTiers, "which engine plays: sim, real or both")
	f.IntVar(&o.count, "count", 100,
		fmt.Sprintf("how many faults of each type on real processes; a run has %d", detect.PerRun))
	f.IntVar(&o.simulated, "sim-count", 1000, "how many in the simulator")
	f.Uint64Var(&o.seed, "seed", 1, "the first seed")
	f.BoolVar(&o.json, "json", false, "print one JSON object")
	f.StringVar(&o.svg, "svg", "", "draw the distributions into this file")
	f.StringVar(&o.doc, "doc", "", "write the tables between the markers of this document")
	f.StringVar(&o.resume, "resume", "", "keep real runs in this directory, and go on from those in it")
	f.StringVar(&o.out, "out", "out", "keep what wrong runs on real processes leave, in this directory")
	f.IntVar(&o.workers, "workers", 1, "how many runs on real processes go on at once")
	f.DurationVar(&o.length, "for", 0, "begin no run on real processes after so long (default: no bound)")
	return c
}

// bothTiers asks for both worlds.
const bothTiers = "both"

// plays tells whether a tier is asked for.
func (o *detectOptions) plays(t scenarios.Tier) bool {
	return o.tier == bothTiers || o.tier == string(t)
}

// check refuses flags that make no sense.
func (o *detectOptions) check() error {
	tiers := []string{string(scenarios.SimTier), string(scenarios.RealTier), bothTiers}
	if !o.plays(scenarios.SimTier) && !o.plays(scenarios.RealTier) {
		return fmt.Errorf("--tier %s: no such tier (allowed: %v)", o.tier, tiers)
	}
	if o.count < 1 || o.simulated < 1 || o.workers < 1 {
		return fmt.Errorf("--count %d, --sim-count %d, --workers %d: at least one is needed", o.count,
			o.simulated, o.workers)
	}
	var err error
	if o.kinds, err = detect.Find(o.types); err != nil {
		return fmt.Errorf("--type: %w", err)
	}
	return detectFits(o.svg, o.doc)
}

// run measures and reports.
func (o *detectOptions) run(c *cobra.Command) error {
	if err := o.check(); err != nil {
		return refuse(err)
	}
	kept, err := detect.OpenKept(o.resume)
	if err != nil {
		return refuse(fmt.Errorf("--resume: %w", err))
	}
	interrupted := false
	if o.plays(scenarios.RealTier) {
		err := o.playReal(c, kept)
		interrupted = stopped(c.Context(), err) || errors.Is(err, errTimeIsUp)
		if err != nil && !interrupted {
			return err
		}
	}
	runs := kept.Runs
	if o.plays(scenarios.SimTier) && !interrupted {
		simulated, err := o.simulate(c.Context())
		if interrupted = stopped(c.Context(), err); err != nil && !interrupted {
			return broke(err)
		}
		runs = append(runs, simulated...)
	}
	report, err := detect.Summarize(o.kinds, runs)
	if err != nil {
		return broke(err)
	}
	report.Interrupted = interrupted
	return o.tell(c, report)
}

// simulate plays every type in the simulator.
func (o *detectOptions) simulate(ctx context.Context) ([]detect.Run, error) {
	var all []detect.Run
	for _, k := range o.kinds {
		runs, err := k.Simulate(ctx, o.seed, (o.simulated+detect.PerRun-1)/detect.PerRun, 0)
		if err != nil {
			return nil, err
		}
		all = append(all, runs...)
	}
	return all, nil
}

// playReal plays every type on real processes, one run at a time, as each is
// timed: what is kept already is not played again.
func (o *detectOptions) playReal(c *cobra.Command, kept *detect.Kept) error {
	if !o.missing(kept) {
		return nil
	}
	if err := writableDir("--out", o.out); err != nil {
		return refuse(err)
	}
	program, remove, err := service(c)
	if err != nil {
		return err
	}
	say := func(text string) { fmt.Fprintln(c.ErrOrStderr(), text) }
	m := &measuring{options: o, kept: kept, say: say, stage: detect.Stage{Program: program, Out: o.out}}
	if o.length > 0 {
		m.due = time.Now().Add(o.length)
	}
	err = m.all(c.Context())
	switch {
	case err == nil, stopped(c.Context(), err), errors.Is(err, errTimeIsUp):
		return tidied(err, remove())
	default:
		return tidied(broke(err), remove())
	}
}

// missing tells whether anything is left to be played on real processes.
func (o *detectOptions) missing(kept *detect.Kept) bool {
	for _, k := range o.kinds {
		if have, _ := kept.Of(k); have < o.count {
			return true
		}
	}
	return false
}

// tell prints the report and writes what is asked for.
func (o *detectOptions) tell(c *cobra.Command, r *detect.Report) error {
	unmeasured := r.Unmeasured()
	if !r.Interrupted && len(unmeasured) == 0 {
		if err := keepDetect(r, o.svg, o.doc); err != nil {
			return broke(err)
		}
	}
	var err error
	if o.json {
		err = json.NewEncoder(c.OutOrStdout()).Encode(r)
	} else {
		_, err = fmt.Fprint(c.OutOrStdout(), r.Table())
	}
	if err != nil {
		return broke(err)
	}
	for i := range r.Wrong {
		v := &r.Wrong[i]
		fmt.Fprintf(c.ErrOrStderr(), "drill: %s\n    %s\n    again: %s\n", v, v.Left(o.out), v.Again())
	}
	if r.Interrupted {
		return cutShort(len(r.Wrong) > 0, "not everything was measured; no file was written")
	}
	for _, what := range unmeasured {
		fmt.Fprintf(c.ErrOrStderr(), "drill: no fault was measured of %s; no file was written\n", what)
	}
	return verdict(r.Verdict())
}

// detectFits tells whether the picture and the document can be written.
func detectFits(svg, doc string) error {
	if err := writable("--svg", svg); err != nil || doc == "" {
		return err
	}
	text, err := os.ReadFile(doc)
	if err != nil {
		return fmt.Errorf("--doc %s: it cannot be read: %w", doc, reason(err))
	}
	if err := detect.Fits(string(text)); err != nil {
		return fmt.Errorf("--doc %s: %w", doc, err)
	}
	return writable("--doc", doc)
}

// keepDetect writes the picture and the document, if they are asked for.
func keepDetect(r *detect.Report, svg, doc string) error {
	var problems []error
	if svg != "" {
		problems = append(problems, os.WriteFile(svg, []byte(r.SVG()), 0o644))
	}
	if doc != "" {
		text, err := os.ReadFile(doc)
		if err != nil {
			return err
		}
		changed, err := r.Within(string(text))
		if err != nil {
			return fmt.Errorf("%s: %w", doc, err)
		}
		problems = append(problems, os.WriteFile(doc, []byte(changed), 0o644))
	}
	return errors.Join(problems...)
}
