package conformance_test

import (
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"fencepost/core"
	"fencepost/internal/redislease"
)

// leaseUnderTest is a lease with the words that clauses are written in.
type leaseUnderTest struct {
	leaseStore
	t testing.TB
}

// want carries out an operation and compares its answer: ages with slack, and
// the server's clock only as to whether there is one.
func (l *leaseUnderTest) want(who process, op core.Op, token core.Token, want core.Input) {
	l.t.Helper()
	l.wantUnder(0, who, op, token, want)
}

// wantUnder is want for a process that leads under that epoch.
func (l *leaseUnderTest) wantUnder(
	epoch core.Epoch, who process, op core.Op, token core.Token, want core.Input,
) {
	l.t.Helper()
	in, err := l.call(who, op, token, epoch)
	if err != nil {
		l.t.Fatal(err)
	}
	if d := leaseDifference(want, in); d != "" {
		l.t.Errorf("%s: %v %v: %s:\n  got  %+v\n  want %+v", who.name, op, token, d, in, want)
	}
}

// leaseDifference says in what two answers differ, or nothing.
func leaseDifference(want, got core.Input) string {
	switch {
	case got.Server == 0:
		return "no clock"
	case (got.Age - want.Age).Abs() > slack:
		return "age"
	}
	got.Age, got.Server, want.Age, want.Server = 0, 0, 0, 0
	if got != want {
		return "answer"
	}
	return ""
}

// holds demands who has the key, for how long, and how often a release was
// published so far.
func (l *leaseUnderTest) holds(token core.Token, left time.Duration, released int) {
	l.t.Helper()
	got, d, err := l.holder()
	if err != nil {
		l.t.Fatal(err)
	}
	if got != token || (d-left).Abs() > slack {
		l.t.Errorf("the key holds %v for %v, want %v for %v", got, d, token, left)
	}
	n, err := l.released()
	if err != nil || n != released {
		l.t.Errorf("released %d times, want %d (%v)", n, released, err)
	}
}

// must ends the test if a step could not be taken.
func (l *leaseUnderTest) must(err error) {
	l.t.Helper()
	if err != nil {
		l.t.Fatal(err)
	}
}

func acquired(token core.Token) core.Input {
	return core.Input{Kind: core.LeaseAcquired, Token: token}
}

func denied(token core.Token, left time.Duration) core.Input {
	return core.Input{Kind: core.LeaseDenied, Token: token, Age: left}
}

func renewed(token core.Token) core.Input {
	return core.Input{Kind: core.LeaseRenewed, Token: token}
}

func lost(token core.Token) core.Input {
	return core.Input{Kind: core.LeaseWasLost, Token: token}
}

func released(done core.Flags) core.Input {
	return core.Input{Kind: core.LeaseWasReleased, Flags: done}
}

func evicted(done core.Flags) core.Input {
	return core.Input{Kind: core.LeaseWasEvicted, Flags: done}
}

func TestAbsentLeaseIsAcquiredForAFullTTL(t *testing.T) {
	eachLease(t, func(_ *testing.T, l *leaseUnderTest) {
		l.want(n1, core.Acquire, n1.token(1), acquired(n1.token(1)))
		l.holds(n1.token(1), leaseTTL, 0)
	})
}

func TestAcquisitionRepeatedAfterALostAnswerSetsTheFullTTLAgain(t *testing.T) {
	eachLease(t, func(_ *testing.T, l *leaseUnderTest) {
		l.want(n1, core.Acquire, n1.token(1), acquired(n1.token(1)))
		l.must(l.pass(1))
		l.holds(n1.token(1), leaseTTL-step, 0)
		l.want(n1, core.Acquire, n1.token(1), acquired(n1.token(1)))
		l.holds(n1.token(1), leaseTTL, 0)
	})
}

