package cluster

import (
	"slices"
	"testing"

	"fencepost/core/check"
	"fencepost/internal/broker/wire"
)

// lawful is what a takeover leaves: epoch 1 ended after two permits, epoch 2
// gave one, and sent the second order of epoch 1 again.
func lawful() *Evidence {
	return &Evidence{
		Ledger: &Records{
			Authority: Authority{Epoch: 2, Holder: "n2", Open: true},
			Tenures: []Tenure{
				{
					Epoch: 1, Holder: "n1", ReleaseReason: "superseded", Seconds: 3.5,
					FenceSeq: 1, ReleaseFenceSeq: 4,
				},
				{Epoch: 2, Holder: "n2", Open: true, FenceSeq: 5},
			},
			Signals: []Signal{
				{ID: 1, Key: "a", State: "executed"},
				{ID: 2, Key: "b", State: "executed"},
				{ID: 3, Key: "c", State: "rejected"},
			},
			Attempts: []Attempt{
				{Signal: 1, Number: 1, ClientOrderID: "A1", Epoch: 1, State: "executed", FenceSeq: 2},
				{
					Signal: 2, Number: 1, ClientOrderID: "B1", Epoch: 2, State: "executed",
					FenceSeq: 6, Resends: 1,
				},
				{Signal: 3, Number: 1, ClientOrderID: "C1", Epoch: 1, State: "void", FenceSeq: 3},
				{Signal: 3, Number: 2, ClientOrderID: "C2", Epoch: 2, State: "rejected", FenceSeq: 7},
			},
		},
		Orders: []wire.Receipt{
			{OrderID: "P1", ClientOrderID: "A1"}, {OrderID: "P2", ClientOrderID: "B1"},
		},
		Acknowledged: []string{"a", "b", "c"},
	}
}

// broken lists the invariants that the evidence breaks.
func broken(e *Evidence) []check.Invariant {
	var list []check.Invariant
	for _, f := range Judge(e) {
		if !f.Holds() {
			list = append(list, f.Invariant)
		}
	}
	return list
}

func TestAuditFindsNothingInALawfulTakeover(t *testing.T) {
	for _, f := range Judge(lawful()) {
		if !f.Holds() {
			t.Errorf("%s: %v", f.Invariant, f.Broken)
		}
	}
}

// spoilt says, for each way to spoil the evidence, what is then broken.
var spoilt = map[string]struct {
	spoil func(*Evidence)
	want  check.Invariant
}{
	"a permit of epoch 1 after epoch 2 began": {
		func(e *Evidence) { e.Ledger.Attempts[0].FenceSeq = 6 }, check.SingleExecutor,
	},
	"a permit after the tenure was closed": {
		func(e *Evidence) { e.Ledger.Attempts[0].FenceSeq = 5; e.Ledger.Tenures[1].FenceSeq = 6 },
		check.SingleExecutor,
	},
	"a permit before its epoch began": {
		func(e *Evidence) { e.Ledger.Attempts[1].FenceSeq = 2 }, check.SingleExecutor,
	},
	"two attempts that stand": {
		func(e *Evidence) { e.Ledger.Attempts[2].State = "rejected" }, check.SingleExecutor,
	},
	"the same order twice": {
		func(e *Evidence) { e.Orders = append(e.Orders, e.Orders[0]) }, check.NoDuplicateOrder,
	},
	"an order of each of two attempts": {
		func(e *Evidence) {
			e.Orders = append(e.Orders, wire.Receipt{ClientOrderID: "C1"})
			e.Orders = append(e.Orders, wire.Receipt{ClientOrderID: "C2"})
		}, check.NoDuplicateOrder,
	},
	"an order that nobody permitted": {
		func(e *Evidence) { e.Orders = append(e.Orders, wire.Receipt{ClientOrderID: "X"}) },
		check.NoDuplicateOrder,
	},
	"an acknowledged signal that is gone": {
		func(e *Evidence) { e.Acknowledged = append(e.Acknowledged, "d") }, check.NoLostSignal,
	},
	"executed without an order": {
		func(e *Evidence) { e.Orders = e.Orders[:1] }, check.NoPhantomSuccess,
	},
	"a gap in the epochs": {
		func(e *Evidence) { e.Ledger.Tenures[1].Epoch = 3; e.Ledger.Authority.Epoch = 3 },
		check.EpochMonotonic,
	},
	"an authority ahead of the history": {
		func(e *Evidence) { e.Ledger.Authority.Epoch = 3 }, check.EpochMonotonic,
	},
	"two open tenures": {
		func(e *Evidence) { e.Ledger.Tenures[0].Open = true }, check.HistoryComplete,
	},
	"a tenure closed without a reason": {
		func(e *Evidence) { e.Ledger.Tenures[0].ReleaseReason = "" }, check.HistoryComplete,
	},
	"a closed authority over an open tenure": {
		func(e *Evidence) { e.Ledger.Authority.Open = false }, check.HistoryComplete,
	},
	"a signal that nobody ended": {
		func(e *Evidence) { e.Ledger.Signals[2].State = "received" }, check.Recovers,
	},
	"a doubt where the broker can tell": {
		func(e *Evidence) { e.Ledger.Signals[2].State, e.Ledger.Signals[2].Alerted = "in_doubt", true },
		check.Recovers,
	},
	"a doubt that nobody was told of": {
		func(e *Evidence) { e.MayDoubt = true; e.Ledger.Signals[2].State = "in_doubt" }, check.Recovers,
	},
}

func TestAuditNamesWhatIsBroken(t *testing.T) {
	for name, c := range spoilt {
		e := lawful()
		c.spoil(e)
		if got := broken(e); !slices.Contains(got, c.want) {
			t.Errorf("%s: %v is not among what is broken: %v", name, c.want, got)
		}
	}
}

func TestDoubtWithAnAlertIsAnEndWhereTheBrokerCannotTell(t *testing.T) {
	e := lawful()
	e.MayDoubt = true
	e.Ledger.Signals[2] = Signal{ID: 3, Key: "c", State: "in_doubt", Alerted: true}
	if got := broken(e); len(got) > 0 {
		t.Errorf("broken: %v", got)
	}
}
