package check

import (
	"testing"

	"fencepost/core"
	"fencepost/core/event"
	"fencepost/core/history"
)

// leaving tells of a leader that is asked to stop after three renewals. Its
// tenure is closed at 900 ms; what becomes of its lease is the story's.
func leaving() *story {
	return begin(small(), 2).elects(0, 1).leads(0, 1, 900*ms).
		node(history.BeliefEnded, 0).resigns(0, 1)
}

func TestALeaseThatOutlivesItsDrainIsBroken(t *testing.T) {
	leaving().drained(0).after(200 * ms).lawful(t)
	v := leaving().drained(0).after(200*ms+1).breaks(t, LeaseReleased, 1100*ms)
	if v.Node != 0 {
		t.Errorf("node %d is named", v.Node)
	}
}

func TestALeaseThatIsReleasedIsLawful(t *testing.T) {
	leaving().loses(0, core.Release).drained(0).after(ttl).lawful(t).marked(t, ReleaseJudged, 1)
	leaving().drained(0).after(200*ms).loses(0, core.Release).after(ttl).lawful(t)
}

func TestALeaseThatHasRunOutIsNotHeld(t *testing.T) {
	begin(small(), 1).elects(0, 1).node(history.BeliefEnded, 0).resigns(0, 1).
		at(800 * ms).drained(0).at(1100 * ms).lawful(t)
}

func TestAnothersLeaseIsNotTheDrainersDebt(t *testing.T) {
	leaving().loses(0, core.Release).drained(0).after(50*ms).acquires(1).opens(1, 2).
		believes(1, 2, s2(950*ms)).after(500 * ms).lawful(t)
}

func TestAYoungerAcquisitionIsNotTheDrainersDebt(t *testing.T) {
	leaving().loses(0, core.Release).drained(0).after(50*ms).acquires(0).opens(0, 2).
		believes(0, 2, s2(950*ms)).after(500 * ms).lawful(t)
}

func TestADelayedAcquisitionThatRevivesADrainedLeaseIsExcused(t *testing.T) {
	leaving().loses(0, core.Release).drained(0).after(100*ms).renews(0).after(200*ms).
		excused(t, LeaseReleased, 1)
	leaving().loses(0, core.NoOp).drained(0).after(100*ms).renews(0).after(200*ms).
		breaks(t, LeaseReleased, 1100*ms)
}

func TestAStoreThatDoesNotAnswerExcusesALeaseThatStands(t *testing.T) {
	for fault := range history.Fault(history.Faults) {
		s := leaving().fault(fault, history.None).drained(0).after(100 * ms)
		s.healed(fault, history.None).after(150 * ms)
		switch fault {
		case history.RedisFault, history.RedisDataLoss, history.PostgresFault, history.PostgresLoss,
			history.LinkFault:
			s.excused(t, LeaseReleased, 1)
		default:
			s.breaks(t, LeaseReleased, 1100*ms)
		}
	}
}

func TestAFaultExcusesFromTheLastTwoCallsToTheDeadline(t *testing.T) {
	around := func(began, ended int64) *story {
		s := begin(small(), 2).elects(0, 1)
		s.at(began).fault(history.LinkFault, 0).at(ended).healed(history.LinkFault, 0)
		s.at(700*ms).renews(0).node(history.BeliefEnded, 0).resigns(0, 1).drained(0)
		return s.at(900*ms + 1)
	}
	around(100*ms, 200*ms).excused(t, LeaseReleased, 1)
	around(100*ms, 200*ms-1).breaks(t, LeaseReleased, 900*ms)
	late := leaving().drained(0).after(200*ms).fault(history.LinkFault, 0).after(1)
	late.excused(t, LeaseReleased, 1)
	leaving().drained(0).after(200*ms+1).fault(history.LinkFault, 0).breaks(t, LeaseReleased, 1100*ms)
}

func TestAnothersLinkExcusesNothing(t *testing.T) {
	leaving().fault(history.LinkFault, 1).drained(0).after(300*ms).breaks(t, LeaseReleased, 1100*ms)
}

