package fencepost_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"fencepost"
)

// leadsOnly makes the settings those of a program that only leads.
func leadsOnly(c *fencepost.Config) {
	c.Webhook.Sources = nil
	c.Broker.URL, c.Broker.Class = "", ""
}

// patiently makes the ttl one that a test does not live to see the end of.
func patiently(c *fencepost.Config) {
	leadsOnly(c)
	c.Lease.TTL = fencepost.Duration(20 * time.Second)
}

// reign is what a test's function that leads was given.
type reign struct {
	*fencepost.Tenure
	ctx context.Context
}

// throne hands each tenure to the test, and does not leave it before it may.
type throne struct {
	began chan reign
	leave chan error
}

func newThrone() *throne { return &throne{began: make(chan reign, 16), leave: make(chan error, 16)} }

func (th *throne) lead(ctx context.Context, t *fencepost.Tenure) error {
	th.began <- reign{t, ctx}
	return <-th.leave
}

// next waits for a tenure.
func (th *throne) next(t *testing.T) reign {
	t.Helper()
	select {
	case r := <-th.began:
		return r
	case <-time.After(patience):
		t.Fatal("no tenure began")
		return reign{}
	}
}

// rule starts an instance that only leads.
func (s *stage) rule(id string, th *throne, change func(*fencepost.Config)) *instance {
	s.t.Helper()
	i := s.startLeading(id, th.lead, change, fencepost.WithoutBroker())
	// Before the instance is stopped, or that would wait.
	s.t.Cleanup(func() { close(th.leave) })
	return i
}

// note writes a row under the tenure.
func (r reign) note(text string) error {
	return r.Tx(context.Background(), func(tx pgx.Tx) error {
		_, err := tx.Exec(context.Background(), `INSERT INTO notes VALUES ($1, $2)`, int64(r.Epoch()), text)
		return err
	})
}

func TestResigningDrainsThenClosesThenReleases(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	th := newThrone()
	first := s.rule("blue-1", th, patiently)
	r := th.next(t)
	if r.Epoch() != 1 || !r.Valid() || r.ctx.Err() != nil || r.Left() <= 0 {
		t.Fatalf("epoch %d, %v left, %v", r.Epoch(), r.Left(), r.ctx.Err())
	}
	resigned := make(chan error, 1)
	go func() { resigned <- first.Resign(t.Context()) }()
	<-r.ctx.Done()
	if r.Valid() || !errors.Is(context.Cause(r.ctx), fencepost.ErrResigned) {
		t.Errorf("ends with %v", context.Cause(r.ctx))
	}
	// While it has not returned nobody else may begin.
	holder, err := s.lease().Leader(t.Context())
	if err != nil || holder == nil || holder.InstanceID != "blue-1" {
		t.Errorf("the lease while it drains: %+v, %v", holder, err)
	}
	if i, err := first.CurrentLeader(t.Context()); err != nil || i == nil || i.InstanceID != "blue-1" {
		t.Errorf("the ledger while it drains: %+v, %v", i, err)
	}
	if err := r.note("late"); !errors.Is(err, fencepost.ErrNotLeader) {
		t.Errorf("while it drains: %v", err)
	}
	th.leave <- nil
	if err := <-resigned; err != nil {
		t.Fatal(err)
	}
	rows, err := first.History(t.Context(), 1)
	if err != nil || len(rows) != 1 || rows[0].ReleaseReason == nil ||
		*rows[0].ReleaseReason != "operator_request" {
		t.Errorf("%+v, %v", rows, err)
	}
}

// Whoever asks for a handover may leave before its end. It goes on in its order: an
// instance that led on with its function ended would keep all others from the work.
func TestHandoverGoesOnWhenWhoeverAskedForItHasLeft(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	th := newThrone()
	first := s.rule("blue-1", th, func(c *fencepost.Config) {
		leadsOnly(c)
		c.Lease.TTL = fencepost.Duration(5 * time.Second)
	})
	handedOver := func() (n int) {
		rows, err := first.History(t.Context(), 10)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range rows {
			if row.ReleaseReason != nil && *row.ReleaseReason == "operator_request" {
				n++
			}
		}
		return n
	}
	for round := range 3 {
		r := th.next(t)
		ctx, leave := context.WithCancel(t.Context())
		resigned := make(chan error, 1)
		go func() { resigned <- first.Resign(ctx) }()
		<-r.ctx.Done()
		leave()
		if err := <-resigned; !errors.Is(err, context.Canceled) {
			t.Errorf("whoever left was told %v", err)
		}
		if n := handedOver(); n != round || !first.IsLeader() {
			t.Errorf("before the function has returned: leads %v, %d handed over", first.IsLeader(), n)
		}
		th.leave <- nil
		until(t, "the tenure is handed over", func() bool { return handedOver() == round+1 })
	}
}

