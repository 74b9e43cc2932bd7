package detect

import (
	"math"

	"fencepost/core"
	"fencepost/core/event"
	"fencepost/core/history"
)

// Collect reads the occurrences of the kind from a run's history, in their order.
// A fault that struck while nobody led, or somebody else, measures nothing: lost
// counts those.
func (k *Kind) Collect(records []history.Record) (found []Occurrence, lost int) {
	all := beliefs(records)
	for i := range records {
		r := &records[i]
		if r.Kind != history.FaultBegan || r.Fault != k.class || k.handsBack && r.Node != history.None {
			continue
		}
		w := k.window(records, i)
		old := leaderAt(all, w.strike)
		if old == nil || r.Node != history.None && r.Node != old.node {
			lost++
			continue
		}
		found = append(found, k.measure(w, old, all))
	}
	return found, lost
}

// window is the part of a history that belongs to one occurrence.
type window struct {
	records []history.Record // from the strike on
	before  []history.Record
	strike  int64
	heal    int64 // when the fault was over; the window's end if it never was
	end     int64
}

// window cuts out what belongs to the fault that begins at an index: up to the
// next one that begins after it has healed.
func (k *Kind) window(records []history.Record, index int) window {
	began := &records[index]
	w := window{strike: began.At, heal: math.MaxInt64}
	for i := index + 1; i < len(records); i++ {
		r := &records[i]
		switch {
		case r.Kind == history.NodePaused && k.wakes() && r.Node == began.Node && w.heal == math.MaxInt64:
			// It goes on until the signal to stand still has reached it.
			w.strike = r.At
		case r.Kind == history.NodeResumed && k.wakes() && r.Node == began.Node,
			r.Kind == history.FaultEnded && r.Fault == k.class && r.Node == began.Node && !k.wakes():
			w.heal = min(w.heal, r.At)
		case r.At > w.heal && (r.Kind == history.FaultBegan || r.Kind == history.NodeDown):
			// The next one, or the end of the run: its processes are killed.
			return w.cut(records, index, i, r.At)
		}
	}
	return w.cut(records, index, len(records), records[len(records)-1].At)
}

// cut ends a window.
func (w window) cut(records []history.Record, from, to int, end int64) window {
	w.records, w.before, w.end = records[from:to], records[:from], end
	w.heal = min(w.heal, end)
	return w
}

// from is the instant from which on a quantity of the kind counts.
func (k *Kind) from(q Quantity, w *window) int64 {
	if k.since[q] == atHeal {
		return w.heal
	}
	return w.strike
}

// measure measures one occurrence.
func (k *Kind) measure(w window, old *belief, all []belief) Occurrence {
	o := Occurrence{
		At: Span(w.strike), Old: old.node, Epoch: old.epoch, Next: history.None,
		Measured: map[Quantity]Span{},
	}
	last := lastOf(all, old.node, old.epoch)
	if last < w.end {
		o.Measured[GaveUp] = Span(last - w.strike)
	}
	next := younger(all, old.epoch)
	if next != nil && next.from >= w.end {
		next = nil
	}
	if next != nil {
		o.Next = next.node
		o.Measured[Overlap] = Span(last - next.from)
	}
	for i := range w.records {
		r := &w.records[i]
		q, means := k.means(r, &o)
		if from := k.from(q, &w); means && r.At >= from {
			o.first(q, r.At-from)
		}
	}
	o.LateEffects = w.lateEffects(old.epoch)
	return o
}

// first notes a quantity the first time.
func (o *Occurrence) first(q Quantity, nanos int64) {
	if _, noted := o.Measured[q]; !noted {
		o.Measured[q] = Span(nanos)
	}
}

// means tells which quantity a record ends.
func (k *Kind) means(r *history.Record, o *Occurrence) (Quantity, bool) {
	if r.Kind == history.EffectRefused {
		stale := r.Epoch < r.Current || r.Reason == core.TenureClosed
		return Store, stale && r.Node == o.Old && r.Epoch == o.Epoch
	}
	if r.Kind != history.Announced {
		return 0, false
	}
	switch r.Event {
	case event.LeaderElected:
		return Elected, r.Epoch > o.Epoch
	case event.SignalExecuted:
		_, elected := o.Measured[Elected]
		return Recovered, k.Keeps && r.Node == o.Old || elected && r.Node == o.Next
	case event.LeaderStale:
		if r.By == core.Peer {
			return Peer, r.Subject == o.Old
		}
		return Self, r.Node == o.Old && r.By == core.Self
	case event.LeaderGray, event.LeaderSteppedDown, event.LeaseLost, event.SplitBrainDetected:
		return Self, r.Node == o.Old && r.By != core.StoreParty
	default:
		return 0, false
	}
}

// order names an attempt of a signal at the broker.
type order struct {
	signal  core.SignalID
	attempt uint32
}

// lateEffects counts the permits of the epoch, and the orders that were last sent
// under it, that came after the first of a younger epoch.
func (w *window) lateEffects(epoch core.Epoch) int {
	count, superseded := 0, false
	sent := map[order]core.Epoch{}
	note := func(r *history.Record) {
		if r.Kind == history.Announced && r.Event == event.OrderSent {
			sent[order{r.Signal, r.Attempt}] = r.Epoch
		}
	}
	for i := range w.before {
		note(&w.before[i]) // what stood still on its way to the wire
	}
	for i := range w.records {
		r := &w.records[i]
		note(r)
		under, effect := r.Epoch, r.Kind == history.Permitted
		if r.Kind == history.OrderCreated {
			under, effect = sent[order{r.Signal, r.Attempt}]
		}
		switch {
		case !effect:
		case under > epoch:
			superseded = true
		case superseded && under == epoch:
			count++
		}
	}
	return count
}
