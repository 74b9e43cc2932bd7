package fuzz

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"fencepost/core/check"
	"fencepost/scenarios"
	"fencepost/sim"
)

// Run plays a campaign until its seeds are through, its time is over or the
// context ends; what was played until then is the summary. Lines about its
// progress go to the writer, which may be nil. The error says that the options
// make no sense or that a scenario could not be written.
func Run(ctx context.Context, o Options, progress io.Writer) (*Summary, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	if o.Keep == 0 {
		o.Keep = DefaultKeep
	}
	if o.Workers == 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	if o.Stop || o.Trace {
		o.Workers = 1
	}
	if o.Out != "" {
		if err := os.MkdirAll(o.Out, 0o755); err != nil {
			return nil, fmt.Errorf("make the directory for scenarios: %w", err)
		}
	}
	bounded, stop := ctx, context.CancelFunc(func() {})
	if o.For > 0 {
		bounded, stop = context.WithTimeout(ctx, o.For)
	}
	defer stop()
	c := &campaign{options: o, began: time.Now(), sum: newSummary()}
	finished := c.report(progress)
	var group sync.WaitGroup
	for range o.Workers {
		group.Go(func() { c.work(bounded) })
	}
	group.Wait()
	finished()
	c.interrupted(ctx, bounded)
	return c.conclude()
}

// Unplayed is the summary of a campaign that was interrupted before its first
// run.
func Unplayed(o Options) *Summary {
	s := newSummary()
	s.Mutant, s.Campaign = o.Mutant, o.plan()
	s.interrupt()
	return s
}

// interrupt notes that not all was played that was asked for.
func (s *Summary) interrupt() {
	s.Interrupted = true
	s.Gaps = append(s.Gaps, "interrupted after "+scenarios.Plural(s.Runs, "run"))
}

// interrupted notes whether the campaign's context ended before the campaign
// did: by its time, which bounds the other context, by its seeds, or by the
// failure at which it was to stop.
func (c *campaign) interrupted(ctx, bounded context.Context) {
	timeOver := errors.Is(bounded.Err(), context.DeadlineExceeded)
	_, left := c.options.seed(c.sum.Runs)
	if ctx.Err() != nil && !timeOver && left && !c.over.Load() {
		c.sum.interrupt()
	}
}

// campaign is one under way.
type campaign struct {
	options Options
	began   time.Time
	next    atomic.Uint64
	over    atomic.Bool

	lock  sync.Mutex
	sum   *Summary
	hits  sim.Marks
	nanos int64
	// broken is what each listed failure broke.
	broken map[uint64]check.Invariant
}

// handIn is after how many runs a worker hands its counts in.
const handIn = 16

// work plays seeds until there are none.
func (c *campaign) work(ctx context.Context) {
	var p player
	t := tally{}
	for ctx.Err() == nil && !c.over.Load() {
		seed, ok := c.options.seed(c.next.Add(1) - 1)
		if !ok {
			break
		}
		result := p.play(seed)
		t.add(&result)
		switch result.Verdict {
		case scenarios.Fail, scenarios.Crash:
			c.fail(&result)
		case scenarios.Unknown:
			c.doubt(&result)
		case scenarios.Pass, scenarios.Invalid:
		default:
		}
		if result.Verdict == scenarios.Crash {
			p.world = nil // nobody knows in which state the panic left it
		}
		if t.runs == handIn {
			c.take(&t)
		}
	}
	c.take(&t)
	if c.options.Trace {
		c.sum.Trace = p.trace()
	}
}

// tally is what a worker has counted and not yet handed in.
type tally struct {
	runs, events, failed, crashed, undecided, idle, excused uint64

	nanos int64
	hits  sim.Marks
}

// add counts a run.
func (t *tally) add(r *sim.Result) {
	t.runs++
	t.events += uint64(r.Events)
	t.excused += uint64(r.Excused)
	t.nanos += r.SimNanos
	t.hits.Add(&r.Marks)
	switch r.Verdict {
	case scenarios.Pass:
	case scenarios.Fail:
		t.failed++
	case scenarios.Unknown:
		t.undecided++
	case scenarios.Invalid:
		t.idle++
	case scenarios.Crash:
		t.crashed++
	default:
		t.crashed++
	}
}

