package scenarios

import (
	"fmt"
	"strings"

	"fencepost/core/event"
	"fencepost/core/history"
)

// Verdict judges the run, which ended at that instant. The failure is nil for a
// run that passed; else it is the first thing that gave the run its verdict.
func (j *Judge) Verdict(end int64) (RunVerdict, *Failure) {
	j.traffic.sorted()
	verdict, first := Pass, (*Failure)(nil)
	note := func(v RunVerdict, f Failure) {
		switch {
		case v.WorseThan(verdict):
			verdict, first = v, &f
		case v == verdict:
			first = first.Earlier(&f)
		}
	}
	for i := range j.watches {
		w := &j.watches[i]
		if v, f := j.judge(w, end); v != Pass && (v != Fail || !j.untimed || !w.timed()) {
			f.Expect = j.entryText(w.entry)
			f.Step = j.LastStep(f.At)
			note(v, f)
		}
	}
	for _, d := range j.doubts {
		note(d.verdict, d.failure)
	}
	for i := range j.steps {
		if !j.steps[i].start.came {
			note(Invalid, Failure{
				Expect: j.stepText(i), At: end, Step: j.LastStep(end), Node: history.None,
				Detail: "it never fired",
			})
			break // of several the first is told, and all come at the end
		}
	}
	if j.now.elected == 0 {
		note(Invalid, Failure{
			Expect: "an election", At: end, Step: j.LastStep(end), Node: history.None,
			Detail: "nobody was ever elected",
		})
	}
	return verdict, first
}

// timed tells whether a slow machine alone can break what is expected: all but what
// must never be, and what the ledger and the broker hold at the end.
func (w *watch) timed() bool {
	switch w.claim.(type) {
	case Never, Final:
		return false
	default:
		return true
	}
}

// judge judges one expectation at the end of the run.
func (j *Judge) judge(w *watch, end int64) (RunVerdict, Failure) {
	if w.broke {
		return Fail, w.how
	}
	for _, ref := range []momentRef{w.from, w.to} {
		if ref.step >= 0 && !j.moment(ref).came {
			return Invalid, at(end, "%s never came", j.momentText(ref))
		}
	}
	if w.from.step >= 0 && w.to.step >= 0 && j.moment(w.to).at < w.since.at {
		return Invalid, at(end, "%s came before %s", j.momentText(w.to), j.momentText(w.from))
	}
	switch v := w.claim.(type) {
	case Detect:
		return j.judgeDetect(w, end)
	case Elect:
		return j.judgeElect(w, end)
	case Recover:
		return j.judgeRecover(w, v.Rate, end)
	case Metric:
		if !w.seen {
			return Invalid, at(end, "nobody supplied %s in the window", v.Name)
		}
	case Final:
		return j.judgeFinal(v.States, end)
	default:
	}
	return Pass, Failure{}
}

// at returns a failure about no node.
func at(instant int64, format string, args ...any) Failure {
	return Failure{At: instant, Node: history.None, Detail: fmt.Sprintf(format, args...)}
}

func (j *Judge) judgeDetect(w *watch, end int64) (RunVerdict, Failure) {
	if w.met {
		return Pass, Failure{}
	}
	node, unheld := j.wanted(w)
	if unheld {
		return Invalid, at(end, "nobody was %s", w.who)
	}
	deadline := w.since.at + w.within
	if deadline > end {
		return Invalid, at(end, "the run ended %s before the time was up", Seconds(deadline-end))
	}
	f := at(deadline, "no report of %s came within %s", w.events, Seconds(w.within))
	f.Node = node
	return Fail, f
}

// wanted returns the node about which a report is missing, where it is a
// particular one, and whether nobody held the role that is named.
func (j *Judge) wanted(w *watch) (node int16, unheld bool) {
	roles := w.since.standing
	if !w.since.came {
		roles = j.now
	}
	switch w.who.Kind {
	case LeaderParty:
		return roles.leader, roles.leader == history.None
	case CandidateParty:
		return roles.candidate, roles.candidate == history.None
	case NodeParty:
		return int16(w.who.Index - 1), false
	case BoundParty:
		bound, ok := j.Bound(w.who.Name)
		return bound, !ok
	case FollowersParty, AllParty:
		return w.left.first(), false
	case NoParty, FollowerParty, AnyParty, RedisParty, PostgresParty, BrokerParty, ReplicaParty:
		return history.None, false
	default:
		return history.None, false
	}
}

func (j *Judge) judgeElect(w *watch, end int64) (RunVerdict, Failure) {
	deadline := j.clock.after(w.since.at, w.within)
	switch {
	case w.met && w.metAt <= deadline:
		return Pass, Failure{}
	case deadline > end:
		return Invalid, at(end, "the run ended before the time was up, and nobody was elected above epoch %d",
			w.since.elected)
	case w.met:
		return Fail, at(deadline, "the next leader was elected %s late", Seconds(w.metAt-deadline))
	default:
		return Fail, at(deadline, "nobody was elected above epoch %d", w.since.elected)
	}
}

