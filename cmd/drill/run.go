package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"fencepost/internal/campaign"
	"fencepost/internal/junit"
	"fencepost/internal/mutants"
	"fencepost/internal/mutants/errand"
	"fencepost/scenarios"
)

// traceLines is how much of a trace is shown with a failure.
const traceLines = 20

// runOptions are the flags of `drill run`.
type runOptions struct {
	tier   string
	seed   uint64
	seeds  int
	repeat int
	json   bool
	trace  bool
	mutant string
	out    string
	resume string
	tape   string
	record string
	junit  string
	class  string
	keep   bool
	built  string           // the mutant that this very program was built with
	taping *campaign.Taping // nil without a tape

	seedGiven, seedsGiven, mutantGiven bool
}

// assignment is one scenario that is to be played.
type assignment struct {
	scenario *scenarios.Scenario
	argument string
	open     func() campaign.World
}

func newRun() *cobra.Command {
	o := &runOptions{}
	c := &cobra.Command{
		Use:   "run [flags] FILE|NAME…",
		Short: "Play scenarios under many seeds and judge each run",
		Long: "Plays each scenario under its own number of seeds, on all cores, and prints a verdict for\n" +
			"each file: pass, fail, unknown, invalid or crash. The exit code is that of the worst.\n\n" +
			"--seed S alone plays that seed; --seeds N plays 1…N; both play S…S+N-1.\n\n" +
			"--class plays a file at a broker of another class; steps and expectations may say for\n" +
			"which classes they are meant.\n\n" +
			"An interrupt ends it with what was played so far: unknown, unless something failed.\n\n" +
			"A tape is what a run leaves to chance, one draw a line. --record-tape writes that of one\n" +
			"run, --tape plays one again; draws that do not match are counted and reported, and a run\n" +
			"that asks for none of them is invalid. A name that no draw has is refused.",
		Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			o.seedGiven, o.seedsGiven = c.Flags().Changed("seed"), c.Flags().Changed("seeds")
			o.mutantGiven = c.Flags().Changed("mutant")
			return o.run(c, args)
		},
	}
	f := c.Flags()
	f.StringVar(&o.tier, "tier", string(scenarios.SimTier), "which engine plays: sim or real")
	f.Uint64Var(&o.seed, "seed", 1, "the first seed")
	f.IntVar(&o.seeds, "seeds", 0, "how many seeds (default: the file's run.seeds; 1 with --seed)")
	f.IntVar(&o.repeat, "repeat", 1, "play each seed so often; the simulator must make one hash of it")
	f.BoolVar(&o.json, "json", false, "print one JSON object for each file")
	f.BoolVar(&o.trace, "trace", false, "print the trace of every run, the last 8192 lines of it")
	f.StringVar(&o.mutant, "mutant", "", "play against a program with this mistake in it; a+b makes both")
	f.StringVar(&o.out, "out", "", "write each report, and the trace of each failure, into this directory")
	f.StringVar(&o.junit, "junit", "", "write the verdict of each run into this file, as JUnit's XML")
	f.StringVar(&o.resume, "resume", "", "skip what this directory reports on; without --out, write there")
	f.StringVar(&o.tape, "tape", "", "play one run with the draws of this file instead of a seed's")
	f.StringVar(&o.class, "class", "", "play at a broker of this class, A to D, instead of the file's own")
	f.BoolVar(&o.keep, "keep", false, "with --tier real: keep what every run leaves, in --out or out/")
	f.StringVar(&o.built, "built-with", "", "the mutant that this program was built with")
	if err := f.MarkHidden("built-with"); err != nil {
		panic(err)
	}
	f.StringVar(&o.record, "record-tape", "", "write every draw of the run to this file (one run only)")
	return c
}

// run plays the scenarios one after the other; the seeds of one share the cores.
func (o *runOptions) run(c *cobra.Command, args []string) error {
	if err := o.check(); err != nil {
		return refuse(err)
	}
	if err := writableReport("--junit", o.junit); err != nil {
		return refuse(err)
	}
	if o.real() && o.mutant != "" {
		return o.runMutated(c.Context(), c, args)
	}
	open, tidy, err := o.openerFor(c)
	if err != nil {
		return err
	}
	return tidied(o.playAll(c, args, open), tidy())
}

// real tells whether real processes are asked for.
func (o *runOptions) real() bool { return scenarios.Tier(o.tier) == scenarios.RealTier }

