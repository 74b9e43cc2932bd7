package pgledger_test

import (
	"testing"
	"time"

	"fencepost/core"
	"fencepost/internal/pgledger"
)

func TestFollowersHeartbeatIsAnsweredWithTheAuthority(t *testing.T) {
	dsn := database(t)
	n1, n2, conn := start(t, dsn, "n1"), start(t, dsn, "n2"), connect(t, dsn)
	if in := n2.beat(0); in.Kind != core.AuthorityObserved || in.Epoch != 0 {
		t.Errorf("before anybody led: %+v", in)
	}
	n1.lead()
	in := n2.beat(0)
	if in.Kind != core.AuthorityObserved || in.Epoch != 1 || in.Token != n1.token ||
		!in.Flags.Has(core.Open|core.Live) || in.Control != core.Run {
		t.Errorf("observed %+v", in)
	}
	const status = `SELECT status FROM instance_metadata WHERE instance_id = 'n2'`
	if got := read[string](t, conn, status); got != "follower" {
		t.Errorf("status %q", got)
	}
}

func TestLeadersHeartbeatIsConfirmedUnderItsOwnEpochOnly(t *testing.T) {
	dsn := database(t)
	n1, n2 := start(t, dsn, "n1"), start(t, dsn, "n2")
	n1.lead()
	in := n1.beat(1)
	server := in.Server
	in.Server = 0
	if in != (core.Input{Kind: core.HeartbeatConfirmed, Epoch: 1, Control: core.Run}) || server == 0 {
		t.Errorf("heartbeat: %+v at %v", in, server)
	}
	n2.lead()
	refused := core.Input{
		Kind: core.HeartbeatWasRefused, Epoch: 2, Reason: core.Superseded, Lineage: n1.observe().Lineage,
	}
	if in := n1.beat(1); in != refused {
		t.Errorf("after the successor: %+v", in)
	}
	wantRefusal(t, n1, pgledger.Refusal{Op: "heartbeat", Epoch: 1, CurrentEpoch: 2, Reason: "superseded"})
	n2.resign(2, core.GracefulShutdown)
	refused.Reason = core.TenureClosed
	if in := n2.beat(2); in != refused {
		t.Errorf("after closing: %+v", in)
	}
	wantRefusal(t, n1, pgledger.Refusal{Op: "heartbeat", Epoch: 2, CurrentEpoch: 2, Reason: "tenure_closed"})
	// The same epoch presented by another claim is not the holder's.
	if in := n1.beat(2); in.Kind != core.HeartbeatWasRefused || in.Reason != core.Superseded {
		t.Errorf("with another's epoch: %+v", in)
	}
}

func TestHeartbeatWithoutAuthorityIsRefused(t *testing.T) {
	n1 := start(t, database(t), "n1")
	in := n1.beat(1)
	if in.Kind != core.HeartbeatWasRefused || in.Epoch != 0 || in.Reason != core.AuthorityGone {
		t.Errorf("heartbeat: %+v", in)
	}
	wantRefusal(t, n1, pgledger.Refusal{Op: "heartbeat", Epoch: 1, Reason: "authority_gone"})
}

func TestRefusedHeartbeatLeavesTheRowAlone(t *testing.T) {
	dsn := database(t)
	n1, n2, conn := start(t, dsn, "n1"), start(t, dsn, "n2"), connect(t, dsn)
	n1.lead()
	n2.lead()
	exec(t, conn, `UPDATE instance_metadata SET last_heartbeat = 'epoch' WHERE instance_id = 'n1'`)
	n1.beat(1)
	const untouched = `SELECT last_heartbeat = 'epoch' FROM instance_metadata WHERE instance_id = 'n1'`
	if !read[bool](t, conn, untouched) {
		t.Error("a refused heartbeat made the deposed leader look alive")
	}
}

