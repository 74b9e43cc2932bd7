package model_test

import (
	"testing"
	"time"

	"fencepost/core"
	"fencepost/core/history"
)

func TestNobodyHasEverLedReadsAsEpochZero(t *testing.T) {
	l := newLedger(t)
	in := l.ask(5*second, core.Effect{Op: core.Observe})
	must(t, in, core.AuthorityObserved, core.NoReason)
	if in.Epoch != 0 || in.Flags != 0 || in.Control != core.Run || in.Age != 0 || in.Server != 5*second ||
		in.Protocol != 1<<16|3 {
		t.Fatalf("answer %+v", in)
	}
}

func TestTakeoverOpensTheNextEpochAndClosesThePredecessor(t *testing.T) {
	l := newLedger(t)
	first := l.take(0, 1)
	if first.Epoch != 1 || first.Flags != 0 || !first.Token.IsZero() || first.Control != core.Run {
		t.Fatalf("first takeover %+v", first)
	}
	if opened := only(t, &l.records, history.TenureOpened); opened.Node != 1 || opened.Epoch != 1 ||
		opened.Seq != 1 {
		t.Fatalf("record %+v", opened)
	}
	next := l.take(12*second, 2)
	if next.Epoch != 2 || next.Flags != core.Open || next.Token != token(1) || next.Age != 12*time.Second {
		t.Fatalf("second takeover %+v", next)
	}
	ended := only(t, &l.records, history.TenureEnded)
	if ended.Epoch != 1 || ended.Node != 1 || ended.Reason != core.Superseded ||
		ended.Span != int64(12*time.Second) || ended.Until != ended.Span {
		t.Fatalf("record %+v", ended)
	}
	if rows := l.Tenures(); len(rows) != 2 || rows[0].Open || !rows[1].Open {
		t.Fatalf("history %+v", rows)
	}
}

func TestTakeoverIsIdempotentByToken(t *testing.T) {
	l := newLedger(t)
	l.take(0, 1)
	l.take(12*second, 2)
	for _, observed := range []core.Epoch{1, 2, 7} {
		in := l.ask(13*second, core.Effect{Op: core.TakeEpoch, Protocol: 1, Epoch: observed, Token: token(2)})
		must(t, in, core.EpochWasTaken, core.NoReason)
		if in.Epoch != 2 || in.Token != token(1) || in.Flags != core.Open || len(l.records.List) != 1 {
			t.Fatalf("repeated takeover %+v, records %v", in, l.records.List)
		}
		if beat := only(t, &l.records, history.HeartbeatSet); beat.Node != 2 || beat.Epoch != 2 {
			t.Fatalf("a repeated takeover is a heartbeat: %+v", beat)
		}
	}
	if len(l.Tenures()) != 2 {
		t.Fatalf("history %+v", l.Tenures())
	}
}

func TestTakeoverIsRefusedUnlessTheObservedEpochIsCurrent(t *testing.T) {
	l := newLedger(t)
	l.take(0, 1)
	for _, observed := range []core.Epoch{0, 2} {
		in := l.ask(20*second, core.Effect{Op: core.TakeEpoch, Protocol: 1, Epoch: observed, Token: token(2)})
		must(t, in, core.EpochWasRefused, core.StateChanged)
		if in.Epoch != 1 || in.Control != core.Run {
			t.Fatalf("answer %+v", in)
		}
	}
}

func TestTokenOfAClosedTenureTakesNoOther(t *testing.T) {
	l := newLedger(t)
	l.take(0, 1)
	l.ask(second, core.Effect{Op: core.Resign, Epoch: 1, Token: token(1), Reason: core.GracefulShutdown})
	in := l.ask(2*second, core.Effect{Op: core.TakeEpoch, Protocol: 1, Epoch: 1, Token: token(1)})
	must(t, in, core.EpochWasRefused, core.StateChanged)
}

