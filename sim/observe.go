package sim

import (
	"fencepost/core"
	"fencepost/core/check"
	"fencepost/core/event"
	"fencepost/core/history"
)

// tell hands a record to the checkers and the trace, and to who else reads its
// kind: the judge, the marks and the steps that wait for an event.
func (w *World) tell(r *history.Record) {
	if r.Kind == history.Announced && w.mute[r.Event] {
		w.counts[r.Event]++
		return
	}
	r.At = w.now
	if w.listener != nil {
		w.listener(*r) // a copy: what is told stays on the stack
	}
	w.suite.Observe(r)
	w.traceRecord(r)
	switch r.Kind {
	case history.Announced:
		w.judge.Observe(r)
		w.track(r)
		w.marks.observe(r)
		w.counts[r.Event]++
		w.says(r)
		if len(w.program.waits[r.Event]) > 0 {
			w.trigger(r)
		}
		if r.Event == event.LeaderSteppedDown && r.Node >= 0 {
			w.hosts[r.Node].said = core.Draining
		}
	case history.StateSet, history.Stored, history.Missing:
		w.judge.Observe(r)
		w.track(r)
		w.marks.observe(r)
	case history.EffectRefused:
		w.track(r)
		w.marks.observe(r)
	case history.FaultBegan, history.TenureOpened:
		w.marks.observe(r)
	default:
		// Nobody else reads it.
	}
}

// muteEvents finds the announcements that are counted in this run and that nobody
// reads: about a third of all records.
func (w *World) muteEvents() {
	for e := range w.mute {
		what := event.Event(e)
		asked := len(w.program.waits[e]) > 0 || w.program.asksRoles && namesRoles[e]
		w.mute[e] = w.listener == nil && !w.trace.kept && !tracked[e] && !check.Heeds(what) &&
			!w.judge.Heeds(what) && !asked
	}
}

// tracked are the events that the world itself reads: track and the marks do.
var tracked = [event.Total]bool{
	event.LeaderElected: true, event.AuthorityRegressed: true, event.PermitRefused: true,
}

// Listen sets who is told every record of the runs to come, in their order; nil
// for nobody.
func (w *World) Listen(tell func(history.Record)) { w.listener = tell }

// drain passes on what the stores' models have to say. Telling can set off a
// fault that makes a store say more: that is told in its turn.
func (w *World) drain() {
	if w.drained < len(w.records.List) {
		w.tellRecords()
	}
}

func (w *World) tellRecords() {
	outer := w.draining
	w.draining = true
	for w.drained < len(w.records.List) {
		r := &w.records.List[w.drained]
		w.drained++
		w.tell(r)
	}
	if w.draining = outer; !outer {
		w.records.Reset()
		w.drained = 0
	}
}

// announce turns a node's announcement into a record.
func (w *World) announce(node int16, e *core.Effect) {
	if e.Event == event.PermitRefused && (e.Reason == core.Superseded || e.Reason == core.TenureClosed) {
		return // the ledger has told it itself, when it refused
	}
	if w.mute[e.Event] {
		w.counts[e.Event]++
		return
	}
	w.tell(&history.Record{
		Kind: history.Announced, Event: e.Event, By: e.By, Op: e.About, State: e.State, Reason: e.Reason,
		Answer: e.Answer, Node: node, Subject: nodeOf(e.Subject), Attempt: e.Attempt, Epoch: e.Epoch,
		Signal: e.Signal, Token: e.Token,
	})
}

// observeBelief tells the checkers what the node believes since its last step.
func (w *World) observeBelief(node int16, h *host) {
	role := h.node.Role()
	deadline := h.node.TrustDeadline()
	if role != h.role || deadline != 0 || h.believes {
		w.beliefMoved(node, h, role, deadline)
	}
}

