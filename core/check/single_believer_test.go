package check

import (
	"testing"
	"time"

	"fencepost/core/event"
	"fencepost/core/history"
)

func TestTwoBelieversAtOnceAreBroken(t *testing.T) {
	begin(small(), 3).believes(0, 1, 900*ms).at(899*ms).believes(1, 2, 2*ttl).at(ttl).
		breaks(t, SingleBeliever, 899*ms)
}

func TestBeliefThatBeginsWhereTheOtherEndsIsLawful(t *testing.T) {
	begin(small(), 3).believes(0, 1, 900*ms).at(900*ms).believes(1, 2, 2*ttl).at(ttl).lawful(t).
		marked(t, BeliefJudged, 2).marked(t, BeliefHandedOver, 1)
}

func TestAnOverlapOfOneNanosecondIsBroken(t *testing.T) {
	begin(small(), 3).believes(0, 1, 900*ms+1).at(900*ms).believes(1, 2, 2*ttl).at(ttl).
		breaks(t, SingleBeliever, 900*ms)
}

func TestWithinOneInstantBeliefMayChangeHandsInAnyOrder(t *testing.T) {
	begin(small(), 3).believes(0, 1, 900*ms).at(100*ms).believes(1, 2, ttl).node(history.BeliefEnded, 0).
		at(ttl).lawful(t)
}

func TestAPausedNodeBelievesOn(t *testing.T) {
	begin(small(), 3).believes(0, 1, 900*ms).node(history.NodePaused, 0).at(500*ms).believes(1, 2, 2*ttl).
		at(ttl).breaks(t, SingleBeliever, 500*ms)
}

func TestADeadNodeBelievesNoMore(t *testing.T) {
	begin(small(), 3).believes(0, 1, 900*ms).at(400*ms).node(history.NodeDown, 0).
		at(500*ms).believes(1, 2, 2*ttl).at(ttl).lawful(t)
}

func TestBeliefThatIsProlongedIntoAnotherIsBroken(t *testing.T) {
	begin(small(), 3).believes(0, 1, 500*ms).at(500*ms).believes(1, 2, 2*ttl).
		at(600*ms).believes(0, 1, ttl).at(ttl).breaks(t, SingleBeliever, 600*ms)
}

func TestAThirdBelieverIsSeenBesideTheSecond(t *testing.T) {
	s := begin(small(), 3).believes(0, 1, 300*ms).believes(1, 2, 300*ms)
	s.node(history.BeliefEnded, 0).at(100 * ms).lawful(t)
	s.believes(2, 3, 400*ms).node(history.BeliefEnded, 2).at(200 * ms).lawful(t)
	s.believes(2, 3, 400*ms).at(250*ms).breaks(t, SingleBeliever, 200*ms)
}

func TestOnlyFaultsOfClocksAndLostWritesExcuseTwoBelievers(t *testing.T) {
	for fault := range history.Fault(history.Faults) {
		s := begin(small(), 3).fault(fault, history.None).believes(0, 1, 900*ms).
			at(500*ms).believes(1, 2, 2*ttl).at(ttl)
		switch fault {
		case history.ClockFault, history.RedisDataLoss, history.PostgresLoss:
			s.excused(t, SingleBeliever, 1)
		default:
			s.breaks(t, SingleBeliever, 500*ms)
		}
	}
}

func TestAnOverlapIsExcusedUntilATtlAfterTheFault(t *testing.T) {
	tell := func(at int64) *story {
		s := begin(small(), 3).fault(history.RedisDataLoss, history.None).at(ttl)
		return s.healed(history.RedisDataLoss, history.None).believes(0, 1, 9*ttl).
			at(at).believes(1, 2, at+200*ms).at(at+50*ms).node(history.BeliefEnded, 1).at(at + ttl)
	}
	last := 2*ttl + 10*ms
	tell(last-100*ms).excused(t, SingleBeliever, 1)
	tell(last+1).breaks(t, SingleBeliever, last+1)
}

