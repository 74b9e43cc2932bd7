package verify_test

import (
	"testing"

	"fencepost/core"
	"fencepost/internal/pgledger"
	"fencepost/internal/reconcile"
	"fencepost/migrations"
)

// story makes a ledger in which about everything has happened that can: four
// leaders, one of them deposed, refusals, doubts, persons, lost epochs. It
// returns the database's name, for copies; nobody is connected to it.
func story(t testing.TB) (name, dsn string) {
	t.Helper()
	name, dsn = database(t, "template0")
	if _, err := migrations.Up(t.Context(), dsn); err != nil {
		t.Fatal(err)
	}
	n1, n2 := instance(t, dsn, "n1"), instance(t, dsn, "n2")
	n1.take(0)
	n1.does(core.Effect{Op: core.Heartbeat, Epoch: 1}, core.HeartbeatConfirmed)
	var ids [10]core.SignalID
	for i, key := range []string{"s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9"} {
		ids[i] = n1.admit(key)
	}
	// 0 and 1 are executed, 1 over a second attempt that a person allowed.
	n1.permit(1, ids[0], core.PermitWasGranted)
	n1.record(ids[0], 1, core.Executed)
	n1.permit(1, ids[1], core.PermitWasGranted)
	n1.record(ids[1], 1, core.InDoubt)
	n1.decide(ids[1], core.Void)
	n1.permit(1, ids[1], core.PermitWasGranted)
	n1.record(ids[1], 2, core.Submitted)
	n1.record(ids[1], 2, core.Executed)
	setControl(t, n1, core.Pause)
	n1.permit(1, ids[2], core.PermitWasRefused)
	setControl(t, n1, core.Run)
	// n1 is deposed with 3 in flight, and still tells what became of it.
	n1.permit(1, ids[3], core.PermitWasGranted)
	n2.take(1)
	n1.permit(1, ids[2], core.PermitWasRefused)
	n1.does(core.Effect{Op: core.Heartbeat, Epoch: 1}, core.HeartbeatWasRefused)
	n1.record(ids[3], 1, core.Executed)
	n2.permit(2, ids[4], core.PermitWasGranted)
	n2.record(ids[4], 1, core.Rejected)
	n2.does(core.Effect{Op: core.Record, Signal: ids[5], State: core.Expired}, core.OutcomeWasRecorded)
	// 6 is sent twice under one id; of 7 the broker speaks after it was void.
	n2.permit(2, ids[6], core.PermitWasGranted)
	n2.record(ids[6], 1, core.InDoubt)
	n2.permit(2, ids[6], core.PermitWasGranted)
	n2.record(ids[6], 1, core.Executed)
	n2.permit(2, ids[7], core.PermitWasGranted)
	n2.record(ids[7], 1, core.Void)
	n2.record(ids[7], 1, core.Executed)
	n2.decide(ids[7], core.Executed)
	n2.decide(ids[8], core.Held)
	n2.resign(2)
	n2.permit(2, ids[2], core.PermitWasRefused)
	// The database forgets epochs, and a person enters them.
	_, err := n2.AcceptAuthority(t.Context(), pgledger.Acceptance{Witness: 4, By: "ops", Reason: "restored"})
	if err != nil {
		t.Fatal(err)
	}
	n2.take(4)
	n2.permit(5, ids[2], core.PermitWasGranted)
	n2.seal()
	n2.record(ids[2], 1, core.Submitted)
	n2.permit(5, ids[9], core.PermitWasGranted)
	n2.found(1)
	n2.seal()
	n1.Close()
	n2.Close()
	return name, dsn
}

// found writes down that the broker has no order for a signal.
func (p *process) found(id core.SignalID) {
	p.t.Helper()
	halted, err := p.KeepFindings(p.t.Context(), "pass", "n2", []reconcile.Finding{{
		Kind: reconcile.Missing, ClientOrderID: "A", Signal: id, Attempt: 1, Broker: "unknown",
		Ledger: "executed", Detail: "the book does not have it",
	}})
	if err != nil || halted {
		p.t.Fatalf("halted %t, %v", halted, err)
	}
}

func setControl(t testing.TB, p *process, mode core.Control) {
	t.Helper()
	if err := p.SetControl(t.Context(), mode, "drill", "ops"); err != nil {
		t.Fatal(err)
	}
}

func TestNothingIsFoundInALedgerThatIsSound(t *testing.T) {
	_, dsn := story(t)
	report := judged(t, dsn, nil)
	for _, f := range report.Findings {
		t.Error(f)
	}
	if !report.Sound || report.Signals != 10 || report.Attempts != 8+1 || report.Tenures != 5 ||
		report.Refusals != 3 || report.Blocks < 2 || report.Events < 50 || report.Unsealed != 0 {
		t.Errorf("%+v", report)
	}
}

func TestNothingIsFoundInALedgerWithoutARow(t *testing.T) {
	_, dsn := database(t, "template0")
	if _, err := migrations.Up(t.Context(), dsn); err != nil {
		t.Fatal(err)
	}
	if report := judged(t, dsn, nil); !report.Sound || report.Anchor != "" {
		t.Errorf("%+v", report)
	}
}
