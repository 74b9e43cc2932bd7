package soak

import (
	"fmt"
	"slices"
	"time"

	"fencepost/chaos"
	"fencepost/core"
	"fencepost/scenarios"
	"fencepost/sim"
)

// Plan says how a soak is made.
type Plan struct {
	// For is how long the nemesis has the cluster; it is cut down to whole rounds, of
	// which there must be LeastRounds.
	For time.Duration
	// Seed decides which faults strike when.
	Seed uint64
	// Nodes is how many there are, from two to nine.
	Nodes int
	// TTL is that of the lease; everything else is measured in it.
	TTL time.Duration

	// calm leaves every fault out.
	calm bool
}

// The standard plan.
const (
	DefaultFor   = 30 * time.Minute
	DefaultNodes = 3
	DefaultTTL   = 2 * time.Second
)

// A round, in ttl: a storm, and a calm that is longer than the time within which the
// cluster owes to be well again, of which the last part is looked at.
const (
	stormTTLs = 12
	calmTTLs  = 8
	lookTTLs  = 3
	roundTTLs = stormTTLs + calmTTLs
)

// LeastRounds is how many rounds it takes to tell a leak from chance: warm-up, and
// two points in each third.
const LeastRounds = warmUp + leastPoints

// The bounds on the number of nodes: the last one dies again and again, so there is
// another.
const (
	leastNodes = 2
	mostNodes  = 9
)

// Round is how long a storm and its calm take.
func (p *Plan) Round() time.Duration { return roundTTLs * p.TTL }

// Rounds is how many there are.
func (p *Plan) Rounds() int { return int(p.For / max(p.Round(), 1)) }

// duration is how long the nemesis has the cluster.
func (p *Plan) duration() time.Duration { return time.Duration(p.Rounds()) * p.Round() }

// Validate refuses what cannot be played.
func (p *Plan) Validate() error {
	switch {
	case p.TTL <= 0:
		return fmt.Errorf("soak: a ttl of %v is none", p.TTL)
	case p.Nodes < leastNodes || p.Nodes > mostNodes:
		return fmt.Errorf("soak: %d nodes: give %d to %d", p.Nodes, leastNodes, mostNodes)
	case p.Rounds() < LeastRounds:
		return fmt.Errorf("soak: %v is too short to tell a leak from chance: give %v at least, %d rounds "+
			"of %v", p.For, LeastRounds*p.Round(), LeastRounds, p.Round())
	}
	return nil
}

// Name is what a soak is called where runs are kept.
const Name = "soak"

// file is the scenario, but for its numbers.
const file = `version: 1
name: ` + Name + `
why: One cluster lives for long under every family of faults, and nothing that its processes hold may grow.
tiers: [sim, real]
catches: [belief-by-flag]
cluster: {nodes: %d, lease: {ttl: %s}, redis: {mode: replicated}, broker: {class: A, ack: 5ms..100ms}}
workload:
  {signals: 5/s, instruments: 4, duplicates: 5%%, reorder: 200ms, retry: {timeout: 0.5ttl, attempts: 4}}
assume: {clock_drift: 1%%, postgres: durable, redis: may_lose_acked_writes, harness_stall: 0.25ttl}
nemesis: {every: 0.2ttl..1ttl, hold: 0.1ttl..2ttl, max_active: 3, quiet_every: %dttl, quiet_for: %dttl}
expect:
  - never: single-executor
  - never: no-stale-effect
  - never: no-duplicate-order
  - never: no-lost-signal
  - never: epoch-monotonic
  - never: history-complete
  - never: recovers
  - final: every_signal_terminal
run: {duration: %dttl, settle: 8ttl, timeout: %s, seeds: {sim: 1, real: 1}, seed: %d}
`

// slack is for how long a soak may last beyond its rounds: to settle, and to read
// what happened.
const slack = 10 * time.Minute

// Scenario returns what is played, without the faults that are drawn.
func (p *Plan) Scenario() (*scenarios.Scenario, error) {
	length := func(d time.Duration) scenarios.Length { return scenarios.Length{Nanos: int64(d)} }
	text := fmt.Sprintf(file, p.Nodes, length(p.TTL), stormTTLs, calmTTLs, p.Rounds()*roundTTLs,
		length(p.For+slack), p.Seed)
	return scenarios.Parse(Name+".yaml", []byte(text))
}

// Faults draws what befalls the cluster.
func (p *Plan) Faults(s *scenarios.Scenario) ([]scenarios.Step, error) {
	if p.calm {
		return nil, nil
	}
	drawn, err := sim.Compile(s)
	if err != nil {
		return nil, err
	}
	last := scenarios.Party{Kind: scenarios.NodeParty, Index: p.Nodes}
	var steps []scenarios.Step
	for _, fault := range drawn.Faults(p.Seed) {
		step := fault.Step()
		switch v := step.Verb.(type) {
		case scenarios.Kill:
			v.Node = last
			step.Verb = v
		case scenarios.Stop:
			v.Node = last
			step.Verb = v
		case scenarios.Roll:
			continue
		}
		steps = append(steps, step)
	}
	return slices.Clip(steps), nil
}

// compile makes the program with its faults.
func (p *Plan) compile() (*chaos.Program, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	s, err := p.Scenario()
	if err != nil {
		return nil, err
	}
	steps, err := p.Faults(s)
	if err != nil {
		return nil, err
	}
	program, err := chaos.Compile(s)
	if err != nil {
		return nil, err
	}
	return program.With(steps), nil
}

// quiet returns the round, from zero, whose quiet point an instant belongs to.
func (p *Plan) quiet(at time.Duration) (round int, is bool) {
	into := at % p.Round()
	return int(at / p.Round()), at > 0 && at <= p.duration() && into >= p.Round()-lookTTLs*p.TTL
}

// The stores, as parties that hold connections.
var (
	redisParty    = core.Redis.String()
	postgresParty = core.Postgres.String()
)

// parties are those that are to live for the whole soak.
func (p *Plan) parties() []string {
	all := []string{chaos.HarnessParty, redisParty, postgresParty}
	for node := range p.Nodes - 1 {
		all = append(all, scenarios.NodeName(int16(node)))
	}
	return all
}
