package scenarios

import (
	"fmt"

	"fencepost/core"
	"fencepost/core/event"
	"fencepost/core/history"
)

// Judge decides whether one run did what its file expects. It is fed with what
// an engine observes, in the order of cause and effect, and judges `detect`,
// `elect`, `recover`, `no`, `at_most`, `metric` and `final`; the invariants have
// checkers of their own, and `sometimes` and `min_traffic` are the Aggregate's.
//
// The order of the calls counts, not only their instants: what was observed
// before Started was not caused by that step. All instants are nanoseconds of
// true time since the run began. A Judge is reused from run to run and belongs
// to one goroutine.
type Judge struct {
	scenario *Scenario
	ttl      int64
	watches  []watch
	listens  eventSet // the events that some watch waits for
	gauges   gaugeSet

	steps   []fired
	bound   []binding
	now     standing
	clock   owedClock
	traffic traffic
	levels  levels
	settled settlement
	untimed bool // bounds in time are not judged
	doubts  []doubt
}

// fired is what became of one step.
type fired struct {
	start, end moment
}

// moment is ID.start or ID.end, with what was so at that instant.
type moment struct {
	came bool
	at   int64
	standing
}

// standing is who held which role. The leader is the node that was elected
// last; it keeps the role when it steps down, until another is elected.
type standing struct {
	leader    int16
	candidate int16
	elected   core.Epoch // the highest epoch that was elected
}

// binding is a node that was hit by a step with `as`.
type binding struct {
	name string
	node int16
}

// doubt is a reason for which a run says nothing.
type doubt struct {
	verdict RunVerdict
	failure Failure
}

// settlement is the settled world and when it was looked at.
type settlement struct {
	came, owed bool
	at         int64
	world      SettledWorld
}

// SettledWorld is what an engine finds once everything is healed and the settle
// time has passed. The zero value is a world in which all is well.
type SettledWorld struct {
	// Open counts the acknowledged signals that are neither final nor in doubt,
	// Unalerted those in doubt of which nobody was told.
	Open, Unalerted int
	// Different counts the orders that only one of the two has, the ledger or the
	// broker; attempts in doubt excepted.
	Different int
	// Example is one of the signals that were counted, or zero.
	Example core.SignalID
}

// Reset prepares the judge for a run of the scenario, with a lease of ttl
// nanoseconds.
func (j *Judge) Reset(s *Scenario, ttl int64) {
	if s != j.scenario || ttl != j.ttl {
		j.scenario, j.ttl = s, ttl
		j.prepare()
	}
	clear(j.steps)
	j.bound, j.doubts = j.bound[:0], j.doubts[:0]
	j.now = standing{leader: history.None, candidate: history.None}
	j.settled, j.untimed = settlement{}, false
	j.clock.reset()
	j.traffic.reset()
	j.levels.reset()
	for i := range j.watches {
		w := &j.watches[i]
		w.watched = watched{}
		if w.from == noMoment {
			j.opened(w, &moment{standing: j.now})
		}
	}
}

// Observe takes the next record of the run.
func (j *Judge) Observe(r *history.Record) {
	switch r.Kind {
	case history.Announced:
		j.announced(r)
	case history.Stored, history.StateSet, history.Missing:
		if j.gauges.has(OpenSignals) || j.gauges.has(SignalsInDoubt) {
			j.levels.move(r)
			j.sampled(OpenSignals, history.None, float64(j.levels.open), r.At)
			j.sampled(SignalsInDoubt, history.None, float64(j.levels.inDoubt), r.At)
		}
	default:
	}
}

// followed are the events by which a judge knows who stands and who leads.
const followed = eventSet(1<<event.LeaseAcquired | 1<<event.LeaseReleased | 1<<event.LeaseLost |
	1<<event.LeaderElected)

// Heeds reports whether the file asks for the event, or the judge follows it. An
// engine need not tell it of the others.
func (j *Judge) Heeds(e event.Event) bool { return (followed | j.listens).has(e) }

// announced takes an event.
func (j *Judge) announced(r *history.Record) {
	switch r.Event {
	case event.LeaseAcquired:
		j.now.candidate = r.Node
	case event.LeaseReleased, event.LeaseLost:
		if j.now.candidate == r.Node {
			j.now.candidate = history.None
		}
	default:
	}
	if j.listens.has(r.Event) {
		for i := range j.watches {
			if w := &j.watches[i]; w.open && w.events.has(r.Event) {
				j.heard(w, r)
			}
		}
	}
	if r.Event != event.LeaderElected {
		return
	}
	if r.Epoch > j.now.elected {
		j.now.leader, j.now.elected = r.Node, r.Epoch
	}
	if j.now.candidate == r.Node {
		j.now.candidate = history.None
	}
	j.levels.elections++
	j.sampled(LeadershipChanges, history.None, float64(j.levels.elections), r.At)
}

