package cluster

import (
	"fmt"
	"slices"

	"fencepost/core"
	"fencepost/core/check"
	"fencepost/internal/broker/wire"
)

// Evidence is what an audit looks at: taken when no signal is under way any
// more.
type Evidence struct {
	Ledger *Records
	// Orders is the broker's whole book.
	Orders []wire.Receipt
	// Acknowledged are the keys of the signals that a sender was told are stored.
	Acknowledged []string
	// MayDoubt says that the broker is of a class that cannot tell what became of
	// an order whose answer was lost: a signal may then end in doubt, with an
	// alert (PROTOCOL 5.3).
	MayDoubt bool
}

// Finding is what an audit says of one invariant.
type Finding struct {
	Invariant check.Invariant
	// Claim says what was looked at, with numbers.
	Claim string
	// Broken holds a sentence for each violation; it is empty if the invariant
	// holds.
	Broken []string
}

// Holds tells whether the invariant holds.
func (f *Finding) Holds() bool { return len(f.Broken) == 0 }

func (f *Finding) breakf(format string, args ...any) {
	f.Broken = append(f.Broken, fmt.Sprintf(format, args...))
}

// Judge holds the evidence against the invariants that a ledger and a book can
// tell of after the fact.
func Judge(e *Evidence) []Finding {
	i := index(e)
	return []Finding{
		e.singleExecutor(), e.noDuplicateOrder(i), e.noLostSignal(i), e.noPhantomSuccess(i),
		e.epochMonotonic(), e.historyComplete(), e.recovers(),
	}
}

// indexed is the evidence by its keys.
type indexed struct {
	signal map[string]Signal        // by key
	of     map[string]Attempt       // by client order id
	orders map[int64][]wire.Receipt // by signal
	alien  []wire.Receipt           // orders of no attempt
}

func index(e *Evidence) *indexed {
	i := &indexed{signal: map[string]Signal{}, of: map[string]Attempt{}, orders: map[int64][]wire.Receipt{}}
	for _, s := range e.Ledger.Signals {
		i.signal[s.Key] = s
	}
	for _, a := range e.Ledger.Attempts {
		i.of[a.ClientOrderID] = a
	}
	for _, o := range e.Orders {
		a, known := i.of[o.ClientOrderID]
		if !known {
			i.alien = append(i.alien, o)
			continue
		}
		i.orders[a.Signal] = append(i.orders[a.Signal], o)
	}
	return i
}

// singleExecutor orders permits and takeovers by fence_seq, never by time.
func (e *Evidence) singleExecutor() Finding {
	f := Finding{Invariant: check.SingleExecutor, Claim: fmt.Sprintf(
		"%d permits, none under an epoch that was over", len(e.Ledger.Attempts))}
	standing := map[int64]int{}
	for _, a := range e.Ledger.Attempts {
		begun := false
		for _, t := range e.Ledger.Tenures {
			begun = begun || t.Epoch == a.Epoch && t.FenceSeq < a.FenceSeq
			switch {
			case t.Epoch > a.Epoch && t.FenceSeq < a.FenceSeq:
				f.breakf("signal %d: permit %d under epoch %d comes after epoch %d began at %d",
					a.Signal, a.FenceSeq, a.Epoch, t.Epoch, t.FenceSeq)
			case t.Epoch == a.Epoch && !t.Open && t.ReleaseFenceSeq < a.FenceSeq:
				f.breakf("signal %d: permit %d under epoch %d comes after its end at %d",
					a.Signal, a.FenceSeq, a.Epoch, t.ReleaseFenceSeq)
			}
		}
		if !begun {
			f.breakf("signal %d: permit %d comes before its epoch %d began", a.Signal, a.FenceSeq, a.Epoch)
		}
		if a.State != "void" {
			standing[a.Signal]++
		}
		if standing[a.Signal] == 2 {
			f.breakf("signal %d: two attempts stand", a.Signal)
		}
	}
	return f
}

func (e *Evidence) noDuplicateOrder(i *indexed) Finding {
	f := Finding{Invariant: check.NoDuplicateOrder, Claim: fmt.Sprintf(
		"%d orders in the broker's book, for %d signals", len(e.Orders), len(i.orders))}
	for _, s := range e.Ledger.Signals {
		if n := len(i.orders[s.ID]); n > 1 {
			f.breakf("signal %s has %d orders", s.Key, n)
		}
	}
	for _, o := range i.alien {
		f.breakf("order %s (%s) belongs to no permit", o.OrderID, o.ClientOrderID)
	}
	return f
}

