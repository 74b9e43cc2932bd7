package check

import (
	"testing"
	"time"

	"fencepost/core"
	"fencepost/core/event"
	"fencepost/core/history"
)

func TestAClusterThatElectsNobodyIsBroken(t *testing.T) {
	begin(small(), 1).at(2 * ttl).lawful(t)
	begin(small(), 1).at(2*ttl+1).breaks(t, Recovers, 2*ttl)
}

func TestAnElectionInTimeIsLawful(t *testing.T) {
	begin(small(), 1).at(2*ttl).elects(0, 1).leads(0, 1, 3*ttl).lawful(t).marked(t, LeaderMet, 1)
}

func TestTheClockRunsFromTheEndOfTheLastBelief(t *testing.T) {
	ended := func() *story {
		return begin(small(), 1).elects(0, 1).at(500*ms).node(history.BeliefEnded, 0).resigns(0, 1)
	}
	ended().at(2500 * ms).lawful(t)
	ended().at(2500*ms+1).breaks(t, Recovers, 2500*ms)
	lapsed := func() *story { return begin(small(), 1).elects(0, 1) }
	lapsed().at(2940 * ms).lawful(t)
	lapsed().at(2940*ms+1).breaks(t, Recovers, 2940*ms)
}

func TestNothingIsOwedWhileNobodyCanLead(t *testing.T) {
	begin(small(), 0).at(20 * ttl).lawful(t)
	begin(small(), 1).reach(0, 1<<core.Redis).at(20 * ttl).lawful(t)
	begin(small(), 1).node(history.NodePaused, 0).at(20 * ttl).lawful(t)
	begin(small(), 1).fault(history.NodeFault, 0).at(20 * ttl).lawful(t)
	cfg := small()
	cfg.Ineligible = []bool{true}
	begin(cfg, 1).at(20 * ttl).lawful(t)
	begin(cfg, 2).at(20*ttl).breaks(t, Recovers, 2*ttl)
}

func TestDisturbancesStopTheClockAndItBeginsAnew(t *testing.T) {
	for fault := range history.Fault(history.Faults) {
		from := 4 * ttl
		switch fault {
		case history.BrokerFault, history.ControlFault:
			from = 0 // nobody needs a broker to be elected
		case history.NodeFault, history.ClockJump:
			from = ttl // its beginning alone counts: the node may stay down
		case history.ClockFault:
			from += ttl + 10*ms // a lease may have been lengthened
		default:
		}
		s := begin(small(), 2).at(ttl).fault(fault, 1).at(4 * ttl)
		if from >= 4*ttl {
			s.lawful(t)
		}
		if fault != history.NodeFault && fault != history.ClockJump {
			s.healed(fault, 1)
		}
		s.at(20*ttl).breaks(t, Recovers, from+2*ttl)
	}
}

func TestACrashBeginsTheClockAnewAndDoesNotStopIt(t *testing.T) {
	s := begin(small(), 2).at(1900*ms).node(history.NodeDown, 0)
	s.at(3900*ms).lawful(t).after(1).breaks(t, Recovers, 3900*ms)
}

func TestANodeThatSawTheLedgerGoBackMayNotLead(t *testing.T) {
	barred := func() *story {
		s := begin(small(), 1).fault(history.PostgresLoss, history.None)
		s.healed(history.PostgresLoss, history.None)
		return s.says(0, event.AuthorityRegressed, 0, 0)
	}
	barred().at(20 * ttl).lawful(t)
	accepted := barred().at(20*ttl).node(history.AuthorityAccepted, history.None)
	accepted.at(22*ttl).lawful(t).after(1).breaks(t, Recovers, 22*ttl)
}

func TestANodeThatKnowsMoreThanWasAcceptedMayNotLead(t *testing.T) {
	again := func(accepted, known core.Epoch) *story {
		s := begin(small(), 1).fault(history.PostgresLoss, history.None)
		s.healed(history.PostgresLoss, history.None)
		s.tell(history.Record{Kind: history.AuthorityAccepted, Node: history.None, Epoch: accepted})
		return s.tell(history.Record{
			Kind: history.Announced, Event: event.AuthorityRegressed, Node: 0, Epoch: known,
		})
	}
	again(3, 4).at(20 * ttl).lawful(t)
	again(0, 1).at(20 * ttl).lawful(t)
	again(3, 3).at(20*ttl).breaks(t, Recovers, 2*ttl)
}

func TestANodeThatBarsItselfWithoutALossIsNoExcuse(t *testing.T) {
	begin(small(), 1).says(0, event.AuthorityRegressed, 0, 0).at(3*ttl).breaks(t, Recovers, 2*ttl)
}

// led is a cluster that is led all the time, for twenty ttl.
func led(tell func(*story)) *story {
	s := begin(small(), 1).elects(0, 1)
	for range 66 {
		s.leads(0, 1, 300*ms)
		tell(s)
	}
	return s
}

// when tells something once, at the first look at or after that moment.
func when(at int64, what func(*story)) func(*story) {
	told := false
	return func(s *story) {
		if s.now >= at && !told {
			told = true
			what(s)
		}
	}
}

func all(tells ...func(*story)) func(*story) {
	return func(s *story) {
		for _, tell := range tells {
			tell(s)
		}
	}
}

func stores(signal core.SignalID) func(*story) {
	return func(s *story) { s.signal(history.Stored, signal) }
}

func sets(signal core.SignalID, state core.SignalState) func(*story) {
	return func(s *story) { s.state(signal, state) }
}

