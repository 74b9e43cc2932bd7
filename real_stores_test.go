package fencepost_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	goredis "github.com/redis/go-redis/v9"

	"fencepost"
	"fencepost/core"
	"fencepost/internal/identity"
	"fencepost/internal/pgledger"
	"fencepost/internal/redislease"
)

// sql runs a statement on the stage's database, behind everybody's back.
func (s *stage) sql(text string, values ...any) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, s.dsn)
	if err != nil {
		s.t.Fatal(err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, text, values...); err != nil {
		s.t.Fatal(err)
	}
}

// setLease writes another holder into Redis, behind everybody's back.
func (s *stage) setLease(value string) {
	s.t.Helper()
	client := goredis.NewClient(&goredis.Options{Addr: s.redis.Addr()})
	defer client.Close()
	if err := client.Set(s.t.Context(), redislease.Key("default"), value, time.Second).Err(); err != nil {
		s.t.Fatal(err)
	}
}

// takeOver takes the epoch after observed for an instance that is not there.
func (s *stage) takeOver(id string, nonce core.Nonce, observed core.Epoch) {
	s.t.Helper()
	ledger, err := pgledger.Open(pgledger.Options{DSN: s.dsn, Instance: id, Nonce: nonce, TTL: time.Second})
	if err != nil {
		s.t.Fatal(err)
	}
	defer ledger.Close()
	effect := core.Effect{
		Op: core.TakeEpoch, Epoch: observed, Timeout: patience,
		Token: core.Token{Nonce: nonce, Acquisition: 1},
	}
	taken := false
	err = ledger.Call(s.t.Context(), &effect, func(in *core.Input) { taken = in.Kind == core.EpochWasTaken })
	if err != nil || !taken {
		s.t.Fatalf("taken %v, %v", taken, err)
	}
}

func TestRealSplitBrainDetectionRedisVsDB(t *testing.T) {
	s := newStage(t)
	leader := s.start("blue-1", func(c *fencepost.Config) { c.UnsafeTestSeams = true })
	leader.leads()
	if code, body := leader.admin("POST", "/test/hold", `{"point":"before:renew"}`); code != 200 {
		t.Fatalf("%d %s", code, body)
	}
	s.setLease(identity.Text("green-1", core.Token{Nonce: 99, Acquisition: 1}))
	got, err := leader.DetectSplitBrain(t.Context())
	want := fencepost.SplitBrain{RedisLeader: "green-1", DBLeader: "blue-1", Conflict: true}
	if err != nil || got == nil || *got != want {
		t.Errorf("%+v, %v, want %+v", got, err, want)
	}
	if code, body := leader.admin("GET", "/coordinator/leader", ""); code != 200 ||
		!strings.Contains(body, `"conflict":true`) {
		t.Errorf("%d %s", code, body)
	}
	if code, _ := leader.admin("DELETE", "/test/hold", ""); code != 200 {
		t.Errorf("release: %d", code)
	}
	until(t, "the one without the lease yields", func() bool { return !leader.IsLeader() })
}

func TestRealAutoDemoteOnSplitBrain(t *testing.T) {
	s := newStage(t)
	leader := s.start("blue-1", nil)
	leader.leads()
	nonce := leader.Status().Nonce
	s.takeOver("green-1", 99, 1)
	until(t, "the one with the older epoch yields", func() bool { return !leader.IsLeader() })
	lease := s.lease()
	until(t, "its lease is really released", func() bool {
		holder, err := lease.Leader(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return holder == nil || identity.NonceText(holder.Token.Nonce) != nonce ||
			holder.Token.Acquisition > 1
	})
	until(t, "it says so", func() bool { return strings.Contains(leader.log.String(), "level=CRITICAL") })
	history, err := leader.History(t.Context(), 10)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range history {
		if row.Epoch == 1 && (row.ReleaseReason == nil || *row.ReleaseReason != "superseded") {
			t.Errorf("%+v", row)
		}
	}
}

func TestRealSplitBrainNoConflictWhenAgree(t *testing.T) {
	s := newStage(t)
	leader, follower := s.start("blue-1", nil), s.start("green-1", nil)
	until(t, "one of the two leads", func() bool { return leader.IsLeader() || follower.IsLeader() })
	for range 20 {
		for _, i := range []*instance{leader, follower} {
			if got, err := i.DetectSplitBrain(t.Context()); got != nil || err != nil {
				t.Fatalf("%s: %+v, %v", i.name, got, err)
			}
		}
	}
}

func TestRealStaleLeaderDetection(t *testing.T) {
	s := newStage(t)
	s.takeOver("red-1", 99, 0)
	s.sql(`UPDATE instance_metadata SET last_heartbeat = clock_timestamp() - interval '60 seconds'`)
	reader := s.start("reader-1", func(c *fencepost.Config) {
		c.Eligible, c.StaleAfter = false, fencepost.Duration(30*time.Second)
	})
	stale, err := reader.StaleInstances(t.Context(), 30*time.Second)
	if err != nil || len(stale) != 1 {
		t.Fatalf("%+v, %v", stale, err)
	}
	got := stale[0]
	if got.InstanceID != "red-1" || !got.IsLeader || got.SecondsStale < 60 || got.SecondsStale > 90 {
		t.Errorf("%+v", got)
	}
	if leader, err := reader.CurrentLeader(t.Context()); leader != nil || err != nil {
		t.Errorf("a stale leader is not ignored: %+v, %v", leader, err)
	}
	candidate := s.start("blue-1", nil)
	candidate.leads()
	// A takeover whose answer came too late has cost an epoch, and stands in the history too.
	begun := s.count(`SELECT count(*) FROM leadership_history`)
	if epoch := candidate.Status().Epoch; epoch < 2 || int64(epoch) != begun {
		t.Errorf("took over under epoch %d of %d", epoch, begun)
	}
}
