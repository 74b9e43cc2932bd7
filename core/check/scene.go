package check

import (
	"math"

	"fencepost/core"
	"fencepost/core/history"
)

// bothStores are the stores that a node must reach to lead.
const bothStores = 1<<core.Redis | 1<<core.Postgres

// everyStore is what a node reaches until a record says otherwise.
const everyStore = bothStores | 1<<core.Broker

// send is one order that passed a node's gate and was not answered yet.
type send struct {
	signal  core.SignalID
	attempt uint32
}

// node is what the history has told of one node.
type node struct {
	up     bool
	paused bool
	// held: the node has not ended its belief. Until when it may believe at
	// the most, and under which epoch, stands beside it and outlives held.
	held   bool
	barred bool
	reach  uint8
	faults int16 // of the process: crash, stop, pause
	skewed int16 // of its clock
	cut    int16 // of its links
	until  int64
	epoch  core.Epoch
	// heldSince is when the present belief began.
	heldSince int64
	// covered is up to when this node gave the cluster a believing leader.
	covered int64
	// fitSince is from when on the node has been able to lead through Redis,
	// aloneSince from when on it has at least reached PostgreSQL, without a gap;
	// never while it does not.
	fitSince   int64
	aloneSince int64
	// cutEnded is when the last fault of its links ended.
	cutEnded int64
	// tenure is the token of the node's latest tenure, opened under its epoch.
	tenure      core.Token
	tenureEpoch core.Epoch
	// led is the epoch that this process has believed under last, with that token,
	// since a person last accepted the ledger.
	led      core.Epoch
	ledUnder core.Token
	sends    [core.MaxFlights]send
	sending  int8
	// draining: it stepped down with sends in flight.
	draining bool
}

// believes reports whether the node believes at that instant.
func (n *node) believes(at int64) bool { return n.held && at < n.until }

// key is the lease's key in Redis: who holds it, and until when at the most.
type key struct {
	node  int16
	token core.Token
	until int64
}

// holds reports whether the key has that token at that instant.
func (k *key) holds(token core.Token, at int64) bool { return k.token == token && at < k.until }

// tenure is the ledger's open or latest tenure.
type tenure struct {
	open  bool
	node  int16
	kind  core.TenureKind
	epoch core.Epoch
	token core.Token
}

// scene is the world as the history has told it so far. Checkers read it;
// only observe writes it, before any checker sees the record.
type scene struct {
	nodes   []node
	key     key
	tenure  tenure
	control core.Control
	// lost: PostgreSQL has lost rows since a person last accepted its state, or more
	// than that person knew of. accepted is the epoch that was accepted last, the
	// greatest there is if none was.
	lost     bool
	accepted core.Epoch
	// skewed counts the faults of stores' clocks, skewEnded is the last one's
	// end; cut counts the faults of links that name no node.
	skewed    int16
	cut       int16
	skewEnded int64
	// stretched is when the longest lease that a clock has lengthened would have
	// been set, had it been an ordinary one.
	stretched int64
}

// reset forgets everything and keeps the memory.
func (w *scene) reset(cfg *Config) {
	if cap(w.nodes) < cfg.Nodes {
		w.nodes = make([]node, cfg.Nodes)
	}
	*w = scene{
		nodes: w.nodes[:cfg.Nodes], control: core.Run, skewEnded: before, stretched: before,
		accepted: math.MaxUint64,
	}
	w.key.until = before
	for i := range w.nodes {
		w.nodes[i] = node{
			reach: everyStore, until: before, covered: before, cutEnded: before,
			fitSince: never, aloneSince: never,
		}
	}
}

// refit notes whether the node is able to lead from now on.
func (w *scene) refit(cfg *Config, id int16, at int64) {
	n := &w.nodes[id]
	able := n.up && !n.paused && n.faults == 0 && n.skewed == 0 && cfg.eligible(id) && (!n.barred || !w.lost)
	n.fitSince = since(n.fitSince, able && n.reach&bothStores == bothStores, at)
	n.aloneSince = since(n.aloneSince, able && n.reach&(1<<core.Postgres) != 0, at)
}