func TestTakerThroughRedisRespectsALivePGTenure(t *testing.T) {
	l := newLedger(t)
	in := l.ask(0, core.Effect{Op: core.TakeEpoch, Protocol: 1, Token: token(1), Tenure: core.TenurePG})
	must(t, in, core.EpochWasTaken, core.NoReason)
	beat := core.Effect{Op: core.Heartbeat, Epoch: 1, Token: token(1)}
	must(t, l.ask(3*second, beat), core.HeartbeatConfirmed, core.NoReason)
	take := core.Effect{Op: core.TakeEpoch, Protocol: 1, Epoch: 1, Token: token(2)}
	must(t, l.ask(13*second-1, take), core.EpochWasRefused, core.StateChanged)
	if in := l.ask(13*second-1, core.Effect{Op: core.Observe}); !in.Flags.Has(core.Open | core.Live) {
		t.Fatalf("the column has not expired: %+v", in)
	}
	must(t, l.ask(13*second, take), core.EpochWasTaken, core.NoReason)
}

func TestTakerOfKindPGRespectsEveryLiveTenure(t *testing.T) {
	l := newLedger(t)
	l.take(0, 1)
	take := core.Effect{Op: core.TakeEpoch, Protocol: 1, Epoch: 1, Token: token(2), Tenure: core.TenurePG}
	must(t, l.ask(10*second, take), core.EpochWasRefused, core.StateChanged)
	own := take
	own.Token = core.Token{Nonce: 1, Acquisition: 2}
	copied := newLedger(t)
	copied.CopyFrom(&l.Postgres)
	must(t, copied.ask(10*second, own), core.EpochWasTaken, core.NoReason)
	must(t, l.ask(10*second+1, take), core.EpochWasTaken, core.NoReason)
}

func TestNobodyTakesAPGEpochForOneTTLAfterARestart(t *testing.T) {
	l := newLedger(t)
	take := core.Effect{Op: core.TakeEpoch, Protocol: 1, Token: token(1), Tenure: core.TenurePG}
	l.Started(5 * second)
	must(t, l.ask(15*second, take), core.EpochWasRefused, core.StateChanged)
	through := core.Effect{Op: core.TakeEpoch, Protocol: 1, Token: token(2)}
	copied := newLedger(t)
	copied.CopyFrom(&l.Postgres)
	must(t, copied.ask(15*second, through), core.EpochWasTaken, core.NoReason)
	must(t, l.ask(15*second+1, take), core.EpochWasTaken, core.NoReason)
}

func TestHeartbeatIsConfirmedUnderTheCurrentOpenEpochAlone(t *testing.T) {
	l := newLedger(t)
	gone := l.ask(0, core.Effect{Op: core.Heartbeat, Epoch: 1, Token: token(1)})
	must(t, gone, core.HeartbeatWasRefused, core.AuthorityGone)
	l.take(0, 1)
	beat := core.Effect{Op: core.Heartbeat, Epoch: 1, Token: token(1)}
	in := l.ask(3*second, beat)
	must(t, in, core.HeartbeatConfirmed, core.NoReason)
	if in.Epoch != 1 || in.Control != core.Run || in.Server != 3*second {
		t.Fatalf("answer %+v", in)
	}
	only(t, &l.records, history.HeartbeatSet)
	if done := only(t, &l.records, history.EffectAccepted); done.Epoch != 1 || done.Current != 1 ||
		done.Op != core.Heartbeat {
		t.Fatalf("record %+v", done)
	}
	if in := l.ask(5*second, core.Effect{Op: core.Observe}); in.Age != 2*time.Second ||
		!in.Flags.Has(core.Open|core.Live) {
		t.Fatalf("authority %+v", in)
	}
	stranger := beat
	stranger.Token = token(9)
	must(t, l.ask(5*second, stranger), core.HeartbeatWasRefused, core.Superseded)
	l.take(6*second, 2)
	rows := l.Refusals()
	late := l.ask(7*second, beat)
	must(t, late, core.HeartbeatWasRefused, core.Superseded)
	refused := only(t, &l.records, history.EffectRefused)
	if late.Epoch != 2 || l.Refusals() != rows+1 || !refused.Logged || refused.Epoch != 1 ||
		refused.Current != 2 {
		t.Fatalf("answer %+v, record %+v", late, refused)
	}
}

func TestHeartbeatOfAClosedTenureIsRefusedAndLogged(t *testing.T) {
	l := newLedger(t)
	l.take(0, 1)
	l.ask(second, core.Effect{Op: core.Resign, Epoch: 1, Token: token(1), Reason: core.LeaseLost})
	in := l.ask(2*second, core.Effect{Op: core.Heartbeat, Epoch: 1, Token: token(1)})
	must(t, in, core.HeartbeatWasRefused, core.TenureClosed)
	if !only(t, &l.records, history.EffectRefused).Logged || l.Refusals() != 1 {
		t.Fatal("no row in fence_refusals")
	}
}

