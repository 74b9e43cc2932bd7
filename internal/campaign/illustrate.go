package campaign

import (
	"strconv"
	"strings"

	"fencepost/scenarios"
)

// illustrate adds the lines of the trace that lead up to what went wrong, to
// the runs that people are shown. They are played again for it: keeping whole
// traces of all runs would cost more than the runs, and which runs are shown is
// known only when all have ended.
func (c *Campaign) illustrate(r *Report, all []played) {
	if c.Lines <= 0 || c.Wavers || r.Verdict == scenarios.Pass {
		return
	}
	w := worker{campaign: c}
	left := shown
	for i := range r.Runs {
		run := &r.Runs[i]
		if run.Verdict != r.Verdict {
			continue
		}
		if left--; left < 0 {
			return
		}
		if all[i].silent {
			continue
		}
		if w.once(run.Seed); w.world != nil {
			run.Trace = excerpt(w.leadUp(run), run.Violation, c.Lines)
		}
	}
}

// leadUp returns the trace of the run that was just played. What went wrong long
// before the end may have been overwritten by then: it is played once more up to
// there.
func (w *worker) leadUp(run *Run) []string {
	trace, v := lines(string(w.trace(0))), run.Violation
	rewinder, can := w.world.(Rewinder)
	if !can || w.broken || v == nil || v.At <= 0 || len(trace) == 0 {
		return trace
	}
	if first, ok := instant(trace[0]); !ok || first <= v.At {
		return trace
	}
	const microsecond = 1e3 // to which instants are printed
	rewinder.RunUntil(run.Seed, int64(v.At*1e9+microsecond))
	return lines(string(w.trace(0)))
}

// excerpt returns the last n lines up to the violation.
func excerpt(trace []string, v *Violation, n int) []string {
	end := len(trace)
	if v != nil && v.At > 0 {
		for end > 0 {
			if at, ok := instant(trace[end-1]); ok && at <= v.At+1e-6 {
				break
			}
			end--
		}
		if end == 0 {
			end = len(trace)
		}
	}
	return trace[max(end-n, 0):end]
}

// instant reads the seconds with which a line of a trace begins.
func instant(line string) (float64, bool) {
	word, _, _ := strings.Cut(strings.TrimSpace(line), " ")
	number, ok := strings.CutSuffix(word, "s")
	if !ok {
		return 0, false
	}
	at, err := strconv.ParseFloat(number, 64)
	return at, err == nil
}
