package model_test

import (
	"testing"
	"time"

	"fencepost/core"
	"fencepost/core/history"
	"fencepost/sim/model"
)

// server is a model of Redis with what it told.
type server struct {
	model.Redis
	records model.Records
}

func newServer() *server {
	s := &server{}
	s.records.NodeOf = func(n core.Nonce) int16 { return int16(n) }
	s.Reset(&s.records)
	return s
}

func TestAcquireSetsAnAbsentKeyWithAFullTTL(t *testing.T) {
	s := newServer()
	in := s.Acquire(second, token(1), ttl)
	must(t, in, core.LeaseAcquired, core.NoReason)
	if in.Token != token(1) || in.Server != second {
		t.Fatalf("answer %+v", in)
	}
	set := only(t, &s.records, history.LeaseSet)
	if set.Node != 1 || set.Token != token(1) || set.Until != int64(11*second) ||
		s.NextExpiry() != 11*second {
		t.Fatalf("record %+v, expiry %v", set, s.NextExpiry())
	}
}

func TestAcquireFindsItsOwnTokenAndSetsTheFullTTLAgain(t *testing.T) {
	s := newServer()
	s.Acquire(0, token(1), ttl)
	must(t, s.Acquire(9*second, token(1), ttl), core.LeaseAcquired, core.NoReason)
	if s.NextExpiry() != 19*second {
		t.Fatalf("expiry %v, want 19s", s.NextExpiry())
	}
	other := core.Token{Nonce: 1, Acquisition: 2}
	if in := s.Acquire(9*second, other, ttl); in.Kind != core.LeaseDenied {
		t.Fatalf("another acquisition of the same process: %v", in.Kind)
	}
}

func TestAcquireIsDeniedWithTheHolderAndTheTimeLeft(t *testing.T) {
	s := newServer()
	s.Acquire(0, token(1), ttl)
	in := s.Acquire(4*second, token(2), ttl)
	must(t, in, core.LeaseDenied, core.NoReason)
	if in.Token != token(1) || in.Age != 6*time.Second {
		t.Fatalf("answer %+v", in)
	}
}

func TestLeaseLapsesExactlyAtItsExpiry(t *testing.T) {
	s := newServer()
	s.Acquire(0, token(1), ttl)
	s.records.Reset()
	must(t, s.Renew(s.NextExpiry()-1, token(1), ttl, 0), core.LeaseRenewed, core.NoReason)
	at := s.NextExpiry()
	s.records.Reset()
	s.Expire(at - 1)
	if len(s.records.List) != 0 {
		t.Fatal("the lease lapsed before its time")
	}
	s.Expire(at)
	gone := only(t, &s.records, history.LeaseGone)
	if gone.Until != int64(at) || gone.Token != token(1) || !s.Holder().IsZero() ||
		s.NextExpiry() != core.Never {
		t.Fatalf("record %+v", gone)
	}
}

func TestLapseThatIsNoticedLateNamesItsOwnInstant(t *testing.T) {
	s := newServer()
	s.Acquire(0, token(1), ttl)
	s.records.Reset()
	must(t, s.Acquire(15*second, token(2), ttl), core.LeaseAcquired, core.NoReason)
	if gone := only(t, &s.records, history.LeaseGone); gone.Until != int64(10*second) || gone.Node != 1 {
		t.Fatalf("record %+v", gone)
	}
}

func TestRenewNeverCreatesTheKey(t *testing.T) {
	s := newServer()
	in := s.Renew(0, token(1), ttl, 0)
	must(t, in, core.LeaseWasLost, core.NoReason)
	if !in.Token.IsZero() || !s.Holder().IsZero() {
		t.Fatal("renewal created the key")
	}
	s.Acquire(0, token(2), ttl)
	if in := s.Renew(second, token(1), ttl, 0); in.Kind != core.LeaseWasLost || in.Token != token(2) {
		t.Fatalf("renewal of another's key: %+v", in)
	}
	if s.NextExpiry() != 10*second {
		t.Fatal("renewal extended another's key")
	}
	if in := s.Renew(10*second, token(2), ttl, 0); in.Kind != core.LeaseWasLost {
		t.Fatalf("renewal of a lapsed key: %v", in.Kind)
	}
}

func TestRenewalRaisesTheWitnessAndEveryAnswerCarriesIt(t *testing.T) {
	s := newServer()
	if in := s.Acquire(0, token(1), ttl); in.Epoch != 0 {
		t.Fatalf("a server that knows no epoch told of %d", in.Epoch)
	}
	if in := s.Renew(0, token(1), ttl, 5); in.Epoch != 5 {
		t.Fatalf("renewal: %+v", in)
	}
	if in := s.Renew(second, token(1), ttl, 3); in.Epoch != 5 {
		t.Fatalf("a lower epoch made the witness %d", in.Epoch)
	}
	if in := s.Renew(2*second, token(2), ttl, 9); in.Kind != core.LeaseWasLost || in.Epoch != 5 {
		t.Fatalf("a renewal of nothing: %+v", in)
	}
	if in := s.Acquire(2*second, token(2), ttl); in.Kind != core.LeaseDenied || in.Epoch != 5 {
		t.Fatalf("denial: %+v", in)
	}
	if in := s.Acquire(20*second, token(2), ttl); in.Kind != core.LeaseAcquired || in.Epoch != 5 {
		t.Fatalf("the witness went with the lease: %+v", in)
	}
}