// With stores that do not answer the tenure ends by the clock alone, for the
// function that leads at the very moment at which the node ceases to believe.
func TestTheContextEndsWithBeliefAndNeverLater(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	th := newThrone()
	first := s.rule("blue-1", th, leadsOnly)
	r := th.next(t)
	if err := s.redis.Pause(); err != nil {
		t.Fatal(err)
	}
	until(t, "belief ends by itself", func() bool {
		believed := r.ctx.Err() == nil
		// Asked for in this order, or what ends in between would be called late.
		return !first.IsLeader() && !believed
	})
	if r.Valid() || r.ctx.Err() == nil {
		t.Errorf("valid %v, context %v", r.Valid(), r.ctx.Err())
	}
	<-r.ctx.Done()
	began := time.Now()
	if err := r.note("late"); !errors.Is(err, fencepost.ErrNotLeader) {
		t.Errorf("after the end: %v in %v", err, time.Since(began))
	}
	if err := s.redis.Resume(); err != nil {
		t.Fatal(err)
	}
	th.leave <- r.ctx.Err()
	if again := th.next(t); again.Epoch() <= r.Epoch() {
		t.Errorf("leads again under epoch %d", again.Epoch())
	}
	th.leave <- nil
}

// A leader that has not heard of its successor is refused by PostgreSQL, in a row,
// and its tenure is over.
func TestTxUnderASupersededEpochIsRefusedInARow(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.sql(`CREATE TABLE notes (epoch bigint, text text)`)
	th := newThrone()
	first := s.rule("blue-1", th, patiently)
	r := th.next(t)
	if err := r.note("in time"); err != nil {
		t.Fatal(err)
	}
	s.takeOver("red-1", 77, 1)
	if !first.IsLeader() || !r.Valid() {
		t.Fatal("the leader heard of it too soon for this test")
	}
	err := r.note("late")
	var fenced *fencepost.FencedError
	if !errors.As(err, &fenced) || !errors.Is(err, fencepost.ErrFenced) || fenced.Current != 2 {
		t.Fatalf("%v", err)
	}
	if r.Valid() || !errors.Is(context.Cause(r.ctx), fencepost.ErrFenced) {
		t.Errorf("the tenure goes on: %v", context.Cause(r.ctx))
	}
	if n := s.count(`SELECT count(*) FROM notes`); n != 1 {
		t.Errorf("%d notes", n)
	}
	if n := s.count(`SELECT count(*) FROM fence_refusals
		WHERE op = 'tx' AND epoch = 1 AND current_epoch = 2 AND reason = 'superseded'`); n != 1 {
		t.Errorf("%d rows about the refusal", n)
	}
	th.leave <- err
}

// count reads one number from the stage's database.
func (s *stage) count(text string) (n int64) {
	s.t.Helper()
	conn, err := pgx.Connect(s.t.Context(), s.dsn)
	if err != nil {
		s.t.Fatal(err)
	}
	defer conn.Close(s.t.Context())
	if err := conn.QueryRow(s.t.Context(), text).Scan(&n); err != nil {
		s.t.Fatal(err)
	}
	return n
}

func TestReturningNilHandsOverAndAnErrorEndsRun(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	th := newThrone()
	first := s.rule("blue-1", th, leadsOnly)
	th.next(t)
	th.leave <- nil
	r := th.next(t)
	if r.Epoch() != 2 {
		t.Errorf("stands again under epoch %d", r.Epoch())
	}
	broken := errors.New("the work cannot be done")
	th.leave <- broken
	select {
	case err := <-first.done:
		first.end()
		first.end = nil
		if !errors.Is(err, broken) {
			t.Errorf("run ended with %v", err)
		}
	case <-time.After(patience):
		t.Fatal("run goes on")
	}
	if n := s.count(`SELECT count(*) FROM leadership_history WHERE released_leader_at IS NOT NULL`); n != 2 {
		t.Errorf("%d tenures closed", n)
	}
}

// A function that does not return is waited for within bounds. Another instance
// leads, and this one begins nothing beside it.
func TestAFunctionThatDoesNotReturnIsNotWaitedForForEver(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	stuck, other := newThrone(), newThrone()
	first := s.rule("blue-1", stuck, func(c *fencepost.Config) {
		leadsOnly(c)
		c.ShutdownTimeout = fencepost.Duration(time.Second)
	})
	stuck.next(t)
	second := s.rule("green-1", other, leadsOnly)
	until(t, "the second is ready", func() bool { return second.Status().Ready })
	if err := first.Resign(t.Context()); err != nil {
		t.Fatal(err)
	}
	other.next(t)
	other.leave <- nil
	until(t, "what falls to the first is given back", func() bool {
		rows, err := second.History(t.Context(), 20)
		if err != nil {
			t.Fatal(err)
		}
		given := 0
		for _, row := range rows {
			if row.InstanceID == "blue-1" && row.ReleaseReason != nil {
				given++
			}
		}
		if given < 2 {
			select {
			case <-other.began: // so the second was faster; it hands over again
				other.leave <- nil
			default:
			}
		}
		return given >= 2
	})
	if len(stuck.began) != 0 {
		t.Error("a tenure began beside one that had not ended")
	}
}

func TestAnInstanceWithoutABrokerTakesNoSignals(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	if _, err := fencepost.New(s.config("blue-1"), fencepost.WithoutBroker()); err == nil {
		t.Error("took sources of webhooks")
	}
	c := s.config("blue-1")
	leadsOnly(&c)
	if _, err := fencepost.New(c); err == nil {
		t.Error("an instance that executes signals was made without a broker")
	}
	k, err := fencepost.New(c, fencepost.WithoutBroker())
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(k.Close(), k.Run(t.Context(), nil)); err == nil {
		t.Error("ran after it was closed")
	}
}
