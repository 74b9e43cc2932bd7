package pgledger_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"fencepost/core"
	"fencepost/core/inbox"
	"fencepost/internal/pgledger"
	"fencepost/internal/reconcile"
)

func unknown(id string) reconcile.Finding {
	return reconcile.Finding{
		Kind: reconcile.Unknown, ClientOrderID: id, OrderID: "the broker's " + id,
		Broker: "filled", Ledger: "unknown", Symbol: "X", Side: "buy", Quantity: "2",
		Detail: "an order of our form that this ledger never permitted",
	}
}

// keep keeps findings and fails the test unless it halts as wanted.
func (p *process) keep(pass string, wantHalt bool, findings ...reconcile.Finding) {
	p.t.Helper()
	halted, err := p.KeepFindings(p.t.Context(), pass, p.name, findings)
	if err != nil || halted != wantHalt {
		p.t.Errorf("%s: halted %v, want %v; %v", pass, halted, wantHalt, err)
	}
}

// mode fails the test unless the control mode is this.
func (p *process) mode(want core.Control) pgledger.ControlSetting {
	p.t.Helper()
	got, err := p.Control(p.t.Context())
	if err != nil || got.Mode != want {
		p.t.Errorf("control mode %v (%v), want %v", got.Mode, err, want)
	}
	return got
}

// An order halts once: not again while it stands, and not again after a person went
// on. The next order does.
func TestUnknownOrderHaltsOnce(t *testing.T) {
	p := start(t, database(t), "n1")
	p.keep("one", true, unknown("A"), unknown("B"))
	set := p.mode(core.Halt)
	if set.By != pgledger.Reconciler ||
		!strings.Contains(set.Reason, "order A (the broker's the broker's A)") ||
		!strings.Contains(set.Reason, "and 1 more") {
		t.Errorf("%+v", set)
	}
	seen := []reconcile.Finding{unknown("A"), unknown("C")}
	if err := p.SeenFindings(t.Context(), seen); err != nil {
		t.Fatal(err)
	}
	if seen[0].Fresh || seen[0].Acknowledged || !seen[1].Fresh || seen[1].Acknowledged {
		t.Errorf("%+v", seen)
	}
	p.keep("two", false, unknown("A"))
	if err := p.SetControl(t.Context(), core.Run, "looked", "ann"); err != nil {
		t.Fatal(err)
	}
	p.keep("three", false, unknown("A"), unknown("B"))
	p.mode(core.Run)
	if err := p.SeenFindings(t.Context(), seen); err != nil {
		t.Fatal(err)
	}
	if seen[0].Fresh || !seen[0].Acknowledged || !seen[1].Fresh {
		t.Errorf("after a person looked: %+v", seen)
	}
	p.keep("four", true, unknown("A"), unknown("C"))
	if set := p.mode(core.Halt); !strings.HasPrefix(set.Reason, "order C ") ||
		strings.Contains(set.Reason, "more") {
		t.Errorf("%+v", set)
	}
}

// What is no unknown order is written down, and halts nothing.
func TestOtherFindingsHaltNothing(t *testing.T) {
	p := start(t, database(t), "n1")
	missing := reconcile.Finding{
		Kind: reconcile.Missing, ClientOrderID: "A", Signal: 7, Attempt: 1,
		Broker: "absent", Ledger: "executed",
		Detail: "the ledger says executed; the broker has no such order",
	}
	p.keep("one", false, missing)
	p.mode(core.Run)
	seen := []reconcile.Finding{missing}
	if err := p.SeenFindings(t.Context(), seen); err != nil || seen[0].Fresh {
		t.Errorf("%+v, %v", seen, err)
	}
	p.keep("nothing", false)
}

// However many compare at once, one of them halts, and there is one change of mode.
func TestManyComparisonsHaltOnceTogether(t *testing.T) {
	dsn := database(t)
	conn := connect(t, dsn)
	var (
		group sync.WaitGroup
		mu    sync.Mutex
		halts int
	)
	for n := range 4 {
		p := start(t, dsn, fmt.Sprint("n", n))
		group.Go(func() {
			halted, err := p.KeepFindings(t.Context(), fmt.Sprint("pass-", n), p.name,
				[]reconcile.Finding{unknown("A"), unknown("B")})
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Error(err)
			}
			if halted {
				halts++
			}
		})
	}
	group.Wait()
	if changes := read[int64](t, conn, `SELECT count(*) FROM control_history`); halts != 1 || changes != 1 {
		t.Errorf("%d of four halted, with %d changes of the mode", halts, changes)
	}
	if rows := read[int64](t, conn, `SELECT count(*) FROM reconcile_findings`); rows != 2 {
		t.Errorf("%d rows", rows)
	}
}

// What was found stays as it was found.
func TestFindingIsNeverChanged(t *testing.T) {
	dsn := database(t)
	p, conn := start(t, dsn, "n1"), connect(t, dsn)
	p.keep("one", true, unknown("A"))
	for _, sql := range []string{
		`UPDATE reconcile_findings SET detail = 'x'`, `DELETE FROM reconcile_findings`,
	} {
		_, err := conn.Exec(t.Context(), sql)
		if err == nil || !strings.Contains(err.Error(), "append_only") {
			t.Errorf("%s: %v", sql, err)
		}
	}
}

// Attempts are found by the ids of their orders, and by the time of their permit, in
// however many pages.
func TestAttemptsAreReadForTheComparison(t *testing.T) {
	p := start(t, database(t), "n1")
	epoch := p.lead()
	before, err := p.Instant(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ids := []string{"nobody's"}
	for n := range 3 {
		signal := p.admit(fmt.Sprint("k", n))
		p.permit(epoch, signal, 1, 1)
		if n > 0 {
			p.record(signal, 1, core.Executed)
		}
		ids = append(ids, inbox.ClientOrderID(fmt.Sprint("k", n), 1))
	}
	got, err := p.AccountsOf(t.Context(), ids)
	if err != nil || len(got) != 3 {
		t.Fatalf("%+v, %v", got, err)
	}
	for _, a := range got {
		executed := a.State == core.Executed
		if a.Order.ClientOrderID(a.Attempt) != a.ClientOrderID || a.Order.Type != "BASE_ENTRY" ||
			executed == a.RecordedAt.IsZero() || a.PermittedAt.Before(before) {
			t.Errorf("%+v", a)
		}
	}
	standing, err := p.AccountsSince(t.Context(), before, 10)
	if err != nil || len(standing) != 2 {
		t.Errorf("%+v, %v", standing, err)
	}
	none, err := p.AccountsSince(t.Context(), time.Now().Add(time.Hour), 10)
	if err != nil || len(none) != 0 {
		t.Errorf("%+v, %v", none, err)
	}
	if _, err := p.AccountsSince(t.Context(), before, 1); err == nil {
		t.Error("more than the bound were read")
	}
	young, err := p.Youngest(t.Context(), 10)
	if err != nil || len(young) != 3 || young[0].Key != "k2" || young[0].Attempt != 1 ||
		young[0].State != core.Executed {
		t.Errorf("%+v, %v", young, err)
	}
}
