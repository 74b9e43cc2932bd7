package kills

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"fencepost/internal/cluster"
	"fencepost/internal/testbed/child"
)

// settleBound is the longest a cluster may take, after the last kill, until no
// signal is under way any more.
const settleBound = 60 * time.Second

// The broker takes some time for an answer, so that kills meet orders whose
// answers are under way.
const quickest, slowest = 5 * time.Millisecond, 60 * time.Millisecond

// leaderBound is how long a kill that is meant for the leader waits for one.
const leaderBound = 8 * time.Second

// mostTold is how many violations of one invariant are kept.
const mostTold = 10

// Batch is what came of one batch.
type Batch struct {
	Batch int    `json:"batch"`
	Seed  uint64 `json:"seed"`
	Nodes int    `json:"nodes"`
	Rate  int    `json:"rate"`
	Kills int    `json:"kills"`
	// Leaders are the kills that struck the leader, AtPoints those whose victim
	// stood at the named point.
	Leaders  int            `json:"leaders"`
	AtPoints map[string]int `json:"at_points"`
	// Sent, Resent and Acknowledged are the senders' counts.
	Sent         int `json:"sent"`
	Resent       int `json:"resent"`
	Acknowledged int `json:"acknowledged"`
	// Orders are those in the broker's book, SentAgain those that the leader sent a
	// second time under the same id; Epochs is how often leadership was taken.
	Orders    int     `json:"orders"`
	SentAgain int     `json:"sent_again"`
	Epochs    uint64  `json:"epochs"`
	Seconds   float64 `json:"seconds"`
	Held      bool    `json:"held"`
	// Broken says what did not hold.
	Broken []string `json:"broken"`
}

func (b *Batch) breakf(format string, args ...any) {
	b.Broken = append(b.Broken, fmt.Sprintf(format, args...))
}

// play starts a cluster, kills, and judges. The error is what kept it from being
// judged; logs, if not nil, gets what the nodes of a batch that broke had to say.
func (p Plan) play(
	ctx context.Context, number int, program string, logs func(*cluster.Cluster),
) (*Batch, error) {
	began := time.Now()
	b := &Batch{
		Batch: number, Seed: p.Seed, Nodes: p.Nodes, Rate: p.Rate, AtPoints: map[string]int{},
		Broken: []string{},
	}
	c, err := cluster.Start(ctx, cluster.Options{
		Nodes: p.Nodes, Program: program,
		Settings: func(_ string, settings map[string]any) {
			settings["production"], settings["unsafe_test_seams"] = false, true
		},
	})
	if err != nil {
		return nil, err
	}
	err = b.run(ctx, c, p)
	if b.Held = err == nil && len(b.Broken) == 0; !b.Held && logs != nil {
		logs(c)
	}
	b.Seconds = time.Since(began).Seconds()
	return b, errors.Join(err, c.Stop(context.WithoutCancel(ctx)))
}

func (b *Batch) run(ctx context.Context, c *cluster.Cluster, p Plan) error {
	if _, err := c.AwaitReady(ctx); err != nil {
		return err
	}
	if err := c.Broker().AnswerAfter(ctx, quickest, slowest); err != nil {
		return err
	}
	prefix := fmt.Sprintf("kill-%d-%d", b.Seed, b.Batch)
	traffic := c.StartTraffic(ctx, prefix, time.Second/time.Duration(p.Rate))
	var err error
	for _, s := range p.Strikes(b.Batch) {
		if err = b.strike(ctx, c, s); err != nil {
			break
		}
	}
	tally := traffic.Stop()
	if err != nil {
		return err
	}
	b.Sent, b.Resent, b.Acknowledged = tally.Sent, tally.Resent, len(tally.Acknowledged)
	if b.Acknowledged == 0 {
		b.breakf("no signal was acknowledged: the audit has nothing to look for")
	}
	if len(tally.Refused) > 0 {
		b.breakf("never acknowledged: %s", strings.Join(tally.Refused, ", "))
	}
	counts, err := c.Settle(ctx, settleBound)
	if errors.Is(err, child.ErrLate) {
		b.breakf("something is still under way after %v: %v", settleBound, counts)
	} else if err != nil {
		return err
	}
	return b.audit(ctx, c, tally.Acknowledged)
}

// strike kills one node and starts it again.
func (b *Batch) strike(ctx context.Context, c *cluster.Cluster, s Strike) error {
	wait := time.NewTimer(s.Wait)
	defer wait.Stop()
	select {
	case <-wait.C:
	case <-ctx.Done():
		return ctx.Err()
	}
	victim := c.Nodes()[s.Node]
	leader, err := c.Leader(ctx) // an error is nobody
	if s.Leader && err != nil {
		leader, err = c.AwaitLeader(ctx, 0, leaderBound)
	}
	if s.Leader && err == nil {
		victim = leader.Node
	}
	if s.Point != "" {
		there, err := victim.HoldAt(ctx, s.Point, pointBound)
		if err != nil {
			return err
		}
		if there {
			b.AtPoints[s.Point]++
		}
	}
	if err := victim.Kill(); err != nil {
		return err
	}
	b.Kills++
	if leader.Node == victim {
		b.Leaders++
	}
	return victim.Start(ctx)
}

// audit judges what is written.
func (b *Batch) audit(ctx context.Context, c *cluster.Cluster, acknowledged []string) error {
	evidence, findings, err := c.Audit(ctx, acknowledged)
	if err != nil {
		return err
	}
	b.Orders, b.Epochs = len(evidence.Orders), evidence.Ledger.Authority.Epoch
	for _, a := range evidence.Ledger.Attempts {
		b.SentAgain += a.Resends
	}
	for _, f := range findings {
		for _, text := range f.Broken[:min(len(f.Broken), mostTold)] {
			b.breakf("%v: %s", f.Invariant, text)
		}
		if more := len(f.Broken) - mostTold; more > 0 {
			b.breakf("%v: and %d more", f.Invariant, more)
		}
	}
	return nil
}