// openerFor returns what opens the worlds of the tier, and what tidies up.
func (o *runOptions) openerFor(c *cobra.Command) (opener, func() error, error) {
	if o.real() {
		return o.realOpener(c)
	}
	open, err := o.opener()
	return open, func() error { return nil }, err
}

// playAll plays every scenario and prints what came of it.
func (o *runOptions) playAll(c *cobra.Command, args []string, open opener) (ended error) {
	work, err := assign(args, o.class, open)
	if err != nil {
		return err
	}
	if err := o.checkTaping(work); err != nil {
		return refuse(err)
	}
	if err := o.prepareOut(); err != nil {
		return refuse(err)
	}
	kept := junit.Report{Name: "drill run"}
	defer func() { ended = keepReport(o.junit, &kept, ended) }()
	play, err := o.player(c)
	if err != nil && !stopped(c.Context(), err) {
		for _, a := range work {
			kept.Suites = append(kept.Suites, o.suiteOfBroken(a, err))
		}
		return err
	}
	worst, left := scenarios.Pass, 0
	for _, a := range work {
		report, err := o.report(c.Context(), a, play)
		if err != nil {
			kept.Suites = append(kept.Suites, o.suiteOfBroken(a, err))
			return err
		}
		worst = worst.Worst(report.Verdict)
		if report.Interrupted {
			left++
		}
		kept.Suites = append(kept.Suites, suiteOf(report))
		if err := o.print(c.OutOrStdout(), report); err != nil {
			return broke(err)
		}
	}
	if left > 0 {
		return &exit{worst.ExitCode(), fmt.Sprintf("drill: interrupted: %d of %s not played to the end\n",
			left, scenarios.Plural(len(work), "scenario"))}
	}
	if err := o.keepTape(); err != nil {
		return broke(err)
	}
	return verdict(worst)
}

// suiteOfBroken is the suite of a scenario that could not be played.
func (o *runOptions) suiteOfBroken(a assignment, why error) junit.Suite {
	return suiteOfNone(o.tier, a.scenario.Name, scenarios.Crash, why.Error())
}

// check refuses flags that make no sense.
func (o *runOptions) check() error {
	switch scenarios.Tier(o.tier) {
	case scenarios.SimTier:
	case scenarios.RealTier:
		if err := o.checkReal(); err != nil {
			return err
		}
	default:
		tiers := []string{string(scenarios.SimTier), string(scenarios.RealTier)}
		text := fmt.Sprintf("--tier %s: no such tier", o.tier)
		if near := scenarios.Nearest(o.tier, tiers); near != "" {
			text += "; did you mean " + near + "?"
		}
		return errors.New(text + " (allowed: " + strings.Join(tiers, ", ") + ")")
	}
	if o.seedsGiven && o.seeds < 1 {
		return fmt.Errorf("--seeds %d: at least one seed must be played", o.seeds)
	}
	if o.mutantGiven && o.mutant == "" {
		return errNoMutant
	}
	if o.repeat < 1 {
		return fmt.Errorf("--repeat %d: each seed must be played at least once", o.repeat)
	}
	return nil
}

// assign reads and compiles all scenarios before the first one is played, so
// that a typo in the last file does not cost the time of the others.
func assign(args []string, class string, opened opener) ([]assignment, error) {
	var work []assignment
	var refused strings.Builder
	from := map[string]string{}
	for _, arg := range args {
		s, err := scenarios.Find(arg)
		if err == nil && class != "" {
			s, err = s.WithClass(scenarios.BrokerClass(class))
		}
		var open func() campaign.World
		if err == nil {
			open, err = opened(s, arg)
		}
		if err != nil {
			refused.WriteString(refuse(err).text)
			continue
		}
		if before, twice := from[s.Name]; twice {
			fmt.Fprintf(&refused, "drill: %s and %s are both called %s\n", before, arg, s.Name)
			continue
		}
		from[s.Name] = arg
		work = append(work, assignment{s, arg, open})
	}
	if refused.Len() > 0 {
		return nil, &exit{scenarios.ExitRefused, refused.String()}
	}
	return work, nil
}

// prepareOut makes the directory for reports, and tells whether what is asked for
// can be written.
func (o *runOptions) prepareOut() error {
	flag := "--out"
	if o.out == "" {
		flag, o.out = "--resume", o.resume
	}
	if err := writableDir(flag, o.out); err != nil {
		return err
	}
	return writable("--record-tape", o.record)
}

