package conformance_test

import (
	"testing"
	"time"

	"fencepost/core"
)

func TestLostEpochsAreEnteredUpToTheWitness(t *testing.T) {
	eachLedger(t, func(t *testing.T, l *ledger) {
		l.lead(n1)
		l.must(l.acceptAuthority(1))
		if r := l.rows(); !r.Authority.Open || r.Authority.Epoch != 1 {
			t.Errorf("nothing was lost, and yet: %q", r.lines())
		}
		l.must(l.acceptAuthority(4))
		r := l.rows()
		if r.Authority.Epoch != 4 || r.Authority.Open || !r.Authority.Token.IsZero() || len(r.Tenures) != 4 {
			t.Errorf("rows: %q", r.lines())
		}
		l.want(n2, take(n2, 4), core.Input{Kind: core.EpochWasTaken, Epoch: 5, Control: core.Run})
	})
}

// It is what barred nodes wait for, whether or not an epoch was lost.
func TestEveryAcceptanceIsCountedAndToldOf(t *testing.T) {
	eachLedger(t, func(t *testing.T, l *ledger) {
		seen := core.Input{Kind: core.AuthorityObserved, Control: core.Run, Server: began}
		for _, witness := range []core.Epoch{0, 2, 2, 1} {
			l.must(l.acceptAuthority(witness))
			seen.Accepted++
			seen.Epoch = max(seen.Epoch, witness)
			l.want(n1, core.Effect{Op: core.Observe}, seen)
			l.want(n2, core.Effect{Op: core.Heartbeat}, seen)
		}
		l.lead(n1)
		if in := l.ask(n2, core.Effect{Op: core.Observe}); in.Accepted != 4 {
			t.Errorf("a takeover forgets what was accepted: %+v", in)
		}
	})
}

// A leader reads no authority row: what bars it has to tell how often a person
// had accepted by then, and on which server.
func TestRefusalTellsTheLineageAndHowOftenAPersonHasAccepted(t *testing.T) {
	eachLedger(t, func(t *testing.T, l *ledger) {
		l.store(1, 0)
		l.lead(n1)
		l.must(l.acceptAuthority(0))
		l.lead(n2)
		l.must(l.branch())
		l.must(l.acceptAuthority(0))
		observed := l.ask(n3, core.Effect{Op: core.Observe})
		for name, in := range map[string]core.Input{
			"heartbeat": l.ask(n1, beat(n1, 1)), "permit": l.ask(n1, permit(n1, 1, 1, 1, 1)),
		} {
			if in.Reason != core.Superseded || in.Accepted != 2 || in.Lineage != observed.Lineage {
				t.Errorf("%s: %+v, observed %+v", name, in, observed)
			}
		}
	})
}

func TestAnotherServerIsAnotherLineage(t *testing.T) {
	eachLedger(t, func(t *testing.T, l *ledger) {
		l.lead(n1)
		l.must(l.restart())
		for server := uint32(1); server <= 3; server++ {
			for name, in := range map[string]core.Input{
				"observe":   l.ask(n2, core.Effect{Op: core.Observe}),
				"heartbeat": l.ask(n3, core.Effect{Op: core.Heartbeat}),
			} {
				if in.Lineage != server || in.Epoch != 1 {
					t.Errorf("%s of server %d: %+v", name, server, in)
				}
			}
			l.must(l.branch())
			l.wait(time.Second)
		}
	})
}

// A standby that takes over may lack heartbeats that were confirmed, and was
// started long ago: what counts is when its lineage was first seen, by a
// follower's heartbeat or by the taker itself.
func TestNobodyTakesAPGEpochForATTLAfterAPromotion(t *testing.T) {
	for name, look := range map[string]func(*ledger){
		"seen by a follower": func(l *ledger) { l.ask(n3, core.Effect{Op: core.Heartbeat}) },
		"seen by a taker":    func(l *ledger) { l.ask(n3, takePG(n3, 1)) },
	} {
		t.Run(name, func(t *testing.T) {
			eachLedger(t, func(t *testing.T, l *ledger) {
				l.lead(n1)
				l.ask(n1, resign(n1, 1, core.GracefulShutdown))
				l.must(l.branch())
				l.wait(time.Hour)
				look(l)
				l.wait(ledgerTTL)
				l.ask(n3, core.Effect{Op: core.Heartbeat})
				if in := l.ask(n2, takePG(n2, 1)); in.Kind != core.EpochWasRefused {
					t.Errorf("a ttl after the server was first seen: %+v", in)
				}
				if d := difference(rows{Tenures: l.rows().Tenures[1:]}, rows{}); d != "" {
					t.Errorf("it took something:\n%s", d)
				}
				l.wait(µs)
				if in := l.ask(n2, takePG(n2, 1)); in.Kind != core.EpochWasTaken || in.Epoch != 2 {
					t.Errorf("later than a ttl: %+v", in)
				}
			})
		})
	}
}