func TestWitnessIsLostWithTheWriteThatRaisedIt(t *testing.T) {
	s := newServer()
	s.Acquire(0, token(1), ttl)
	s.Renew(second, token(1), ttl, 1)
	s.Renew(2*second, token(1), ttl, 2)
	s.LoseSince(3*second, second)
	if s.Witness() != 1 {
		t.Fatalf("witness %d, want that of the renewal at 1s", s.Witness())
	}
	s.LoseLast(3*second, 1)
	if s.Witness() != 0 || s.Holder() != token(1) {
		t.Fatalf("witness %d, holder %v", s.Witness(), s.Holder())
	}
	s.Renew(4*second, token(1), ttl, 7)
	s.Flush(5 * second)
	if s.Witness() != 0 {
		t.Fatal("the witness outlived a flush")
	}
}

func TestReleaseAndEvictionDeleteOnlyTheTokenThatWasNamed(t *testing.T) {
	for name, remove := range map[string]func(*server, core.Token) core.Input{
		"release": func(s *server, x core.Token) core.Input { return s.Release(second, x) },
		"evict":   func(s *server, x core.Token) core.Input { return s.Evict(second, x) },
	} {
		s := newServer()
		s.Acquire(0, token(1), ttl)
		s.records.Reset()
		if in := remove(s, core.Token{Nonce: 1, Acquisition: 2}); in.Flags.Has(core.Done) ||
			s.Holder() != token(1) {
			t.Fatalf("%s took another's lease", name)
		}
		if in := remove(s, token(1)); !in.Flags.Has(core.Done) || !s.Holder().IsZero() {
			t.Fatalf("%s left its lease", name)
		}
		only(t, &s.records, history.LeaseGone)
		if in := remove(s, token(1)); in.Flags.Has(core.Done) {
			t.Fatalf("%s deleted a key that was not there", name)
		}
	}
}

func TestSetLeaseOverwritesWhoeverHasIt(t *testing.T) {
	s := newServer()
	s.Acquire(0, token(1), ttl)
	s.records.Reset()
	s.SetLease(second, token(2), ttl)
	if only(t, &s.records, history.LeaseGone).Node != 1 || only(t, &s.records, history.LeaseSet).Node != 2 {
		t.Fatalf("records %+v", s.records.List)
	}
	if in := s.Renew(2*second, token(1), ttl, 0); in.Token != token(2) {
		t.Fatalf("renewal: %+v", in)
	}
}

func TestShiftTTLMovesTheLapseAndMayCauseIt(t *testing.T) {
	s := newServer()
	s.Acquire(0, token(1), ttl)
	s.ShiftTTL(second, 3*time.Second)
	if s.NextExpiry() != 13*second {
		t.Fatalf("expiry %v", s.NextExpiry())
	}
	s.records.Reset()
	s.ShiftTTL(second, -12*time.Second)
	only(t, &s.records, history.LeaseGone)
	if !s.Holder().IsZero() {
		t.Fatal("the key outlived its time")
	}
}

func TestFlushDeletesTheKey(t *testing.T) {
	s := newServer()
	s.Acquire(0, token(1), ttl)
	s.records.Reset()
	s.Flush(second)
	only(t, &s.records, history.LeaseGone)
	must(t, s.Acquire(second, token(2), ttl), core.LeaseAcquired, core.NoReason)
}

func TestLossUndoesWritesButNotTime(t *testing.T) {
	s := newServer()
	s.Acquire(0, token(1), ttl)
	s.Renew(3*second, token(1), ttl, 0)
	s.Renew(6*second, token(1), ttl, 0)
	s.LoseSince(6*second, 3*second)
	if s.NextExpiry() != 13*second {
		t.Fatalf("expiry %v, want that of the renewal at 3s", s.NextExpiry())
	}
	s.Release(7*second, token(1))
	s.records.Reset()
	s.LoseSince(8*second, 6*second)
	if set := only(t, &s.records, history.LeaseSet); set.Token != token(1) || set.Until != int64(13*second) {
		t.Fatalf("a lost release: %+v", set)
	}
	s.LoseSince(14*second, 1*second)
	if !s.Holder().IsZero() {
		t.Fatal("a key that had lapsed came back")
	}
	s.LoseSince(14*second, -1)
	s.records.Reset()
	s.LoseSince(15*second, -1)
	if len(s.records.List) != 0 || !s.Holder().IsZero() {
		t.Fatal("nothing was there to lose")
	}
}

func TestLossReachesBackOnlyAsFarAsIsRemembered(t *testing.T) {
	s := newServer()
	for i := range 100 {
		s.Acquire(core.Time(i), token(1), ttl)
	}
	s.LoseLast(200, 3)
	if s.NextExpiry() != core.Time(96).Add(ttl) {
		t.Fatalf("expiry %v after three lost writes", s.NextExpiry())
	}
	s.LoseLast(200, 1000)
	if s.Holder() != token(1) || s.NextExpiry() >= core.Time(96).Add(ttl) {
		t.Fatalf("holder %v, expiry %v: want the oldest state that is known", s.Holder(), s.NextExpiry())
	}
}

func TestCopyOfAServerIsAReplica(t *testing.T) {
	s := newServer()
	s.Acquire(0, token(1), ttl)
	replica := s.Redis
	replica.Release(second, token(1))
	if s.Holder() != token(1) || !replica.Holder().IsZero() {
		t.Fatal("the copy shares the original's key")
	}
}
