package pgledger_test

import (
	"sync"
	"testing"
	"time"

	"fencepost/core"
	"fencepost/internal/pgledger"
)

func TestUnknownGroupIsObservedAsEpochZero(t *testing.T) {
	n1 := start(t, database(t), "n1")
	in := n1.observe()
	server := in.Server
	in.Server = 0
	want := core.Input{Kind: core.AuthorityObserved, Control: core.Run, Lineage: in.Lineage}
	if in != want {
		t.Errorf("observed %+v, want %+v", in, want)
	}
	if off := time.Since(time.Unix(0, int64(server))).Abs(); off > time.Minute {
		t.Errorf("the server's clock is off by %v", off)
	}
}

func TestTakeoverWritesAuthorityHistoryFlagsAndHeartbeatAtOnce(t *testing.T) {
	dsn := database(t)
	n1, conn := start(t, dsn, "n1"), connect(t, dsn)
	in := n1.take(0)
	if in.Kind != core.EpochWasTaken || in.Epoch != 1 || in.Control != core.Run || in.Flags.Has(core.Open) ||
		!in.Token.IsZero() {
		t.Fatalf("took %+v", in)
	}
	seen := n1.observe()
	if seen.Epoch != 1 || seen.Token != n1.token || !seen.Flags.Has(core.Open|core.Live) ||
		seen.Tenure != core.TenureRedis || seen.Age < 0 || seen.Age > time.Minute {
		t.Errorf("observed %+v", seen)
	}
	history, err := n1.History(t.Context(), 10)
	if err != nil || len(history) != 1 {
		t.Fatalf("history %+v, %v", history, err)
	}
	h := history[0]
	if h.Epoch != 1 || h.InstanceID != "n1" || h.Reason != "election" || h.ReleasedLeaderAt != nil ||
		h.LeadershipDurationSeconds != nil || h.Hostname != "host-of-n1" || h.Kind != "redis" ||
		h.FenceSeq == 0 {
		t.Errorf("history %+v", h)
	}
	instances, err := n1.Instances(t.Context())
	if err != nil || len(instances) != 1 {
		t.Fatalf("instances %+v, %v", instances, err)
	}
	i := instances[0]
	if !i.IsLeader || i.Status != "leader" || i.LeaderAcquiredAt == nil || i.Hostname != "host-of-n1" ||
		i.Port != 8080 || i.Version != "1.2.3" {
		t.Errorf("instance %+v", i)
	}
	if got := read[int64](t, conn, `SELECT fence_seq FROM authority`); got != h.FenceSeq {
		t.Errorf("authority has fence_seq %d, history %d", got, h.FenceSeq)
	}
}

func TestTakeoverRepeatedAfterALostReplyTakesNoSecondEpoch(t *testing.T) {
	dsn := database(t)
	n1, n2 := start(t, dsn, "n1"), start(t, dsn, "n2")
	n1.lead()
	first := n2.take(1)
	again := n2.take(1)
	if first.Kind != core.EpochWasTaken || again.Kind != core.EpochWasTaken || first.Epoch != 2 ||
		again.Epoch != 2 {
		t.Fatalf("first %+v, again %+v", first, again)
	}
	for _, in := range []core.Input{first, again} {
		if in.Token != n1.token || !in.Flags.Has(core.Open) {
			t.Errorf("predecessor %+v open %v, want n1's open tenure", in.Token, in.Flags.Has(core.Open))
		}
	}
	history, err := n2.History(t.Context(), 10)
	if err != nil || len(history) != 2 {
		t.Errorf("history %+v, %v", history, err)
	}
}

func TestTakeoverOfAnEpochThatMovedOnIsRefused(t *testing.T) {
	dsn := database(t)
	n1, n2 := start(t, dsn, "n1"), start(t, dsn, "n2")
	n1.lead()
	in := n2.take(0)
	if in.Kind != core.EpochWasRefused || in.Epoch != 1 || in.Reason != core.StateChanged {
		t.Errorf("took %+v", in)
	}
	if n1.beat(1).Kind != core.HeartbeatConfirmed {
		t.Error("the refused takeover disturbed the leader")
	}
	n1.resign(1, core.GracefulShutdown)
	if in := n1.take(1); in.Kind != core.EpochWasRefused {
		t.Errorf("the token of a closed tenure took %+v", in)
	}
	n1.token.Acquisition++
	if in := n1.take(1); in.Kind != core.EpochWasTaken || in.Flags.Has(core.Open) {
		t.Errorf("the next acquisition took %+v, want an epoch after a closed one", in)
	}
}

