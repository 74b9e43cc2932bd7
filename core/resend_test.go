package core_test

import (
	"testing"
	"time"

	"fencepost/core"
	"fencepost/core/order"
)

// PROTOCOL 5.3.3: a broker of class A is sent the same attempt again.

// PROTOCOL 5.3.3: class A never voids on absence. A doubtful attempt is sent
// again, the same one, under a permit of the present epoch.
func TestClassASendsTheSameAttemptAgain(t *testing.T) {
	b := lookedUp(t, order.ClassA, orphan(time.Hour), order.Absent)
	if r := b.asks(core.Record); r.State != core.InDoubt || r.Alert {
		t.Fatalf("records %v, alert %v", r.State, r.Alert)
	}
	b.asksNot(core.Permit)

	b = lookedUp(t, order.ClassA, doubtful(0), order.Absent)
	permit := b.asks(core.Permit)
	if !permit.Resend || permit.Attempt != 1 || permit.Version != 3 || permit.Epoch != epoch {
		t.Fatalf("asks for attempt %d, resend %v, guard %d, epoch %d",
			permit.Attempt, permit.Resend, permit.Version, permit.Epoch)
	}
	b.answer(core.Permit, granted(1, 1))
	if submit := b.asks(core.Submit); submit.Attempt != 1 {
		t.Fatalf("sends attempt %d", submit.Attempt)
	}
}

// PROTOCOL 5.3.3: a second send that was withheld proves nothing about the
// first.
func TestWithheldResendStaysInDoubt(t *testing.T) {
	b := lookedUp(t, order.ClassA, doubtful(0), order.Absent)
	b.answer(core.Permit, granted(1, 1))
	b.answer(core.Submit, core.Input{Kind: core.OrderWithheld, Signal: 1, Attempt: 1})
	if r := b.asks(core.Record); r.State != core.InDoubt {
		t.Fatalf("records %v", r.State)
	}
}

// PROTOCOL 5.3.3: a second send that was refused proves nothing about the first,
// which may still be on its way.
func TestRefusedResendStaysInDoubt(t *testing.T) {
	b := lookedUp(t, order.ClassA, doubtful(0), order.Absent)
	b.answer(core.Permit, granted(1, 1))
	b.answer(core.Submit, said(order.Rejected))
	if r := b.asks(core.Record); r.State != core.InDoubt || !r.Alert {
		t.Fatalf("records %v, alert %v", r.State, r.Alert)
	}
	b.answer(core.Record, recorded(core.InDoubt))
	b.stores = healthy
	b.pass(b.cfg.Retry)
	b.asksNot(core.Fetch) // nothing is brought forward

	b = lookedUp(t, order.ClassA, doubtful(core.Alerted), order.Absent)
	b.answer(core.Permit, granted(1, 1))
	b.answer(core.Submit, said(order.Rejected))
	if r := b.asks(core.Record); r.Alert {
		t.Fatal("a person is told again")
	}
}

// PROTOCOL 5.3.3: nothing is sent again while the mode is not run.
func TestClassAWaitsForControlModeRun(t *testing.T) {
	b := idleLeader(t, broker(order.ClassA))
	b.stores = renewals
	b.pass(b.cfg.Heartbeat)
	paused := confirmed()
	paused.Control = core.Pause
	b.answer(core.Heartbeat, paused)
	b.work(doubtful(0))
	b.answer(core.Lookup, core.Input{Kind: core.OrderLookedUp, Answer: order.Absent})
	b.asksNot(core.Permit, core.Record)
}

// PROTOCOL 5.3.3: a broker that fails at once is not asked again at once.
func TestClassAPausesBetweenTwoSends(t *testing.T) {
	b := sending(t, order.ClassA)
	sends, version := 0, uint32(3)
	b.stores = func(call core.Effect) []core.Input {
		done := core.Input{Kind: core.WorkListed, Flags: core.Done}
		switch call.Op {
		case core.Fetch:
			in := doubtful(0)
			in.Version = version
			if call.States&(1<<core.InDoubt) == 0 {
				return []core.Input{done}
			}
			return []core.Input{in, done}
		case core.Lookup:
			return []core.Input{{Kind: core.OrderLookedUp, Answer: order.Absent}}
		case core.Permit:
			version++
			return []core.Input{granted(1, 1)}
		case core.Record:
			version++
			return []core.Input{recorded(call.State)}
		case core.Submit:
			sends++
			return []core.Input{said(order.Unknown)}
		default:
			return healthy(call)
		}
	}
	b.answer(core.Submit, said(order.Unknown))
	b.pass(10 * b.cfg.Retry)
	if sends < 9 || sends > 11 {
		t.Fatalf("%d sends within ten retry intervals", sends)
	}
}

// PROTOCOL 5.3.3: a doubtful signal that must not be sent any more is for a
// person.
func TestOutdatedDoubtOfClassAIsForAPerson(t *testing.T) {
	b := lookedUp(t, order.ClassA, doubtful(core.Outdated), order.Absent)
	b.asksNot(core.Permit)
	if r := b.asks(core.Record); r.State != core.InDoubt || !r.Alert {
		t.Fatalf("records %v, alert %v", r.State, r.Alert)
	}
	b = lookedUp(t, order.ClassA, doubtful(core.Outdated|core.Alerted), order.Absent)
	b.asksNot(core.Permit, core.Record)
}
