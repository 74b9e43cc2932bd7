package load

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"time"

	"fencepost/core"
	"fencepost/internal/cluster"
)

// What the service is meant to reach on a machine of two cores that has nothing
// else to do.
const (
	TargetPerSecond = 3000
	TargetRate      = 500
	TargetP99       = 25 * time.Millisecond
)

// Plan says how to measure.
type Plan struct {
	// Rate is how many signals a second the open loop sends, For how long each leg
	// lasts, and Connections how many senders the closed loop has.
	Rate        float64
	For         time.Duration
	Connections int
}

// Check says what is wrong with the plan.
func (p Plan) Check() error {
	switch {
	case p.Rate < 1 || p.Rate > 100_000:
		return fmt.Errorf("--rate %g: give 1 to 100000 signals a second", p.Rate)
	case p.For < 100*time.Millisecond || p.For > time.Hour:
		return fmt.Errorf("--for %v: give 100ms to 1h", p.For)
	case p.Connections < 1 || p.Connections > 10_000:
		return fmt.Errorf("--connections %d: give 1 to 10000", p.Connections)
	default:
		return nil
	}
}

// Leg is one part of a measurement.
type Leg struct {
	// Loop is open or closed, Instances how many of them the signals went to.
	Loop      string `json:"loop"`
	Instances int    `json:"instances"`
	// Mode is the control mode: in run orders are executed meanwhile, in pause the
	// signals are stored and nothing else.
	Mode string `json:"mode"`
	// Offered is the open loop's rate, Connections the closed loop's senders.
	Offered     float64 `json:"offered_per_second,omitempty"`
	Connections int     `json:"connections,omitempty"`
	Result
	// Executed is how many signals a second were executed meanwhile, of this leg or
	// an earlier one.
	Executed float64 `json:"executed_per_second"`
	Cost     Cost    `json:"cost"`
	// Lost are acknowledged signals that the ledger does not have.
	Lost []string `json:"lost"`
}

// Reaches tells whether the leg is as fast as the service is meant to be, and what
// was asked for.
func (l *Leg) Reaches() (bool, string) {
	if l.Loop == "closed" {
		return l.PerSecond >= TargetPerSecond, fmt.Sprintf("%d a second", TargetPerSecond)
	}
	asked := fmt.Sprintf("p99 %v at %d a second", TargetP99, TargetRate)
	return l.Offered >= TargetRate && l.Acknowledged == l.Sent &&
		time.Duration(l.Latency.P99) <= TargetP99, asked
}

// Report is what came of a measurement.
type Report struct {
	// Held tells whether every signal that was acknowledged is in the ledger.
	Held bool `json:"held"`
	// Reached tells whether each leg in mode run is as fast as the service is meant to
	// be.
	Reached bool  `json:"reached"`
	Cores   int   `json:"cores"`
	Legs    []Leg `json:"legs"`
	// Rest is what became of the signals that were still open after the last leg.
	Rest Rest `json:"rest"`
	// Interrupted tells that not every leg was played to its end.
	Interrupted bool `json:"interrupted"`
}

// Targets are the instances of a cluster, as a sender sees them.
func Targets(c *cluster.Cluster) []Target {
	state := c.State()
	list := make([]Target, 0, len(state.Nodes))
	for _, n := range state.Nodes {
		list = append(list, Target{
			Addr: strings.TrimPrefix(n.URL, "http://"), Path: "/webhook/" + state.WebhookToken,
		})
	}
	return list
}

// Run measures a cluster that is ready: through one instance and through all, at
// the plan's rate and as fast as it answers, while orders are executed; once more
// as fast as it answers while none is; and then, for as long as a leg, how fast the
// rest is executed. Say is told of each leg.
func Run(ctx context.Context, c *cluster.Cluster, p Plan, say func(string)) (*Report, error) {
	targets := Targets(c)
	r := &Report{Held: true, Reached: true, Cores: runtime.NumCPU()}
	run, pause := core.Run.String(), core.Pause.String()
	legs := []Leg{
		{Loop: "open", Mode: run, Instances: 1, Offered: p.Rate},
		{Loop: "open", Mode: run, Instances: len(targets), Offered: p.Rate},
		{Loop: "closed", Mode: run, Instances: 1, Connections: p.Connections},
		{Loop: "closed", Mode: run, Instances: len(targets), Connections: p.Connections},
		{Loop: "closed", Mode: pause, Instances: len(targets), Connections: p.Connections},
	}
	for i := range legs {
		leg := &legs[i]
		if leg.Mode == run && i%2 == 1 && leg.Instances == 1 {
			continue // a cluster of one: it was all of them
		}
		if ctx.Err() != nil {
			break
		}
		say(fmt.Sprintf("%s loop, %d of %d instances, mode %s, %v", leg.Loop, leg.Instances, len(targets),
			leg.Mode, p.For))
		if err := leg.play(ctx, c, targets[:leg.Instances], p, fmt.Sprintf("load-%d", i)); err != nil {
			return nil, err
		}
		reached, _ := leg.Reaches()
		r.Reached = r.Reached && (reached || leg.Mode == pause)
		r.Held = r.Held && len(leg.Lost) == 0 && leg.Acknowledged > 0
		r.Legs = append(r.Legs, *leg)
	}
	var err error
	r.Rest, err = rest(ctx, c, p.For)
	r.Interrupted = ctx.Err() != nil
	return r, err
}

// play sends, and looks into the ledger afterwards.
func (l *Leg) play(ctx context.Context, c *cluster.Cluster, to []Target, p Plan, prefix string) error {
	patient := context.WithoutCancel(ctx)
	if err := control(patient, c, l.Mode); err != nil {
		return err
	}
	before, err := c.Ledger().Counts(patient)
	if err != nil {
		return err
	}
	m := meter{c}
	used := m.read()
	if l.Loop == "open" {
		l.Result = Open(ctx, to, prefix, p.Rate, p.For)
	} else {
		l.Result = Closed(ctx, to, prefix, p.Connections, p.For)
	}
	l.Cost = m.since(used, l.Acknowledged)
	if l.Sent == 0 {
		return errors.New("measure: nothing was sent")
	}
	after, err := c.Ledger().Counts(patient)
	if err != nil {
		return err
	}
	executed := core.Executed.String()
	l.Executed = float64(after[executed]-before[executed]) / l.Seconds
	l.Lost, err = c.Ledger().Missing(patient, l.Keys)
	if l.Lost == nil {
		l.Lost = []string{}
	}
	return err
}