func (j *Judge) judgeRecover(w *watch, rate Percent, end int64) (RunVerdict, Failure) {
	if rate == 0 {
		rate = 90 * OnePercent
	}
	deadline := j.clock.after(w.since.at, w.within)
	best := j.traffic.best(w.since.at, min(deadline, end), j.ttl)
	switch {
	case best.reaches(rate):
		return Pass, Failure{}
	case deadline > end:
		return Invalid, at(end, "the run ended before the time was up")
	case best.offered == 0:
		return Invalid, at(deadline, "no whole window of one ttl with an offered signal lies in time")
	default:
		return Fail, at(deadline, "the best window of one ttl saw %d of %s concluded",
			best.concluded, Plural(best.offered, "signal"))
	}
}

func (j *Judge) judgeFinal(states []FinalState, end int64) (RunVerdict, Failure) {
	if !j.settled.came {
		return Invalid, at(end, "the run ended before the cluster could settle")
	}
	world, verdict, broken := j.settled.world, Pass, []string(nil)
	count := func(n int, noun, what string) {
		if n > 0 {
			verdict, broken = Fail, append(broken, Plural(n, noun)+" "+what)
		}
	}
	for _, state := range states {
		switch state {
		case EverySignalTerminal:
			if world.Open > 0 && !j.settled.owed {
				return Invalid, at(j.settled.at, "no live eligible node reaches PostgreSQL, so nothing ends")
			}
			count(world.Open, "signal", "neither final nor in doubt")
			count(world.Unalerted, "signal", "in doubt of which nobody was told")
		case LedgerEqualsBroker:
			count(world.Different, "order", "that only one has, the ledger or the broker")
		}
	}
	if verdict == Pass {
		return Pass, Failure{}
	}
	if world.Example != 0 {
		broken = append(broken, fmt.Sprintf("signal %d is one", world.Example))
	}
	return verdict, at(j.settled.at, "%s", strings.Join(broken, ", "))
}

func (j *Judge) moment(ref momentRef) *moment {
	if ref.end {
		return &j.steps[ref.step].end
	}
	return &j.steps[ref.step].start
}

func (j *Judge) momentText(ref momentRef) string {
	return Moment{Step: j.scenario.Steps[ref.step].ID, End: ref.end}.String()
}

// entryText returns an expectation in the words of the format, with its line.
func (j *Judge) entryText(entry int) string { return j.scenario.Expect[entry].Text() }

// Text returns the entry in the words of the format, with its line if it was
// read from a file.
func (e Expect) Text() string {
	w := &writer{}
	e.walk(w)
	text := w.text.String()
	if e.Place.Line > 0 {
		text += fmt.Sprintf(" (line %d)", e.Place.Line)
	}
	return text
}

// Aggregate judges what a file expects of all seeds of a call together:
// `sometimes` and `min_traffic`. A call with a single seed skips it.
type Aggregate struct {
	scenario *Scenario
	counts   [event.Total]int64
	offered  int64
	runs     int64
}

// NewAggregate returns an aggregate of no runs.
func NewAggregate(s *Scenario) *Aggregate { return &Aggregate{scenario: s.WithDefaults()} }

// Add takes how often each event happened in a run, and how many signals were
// offered in it.
func (a *Aggregate) Add(counts *[event.Total]int64, offered int64) {
	for e, n := range counts {
		a.counts[e] += n
	}
	a.offered += offered
	a.runs++
}

// Unmet returns the expectations that the runs together did not meet; each of
// them makes the file's verdict Invalid.
func (a *Aggregate) Unmet() []Failure {
	var unmet []Failure
	for _, e := range a.scenario.Expect {
		v, ok := e.Claim.(Sometimes)
		if !ok {
			continue
		}
		if n := a.counts[v.Event]; n < int64(v.AtLeast) {
			unmet = append(unmet, Failure{
				Expect: e.Text(), Node: history.None,
				Detail: fmt.Sprintf("%s happened %s in %s", v.Event, Plural(n, "time"),
					Plural(a.runs, "run")),
			})
		}
	}
	return append(unmet, a.traffic()...)
}

// traffic compares what was offered, averaged over the runs, with min_traffic.
func (a *Aggregate) traffic() []Failure {
	least, ttl := a.scenario.Assume.MinTraffic, a.scenario.TTL()
	if least.IsZero() || a.runs == 0 {
		return nil
	}
	per, duration := least.Per.Resolve(ttl), a.scenario.Run.Duration.Resolve(ttl)
	// Products of a count, a rate and a length outgrow 64 bits.
	offered := float64(a.offered) / float64(a.runs)
	wanted := float64(least.Milli) / 1000 * float64(duration) / float64(per)
	if offered >= wanted {
		return nil
	}
	return []Failure{{
		Expect: fmt.Sprintf("min_traffic: %s (line %d)", least,
			a.scenario.Place.Of("assume.min_traffic").Line),
		Node: history.None,
		Detail: fmt.Sprintf("%.1f signals were offered in a run of %s, not %.1f", offered,
			Seconds(duration), wanted),
	}}
}
