package check

import (
	"reflect"
	"strings"
	"testing"

	"fencepost/core"
	"fencepost/core/event"
	"fencepost/core/history"
)

func TestTheEarliestViolationIsTheOneThatIsNamed(t *testing.T) {
	s := begin(small(), 0).order(4, 1).at(ttl).order(4, 2).at(2*ttl).order(5, 1)
	s.tell(history.Record{Kind: history.EffectAccepted, Op: core.Heartbeat, Epoch: 1, Current: 2})
	s.breaks(t, NoDuplicateOrder, ttl)
}

func TestAtOneInstantTheInvariantThatStandsFirstIsNamed(t *testing.T) {
	s := begin(small(), 0).at(ttl).state(9, core.Executed)
	s.breaks(t, NoPhantomSuccess, ttl)
	s.tell(history.Record{Kind: history.EffectAccepted, Op: core.Heartbeat, Epoch: 1, Current: 2})
	s.breaks(t, NoStaleEffect, ttl)
	s.order(4, 1).order(4, 2).breaks(t, NoDuplicateOrder, ttl)
	s.state(10, core.Executed).breaks(t, NoDuplicateOrder, ttl)
}

func TestADeadlineIsJudgedBeforeARecordThatComesAfterIt(t *testing.T) {
	s := begin(small(), 1)
	s.now = 2*ttl + 1 // without Advance: a record brings the time with it
	s.believes(0, 1, 9*ttl).breaks(t, Recovers, 2*ttl)
}

func TestARecordAtTheDeadlineIsInTime(t *testing.T) {
	begin(small(), 1).at(2*ttl).believes(0, 1, 9*ttl).after(1).lawful(t)
}

func TestARecordOfAnUnknownNodeOrSignalOrFaultIsNotJudged(t *testing.T) {
	strange := map[string]history.Record{
		"node":      {Kind: history.NodeUp, Node: 3},
		"no node":   {Kind: history.BeliefHeld, Node: history.None},
		"signal":    {Kind: history.Stored, Node: history.None, Signal: -1},
		"signals":   {Kind: history.Stored, Node: history.None, Signal: maxSignals},
		"no signal": {Kind: history.Permitted, Node: 0, Epoch: 1, Seq: 1},
		"fault":     {Kind: history.FaultBegan, Fault: history.Fault(history.Faults)},
		"no fault":  {Kind: history.FaultEnded, Fault: history.LinkFault},
	}
	for what, record := range strange {
		s := begin(small(), 0).tell(record)
		if s.suite.GaveUp() == "" {
			t.Errorf("%s: judged", what)
		}
		if v, broken := s.suite.Violation(); broken {
			t.Errorf("%s: %v", what, v)
		}
	}
}

func TestMoreSendsThanANodeCanHaveAreNotJudged(t *testing.T) {
	s := begin(small(), 1)
	for signal := range core.SignalID(core.MaxFlights) {
		s.says(0, event.GatePassed, 1, signal+1)
	}
	if s.suite.GaveUp() != "" {
		t.Fatal("as many sends as a node can have are not judged")
	}
	if s.says(0, event.GatePassed, 1, 99); s.suite.GaveUp() == "" {
		t.Fatal("more sends than a node can have are judged")
	}
}

func TestAResetForgetsEverything(t *testing.T) {
	s := begin(small(), 3).elects(0, 1).executes(0, 1, 5).order(5, 2).fault(history.ClockFault, 0)
	s.at(9 * ttl)
	if _, broken := s.suite.Violation(); !broken {
		t.Fatal("nothing broke in the first history")
	}
	s.suite.Reset(small())
	*s = story{suite: s.suite}
	s.node(history.NodeUp, 0).elects(0, 1).executes(0, 1, 5).leads(0, 1, 5*ttl).lawful(t)
	if s.suite.Excused() != 0 || s.suite.Marks()[OrderJudged] != 1 {
		t.Error("the second history has traces of the first")
	}
}

