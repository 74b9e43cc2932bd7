package conformance_test

import (
	"time"

	"fencepost/core"
)

// story brings the first signal of a pair of ledgers into a situation, led by
// n1 under epoch 1.
type story struct {
	*pair
}

// situation is where a signal and its attempts can stand, and how they get
// there.
type situation struct {
	name string
	come func(story)
}

// situations are those that differ in what an outcome, a permit or a person
// may do.
var situations = []situation{
	{"received", func(story) {}},
	{"held", func(s story) { s.decide(1, core.Held) }},
	{"expired", func(s story) { s.says(0, core.Expired) }},
	{"rejected unsent", func(s story) { s.says(0, core.Rejected) }},
	{"cancelled unsent", func(s story) { s.decide(1, core.Cancelled) }},
	{"submitting", func(s story) { s.send() }},
	{"submitted", func(s story) { s.send().says(1, core.Submitted) }},
	{"in doubt", func(s story) { s.send().says(1, core.InDoubt) }},
	{"in doubt with an alert", func(s story) { s.send().alerts(1, core.InDoubt) }},
	{"executed", func(s story) { s.send().says(1, core.Executed) }},
	{"rejected", func(s story) { s.send().says(1, core.Rejected) }},
	{"cancelled", func(s story) { s.send().says(1, core.Cancelled) }},
	{"executed by a person's word", func(s story) {
		s.send().says(1, core.InDoubt).decide(1, core.Executed)
	}},
	{"void", func(s story) { s.void() }},
	{"void by a person's word", func(s story) { s.send().says(1, core.InDoubt).decide(1, core.Void) }},
	{"void, held", func(s story) { s.void().decide(1, core.Held) }},
	{"void, expired", func(s story) { s.void().says(0, core.Expired) }},
	{"void, late word", func(s story) { s.void().says(1, core.Submitted) }},
	{"void, late doubt", func(s story) { s.void().says(1, core.InDoubt) }},
	{"void, late word, freed", func(s story) { s.void().says(1, core.Submitted).decide(1, core.Void) }},
	{"void, expired, late word", func(s story) { s.void().says(0, core.Expired).says(1, core.Executed) }},
	{"void, submitting", func(s story) { s.void().send() }},
	{"void, submitted", func(s story) { s.void().send().says(2, core.Submitted) }},
	{"void, in doubt", func(s story) { s.void().send().says(2, core.InDoubt) }},
	{"void, executed", func(s story) { s.void().send().says(2, core.Executed) }},
	{"void, void", func(s story) { s.void().send().says(2, core.Void) }},
	{"late word, submitting", func(s story) { s.void().send().says(1, core.Cancelled) }},
	{"late word, submitted", func(s story) {
		s.void().send().says(2, core.Submitted).says(1, core.Executed)
	}},
	{"late word, in doubt", func(s story) { s.void().send().says(2, core.InDoubt).says(1, core.Executed) }},
	{"late word, executed", func(s story) { s.void().send().says(2, core.Executed).says(1, core.Executed) }},
	{"late word, void", func(s story) { s.void().send().says(1, core.Rejected).says(2, core.Void) }},
	{"sent again", func(s story) { s.send().says(1, core.InDoubt).sendAgain() }},
	{"sent again, in doubt", func(s story) {
		s.send().says(1, core.InDoubt).sendAgain().says(1, core.InDoubt)
	}},
	{"late word, sent again", func(s story) {
		s.void().send().says(2, core.InDoubt).sendAgain().says(1, core.Submitted)
	}},
	{"out of date", func(s story) { s.pass(time.Hour) }},
	{"out of date, in doubt", func(s story) { s.send().says(1, core.InDoubt).pass(time.Hour) }},
}

// send lets the leader be permitted the next attempt.
func (s story) send() story {
	s.t.Helper()
	a, row := s.model.Authority(), s.model.Row(1)
	e := permit(processOf(a.Token), a.Epoch, 1, row.Attempt+1, row.Version)
	s.demand(e, core.PermitWasGranted)
	return s
}

// sendAgain lets a successor be permitted the newest attempt once more.
func (s story) sendAgain() story {
	s.t.Helper()
	s.demand(take(n3, s.model.Authority().Epoch), core.EpochWasTaken)
	row := s.model.Row(1)
	s.demand(resend(n3, s.model.Authority().Epoch, 1, row.Attempt, row.Version), core.PermitWasGranted)
	return s
}

// void sends an attempt and takes it back.
func (s story) void() story {
	s.t.Helper()
	return s.send().says(s.model.Row(1).Attempt, core.Void)
}

// says lets the attempt's own sender tell what became of it.
func (s story) says(attempt uint32, outcome core.SignalState) story {
	s.t.Helper()
	who := n1
	if a, ok := s.model.AttemptRow(1, attempt); ok {
		who = processOf(a.Token)
	}
	s.demand(fact(who, 1, attempt, outcome), core.OutcomeWasRecorded)
	return s
}

// alerts is says, with an alert.
func (s story) alerts(attempt uint32, outcome core.SignalState) story {
	s.t.Helper()
	e := fact(n1, 1, attempt, outcome)
	e.Alert = true
	s.demand(e, core.OutcomeWasRecorded)
	return s
}

// demand asks and ends the test if the answer is not of that kind.
func (s story) demand(e core.Effect, want core.InputKind) {
	s.t.Helper()
	if in := s.do(processOf(e.Token), e); in[0].Kind != want {
		s.t.Fatalf("%s: %+v", describe(processOf(e.Token), e), in)
	}
}