// Without a predecessor there is nothing that could be missing.
func TestTheFirstServerOfALedgerIsNoPromotedOne(t *testing.T) {
	eachLedger(t, func(t *testing.T, l *ledger) {
		l.ask(n2, core.Effect{Op: core.Heartbeat})
		if in := l.ask(n1, takePG(n1, 0)); in.Kind != core.EpochWasTaken {
			t.Errorf("on the first server: %+v", in)
		}
	})
}

func TestTakerThroughRedisDoesNotWaitForANewServer(t *testing.T) {
	eachLedger(t, func(_ *testing.T, l *ledger) {
		l.lead(n1)
		l.must(l.branch())
		l.lead(n2)
	})
}

// Belief that was confirmed a moment ago, by a heartbeat or by a takeover, is
// respected by every taker of kind pg, and its own end by none.
func TestTakerOfKindPGNeedsAnEndOfEveryTenure(t *testing.T) {
	for name, end := range map[string]func(*ledger){
		"closed":           func(l *ledger) { l.ask(n1, resign(n1, 1, core.LeaseExpired)) },
		"silent for a ttl": func(l *ledger) { l.wait(ledgerTTL + µs) },
		"taken over before": func(l *ledger) {
			l.lead(n2)
			l.ask(n2, resign(n2, 2, core.Lapsed))
			if in := l.ask(n3, takePG(n3, 2)); in.Kind != core.EpochWasRefused {
				l.t.Errorf("while the one that was superseded may believe: %+v", in)
			}
			l.wait(ledgerTTL)
		},
	} {
		t.Run(name, func(t *testing.T) {
			eachLedger(t, func(t *testing.T, l *ledger) {
				l.lead(n1)
				l.wait(time.Second)
				if in := l.ask(n3, takePG(n3, 1)); in.Kind != core.EpochWasRefused {
					t.Errorf("while it is live: %+v", in)
				}
				end(l)
				epoch := l.rows().Authority.Epoch
				in := l.ask(n3, takePG(n3, epoch))
				if in.Kind != core.EpochWasTaken || in.Epoch != epoch+1 {
					t.Errorf("after its end: %+v", in)
				}
				a := l.rows().Authority
				if a.Kind != core.TenurePG || a.LeaseUntil != a.TakenAt.Add(ledgerTTL) {
					t.Errorf("authority %+v", a)
				}
			})
		})
	}
}

// The lease of a tenure of kind pg is its heartbeat: one that is refused renews
// nothing, and one of a closed tenure brings it back to nobody.
func TestLeaseOfAPGTenureIsRenewedByItsOwnHeartbeatAlone(t *testing.T) {
	eachLedger(t, func(t *testing.T, l *ledger) {
		l.ask(n1, takePG(n1, 0))
		until := l.rows().Authority.LeaseUntil
		l.wait(time.Second)
		l.ask(n2, core.Effect{Op: core.Heartbeat})
		l.ask(n1, core.Effect{Op: core.Heartbeat})
		l.ask(n2, beat(n2, 1))
		if a := l.rows().Authority; a.LeaseUntil != until {
			t.Errorf("renewed by others, until %v", a.LeaseUntil.Sub(until))
		}
		l.ask(n1, beat(n1, 1))
		if a := l.rows().Authority; a.LeaseUntil != until.Add(time.Second) {
			t.Errorf("renewed until %v", a.LeaseUntil.Sub(until))
		}
		l.ask(n1, resign(n1, 1, core.GracefulShutdown))
		l.wait(time.Second)
		in := l.ask(n1, beat(n1, 1))
		if in.Kind != core.HeartbeatWasRefused || in.Reason != core.TenureClosed {
			t.Errorf("heartbeat of a closed tenure: %+v", in)
		}
		if in := l.ask(n2, take(n2, 1)); in.Kind != core.EpochWasTaken {
			t.Errorf("a closed tenure of kind pg is in the way: %+v", in)
		}
	})
}
