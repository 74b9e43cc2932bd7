package story

import (
	"fmt"
	"time"

	"fencepost/core"
	"fencepost/core/order"
	"fencepost/internal/pgledger"
)

// outlook says where the signal stands, what happens next by itself, and what a
// person does. The rules are PROTOCOL 5.2 and 5.3.
func (t *teller) outlook() (now, next string, do []string) {
	g := &t.Signal
	now = fmt.Sprintf("%s, for %s (version %d)", g.State, Span(t.Now.Sub(g.UpdatedAt)), g.Version)
	switch t.state {
	case core.Received:
		next, do = t.receivedOutlook()
	case core.Held:
		next, do = t.heldOutlook()
	case core.Submitting:
		next, do = t.submittingOutlook()
	case core.Submitted:
		next, do = t.submittedOutlook()
	case core.InDoubt:
		next, do = t.doubtOutlook()
	default:
		next = "nothing: it is at its end"
		if a := t.lateAttempt(); a != nil {
			next += ", but the broker spoke of a void attempt"
			do = append(t.look(), "two orders may exist for this signal: settle the position by hand")
		}
	}
	return now, next, do
}

// leading says who does what the program does next.
func (t *teller) leading() (who string, do []string) {
	if t.Leader == "" {
		return "nobody leads; whoever is elected", []string{"fencepost leader show", "fencepost doctor"}
	}
	return t.Leader, nil
}

// outdated reports whether the signal must not be sent any more.
func (t *teller) outdated() bool {
	return t.Signal.ValidUntil != nil && !t.Now.Before(*t.Signal.ValidUntil)
}

// running reports whether permits are granted.
func (t *teller) running() bool { return t.Control == core.Run.String() }

func (t *teller) receivedOutlook() (next string, do []string) {
	who, do := t.leading()
	cancel := fmt.Sprintf("fencepost signals cancel %d --reason '…'", t.Signal.ID)
	switch {
	case t.outdated():
		return who + " records it as expired at the next sweep", do
	case !t.running():
		return fmt.Sprintf("it waits: the control mode is %s", t.Control),
			append(do, "fencepost resume --reason '…'", cancel)
	case t.Ahead != nil:
		next, more := t.turnOutlook()
		return next, append(append(do, more...), cancel)
	default:
		return who + " asks for a permit at the next sweep and sends it", do
	}
}

// turnOutlook says for which other signal of its instrument this one waits.
func (t *teller) turnOutlook() (next string, do []string) {
	a := t.Ahead
	explain := fmt.Sprintf("fencepost signals explain %d", a.Signal)
	switch stateOf(a.State) {
	case core.InDoubt:
		return fmt.Sprintf("it waits: signal %d (%s) is in doubt, and %s stands still until somebody knows "+
				"what became of it", a.Signal, a.Type, t.Signal.Instrument),
			[]string{explain, "fencepost in-doubt list"}
	case core.Submitting, core.Submitted:
		return fmt.Sprintf("it waits: the order of signal %d (%s) may be working at the broker, and %s has "+
			"one signal open at a time", a.Signal, a.Type, t.Signal.Instrument), []string{explain}
	default:
		return fmt.Sprintf("it waits: signal %d (%s) of %s has its turn before it", a.Signal, a.Type,
			t.Signal.Instrument), []string{explain}
	}
}

func (t *teller) heldOutlook() (next string, do []string) {
	next = "it waits for a person"
	if t.outdated() {
		who, do := t.leading()
		return who + " records it as expired at the next sweep", do
	}
	if t.Signal.ValidUntil != nil {
		next += ", and expires at " + Moment(*t.Signal.ValidUntil)
	}
	return next, []string{
		fmt.Sprintf("fencepost signals free %d --reason '…'", t.Signal.ID),
		fmt.Sprintf("fencepost signals cancel %d --reason '…'", t.Signal.ID),
	}
}

func (t *teller) submittingOutlook() (next string, do []string) {
	a := t.newest()
	if a == nil {
		return "its attempt is not in the rows that were read; ask again", nil
	}
	if left := a.SendBy.Sub(t.Now); left >= 0 {
		return fmt.Sprintf("%s may be sending it; for another %s nobody else touches it",
			instanceOf(a.Token), Span(left)), nil
	}
	who, do := t.leading()
	switch t.Class {
	case order.ClassD:
		next = "%s cannot ask this broker: it will be in doubt, and a person is called"
	case order.ClassC:
		next = "%s looks the order up at the next sweep; if the broker does not show it, it will be in doubt"
	case order.ClassA, order.ClassB:
		next = "%s looks the order up at the next sweep"
	default:
		next = "%s clears it up at the next sweep"
	}
	return "its time to leave is over: " + fmt.Sprintf(next, who), do
}

func (t *teller) submittedOutlook() (next string, do []string) {
	who, do := t.leading()
	if t.Class == order.ClassD {
		return "nobody can ask this broker what becomes of it", append(do, t.look()...)
	}
	next = who + " looks the order up at each review until it ends"
	if t.Signal.AlertedAt != nil {
		next += "; the broker no longer shows it, which is for a person"
		do = append(do, t.look()...)
	}
	return next, do
}

// doubtOutlook says of a doubt what happens next, and what waits for it.
func (t *teller) doubtOutlook() (next string, do []string) {
	next, do = t.doubtAlone()
	if t.InTurn {
		next += fmt.Sprintf("; until then %s stands still: no other signal of it is sent, no exit either",
			t.Signal.Instrument)
	}
	return next, do
}