// since is from when on something has held, as it was noted and as it is now.
func since(noted int64, holds bool, at int64) int64 {
	switch {
	case !holds:
		return never
	case noted == never:
		return at
	default:
		return noted
	}
}

// alone is the instant since when some node has been able to lead without
// Redis; never if there is none.
func (w *scene) alone() int64 {
	first := never
	for i := range w.nodes {
		first = min(first, w.nodes[i].aloneSince)
	}
	return first
}

// served is since when a node that believes has been able to work: it reaches
// PostgreSQL and the broker; never if nobody does.
func (w *scene) served() int64 {
	for i := range w.nodes {
		if n := &w.nodes[i]; n.held && n.aloneSince != never && n.reach&(1<<core.Broker) != 0 {
			return max(n.heldSince, n.aloneSince)
		}
	}
	return never
}

// fittest is the instant since when the longest-fit node, other than except,
// has been able to lead; never if there is none.
func (w *scene) fittest(except int16) int64 {
	first := never
	for i := range w.nodes {
		if int16(i) != except {
			first = min(first, w.nodes[i].fitSince)
		}
	}
	return first
}

// coveredUntil is up to when somebody believes or has believed.
func (w *scene) coveredUntil() int64 {
	covered := before
	for i := range w.nodes {
		covered = max(covered, w.nodes[i].covered)
	}
	return covered
}

// believeHeld takes a BeliefHeld.
func (w *scene) believeHeld(r *history.Record) {
	n := &w.nodes[r.Node]
	if !n.believes(r.At) {
		n.heldSince = r.At
	}
	n.held, n.until, n.epoch, n.covered = true, r.Until, r.Epoch, r.Until
}

// believeEnded takes the end of a node's belief, for whatever reason.
func (w *scene) believeEnded(id int16, at int64) {
	n := &w.nodes[id]
	if n.held {
		n.held = false
		n.covered = min(n.covered, at)
	}
}

// leaseSet and leaseGone follow the key.
func (w *scene) leaseSet(cfg *Config, r *history.Record) {
	if set := r.Until - int64(cfg.TTL); set > r.At {
		w.stretched = max(w.stretched, set)
	}
	w.key = key{node: r.Node, token: r.Token, until: r.Until}
}

func (w *scene) leaseGone(r *history.Record) {
	if w.key.token == r.Token {
		w.key.until = min(w.key.until, r.At)
	}
}

// tenureOpened follows the ledger's authority.
func (w *scene) tenureOpened(r *history.Record) {
	w.tenure = tenure{open: true, node: r.Node, kind: r.Tenure, epoch: r.Epoch, token: r.Token}
	n := &w.nodes[r.Node]
	n.tenure, n.tenureEpoch = r.Token, r.Epoch
}

// faultChanged follows what concerns one node of a fault; by is +1 or −1.
func (w *scene) faultChanged(r *history.Record, by int16) {
	if r.Fault == history.PostgresLoss && by > 0 {
		// What the ledger holds from now on is not what was recorded.
		w.lost = true
		w.tenure = tenure{}
	}
	if r.Node < 0 {
		w.faultOutside(r, by)
		return
	}
	n := &w.nodes[r.Node]
	switch r.Fault {
	case history.NodeFault:
		n.faults = max(n.faults+by, 0)
	case history.ClockFault:
		n.skewed = max(n.skewed+by, 0)
	case history.LinkFault:
		n.cut = max(n.cut+by, 0)
		n.cutEnded = r.At
	case history.ClockJump:
		// It drops what it was at, and begins again.
		for _, noted := range [...]*int64{&n.fitSince, &n.aloneSince} {
			if *noted != never {
				*noted = r.At
			}
		}
	default:
	}
}

// faultOutside follows what concerns no node in particular.
func (w *scene) faultOutside(r *history.Record, by int16) {
	switch r.Fault {
	case history.ClockFault:
		w.skewed = max(w.skewed+by, 0)
		w.skewEnded = r.At
	case history.LinkFault:
		w.cut = max(w.cut+by, 0)
	default:
	}
}

// skewUntil is up to when a step of a store's clock may be felt: a lease that
// it lengthened stands for as long.
func (w *scene) skewUntil(grace int64) int64 {
	if w.skewed > 0 {
		return never
	}
	return w.skewEnded + grace
}
