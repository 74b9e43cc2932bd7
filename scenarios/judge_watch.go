package scenarios

import (
	"fmt"
	"strings"

	"fencepost/core"
	"fencepost/core/event"
	"fencepost/core/history"
)

// watch is one expectation while a run goes on.
type watch struct {
	// What the file says.
	entry  int
	claim  Claim
	events eventSet // that it waits for
	gauge  Gauge    // that it reads, or NoGauge
	who    Party
	by     []By
	limit  int
	bound  float64
	side   Side
	from   momentRef
	to     momentRef
	within int64

	watched
}

// watched is what a watch has seen in this run.
type watched struct {
	open  bool
	since moment  // when it opened; not come where it was open from the start
	left  nodeSet // nodes of a plural party that nobody has reported yet
	met   bool    // the awaited event came at metAt
	metAt int64
	count int
	seen  bool // a value of the gauge was seen in the window
	broke bool
	how   Failure // if it broke
}

// eventSet has one bit for each event.
type eventSet uint64

func (s eventSet) has(e event.Event) bool { return s&(1<<e) != 0 }

// String returns the events' names, with "or" between them.
func (s eventSet) String() string {
	var names []string
	for _, e := range event.All() {
		if s.has(e) {
			names = append(names, e.String())
		}
	}
	return strings.Join(names, " or ")
}

// momentRef names a moment by the index of its step; a negative step is the
// start of the run, or its end.
type momentRef struct {
	step int
	end  bool
}

// noMoment is an absent `from` or `until`.
var noMoment = momentRef{step: -1}

// prepare turns the entries of the file into watches.
func (j *Judge) prepare() {
	j.watches, j.listens, j.gauges = j.watches[:0], 0, 0
	j.steps = make([]fired, len(j.scenario.Steps))
	for i, e := range j.scenario.Expect {
		w := watch{entry: i, claim: e.Claim, from: noMoment, to: noMoment}
		switch v := e.Claim.(type) {
		case Detect:
			w.who, w.by, w.from = v.Node, v.By, j.ref(v.From)
			for _, what := range v.What {
				w.events |= 1 << what.Event()
			}
			w.within = v.Within.Resolve(j.ttl)
		case Elect:
			w.events, w.from = 1<<event.LeaderElected, j.ref(v.From)
			w.within = v.Within.Resolve(j.ttl)
		case Recover:
			w.from, w.within = j.ref(v.From), v.Within.Resolve(j.ttl)
		case No:
			w.events, w.from, w.to = 1<<v.Event, j.ref(v.From), j.ref(v.Until)
		case AtMost:
			w.events, w.limit, w.from, w.to = 1<<v.Event, v.Count, j.ref(v.From), j.ref(v.Until)
		case Metric:
			w.gauge, _ = ParseGauge(v.Name)
			w.who, w.bound, w.side, w.from, w.to = v.Node, v.Bound, v.Side, j.ref(v.From), j.ref(v.Until)
			j.gauges |= 1 << w.gauge
		case Final:
		default:
			continue
		}
		j.listens |= w.events
		j.watches = append(j.watches, w)
	}
}

// ref finds the step of a moment.
func (j *Judge) ref(m Moment) momentRef {
	for i, step := range j.scenario.Steps {
		if !m.IsZero() && step.ID == m.Step {
			return momentRef{i, m.End}
		}
	}
	return noMoment
}

// opened begins the watch's window.
func (j *Judge) opened(w *watch, m *moment) {
	w.since, w.open = *m, true
	w.left = w.everyone(m.standing, j.scenario.nodes())
	if w.gauge == NoGauge {
		return
	}
	for _, l := range j.levels.all {
		if l.gauge == w.gauge {
			j.measure(w, l.node, l.value, m.at)
		}
	}
}

// heard takes an event that the watch waits for.
func (j *Judge) heard(w *watch, r *history.Record) {
	switch w.claim.(type) {
	case Elect:
		if !w.met && r.Epoch > w.since.elected {
			w.met, w.metAt = true, r.At
		}
	case Detect:
		j.reported(w, r)
	case No, AtMost:
		w.count++
		if w.count > w.limit && !w.broke {
			w.broke = true
			w.how = Failure{At: r.At, Node: r.Node, Detail: tooOften(w, r)}
		}
	default:
	}
}

