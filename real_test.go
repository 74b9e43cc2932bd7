package fencepost_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"fencepost"
	"fencepost/internal/redislease"
)

func TestRealLeaderElection(t *testing.T) {
	s := newStage(t)
	first := s.start("blue-1", nil)
	first.leads()
	second := s.start("green-1", nil)
	until(t, "the second is ready", func() bool { return second.Status().Ready })
	if second.IsLeader() {
		t.Fatal("two instances lead")
	}
	if err := second.Resign(t.Context()); !errors.Is(err, fencepost.ErrNotLeader) {
		t.Errorf("a follower resigned: %v", err)
	}
	if err := first.Resign(t.Context()); err != nil {
		t.Fatal(err)
	}
	second.leads()
	if epoch := second.Status().Epoch; epoch != 2 {
		t.Errorf("the second leads under epoch %d, want 2", epoch)
	}
	second.stop()
	first.leads()
}

// lease opens a reader of the stage's lease.
func (s *stage) lease() *redislease.Lease {
	s.t.Helper()
	lease, err := redislease.Open(redislease.Options{URL: s.redis.Addr(), TTL: time.Second})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = lease.Close() })
	return lease
}

func TestRealLeadershipRenewal(t *testing.T) {
	s := newStage(t)
	leader := s.start("blue-1", nil)
	leader.leads()
	lease, renewals, last := s.lease(), 0, time.Duration(0)
	until(t, "the lease is renewed five times", func() bool {
		holder, err := lease.Leader(t.Context())
		if err != nil || holder == nil || holder.InstanceID != "blue-1" {
			t.Fatalf("held by %+v, %v", holder, err)
		}
		if holder.Left > last && last != 0 {
			renewals++
		}
		last = holder.Left
		return renewals >= 5
	})
	if got := leader.Status(); !got.IsLeader || got.Epoch != 1 {
		t.Errorf("%+v", got)
	}
}

func TestRealLeaderExpiration(t *testing.T) {
	s := newStage(t)
	leader := s.start("blue-1", nil)
	leader.leads()
	if err := s.redis.Pause(); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	until(t, "belief ends by itself", func() bool { return !leader.IsLeader() })
	if took := time.Since(began); took > time.Second {
		t.Errorf("believed for %v, longer than the lease lasts", took)
	}
	if err := s.redis.Resume(); err != nil {
		t.Fatal(err)
	}
	leader.leads()
	if epoch := leader.Status().Epoch; epoch < 2 {
		t.Errorf("leads again under epoch %d", epoch)
	}
}

func TestRealHeartbeatMechanism(t *testing.T) {
	s := newStage(t)
	i := s.start("blue-1", nil)
	i.leads()
	beat := func() time.Time {
		list, err := i.Instances(t.Context())
		if err != nil || len(list) != 1 || list[0].InstanceID != "blue-1" || !list[0].IsLeader {
			t.Fatalf("%+v, %v", list, err)
		}
		return list[0].LastHeartbeat
	}
	first := beat()
	until(t, "the heartbeat goes on", func() bool { return beat().After(first) })
	if !i.Metrics().HeartbeatRunning {
		t.Error("the heartbeat is said not to run")
	}
	reader := s.start("reader-1", func(c *fencepost.Config) { c.Eligible = false })
	i.stop()
	if i.Metrics().HeartbeatRunning {
		t.Error("the heartbeat is said to run after the end")
	}
	list, err := reader.Instances(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range list {
		if row.InstanceID == "blue-1" && (row.IsLeader || row.Status != "stopped") {
			t.Errorf("left behind: %+v", row)
		}
	}
	stale, err := reader.StaleInstances(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range stale {
		if row.InstanceID == "blue-1" {
			t.Errorf("an instance that was stopped on purpose is called stale: %+v", row)
		}
	}
}

func TestRealConcurrentLeaderElection(t *testing.T) {
	s := newStage(t)
	names := []string{"blue-1", "green-1", "red-1"}
	instances := make([]*instance, len(names))
	var starting sync.WaitGroup
	for n, name := range names {
		starting.Go(func() { instances[n] = s.start(name, nil) })
	}
	starting.Wait()
	leading := func() int {
		count := 0
		for _, i := range instances {
			if i.IsLeader() {
				count++
			}
		}
		return count
	}
	until(t, "somebody leads", func() bool { return leading() > 0 })
	end := time.Now().Add(3 * time.Second)
	until(t, "three ttl have passed", func() bool {
		if n := leading(); n > 1 {
			t.Fatalf("%d instances lead", n)
		}
		return time.Now().After(end)
	})
	history, err := instances[0].History(t.Context(), 10)
	if err != nil || len(history) != 1 {
		t.Errorf("%d tenures, %v", len(history), err)
	}
}

func TestRealHeartbeatWithDBSync(t *testing.T) {
	s := newStage(t)
	// With a ttl of a second a machine that is busy misses a heartbeat now and then.
	i := s.start("blue-1", func(c *fencepost.Config) { c.Lease.Profile, c.Lease.TTL = "fast", 0 })
	i.leads()
	until(t, "the metrics show a leader by both stores", func() bool {
		m := i.Metrics()
		return m.DBSyncSuccess >= 3 && m.CurrentLeaderRedis != nil && m.CurrentLeaderDB != nil
	})
	m := i.Metrics()
	if m.DBSyncFailure != 0 || m.DBSyncFailureRate != 0 || m.DBSyncAvgLatencyMS <= 0 ||
		m.LeadershipChanges != 1 || m.LastHeartbeat == nil ||
		*m.CurrentLeaderRedis != "blue-1" || *m.CurrentLeaderDB != "blue-1" ||
		m.ThisInstance != "blue-1" || !m.IsLeader || !m.HeartbeatRunning {
		t.Errorf("%+v", m)
	}
	reader := s.start("reader-1", func(c *fencepost.Config) { c.Eligible = false })
	i.stop()
	history, err := reader.History(t.Context(), 10)
	if err != nil || len(history) != 1 {
		t.Fatalf("%+v, %v", history, err)
	}
	row := history[0]
	if row.InstanceID != "blue-1" || row.Epoch != 1 || row.Reason != "election" ||
		row.ReleasedLeaderAt == nil || row.ReleaseReason == nil ||
		*row.ReleaseReason != "graceful_shutdown" ||
		row.LeadershipDurationSeconds == nil || *row.LeadershipDurationSeconds <= 0 {
		t.Errorf("%+v", row)
	}
}

// The seed ran this for fifteen seconds of a lease of ten; here it is five
// leases of the fast profile.
func TestRealHeartbeatLongRunning(t *testing.T) {
	if testing.Short() {
		t.Skip("runs for fifteen seconds")
	}
	t.Parallel()
	s := newStage(t)
	i := s.start("blue-1", func(c *fencepost.Config) { c.Lease.Profile, c.Lease.TTL = "fast", 0 })
	i.leads()
	before, end := i.Metrics().DBSyncSuccess, time.Now().Add(15*time.Second)
	until(t, "fifteen seconds have passed", func() bool {
		if !i.IsLeader() {
			t.Fatal("lost leadership without a fault")
		}
		return time.Now().After(end)
	})
	m := i.Metrics()
	if m.DBSyncSuccess < before+10 || m.LeadershipChanges != 1 || i.Status().Epoch != 1 {
		t.Errorf("%+v", m)
	}
}