// sending tells of a leader with one order in flight and trust up to 940 ms.
func sending() *story {
	s := begin(small(), 2).elects(0, 1).at(100*ms).signal(history.Stored, 7)
	s.permits(0, 1, 7, 1).state(7, core.Submitting)
	return s.says(0, event.GatePassed, 1, 7).at(200*ms).
		says(0, event.LeaderSteppedDown, 1, 0).node(history.BeliefEnded, 0)
}

func TestALeaseThatIsReleasedUnderASendIsBroken(t *testing.T) {
	v := sending().loses(0, core.Release).breaks(t, DrainBeforeRelease, 200*ms)
	if v.Node != 0 || v.Signal != 7 || v.Epoch != 1 {
		t.Errorf("node %d, signal %d, epoch %d are named", v.Node, v.Signal, v.Epoch)
	}
	sending().says(0, event.LeaseReleased, 1, 0).breaks(t, DrainBeforeRelease, 200*ms)
}

func TestATenureThatIsClosedUnderASendIsBroken(t *testing.T) {
	sending().resigns(0, 1).breaks(t, DrainBeforeRelease, 200*ms)
}

func TestAReleaseAfterTheSendHasEndedIsLawful(t *testing.T) {
	ends := map[string]func(*story){
		"acknowledged": func(s *story) { s.says(0, event.OrderAcked, 1, 7) },
		"ambiguous":    func(s *story) { s.says(0, event.OrderAmbiguous, 1, 7) },
		"in doubt":     func(s *story) { s.state(7, core.InDoubt) },
		"void": func(s *story) {
			s.tell(history.Record{Kind: history.Voided, Node: history.None, Signal: 7, Attempt: 1})
		},
	}
	for how, end := range ends {
		s := sending()
		end(s.at(300 * ms))
		s.resigns(0, 1).loses(0, core.Release).drained(0)
		if v, broken := s.suite.Violation(); broken {
			t.Errorf("%s: %v", how, v)
		}
		s.marked(t, DrainJudged, 2).marked(t, DrainWaited, 1)
	}
}

func TestAnAnswerToAnotherSendEndsNothing(t *testing.T) {
	sending().says(0, event.OrderAcked, 1, 8).says(1, event.OrderAcked, 1, 7).
		loses(0, core.Release).breaks(t, DrainBeforeRelease, 200*ms)
}

func TestAReleaseAfterTrustRanOutIsLawful(t *testing.T) {
	last := 930 * ms // the clock may run faster by ρ than when trust was told
	sending().at(last).resigns(0, 1).loses(0, core.Release).lawful(t)
	sending().at(last-1).resigns(0, 1).breaks(t, DrainBeforeRelease, last-1)
}

func TestAClosingAfterTheLeaseWasLostIsLawful(t *testing.T) {
	sending().loses(0, core.NoOp).resigns(0, 1).lawful(t)
	sending().loses(0, core.Evict).resigns(0, 1).lawful(t)
}

func TestACandidatesLeaseIsNotTheEarlierTenures(t *testing.T) {
	sending().loses(0, core.NoOp).at(600*ms).acquires(0).after(50*ms).loses(0, core.Release).
		says(0, event.LeaseReleased, 0, 0).lawful(t)
}

func TestADrainerThatIsToldThatItsLeaseIsGoneMayClose(t *testing.T) {
	sending().says(0, event.LeaseLost, 1, 0).resigns(0, 1).lawful(t)
	sending().says(0, event.AuthorityRegressed, 1, 0).resigns(0, 1).lawful(t)
	sending().says(1, event.LeaseLost, 1, 0).resigns(0, 1).breaks(t, DrainBeforeRelease, 200*ms)
}

func TestANodeWhoseClocksPartedHasNoTrustToWaitFor(t *testing.T) {
	tell := func(why core.Reason) *story {
		return sending().at(300*ms).tell(history.Record{
			Kind: history.Announced, Event: event.ClockDrift, Node: 0, Subject: 0, Epoch: 1, Reason: why,
		}).resigns(0, 1).loses(0, core.Release)
	}
	tell(core.ClockGap).lawful(t)
	tell(core.NoReason).breaks(t, DrainBeforeRelease, 300*ms)
}

