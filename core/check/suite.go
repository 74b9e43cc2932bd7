package check

import (
	"fencepost/core"
	"fencepost/core/event"
	"fencepost/core/history"
)

// Suite holds all checkers. The zero value needs a Reset. One goroutine owns
// it; it is reused from run to run.
type Suite struct {
	cfg Config
	// due is the earliest instant that some checker waits for.
	due     int64
	scene   scene
	book    book
	excuses excuses

	executor  singleExecutor
	orders    noDuplicateOrder
	believer  singleBeliever
	effects   noStaleEffect
	stale     staleLeader
	acks      noLostSignal
	successes noPhantomSuccess
	epochs    epochMonotonic
	tenures   historyComplete
	releases  leaseReleased
	recovery  recovers
	drains    drainBeforeRelease
	turns     oneOpen

	marks   Marks
	excused [invariantCount]int
	first   finding
	broken  bool
	gaveUp  string
}

// Reset begins a new history at instant zero and keeps the memory of the one
// before. The configuration must be valid.
func (s *Suite) Reset(cfg Config) {
	if err := cfg.Validate(); err != nil {
		panic("check: " + err.Error())
	}
	s.cfg, s.due = cfg, never
	s.scene.reset(&s.cfg)
	s.book.reset()
	s.excuses.reset(s.cfg.grace())
	s.executor.reset(cfg.FirstEpoch)
	s.orders = noDuplicateOrder{}
	s.believer.reset()
	s.effects = noStaleEffect{}
	s.stale.reset(cfg.Nodes)
	s.acks = noLostSignal{}
	s.successes = noPhantomSuccess{}
	s.epochs.reset(cfg.FirstEpoch)
	s.tenures.reset()
	s.releases.reset(cfg.Nodes)
	s.recovery.reset()
	s.drains = drainBeforeRelease{}
	s.turns.reset()
	s.marks, s.excused = Marks{}, [invariantCount]int{}
	s.first, s.broken, s.gaveUp = finding{}, false, ""
}

// Advance tells that time has come to now. It costs one comparison while
// nothing is due.
func (s *Suite) Advance(now int64) {
	if now > s.due {
		s.settle(now)
	}
}

// Finish tells that the history ends at now. What is owed later than that is
// not judged.
func (s *Suite) Finish(now int64) { s.Advance(now) }

// plan sees to it that what is due then is judged.
func (s *Suite) plan(due int64) { s.due = min(s.due, due) }

// settle judges what has fallen due before now.
func (s *Suite) settle(now int64) {
	if now > s.believer.due {
		s.believer.judge(s, now)
	}
	if now > s.stale.due {
		s.stale.judge(s, now)
	}
	if now > s.tenures.due {
		s.tenures.judge(s)
	}
	if now > s.releases.due {
		s.releases.judge(s, now)
	}
	if now > s.recovery.due {
		s.recovery.judge(s, now)
	}
	s.due = min(s.believer.due, s.stale.due, s.tenures.due, s.releases.due, s.recovery.due)
}

// Observe takes the next record. Records come in the order in which things
// happened; only the places of permits and takeovers in the ledger's sequence
// may be told out of order. The record is not kept.
func (s *Suite) Observe(r *history.Record) {
	s.Advance(r.At)
	if int(r.Node) >= s.cfg.Nodes {
		s.giveUp("a record names a node that is not in the cluster")
		return
	}
	if r.Node < 0 && aboutNode(r.Kind) {
		s.giveUp("a record of a node names none")
		return
	}
	switch r.Kind {
	case history.Announced:
		s.announced(r)
	case history.Voided, history.StateSet, history.Stored, history.Missing, history.Acknowledged,
		history.OrderCreated, history.OrderFilled, history.Attested:
		s.observeSignal(r)
	case history.LeaseSet:
		// Perhaps somebody outside the cluster wrote the key.
		s.scene.leaseSet(&s.cfg, r)
		s.stale.leaseSet(s, r)
	case history.LeaseGone:
		s.drains.leaseGone(s, r)
		s.releases.leaseGone(r)
		s.stale.leaseGone(s, r)
		s.scene.leaseGone(r)
	case history.BeliefHeld:
		s.beliefHeld(r)
	case history.BeliefEnded:
		s.beliefEnded(r)
	case history.Drained:
		s.releases.drained(s, r)
	case history.TenureOpened:
		s.tenureOpened(r)
	case history.TenureEnded:
		s.tenureEnded(r)
	case history.HeartbeatSet:
		s.stale.heartbeatSet(s, r)
	case history.Permitted:
		s.executor.permitted(s, r)
		s.turns.permitted(s, r)
	case history.EffectAccepted:
		s.effects.accepted(s, r)
		s.drains.accepted(s, r)
		s.tenures.accepted(s, r)
	case history.EffectRefused:
		s.effects.refused(s, r)
	case history.NodeUp, history.NodeDown, history.NodePaused, history.NodeResumed, history.Reach:
		s.processChanged(r)
	case history.FaultBegan, history.FaultEnded:
		s.faultChanged(r)
	case history.ControlSet:
		s.scene.control = r.Control
		s.recovery.controlSet(s, r)
	case history.AuthorityAccepted:
		s.authorityAccepted(r)
	default:
		s.giveUp("a record is of a kind that cannot be")
	}
}

