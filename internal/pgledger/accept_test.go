package pgledger_test

import (
	"testing"

	"fencepost/core"
	"fencepost/internal/pgledger"
)

// accept lets a person accept the authority.
func (p *process) accept(witness core.Epoch) pgledger.Accepted {
	p.t.Helper()
	a, err := p.AcceptAuthority(p.t.Context(), pgledger.Acceptance{
		Witness: witness, By: "ops", Reason: "the standby was promoted",
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return a
}

func TestForgottenEpochsAreEnteredAsLost(t *testing.T) {
	dsn := database(t)
	n1, n2 := start(t, dsn, "n1"), start(t, dsn, "n2")
	n1.lead()
	if got, want := n2.accept(4), (pgledger.Accepted{Found: 1, Epoch: 4, Count: 1}); got != want {
		t.Errorf("accepted %+v, want %+v", got, want)
	}
	if in := n2.observe(); in.Epoch != 4 || in.Flags.Has(core.Open) || !in.Token.IsZero() {
		t.Errorf("observed %+v", in)
	}
	if in := n1.beat(1); in.Kind != core.HeartbeatWasRefused || in.Epoch != 4 {
		t.Errorf("the old leader's heartbeat: %+v", in)
	}
	n2.accept(4)
	if in := n2.take(4); in.Kind != core.EpochWasTaken || in.Epoch != 5 || in.Flags.Has(core.Open) {
		t.Errorf("the next takeover: %+v", in)
	}
	history, err := n2.History(t.Context(), 10)
	if err != nil || len(history) != 5 {
		t.Fatalf("history %+v, %v", history, err)
	}
	for _, h := range history[1:] {
		if h.ReleaseReason == nil || *h.ReleaseReason != "lost" {
			t.Errorf("epoch %d ended with %v, want lost", h.Epoch, h.ReleaseReason)
		}
	}
}

// It is this count that barred nodes wait for, also where no epoch was lost.
func TestEveryAcceptanceCountsAndIsToldOf(t *testing.T) {
	dsn := database(t)
	n1, n2, conn := start(t, dsn, "n1"), start(t, dsn, "n2"), connect(t, dsn)
	if in := n2.observe(); in.Attempt != 0 {
		t.Errorf("never accepted: %+v", in)
	}
	n1.lead()
	for count := uint32(1); count <= 3; count++ {
		if got, want := n2.accept(1), (pgledger.Accepted{Found: 1, Epoch: 1, Count: count}); got != want {
			t.Errorf("accepted %+v, want %+v", got, want)
		}
		for name, in := range map[string]core.Input{"observe": n2.observe(), "heartbeat": n2.beat(0)} {
			if in.Accepted != count || !in.Flags.Has(core.Open) || in.Epoch != 1 {
				t.Errorf("%s after %d acceptances: %+v", name, count, in)
			}
		}
	}
	if in := n1.beat(1); in.Kind != core.HeartbeatConfirmed {
		t.Errorf("where no epoch was lost the leader goes on: %+v", in)
	}
	said := read[string](t, conn, `SELECT string_agg(format('%s %s: %s', accepted, accepted_by, reason), ', ')
		FROM authority_acceptances WHERE epoch_found = 1 AND epoch_left = 1 AND timeline > 0`)
	if want := "1 ops: the standby was promoted, 2 ops: the standby was promoted, " +
		"3 ops: the standby was promoted"; said != want {
		t.Errorf("the ledger says %q", said)
	}
}

func TestAuthorityIsShownWithTheLastAcceptance(t *testing.T) {
	n1 := start(t, database(t), "n1")
	show := func() pgledger.Authority {
		t.Helper()
		a, err := n1.Authority(t.Context())
		if err != nil || a.System == 0 || a.Timeline == 0 || a.Standby || a.Group != "test" {
			t.Errorf("%+v, %v", a, err)
		}
		return a
	}
	if a := show(); a.Epoch != 0 || a.Tenure != "" || a.Open || a.LastAcceptance != nil || a.TakenAt != nil {
		t.Errorf("of nobody: %+v", a)
	}
	n1.lead()
	if a := show(); a.Epoch != 1 || a.Tenure != "redis" || !a.Open || a.Holder != "n1" || a.TakenAt == nil {
		t.Errorf("of a leader: %+v", a)
	}
	n1.accept(3)
	a := show()
	if a.Epoch != 3 || a.Tenure != "lost" || a.Open || a.Accepted != 1 || a.LastAcceptance == nil {
		t.Fatalf("after a repair: %+v", a)
	}
	if l := a.LastAcceptance; l.By != "ops" || l.Reason == "" || l.EpochFound != 1 || l.EpochLeft != 3 {
		t.Errorf("accepted: %+v", l)
	}
}

func TestAcceptanceOfALedgerThatForgotEverythingEntersAllEpochs(t *testing.T) {
	dsn := database(t)
	n1, conn := start(t, dsn, "n1"), connect(t, dsn)
	const many = 1203
	if got := n1.accept(many); got.Found != 0 || got.Epoch != many || got.Count != 1 {
		t.Errorf("accepted %+v", got)
	}
	n := read[int64](t, conn, `SELECT count(*) FROM leadership_history WHERE release_reason = 'lost'`)
	if n != many {
		t.Errorf("%d epochs are entered as lost", n)
	}
	if epoch := n1.lead(); epoch != many+1 {
		t.Errorf("the next epoch is %d", epoch)
	}
}

func TestAcceptanceNeedsANameAReasonAndABelievableWitness(t *testing.T) {
	n1 := start(t, database(t), "n1")
	for _, a := range []pgledger.Acceptance{
		{Witness: 1, Reason: "because"},
		{Witness: 1, By: "ops"},
		{Witness: 1 << 40, By: "ops", Reason: "because"},
	} {
		if got, err := n1.AcceptAuthority(t.Context(), a); err == nil {
			t.Errorf("%+v was accepted: %+v", a, got)
		}
	}
	if in := n1.observe(); in.Epoch != 0 || in.Attempt != 0 {
		t.Errorf("observed %+v", in)
	}
}