func TestHeldLeaseIsDeniedToAnybodyElse(t *testing.T) {
	eachLease(t, func(_ *testing.T, l *leaseUnderTest) {
		l.want(n1, core.Acquire, n1.token(1), acquired(n1.token(1)))
		l.must(l.pass(1))
		l.want(n2, core.Acquire, n2.token(1), denied(n1.token(1), leaseTTL-step))
		l.want(n1, core.Acquire, n1.token(2), denied(n1.token(1), leaseTTL-step))
		l.holds(n1.token(1), leaseTTL-step, 0)
	})
}

func TestRenewalExtendsOnesOwnLeaseAndNeverCreatesTheKey(t *testing.T) {
	eachLease(t, func(_ *testing.T, l *leaseUnderTest) {
		l.want(n1, core.Renew, n1.token(1), lost(core.Token{}))
		l.holds(core.Token{}, 0, 0)
		l.want(n1, core.Acquire, n1.token(1), acquired(n1.token(1)))
		l.must(l.pass(1))
		l.want(n2, core.Renew, n2.token(1), lost(n1.token(1)))
		l.want(n1, core.Renew, n1.token(2), lost(n1.token(1)))
		l.holds(n1.token(1), leaseTTL-step, 0)
		l.want(n1, core.Renew, n1.token(1), renewed(n1.token(1)))
		l.holds(n1.token(1), leaseTTL, 0)
	})
}

func TestLeaseExpiresAndIsThenLost(t *testing.T) {
	eachLease(t, func(_ *testing.T, l *leaseUnderTest) {
		l.want(n1, core.Acquire, n1.token(1), acquired(n1.token(1)))
		l.must(l.pass(2))
		l.want(n1, core.Renew, n1.token(1), lost(core.Token{}))
		l.want(n1, core.Release, n1.token(1), released(0))
		l.want(n2, core.Evict, n1.token(1), evicted(0))
		l.holds(core.Token{}, 0, 0)
		l.want(n2, core.Acquire, n2.token(1), acquired(n2.token(1)))
		l.want(n1, core.Renew, n1.token(1), lost(n2.token(1)))
	})
}

func TestReleaseDeletesOnesOwnLeaseAndPublishesOnlyThen(t *testing.T) {
	eachLease(t, func(_ *testing.T, l *leaseUnderTest) {
		l.want(n1, core.Release, n1.token(1), released(0))
		l.want(n1, core.Acquire, n1.token(2), acquired(n1.token(2)))
		l.want(n1, core.Release, n1.token(1), released(0))
		l.want(n2, core.Release, n2.token(2), released(0))
		l.holds(n1.token(2), leaseTTL, 0)
		l.want(n1, core.Release, n1.token(2), released(core.Done))
		l.holds(core.Token{}, 0, 1)
		l.want(n1, core.Release, n1.token(2), released(0))
		l.holds(core.Token{}, 0, 1)
	})
}

func TestEvictionDeletesOnlyTheClaimThatWasNamed(t *testing.T) {
	eachLease(t, func(_ *testing.T, l *leaseUnderTest) {
		l.want(n2, core.Evict, n1.token(1), evicted(0))
		l.want(n1, core.Acquire, n1.token(11), acquired(n1.token(11)))
		// The named token's text is a part of the one in the key.
		l.want(n2, core.Evict, n1.token(1), evicted(0))
		l.want(n2, core.Evict, n3.token(11), evicted(0))
		l.holds(n1.token(11), leaseTTL, 0)
		l.want(n2, core.Evict, n1.token(11), evicted(core.Done))
		l.holds(core.Token{}, 0, 1)
	})
}

func TestLeaseThatSomebodyOverwroteIsLost(t *testing.T) {
	eachLease(t, func(_ *testing.T, l *leaseUnderTest) {
		other := core.Token{Nonce: 0xdead, Acquisition: 9}
		l.want(n1, core.Acquire, n1.token(1), acquired(n1.token(1)))
		l.must(l.write(other))
		l.want(n1, core.Renew, n1.token(1), lost(other))
		l.want(n1, core.Acquire, n1.token(1), denied(other, leaseTTL))
		l.want(n1, core.Release, n1.token(1), released(0))
		l.want(n1, core.Evict, other, evicted(core.Done))
		l.want(n1, core.Acquire, n1.token(2), acquired(n1.token(2)))
		l.must(l.flush())
		l.want(n1, core.Renew, n1.token(2), lost(core.Token{}))
		l.holds(core.Token{}, 0, 1)
	})
}

