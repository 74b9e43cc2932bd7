package sim

import (
	"time"

	"fencepost/core"
	"fencepost/core/check"
	"fencepost/core/event"
	"fencepost/core/order"
	"fencepost/scenarios"
)

// Program is a scenario compiled for the simulator: every length in
// nanoseconds, every default filled in. It is never changed by a run and may
// be shared by worlds.
type Program struct {
	scenario *scenarios.Scenario
	config   core.Config
	checks   check.Config
	ttl      int64
	nodes    int

	// Each node's clocks may differ from true time by so much, in ppm.
	drift    int64
	duration int64
	settle   int64

	interval      int64 // between two signals; zero offers none
	intervalMax   int64
	steady        bool
	count         int // of signals; zero is no limit
	instruments   int32
	exits         scenarios.Percent
	oneOpen       bool // one signal of an instrument at a time, exits before entries
	duplicates    scenarios.Percent
	reorder       int64
	to            scenarios.Target
	retryTimeout  int64
	retryAttempts int32
	validFor      time.Duration

	ackMin, ackMax int64
	durability     scenarios.Durability
	fillAfter      time.Duration
	unfilled       int64 // share of orders, in ppm
	plan           *Plan // of the nemesis; nil without one
	conns          int   // sessions of each node for ordinary work
	rewinds        int64 // how far back the ledger may go

	// The steps by what sets them off: those with a fixed time, those that wait
	// for an event, those that follow the start or the end of another.
	verbs []scenarios.Verb // as pointers
	words []int            // their marks
	cuts  []core.Op        // whose replies they lose
	ids   []string         // "" where a step has none
	timed []int32
	waits [event.Total][]int32
	// asksRoles: some wait for an event of a node that has a role.
	asksRoles bool
	follows   [][2][]int32 // nil if none follows another
}

// The two moments of a step that others may follow.
const (
	onStart = iota
	onEnd
)

// index sorts the steps by what sets them off, so that the cost of a run does
// not depend on how many there are.
func (p *Program) index() {
	steps := p.scenario.Steps
	count := len(steps)
	p.ids, p.verbs = make([]string, count), make([]scenarios.Verb, count)
	p.words, p.cuts = make([]int, count), make([]core.Op, count)
	p.timed = make([]int32, 0, count)
	var named map[string]int // made for the first step that follows another
	for i := range steps {
		verb := steps[i].Verb
		p.ids[i], p.verbs[i] = steps[i].ID, pointed(verb)
		p.words[i], p.cuts[i] = wordOf(verb), cutOf(verb)
		switch t := &steps[i].Trigger; t.Kind {
		case scenarios.AtTrigger:
			p.timed = append(p.timed, int32(i))
		case scenarios.WhenTrigger:
			p.asksRoles = p.asksRoles || t.When.Node.Kind.IsRole()
			p.waits[t.When.Event] = append(p.waits[t.When.Event], int32(i))
		case scenarios.AfterTrigger:
			if named == nil {
				named = byID(steps)
				p.follows = make([][2][]int32, count)
			}
			of, moment := named[t.After.Step], onStart
			if t.After.End {
				moment = onEnd
			}
			p.follows[of][moment] = append(p.follows[of][moment], int32(i))
		case scenarios.NoTrigger:
		default:
		}
	}
}

// byID finds the steps by their ids.
func byID(steps []scenarios.Step) map[string]int {
	named := make(map[string]int)
	for i := range steps {
		named[steps[i].ID] = i
	}
	return named
}

// Compile turns a scenario into a program. A setting that it does not know, or
// that the service would refuse, is refused with its place in the file.
func Compile(file *scenarios.Scenario) (*Program, error) {
	s := file.WithDefaults().WithoutProcesses()
	ttl := s.TTL()
	p := &Program{
		scenario: s, ttl: ttl, nodes: s.Cluster.Nodes,
		drift:    int64(s.Assume.ClockDrift) / 2,
		duration: s.Run.Duration.Resolve(ttl), settle: s.Run.Settle.Resolve(ttl),
		duplicates: s.Workload.Duplicates, reorder: s.Workload.Reorder.Resolve(ttl), to: s.Workload.To,
		retryTimeout: s.Workload.Retry.Timeout.Resolve(ttl), retryAttempts: int32(s.Workload.Retry.Attempts),
		validFor:    time.Duration(s.Workload.ValidFor.Resolve(ttl)),
		durability:  s.Cluster.Redis.Durability,
		instruments: int32(s.Workload.Instruments), exits: s.Workload.Exits,
	}
	p.ackMin, p.ackMax = s.Cluster.Broker.Ack.Resolve(ttl)
	p.compileTraffic(s)
	if err := p.compileConfig(s); err != nil {
		return nil, err
	}
	p.index()
	if s.Nemesis != nil {
		p.plan = compilePlan(s, p.config.DriftPPM, len(file.Nemesis.Weights) > 0)
	}
	p.conns, p.rewinds = s.Cluster.Postgres.Pool, rewindReach(s, p.plan, ttl)
	if p.conns == 0 {
		p.conns = ordinarySessions
	}
	p.checks = check.For(&p.config, p.nodes)
	p.checks.RecoverSignals += p.fillAfter
	p.checks.OneOpen = p.oneOpen
	return p, nil
}

// compileTraffic works out when signals come.
func (p *Program) compileTraffic(s *scenarios.Scenario) {
	signals := s.Workload.Signals
	p.interval = signals.Rate.Interval(p.ttl)
	if signals.Count > 0 {
		p.count, p.steady = signals.Count, true
		p.interval, p.intervalMax = s.Workload.Every.Resolve(p.ttl)
		if p.interval == 0 {
			p.interval = max(p.duration/int64(signals.Count+1), 1)
		}
	}
}

// compileConfig derives the nodes' configuration.
func (p *Program) compileConfig(s *scenarios.Scenario) error {
	c := core.ForTTL(time.Duration(p.ttl))
	c.Renew = time.Duration(s.Cluster.Lease.Renew.Resolve(p.ttl))
	c.StaleAfter = time.Duration(s.Cluster.StaleAfter.Resolve(p.ttl))
	c.LeaderOnly = s.Cluster.Intake == scenarios.IntakeLeaderOnly
	class := map[scenarios.BrokerClass]order.Class{
		scenarios.ClassA: order.ClassA, scenarios.ClassB: order.ClassB,
		scenarios.ClassC: order.ClassC, scenarios.ClassD: order.ClassD,
	}[s.Cluster.Broker.Class]
	c.Broker = class.Capability()
	if err := p.applySettings(s, &c); err != nil {
		return err
	}
	if err := c.Validate(); err != nil {
		return s.Refuse(s.Place.Of("cluster.lease"), "", nil,
			"the service would refuse this lease: "+err.Error())
	}
	p.config = c
	return nil
}

// span resolves a span for one use by the step that is being carried out.
func (w *World) span(s scenarios.Span) int64 { return w.spanOf(w.acting, s) }

// spanOf resolves a span for one use by a step. A fixed one leaves nothing to
// chance.
func (w *World) spanOf(index int32, s scenarios.Span) int64 {
	low, high := s.Resolve(w.program.ttl)
	if high <= low {
		return low
	}
	return between(w.draw(siteSpan, int(index)), low, high)
}