// take adds a worker's counts to the sum and empties them.
func (c *campaign) take(t *tally) {
	c.lock.Lock()
	defer c.lock.Unlock()
	c.sum.Runs += t.runs
	c.sum.Events += t.events
	c.sum.Failed += t.failed
	c.sum.Crashed += t.crashed
	c.sum.Undecided += t.undecided
	c.sum.Idle += t.idle
	c.sum.Excused += t.excused
	c.nanos += t.nanos
	c.hits.Add(&t.hits)
	*t = tally{}
}

// fail lists a run that broke something, if its seed is among the lowest.
func (c *campaign) fail(r *sim.Result) {
	c.lock.Lock()
	defer c.lock.Unlock()
	if c.broken == nil {
		c.broken = map[uint64]check.Invariant{}
	}
	c.broken[r.Seed] = r.Failure.Invariant
	c.sum.Failures = lowest(append(c.sum.Failures, failureOf(r)), c.options.Keep)
	if c.options.Stop {
		c.over.Store(true)
	}
}

// doubt lists a run that a checker gave up on, if its seed is among the lowest.
func (c *campaign) doubt(r *sim.Result) {
	c.lock.Lock()
	defer c.lock.Unlock()
	f := failureOf(r)
	f.Repro = repro(r.Seed, "", c.options.Mutant)
	c.sum.Doubts = lowest(append(c.sum.Doubts, f), c.options.Keep)
}

// conclude makes the summary.
func (c *campaign) conclude() (*Summary, error) {
	s := c.sum
	s.Mutant, s.Campaign = c.options.Mutant, c.options.plan()
	s.SimSeconds = float64(c.nanos) / 1e9
	s.WallSeconds = time.Since(c.began).Seconds()
	s.addMarks(&c.hits)
	for i := range s.Failures {
		f, file := &s.Failures[i], ""
		if c.options.Out != "" {
			var err error
			if file, err = keep(c.options.Out, f.Seed, c.broken[f.Seed], s.Mutant); err != nil {
				return nil, err
			}
		}
		f.Repro = repro(f.Seed, file, s.Mutant)
	}
	s.judge()
	return s, nil
}

// reportEvery is the time between two lines of progress.
const reportEvery = 3 * time.Second

// report writes a line every few seconds until the function that it returns is
// called.
func (c *campaign) report(to io.Writer) func() {
	if to == nil {
		return func() {}
	}
	done := make(chan struct{})
	var group sync.WaitGroup
	group.Go(func() {
		ticker := time.NewTicker(reportEvery)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				fmt.Fprintln(to, c.line())
			case <-done:
				return
			}
		}
	})
	return func() {
		close(done)
		group.Wait()
	}
}

// line says how far the campaign is.
func (c *campaign) line() string {
	c.lock.Lock()
	defer c.lock.Unlock()
	wall := time.Since(c.began)
	hit, demanded := 0, 0
	for i, m := range sim.AllMarks() {
		if m.Demanded {
			demanded++
			if c.hits[i] > 0 {
				hit++
			}
		}
	}
	text := fmt.Sprintf("%4.0fs  %s", wall.Seconds(), scenarios.Plural(c.sum.Runs, "run"))
	if n := c.options.Seeds; n > 0 {
		text += fmt.Sprintf(" (%d %%)", c.sum.Runs*max(c.options.Shards, 1)*100/n)
	}
	return text + fmt.Sprintf("  %.0f runs/s  %.1f days simulated  %.2f M events/s  marks %d/%d  failures %d",
		float64(c.sum.Runs)/wall.Seconds(), float64(c.nanos)/1e9/86400,
		float64(c.sum.Events)/1e6/wall.Seconds(), hit, demanded, c.sum.Failed+c.sum.Crashed)
}