// The witness is what every node is told of the epochs that were led: as a
// maximum, by renewals that renewed, and for as long as Redis remembers.
func TestWitnessIsTheHighestEpochUnderWhichTheLeaseWasRenewed(t *testing.T) {
	eachLease(t, func(t *testing.T, l *leaseUnderTest) {
		with := func(epoch core.Epoch, in core.Input) core.Input {
			in.Epoch = epoch
			return in
		}
		saw := func(want core.Epoch) {
			t.Helper()
			if got, err := l.seen(); err != nil || got != want {
				t.Errorf("witness %d, %v; want %d", got, err, want)
			}
		}
		l.wantUnder(9, n1, core.Renew, n1.token(1), lost(core.Token{}))
		l.wantUnder(9, n1, core.Acquire, n1.token(1), acquired(n1.token(1)))
		saw(0)
		l.wantUnder(3, n1, core.Renew, n1.token(1), with(3, renewed(n1.token(1))))
		l.wantUnder(2, n1, core.Renew, n1.token(1), with(3, renewed(n1.token(1))))
		l.wantUnder(9, n2, core.Renew, n2.token(1), with(3, lost(n1.token(1))))
		l.want(n2, core.Acquire, n2.token(1), with(3, denied(n1.token(1), leaseTTL)))
		l.wantUnder(9, n1, core.Release, n1.token(1), released(core.Done))
		l.want(n2, core.Acquire, n2.token(1), with(3, acquired(n2.token(1))))
		l.must(l.pass(2))
		saw(3)
		l.must(l.flush())
		saw(0)
	})
}

// leaseInstant is the server's clock.
func leaseInstant(t *testing.T, plain *goredis.Client) time.Time {
	t.Helper()
	now, err := plain.Time(t.Context()).Result()
	if err != nil {
		t.Fatal(err)
	}
	return now
}

// The two sides of the instant of expiry, on the server's own clock: until
// then the key is held, and from then on it is free. The clock is read before
// and after each call, however long that takes; the server counts in whole
// milliseconds.
func TestLeaseIsHeldForItsTTLAndNoLonger(t *testing.T) {
	const short = 150 * time.Millisecond
	for name, start := range servers {
		t.Run(name, func(t *testing.T) {
			addr := start(t).Addr()
			plain := goredis.NewClient(&goredis.Options{Addr: addr})
			t.Cleanup(func() { _ = plain.Close() })
			acquire := func(who process) core.InputKind {
				t.Helper()
				l, err := redislease.Open(redislease.Options{
					URL: addr, Group: "test", Instance: who.name, TTL: short, Timeout: 10 * time.Second,
				})
				if err != nil {
					t.Fatal(err)
				}
				defer l.Close()
				in, err := l.Call(t.Context(), &core.Effect{Op: core.Acquire, Token: who.token(1)})
				if err != nil {
					t.Fatal(err)
				}
				return in.Kind
			}
			earliest := leaseInstant(t, plain).Add(short - time.Millisecond)
			acquire(n1)
			latest := leaseInstant(t, plain).Add(short + time.Millisecond)
			for kind := core.LeaseDenied; kind == core.LeaseDenied; {
				before := leaseInstant(t, plain)
				kind = acquire(n2)
				after := leaseInstant(t, plain)
				early := kind == core.LeaseAcquired && after.Before(earliest)
				if late := kind == core.LeaseDenied && before.After(latest); early || late {
					t.Fatalf("%v between %v and %v; the expiry is between %v and %v",
						kind, before, after, earliest, latest)
				}
			}
		})
	}
}