func tooOften(w *watch, r *history.Record) string {
	if w.limit == 0 {
		return fmt.Sprintf("%s happened", r.Event)
	}
	return fmt.Sprintf("%s happened for the %d. time", r.Event, w.count)
}

// reported takes a report of the kind that the watch waits for. A report about
// another node, or by another party, is not the one; nor is what the harness says of
// its own acts, which is by and about nobody.
func (j *Judge) reported(w *watch, r *history.Record) {
	if w.met || r.At > w.since.at+w.within || !spoken(w.by, r.By) ||
		r.Node == history.None && r.Subject == history.None {
		return
	}
	about := r.Subject
	if about == history.None {
		about = r.Node
	}
	if w.who.IsSeveral() {
		w.left.remove(about)
		w.met = w.left.empty()
	} else {
		w.met = j.is(w.who, about, w)
	}
	if w.met {
		w.metAt = r.At
	}
}

// spoken tells whether one of the parties made the report. The gate is a part of
// the node whose orders pass it.
func spoken(by []By, party core.Party) bool {
	if len(by) == 0 {
		return true
	}
	want := BySelf
	switch party {
	case core.Self, core.Gate:
	case core.Peer:
		want = ByPeer
	case core.StoreParty:
		want = ByStore
	default:
		return false
	}
	for _, b := range by {
		if b == want {
			return true
		}
	}
	return false
}

// is tells whether the node is the one that the party names. Roles are those at
// the moment from which the watch counts, or the current ones where it counts
// from the start of the run.
func (j *Judge) is(p Party, node int16, w *watch) bool {
	roles := w.since.standing
	if !w.since.came {
		roles = j.now
	}
	switch p.Kind {
	case NoParty, AnyParty, AllParty, FollowersParty:
		return true
	case LeaderParty:
		return node == roles.leader
	case FollowerParty:
		return node != roles.leader
	case CandidateParty:
		return node == roles.candidate
	case NodeParty:
		return int(node) == p.Index-1
	case BoundParty:
		bound, ok := j.Bound(p.Name)
		return ok && node == bound
	case RedisParty, PostgresParty, BrokerParty, ReplicaParty:
		return false
	default:
		return false
	}
}

// measure compares a value with the watch's bound.
func (j *Judge) measure(w *watch, node int16, value float64, at int64) {
	if node != history.None && !j.measures(w, node) {
		return
	}
	w.seen = true
	holds := value < w.bound
	if w.side == Above {
		holds = value > w.bound
	}
	if holds || w.broke {
		return
	}
	w.broke = true
	w.how = Failure{At: at, Node: node, Detail: fmt.Sprintf("it was %g", value)}
}

// measures tells whether the node's value counts for the watch.
func (j *Judge) measures(w *watch, node int16) bool {
	if w.who.IsSeveral() {
		return w.left.has(node)
	}
	return j.is(w.who, node, w)
}

// nodeSet holds one bit for each node of a cluster; a file has 99 at most.
type nodeSet [2]uint64

func (s *nodeSet) has(node int16) bool {
	return node >= 0 && node < 128 && s[node/64]&(1<<(node%64)) != 0
}

func (s *nodeSet) add(node int16) { s[node/64] |= 1 << (node % 64) }

func (s *nodeSet) remove(node int16) {
	if s.has(node) {
		s[node/64] &^= 1 << (node % 64)
	}
}

func (s *nodeSet) empty() bool { return *s == nodeSet{} }

// first returns the node of the lowest index, or history.None.
func (s *nodeSet) first() int16 {
	for node := range int16(128) {
		if s.has(node) {
			return node
		}
	}
	return history.None
}

// everyone returns the nodes of a plural party.
func (w *watch) everyone(roles standing, nodes int) nodeSet {
	var set nodeSet
	if !w.who.IsSeveral() {
		return set
	}
	for node := range int16(min(nodes, 128)) {
		if w.who.Kind == AllParty || node != roles.leader {
			set.add(node)
		}
	}
	return set
}