// A leader that came back as a follower without closing its tenure must go on
// looking stale: its heartbeats as a follower say nothing for the tenure.
func TestFollowersHeartbeatDoesNotKeepItsForgottenTenureFresh(t *testing.T) {
	dsn := database(t)
	n1, conn := start(t, dsn, "n1"), connect(t, dsn)
	n1.lead()
	age(t, conn, "n1", time.Hour)
	if in := n1.beat(0); in.Age < time.Hour || in.Flags.Has(core.Live) || !in.Flags.Has(core.Open) {
		t.Errorf("observed %+v", in)
	}
}

// Two machines with the same instance id have rows of their own.
func TestTwinWithTheSameNameDoesNotKeepADeadLeaderFresh(t *testing.T) {
	dsn := database(t)
	n1, twin, conn := start(t, dsn, "n1"), start(t, dsn, "n1"), connect(t, dsn)
	n1.lead()
	age(t, conn, "n1", time.Hour)
	twin.beat(0)
	if in := twin.observe(); in.Age < time.Hour || in.Token != n1.token {
		t.Errorf("observed %+v", in)
	}
	const rows = `SELECT count(*) FROM instance_metadata WHERE instance_id = 'n1'`
	if got := read[int64](t, conn, rows); got != 2 {
		t.Errorf("%d rows for two processes", got)
	}
}

// age makes an instance's heartbeat and its tenure's beginning look older.
func age(t *testing.T, conn executor, name string, by time.Duration) {
	t.Helper()
	exec(t, conn, `UPDATE instance_metadata SET last_heartbeat = last_heartbeat - $2::text::interval
		WHERE instance_id = $1`, name, by.String())
	exec(t, conn, `SET session_replication_role = replica`)
	exec(t, conn, `UPDATE authority SET taken_at = taken_at - $2::text::interval
		WHERE holder = $1`, name, by.String())
	exec(t, conn, `SET session_replication_role = origin`)
}

// A client whose transaction began long ago, or whose own clock is wrong, has
// no influence: the time is read when the row is written.
func TestHeartbeatTimeIsTheDatabasesAtTheWrite(t *testing.T) {
	dsn := database(t)
	n1, n2, conn := start(t, dsn, "n1"), start(t, dsn, "n2"), connect(t, dsn)
	n1.lead()
	n2.beat(0)
	blocker, err := conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	exec(t, blocker, `SELECT 1 FROM instance_metadata FOR UPDATE`)
	watch := connect(t, dsn)
	for _, beat := range []struct {
		p     *process
		epoch core.Epoch
	}{{n1, 1}, {n2, 0}} {
		done := make(chan core.Input)
		go func() { done <- beat.p.beat(beat.epoch) }()
		waitForLock(t, watch, "heartbeat", 1)
		released := read[time.Time](t, watch, `SELECT clock_timestamp()`)
		exec(t, blocker, `COMMIT`)
		<-done
		got := read[time.Time](t, watch, `SELECT last_heartbeat FROM instance_metadata
			WHERE instance_id = $1`, beat.p.name)
		if got.Before(released) {
			t.Errorf("%s: the heartbeat is of %v, when its row was still locked; it was written after %v",
				beat.p.name, got, released)
		}
		exec(t, blocker, `BEGIN`)
		exec(t, blocker, `SELECT 1 FROM instance_metadata FOR UPDATE`)
	}
}

// now() stands still in a transaction: it would say when a takeover began to
// wait, and a leader that beat during the wait would look dead.
func TestTakeoverIsDatedAfterItsWait(t *testing.T) {
	dsn := database(t)
	n1, n2, conn, watch := start(t, dsn, "n1"), start(t, dsn, "n2"), connect(t, dsn), connect(t, dsn)
	n1.lead()
	age(t, conn, "n1", time.Hour)
	exec(t, conn, `BEGIN`)
	exec(t, conn, `SELECT pg_advisory_xact_lock_shared($1)`, pgledger.AdvisoryKey("test"))
	done := make(chan core.Input)
	go func() { done <- n2.take(1) }()
	waitForLock(t, watch, "take_epoch", 1)
	// The leader beats while the taker waits.
	exec(t, conn, `UPDATE instance_metadata SET last_heartbeat = clock_timestamp() WHERE instance_id = 'n1'`)
	released := read[time.Time](t, watch, `SELECT clock_timestamp()`)
	exec(t, conn, `COMMIT`)
	if in := <-done; in.Kind != core.EpochWasTaken || in.Age > 10*time.Minute {
		t.Errorf("took %+v; the predecessor's heartbeat was fresh by then", in)
	}
	if taken := read[time.Time](t, watch, `SELECT taken_at FROM authority`); taken.Before(released) {
		t.Errorf("taken at %v, before the wait ended at %v", taken, released)
	}
}

