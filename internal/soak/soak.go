package soak

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"fencepost/chaos"
	"fencepost/internal/campaign"
	"fencepost/scenarios"
)

// Report is what came of a soak.
type Report struct {
	Verdict scenarios.RunVerdict `json:"verdict"`
	Seed    uint64               `json:"seed"`
	Nodes   int                  `json:"nodes"`
	// Seconds is how long the run was, Rounds how many quiet points were seen.
	Seconds float64 `json:"seconds"`
	Rounds  int     `json:"rounds"`
	// Faults, Signals, Leaders and Deaths are what happened: deaths are the processes
	// of the service that a fault ended.
	Faults  int   `json:"faults"`
	Signals int64 `json:"signals"`
	Leaders int   `json:"leaders"`
	Deaths  int   `json:"deaths"`
	Records int64 `json:"records"`
	// Violation is what the history broke first, or nil; it is also why the history
	// says nothing.
	Violation *campaign.Violation `json:"violation"`
	// Leaks are the trends that exceed their tolerance, Trends all of those that could
	// be judged. Unseen is why leaks were not judged, "" if they were.
	Leaks  []Trend `json:"leaks"`
	Trends []Trend `json:"trends"`
	Unseen string  `json:"unseen,omitempty"`
	// Interrupted tells that it was ended early.
	Interrupted bool   `json:"interrupted"`
	Replay      string `json:"replay"`
}

// Run plays the plan. When halt is closed it ends early, in order, with what was
// seen until then. Progress is told every ten seconds. The error is a refusal of
// the plan.
func Run(
	ctx context.Context, p Plan, o chaos.Options, halt <-chan struct{}, progress io.Writer,
) (*Report, error) {
	program, err := p.compile()
	if err != nil {
		return nil, err
	}
	w := &watcher{plan: &p, series: newSeries(&p), out: progress}
	result := chaos.NewWorld(program, w.staging(o, halt)).Run(ctx, p.Seed)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.series.close()
	r := &Report{
		Verdict: result.Verdict, Seed: p.Seed, Nodes: p.Nodes, Seconds: float64(result.Nanos) / 1e9,
		Rounds: len(w.series.offered), Faults: w.last.Struck, Signals: int64(w.last.Offered),
		Leaders: w.last.Elections, Deaths: max(w.last.Processes-p.Nodes, 0), Records: result.Records,
		Leaks: []Trend{}, Trends: w.series.trends(), Replay: p.command(),
	}
	r.Interrupted = p.cutShort(halt, r.Rounds)
	if result.Failure != nil {
		r.Violation = campaign.ViolationOf(result.Failure)
	}
	r.judge(w.series)
	return r, nil
}

// cutShort tells whether a soak of so many rounds was ended early: a halt that comes
// when all were played, while their history is judged, ends nothing.
func (p *Plan) cutShort(halt <-chan struct{}, rounds int) bool {
	select {
	case <-halt:
		return rounds < p.Rounds()
	default:
		return false
	}
}

// judge adds what the trends say to the verdict of the history.
func (r *Report) judge(s *series) {
	for _, t := range r.Trends {
		if t.Leaks {
			r.Leaks = append(r.Leaks, t)
		}
	}
	r.Unseen = s.unseen(r.Trends)
	switch {
	case len(r.Leaks) > 0:
		r.Verdict = scenarios.Fail.Worst(r.Verdict)
	case r.Unseen != "":
		r.Verdict = scenarios.Unknown.Worst(r.Verdict)
	}
}

// command plays the same again, as far as real processes do.
func (p *Plan) command() string {
	text := fmt.Sprintf("bin/drill soak --for %v --seed %d", p.For, p.Seed)
	if p.TTL != DefaultTTL {
		text += fmt.Sprintf(" --ttl %v", p.TTL)
	}
	if p.Nodes != DefaultNodes {
		text += fmt.Sprintf(" --nodes %d", p.Nodes)
	}
	return text
}

// progressEvery is how long it is from one line to the next.
const progressEvery = 10 * time.Second

// watcher looks on while a soak goes on.
type watcher struct {
	plan *Plan
	out  io.Writer

	mu     sync.Mutex
	series *series
	last   chaos.Glance
	told   time.Time
	leaks  int
}

// staging says how the soak is played. What it leaves names the command that is
// printed for it: a soak is no scenario with a name.
func (w *watcher) staging(o chaos.Options, halt <-chan struct{}) chaos.Options {
	o.Watch, o.Halt = w.look, halt
	o.Again = func(uint64) string { return w.plan.command() }
	return o
}

// look takes a glance at the run.
func (w *watcher) look(g chaos.Glance) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.series.add(&g) {
		w.leaks = 0
		for _, t := range w.series.trends() {
			if t.Leaks {
				w.leaks++
			}
		}
	}
	w.last = g
	if w.out == nil || time.Since(w.told) < progressEvery {
		return
	}
	w.told = time.Now()
	fmt.Fprintln(w.out, w.line(&g))
}