// aboutNode reports whether records of the kind are of a node, and name it.
func aboutNode(kind history.Kind) bool {
	const others = 1<<history.Announced | 1<<history.LeaseSet | 1<<history.LeaseGone |
		1<<history.Voided | 1<<history.StateSet | 1<<history.Stored | 1<<history.Missing |
		1<<history.Acknowledged | 1<<history.OrderCreated | 1<<history.OrderFilled | 1<<history.Attested |
		1<<history.FaultBegan | 1<<history.FaultEnded | 1<<history.ControlSet | 1<<history.AuthorityAccepted
	return others>>kind&1 == 0
}

// authorityAccepted lets nodes lead again that were barred.
func (s *Suite) authorityAccepted(r *history.Record) {
	s.epochs.accepted(r.Epoch)
	s.scene.accepted, s.scene.lost = r.Epoch, false
	for i := range s.scene.nodes {
		s.scene.nodes[i].barred, s.scene.nodes[i].led = false, 0
		s.scene.refit(&s.cfg, int16(i), r.At)
	}
	s.refitted(r.At)
}

// observeSignal takes a record about a signal's row, its sender or its order.
func (s *Suite) observeSignal(r *history.Record) {
	g := s.book.of(r.Signal)
	if g == nil {
		s.giveUp("a record names a signal that cannot be")
		return
	}
	switch r.Kind {
	case history.Voided:
		s.executor.voided(g, r)
		s.drains.answered(s, r)
	case history.StateSet:
		s.successes.stateSet(s, g, r)
		s.drains.stateSet(s, r)
		s.turns.stateSet(s, g, r)
		s.recovery.stateSet(s, g, r)
	case history.Stored:
		g.stored, g.storedAt = true, r.At
		s.turns.stored(s, g, r)
		s.recovery.stored(s, g, r)
	case history.Missing:
		s.acks.missing(s, g, r)
		s.turns.missing(s, g, r)
		s.recovery.missing(s, g, r)
	case history.Acknowledged:
		s.acks.acknowledged(s, g, r)
	case history.OrderCreated:
		s.orders.created(s, g, r)
	case history.Attested:
		if r.Wrong {
			g.wrong++
		}
	default:
		// OrderFilled says nothing that OrderCreated has not.
	}
}

// heeded are the events that some checker judges, one bit each.
const heeded = uint64(1<<event.LeaderStale | 1<<event.PermitRequested | 1<<event.GatePassed |
	1<<event.OrderAcked | 1<<event.OrderAmbiguous | 1<<event.PermitRefused | 1<<event.LeaderSteppedDown |
	1<<event.LeaseLost | 1<<event.ClockDrift | 1<<event.LeaseReleased | 1<<event.AuthorityRegressed)

// Heeds reports whether the checkers judge what is announced by that event. An
// engine need not tell them of the others.
func Heeds(e event.Event) bool { return heeded>>e&1 != 0 }

