package verify

import (
	"fmt"
	"slices"

	"fencepost/core"
	"fencepost/core/inbox"
)

// void is the state of an attempt that proved never to have been one.
var void = core.Void.String()

// judge judges one signal with what belongs to it.
func (w *walk) judge(s *signal) {
	w.report.Signals++
	w.report.Attempts += len(s.attempts)
	where := "signal " + number(s.id)
	w.agrees(where, s.told, s.differs)
	if !s.payload {
		w.findf(EventsAgree, where, "a payload with the hash beside it", "another")
	}
	if key := inbox.SignalKey(s.signalID, s.instrument, s.kind, s.position, s.at); key != s.key {
		w.findf(KeysDerived, where, "key "+key, "%s", s.key)
	}
	w.numbered(s, where)
	w.states(s, where)
	for id := range s.events.decisions {
		if !s.decisions[id] {
			w.findf(EventsAgree, fmt.Sprintf("%s, decision %d", where, id),
				"a row for what an event tells of",
				"none")
		}
	}
}

// numbered judges the attempts' numbers and names.
func (w *walk) numbered(s *signal, where string) {
	for i := range s.attempts {
		a := &s.attempts[i]
		here := fmt.Sprintf("%s, attempt %d", where, a.number)
		w.agrees(here, a.told, a.differs)
		if a.number != int64(i)+1 {
			w.findf(AttemptsNumbered, here, "attempt "+number(int64(i)+1), "%d", a.number)
		}
		if id := inbox.ClientOrderID(s.key, uint32(a.number)); id != a.orderID {
			w.findf(OrderIDsDerived, here, "client_order_id "+id, "%s", a.orderID)
		}
		delete(s.events.attempts, a.number)
	}
	if n := int64(len(s.attempts)); s.attempt != n {
		w.findf(AttemptsNumbered, where, number(n)+" attempts, as many as there are", "%d", s.attempt)
	}
	for n := range s.events.attempts {
		w.findf(AttemptsNumbered, fmt.Sprintf("%s, attempt %d", where, n), "a row for what events tell of",
			"none")
	}
}

// states judges whether the signal's state is the one that its attempts give.
func (w *walk) states(s *signal, where string) {
	var standing []*attempt
	late := false
	for i := range s.attempts {
		a := &s.attempts[i]
		if a.state != void {
			standing = append(standing, a)
		}
		late = late || a.late != nil
		w.outcome(a, fmt.Sprintf("%s, attempt %d", where, a.number))
	}
	if len(standing) > 1 {
		w.findf(SingleExecutor, where, "at most one attempt that is not void", "%d", len(standing))
		return
	}
	state, known := core.ParseSignalState(s.state)
	if known && state.Final() != s.ended {
		w.findf(StatesAgree, where, fmt.Sprintf("ended: %t, as %s says", state.Final(), s.state), "%t",
			s.ended)
	}
	has := "none that stands"
	if len(standing) == 1 {
		has = standing[0].state
	}
	if state == core.Executed && has != s.state && (!late || s.decidedBy == "") {
		w.findf(NoPhantomSuccess, where, "an executed attempt", "%s", has)
		return
	}
	if !fits(state, has, late, s.decidedBy != "") {
		w.findf(StatesAgree, where, "an attempt that makes the signal "+s.state, "%s", has)
	}
}

// outcome judges whether an attempt's state is what was recorded of it.
func (w *walk) outcome(a *attempt, here string) {
	switch {
	case a.state == core.Submitting.String():
	case a.outcome == nil || *a.outcome != a.state:
		w.findf(StatesAgree, here, "outcome "+a.state+", as its state", "%s", orNone(a.outcome))
	case !a.recorded || a.recordedBy == "":
		w.findf(NoPhantomSuccess, here, "who recorded "+a.state+", and when", "nobody")
	}
}

// orNone writes a word that may be missing.
func orNone(word *string) string {
	if word == nil {
		return "none"
	}
	return *word
}

// fits tells whether a signal may be in that state while its standing attempt
// has another. Late says that the broker spoke of a void attempt, which leaves
// the signal to a person; decided, that a person spoke.
func fits(state core.SignalState, has string, late, decided bool) bool {
	none := !slices.Contains([]string{
		"submitting", "submitted", "in_doubt", "executed", "rejected", "cancelled",
	}, has)
	switch state {
	case core.Received, core.Held, core.Expired:
		return none
	case core.Submitting, core.Submitted:
		return has == state.String() || none && late && decided
	case core.InDoubt:
		return has == state.String() || late
	case core.Executed, core.Rejected, core.Cancelled:
		return has == state.String() || none || late && decided
	default:
		return false
	}
}