// beliefMoved does so for all but a follower that stays one.
func (w *World) beliefMoved(node int16, h *host, role core.Role, deadline core.Time) {
	if role != h.role {
		was := h.role
		w.marks.changedRole(was, role)
		h.role = role
		if role == core.Leader || role == core.Draining {
			h.held = h.node.Status(h.clock.boot(w.now)).Token
		}
		if role == core.Follower && (was == core.Draining || was == core.Leader) {
			w.tell(&history.Record{Kind: history.Drained, Node: node, Token: h.held})
		}
	}
	if deadline == 0 {
		if h.believes {
			h.believes, h.until = false, 0
			w.tell(&history.Record{Kind: history.BeliefEnded, Node: node})
		}
		return
	}
	if deadline != h.deadline || h.until == 0 {
		h.deadline, h.ends = deadline, h.clock.when(deadline)
	}
	until := h.ends
	if h.node.Believes(deadline) {
		// Whoever would believe at its own deadline knows no deadline.
		until = never
	}
	if h.believes && until == h.until {
		return
	}
	h.believes, h.until = true, until
	w.tell(&history.Record{Kind: history.BeliefHeld, Node: node, Epoch: h.node.Epoch(), Until: until})
}

// track keeps what roles and expectations ask for.
func (w *World) track(r *history.Record) {
	switch r.Kind {
	case history.StateSet:
		w.signalMoved(r)
	case history.EffectRefused:
		if r.Logged && r.Op == core.Permit {
			w.tell(&history.Record{
				Kind: history.Announced, Event: event.PermitRefused, By: core.StoreParty, Node: r.Node,
				Subject: r.Node, Epoch: r.Epoch, Signal: r.Signal, Attempt: r.Attempt, Reason: r.Reason,
			})
		}
		if r.Logged && r.Epoch < r.Current {
			w.tell(&history.Record{
				Kind: history.Announced, Event: event.LeaderStale, By: core.StoreParty,
				Node: r.Node, Subject: r.Node, Epoch: r.Epoch, Op: r.Op,
			})
		}
	case history.Announced:
		switch r.Event {
		case event.LeaderElected:
			w.leader = r.Node
			w.firstElection()
		case event.AuthorityRegressed:
			w.ledger.paged = max(w.ledger.paged, r.Epoch)
		default:
		}
	default:
	}
}

// reachChanged tells which stores the node can reach from now on.
func (w *World) reachChanged(node int16) {
	w.tellReach(node, w.serving())
	w.judgeLiveness()
}

// reachAllChanged tells it of every node.
func (w *World) reachAllChanged() {
	serving := w.serving()
	for node := range w.hosts {
		w.tellReach(int16(node), serving)
	}
	w.judgeLiveness()
}

// serving are the stores that serve whoever reaches them, one bit each.
func (w *World) serving() (stores uint8) {
	for store := core.Redis; store <= core.Broker; store++ {
		if srv := &w.servers[store]; srv.up() && srv.slow == 0 {
			stores |= 1 << store
		}
	}
	if w.ledger.troubled() {
		stores &^= 1 << core.Postgres
	}
	return stores
}

// tellReach tells the checkers which of the stores that serve the node can
// reach, if that is not what they know.
func (w *World) tellReach(node int16, serving uint8) {
	h := &w.hosts[node]
	reach := serving
	if w.replica.split {
		reach &^= 1 << core.Redis
		if w.serverOf(node, core.Redis).up() {
			reach |= 1 << core.Redis
		}
	}
	for store := core.Redis; store <= core.Broker; store++ {
		if !w.whole(node, store) {
			reach &^= 1 << store
		}
	}
	if reach != h.reach {
		h.reach = reach
		w.tell(&history.Record{Kind: history.Reach, Node: node, Stores: reach})
	}
}

// judgeLiveness tells the judge whether progress is owed: a live eligible node
// reaches PostgreSQL.
func (w *World) judgeLiveness() {
	owed := false
	for i := range w.hosts {
		h := &w.hosts[i]
		if h.up && !h.paused && h.reach&(1<<core.Postgres) != 0 {
			owed = true
			break
		}
	}
	if owed != w.owed {
		w.owed = owed
		w.judge.Liveness(owed, w.now)
	}
}

// fault tells that a disturbance of a class began or ended.
func (w *World) fault(class history.Fault, began bool, node int16) {
	kind := history.FaultEnded
	if began {
		kind = history.FaultBegan
	}
	w.tell(&history.Record{Kind: kind, Fault: class, Node: node})
}
