package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"fencepost/core"
	"fencepost/internal/testbed/child"
)

// The times of the demonstration.
const (
	trafficEvery = 100 * time.Millisecond
	// slowest is how long the broker takes for an answer, so that the kill meets
	// orders whose answers are under way.
	quickest, slowest = 50 * time.Millisecond, 250 * time.Millisecond
	// warmUp is how many signals are executed before the kill, and coolDown how
	// long traffic goes on with the killed node back.
	warmUp   = 10
	coolDown = 2 * time.Second
	// executeBound is the longest a signal may take with a leader in office, and
	// settleBound the longest until nothing is under way any more.
	executeBound = 10 * time.Second
	settleBound  = 15 * time.Second
	giveUp       = 12 * time.Second
)

// mostShown is how many violations of one invariant are told.
const mostShown = 5

// demo is one demonstration under way.
type demo struct {
	*Cluster
	out   io.Writer
	began time.Time
	acked []string
	// faults are what did not go as it must.
	faults []string
}

// Demo plays a failure on a cluster that is ready and has at least two nodes: a
// signal is executed once, the leader is killed in the middle of
// traffic, another one takes over, the killed one comes back. It tells what
// happens line by line with the seconds since it began, audits the ledger and
// the broker's book, and reports whether everything held. An error says that it
// could not be played.
func Demo(ctx context.Context, c *Cluster, out io.Writer) (bool, error) {
	if len(c.nodes) < 2 {
		return false, errors.New("a demonstration needs two nodes: one is killed")
	}
	d := &demo{Cluster: c, out: out, began: time.Now()}
	if err := d.play(ctx); err != nil {
		return false, fmt.Errorf("demonstrate: %w", err)
	}
	return len(d.faults) == 0, nil
}

func (d *demo) say(format string, args ...any) {
	fmt.Fprintf(d.out, "%7.3f s  %s\n", time.Since(d.began).Seconds(), fmt.Sprintf(format, args...))
}

// fail says that something did not go as it must, and goes on: the rest may
// tell why.
func (d *demo) fail(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	d.faults = append(d.faults, text)
	d.say("FAILED: %s", text)
}

func (d *demo) play(ctx context.Context) error {
	first, err := d.Leader(ctx)
	if err != nil {
		return err
	}
	d.say("%s leads under epoch %d", first.Node.id, first.Epoch)
	if err := d.executeOnce(ctx, first.Node); err != nil {
		return err
	}
	if err := d.broker.AnswerAfter(ctx, quickest, slowest); err != nil {
		return err
	}
	traffic := d.StartTraffic(ctx, "demo-traffic", trafficEvery)
	d.say("traffic: a signal every %v, to each node in turn; the broker takes %v to %v for an answer",
		trafficEvery, quickest, slowest)
	err = d.takeover(ctx, first)
	tally := traffic.Stop()
	if err != nil {
		return err
	}
	d.acked = append(d.acked, tally.Acknowledged...)
	d.say("traffic ends: %d signals sent, %d acknowledged; %d times one had to be sent again",
		tally.Sent, len(tally.Acknowledged), tally.Resent)
	if len(tally.Refused) > 0 {
		d.fail("never acknowledged: %s", strings.Join(tally.Refused, ", "))
	}
	if err := d.settle(ctx); err != nil {
		return err
	}
	return d.audit(ctx)
}

// takeover kills the leader and brings it back.
func (d *demo) takeover(ctx context.Context, first Leader) error {
	second, err := d.killLeader(ctx, first)
	if errors.Is(err, child.ErrLate) {
		d.fail("%v", err)
		return nil
	}
	if err != nil {
		return err
	}
	follower := first.Node
	for _, n := range d.nodes {
		if n != second.Node && n.Running() {
			follower = n
		}
	}
	// With two nodes the only follower is the one that comes back.
	if follower != first.Node {
		if err := d.through(ctx, follower); err != nil {
			return err
		}
	}
	if err := d.bringBack(ctx, first.Node, second); err != nil {
		return err
	}
	if follower == first.Node {
		if err := d.through(ctx, follower); err != nil {
			return err
		}
	}
	return pause(ctx, coolDown)
}

// pause lets time pass, for traffic to meet the cluster as it is.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// executeOnce sends one signal to the leader, and once more to another node.
func (d *demo) executeOnce(ctx context.Context, leader *Node) error {
	const id = "demo-first"
	sent := time.Now()
	answer, err := d.Send(ctx, leader, id)
	if err != nil {
		return err
	}
	d.acked = append(d.acked, answer.Key)
	d.say("signal %s sent to %s: %d %s, %s", id, leader.id, answer.Code, answer.Status, answer.State)
	if ok, err := d.executed(ctx, answer.Key); !ok {
		return err
	}
	d.say("executed %d ms later", time.Since(sent).Milliseconds())
	other := d.nodes[0]
	if other == leader {
		other = d.nodes[1]
	}
	if answer, err = d.Send(ctx, other, id); err != nil {
		return err
	}
	d.say("the same signal sent to %s: %d %s, %s", other.id, answer.Code, answer.Status, answer.State)
	orders, err := d.broker.Orders(ctx)
	if err != nil {
		return err
	}
	if answer.Status != "duplicate" || len(orders) != 1 {
		d.fail("a signal that is sent twice is %s, and the broker has %d orders", answer.Status, len(orders))
		return nil
	}
	d.say("one order at the broker: %s, %s, %s", orders[0].OrderID, orders[0].ClientOrderID, orders[0].Status)
	return nil
}