func TestAClockFaultExcusesAnEarlyRelease(t *testing.T) {
	sending().fault(history.ClockFault, 0).resigns(0, 1).excused(t, DrainBeforeRelease, 1)
	sending().fault(history.RedisFault, 0).resigns(0, 1).breaks(t, DrainBeforeRelease, 200*ms)
}

func TestATenureOfKindPGIsItsOwnLease(t *testing.T) {
	tell := func(closed int64) *story {
		s := begin(small(), 1)
		s.tell(history.Record{Kind: history.TenureOpened, Node: 0, Epoch: 1, Seq: 1, Tenure: core.TenurePG})
		s.believes(0, 1, 940*ms).permits(0, 1, 7, 1).says(0, event.GatePassed, 1, 7)
		return s.at(closed).node(history.BeliefEnded, 0).resigns(0, 1)
	}
	tell(940 * ms).lawful(t)
	tell(200*ms).breaks(t, DrainBeforeRelease, 200*ms)
}

func TestAFaultOfAStoreThatEndedWithTheLastTwoCallsExcuses(t *testing.T) {
	around := func(ended int64) *story {
		s := begin(small(), 2).elects(0, 1).fault(history.RedisFault, history.None)
		s.at(ended).healed(history.RedisFault, history.None)
		s.at(700*ms).renews(0).node(history.BeliefEnded, 0).resigns(0, 1).drained(0)
		return s.at(900*ms + 1)
	}
	around(200*ms).excused(t, LeaseReleased, 1)
	around(200*ms-1).breaks(t, LeaseReleased, 900*ms)
}

func TestADisturbanceWhileTheDebtIsOpenExcusesItIfItIsOfAStoreOrTheLink(t *testing.T) {
	during := func(fault history.Fault, node int16) *story {
		return leaving().drained(0).after(100*ms).fault(fault, node).after(150 * ms)
	}
	during(history.PostgresFault, history.None).excused(t, LeaseReleased, 1)
	during(history.LinkFault, history.None).excused(t, LeaseReleased, 1)
	during(history.LinkFault, 0).excused(t, LeaseReleased, 1)
	during(history.LinkFault, 1).breaks(t, LeaseReleased, 1100*ms)
	during(history.BrokerFault, history.None).breaks(t, LeaseReleased, 1100*ms)
}

func TestALinkThatIsCutAllTheTimeExcuses(t *testing.T) {
	begin(small(), 2).elects(0, 1).fault(history.LinkFault, 0).leads(0, 1, 900*ms).
		node(history.BeliefEnded, 0).resigns(0, 1).drained(0).after(250*ms).excused(t, LeaseReleased, 1)
}

func TestTwoDebtsAreBothJudged(t *testing.T) {
	s := leaving().loses(0, core.Release).drained(0).after(50 * ms)
	s.elects(1, 2).after(50*ms).node(history.BeliefEnded, 1).resigns(1, 2).drained(1)
	s.at(1200 * ms).lawful(t).after(1)
	if s.suite.Broken() != true {
		t.Error("the second debt is not judged when it falls due")
	}
	s.breaks(t, LeaseReleased, 1200*ms)
}

func TestWhatIsNoClosingMayHappenUnderASend(t *testing.T) {
	sending().beats(0, 1).lawful(t).marked(t, DrainJudged, 0)
}

func TestASupersededNodeMayReleaseUnderASend(t *testing.T) {
	taken := func() *story { return sending().closes(0, 1, core.Superseded).opens(1, 2) }
	taken().loses(0, core.Release).lawful(t)
	taken().says(0, event.LeaseReleased, 1, 0).lawful(t)
}

func TestASendThatTheGateRefusedIsNotInFlight(t *testing.T) {
	refused := func(by core.Party) *story {
		return sending().tell(history.Record{
			Kind: history.Announced, Event: event.PermitRefused, By: by, Node: 0, Signal: 7, Attempt: 1,
		}).resigns(0, 1)
	}
	refused(core.Gate).lawful(t)
	refused(core.StoreParty).breaks(t, DrainBeforeRelease, 200*ms)
}