func TestTakeoverClosesAnOpenPredecessorWithItsReason(t *testing.T) {
	dsn := database(t)
	n1, n2, conn := start(t, dsn, "n1"), start(t, dsn, "n2"), connect(t, dsn)
	n1.lead()
	n2.lead()
	history, err := n2.History(t.Context(), 10)
	if err != nil || len(history) != 2 {
		t.Fatalf("history %+v, %v", history, err)
	}
	old := history[1]
	if old.ReleaseReason == nil || *old.ReleaseReason != "superseded" || old.ReleasedLeaderAt == nil ||
		*old.ReleaseFenceSeq != history[0].FenceSeq {
		t.Fatalf("predecessor's row %+v", old)
	}
	want := old.ReleasedLeaderAt.Sub(old.BecameLeaderAt).Seconds()
	if got := *old.LeadershipDurationSeconds; got-want > 1e-6 || want-got > 1e-6 {
		t.Errorf("duration %v s, want %v s", got, want)
	}
	if !old.ReleasedLeaderAt.Equal(history[0].BecameLeaderAt) {
		t.Errorf("a gap between %v and %v", old.ReleasedLeaderAt, history[0].BecameLeaderAt)
	}
	const leaders = `SELECT string_agg(instance_id, ' ') FROM instance_metadata WHERE is_leader`
	if got := read[string](t, conn, leaders); got != "n2" {
		t.Errorf("leader flags on %q", got)
	}
}

func TestOfManyTakersOneWins(t *testing.T) {
	dsn := database(t)
	nodes := make([]*process, 8)
	for i := range nodes {
		nodes[i] = start(t, dsn, string(rune('a'+i)))
	}
	for observed := range core.Epoch(5) {
		won := make([]bool, len(nodes))
		var wg sync.WaitGroup
		for i, n := range nodes {
			n.token.Acquisition++
			wg.Go(func() { won[i] = n.take(observed).Kind == core.EpochWasTaken })
		}
		wg.Wait()
		count := 0
		for _, w := range won {
			if w {
				count++
			}
		}
		if count != 1 {
			t.Errorf("epoch %d was taken %d times", observed+1, count)
		}
	}
}

func TestClosingATenure(t *testing.T) {
	dsn := database(t)
	n1, n2, conn := start(t, dsn, "n1"), start(t, dsn, "n2"), connect(t, dsn)
	n1.lead()
	for range 2 {
		if in := n1.resign(1, core.HeartbeatLost); in.Kind != core.TenureWasClosed || in.Epoch != 1 {
			t.Fatalf("closing, or closing again: %+v", in)
		}
	}
	history, err := n1.History(t.Context(), 1)
	if err != nil || *history[0].ReleaseReason != "heartbeat_lost" {
		t.Errorf("history %+v, %v", history, err)
	}
	if seen := n1.observe(); seen.Flags.Has(core.Open) || seen.Flags.Has(core.Live) || seen.Epoch != 1 {
		t.Errorf("observed %+v", seen)
	}
	if got := read[int64](t, conn, `SELECT count(*) FROM instance_metadata WHERE is_leader`); got != 0 {
		t.Errorf("%d rows still say that they lead", got)
	}
	n2.lead()
	if in := n1.resign(1, core.GracefulShutdown); in.Kind != core.CloseWasRefused || in.Epoch != 2 {
		t.Errorf("closing a superseded tenure: %+v", in)
	}
	wantRefusal(t, n1, pgledger.Refusal{Op: "resign", Epoch: 1, CurrentEpoch: 2, Reason: "superseded"})
	if n2.beat(2).Kind != core.HeartbeatConfirmed {
		t.Error("the late closing disturbed the successor")
	}
}

// wantRefusal checks the youngest refusal, but for its token and times.
func wantRefusal(t *testing.T, p *process, want pgledger.Refusal) {
	t.Helper()
	got, err := p.Refusals(t.Context(), 1)
	if err != nil || len(got) != 1 {
		t.Fatalf("refusals %+v, %v", got, err)
	}
	r := got[0]
	r.ID, r.Token, r.RefusedAt = 0, "", time.Time{}
	if r != want {
		t.Errorf("refusal %+v, want %+v", r, want)
	}
}
