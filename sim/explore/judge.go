package explore

import (
	"fmt"

	"fencepost/core"
	"fencepost/core/check"
	"fencepost/core/event"
	"fencepost/core/history"
)

// Assertion is what a Violation names when no invariant fell but an assertion
// of the core or of a model stopped the process.
const Assertion = "assertion"

// breaks notes that an invariant fell; the first one counts.
func (w *world) breaks(invariant check.Invariant, format string, args ...any) {
	if w.broken.Invariant == "" {
		w.broken = Violation{Invariant: invariant.String(), Detail: fmt.Sprintf(format, args...)}
	}
}

// judgeBelief looks for two nodes that believe at this instant. One that stands
// still believes until its deadline.
func (w *world) judgeBelief() {
	first := -1
	for i := range w.nodes {
		h := w.hosts[i]
		if !h.up || !h.node.Believes(w.now) {
			continue
		}
		if first >= 0 && w.now >= w.watch.excused {
			w.breaks(check.SingleBeliever, "n%d (epoch %d) and n%d (epoch %d) believe at once",
				first+1, w.hosts[first].node.Epoch(), i+1, h.node.Epoch())
		}
		first = i
	}
}

// judgeRecords reads what the stores say they did.
func (w *world) judgeRecords() {
	for i := range w.records.List {
		w.judgeRecord(&w.records.List[i])
	}
	w.records.Reset()
	if w.watch.open > 1 {
		w.breaks(check.HistoryComplete, "%d tenures stand open in the history", w.watch.open)
	}
}

// judgeRecord takes one deed of a store.
func (w *world) judgeRecord(r *history.Record) {
	m := w.remember()
	switch r.Kind {
	case history.TenureOpened:
		if r.Epoch != m.greatest+1 {
			w.breaks(check.EpochMonotonic, "n%d took epoch %d; the greatest before it was %d",
				r.Node+1, r.Epoch, m.greatest)
		}
		m.greatest = max(m.greatest, r.Epoch)
		m.open++
	case history.TenureEnded:
		m.open--
		if r.Reason == core.NoReason {
			w.breaks(check.HistoryComplete, "the tenure of epoch %d was closed without a reason", r.Epoch)
		}
	case history.Permitted:
		w.judgePermit(r)
	case history.Voided:
		if m.live[r.Signal] == r.Attempt {
			m.live[r.Signal] = 0
		}
		w.landed(int(r.Signal))
	case history.StateSet:
		if r.State == core.Executed && !w.broker.Has(r.Signal) {
			w.breaks(check.NoPhantomSuccess,
				"signal %d is executed in the ledger; the broker has no order", r.Signal)
		}
		if r.State != core.Submitting {
			w.landed(int(r.Signal))
		}
	case history.OrderCreated:
		if orders := w.broker.OrdersOf(r.Signal); orders > 1 {
			w.breaks(check.NoDuplicateOrder,
				"signal %d has %d orders at the broker; the latest is attempt %d",
				r.Signal, orders, r.Attempt)
		}
	case history.EffectAccepted:
		if r.Current.Supersedes(r.Epoch) {
			w.breaks(check.NoStaleEffect,
				"the ledger carried out a %v of n%d under epoch %d; epoch %d is the current one",
				r.Op, r.Node+1, r.Epoch, r.Current)
		}
		if r.Op == core.Resign && !r.Current.Supersedes(r.Epoch) {
			w.judgeDrain(r, "closed its tenure")
		}
	case history.EffectRefused:
		if r.Current.Supersedes(r.Epoch) && !r.Logged {
			w.breaks(check.NoStaleEffect,
				"a %v of n%d under epoch %d (current: %d) was refused and left no row",
				r.Op, r.Node+1, r.Epoch, r.Current)
		}
	case history.LeaseGone:
		if r.Op == core.Release {
			w.judgeDrain(r, "released its lease")
		}
	default:
	}
}

// judgePermit demands that no younger epoch has begun, and that no other attempt
// of the signal stands.
func (w *world) judgePermit(r *history.Record) {
	m := w.remember()
	if m.greatest.Supersedes(r.Epoch) {
		w.breaks(check.SingleExecutor,
			"a permit was granted under epoch %d after epoch %d began (signal %d, n%d)",
			r.Epoch, m.greatest, r.Signal, r.Node+1)
	}
	if live := m.live[r.Signal]; live != 0 && live != r.Attempt {
		w.breaks(check.SingleExecutor, "signal %d got attempt %d while its attempt %d is not void",
			r.Signal, r.Attempt, live)
	}
	m.live[r.Signal] = r.Attempt
}

// judgeDrain demands that nobody gives its leadership away, as long as trust
// lasts, while an order of its own is under way.
func (w *world) judgeDrain(r *history.Record, deed string) {
	if r.Node < 0 || int(r.Node) >= len(w.hosts) {
		return
	}
	h := w.hosts[r.Node]
	n := &h.node
	if !h.up || h.sending == 0 || n.Epoch() == 0 || w.watch.greatest.Supersedes(n.Epoch()) {
		return
	}
	if *inside[core.Token](n, atToken) != r.Token || trustOf(n) <= w.now {
		return
	}
	w.breaks(check.DrainBeforeRelease, "n%d (epoch %d) %s with orders under way and trust left",
		r.Node+1, n.Epoch(), deed)
}

// landed takes a signal's order off every node: the ledger knows its outcome.
func (w *world) landed(signal int) {
	for i := range w.nodes {
		if w.hosts[i].sending>>signal&1 != 0 {
			w.mine(i).sending &^= 1 << signal
		}
	}
}

// judgeWord takes what a node announces.
func (w *world) judgeWord(i int, e *core.Effect) {
	h := w.mine(i)
	switch e.Event {
	case event.GatePassed:
		h.sending |= 1 << e.Signal
		w.judgeActor(i, e)
	case event.PermitRequested:
		w.judgeActor(i, e)
	case event.OrderAcked, event.OrderAmbiguous:
		h.sending &^= 1 << e.Signal
	case event.PermitRefused:
		if e.By == core.Gate {
			h.sending &^= 1 << e.Signal
		}
	default:
	}
}

// judgeActor demands that nobody acts without belief while another believes.
func (w *world) judgeActor(i int, e *core.Effect) {
	if w.hosts[i].node.Believes(w.now) || w.now < w.watch.excused {
		return
	}
	for k := range w.nodes {
		if h := w.hosts[k]; k != i && h.up && h.node.Believes(w.now) {
			w.breaks(check.SingleBeliever,
				"n%d acts on signal %d without trust left, and n%d (epoch %d) believes",
				i+1, e.Signal, k+1, h.node.Epoch())
		}
	}
}

// trustOf is until when a node may rely on its lease and its heartbeat, whatever
// its role.
func trustOf(n *core.Node) core.Time {
	return min(*inside[core.Time](n, atLeaseTrust), *inside[core.Time](n, atBeatTrust))
}

var (
	atLeaseTrust = place(nodeType, "leaseTrust")
	atBeatTrust  = place(nodeType, "beatTrust")
)
