package story

import (
	"fmt"
	"strings"

	"fencepost/core"
	"fencepost/internal/identity"
	"fencepost/internal/pgledger"
)

// attempt tells of one attempt: its permits, and what came of it.
func (t *teller) attempt(a *pgledger.Attempt) {
	instance := instanceOf(a.Token)
	if a.Resends > 0 {
		// The row keeps the last permit alone.
		t.at(a.CreatedAt, Permit, "attempt %d was permitted for the first time, as order %s",
			a.Attempt, a.ClientOrderID)
		t.at(a.PermittedAt, Permit,
			"attempt %d was permitted to %s under epoch %d to be sent again, %s in all, as the same "+
				"order; it may leave until %s (number %d in the order of authority)",
			a.Attempt, instance, a.Epoch, times(a.Resends+1), Moment(a.SendBy), a.FenceSeq)
	} else {
		t.at(a.PermittedAt, Permit,
			"attempt %d was permitted to %s under epoch %d, as order %s; it may leave until %s (number %d "+
				"in the order of authority)",
			a.Attempt, instance, a.Epoch, a.ClientOrderID, Moment(a.SendBy), a.FenceSeq)
	}
	if a.LateOutcome != nil {
		t.sometime(a.PermittedAt, Outcome, "attempt %d was taken for void: no order existed under it",
			a.Attempt)
		if a.RecordedAt != nil {
			t.at(*a.RecordedAt, Late, "the broker says %s of attempt %d all the same%s",
				*a.LateOutcome, a.Attempt, brokerWords(a))
		}
		return
	}
	t.outcome(a)
}

// outcome tells what came of an attempt that was not spoken of late. What a
// person said of it stands with their decision.
func (t *teller) outcome(a *pgledger.Attempt) {
	if a.RecordedAt == nil || stateOf(a.State) == core.Submitting {
		return
	}
	who := instanceOf(a.RecordedBy)
	if !isToken(a.RecordedBy) {
		if t.decided(a) {
			return
		}
		t.at(*a.RecordedAt, Outcome, "%s said of attempt %d: %s", who, a.Attempt, a.State)
		return
	}
	what := ""
	switch stateOf(a.State) {
	case core.Submitted:
		what = "the broker has accepted the order; it stands"
	case core.Executed:
		what = "the broker has executed the order"
	case core.Rejected:
		what = "the broker has refused the order"
	case core.Cancelled:
		what = "the order was cancelled at the broker"
	case core.InDoubt:
		what = "no clear answer from the broker: the order may exist or not"
	case core.Void:
		what = "void: no order exists under it" + because(t.voidReason(a))
	default:
		what = a.State
	}
	t.at(*a.RecordedAt, Outcome, "attempt %d, recorded by %s: %s%s", a.Attempt, who, what, brokerWords(a))
}

// voidReason is why the youngest attempt is void, as long as the row says so.
func (t *teller) voidReason(a *pgledger.Attempt) string {
	if a.Attempt != t.Signal.Attempt || t.state != core.Received {
		return ""
	}
	switch reason, _ := core.ParseReason(t.Signal.StateReason); reason {
	case core.GateDeadline:
		return "nothing left the instance before its time was over"
	case core.ControlMode:
		return "the gate was shut: the control mode was not run"
	case core.NoBelief:
		return "the gate was shut: the instance no longer believed that it led"
	default:
		return ""
	}
}

// decided reports whether a decision tells of the attempt's outcome.
func (t *teller) decided(a *pgledger.Attempt) bool {
	for i := range t.Decisions {
		if d := &t.Decisions[i]; d.Attempt == a.Attempt && d.Outcome == a.State {
			return true
		}
	}
	return false
}

// brokerWords is what the broker said beside its answer.
func brokerWords(a *pgledger.Attempt) string {
	var words []string
	if a.BrokerOrderID != "" {
		words = append(words, "its own order id is "+a.BrokerOrderID)
	}
	if a.BrokerDetail != "" {
		words = append(words, fmt.Sprintf("%q", a.BrokerDetail))
	}
	if len(words) == 0 {
		return ""
	}
	return "; " + strings.Join(words, ", ")
}

// isToken reports whether the text is a process's token, and not a person.
func isToken(text string) bool {
	_, _, err := identity.Parse(text)
	return err == nil
}

// instanceOf names whom a token belongs to, or the person.
func instanceOf(token string) string {
	if instance, _, err := identity.Parse(token); err == nil {
		return instance
	}
	return or(token, "somebody")
}

func times(n int) string {
	switch n {
	case 0:
		return "never"
	case 1:
		return "once"
	case 2:
		return "twice"
	}
	return fmt.Sprintf("%d times", n)
}
