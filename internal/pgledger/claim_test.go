package pgledger_test

import (
	"testing"

	"fencepost/core"
)

// Nobody ever led under the number of a tenure that lapsed, but requests under
// it may be on their way, and the history has its row.
func TestEpochOfALapsedTenureIsGivenToNobodyElse(t *testing.T) {
	dsn := database(t)
	n1, n2 := start(t, dsn, "n1"), start(t, dsn, "n2")
	n1.lead()
	n1.resign(1, core.Lapsed)
	n2.token.Acquisition++
	in := n2.call(core.Effect{Op: core.TakeEpoch, Epoch: 1, Token: n2.token, Tenure: core.TenureRedis})
	if in.Kind != core.EpochWasTaken || in.Epoch != 2 {
		t.Errorf("after a lapsed epoch 1: %+v", in)
	}
}

// A heartbeat is its leadership's, not its process's: one of an earlier
// leadership, late, says nothing of the present one.
func TestHeartbeatOfAnEarlierLeadershipOfTheSameProcessIsRefused(t *testing.T) {
	dsn := database(t)
	n1 := start(t, dsn, "n1")
	n1.lead()
	earlier := n1.token
	n1.resign(1, core.OperatorRequest)
	n1.token.Acquisition++
	n1.lead()
	in := n1.call(core.Effect{Op: core.Heartbeat, Epoch: 1, Token: earlier})
	if in.Kind != core.HeartbeatWasRefused || in.Epoch != 2 || in.Reason != core.Superseded {
		t.Errorf("a late heartbeat of epoch 1: %+v", in)
	}
	if in := n1.beat(2); in.Kind != core.HeartbeatConfirmed {
		t.Errorf("the present one: %+v", in)
	}
}

// In a tenure of kind pg a heartbeat renews the lease itself, which a crash of
// the server must not take back.
func TestHeartbeatOfATenureOfKindPGCommitsDurably(t *testing.T) {
	dsn := database(t)
	n1, conn := start(t, dsn, "n1", shortTTL), connect(t, dsn)
	n1.takePG(0)
	exec(t, conn, `CREATE TABLE seen (mode text)`)
	exec(t, conn, `CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
		INSERT INTO seen VALUES (current_setting('synchronous_commit')); RETURN NULL; END $$`)
	exec(t, conn, `CREATE CONSTRAINT TRIGGER see AFTER UPDATE ON authority
		DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION see()`)
	if in := n1.beat(1); in.Kind != core.HeartbeatConfirmed {
		t.Fatalf("heartbeat: %+v", in)
	}
	if got := read[string](t, conn, `SELECT string_agg(DISTINCT mode, ' ') FROM seen`); got != "on" {
		t.Errorf("a renewal of the lease commits %q, want on", got)
	}
}
