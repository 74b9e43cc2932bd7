package chaos

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"fencepost/core/event"
	"fencepost/core/history"
	"fencepost/scenarios"
)

// Options says how runs are made.
type Options struct {
	// Program is the fencepost binary that the nodes run.
	Program string
	// Mutant is the mistake that the program was built with, or "": what a run
	// leaves names it.
	Mutant string
	// Out is the directory in which a run leaves what it was, or "".
	Out string
	// Keep keeps it of every run, also of those that passed.
	Keep bool
	// MayShare lets others have the machine meanwhile: a bound in time that is missed
	// beside them counts as missed.
	MayShare bool
	// Watch is told about once a second, and twice in a ttl at least, how the run goes;
	// nil if nobody looks on. It is called by one goroutine at a time, and holds nothing
	// up but the next look.
	Watch func(Glance)
	// Halt ends the scenario early when it is closed: every fault is healed, the
	// cluster may settle, and what was seen until then is judged.
	Halt <-chan struct{}
	// Suspect, if it is set, keeps a run that passed when it says so of its history.
	Suspect func([]history.Record) bool
	// Repetition is which one of its seed the next run is; what is left of one beyond
	// the first says so.
	Repetition int
	// Left, if it is set, is told the directory in which a run has left what it was,
	// once that is whole.
	Left func(dir string)
	// Beside, if it is set, says on one line what the simulator makes of a seed, for
	// the summary of what a run leaves.
	Beside func(seed uint64) string
	// Again, if it is set, returns the command that plays a seed again. Without it
	// that is `drill run` of the scenario's name.
	Again func(seed uint64) string
}

// Result is what one run came to.
type Result struct {
	Verdict scenarios.RunVerdict
	Failure *scenarios.Failure
	// Records is how many observations were judged, Hash tells two runs apart.
	Records int64
	Hash    uint64
	// Nanos is how long the run was.
	Nanos   int64
	Excused int
	Counts  [event.Total]int64
	Offered int64
}

// World plays one program on real processes, again and again, each time from
// nothing. It is used by one goroutine.
type World struct {
	program *Program
	options Options
	trace   []entry
}

// NewWorld returns a world for the program.
func NewWorld(p *Program, o Options) *World { return &World{program: p, options: o} }

// Load makes the world one of another program.
func (w *World) Load(p *Program) { w.program = p }

// Run plays the program once. The seed decides what is left to chance; how the
// processes run beside each other it does not. It ends when ctx ends, and
// leaves no process behind.
func (w *World) Run(ctx context.Context, seed uint64) Result {
	within, cancel := context.WithTimeout(ctx, Timeout(w.program.scenario)-tidySlack)
	defer cancel()
	r := newRun(w.program, w.options, seed)
	result, err := r.play(within, seed)
	if err != nil {
		err = errors.Join(err, r.endNodes()) // what they leave is whole
		result = r.crashed(err)
		if r.options.Out != "" && ctx.Err() == nil { // a run that was given up is no news
			if err := r.keep(seed, &result, r.book.sorted(result.Nanos)); err != nil {
				result.Failure.Detail += "; " + err.Error()
			}
		}
	}
	result = r.tidied(result, r.tearDown())
	w.trace = r.book.sorted(r.clock.now())
	return result
}

// tidied is what came of a run whose tidying up ended so. A run that had failed by then
// has failed, whatever could not be tidied up.
func (r *run) tidied(result Result, left error) Result {
	switch {
	case left == nil:
	case result.Verdict == scenarios.Fail, result.Verdict == scenarios.Crash:
		result.Failure.Detail += "; " + left.Error()
	default:
		return r.crashed(left)
	}
	return result
}

// crashed is what came of a run that the harness could not carry through.
func (r *run) crashed(err error) Result {
	now := r.clock.now()
	return Result{
		Verdict: scenarios.Crash, Nanos: now, Offered: int64(len(r.signals)),
		Failure: &scenarios.Failure{
			Expect: "the harness holds", Node: history.None, At: now, Detail: err.Error(),
		},
	}
}

// play makes the run and judges it.
func (r *run) play(ctx context.Context, seed uint64) (Result, error) {
	if err := r.setUp(ctx, seed); err != nil {
		return Result{}, fmt.Errorf("set up: %w", err)
	}
	for _, n := range r.nodes {
		r.arrived(ctx, n)
	}
	r.conduct(ctx)
	end := r.clock.now()
	r.watch.stop()
	r.hunger.stop()
	if r.failed != nil {
		return Result{}, r.failed
	}
	if err := r.endNodes(); err != nil {
		return Result{}, err
	}
	if err := r.collect(ctx, end); err != nil {
		return Result{}, fmt.Errorf("read what happened: %w", err)
	}
	entries := r.book.sorted(end)
	out := r.program.judge(entries, end, r.settledWorld(entries), r.measured())
	if r.unsound != nil && scenarios.Fail.WorseThan(out.verdict) {
		out.verdict, out.failure = scenarios.Fail, r.unsound
	}
	result := Result{
		Verdict: out.verdict, Failure: out.failure, Records: out.records, Hash: out.hash, Nanos: end,
		Excused: out.excused, Counts: out.counts, Offered: int64(len(r.signals)),
	}
	if r.keeps(&result, entries) {
		return result, r.keep(seed, &result, entries)
	}
	return result, nil
}

// keeps tells whether the run leaves what it was.
func (r *run) keeps(result *Result, entries []entry) bool {
	switch o := &r.options; {
	case o.Out == "":
		return false
	case o.Keep, result.Verdict != scenarios.Pass:
		return true
	default:
		return o.Suspect != nil && o.Suspect(recordsOf(entries))
	}
}

// History returns what was seen in the last run, in the order in which it
// happened.
func (w *World) History() []history.Record { return recordsOf(w.trace) }

// WriteTrace writes the last n lines of the history of the last run, or all of
// them if n is not positive. A line begins with its instant in seconds.
func (w *World) WriteTrace(out io.Writer, n int) error {
	lines := make([]string, 0, len(w.trace))
	for i := range w.trace {
		if w.trace[i].tell == nil {
			lines = append(lines, line(&w.trace[i].record))
		}
	}
	if n > 0 && len(lines) > n {
		lines = lines[len(lines)-n:]
	}
	for _, text := range lines {
		if _, err := fmt.Fprintln(out, text); err != nil {
			return err
		}
	}
	return nil
}

// slack is how long a run may take beyond what its file says: the time to start
// and end servers, and to read what happened.
const slack = time.Minute

// tidySlack is how much of it is kept for the end of a run that takes too long.
const tidySlack = 30 * time.Second

// Timeout returns how long one run of the scenario may take.
func Timeout(s *scenarios.Scenario) time.Duration {
	full := s.WithDefaults()
	return time.Duration(full.Run.Timeout.Resolve(full.TTL())) + slack
}
