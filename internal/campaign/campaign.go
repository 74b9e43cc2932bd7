package campaign

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"fencepost/core/event"
	"fencepost/scenarios"
)

// World plays one scenario, again and again. It is used by one goroutine.
type World interface {
	// Run plays the scenario once under the seed.
	Run(seed uint64) Outcome
	// WriteTrace writes the last n lines of the trace of the last Run, or all
	// that were kept if n is not positive. A line begins with its instant in
	// seconds, such as `  1.250000s`.
	WriteTrace(out io.Writer, n int) error
}

// Rewinder is a World that can play a run again up to an instant. Its trace then
// ends there: a World keeps a bounded part of a run, its end.
type Rewinder interface {
	// RunUntil plays the scenario under the seed until so many nanoseconds of the
	// run have passed.
	RunUntil(seed uint64, instant int64)
}

// Repeater is a World that is told, before a run, which one of its seed that is, from
// 1: what it leaves of several must not take each other's place. A run that is played
// once more because it was invalid stays the same one.
type Repeater interface{ Repetition(n int) }

// Outcome is what came of one run.
type Outcome struct {
	Seed    uint64
	Verdict scenarios.RunVerdict
	// Hash tells two runs apart that did not go the same way.
	Hash uint64
	// Events is how many inputs were taken: by nodes, stores and the broker.
	Events int64
	// SimNanos is how long the run was on its own clock.
	SimNanos int64
	// Failure is what gave the run its verdict; nil if it passed.
	Failure *scenarios.Failure
	// Excused counts violations that the rules excuse.
	Excused int
	// Counts holds how often each event happened.
	Counts [event.Total]int64
	// Offered is how many signals the senders offered.
	Offered int64
	// Left is the directory in which the run left what it was, or "".
	Left string
	// Unused counts the entries of the run's tape that nobody asked for, Unnamed
	// the draws that it did not name.
	Unused, Unnamed int
}

// AllLines asks for whole traces, of every run.
const AllLines = -1

// Campaign is one scenario and the seeds under which it is to be played.
type Campaign struct {
	Scenario *scenarios.Scenario
	Tier     scenarios.Tier
	// Open returns a new world for the scenario. It is called by several
	// goroutines at once.
	Open func() World
	// First is the first seed, Count how many follow each other from it.
	First uint64
	Count int
	// Workers is how many runs go on at once; 0 means one for each core.
	Workers int
	// Repeat is how often each seed is played; 0 means once. The hashes must be
	// equal, unless the runs waver: then each is reported.
	Repeat int
	// Wavers says that the same seed need not run the same way. A run that was
	// invalid is then played once more.
	Wavers bool
	// Timeout bounds one run on the machine's clock. A run that takes longer is a
	// crash; its goroutine is left behind. 0 means no bound.
	Timeout time.Duration
	// Lines is how many lines of the trace the report shows of a run that did not
	// pass, up to what went wrong; AllLines keeps all lines of all runs.
	Lines int
	// Traces is a directory that gets the whole trace of each such run, or "".
	Traces string
	// Progress is the directory that gets each run as it ends, if the runs waver, until
	// the campaign's report is kept there; or "". Resume is one from which the runs of
	// an earlier campaign that was asked for the same, and was not ended, are taken; or
	// "".
	Progress, Resume string
	// Argument is how the caller named the scenario, Mutant what the program was
	// built with, or "": the command that replays a run needs both.
	Argument string
	Mutant   string
	// Class is the broker class that was asked for instead of the file's own, or "".
	Class string
	// Tape is the file that answers what the run leaves to chance, or "".
	Tape string
}

// Run plays all seeds and reports. When the context ends, so does the campaign:
// what was played until then is the report. The error says that a file could not be
// read or written; there is no report then.
func (c *Campaign) Run(ctx context.Context) (*Report, error) {
	if c.Count < 1 {
		return nil, fmt.Errorf("play %s: %d seeds are too few", c.Scenario.Name, c.Count)
	}
	workers := c.Workers
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	played := make([]played, c.Count*c.times())
	known, err := c.recall(played)
	if err != nil {
		return nil, err
	}
	var next atomic.Int64
	next.Store(int64(known))
	var group sync.WaitGroup
	failures := make([]error, min(workers, c.Count))
	for i := range failures {
		group.Go(func() {
			w := worker{campaign: c}
			for ctx.Err() == nil {
				index := int(next.Add(1) - 1)
				if index >= len(played) {
					return
				}
				w.repetition = index%c.times() + 1
				p, err := w.play(c.First + uint64(index/c.times()))
				if failures[i] = err; err != nil || c.cutShort(ctx, &p) {
					return
				}
				if failures[i] = c.note(index, &p); failures[i] != nil {
					return
				}
				played[index] = p
			}
		})
	}
	group.Wait()
	if err := errors.Join(failures...); err != nil {
		return nil, fmt.Errorf("play %s: %w", c.Scenario.Name, err)
	}
	all := begun(played)
	report := c.report(all)
	c.illustrate(report, all)
	return report, nil
}

// cutShort tells whether a run was given up, as the context had ended: runs that
// waver take long, and do not go on to their end then. Their worlds can only say
// that the run broke, which is no news.
func (c *Campaign) cutShort(ctx context.Context, p *played) bool {
	return c.Wavers && p.Verdict == scenarios.Crash && ctx.Err() != nil
}

// begun are the runs up to the first that was not played to its end. They are begun
// in order.
func begun(all []played) []played {
	for i := range all {
		if !all[i].ended {
			return all[:i]
		}
	}
	return all
}

// times is how many runs each seed is reported with.
func (c *Campaign) times() int {
	if c.Wavers {
		return max(c.Repeat, 1)
	}
	return 1
}

// Unplayed is the report of a campaign that was interrupted before its first run.
func (c *Campaign) Unplayed() *Report { return c.report(nil) }

// played is what a worker hands in for one seed.
type played struct {
	Outcome
	ended    bool
	repeated bool
	// silent: the run did not end in time, so nobody may ask for its trace.
	silent bool
	trace  string
	// told is what an earlier campaign reported of it; nil if it was played in this
	// one.
	told *Run
}