func TestAnOverlapThatOutlastsItsExcuseIsBroken(t *testing.T) {
	s := begin(small(), 3).believes(0, 1, 9*ttl).fault(history.ClockFault, 0).believes(1, 2, 9*ttl)
	s.at(4*ttl).lawful(t).healed(history.ClockFault, 0)
	s.at(5*ttl+10*ms).excused(t, SingleBeliever, 1)
	s.at(5*ttl+20*ms).breaks(t, SingleBeliever, 5*ttl+10*ms+1)
}

func TestAnOverlapUpToTheObserversStallIsNotSeen(t *testing.T) {
	cfg := small()
	cfg.HarnessStall = 100 * time.Millisecond
	begin(cfg, 3).believes(0, 1, 600*ms).at(500*ms).believes(1, 2, 2*ttl).at(ttl).lawful(t)
	begin(cfg, 3).believes(0, 1, 600*ms+1).at(500*ms).believes(1, 2, 2*ttl).at(ttl).
		breaks(t, SingleBeliever, 500*ms)
}

func TestADeedWithoutBeliefBesideABelieverIsBroken(t *testing.T) {
	for _, deed := range []event.Event{event.GatePassed, event.PermitRequested} {
		begin(small(), 3).believes(0, 1, 500*ms).at(600*ms).believes(1, 2, 2*ttl).
			at(ttl).says(0, deed, 1, 7).breaks(t, SingleBeliever, ttl)
	}
}

func TestADeedInTheInstantOfAHandoverIsLawful(t *testing.T) {
	begin(small(), 3).believes(0, 1, 500*ms).at(500*ms).believes(1, 2, 2*ttl).
		says(0, event.GatePassed, 1, 7).at(600 * ms).lawful(t)
	begin(small(), 3).believes(0, 1, 500*ms).at(600*ms).believes(1, 2, 2*ttl).
		says(0, event.GatePassed, 1, 7).at(700 * ms).lawful(t)
}

func TestADeedWithoutBeliefIsLawfulWhileNobodyElseBelieves(t *testing.T) {
	begin(small(), 3).believes(0, 1, 500*ms).at(600*ms).says(0, event.GatePassed, 1, 7).lawful(t)
}

func TestBeliefThatKnowsNoDeadlineIsJudgedLikeAnyOther(t *testing.T) {
	s := begin(small(), 3).believes(0, 1, never).at(20*ttl).lawful(t).node(history.NodePaused, 0)
	s.at(21*ttl).believes(1, 2, 22*ttl).at(21*ttl+1).breaks(t, SingleBeliever, 21*ttl)
}

func TestBothBelieversAreNamed(t *testing.T) {
	v := begin(small(), 3).believes(1, 4, ttl).at(500*ms).believes(2, 5, 2*ttl).at(600*ms).
		breaks(t, SingleBeliever, 500*ms)
	if v.Node != 1 || v.Epoch != 4 || v.Detail != "n2 (epoch 4) and n3 (epoch 5) believe at once" {
		t.Errorf("node %d, epoch %d: %s", v.Node, v.Epoch, v.Detail)
	}
}

func TestAnExcusedOverlapIsCountedOnce(t *testing.T) {
	s := begin(small(), 3).believes(0, 1, 9*ttl).fault(history.ClockFault, 0).believes(1, 2, 9*ttl)
	s.at(ttl).healed(history.ClockFault, 0).fault(history.ClockFault, 0)
	s.at(2*ttl).healed(history.ClockFault, 0).at(2500*ms).node(history.BeliefEnded, 1)
	s.at(5*ttl).excused(t, SingleBeliever, 1)
}

func TestTwoOthersOverlapWhileTheLastToSpeakDoesNot(t *testing.T) {
	cfg := small()
	cfg.Nodes = 4
	s := begin(cfg, 4).believes(0, 1, 300*ms).believes(1, 2, 500*ms).believes(2, 3, 200*ms)
	s.believes(3, 4, 100*ms).node(history.BeliefEnded, 3)
	s.node(history.BeliefEnded, 0).node(history.BeliefEnded, 1)
	s.at(100 * ms).lawful(t)
	s.believes(1, 2, 500*ms).node(history.BeliefEnded, 2).believes(3, 4, 100*ms).at(150 * ms).lawful(t)
	s.believes(0, 1, 300*ms).believes(2, 3, 140*ms).node(history.BeliefEnded, 2)
	s.at(200*ms).breaks(t, SingleBeliever, 150*ms)
}
