package pgledger_test

import (
	"testing"
	"time"

	"fencepost/core"
	"fencepost/internal/pgledger"
)

// The tests of this file keep the names under which their questions were asked
// before: test_get_stale_instances_… and test_get_current_leader_from_db_….

// instancesAged starts one follower for each name and makes its heartbeat look
// as old as given.
func instancesAged(t *testing.T, ages map[string]time.Duration) (*process, executor) {
	t.Helper()
	dsn := database(t)
	conn := connect(t, dsn)
	watch := start(t, dsn, "watch")
	for name, old := range ages {
		start(t, dsn, name).beat(0)
		silent(t, conn, name, old)
	}
	return watch, conn
}

// silent makes an instance's heartbeat look older.
func silent(t *testing.T, conn executor, name string, by time.Duration) {
	t.Helper()
	exec(t, conn, `UPDATE instance_metadata SET last_heartbeat = clock_timestamp() - $2::text::interval
		WHERE instance_id = $1`, name, by.String())
}

// stale lists the stale instances' names and whether they lead.
func stale(t *testing.T, p *process, timeout time.Duration) []pgledger.StaleInstance {
	t.Helper()
	list, err := p.StaleInstances(t.Context(), timeout)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestGetStaleInstancesNoStale(t *testing.T) {
	watch, _ := instancesAged(t, map[string]time.Duration{"n1": 0, "n2": 10 * time.Second})
	if got := stale(t, watch, 30*time.Second); len(got) != 0 {
		t.Errorf("stale: %+v", got)
	}
}

func TestGetStaleInstancesWithStale(t *testing.T) {
	watch, _ := instancesAged(t, map[string]time.Duration{
		"n1": 0, "n2": time.Minute, "n3": 2 * time.Minute,
	})
	got := stale(t, watch, 30*time.Second)
	if len(got) != 2 || got[0].InstanceID != "n3" || got[1].InstanceID != "n2" {
		t.Fatalf("stale: %+v, want n3 and n2, the longest silent first", got)
	}
	if s := got[1].SecondsStale; s < 60 || s > 90 || got[1].IsLeader {
		t.Errorf("n2 is stale for %v s, leader %v", s, got[1].IsLeader)
	}
	if off := time.Since(got[1].LastHeartbeat); off < time.Minute || off > 2*time.Minute {
		t.Errorf("n2's last heartbeat was %v ago", off)
	}
}

func TestGetStaleInstancesStaleLeader(t *testing.T) {
	dsn := database(t)
	n1, conn := start(t, dsn, "n1"), connect(t, dsn)
	n1.lead()
	silent(t, conn, "n1", time.Minute)
	got := stale(t, n1, 30*time.Second)
	if len(got) != 1 || got[0].InstanceID != "n1" || !got[0].IsLeader {
		t.Errorf("stale: %+v", got)
	}
}

func TestGetStaleInstancesCustomTimeout(t *testing.T) {
	watch, _ := instancesAged(t, map[string]time.Duration{"n1": 20 * time.Second, "n2": 40 * time.Second})
	for timeout, want := range map[time.Duration]int{
		10 * time.Second: 2, 30 * time.Second: 1, time.Minute: 0, 1500 * time.Millisecond: 2,
	} {
		if got := stale(t, watch, timeout); len(got) != want {
			t.Errorf("after %v %d are stale, want %d", timeout, len(got), want)
		}
	}
}

func TestGetCurrentLeaderFromDBNoLeader(t *testing.T) {
	dsn := database(t)
	n1 := start(t, dsn, "n1")
	n1.beat(0)
	if got, err := n1.CurrentLeader(t.Context(), 30*time.Second); err != nil || got != nil {
		t.Errorf("leader %+v, %v", got, err)
	}
	n1.lead()
	n1.resign(1, core.GracefulShutdown)
	if got, err := n1.CurrentLeader(t.Context(), 30*time.Second); err != nil || got != nil {
		t.Errorf("leader after closing %+v, %v", got, err)
	}
}

func TestGetCurrentLeaderFromDBFreshLeader(t *testing.T) {
	n1 := start(t, database(t), "n1")
	n1.lead()
	got, err := n1.CurrentLeader(t.Context(), 30*time.Second)
	if err != nil || got == nil {
		t.Fatalf("leader %+v, %v", got, err)
	}
	if got.InstanceID != "n1" || got.Epoch != 1 || got.Token != n1.token || got.Kind != core.TenureRedis ||
		got.Hostname != "host-of-n1" || got.Age < 0 || got.Age > 30*time.Second {
		t.Errorf("leader %+v", got)
	}
}

func TestGetCurrentLeaderFromDBStaleLeader(t *testing.T) {
	dsn := database(t)
	n1, conn := start(t, dsn, "n1"), connect(t, dsn)
	n1.lead()
	silent(t, conn, "n1", time.Minute)
	if got, err := n1.CurrentLeader(t.Context(), 30*time.Second); err != nil || got != nil {
		t.Errorf("leader %+v, %v", got, err)
	}
	if got, err := n1.CurrentLeader(t.Context(), 2*time.Minute); err != nil || got == nil {
		t.Errorf("with more patience: leader %+v, %v", got, err)
	}
}

// Freshness does not make a leader: the epoch decides, and only then is the
// heartbeat looked at.
func TestGetCurrentLeaderFromDBMultipleInstances(t *testing.T) {
	dsn := database(t)
	n1, n2, n3, conn := start(t, dsn, "n1"), start(t, dsn, "n2"), start(t, dsn, "n3"), connect(t, dsn)
	n1.lead()
	n2.lead()
	n3.beat(0)
	silent(t, conn, "n2", 20*time.Second)
	got, err := n1.CurrentLeader(t.Context(), 30*time.Second)
	if err != nil || got == nil || got.InstanceID != "n2" || got.Epoch != 2 {
		t.Errorf("leader %+v, %v; want n2, although the others' heartbeats are fresher", got, err)
	}
}

func TestInstanceThatSaidGoodbyeIsNotStale(t *testing.T) {
	dsn := database(t)
	n1, n2, conn := start(t, dsn, "n1"), start(t, dsn, "n2"), connect(t, dsn)
	n1.beat(0)
	n2.beat(0)
	if err := n2.Leave(t.Context()); err != nil {
		t.Fatal(err)
	}
	silent(t, conn, "n1", time.Minute)
	silent(t, conn, "n2", time.Minute)
	if got := stale(t, n1, 30*time.Second); len(got) != 1 || got[0].InstanceID != "n1" {
		t.Errorf("stale: %+v", got)
	}
}

func TestRestartedInstanceIsListedOnce(t *testing.T) {
	dsn := database(t)
	before, after, conn := start(t, dsn, "n1"), start(t, dsn, "n1"), connect(t, dsn)
	before.beat(0)
	silent(t, conn, "n1", 25*time.Hour)
	exec(t, conn, `UPDATE instance_metadata SET started_at = last_heartbeat`)
	after.beat(0)
	if got := stale(t, after, 30*time.Second); len(got) != 0 {
		t.Errorf("stale: %+v", got)
	}
	if got := read[int64](t, conn, `SELECT count(*) FROM instance_metadata`); got != 1 {
		t.Errorf("%d rows; a day later the old process's is forgotten", got)
	}
}

func TestRestartedLeadersOldTenureStaysStale(t *testing.T) {
	dsn := database(t)
	before, after, conn := start(t, dsn, "n1"), start(t, dsn, "n1"), connect(t, dsn)
	before.lead()
	silent(t, conn, "n1", 25*time.Hour)
	exec(t, conn, `UPDATE instance_metadata SET started_at = last_heartbeat`)
	after.beat(0)
	if got := stale(t, after, 30*time.Second); len(got) != 1 || !got[0].IsLeader {
		t.Errorf("stale: %+v, want the process that led", got)
	}
}
