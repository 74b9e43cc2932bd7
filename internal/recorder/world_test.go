package recorder_test

import (
	"testing"
	"time"

	"fencepost/core"
	"fencepost/core/order"
)

// long is the journal of that many steps of a node whose every call is
// answered, and which always has signals to execute.
func long(t testing.TB, steps int) []byte {
	t.Helper()
	l := begin(t, t.TempDir()+"/journal", time.Hour)
	signal := core.SignalID(0)
	var open []core.Effect
	for i := range steps {
		if len(open) == 0 {
			l.tell(core.Input{Kind: core.TimePassed})
		} else {
			asked := open[0]
			open = open[:copy(open, open[1:])]
			in := answerOf(&asked, &signal)
			in.Req = asked.Req
			l.tellAfter(time.Millisecond, in)
			if in.Kind == core.SignalFound {
				open = append(open, asked) // the list goes on
			}
		}
		for _, e := range l.effects.All() {
			if e.Op != core.NoOp {
				open = append(open, e)
			}
		}
		if i%100_000 == 0 {
			l.r.Flush()
		}
	}
	l.close()
	if signal < core.SignalID(steps/20) {
		t.Fatalf("only %d signals in %d steps", signal, steps)
	}
	return l.text()
}

// answerOf answers one call as the stores would.
func answerOf(e *core.Effect, signal *core.SignalID) core.Input {
	switch e.Op {
	case core.Acquire:
		return core.Input{Kind: core.LeaseAcquired, Token: e.Token}
	case core.Renew:
		return core.Input{Kind: core.LeaseRenewed, Token: e.Token}
	case core.Observe:
		return core.Input{Kind: core.AuthorityObserved, Control: core.Run}
	case core.TakeEpoch:
		return core.Input{Kind: core.EpochWasTaken, Epoch: e.Epoch + 1, Control: core.Run}
	case core.Heartbeat:
		if e.Epoch == 0 {
			return core.Input{Kind: core.AuthorityObserved, Control: core.Run}
		}
		return core.Input{Kind: core.HeartbeatConfirmed, Epoch: e.Epoch, Control: core.Run}
	case core.Fetch:
		if *signal++; *signal%9 == 0 {
			return core.Input{Kind: core.WorkListed}
		}
		return core.Input{Kind: core.SignalFound, Signal: *signal, State: core.Received, Version: 1}
	case core.Permit:
		return core.Input{
			Kind: core.PermitWasGranted, Signal: e.Signal, Attempt: e.Attempt, Version: 2, Control: core.Run,
		}
	case core.Submit:
		return core.Input{
			Kind: core.OrderAnswered, Signal: e.Signal, Attempt: e.Attempt, Answer: order.Filled,
		}
	case core.Record:
		return core.Input{
			Kind: core.OutcomeWasRecorded, Signal: e.Signal, Attempt: e.Attempt, State: e.State, Version: 3,
		}
	default:
		return core.Input{Kind: core.OutcomeUnknown, Op: e.Op}
	}
}
