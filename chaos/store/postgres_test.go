package store

import (
	"testing"

	"fencepost/core"
)

func TestServerComesBackFromEveryCrashWithWhatWasCommitted(t *testing.T) {
	p := startPostgres(t, PostgresOptions{})
	for round := range 20 {
		nodeAt(t, "", p.DSN(), core.Nonce(round+1)).admit(string(rune('a' + round)))
		pids := p.PIDs()
		must(t, p.Down(t.Context(), Crash))
		if !ended(pids...) {
			t.Fatalf("round %d: some of %v run on", round, pids)
		}
		if err := p.Down(t.Context(), Crash); err != nil {
			t.Errorf("crash of a server that is down: %v", err)
		}
		must(t, p.Up(t.Context()))
		if got := query[int](t, p, "SELECT count(*) FROM signals"); got != round+1 {
			t.Fatalf("%d signals after crash %d", got, round+1)
		}
	}
	if err := p.Up(t.Context()); err == nil {
		t.Error("a server that is up was started")
	}
}

func TestAuditTellsOfWhatTheServiceDid(t *testing.T) {
	p := startPostgres(t, PostgresOptions{})
	n := nodeAt(t, "", p.DSN(), 1)
	n.lead(0)
	id := n.admit("a")
	n.want(core.PermitWasGranted, core.Effect{Op: core.Permit, Epoch: 1, Signal: id, Version: 1, Attempt: 1})
	rows, err := p.Audit().Drain(t.Context())
	must(t, err)
	for _, r := range rows {
		t.Logf("%+v", r)
	}
}
