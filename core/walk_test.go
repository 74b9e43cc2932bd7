package core_test

import (
	"slices"
	"testing"
	"time"

	"fencepost/core"
	"fencepost/core/order"
)

// answers lists, for each operation, the inputs that may answer it.
func answers(op core.Op) []core.InputKind {
	switch op {
	case core.Acquire:
		return []core.InputKind{core.LeaseAcquired, core.LeaseDenied}
	case core.Renew:
		return []core.InputKind{core.LeaseRenewed, core.LeaseWasLost}
	case core.Release:
		return []core.InputKind{core.LeaseWasReleased}
	case core.Evict:
		return []core.InputKind{core.LeaseWasEvicted}
	case core.Heartbeat:
		return []core.InputKind{core.AuthorityObserved, core.HeartbeatConfirmed, core.HeartbeatWasRefused}
	case core.Observe:
		return []core.InputKind{core.AuthorityObserved}
	case core.TakeEpoch:
		return []core.InputKind{core.EpochWasTaken, core.EpochWasRefused}
	case core.Resign:
		return []core.InputKind{core.TenureWasClosed, core.CloseWasRefused}
	case core.Fetch:
		return []core.InputKind{core.SignalFound, core.WorkListed}
	case core.Permit:
		return []core.InputKind{core.PermitWasGranted, core.PermitWasRefused}
	case core.Reread:
		return []core.InputKind{core.AttemptRead}
	case core.Record:
		return []core.InputKind{core.OutcomeWasRecorded, core.RecordWasRefused}
	case core.Submit:
		return []core.InputKind{core.OrderAnswered, core.OrderWithheld}
	case core.Lookup:
		return []core.InputKind{core.OrderLookedUp}
	default:
		return nil
	}
}

// situations are nodes in every role and at every stage of it.
func situations() map[string]func(*testing.T) *bench {
	step := func(b *bench, kind core.InputKind) *bench {
		b.tell(core.Input{Kind: kind})
		return b
	}
	return map[string]func(*testing.T) *bench{
		"new":       func(t *testing.T) *bench { return onBench(t) },
		"beating":   func(t *testing.T) *bench { return step(onBench(t), core.TimePassed) },
		"observing": func(t *testing.T) *bench { b := onBench(t); b.pass(b.cfg.RetryJitter); return b },
		"standing":  func(t *testing.T) *bench { return standing(t) },
		"candidate": func(t *testing.T) *bench { return candidate(t) },
		"taking":    func(t *testing.T) *bench { return taking(t) },
		"leader":    func(t *testing.T) *bench { return leader(t) },
		"busy":      busyLeader,
		"renewing":  func(t *testing.T) *bench { b := idleLeader(t); b.pass(b.cfg.Renew); return b },
		"draining":  func(t *testing.T) *bench { return step(busyLeader(t), core.StepDownRequested) },
		"closing":   func(t *testing.T) *bench { return step(idleLeader(t), core.StepDownRequested) },
		"stopping":  func(t *testing.T) *bench { return step(busyLeader(t), core.StopRequested) },
		"releasing": func(t *testing.T) *bench {
			b := step(idleLeader(t), core.StopRequested)
			b.answer(core.Resign, core.Input{Kind: core.TenureWasClosed, Epoch: epoch})
			return b
		},
		"recording": func(t *testing.T) *bench {
			b := sending(t, order.ClassA)
			b.answer(core.Submit, said(order.Unknown))
			return b
		},
		"evicting": func(t *testing.T) *bench {
			b := onBench(t)
			b.tell(core.Input{})
			b.answer(core.Heartbeat, stale(b.cfg.StaleAfter))
			b.tell(core.Input{Kind: core.ReleaseHeard})
			b.answer(core.Acquire, core.Input{Kind: core.LeaseDenied, Token: rival})
			return b
		},
	}
}

