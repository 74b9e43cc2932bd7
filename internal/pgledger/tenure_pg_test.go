package pgledger_test

import (
	"testing"
	"time"

	"fencepost/core"
	"fencepost/internal/pgledger"
)

// shortTTL lets a lease in PostgreSQL lapse within a test, and lets a server
// that has just been started count as one that has been up for long enough.
func shortTTL(o *pgledger.Options) { o.TTL = 100 * time.Millisecond }

// takePG asks for the next epoch with the lease in PostgreSQL.
func (p *process) takePG(observed core.Epoch) core.Input {
	p.t.Helper()
	return p.call(core.Effect{Op: core.TakeEpoch, Epoch: observed, Token: p.token, Tenure: core.TenurePG})
}

// lapsed makes a lease in PostgreSQL one that has run out.
func lapsed(t *testing.T, conn executor) {
	t.Helper()
	exec(t, conn, `UPDATE authority SET pg_lease_until = clock_timestamp() - interval '1 ms'`)
}

// held makes a lease in PostgreSQL one that lasts.
func held(t *testing.T, conn executor) {
	t.Helper()
	exec(t, conn, `UPDATE authority SET pg_lease_until = clock_timestamp() + interval '1 h'`)
}

func TestTenureOfKindPGIsLiveUntilItsColumnExpires(t *testing.T) {
	dsn := database(t)
	n1, conn := start(t, dsn, "n1", shortTTL), connect(t, dsn)
	if in := n1.takePG(0); in.Kind != core.EpochWasTaken || in.Epoch != 1 {
		t.Fatalf("took %+v", in)
	}
	held(t, conn)
	if in := n1.observe(); in.Tenure != core.TenurePG || !in.Flags.Has(core.Open|core.Live) {
		t.Errorf("observed %+v", in)
	}
	lapsed(t, conn)
	if in := n1.observe(); in.Flags.Has(core.Live) || !in.Flags.Has(core.Open) {
		t.Errorf("after its lease: %+v", in)
	}
	if in := n1.beat(1); in.Kind != core.HeartbeatConfirmed {
		t.Errorf("heartbeat: %+v", in)
	}
	if !read[bool](t, conn, `SELECT pg_lease_until > last_heartbeat + interval '50 ms'
		FROM authority, instance_metadata WHERE is_leader`) {
		t.Error("the heartbeat did not renew the lease")
	}
}

func TestTakerOfEitherKindRespectsALiveTenureOfKindPG(t *testing.T) {
	dsn := database(t)
	n1, n2, conn := start(t, dsn, "n1", shortTTL), start(t, dsn, "n2", shortTTL), connect(t, dsn)
	n1.takePG(0)
	held(t, conn)
	if in := n2.take(1); in.Kind != core.EpochWasRefused || in.Epoch != 1 || in.Reason != core.StateChanged {
		t.Errorf("through Redis: %+v", in)
	}
	if in := n2.takePG(1); in.Kind != core.EpochWasRefused {
		t.Errorf("through PostgreSQL: %+v", in)
	}
	lapsed(t, conn)
	if in := n2.take(1); in.Kind != core.EpochWasTaken || !in.Flags.Has(core.Open) || in.Token != n1.token {
		t.Errorf("after it lapsed: %+v", in)
	}
}

func TestHolderOfATenureOfKindPGMayGoBackToRedisItself(t *testing.T) {
	dsn := database(t)
	n1, conn := start(t, dsn, "n1", shortTTL), connect(t, dsn)
	n1.takePG(0)
	held(t, conn)
	n1.token.Acquisition++
	if in := n1.take(1); in.Kind != core.EpochWasTaken || in.Epoch != 2 {
		t.Errorf("took %+v", in)
	}
	if in := n1.observe(); in.Tenure != core.TenureRedis {
		t.Errorf("observed %+v", in)
	}
}

func TestTakerOfKindPGRespectsALeaderThatStillBeats(t *testing.T) {
	dsn := database(t)
	n1, n2, conn := start(t, dsn, "n1", shortTTL), start(t, dsn, "n2", shortTTL), connect(t, dsn)
	n1.lead()
	silent(t, conn, "n1", -time.Hour)
	if in := n2.takePG(1); in.Kind != core.EpochWasRefused {
		t.Errorf("over a live tenure of kind redis: %+v", in)
	}
	age(t, conn, "n1", 2*time.Hour)
	if in := n2.takePG(1); in.Kind != core.EpochWasTaken || in.Age < time.Minute {
		t.Errorf("over a dead one: %+v", in)
	}
}

// After a crash the server may have forgotten heartbeats that it confirmed.
func TestNobodyTakesATenureOfKindPGRightAfterARestart(t *testing.T) {
	dsn := database(t)
	n1 := start(t, dsn, "n1", func(o *pgledger.Options) { o.TTL = 24 * time.Hour })
	if in := n1.takePG(0); in.Kind != core.EpochWasRefused || in.Epoch != 0 {
		t.Errorf("took %+v of a server that is not up for a ttl", in)
	}
	if in := n1.take(0); in.Kind != core.EpochWasTaken {
		t.Errorf("through Redis: %+v", in)
	}
}

// The taker counts its trust from the request that was answered, and that may
// be the second.
func TestRepeatedTakeoverOfKindPGRenewsItsLease(t *testing.T) {
	dsn := database(t)
	n1, conn := start(t, dsn, "n1", shortTTL), connect(t, dsn)
	n1.takePG(0)
	lapsed(t, conn)
	if in := n1.takePG(0); in.Kind != core.EpochWasTaken || in.Epoch != 1 {
		t.Fatalf("again: %+v", in)
	}
	if !read[bool](t, conn, `SELECT pg_lease_until > taken_at + interval '100 ms' FROM authority`) {
		t.Error("the lease still ends when the first takeover said")
	}
}