func TestFollowerHeartbeatDoesNotKeepAnOpenTenureLookingAlive(t *testing.T) {
	l := newLedger(t)
	l.take(0, 1)
	in := l.ask(8*second, core.Effect{Op: core.Heartbeat, Token: token(1)})
	must(t, in, core.AuthorityObserved, core.NoReason)
	if in.Age != 8*time.Second || !in.Flags.Has(core.Live) {
		t.Fatalf("authority %+v", in)
	}
	if in := l.ask(10*second+1, core.Effect{Op: core.Observe}); in.Flags != core.Open {
		t.Fatalf("one nanosecond after a ttl: flags %b", in.Flags)
	}
}

func TestClosingIsIdempotentAndSaysWhy(t *testing.T) {
	l := newLedger(t)
	l.take(0, 1)
	resign := core.Effect{Op: core.Resign, Epoch: 1, Token: token(1), Reason: core.GracefulShutdown}
	in := l.ask(4*second, resign)
	must(t, in, core.TenureWasClosed, core.NoReason)
	ended := only(t, &l.records, history.TenureEnded)
	if in.Epoch != 1 || ended.Reason != core.GracefulShutdown || ended.Span != int64(4*time.Second) {
		t.Fatalf("answer %+v, record %+v", in, ended)
	}
	must(t, l.ask(5*second, resign), core.TenureWasClosed, core.NoReason)
	if len(l.records.List) != 0 || l.Refusals() != 0 {
		t.Fatalf("the second closing did something: %v", l.records.List)
	}
	if in := l.ask(6*second, core.Effect{Op: core.Observe}); in.Flags != 0 || in.Epoch != 1 ||
		in.Token != token(1) {
		t.Fatalf("authority %+v", in)
	}
	next := l.take(7*second, 2)
	if next.Flags != 0 || next.Token != token(1) || len(seen(&l.records, history.TenureEnded)) != 0 {
		t.Fatalf("takeover after a closing: %+v", next)
	}
	late := l.ask(8*second, resign)
	must(t, late, core.CloseWasRefused, core.NoReason)
	if refused := only(t, &l.records, history.EffectRefused); late.Epoch != 2 || !refused.Logged ||
		refused.Op != core.Resign {
		t.Fatalf("answer %+v, record %+v", late, refused)
	}
	if !l.Authority().Open {
		t.Fatal("a superseded closing closed its successor")
	}
}

func TestClockThatWasSetBackEndsATenureWhenItBegan(t *testing.T) {
	l := newLedger(t)
	l.take(10*second, 1)
	l.take(4*second, 2)
	if ended := only(t, &l.records, history.TenureEnded); ended.Span != 0 || ended.Until != 0 {
		t.Fatalf("record %+v", ended)
	}
}

// PROTOCOL 4.4.2, 4.4.8: the range is looked at again in the takeover: the taker may
// have read an older one.
func TestTakerOutsideTheRangeIsRefusedAndAnIncumbentGoesOn(t *testing.T) {
	l := newLedger(t)
	l.take(0, 1)
	l.SetProtocol(2, 2)
	take := core.Effect{Op: core.TakeEpoch, Protocol: 1, Epoch: 1, Token: token(2)}
	must(t, l.ask(second, take), core.EpochWasRefused, core.NotAdmitted)
	beat := core.Effect{Op: core.Heartbeat, Epoch: 1, Token: token(1)}
	if in := l.ask(second, beat); in.Kind != core.HeartbeatConfirmed || in.Protocol != 2<<16|2 {
		t.Fatalf("the incumbent hears %+v", in)
	}
	take.Protocol = 2
	must(t, l.ask(second, take), core.EpochWasTaken, core.NoReason)
	l.AcceptAuthority(2*second, 9)
	if in := l.ask(2*second, core.Effect{Op: core.Observe}); in.Protocol != 2<<16|2 {
		t.Fatalf("a repair, or a takeover, lost the range: %+v", in)
	}
}
