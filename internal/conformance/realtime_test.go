package conformance_test

import (
	"testing"
	"time"

	"fencepost/core"
	"fencepost/core/inbox"
	"fencepost/internal/pgledger"
	"fencepost/internal/testbed"
	"fencepost/migrations"
)

// The limits of the ledger on PostgreSQL's own clock.
const (
	shortTTL    = 300 * time.Millisecond
	shortSendBy = 150 * time.Millisecond
)

// clockLedger is a ledger in an ordinary schema, where time is the server's.
type clockLedger struct {
	t       *testing.T
	ledgers map[core.Nonce]*pgledger.Ledger
}

func newClockLedger(t *testing.T) *clockLedger {
	t.Helper()
	dsn := testbed.Postgres(t)
	if _, err := migrations.Up(t.Context(), dsn); err != nil {
		t.Fatal(err)
	}
	c := &clockLedger{t: t, ledgers: map[core.Nonce]*pgledger.Ledger{}}
	for _, p := range []process{n1, n2} {
		l, err := pgledger.Open(pgledger.Options{
			DSN: dsn, Group: "clock", Instance: p.name, Nonce: p.nonce, TTL: shortTTL, SendBy: shortSendBy,
			Conns: 2, Limits: patience,
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(l.Close)
		c.ledgers[p.nonce] = l
	}
	return c
}

func (c *clockLedger) ask(who process, e core.Effect) (answer core.Input) {
	c.t.Helper()
	err := c.ledgers[who.nonce].Call(c.t.Context(), &e, func(in *core.Input) { answer = *in })
	if err != nil {
		c.t.Fatal(err)
	}
	return answer
}

// until asks again and again, until something is so.
func (c *clockLedger) until(holds func() bool) {
	c.t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); <-tick.C {
		if holds() {
			return
		}
	}
	c.t.Fatal("twenty seconds have passed")
}

func TestTenuresLapseByTheServersOwnClock(t *testing.T) {
	c := newClockLedger(t)
	observe := core.Effect{Op: core.Observe}
	var before core.Time
	c.until(func() bool {
		before = c.ask(n1, observe).Server
		return c.ask(n1, takePG(n1, 0)).Kind == core.EpochWasTaken
	})
	after := c.ask(n1, observe).Server
	c.until(func() bool {
		in := c.ask(n2, observe)
		if live := in.Flags.Has(core.Live); live && in.Server >= after.Add(shortTTL) ||
			!live && in.Server < before.Add(shortTTL) {
			t.Fatalf("live %v, %v after the takeover", live, in.Server.Sub(before))
		}
		return !in.Flags.Has(core.Live)
	})
	if in := c.ask(n2, take(n2, 1)); in.Kind != core.EpochWasTaken || in.Age < shortTTL {
		t.Fatalf("takeover of a lapsed tenure: %+v", in)
	}
	c.until(func() bool {
		in := c.ask(n1, observe)
		if in.Flags.Has(core.Live) != (in.Age <= shortTTL) {
			t.Fatalf("flags %b at the age of %v", in.Flags, in.Age)
		}
		return !in.Flags.Has(core.Live)
	})
}

func TestAttemptsAndSignalsRunOutByTheServersOwnClock(t *testing.T) {
	c := newClockLedger(t)
	c.ask(n1, take(n1, 0))
	a, err := c.ledgers[n1.nonce].Admit(t.Context(), &pgledger.Offer{
		Key: "key", Type: "EXIT", Instrument: "BANK_NIFTY", Position: "LONG", Timestamp: "now",
		ValidFor: time.Minute,
	})
	if err != nil || a.Admission != inbox.Fresh {
		t.Fatalf("admission: %+v, %v", a, err)
	}
	if in := c.ask(n1, permit(n1, 1, a.Signal, 1, 1)); in.Kind != core.PermitWasGranted {
		t.Fatalf("permit: %+v", in)
	}
	reread := core.Effect{Op: core.Reread, Signal: a.Signal}
	c.until(func() bool {
		early := c.ask(n2, reread)
		in := c.ask(n2, judged(n2, a.Signal, 1, core.InDoubt, 2))
		late := c.ask(n2, reread)
		recorded := in.Kind == core.OutcomeWasRecorded
		if recorded && late.Age <= 0 || !recorded && early.Age > 0 {
			t.Fatalf("%v between %v and %v after send_by", in.Kind, early.Age, late.Age)
		}
		if early.Flags.Has(core.Overdue) != (early.Age > 0) || early.Flags.Has(core.Outdated) {
			t.Fatalf("flags %b, %v after send_by", early.Flags, early.Age)
		}
		return recorded
	})
}