func (t *teller) doubtAlone() (next string, do []string) {
	resolve := fmt.Sprintf("fencepost in-doubt resolve %d --as WORD --evidence '…'", t.Signal.ID)
	person := append(t.look(), resolve)
	if t.lateAttempt() != nil {
		return "nothing: the broker spoke of an attempt that had been taken for void, and only a person " +
			"can say which orders exist", person
	}
	who, do := t.leading()
	switch t.Class {
	case order.ClassA:
		if t.outdated() {
			return "nothing: it may not be sent any more, and whether it was only a person can say", person
		}
		next = who + " looks the order up at the next review; if the broker has none, the same attempt is " +
			"sent again under the same id"
		if !t.running() {
			next += fmt.Sprintf(", but not while the control mode is %s", t.Control)
		}
	case order.ClassB:
		next = who + " looks the order up at the next review; once the broker would refuse it as late, " +
			"absence is proof, and it is sent anew"
	case order.ClassC:
		next = who + " looks the order up at each review; that it is found is proof, that it is not found " +
			"is none: a person decides"
		return next, append(do, person...)
	case order.ClassD:
		return "nothing: this broker cannot be asked, a person decides", person
	default:
	}
	if t.Signal.AlertedAt != nil {
		return next, append(do, person...)
	}
	return next, do
}

// newest is the youngest attempt.
func (t *teller) newest() *pgledger.Attempt {
	list := t.Signal.Attempts
	if len(list) == 0 {
		return nil
	}
	return &list[len(list)-1]
}

// lateAttempt is a void attempt of which the broker spoke.
func (t *teller) lateAttempt() *pgledger.Attempt {
	for i := range t.Signal.Attempts {
		if a := &t.Signal.Attempts[i]; a.LateOutcome != nil {
			return a
		}
	}
	return nil
}

// look says what to look for at the broker.
func (t *teller) look() []string {
	var do []string
	for _, text := range LookFor(&t.Signal.Signal, t.Signal.Attempts) {
		do = append(do, "look at the broker for "+text)
	}
	return do
}

// LookFor says which orders a person looks for at the broker: those of every
// attempt of which it is not certain that nothing exists. The id is what was
// sent; a broker that keeps no ids shows the rest.
func LookFor(s *pgledger.Signal, attempts []pgledger.Attempt) []string {
	var list []string
	for i := range attempts {
		a := &attempts[i]
		if stateOf(a.State) == core.Void && a.LateOutcome == nil {
			continue
		}
		text := fmt.Sprintf("order %s (attempt %d): %s, sent if at all between %s and %s",
			a.ClientOrderID, a.Attempt, OrderText(s), Moment(a.CreatedAt), Moment(a.SendBy))
		if a.BrokerOrderID != "" {
			text += "; the broker's own id is " + a.BrokerOrderID
		}
		list = append(list, text)
	}
	return list
}

// Known says in a few words what is known of a signal in doubt.
func Known(s *pgledger.Signal, attempts []pgledger.Attempt) string {
	text := "nothing was permitted"
	for i := range attempts {
		a := &attempts[i]
		switch {
		case a.LateOutcome != nil:
			return fmt.Sprintf("attempt %d was taken for void, and the broker says %s of it%s",
				a.Attempt, *a.LateOutcome, brokerWords(a))
		case stateOf(a.State) != core.Void:
			text = fmt.Sprintf("attempt %d was permitted to %s under epoch %d; no clear answer%s",
				a.Attempt, instanceOf(a.Token), a.Epoch, brokerWords(a))
			if a.Resends > 0 {
				text += "; sent " + times(a.Resends+1)
			}
		}
	}
	if s.ValidUntil != nil {
		text += "; valid until " + Moment(*s.ValidUntil)
	}
	return text
}

// Changes says how a signal differs from what was shown before.
func Changes(before, after *pgledger.SignalDetail) []string {
	var list []string
	differ := func(what, was, is string) {
		if was != is {
			list = append(list, fmt.Sprintf("%s was %s and is %s", what, or(was, "empty"), or(is, "empty")))
		}
	}
	differ("the state", before.State, after.State)
	differ("the reason", before.StateReason, after.StateReason)
	differ("the last word of a person", before.DecidedBy, after.DecidedBy)
	differ("the alert", alertOf(before.AlertedAt), alertOf(after.AlertedAt))
	for i := range after.Attempts {
		a := &after.Attempts[i]
		name := fmt.Sprintf("attempt %d", a.Attempt)
		if i >= len(before.Attempts) {
			list = append(list, fmt.Sprintf("%s is new: %s, permitted to %s under epoch %d",
				name, a.State, instanceOf(a.Token), a.Epoch))
			continue
		}
		b := &before.Attempts[i]
		differ(name, b.State, a.State)
		differ(name+", recorded by,", instanceOf(b.RecordedBy), instanceOf(a.RecordedBy))
		differ(name+", sent again,", times(b.Resends), times(a.Resends))
		differ("the broker's words on "+name, brokerWords(b), brokerWords(a))
	}
	if len(list) == 0 && before.Version != after.Version {
		list = append(list, fmt.Sprintf("the version was %d and is %d; it moved and came back",
			before.Version, after.Version))
	}
	return list
}

func alertOf(at *time.Time) string {
	if at == nil {
		return "none"
	}
	return "raised at " + Moment(*at)
}
