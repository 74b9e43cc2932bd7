package timeline

import (
	"time"

	"fencepost/core"
	"fencepost/core/history"
)

// FromHistory returns the picture of a run of so many nodes whose records these
// are, in the order in which things happened. Everything but the lanes is taken
// from head; a Duration of zero becomes the time to the last record. What has not
// ended by then ends with the run.
//
// A caller may add to the lanes what records do not tell.
func FromHistory(records []history.Record, nodes int, head Run) Run {
	run := head
	run.Lanes = ClusterLanes(nodes)
	d := draft{
		lanes: run.Lanes, nodes: nodes, start: run.Start, faults: map[faultKey][]Span{},
		belief: make([]claim, nodes), down: make([]claim, nodes), paused: make([]claim, nodes),
		cut: make([]claim, nodes*links), seen: make([]bool, nodes),
	}
	for i := range records {
		d.take(&records[i])
	}
	if len(records) > 0 {
		run.Duration = max(run.Duration, time.Duration(records[len(records)-1].At-run.Start))
	}
	d.finish(run.Start + int64(run.Duration))
	return run
}

// links is how many links a node has: one to each store.
const links = int(core.Broker)

// draft is the picture as far as the records have been read.
type draft struct {
	lanes []Lane
	nodes int
	start int64

	belief, down, paused []claim
	seen                 []bool // nodes whose process has been spoken of
	cut                  []claim
	lease                claim
	tenures              []claim
	faults               map[faultKey][]Span
	order                []faultKey
}

// faultKey is what the beginning and the end of a fault have in common.
type faultKey struct {
	fault history.Fault
	node  int16
}

// claim is a span that has begun, if it is held.
type claim struct {
	held  bool
	span  Span
	until int64 // when it ends by itself
	epoch core.Epoch
	token core.Token
}

// never is when a claim ends that does not end by itself.
const never = int64(core.Never)

// take draws one record.
func (d *draft) take(r *history.Record) {
	switch r.Kind {
	case history.LeaseSet:
		d.leaseSet(r)
	case history.LeaseGone:
		d.leaseGone(r)
	case history.TenureOpened:
		d.tenureOpened(r)
	case history.TenureEnded:
		d.tenureEnded(r)
	case history.FaultBegan:
		d.faultBegan(r)
	case history.FaultEnded:
		d.faultEnded(r)
	case history.BeliefHeld, history.BeliefEnded, history.NodeUp, history.NodeDown, history.NodePaused,
		history.NodeResumed, history.Reach:
		if r.Node >= 0 && int(r.Node) < d.nodes {
			d.takeNode(r)
		}
	default:
		d.tick(r)
	}
}

// takeNode draws a record about a node's belief, process or links.
func (d *draft) takeNode(r *history.Record) {
	n := r.Node
	switch r.Kind {
	case history.BeliefHeld:
		d.beliefHeld(r)
	case history.BeliefEnded:
		d.end(d.node(n), &d.belief[n], r.At, "")
	case history.NodeUp:
		if !d.seen[n] && r.At > d.start {
			d.begin(&d.down[n], Span{Kind: Down, From: d.start, Title: "not up yet"})
		}
		d.end(d.node(n), &d.down[n], r.At, "")
		d.seen[n] = true
	case history.NodeDown:
		d.end(d.node(n), &d.belief[n], r.At, "its process ended")
		d.end(d.node(n), &d.paused[n], r.At, "its process ended")
		d.begin(&d.down[n], Span{Kind: Down, From: r.At, Title: "down"})
		d.seen[n] = true
	case history.NodePaused:
		d.begin(&d.paused[n], Span{Kind: Paused, From: r.At, Title: "paused"})
	case history.NodeResumed:
		d.end(d.node(n), &d.paused[n], r.At, "")
	default:
		d.reached(r)
	}
}

// node returns the lane of a node, or of those outside for any other number.
func (d *draft) node(node int16) *Lane {
	if node < 0 || int(node) >= d.nodes {
		return &d.lanes[d.nodes+links]
	}
	return &d.lanes[node]
}

// store returns the lane of a store.
func (d *draft) store(store core.Store) *Lane { return &d.lanes[d.nodes+int(store-core.Redis)] }

// link returns the lane of a link, counted as the claims on it are.
func (d *draft) link(i int) *Lane { return &d.lanes[d.nodes+links+1+i] }

// begin lets a claim begin that lasts until its end is told; one that is held
// goes on.
func (d *draft) begin(c *claim, s Span) {
	if !c.held {
		*c = claim{held: true, span: s, until: never}
	}
}

// end draws a claim that ends at that instant, or earlier by itself.
func (d *draft) end(lane *Lane, c *claim, at int64, how string) {
	if !c.held {
		return
	}
	c.held = false
	c.span.To = at
	if c.until < at {
		c.span.To, how = c.until, "ran out"
	}
	if how != "" {
		c.span.Detail = joined(c.span.Detail, how)
	}
	lane.Spans = append(lane.Spans, c.span)
}