// announced takes what a party says of itself or another.
func (s *Suite) announced(r *history.Record) {
	switch r.Event {
	case event.LeaderStale:
		s.stale.reported(s, r)
	case event.PermitRequested:
		s.believer.acted(s, r)
	case event.GatePassed:
		s.believer.acted(s, r)
		s.drains.gatePassed(s, r)
	case event.OrderAcked, event.OrderAmbiguous:
		s.drains.answered(s, r)
	case event.PermitRefused:
		if r.By == core.Gate {
			s.drains.answered(s, r)
		}
	case event.LeaderSteppedDown:
		s.drains.steppedDown(s, r)
	case event.LeaseLost:
		s.drains.leaseLost(s, r)
	case event.ClockDrift:
		s.drains.drifted(s, r)
	case event.LeaseReleased:
		s.drains.leaseReleased(s, r)
	case event.AuthorityRegressed:
		if r.Node >= 0 {
			s.scene.nodes[r.Node].barred = true
			// A person may have accepted less than the node knows of.
			s.scene.lost = s.scene.lost || r.Epoch.Supersedes(s.scene.accepted)
			s.drains.barred(s, r)
			s.scene.refit(&s.cfg, r.Node, r.At)
			// Somebody else may be the one who serves, and may have for long.
			s.recovery.watch(s)
		}
	default:
	}
}

// tenureOpened takes a takeover.
func (s *Suite) tenureOpened(r *history.Record) {
	s.executor.tenureOpened(s, r)
	s.epochs.tenureOpened(s, r)
	s.tenures.opened(s, r)
	s.stale.over(s, r.At)
	s.scene.tenureOpened(r)
	s.stale.tenureOpened(s, r)
}

// tenureEnded takes the closing of a tenure's row.
func (s *Suite) tenureEnded(r *history.Record) {
	s.executor.tenureEnded(s, r)
	s.tenures.ended(s, r)
	if r.Epoch == s.scene.tenure.epoch {
		s.stale.over(s, r.At)
		s.scene.tenure.open = false
	}
}

// beliefHeld takes a node's belief.
func (s *Suite) beliefHeld(r *history.Record) {
	s.recovery.elected(s, r)
	s.epochs.held(s, r)
	s.scene.believeHeld(r)
	s.believer.held(s, r)
	s.recovery.served(s, r)
}

// beliefEnded takes the end of a node's belief.
func (s *Suite) beliefEnded(r *history.Record) {
	s.scene.believeEnded(r.Node, r.At)
	s.believer.ended(s, r.At)
	s.stale.noticed(s, r.Node)
	s.recovery.refitted(s, r.At)
}

// processChanged takes what happens to a node's process and links.
func (s *Suite) processChanged(r *history.Record) {
	n := &s.scene.nodes[r.Node]
	switch r.Kind {
	case history.NodeUp:
		n.up, n.paused = true, false
	case history.NodeDown:
		s.stale.gone(r.Node)
		s.beliefEnded(r)
		n.up, n.paused, n.sending, n.led = false, false, 0, 0
		s.recovery.disturbed(r.At)
	case history.NodePaused:
		n.paused = true
		s.stale.gone(r.Node)
		s.recovery.disturbed(r.At)
	case history.NodeResumed:
		n.paused = false
		s.stale.woke(s, r)
		s.recovery.disturbed(r.At)
	default:
		n.reach = r.Stores
		s.recovery.shifted(r.At)
	}
	s.scene.refit(&s.cfg, r.Node, r.At)
	s.refitted(r.At)
}

// faultChanged takes the beginning or the end of a disturbance.
func (s *Suite) faultChanged(r *history.Record) {
	if int(r.Fault) >= history.Faults {
		s.giveUp("a record names a fault that cannot be")
		return
	}
	by := int16(1)
	if r.Kind == history.FaultBegan {
		s.excuses.began(r.Fault)
	} else {
		by = -1
		if !s.excuses.finished(r.Fault, r.At) {
			s.giveUp("a fault ended that had not begun")
			return
		}
	}
	s.scene.faultChanged(r, by)
	s.recovery.shifted(r.At)
	if r.Fault == history.PostgresLoss && by > 0 {
		s.executor.rewound()
		s.tenures.rewound()
		s.stale.rewound()
	}
	if r.Fault == history.NodeFault || r.Fault == history.ClockJump {
		s.recovery.disturbed(r.At)
	}
	s.releases.faultChanged(r)
	s.believer.faultChanged(s)
	if r.Node >= 0 {
		s.scene.refit(&s.cfg, r.Node, r.At)
	}
	s.refitted(r.At)
}

// refitted tells the checkers of liveness that what a node can do, or what stands
// in its way, has changed. Whatever is owed from now on and was not before is owed
// since this instant: they look once that can have fallen due, not at each change.
func (s *Suite) refitted(at int64) {
	s.stale.refitted(s, at)
	s.recovery.refitted(s, at)
}
