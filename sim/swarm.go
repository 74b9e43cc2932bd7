package sim

import (
	"time"

	"fencepost/scenarios"
	"fencepost/sim/tape"
)

// The sites of the swarm. Those of the configuration are apart from those of
// the faults, and each fault has draws of its own: taking one away leaves
// everything else in place.
var (
	siteSwarmCluster  = tape.New("swarm.cluster", tape.World)
	siteSwarmTiming   = tape.New("swarm.timing", tape.World)
	siteSwarmTraffic  = tape.New("swarm.traffic", tape.World)
	siteSwarmTurns    = tape.New("swarm.turns", tape.World)
	siteSwarmFamilies = tape.New("swarm.families", tape.World)
	siteSwarmFaults   = tape.New("swarm.faults", tape.Steps)
	siteSwarmRewind   = tape.New("swarm.rewind", tape.World)
	siteSwarmLease    = tape.New("swarm.lease", tape.World)
	siteSwarmEnd      = tape.New("swarm.aftermath", tape.World)
)

// The base density, as of BenchmarkSim/default: ten simulated minutes with a
// fault every fifth of a ttl and a signal every ttl.
const (
	swarmLength = 600 * int64(time.Second)
	swarmTTL    = 10 * int64(time.Second)
	swarmSettle = 9  // ttl
	swarmEvery  = 20 // hundredths of a ttl between two faults
	hundredth   = 100
	// mostSteps is as many as a file may well have.
	mostSteps = 600
)

// Swarm draws a whole random cluster, with its workload and its faults as
// explicit steps. Whole families of faults are on or off, and how often each
// comes is drawn as well: a run of few kinds goes deeper than one of all. Zero
// is benign everywhere: a tape of zeros is a default cluster in which nothing
// fails.
func Swarm(t *tape.Tape) *scenarios.Scenario {
	t.Begin(0, nil)
	g := &swarm{tape: t, s: &scenarios.Scenario{
		Name: "swarm", Why: "A random cluster under random faults.",
		Tiers: []scenarios.Tier{scenarios.SimTier}, TierReason: "drawn at random for the simulator",
		Steps: make([]scenarios.Step, 0, mostSteps/2),
	}}
	g.drawCluster()
	g.drawTiming()
	g.drawTraffic()
	g.drawTurns()
	g.drawFamilies()
	g.drawFaults()
	g.drawRewind()
	g.drawStuck()
	g.drawAftermath()
	return g.s
}

// swarm is a scenario in the making.
type swarm struct {
	tape *tape.Tape
	s    *scenarios.Scenario
	ttl  int64
	// duration is the length of the phase of faults.
	duration int64

	families []family // those that are on, once for each unit of weight
	// Of a thousand faults so many wait for an event, or follow another fault.
	onEvent, onFault int64
	// slow: the broker takes so long that a flood of signals would outlast the
	// run, whoever leads.
	slow bool
	// rewinds: the ledger goes back in time, once.
	rewinds bool
	every   int64
	// A storm lasts so long and is followed by as long a calm; no storm, no calm.
	storm, calm int64
	// hold is the longest that a fault lasts, in hundredths of a ttl.
	hold int64
	// toLeader is how many of a thousand faults go for the leader.
	toLeader int64
}

// dice cuts the bits of one draw into decisions. All bits zero decide for the
// benign choice every time.
type dice struct{ state uint64 }

// next returns further bits.
func (d *dice) next() uint64 {
	if d.state == 0 {
		return 0
	}
	d.state = scramble(d.state)
	return d.state
}

// below returns a number below n.
func (d *dice) below(n int64) int64 {
	if n <= 1 {
		return 0
	}
	return int64(d.next() % uint64(n))
}

// between returns a number of [low, high].
func (d *dice) between(low, high int64) int64 { return low + d.below(high-low+1) }

// oneIn reports true once in n; never for the benign dice.
func (d *dice) oneIn(n int64) bool { return d.below(n) == n-1 }

// perMille reports true so many times in a thousand; never for the benign dice.
func (d *dice) perMille(n int64) bool { return d.below(1000) >= 1000-n }

// roll draws dice of a site.
func (g *swarm) roll(site tape.Site) dice { return dice{g.tape.Draw(site, 0)} }

// parts returns hundredths of a ttl.
func (g *swarm) parts(n int64) scenarios.Length {
	return scenarios.Length{TTLs: n * scenarios.OneTTL / hundredth}
}

// within returns a length of [low, high] hundredths of a ttl as a fixed span.
func (g *swarm) within(d *dice, low, high int64) scenarios.Span {
	return g.parts(d.between(low, high)).Span()
}