// beliefHeld extends a node's belief, or begins another.
func (d *draft) beliefHeld(r *history.Record) {
	c := &d.belief[r.Node]
	if c.held && (c.epoch != r.Epoch || c.until < r.At) {
		d.end(d.node(r.Node), c, r.At, "")
	}
	id := NodeID(r.Node)
	d.begin(c, Span{
		Kind: Belief, From: r.At, Owner: id, Title: "believes, epoch " + number(r.Epoch),
		Detail: id + " believes that it leads under epoch " + number(r.Epoch),
	})
	c.epoch, c.until = r.Epoch, r.Until
}

// leaseSet extends the lease, or gives it to another token.
func (d *draft) leaseSet(r *history.Record) {
	c := &d.lease
	if c.held && (c.token != r.Token || c.span.Owner != NodeID(r.Node) || c.until < r.At) {
		d.end(d.store(core.Redis), c, r.At, "overwritten")
	}
	who := holder(r.Node)
	d.begin(c, Span{
		Kind: Lease, From: r.At, Owner: NodeID(r.Node), Title: "lease " + who,
		Detail: "Redis holds the token of " + who + ", acquisition " + number(r.Token.Acquisition),
	})
	c.token, c.until = r.Token, r.Until
}

// leaseGone ends the lease.
func (d *draft) leaseGone(r *history.Record) {
	if d.lease.token != r.Token {
		return
	}
	how := "gone"
	if r.Op != core.NoOp {
		how = "ended by " + r.Op.String()
	}
	d.end(d.store(core.Redis), &d.lease, r.At, how)
}

// tenureOpened begins a tenure.
func (d *draft) tenureOpened(r *history.Record) {
	who, title := holder(r.Node), "epoch "+number(r.Epoch)
	if r.Tenure == core.TenurePG {
		title += " (lease in PostgreSQL)"
	}
	d.tenures = append(d.tenures, claim{
		held: true, epoch: r.Epoch, until: never, span: Span{
			Kind: Tenure, From: r.At, Owner: NodeID(r.Node), Title: title + " " + who,
			Detail: title + " was opened by " + who,
		},
	})
}

// tenureEnded ends the tenure of that epoch.
func (d *draft) tenureEnded(r *history.Record) {
	for i := range d.tenures {
		if d.tenures[i].epoch == r.Epoch {
			d.end(d.store(core.Postgres), &d.tenures[i], r.At, "closed: "+r.Reason.String())
		}
	}
}

// faultBegan begins a disturbance.
func (d *draft) faultBegan(r *history.Record) {
	key := faultKey{r.Fault, r.Node}
	if _, known := d.faults[key]; !known {
		d.order = append(d.order, key)
	}
	title := r.Fault.String()
	if r.Fault != history.ClockJump {
		title += " fault"
	}
	d.faults[key] = append(d.faults[key], Span{Kind: Fault, From: r.At, Title: title})
}

// faultEnded ends the disturbance of that class and node that began first.
func (d *draft) faultEnded(r *history.Record) {
	key := faultKey{r.Fault, r.Node}
	open := d.faults[key]
	if len(open) == 0 {
		return
	}
	s := open[0]
	s.To = r.At
	d.faults[key] = open[1:]
	lane := d.faulty(key)
	lane.Spans = append(lane.Spans, s)
}

// faulty returns the lane of whoever a fault disturbs.
func (d *draft) faulty(key faultKey) *Lane {
	switch key.fault {
	case history.RedisFault, history.RedisDataLoss:
		return d.store(core.Redis)
	case history.PostgresFault, history.PostgresLoss:
		return d.store(core.Postgres)
	case history.BrokerFault:
		return d.store(core.Broker)
	default:
		return d.node(key.node)
	}
}

// reached draws which stores a node does not reach from now on.
func (d *draft) reached(r *history.Record) {
	for i := range links {
		store := core.Redis + core.Store(i)
		at := int(r.Node)*links + i
		if r.Stores&(1<<store) == 0 {
			d.begin(&d.cut[at], Span{
				Kind: Cut, From: r.At, Title: "out of reach",
				Detail: store.String() + " is down or slow, or its link to " + NodeID(r.Node) + " disturbed",
			})
		} else {
			d.end(d.link(at), &d.cut[at], r.At, "")
		}
	}
}

// finish draws what has not ended when the run does.
func (d *draft) finish(at int64) {
	for n := range d.nodes {
		lane := d.node(int16(n))
		d.leave(lane, &d.belief[n], at)
		d.leave(lane, &d.down[n], at)
		d.leave(lane, &d.paused[n], at)
	}
	for i := range d.cut {
		d.leave(d.link(i), &d.cut[i], at)
	}
	d.leave(d.store(core.Redis), &d.lease, at)
	for i := range d.tenures {
		d.leave(d.store(core.Postgres), &d.tenures[i], at)
	}
	for _, key := range d.order {
		for _, s := range d.faults[key] {
			s.Open, s.To = true, at
			lane := d.faulty(key)
			lane.Spans = append(lane.Spans, s)
		}
	}
}

// leave draws a claim that was still held when the run ended.
func (d *draft) leave(lane *Lane, c *claim, at int64) {
	if c.held && c.until >= at {
		c.span.Open = true
	}
	d.end(lane, c, at, "")
}