// report returns the report of one scenario: the one that was kept, or that of
// a campaign. After an interrupt it is one without a run.
func (o *runOptions) report(ctx context.Context, a assignment, play player) (*campaign.Report, error) {
	plan := o.plan(a, 0)
	if o.resume != "" {
		kept, err := plan.Kept(o.resume)
		if err != nil {
			return nil, broke(err)
		}
		if kept != nil {
			return kept, nil
		}
	}
	if ctx.Err() != nil {
		return plan.Unplayed(), nil
	}
	report, err := play(a)
	if stopped(ctx, err) {
		return plan.Unplayed(), nil
	}
	if err != nil {
		return nil, err
	}
	report.Replay = asCalled(report.Replay)
	if o.out != "" {
		if err := report.Keep(o.out); err != nil {
			return nil, broke(err)
		}
	}
	return report, nil
}

// player plays one scenario. Its errors are exits.
type player func(a assignment) (*campaign.Report, error)

// player returns what plays: this program, or a runner that is built with the
// mutant's mistake in it.
func (o *runOptions) player(c *cobra.Command) (player, error) {
	lines := traceLines
	if o.trace {
		lines = campaign.AllLines
	}
	if o.mutant != "" && !o.real() {
		return o.mutated(c, lines)
	}
	return func(a assignment) (*campaign.Report, error) {
		plan := o.plan(a, lines)
		report, err := plan.Run(c.Context())
		if err != nil {
			return nil, broke(err)
		}
		return report, nil
	}, nil
}

// plan is the campaign of one scenario.
func (o *runOptions) plan(a assignment, lines int) campaign.Campaign {
	first, count := o.seedRange(a.scenario)
	plan := campaign.Campaign{
		Scenario: a.scenario, Tier: scenarios.SimTier, Open: a.open, First: first, Count: count,
		Repeat: o.repeat, Lines: lines, Traces: o.out, Timeout: campaign.Timeout(a.scenario),
		Argument: a.argument, Mutant: o.mutant, Tape: o.tape, Class: o.class,
	}
	if o.real() {
		o.planReal(&plan)
		plan.Mutant = o.built
	}
	return plan
}

// mutated builds the runner, once for all scenarios.
func (o *runOptions) mutated(c *cobra.Command, lines int) (player, error) {
	tree, runner, err := mutated(c.Context(), o.mutant)
	if err != nil {
		return nil, err
	}
	return func(a assignment) (*campaign.Report, error) {
		first, count := o.seedRange(a.scenario)
		report, err := mutants.Play(c.Context(), runner, o.mutant, errand.RunOptions{
			Scenario: tree.Scenario(a.argument), Argument: a.argument, First: first, Count: count,
			Repeat: o.repeat, Lines: lines, Traces: o.out, Class: o.class,
		})
		return report, ofRunner(c.Context(), err)
	}, nil
}

// seedRange returns the first seed and how many there are. A file that pins its
// seed is played under that one.
func (o *runOptions) seedRange(s *scenarios.Scenario) (first uint64, count int) {
	full := s.WithDefaults()
	first, count = 1, full.Run.Seeds.Sim
	if o.real() {
		count = full.Run.Seeds.Real
	}
	if o.taping != nil && o.taping.From != nil {
		return o.taping.From.Seed, 1
	}
	if full.Run.Seed != 0 {
		first, count = full.Run.Seed, 1
	}
	if o.seedGiven {
		first, count = o.seed, 1
	}
	if o.seedsGiven {
		count = o.seeds
	}
	return first, count
}

// print writes a report, for programs or for people.
func (o *runOptions) print(out io.Writer, report *campaign.Report) error {
	if o.json {
		return json.NewEncoder(out).Encode(report)
	}
	if o.trace {
		for i := range report.Runs {
			run := &report.Runs[i]
			fmt.Fprintf(out, "%s, seed %d\n", report.Name, run.Seed)
			for _, line := range run.Trace {
				fmt.Fprintln(out, line)
			}
			run.Trace = nil
		}
	}
	report.Render(out)
	if o.out != "" && report.Verdict != scenarios.Pass {
		fmt.Fprintf(out, "    report: %s\n",
			filepath.Join(o.out, campaign.ReportName(report.Name, report.Mutant)))
	}
	return nil
}