// drawCluster draws who is there.
func (g *swarm) drawCluster() {
	d := g.roll(siteSwarmCluster)
	c := &g.s.Cluster
	c.Nodes = [...]int{3, 3, 3, 2, 4, 5, 3, 2}[d.below(8)]
	switch g.ttl = swarmTTL; d.below(8) {
	case 6:
		g.ttl = swarmTTL / 2
	case 7:
		g.ttl = swarmTTL * 2
	default:
	}
	c.Lease.TTL = scenarios.Length{Nanos: g.ttl}
	c.Broker.Class = [...]scenarios.BrokerClass{"A", "B", "C", "D"}[d.below(4)]
	slow := d.below(8)
	g.slow = slow == 5 || slow == 6
	switch slow {
	case 5:
		c.Broker.Ack = scenarios.Span{Min: g.parts(0), Max: g.parts(20)}
	case 6:
		c.Broker.Ack = scenarios.Span{Min: g.parts(10), Max: g.parts(60)}
	case 7:
		c.Broker.Ack = scenarios.Length{Nanos: int64(time.Millisecond)}.Span()
	default:
	}
	if d.oneIn(6) {
		c.Intake = scenarios.IntakeLeaderOnly
	}
	if d.oneIn(3) {
		c.Redis.Mode = scenarios.ReplicatedRedis
	}
	c.Redis.Durability = [...]scenarios.Durability{
		scenarios.AOFAlways, scenarios.AOFEverySec, scenarios.NoDurability,
	}[d.below(3)]
	g.s.Assume.ClockDrift = [...]scenarios.Percent{
		scenarios.OnePercent, scenarios.OnePercent / 2, scenarios.OnePercent / 100,
	}[d.below(3)]
	if d.oneIn(3) {
		g.set("paper.fill_after", d.between(1, 60))
		g.s.Cluster.Config = append(c.Config, scenarios.Setting{
			Name: "paper.unfilled", Value: [...]string{"10%", "30%", "60%"}[d.below(3)],
		})
	}
	g.duration = swarmLength - swarmSettle*g.ttl
	g.s.Run = scenarios.Run{
		Duration: scenarios.Length{Nanos: g.duration},
		Settle:   scenarios.Length{TTLs: swarmSettle * scenarios.OneTTL},
		Seeds:    scenarios.Seeds{Sim: 1},
	}
}

// set sets something of the service's configuration to hundredths of a ttl.
func (g *swarm) set(name string, parts int64) {
	g.s.Cluster.Config = append(g.s.Cluster.Config, scenarios.Setting{
		Name: name, Value: time.Duration(g.ttl / hundredth * parts).String(),
	})
}

// drawTiming moves the timings around their defaults, as far as Validate lets
// them. One cluster in two keeps all of them.
func (g *swarm) drawTiming() {
	d := g.roll(siteSwarmTiming)
	if d.below(2) == 0 {
		return
	}
	if d.oneIn(2) {
		margin := d.between(1, 12)
		// Two attempts and one time-out must fit into the trust window.
		window := hundredth - 1 - margin
		timeout := d.between(5, 35)
		beat := (window - timeout) / 2
		g.set("lease.margin", margin)
		g.set("lease.store_timeout", timeout)
		g.s.Cluster.Lease.Renew = g.parts(d.between(8, beat))
		g.set("lease.heartbeat", d.between(8, beat))
	}
	if d.oneIn(2) {
		retry := d.between(5, 30)
		g.set("lease.retry", retry)
		g.set("lease.retry_jitter", d.between(1, min(20, 50-retry)))
	}
	if d.oneIn(2) {
		g.set("lease.candidate_budget", d.between(15, 60))
	}
	if d.oneIn(2) {
		g.set("lease.send_by", d.between(5, 60))
	}
	if d.oneIn(2) {
		g.set("broker.timeout", d.between(10, 90))
	}
	if d.oneIn(3) {
		g.set("lease.sweep", d.between(10, 90))
		g.set("lease.review", d.between(30, 200))
	}
	if d.oneIn(3) {
		g.s.Cluster.StaleAfter = g.parts(d.between(200, 500))
	}
}

// drawTraffic draws what the senders do.
func (g *swarm) drawTraffic() {
	d := g.roll(siteSwarmTraffic)
	w := &g.s.Workload
	everyTTL := [...]int64{1000, 1000, 1000, 1000, 3000, 3000, 300, 8000}[d.below(8)]
	if g.slow {
		everyTTL = min(everyTTL, 1000)
	}
	w.Signals.Rate = scenarios.Rate{Milli: everyTTL, Per: scenarios.Length{TTLs: scenarios.OneTTL}}
	w.Duplicates = [...]scenarios.Percent{0, 10, 0, 60}[d.below(4)] * scenarios.OnePercent
	if d.oneIn(4) {
		w.Reorder = g.parts(d.between(5, 150))
	}
	w.To = [...]scenarios.Target{
		scenarios.ToAny, scenarios.ToAny, scenarios.ToAny, scenarios.ToLeader, scenarios.ToFollower,
		scenarios.ToAll,
	}[d.below(6)]
	if d.oneIn(3) {
		w.ValidFor = g.parts(d.between(30, 400))
	}
	if d.oneIn(3) {
		w.Retry.Timeout = g.parts(d.between(5, 80))
		w.Retry.Attempts = int(d.between(1, 8))
	}
}

// drawTurns has one cluster in three let one signal of an instrument be open at a
// time, exits before entries.
func (g *swarm) drawTurns() {
	d := g.roll(siteSwarmTurns)
	if !d.oneIn(3) {
		return
	}
	g.s.Cluster.Config = append(g.s.Cluster.Config, scenarios.Setting{
		Name: scenarios.OneOpenSetting, Value: "true",
	})
	g.s.Workload.Instruments = int(d.between(1, 12))
	g.s.Workload.Exits = [...]scenarios.Percent{20, 50, 5}[d.below(3)] * scenarios.OnePercent
}