func (e *Evidence) noLostSignal(i *indexed) Finding {
	f := Finding{Invariant: check.NoLostSignal, Claim: fmt.Sprintf(
		"%d acknowledged signals, all in the ledger", len(e.Acknowledged))}
	for _, key := range e.Acknowledged {
		if _, stored := i.signal[key]; !stored {
			f.breakf("signal %s was acknowledged and is not in the ledger", key)
		}
	}
	return f
}

func (e *Evidence) noPhantomSuccess(i *indexed) Finding {
	f := Finding{Invariant: check.NoPhantomSuccess}
	executed := 0
	for _, s := range e.Ledger.Signals {
		if s.State != core.Executed.String() {
			continue
		}
		executed++
		if len(i.orders[s.ID]) == 0 {
			f.breakf("signal %s is executed and the broker has no order of it", s.Key)
		}
	}
	f.Claim = fmt.Sprintf("%d executed signals, each with its order", executed)
	return f
}

func (e *Evidence) epochMonotonic() Finding {
	f := Finding{Invariant: check.EpochMonotonic, Claim: fmt.Sprintf("epochs 1 to %d, without a gap",
		e.Ledger.Authority.Epoch)}
	var before Tenure
	for _, t := range e.Ledger.Tenures {
		if t.Epoch != before.Epoch+1 {
			f.breakf("epoch %d follows epoch %d", t.Epoch, before.Epoch)
		}
		if t.FenceSeq <= before.FenceSeq {
			f.breakf("epoch %d began at %d, its predecessor at %d", t.Epoch, t.FenceSeq, before.FenceSeq)
		}
		before = t
	}
	if before.Epoch != e.Ledger.Authority.Epoch {
		f.breakf("the youngest tenure is %d, the authority is at %d", before.Epoch, e.Ledger.Authority.Epoch)
	}
	return f
}

func (e *Evidence) historyComplete() Finding {
	f := Finding{Invariant: check.HistoryComplete}
	open := 0
	for n, t := range e.Ledger.Tenures {
		youngest := n == len(e.Ledger.Tenures)-1
		if t.Open {
			open++
			if !youngest {
				f.breakf("epoch %d of %s is open, though a younger one exists", t.Epoch, t.Holder)
			}
			continue
		}
		if t.ReleaseReason == "" {
			f.breakf("epoch %d of %s was closed without a reason", t.Epoch, t.Holder)
		}
		if t.Seconds < 0 {
			f.breakf("epoch %d of %s lasted %g s", t.Epoch, t.Holder, t.Seconds)
		}
		if t.ReleaseFenceSeq < t.FenceSeq {
			f.breakf("epoch %d of %s was closed at %d, before it began at %d", t.Epoch, t.Holder,
				t.ReleaseFenceSeq, t.FenceSeq)
		}
	}
	if open > 1 {
		f.breakf("%d tenures are open", open)
	}
	if a := e.Ledger.Authority; a.Open != (open > 0) {
		f.breakf("the authority's tenure is open: %t; open tenures in the history: %d", a.Open, open)
	}
	f.Claim = fmt.Sprintf("%d tenures, %d open, the others closed with a reason", len(e.Ledger.Tenures), open)
	return f
}

// recovers: nothing is under way any more, or ever will be.
func (e *Evidence) recovers() Finding {
	f := Finding{Invariant: check.Recovers}
	doubted := 0
	final := []string{
		core.Executed.String(), core.Rejected.String(), core.Cancelled.String(), core.Expired.String(),
	}
	for _, s := range e.Ledger.Signals {
		if slices.Contains(final, s.State) {
			continue
		}
		if e.MayDoubt && s.Alerted && s.State == core.InDoubt.String() {
			doubted++
			continue
		}
		f.breakf("signal %s came to no end: it is %s", s.Key, s.State)
	}
	f.Claim = fmt.Sprintf("%d signals came to an end", len(e.Ledger.Signals))
	if doubted > 0 {
		f.Claim += fmt.Sprintf(", %d of them in doubt, with an alert", doubted)
	}
	return f
}
