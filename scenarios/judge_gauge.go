package scenarios

import (
	"slices"

	"fencepost/core"
	"fencepost/core/history"
)

// Gauge is a number that both engines can read off a running cluster; `metric`
// names it.
type Gauge uint8

// The gauges. The first three are computed by the judge from what it observes;
// the others are sampled by an engine, and one that cannot supply a gauge
// refuses the file.
const (
	// NoGauge is the zero value and no gauge.
	NoGauge Gauge = iota
	// OpenSignals counts the stored signals that are neither final nor in doubt.
	OpenSignals
	// SignalsInDoubt counts the signals in doubt.
	SignalsInDoubt
	// LeadershipChanges counts the elections since the run began.
	LeadershipChanges
	// InFlight counts the signals that one node works on.
	InFlight
	// RedisOperations counts the calls that Redis has answered since the run
	// began.
	RedisOperations
	// PoolInUse counts the database connections that one node has in use.
	PoolInUse
	// Goroutines counts the goroutines of one node.
	Goroutines
	// OpenFiles counts the file descriptors of one node.
	OpenFiles
	gaugeCount
)

var gaugeWords = []Word{
	{Name: "open_signals", Doc: "Stored signals that are neither final nor in doubt."},
	{Name: "in_doubt", Doc: "Signals in doubt."},
	{Name: "leadership_changes", Doc: "Elections since the run began."},
	{Name: "in_flight", Doc: "Signals that one node works on."},
	{Name: "redis_operations", Doc: "Calls that Redis has answered since the run began."},
	{Name: "pool_in_use", Doc: "Database connections that one node has in use."},
	{Name: "goroutines", Doc: "Goroutines of one node's process; real processes only."},
	{Name: "open_files", Doc: "File descriptors of one node's process; real processes only."},
}

// Gauges lists every gauge.
func Gauges() []Gauge {
	all := make([]Gauge, 0, gaugeCount-1)
	for g := NoGauge + 1; g < gaugeCount; g++ {
		all = append(all, g)
	}
	return all
}

// String returns the name by which `metric` asks for the gauge.
func (g Gauge) String() string {
	if g == NoGauge || g >= gaugeCount {
		return "gauge(?)"
	}
	return gaugeWords[g-1].Name
}

// ParseGauge returns the gauge of that name.
func ParseGauge(name string) (Gauge, bool) {
	for _, g := range Gauges() {
		if g.String() == name {
			return g, true
		}
	}
	return NoGauge, false
}

// GaugeNames lists the names that `metric` may ask for.
func GaugeNames() []string { return wordNames(gaugeWords) }

// Derived tells whether the judge computes the gauge itself; an engine supplies
// the others with Judge.Sample.
func (g Gauge) Derived() bool {
	switch g {
	case OpenSignals, SignalsInDoubt, LeadershipChanges:
		return true
	case NoGauge, InFlight, RedisOperations, PoolInUse, Goroutines, OpenFiles, gaugeCount:
		return false
	default:
		return false
	}
}

// OfProcess tells whether only a real process has the gauge. The simulator has
// none, so what a file expects of it is judged in the real tier alone.
func (g Gauge) OfProcess() bool {
	switch g {
	case Goroutines, OpenFiles:
		return true
	case NoGauge, OpenSignals, SignalsInDoubt, LeadershipChanges, InFlight, RedisOperations, PoolInUse,
		gaugeCount:
		return false
	default:
		return false
	}
}

// WithoutProcesses returns the scenario without what it expects of real
// processes: with those gauges left to the real tier. It is the scenario itself
// if there are none, or if no real tier plays it: then an engine has to refuse
// them.
func (s *Scenario) WithoutProcesses() *Scenario {
	ofProcess := func(e Expect) bool {
		v, ok := e.Claim.(Metric)
		g, _ := ParseGauge(v.Name)
		return ok && g.OfProcess()
	}
	if !s.Plays(RealTier) || !slices.ContainsFunc(s.Expect, ofProcess) {
		return s
	}
	without := *s
	without.Expect = slices.DeleteFunc(slices.Clone(s.Expect), ofProcess)
	return &without
}

// PerNode tells whether each node has a value of its own.
func (g Gauge) PerNode() bool {
	switch g {
	case InFlight, PoolInUse, Goroutines, OpenFiles:
		return true
	case NoGauge, OpenSignals, SignalsInDoubt, LeadershipChanges, RedisOperations, gaugeCount:
		return false
	default:
		return false
	}
}

// gaugeSet has one bit for each gauge that a file asks for.
type gaugeSet uint16

func (s gaugeSet) has(g Gauge) bool { return s&(1<<g) != 0 }

// Wants tells whether the file asks for the gauge, so that an engine need not
// sample what nobody reads.
func (j *Judge) Wants(g Gauge) bool { return j.gauges.has(g) }

// Sample takes the value that the gauge has from that instant on; node is
// history.None for a gauge of the whole cluster.
func (j *Judge) Sample(g Gauge, node int16, value float64, at int64) { j.sampled(g, node, value, at) }

// sampled keeps the level and shows it to every open watch.
func (j *Judge) sampled(g Gauge, node int16, value float64, at int64) {
	if !j.gauges.has(g) {
		return
	}
	j.levels.set(g, node, value)
	for i := range j.watches {
		if w := &j.watches[i]; w.open && w.gauge == g {
			j.measure(w, node, value, at)
		}
	}
}

// levels holds the current value of each gauge.
type levels struct {
	all       []level
	states    []core.SignalState
	open      int
	inDoubt   int
	elections int
}

type level struct {
	gauge Gauge
	node  int16
	value float64
}

// reset begins a run: nothing is stored and nobody was elected.
func (l *levels) reset() {
	l.all, l.states = l.all[:0], l.states[:0]
	l.open, l.inDoubt, l.elections = 0, 0, 0
	for g := NoGauge + 1; g < gaugeCount; g++ {
		if g.Derived() {
			l.all = append(l.all, level{g, history.None, 0})
		}
	}
}

func (l *levels) set(g Gauge, node int16, value float64) {
	for i := range l.all {
		if l.all[i].gauge == g && l.all[i].node == node {
			l.all[i].value = value
			return
		}
	}
	l.all = append(l.all, level{g, node, value})
}

// move takes a signal to its next state.
func (l *levels) move(r *history.Record) {
	if r.Signal < 0 {
		return
	}
	for int(r.Signal) >= len(l.states) {
		l.states = append(l.states, core.NoSignal)
	}
	state := &l.states[r.Signal]
	l.count(*state, -1)
	switch r.Kind {
	case history.Stored:
		if *state == core.NoSignal {
			*state = core.Received
		}
	case history.StateSet:
		*state = r.State
	case history.Missing:
		*state = core.NoSignal
	default:
	}
	l.count(*state, 1)
}

func (l *levels) count(state core.SignalState, n int) {
	switch {
	case state == core.InDoubt:
		l.inDoubt += n
	case state != core.NoSignal && !state.Final():
		l.open += n
	}
}
