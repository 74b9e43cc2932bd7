package edge

import (
	"fmt"
	"time"

	"fencepost/core"
	"fencepost/core/check"
	"fencepost/scenarios"
	"fencepost/sim"
)

// Timing is one setting of the lease. Absent values are the usual parts of the
// ttl (PROTOCOL 4.3).
type Timing struct {
	TTL    time.Duration `json:"ttl"`
	Margin time.Duration `json:"margin"`
}

// String returns the timing as it heads a column.
func (t Timing) String() string { return fmt.Sprintf("ttl %s, margin %s", t.TTL, t.Margin) }

// Timings are those of the map: the default, the profile `fast`, the shortest
// that is usual, and the default with twice the margin.
func Timings() []Timing {
	usual := func(ttl time.Duration) Timing { return Timing{ttl, core.ForTTL(ttl).Margin} }
	return []Timing{
		usual(core.DefaultTTL), usual(3 * time.Second), usual(time.Second),
		{core.DefaultTTL, core.DefaultTTL / 10},
	}
}

// Disturbance is what makes a lease lapse under its holder.
type Disturbance uint8

// The disturbances. Pause is the zero value.
const (
	// Pause: the leader's process stands still.
	Pause Disturbance = iota
	// Delay: every message between the leader and Redis takes so much longer, each
	// way.
	Delay
)

// String returns the disturbance's word.
func (d Disturbance) String() string {
	switch d {
	case Pause:
		return "pause"
	case Delay:
		return "delay"
	default:
		return "disturbance(?)"
	}
}

// situation is what one probe plays.
type situation struct {
	timing Timing
	kind   Disturbance
	// amount is how much of the disturbance, in thousandths of a ttl.
	amount int64
	// drift is by how much the nodes' clocks run slow against the servers', in
	// parts per million.
	drift int64
}

// ttls returns so many thousandths of a ttl.
func ttls(thousandths int64) scenarios.Length {
	return scenarios.Length{TTLs: thousandths * scenarios.OneTTL / 1000}
}

// scenario builds what is played: some time after an election the leader is
// disturbed, wherever that finds it between two renewals. The clocks of all
// nodes run slow, so that whoever leads trusts its lease too long.
func (s situation) scenario() *scenarios.Scenario {
	at := func(low, high int64) scenarios.Trigger {
		return scenarios.Trigger{
			Kind: scenarios.AtTrigger, At: scenarios.Span{Min: ttls(low), Max: ttls(high)},
		}
	}
	leader := scenarios.Party{Kind: scenarios.LeaderParty}
	var verb scenarios.Verb = scenarios.Pause{Node: leader, For: ttls(s.amount).Span()}
	if s.kind == Delay {
		verb = scenarios.Net{
			Link: scenarios.Link{
				Near: leader, Far: scenarios.Party{Kind: scenarios.RedisParty}, Arrow: scenarios.Both,
			},
			Effect: scenarios.Latency, Delay: ttls(s.amount).Span(), For: ttls(3000).Span(),
		}
	}
	var steps []scenarios.Step
	if s.drift != 0 {
		slow := scenarios.PercentRange{Min: scenarios.Percent(-s.drift), Max: scenarios.Percent(-s.drift)}
		steps = append(steps, scenarios.Step{
			Trigger: at(0, 0),
			Verb:    scenarios.Clock{Node: scenarios.Party{Kind: scenarios.AllParty}, Drift: slow},
		})
	}
	if s.amount != 0 {
		steps = append(steps, scenarios.Step{Trigger: at(1500, 2500), Verb: verb})
	}
	return &scenarios.Scenario{
		Name: "edge", Tiers: []scenarios.Tier{scenarios.SimTier},
		Cluster: scenarios.Cluster{
			Nodes: 3, Lease: scenarios.Lease{TTL: scenarios.Length{Nanos: int64(s.timing.TTL)}},
			Config: []scenarios.Setting{{Name: "lease.margin", Value: s.timing.Margin.String()}},
		},
		Workload: scenarios.Workload{Signals: scenarios.Signals{
			Rate: scenarios.Rate{Milli: 4000, Per: ttls(1000)},
		}},
		Steps: steps,
		Run:   scenarios.Run{Duration: ttls(3500 + s.amount), Settle: ttls(100)},
	}
}

// finding is what the seeds of one situation came to.
type finding struct {
	runs, events int64
	// believers: two nodes believed at once in some run. executors: single-executor
	// or no-stale-effect broke.
	believers, executors bool
	// other is the first other invariant that broke.
	other check.Invariant
}

// probe plays the situation under the seeds 1 to n, until two believe at once.
func (s situation) probe(n int) (finding, error) {
	var f finding
	program, err := sim.Compile(s.scenario())
	if err != nil {
		return f, fmt.Errorf("probe %s of %d thousandths of a ttl: %w", s.kind, s.amount, err)
	}
	world := sim.NewWorld(program)
	for seed := range uint64(n) {
		r := world.Run(seed + 1)
		f.runs++
		f.events += r.Events
		broken := check.NoInvariant
		if r.Failure != nil {
			broken = r.Failure.Invariant
		}
		switch broken {
		case check.SingleExecutor, check.NoStaleEffect:
			f.executors = true
		case check.SingleBeliever, check.NoInvariant:
		default:
			f.other = broken
		}
		if broken == check.SingleBeliever || world.Excused(check.SingleBeliever) > 0 {
			f.believers = true
			return f, nil
		}
	}
	return f, nil
}