// busyLeader has a flight in each phase, and every lane in use.
func busyLeader(t *testing.T) *bench {
	t.Helper()
	b := idleLeader(t, broker(order.ClassC))
	b.pass(b.cfg.Renew)
	lost, open := orphan(time.Hour), orphan(time.Hour)
	lost.Signal, open.Signal, open.State = 4, 5, core.Submitted
	b.work(found(1), found(2), found(3), lost, open)
	for _, call := range slices.Clone(b.open) {
		switch {
		case call.Op == core.Permit && call.Signal == 1:
			b.answerTo(call, granted(1, 1))
		case call.Op == core.Permit && call.Signal == 2:
			b.answerTo(call, core.Input{Kind: core.OutcomeUnknown})
		case call.Op == core.Lookup && call.Signal == 4:
			b.answerTo(call, core.Input{Kind: core.OrderLookedUp, Answer: order.Absent})
		default:
		}
	}
	b.tell(core.Input{Kind: core.WorkHeard})
	for _, op := range []core.Op{
		core.Renew, core.Heartbeat, core.Fetch, core.Permit, core.Reread, core.Submit, core.Record,
		core.Lookup,
	} {
		b.call(op)
	}
	return b
}

// walked fills in an input of that kind with one of a few sets of fields.
func walked(kind core.InputKind, set int) core.Input {
	in := core.Input{Kind: kind, Signal: 1, Attempt: 1, Version: 3, Epoch: epoch, Control: core.Run}
	switch set {
	case 0:
		in = core.Input{Kind: kind}
		if kind == core.EpochWasTaken {
			in.Epoch = 1 // the one answer that must name an epoch
		}
	case 1:
		in.Flags, in.State = core.Open|core.Done, core.Received
		in.Answer, in.Reason = order.Filled, core.StateChanged
		in.Token = rival
	case 2:
		in.Epoch++
		in.Flags, in.State = core.Overdue, core.InDoubt
		in.Answer, in.Reason = order.Absent, core.Superseded
		in.Token, in.Age, in.Control = core.Token{Nonce: self, Acquisition: 1}, time.Hour, core.Halt
	case 3:
		in.Flags, in.State = core.Open|core.Live|core.Alerted, core.Submitting
		in.Answer, in.Reason = order.Unknown, core.ControlMode
		in.Tenure, in.Age, in.Control = core.TenurePG, -time.Second, core.Pause
	}
	return in
}

// PROTOCOL 3.3 and 3.5: whatever happens to a node in whatever situation, it
// does not panic, it comes to rest within the instant, and an input that
// answers nothing has no effect.
func TestEveryInputInEverySituation(t *testing.T) {
	steps := 0
	for name, situation := range situations() {
		fresh := situation(t)
		for kind := core.TimePassed; kind < core.InputKindTotal; kind++ {
			for set := range 4 {
				in := walked(kind, set)
				steps++
				check(t, name, fresh, in, kind >= core.OutcomeUnknown)
				for _, call := range fresh.open {
					if kind != core.OutcomeUnknown && !slices.Contains(answers(call.Op), kind) {
						continue
					}
					in.Req, in.Op = call.Req, call.Op
					steps++
					check(t, name, fresh, in, false)
				}
			}
		}
	}
	if steps < 2000 {
		t.Fatalf("%d steps: the walk is blind", steps)
	}
}

// check steps a copy of the node with the input, now and a little later, and
// wants nothing of it if nobody awaits it.
func check(t *testing.T, name string, b *bench, in core.Input, stray bool) {
	t.Helper()
	for _, later := range []time.Duration{0, time.Millisecond, time.Second, time.Minute} {
		node, now := b.node, b.now
		now.Boot, now.Mono, now.Wall = now.Boot.Add(later), now.Mono.Add(later), now.Wall.Add(later)
		var out, idle core.Effects
		silent := node
		node.Step(now, &in, &out)
		if stray {
			silent.Step(now, &core.Input{}, &idle)
			if node.Hash(0) != silent.Hash(0) || !slices.Equal(out.All(), idle.All()) {
				t.Fatalf("%s, %v after %v: what nobody awaits has effects: %s",
					name, in.Kind, later, names(out.All()))
			}
		}
		if turns := rest(&node, now, &out); turns > 2 {
			t.Fatalf("%s, %v after %v: no rest after %d turns", name, in.Kind, later, turns)
		}
	}
}

// rest gives the node the turns that it wants at once, a few at most, and
// returns how many those were.
func rest(node *core.Node, now core.Now, out *core.Effects) int {
	turns := 0
	for ; turns < 9 && node.Wake() <= now.Boot; turns++ {
		node.Step(now, &core.Input{}, out)
	}
	return turns
}