// Readings never queue behind anybody's lock.
func TestReadingsWaitForNoLock(t *testing.T) {
	dsn := database(t)
	n1, conn := start(t, dsn, "n1"), connect(t, dsn)
	n1.lead()
	signal := n1.admit("s")
	exec(t, conn, `BEGIN`)
	exec(t, conn, `SELECT pg_advisory_xact_lock($1)`, pgledger.AdvisoryKey("test"))
	for _, table := range []string{"authority", "instance_metadata", "signals", "leadership_history"} {
		exec(t, conn, `SELECT 1 FROM `+table+` FOR UPDATE`)
	}
	impatient := start(t, dsn, "n3", func(o *pgledger.Options) {
		o.Limits.Lock = time.Millisecond
	})
	if in := impatient.observe(); in.Epoch != 1 {
		t.Errorf("observed %+v", in)
	}
	if in := impatient.reread(signal); in.Kind != core.AttemptRead {
		t.Errorf("reread %+v", in)
	}
	if in := impatient.calls(core.Effect{Op: core.Fetch, States: 1 << core.Received}); len(in) != 2 {
		t.Errorf("fetched %+v", in)
	}
	if _, err := impatient.StaleInstances(t.Context(), time.Second); err != nil {
		t.Error(err)
	}
	if _, err := impatient.CurrentLeader(t.Context(), time.Minute); err != nil {
		t.Error(err)
	}
}

func TestWhatTheServerMayCommitInMemory(t *testing.T) {
	dsn := database(t)
	n1, conn := start(t, dsn, "n1"), connect(t, dsn)
	n1.lead()
	// A trigger tells how the transaction is going to commit.
	exec(t, conn, `CREATE TABLE seen (what text, mode text)`)
	exec(t, conn, `CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
		INSERT INTO seen VALUES (TG_TABLE_NAME, current_setting('synchronous_commit')); RETURN NULL; END $$`)
	for _, table := range []string{"instance_metadata", "fence_refusals", "signals", "authority"} {
		exec(t, conn, `CREATE CONSTRAINT TRIGGER see AFTER INSERT OR UPDATE ON `+table+
			` DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION see()`)
	}
	mode := func(what string) string {
		return read[string](t, conn, `WITH d AS (DELETE FROM seen RETURNING *)
			SELECT coalesce(string_agg(DISTINCT mode, ' ') FILTER (WHERE what = $1), 'nothing') FROM d`, what)
	}
	n1.beat(1)
	if got := mode("instance_metadata"); got != "off" {
		t.Errorf("a confirmed heartbeat of kind redis commits %q, want off", got)
	}
	n1.beat(9)
	if got := mode("fence_refusals"); got != "on" {
		t.Errorf("a refusal commits %q, want on", got)
	}
	n1.admit("s")
	if got := mode("signals"); got != "on" {
		t.Errorf("an admission commits %q, want on", got)
	}
	n1.resign(1, core.GracefulShutdown)
	if got := mode("authority"); got != "on" {
		t.Errorf("a closing commits %q, want on", got)
	}
	n1.token.Acquisition++
	n1.call(core.Effect{Op: core.TakeEpoch, Epoch: 1, Token: n1.token, Tenure: core.TenurePG})
	if got := mode("authority"); got != "on" && got != "nothing" {
		t.Errorf("a takeover commits %q, want on", got)
	}
}
