package core_test

import (
	"testing"
	"time"

	"fencepost/core"
	"fencepost/core/event"
	"fencepost/core/order"
)

// PROTOCOL 5.2: permit, gate, send.

// PROTOCOL 5.2.3: a signal that was received is sent by permit, gate, submit,
// in this order, each after the other's answer.
func TestSignalGoesByPermitGateSubmit(t *testing.T) {
	b := idleLeader(t)
	in := found(1)
	in.Attempt, in.Version = 3, 9
	b.work(in)
	b.says(event.PermitRequested)
	permit := b.asks(core.Permit)
	if permit.Signal != 1 || permit.Attempt != 4 || permit.Version != 9 || permit.Epoch != epoch ||
		permit.Token.Nonce != self || permit.Resend {
		t.Fatalf("asks for attempt %d of signal %d, version %d, epoch %d, resend %v",
			permit.Attempt, permit.Signal, permit.Version, permit.Epoch, permit.Resend)
	}
	b.asksNot(core.Submit)
	b.answer(core.Permit, granted(1, 4))
	b.says(event.PermitGranted)
	b.says(event.GatePassed)
	if submit := b.asks(core.Submit); submit.Signal != 1 || submit.Attempt != 4 || submit.Epoch != epoch {
		t.Fatalf("sends attempt %d of signal %d", submit.Attempt, submit.Signal)
	}
	if !b.node.Sending() {
		t.Fatal("it says that nothing is under way")
	}
	b.answer(core.Submit, said(order.Filled))
	b.says(event.OrderAcked)
	if r := b.asks(core.Record); r.State != core.Executed || r.Attempt != 4 || r.Version != 0 || r.Alert {
		t.Fatalf("records %v of attempt %d, guard %d, alert %v", r.State, r.Attempt, r.Version, r.Alert)
	}
	b.answer(core.Record, recorded(core.Executed))
	b.says(event.SignalExecuted)
}

// PROTOCOL 5.2.4: the order may leave until send_by after the permit was asked
// for, and never after the trust deadline.
func TestOrderHasTwoLimits(t *testing.T) {
	b := idleLeader(t)
	asked := b.now.Boot
	b.work(found(1))
	b.shift(b.part(100))
	b.answer(core.Permit, granted(1, 1))
	// A slow clock of ours must not reach beyond the ledger's send_by.
	want := b.cfg.SendBy - b.cfg.SendBy*time.Duration(b.cfg.DriftPPM)/1_000_000
	if got := b.asks(core.Submit).NotAfter.Sub(asked); got != want {
		t.Fatalf("may leave %v after the permit was asked for, want %v", got, want)
	}

	b = idleLeader(t)
	b.shift(b.node.TrustDeadline().Sub(b.now.Boot) - time.Millisecond)
	b.work(found(1))
	b.answer(core.Permit, granted(1, 1))
	if submit := b.asks(core.Submit); submit.NotAfter != b.node.TrustDeadline() {
		t.Fatalf("may leave %v after the trust deadline", submit.NotAfter.Sub(b.node.TrustDeadline()))
	}
}

// gateRefuses lets a permit be asked for shortly before a heartbeat, spoils
// something, and wants the gate to refuse for that reason.
func gateRefuses(t *testing.T, want core.Reason, spoil func(*bench)) {
	t.Helper()
	b := idleLeader(t, func(c *core.Config) { c.SendBy /= 2 })
	b.pass(b.cfg.Heartbeat - b.part(10))
	b.work(found(1))
	permit := b.call(core.Permit)
	spoil(b)
	b.answerTo(permit, granted(1, 1))
	b.says(event.PermitGranted)
	if e := b.says(event.PermitRefused); e.By != core.Gate || e.Reason != want {
		t.Fatalf("refused by %v for %v, want %v", e.By, e.Reason, want)
	}
	b.saysNot(event.GatePassed)
	b.asksNot(core.Submit)
	if r := b.asks(core.Record); r.State != core.Void || r.Attempt != 1 || r.Alert {
		t.Fatalf("records %v of attempt %d, alert %v", r.State, r.Attempt, r.Alert)
	}
}