func TestASignalThatStaysOpenIsBroken(t *testing.T) {
	v := led(when(3*ttl, stores(1))).breaks(t, Recovers, 8*ttl)
	if v.Signal != 1 {
		t.Errorf("signal %d is named", v.Signal)
	}
	for _, state := range []core.SignalState{core.Received, core.Submitting, core.Submitted} {
		led(all(when(3*ttl, stores(1)), when(6*ttl, sets(1, state)))).breaks(t, Recovers, 8*ttl)
	}
}

func TestASignalThatEndsOrIsInDoubtOrHeldIsLawful(t *testing.T) {
	for _, state := range []core.SignalState{
		core.Rejected, core.Cancelled, core.Expired, core.InDoubt, core.Held,
	} {
		led(all(when(3*ttl, stores(1)), when(7*ttl, sets(1, state)))).lawful(t).marked(t, SignalMet, 1)
	}
}

func TestASignalThatIsReopenedHasItsTimeAgain(t *testing.T) {
	led(all(
		when(3*ttl, stores(1)), when(6*ttl, sets(1, core.InDoubt)), when(7200*ms, sets(1, core.Received)),
	)).breaks(t, Recovers, 12200*ms)
}

func TestASignalThatGoesRoundInCirclesIsBroken(t *testing.T) {
	circle := func(s *story) {
		if s.now > 3*ttl {
			s.state(1, core.Submitting).state(1, core.Received)
		}
	}
	led(all(when(3*ttl, stores(1)), circle)).breaks(t, Recovers, 8*ttl)
}

func TestTheOldestOfManyIsOverdueFirst(t *testing.T) {
	v := led(all(
		when(3*ttl, stores(1)), when(3300*ms, stores(2)), when(3600*ms, stores(3)),
		when(4200*ms, sets(1, core.Expired)), when(4500*ms, stores(4)), when(5*ttl, sets(3, core.Expired)),
	)).breaks(t, Recovers, 8300*ms)
	if v.Signal != 2 {
		t.Errorf("signal %d is named; 2 is overdue first", v.Signal)
	}
}

func TestAReceivedSignalMayWaitWhileExecutionIsPaused(t *testing.T) {
	control := func(at int64, mode core.Control) func(*story) {
		return when(at, func(s *story) {
			s.tell(history.Record{Kind: history.ControlSet, Node: history.None, Control: mode})
		})
	}
	pauses := func() func(*story) { return control(2*ttl, core.Pause) }
	led(all(pauses(), when(3*ttl, stores(1)))).lawful(t)
	led(all(pauses(), when(3*ttl, stores(1)), control(12*ttl, core.Run))).breaks(t, Recovers, 17*ttl)
	led(all(when(1500*ms, stores(1)), when(1800*ms, sets(1, core.Submitting)), pauses())).
		breaks(t, Recovers, 6500*ms)
	led(all(
		pauses(), when(3*ttl, stores(1)), when(9*ttl, stores(2)), when(9300*ms, sets(2, core.Submitting)),
	)).breaks(t, Recovers, 14300*ms)
}

func TestABrokerThatMisbehavesStopsTheSignalsClock(t *testing.T) {
	ails := func() func(*story) {
		return when(3300*ms, func(s *story) { s.fault(history.BrokerFault, history.None) })
	}
	heals := when(9*ttl, func(s *story) { s.healed(history.BrokerFault, history.None) })
	led(all(when(3*ttl, stores(1)), ails())).lawful(t)
	led(all(when(3*ttl, stores(1)), ails(), heals)).breaks(t, Recovers, 14*ttl)
}

func TestASignalWhoseRowIsGoneOwesNothing(t *testing.T) {
	led(all(
		when(3*ttl, stores(1)), when(4*ttl+200*ms, func(s *story) { s.signal(history.Missing, 1) }),
	)).lawful(t)
}

func TestAJumpOfAClockRaisesNoDeadNode(t *testing.T) {
	begin(small(), 0).fault(history.ClockJump, 0).at(20 * ttl).lawful(t)
}

func TestAHandoverWithoutAGapIsNoRecovery(t *testing.T) {
	s := begin(small(), 2).elects(0, 1).at(900*ms).node(history.BeliefEnded, 0).resigns(0, 1)
	s.loses(0, core.Release).elects(1, 2).lawful(t).marked(t, LeaderMet, 1)
	s.after(100*ms).node(history.BeliefEnded, 1).resigns(1, 2).loses(1, core.Release)
	s.after(ttl).elects(0, 3).lawful(t).marked(t, LeaderMet, 2)
}

func TestAnElectionThatNobodyOwedIsNoRecovery(t *testing.T) {
	s := begin(small(), 2).fault(history.LinkFault, 1).at(ttl).elects(0, 1)
	s.lawful(t).marked(t, LeaderMet, 0)
}

func TestAnOpenSignalIsJudgedAsSoonAsItIsDue(t *testing.T) {
	s := begin(small(), 1).elects(0, 1).signal(history.Stored, 1).leads(0, 1, 5*ttl).lawful(t)
	if s.after(1); !s.suite.Broken() {
		t.Error("not judged a nanosecond after the deadline")
	}
	s.breaks(t, Recovers, 5*ttl)
}

func TestTheObserversStallIsAddedToWhatRecoveryOwes(t *testing.T) {
	cfg := small()
	cfg.HarnessStall = 100 * time.Millisecond
	begin(cfg, 1).at(2100*ms).lawful(t).after(1).breaks(t, Recovers, 2100*ms)
	s := begin(cfg, 1).elects(0, 1).signal(history.Stored, 1).leads(0, 1, 5100*ms).lawful(t)
	s.after(1).breaks(t, Recovers, 5100*ms)
}
