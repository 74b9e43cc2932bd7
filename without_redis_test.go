package fencepost_test

import (
	"strings"
	"testing"
	"time"

	"fencepost"
)

// trio starts three instances and returns them once they are ready and one of
// them leads.
func (s *stage) trio(change func(*fencepost.Config)) []*instance {
	s.t.Helper()
	var all []*instance
	for _, name := range []string{"blue-1", "green-1", "red-1"} {
		all = append(all, s.start(name, change))
	}
	until(s.t, "all are ready and one leads", func() bool {
		for _, i := range all {
			if !i.Status().Ready {
				return false
			}
		}
		return leaderOf(all) != nil
	})
	return all
}

// leaderOf returns the one that leads, or nil.
func leaderOf(all []*instance) *instance {
	for _, i := range all {
		if i.IsLeader() {
			return i
		}
	}
	return nil
}

// executes sends a signal to the instance and waits until it is executed, once.
func (s *stage) executes(i *instance, id string) {
	s.t.Helper()
	before := len(s.desk.Book.Orders())
	until(s.t, i.name+" takes "+id+" in", func() bool { code, _ := i.webhook(entry(id)); return code == 202 })
	until(s.t, id+" is executed", func() bool { return i.state(id) == "executed" })
	if orders := len(s.desk.Book.Orders()); orders != before+1 {
		s.t.Errorf("%d orders for one signal", orders-before)
	}
}

// Trading does not stop because Redis is away, whether it is down or silent, and
// a tenure without Redis is not cut short because Redis is back.
func TestRealTradingGoesOnWithoutRedisAndReturnsToIt(t *testing.T) {
	for name, away := range map[string]struct {
		leave func(*stage) error
		back  func(*stage) error
	}{
		"down": {
			func(s *stage) error { return s.redis.Kill() },
			func(s *stage) error { return s.redis.Restart(s.t.Context()) },
		},
		"silent": {
			func(s *stage) error { return s.redis.Pause() },
			func(s *stage) error { return s.redis.Resume() },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			all := s.trio(nil)
			const ttl = time.Second
			s.executes(all[0], "s-1")
			if kind := leaderOf(all).Status().Tenure; kind != "redis" {
				t.Fatalf("leads under a tenure of kind %q", kind)
			}
			gone := time.Now()
			if err := away.leave(s); err != nil {
				t.Fatal(err)
			}
			var leader *instance
			until(t, "somebody leads without Redis", func() bool {
				leader = leaderOf(all)
				return leader != nil && leader.Status().Tenure == "pg"
			})
			took := time.Since(gone)
			if took > 3*ttl {
				t.Errorf("nobody led for %v", took)
			}
			t.Logf("led without Redis %v after it went", took)
			for _, i := range all {
				s.executes(i, "s-of-"+i.name)
			}
			until(t, "Redis has been away for four ttl", func() bool { return time.Since(gone) > 4*ttl })
			s.allAreReady(all)
			if err := away.back(s); err != nil {
				t.Fatal(err)
			}
			leader = s.returnsToRedis(all, leader)
			s.executes(leader, "s-2")
			s.oneTenureAfterAnother(leader)
		})
	}
}

// allAreReady demands that every instance says so.
func (s *stage) allAreReady(all []*instance) {
	s.t.Helper()
	for _, i := range all {
		if code, body := i.admin("GET", "/readyz", ""); code != 200 {
			s.t.Errorf("%s can do its part: %d %s", i.name, code, body)
		}
	}
}

// returnsToRedis demands that a tenure without Redis goes on when Redis is back,
// and that the next one is of kind redis again. It returns its leader.
func (s *stage) returnsToRedis(all []*instance, leader *instance) *instance {
	s.t.Helper()
	epoch := leader.Status().Epoch
	returned := time.Now()
	until(s.t, "Redis has been back for two ttl", func() bool { return time.Since(returned) > 2*time.Second })
	if got := leader.Status(); !got.IsLeader || got.Epoch != epoch || got.Tenure != "pg" {
		s.t.Errorf("the tenure without Redis did not last: %+v", got)
	}
	if code, body := leader.admin("GET", "/coordinator/leader", ""); code != 200 ||
		!strings.Contains(body, `"tenure":"pg"`) {
		s.t.Errorf("%d %s", code, body)
	}
	if err := leader.Resign(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
	until(s.t, "somebody leads by Redis again", func() bool {
		leader = leaderOf(all)
		return leader != nil && leader.Status().Tenure == "redis"
	})
	if got := leader.Status().Epoch; got != epoch+1 {
		s.t.Errorf("leads under epoch %d, want %d", got, epoch+1)
	}
	return leader
}

// oneTenureAfterAnother demands that the history has no gap, and an end for
// every tenure but the last.
func (s *stage) oneTenureAfterAnother(i *instance) {
	s.t.Helper()
	history, err := i.History(s.t.Context(), 100)
	if err != nil || len(history) == 0 {
		s.t.Fatalf("%+v, %v", history, err)
	}
	kinds := map[string]int{}
	for n, row := range history {
		kinds[row.Kind]++
		if int(row.Epoch) != len(history)-n || (row.ReleaseReason == nil) != (n == 0) {
			s.t.Errorf("row %d: %+v", n, row)
		}
	}
	if kinds["pg"] == 0 || kinds["redis"] < 2 {
		s.t.Errorf("tenures %v", kinds)
	}
}

// An instance that never met Redis stands in for it all the same, but not before
// it has asked for a ttl.
func TestRealGroupThatStartsWithoutRedisTrades(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	if err := s.redis.Kill(); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	i := s.start("blue-1", func(c *fencepost.Config) { c.Intake = "any" })
	until(t, "it is ready for signals and says what it works without", func() bool {
		code, body := i.admin("GET", "/readyz", "")
		return code == 200 && strings.Contains(body, `"degraded":["redis"]`)
	})
	i.leads()
	if took := time.Since(began); took < time.Second || i.Status().Tenure != "pg" {
		t.Errorf("led %v after its start, %+v", took, i.Status())
	}
	if m := i.Metrics(); m.CurrentLeaderRedis != nil || m.Tenure == nil || *m.Tenure != "pg" {
		t.Errorf("%+v", m)
	}
	until(t, "it lacks nothing", func() bool {
		code, body := i.admin("GET", "/readyz", "")
		return code == 200 && !strings.Contains(body, "degraded")
	})
	s.executes(i, "s-1")
}