// PROTOCOL 5.2.5: the gate asks for belief.
func TestGateNeedsBelief(t *testing.T) {
	gateRefuses(t, core.NoBelief, func(b *bench) { b.tell(core.Input{Kind: core.StepDownRequested}) })
}

// PROTOCOL 5.2.5: for time.
func TestGateNeedsTime(t *testing.T) {
	gateRefuses(t, core.GateDeadline, func(b *bench) { b.shift(b.cfg.SendBy + 1) })
}

// PROTOCOL 5.2.5: for control mode run, as the newest answer told it.
func TestGateNeedsControlModeRun(t *testing.T) {
	for _, mode := range []core.Control{core.Pause, core.Halt} {
		gateRefuses(t, core.ControlMode, func(b *bench) {
			b.pass(b.part(10))
			in := confirmed()
			in.Control = mode
			b.answer(core.Heartbeat, in)
			b.says(event.ControlChanged)
		})
	}
}

// PROTOCOL 5.2.5: what the permit itself tells of the mode counts as well.
func TestGateHeedsTheModeInThePermit(t *testing.T) {
	b := idleLeader(t)
	b.work(found(1))
	in := granted(1, 1)
	in.Control = core.Halt
	b.answer(core.Permit, in)
	b.asksNot(core.Submit)
}

// rested is a leader whose second tenure can follow the first within the time
// limit of a call.
func rested(c *core.Config) { c.Retry, c.RetryJitter = c.TTL/20, 0 }

// loseTenure ends the tenure at once, with whatever flies, and has the node
// elected again under the next epoch.
func (b *bench) loseTenure() {
	b.t.Helper()
	b.answer(core.Renew, core.Input{Kind: core.LeaseWasLost})
	b.answer(core.Resign, core.Input{Kind: core.TenureWasClosed, Epoch: epoch})
	b.answer(core.Release, core.Input{Kind: core.LeaseWasReleased})
	b.electAgain(epoch + 1)
	b.believes(true)
}

// PROTOCOL 5.2.5: and for the epoch that the permit was granted under.
func TestGateNeedsTheEpochOfThePermit(t *testing.T) {
	b := idleLeader(t, rested)
	b.pass(b.cfg.Renew)
	b.answer(core.Heartbeat, confirmed())
	b.work(found(1))
	permit := b.call(core.Permit)
	b.loseTenure()
	b.answerTo(permit, granted(1, 1))
	b.asksNot(core.Submit)
	if e := b.says(event.PermitRefused); e.By != core.Gate || e.Reason != core.NoBelief {
		t.Fatalf("refused by %v for %v", e.By, e.Reason)
	}
	if r := b.asks(core.Record); r.Epoch != epoch || r.State != core.Void {
		t.Fatalf("records %v under epoch %d", r.State, r.Epoch)
	}
}

// PROTOCOL 5.2.6: a permit without an answer is read back, never asked for
// again.
func TestLostPermitIsReadBackNeverRepeated(t *testing.T) {
	for name, lose := range map[string]func(*bench){
		"failed":     func(b *bench) { b.lose(core.Permit) },
		"no answer":  func(b *bench) { b.pass(b.cfg.StoreTimeout) },
		"late state": func(b *bench) { b.refuse(core.StateChanged) },
	} {
		t.Run(name, func(t *testing.T) {
			b := idleLeader(t)
			b.work(found(1))
			lose(b)
			if r := b.asks(core.Reread); r.Signal != 1 {
				t.Fatalf("reads signal %d", r.Signal)
			}
			b.asksNot(core.Permit, core.Submit)
			for range 3 {
				b.lose(core.Reread)
				b.asksNot(core.Permit, core.Submit, core.Reread)
				b.stores = healthy
				b.pass(b.cfg.Retry / 2)
				b.asks(core.Reread)
				b.asksNot(core.Permit, core.Submit)
				b.stores = nil
			}
		})
	}
}

// refuse answers the permit with a refusal.
func (b *bench) refuse(reason core.Reason) {
	b.t.Helper()
	b.answer(core.Permit, core.Input{
		Kind: core.PermitWasRefused, Signal: 1, Reason: reason, Control: core.Run,
	})
}