func TestAnInvalidConfigurationIsRefused(t *testing.T) {
	for field, spoil := range map[string]func(*Config){
		"nodes":           func(c *Config) { c.Nodes = 0 },
		"ttl":             func(c *Config) { c.TTL = 0 },
		"stale_after":     func(c *Config) { c.StaleAfter = 0 },
		"store_timeout":   func(c *Config) { c.StoreTimeout = -1 },
		"recover_signals": func(c *Config) { c.RecoverSignals = 0 },
		"clock drift":     func(c *Config) { c.DriftPPM = -1 },
		"harness_stall":   func(c *Config) { c.HarnessStall = -1 },
	} {
		cfg := small()
		spoil(&cfg)
		if err := cfg.Validate(); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%s: %v", field, err)
		}
	}
	cfg := core.Default()
	derived := For(&cfg, 3)
	if err := derived.Validate(); err != nil {
		t.Errorf("what follows from the default: %v", err)
	}
}

func TestAViolationIsReadAsOneLine(t *testing.T) {
	v := begin(small(), 0).order(4, 1).at(1500*ms).order(4, 2).breaks(t, NoDuplicateOrder, 1500*ms)
	want := "no-duplicate-order at 1.500000s: signal 4 has 2 orders at the broker; the latest is attempt 2"
	if v.String() != want {
		t.Errorf("%q\nwant %q", v, want)
	}
}

func TestEveryMarkHasWords(t *testing.T) {
	seen := map[string]bool{}
	for m := range Mark(MarkTotal) {
		if words := m.String(); words == "" || seen[words] {
			t.Errorf("mark %d: %q", m, words)
		} else {
			seen[words] = true
		}
	}
	var sum Marks
	one := Marks{OrderJudged: 2}
	sum.Add(&one)
	sum.Add(&one)
	if sum[OrderJudged] != 4 {
		t.Errorf("twice two is %d", sum[OrderJudged])
	}
}

func TestAnExcuseEndsATtlAfterTheLastFaultOfItsKind(t *testing.T) {
	var e excuses
	e.reset(1010)
	if e.covers(ledgerExcuses, 0) || e.until(ledgerExcuses) > 0 {
		t.Fatal("excused before any fault")
	}
	e.began(history.PostgresLoss)
	e.began(history.PostgresLoss)
	e.finished(history.PostgresLoss, 100)
	if !e.covers(ledgerExcuses, never-1) {
		t.Fatal("not excused while one of two faults is active")
	}
	e.finished(history.PostgresLoss, 200)
	if !e.covers(ledgerExcuses, 1210) || e.covers(ledgerExcuses, 1211) {
		t.Fatalf("excused until %d; 1210 is right", e.until(ledgerExcuses))
	}
	if e.covers(clockExcuses, 0) {
		t.Fatal("another kind of fault excuses")
	}
	if e.finished(history.PostgresLoss, 300) {
		t.Fatal("a fault ended that had not begun")
	}
}

func TestWhatTheCheckersDoNotHeedChangesNothing(t *testing.T) {
	lived := func() *story { // a leader with an order in flight
		s := begin(small(), 2).at(ms).believes(0, 1, ttl)
		return s.tell(history.Record{Kind: history.Announced, Event: event.GatePassed, Signal: 4, Attempt: 1})
	}
	unheeded := 0
	for e := range event.Total {
		if Heeds(event.Event(e)) {
			continue
		}
		unheeded++
		untold, told := lived(), lived()
		told.tell(history.Record{
			Kind: history.Announced, Event: event.Event(e), By: core.Gate, Signal: 4, Attempt: 1, Epoch: 1,
			Reason: core.ClockGap,
		})
		if !reflect.DeepEqual(untold.suite, told.suite) {
			t.Errorf("%v is said not to be heeded, and is", event.Event(e))
		}
	}
	if unheeded == 0 || unheeded == event.Total {
		t.Errorf("%d of %d events are not heeded", unheeded, event.Total)
	}
}