// Started notes that the fault of the step took effect: ID.start. It is called
// before any consequence of the fault is observed.
func (j *Judge) Started(step int, at int64) { j.came(step, false, at) }

// Ended notes that the fault of the step was healed: ID.end.
func (j *Judge) Ended(step int, at int64) { j.came(step, true, at) }

// came notes a moment. A moment comes once: a rolling restart ends when its
// last node is back.
func (j *Judge) came(step int, end bool, at int64) {
	m := &j.steps[step].start
	if end {
		m = &j.steps[step].end
	}
	if m.came {
		return
	}
	*m = moment{came: true, at: at, standing: j.now}
	ref := momentRef{step, end}
	for i := range j.watches {
		w := &j.watches[i]
		if w.from == ref {
			j.opened(w, m)
		}
		if w.to == ref {
			w.open = false
		}
	}
}

// Bind notes which node a step with `as: name` hit.
func (j *Judge) Bind(name string, node int16) {
	for i := range j.bound {
		if j.bound[i].name == name {
			j.bound[i].node = node
			return
		}
	}
	j.bound = append(j.bound, binding{name, node})
}

// Bound returns the node that the name is bound to.
func (j *Judge) Bound(name string) (int16, bool) {
	for _, b := range j.bound {
		if b.name == name {
			return b.node, true
		}
	}
	return history.None, false
}

// Offered notes that a sender offers its signal of that number for the first
// time.
func (j *Judge) Offered(_ int32, at int64) {
	j.traffic.offered = append(j.traffic.offered, at)
}

// Concluded notes that the offered signal is final or in doubt, or was refused
// for good. Only the first conclusion of a signal counts.
func (j *Judge) Concluded(signal int32, at int64) { j.traffic.conclude(signal, at) }

// Liveness notes whether progress is owed from now on: whether a live eligible
// node reaches PostgreSQL. It is owed when a run begins.
func (j *Judge) Liveness(owed bool, at int64) { j.clock.set(owed, at) }

// Settled hands over the settled world.
func (j *Judge) Settled(w SettledWorld, at int64) {
	j.settled = settlement{came: true, owed: j.clock.owed(), at: at, world: w}
}

// Unmet notes that the run says nothing, because an assumption of the file did
// not hold: a role that a step names was held by nobody for a ttl, no held byte
// arrived, the harness stood still for too long. step is the index of the step
// concerned, or negative.
func (j *Judge) Unmet(step int, at int64, why string) { j.doubt(Invalid, step, at, why) }

// Disturbed notes that the machine itself kept the run waiting, so that no bound in
// time is judged: not when somebody was elected or told, nor that nobody had to
// step down. What must never be is judged as ever; the run is Invalid at best.
func (j *Judge) Disturbed(at int64, why string) {
	j.untimed = true
	j.doubt(Invalid, -1, at, why)
}

// Undecided notes that a checker gave up.
func (j *Judge) Undecided(at int64, why string) { j.doubt(Unknown, -1, at, why) }

func (j *Judge) doubt(v RunVerdict, step int, at int64, why string) {
	what := "an assumption"
	if v == Unknown {
		what = "a checker"
	} else if step >= 0 {
		what = j.stepText(step)
	}
	j.doubts = append(j.doubts, doubt{v, Failure{
		Expect: what, At: at, Step: j.LastStep(at), Node: history.None, Detail: why,
	}})
}

// LastStep returns the step that fired last up to that instant, by its id or by
// its place in the file, or "" where none had.
func (j *Judge) LastStep(at int64) string {
	last := -1
	for i := range j.steps {
		start := &j.steps[i].start
		if start.came && start.at <= at && (last < 0 || start.at >= j.steps[last].start.at) {
			last = i
		}
	}
	if last < 0 {
		return ""
	}
	return j.stepName(last)
}

// stepName is what the step is called in reports.
func (j *Judge) stepName(i int) string {
	step := j.scenario.Steps[i]
	if step.ID != "" {
		return step.ID
	}
	return fmt.Sprintf("%d (%s)", i+1, step.Verb.Word())
}

// stepText names the step with its line.
func (j *Judge) stepText(i int) string {
	return fmt.Sprintf("step %s (line %d)", j.stepName(i), j.scenario.Steps[i].Place.Line)
}

// nodes returns the number of nodes of the cluster.
func (s *Scenario) nodes() int {
	if s.Cluster.Nodes == 0 {
		return s.Cluster.withDefaults(false).Nodes
	}
	return s.Cluster.Nodes
}