// readBack is what the ledger holds of the permit that was just asked for.
func (b *bench) readBack() core.Input {
	return core.Input{
		Kind: core.AttemptRead, Signal: 1, Attempt: 1, Version: 2, State: core.Submitting, Epoch: epoch,
		Token: b.node.Status(b.now.Boot).Token, Age: -b.cfg.SendBy,
	}
}

// PROTOCOL 5.2.7: a permit that turns out to be ours is used, for what is left
// of send_by, counted from the start of the reading.
func TestPermitThatIsOursIsUsed(t *testing.T) {
	b := idleLeader(t)
	b.work(found(1))
	b.lose(core.Permit)
	started := b.now.Boot
	in := b.readBack()
	in.Age = -time.Second
	b.shift(b.part(10))
	b.answer(core.Reread, in)
	b.says(event.PermitGranted)
	b.says(event.GatePassed)
	if submit := b.asks(core.Submit); submit.NotAfter != started.Add(990*time.Millisecond) {
		t.Fatalf("may leave %v after the reading began", submit.NotAfter.Sub(started))
	}
}

// PROTOCOL 5.2.7: one that is another's, or none, or over, is left alone.
func TestPermitThatIsNotOursIsLeftAlone(t *testing.T) {
	for name, change := range map[string]func(*core.Input){
		"no attempt":      func(in *core.Input) { in.State, in.Attempt, in.Epoch = core.Received, 0, 0 },
		"younger attempt": func(in *core.Input) { in.Attempt = 2 },
		"another epoch":   func(in *core.Input) { in.Epoch = epoch + 1 },
		"another token":   func(in *core.Input) { in.Token = rival },
		"another state":   func(in *core.Input) { in.State = core.InDoubt },
	} {
		t.Run(name, func(t *testing.T) {
			b := idleLeader(t)
			b.work(found(1))
			b.lose(core.Permit)
			in := b.readBack()
			change(&in)
			b.answer(core.Reread, in)
			b.asksNot(core.Submit, core.Record, core.Permit)
			if flying := b.node.Status(b.now.Boot).InFlight; flying != 0 {
				t.Fatalf("%d signals in flight", flying)
			}
		})
	}
}

// PROTOCOL 5.2.7: ours, but too late: no order left under it, and it is void.
func TestPermitThatIsOursButOverIsVoid(t *testing.T) {
	b := idleLeader(t)
	b.work(found(1))
	b.lose(core.Permit)
	in := b.readBack()
	in.Age = 1
	b.shift(1)
	b.answer(core.Reread, in)
	b.asksNot(core.Submit)
	if r := b.asks(core.Record); r.State != core.Void || r.Reason != core.GateDeadline {
		t.Fatalf("records %v for %v", r.State, r.Reason)
	}
}

// PROTOCOL 5.2.8: an order that was withheld before its first byte proves its
// attempt void; the signal is looked for again.
func TestWithheldOrderIsVoid(t *testing.T) {
	b := sending(t, order.ClassD)
	b.answer(core.Submit, core.Input{Kind: core.OrderWithheld, Signal: 1, Attempt: 1})
	if e := b.says(event.PermitRefused); e.By != core.Gate || e.Reason != core.GateDeadline {
		t.Fatalf("refused by %v for %v", e.By, e.Reason)
	}
	if r := b.asks(core.Record); r.State != core.Void || r.Reason != core.GateDeadline || r.Alert {
		t.Fatalf("records %v for %v, alert %v", r.State, r.Reason, r.Alert)
	}
	b.answer(core.Record, recorded(core.Received))
	b.asks(core.Fetch)
}

// PROTOCOL 5.2.8: a refused permit ends the flight and records nothing.
func TestRefusedPermitRecordsNothing(t *testing.T) {
	for _, reason := range []core.Reason{core.ControlMode, core.AuthorityGone} {
		b := idleLeader(t)
		b.work(found(1))
		b.refuse(reason)
		if e := b.says(event.PermitRefused); e.By != core.StoreParty || e.Reason != reason {
			t.Fatalf("refused by %v for %v", e.By, e.Reason)
		}
		b.asksNot(core.Record, core.Reread, core.Permit, core.Submit)
		if flying := b.node.Status(b.now.Boot).InFlight; flying != 0 {
			t.Fatalf("%d signals in flight", flying)
		}
	}
}