// executed waits until the signal is executed, and reports whether it was.
func (d *demo) executed(ctx context.Context, key string) (bool, error) {
	state := "unknown"
	err := child.Poll(ctx, executeBound, answerPoll, func(ctx context.Context) (bool, error) {
		now, err := d.ledger.SignalState(ctx, key)
		if err == nil {
			state = now
		}
		return now == core.Executed.String(), err
	})
	if errors.Is(err, child.ErrLate) {
		d.fail("signal %s is %s after %v", key, state, executeBound)
		return false, nil
	}
	return err == nil, err
}

// killLeader kills the leader while orders are under way and watches who takes
// over.
func (d *demo) killLeader(ctx context.Context, first Leader) (Leader, error) {
	under := 0
	err := child.Poll(ctx, executeBound, answerPoll, func(ctx context.Context) (bool, error) {
		counts, err := d.ledger.Counts(ctx)
		under = counts[core.Submitting.String()]
		return under > 0 && counts[core.Executed.String()] > warmUp, err
	})
	if err != nil {
		return Leader{}, fmt.Errorf("await orders under way: %w", err)
	}
	killed := time.Now()
	if err := first.Node.Kill(); err != nil {
		return Leader{}, err
	}
	d.say("kill -9 %d: %s, the leader, with %d orders under way", first.Node.PID(), first.Node.id, under)
	second, err := d.AwaitLeader(ctx, first.Epoch, giveUp)
	if err != nil {
		return second, err
	}
	took := time.Since(killed)
	d.say("%s leads under epoch %d, %.3f s after the kill (ttl %v, bound %v)", second.Node.id, second.Epoch,
		took.Seconds(), d.TTL(), 2*d.TTL())
	if took > 2*d.TTL() {
		d.fail("the takeover took longer than 2 ttl")
	}
	if second.Epoch != first.Epoch+1 {
		d.fail("epoch %d follows epoch %d", second.Epoch, first.Epoch)
	}
	return second, nil
}

// through sends a signal to a node that does not lead.
func (d *demo) through(ctx context.Context, follower *Node) error {
	const id = "demo-follower"
	sent := time.Now()
	answer, err := d.Send(ctx, follower, id)
	if err != nil {
		return err
	}
	d.acked = append(d.acked, answer.Key)
	if ok, err := d.executed(ctx, answer.Key); !ok {
		return err
	}
	d.say("signal %s sent to %s, a follower: %d %s; the leader executed it %d ms later",
		id, follower.id, answer.Code, answer.Status, time.Since(sent).Milliseconds())
	return nil
}

// bringBack starts the killed node again and asks it who leads.
func (d *demo) bringBack(ctx context.Context, n *Node, leader Leader) error {
	if err := n.Start(ctx); err != nil {
		return err
	}
	if err := n.AwaitReady(ctx, readyBound); err != nil {
		return err
	}
	var said struct {
		Redis    *string `json:"redis_leader"`
		Postgres *string `json:"db_leader"`
		Conflict bool    `json:"conflict"`
		Epoch    uint64  `json:"epoch"`
	}
	if _, err := get(ctx, n.AdminURL()+"/coordinator/leader", &said); err != nil {
		return fmt.Errorf("ask %s who leads: %w", n.id, err)
	}
	status, err := n.Status(ctx)
	if err != nil {
		return err
	}
	name := func(leader *string) string {
		if leader == nil {
			return "nobody"
		}
		return *leader
	}
	d.say("%s is back as process %d, a %s; by Redis %s leads, by PostgreSQL %s under epoch %d",
		n.id, n.PID(), status.Role, name(said.Redis), name(said.Postgres), said.Epoch)
	stays := name(said.Postgres) == leader.Node.id && said.Epoch == leader.Epoch
	if !stays || said.Conflict || status.IsLeader {
		d.fail("leadership changed when %s came back", n.id)
	}
	return nil
}

// settle waits until no signal is under way.
func (d *demo) settle(ctx context.Context) error {
	counts, err := d.Settle(ctx, settleBound)
	if errors.Is(err, child.ErrLate) {
		d.fail("something is still under way after %v: %s", settleBound, sum(counts))
		return nil
	}
	if err != nil {
		return err
	}
	d.say("nothing is under way any more: %s", sum(counts))
	return nil
}

// sum writes the counts in the order of the states.
func sum(counts map[string]int) string {
	var parts []string
	for state := core.Received; state < core.Void; state++ {
		if n := counts[state.String()]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, state))
		}
	}
	return strings.Join(parts, ", ")
}

// audit judges what is written in the ledger and in the broker's book.
func (d *demo) audit(ctx context.Context) error {
	evidence, findings, err := d.Audit(ctx, d.acked)
	if err != nil {
		return err
	}
	resent := 0
	for _, a := range evidence.Ledger.Attempts {
		resent += a.Resends
	}
	d.say("the ledger and the broker's book (%d orders were sent a second time under the same id):", resent)
	for _, f := range findings {
		if f.Holds() {
			fmt.Fprintf(d.out, "    holds   %-20s %s\n", f.Invariant, f.Claim)
			continue
		}
		d.faults = append(d.faults, f.Broken...)
		for _, text := range f.Broken[:min(len(f.Broken), mostShown)] {
			fmt.Fprintf(d.out, "    BROKEN  %-20s %s\n", f.Invariant, text)
		}
		if more := len(f.Broken) - mostShown; more > 0 {
			fmt.Fprintf(d.out, "    BROKEN  %-20s and %d more\n", f.Invariant, more)
		}
	}
	return d.verified(ctx)
}
