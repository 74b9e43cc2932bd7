package check

import (
	"testing"
	"time"

	"fencepost/core"
	"fencepost/core/history"
)

// stuck is a cluster in which n1 leads epoch 1 from the start and n2 is a
// healthy peer; n3 is down. The story is told to the given moment.
func stuck(at int64) *story { return begin(small(), 2).elects(0, 1).at(at) }

func TestALapsedLeaseThatNoPeerNoticesIsBroken(t *testing.T) {
	stuck(1500 * ms).lawful(t)
	v := stuck(1500*ms+1).breaks(t, StaleLeaderDetected, 1500*ms)
	if v.Node != 0 || v.Epoch != 1 {
		t.Errorf("node %d, epoch %d are named", v.Node, v.Epoch)
	}
}

func TestAPeersReportInTimeIsLawful(t *testing.T) {
	stuck(1500*ms).reports(core.Peer, 1, 0, 1).at(1900*ms).lawful(t).marked(t, StaleReported, 1)
}

func TestAReportOfAnotherEpochIsNone(t *testing.T) {
	stuck(1400*ms).reports(core.Peer, 1, 0, 2).at(1900*ms).breaks(t, StaleLeaderDetected, 1500*ms)
}

func TestTheStaleLeadersOwnReportIsNoPeers(t *testing.T) {
	stuck(1400*ms).reports(core.Self, 0, 0, 1).at(1900*ms).breaks(t, StaleLeaderDetected, 1500*ms)
}

func TestASuccessionInTimeIsLawful(t *testing.T) {
	s := stuck(1400*ms).acquires(1).closes(0, 1, core.Superseded).opens(1, 2).believes(1, 2, s2(1400*ms))
	s.at(2*ttl).lawful(t).marked(t, StaleOwed, 1)
}

// s2 is until when a node that was elected at that time believes.
func s2(at int64) int64 { return at + 940*ms }

func TestARenewalBeginsTheClockAnew(t *testing.T) {
	stuck(600*ms).renews(0).beats(0, 1).believes(0, 1, s2(600*ms)).at(2100 * ms).lawful(t)
	stuck(600*ms).renews(0).beats(0, 1).believes(0, 1, s2(600*ms)).at(2100*ms+1).
		breaks(t, StaleLeaderDetected, 2100*ms)
}

func TestAnotherTokenOfTheSameNodeIsNoRenewal(t *testing.T) {
	s := stuck(1100*ms).acquires(0).after(ms).loses(0, core.Release)
	s.at(1100*ms + ms + 1500*ms).lawful(t)
	s.after(1).breaks(t, StaleLeaderDetected, 2601*ms)
}

func TestACandidatesTokenStopsTheClockAsLongAsItStands(t *testing.T) {
	released := stuck(1100*ms).acquires(1).at(1300*ms).loses(1, core.Release)
	released.at(2800 * ms).lawful(t)
	released.after(1).breaks(t, StaleLeaderDetected, 2800*ms)
}

func TestACandidatesTokenThatExpiresUnseenStopsTheClockNoLonger(t *testing.T) {
	cfg := small()
	cfg.StaleAfter = 30 * time.Second
	tell := func(at int64) *story {
		s := begin(cfg, 2).elects(0, 1).at(1100 * ms).acquires(1)
		s.fault(history.LinkFault, 2) // keeps recovers out of this
		return s.at(at)
	}
	tell(3600 * ms).lawful(t)
	tell(3600*ms+1).breaks(t, StaleLeaderDetected, 3600*ms)
}

func TestALeaseThatWasLengthenedStandsForLonger(t *testing.T) {
	cfg := small()
	cfg.StaleAfter = 30 * time.Second
	tell := func(at int64) *story {
		s := begin(cfg, 2).elects(0, 1).at(500 * ms)
		s.tell(history.Record{Kind: history.LeaseSet, Node: 0, Token: s.token(0), Until: 4 * ttl})
		s.fault(history.LinkFault, 2) // keeps recovers out of this
		return s.at(at)
	}
	tell(4500 * ms).lawful(t)
	tell(4500*ms+1).breaks(t, StaleLeaderDetected, 4500*ms)
}

func TestWithoutAHealthyPeerNothingIsOwed(t *testing.T) {
	unable := map[string]func(*story){
		"down":             func(s *story) { s.node(history.NodeDown, 1) },
		"paused":           func(s *story) { s.node(history.NodePaused, 1) },
		"without Redis":    func(s *story) { s.reach(1, 1<<core.Postgres|1<<core.Broker) },
		"without Postgres": func(s *story) { s.reach(1, 1<<core.Redis|1<<core.Broker) },
		"stopping":         func(s *story) { s.fault(history.NodeFault, 1) },
		"running askew":    func(s *story) { s.fault(history.ClockFault, 1) },
	}
	for how, befall := range unable {
		s := begin(small(), 2).elects(0, 1)
		befall(s)
		s.node(history.NodePaused, 0).at(4 * ttl)
		if v, broken := s.suite.Violation(); broken {
			t.Errorf("peer %s: %v", how, v)
		}
	}
}

func TestTheClockBeginsWhenAPeerBecomesHealthy(t *testing.T) {
	tell := func() *story {
		s := begin(small(), 2).elects(0, 1).node(history.NodePaused, 0).node(history.NodePaused, 1)
		return s.at(5*ttl).node(history.NodeResumed, 1)
	}
	tell().at(6500 * ms).lawful(t)
	tell().at(6500*ms+1).breaks(t, StaleLeaderDetected, 6500*ms)
}

func TestADisturbedStoreStopsTheClock(t *testing.T) {
	for _, fault := range []history.Fault{
		history.RedisFault, history.RedisDataLoss, history.PostgresFault,
	} {
		s := stuck(1400*ms).fault(fault, history.None).at(5*ttl).lawful(t).healed(fault, history.None)
		s.at(6500*ms).lawful(t).after(1).breaks(t, StaleLeaderDetected, 6500*ms)
	}
	for _, fault := range []history.Fault{history.BrokerFault, history.ControlFault} {
		stuck(1400*ms).fault(fault, history.None).at(5*ttl).breaks(t, StaleLeaderDetected, 1500*ms)
	}
}

// gray tells of a leader that renews its lease and beats no more.
func gray(until int64) *story {
	s := begin(small(), 2).elects(0, 1)
	for s.now+300*ms <= until {
		s.after(300*ms).renews(0).believes(0, 1, s2(s.now))
	}
	return s.at(until)
}

func TestAHeartbeatThatStandsStillUnnoticedIsBroken(t *testing.T) {
	gray(3500 * ms).lawful(t)
	gray(3500*ms+1).breaks(t, StaleLeaderDetected, 3500*ms)
}

func TestAReportOfAStandingHeartbeatIsLawful(t *testing.T) {
	gray(3100*ms).reports(core.Peer, 1, 0, 1).leads(0, 1, 2*ttl).lawful(t)
}

func TestHeartbeatsOfATenureOfKindPGRenewIt(t *testing.T) {
	s := begin(small(), 2)
	s.tell(history.Record{Kind: history.TenureOpened, Node: 0, Epoch: 1, Seq: 1, Tenure: core.TenurePG})
	for range 10 {
		s.after(300*ms).beats(0, 1).believes(0, 1, s2(s.now))
	}
	s.lawful(t)
	end := s.now
	s.at(end+1500*ms).lawful(t).after(1).breaks(t, StaleLeaderDetected, end+1500*ms)
}

// asleep tells of a leader that sleeps from the start until that moment, and
// wakes up when another leads. There is no peer that could be at fault.
func asleep(at int64) *story {
	s := begin(small(), 1).elects(0, 1).node(history.NodePaused, 0)
	s.at(1200*ms).closes(0, 1, core.Superseded).acquires(1).opens(1, 2).believes(1, 2, s2(1200*ms))
	return s.at(at).node(history.NodeResumed, 0)
}

func TestALeaderThatWakesAndNoticesNothingIsBroken(t *testing.T) {
	s := asleep(2500*ms).at(3*ttl).lawful(t).marked(t, WakingOwed, 1)
	v := s.after(1).breaks(t, StaleLeaderDetected, 3*ttl)
	if v.Node != 0 || v.Epoch != 1 {
		t.Errorf("node %d, epoch %d are named", v.Node, v.Epoch)
	}
}

func TestALeaderThatWakesAndNoticesIsLawful(t *testing.T) {
	notices := map[string]func(*story){
		"by itself":    func(s *story) { s.reports(core.Self, 0, 0, 1) },
		"by the store": func(s *story) { s.reports(core.StoreParty, history.None, 0, 1) },
		"in belief":    func(s *story) { s.node(history.BeliefEnded, 0) },
	}
	for how, notice := range notices {
		s := asleep(2500 * ms)
		notice(s)
		s.after(ttl)
		if v, broken := s.suite.Violation(); broken {
			t.Errorf("%s: %v", how, v)
		}
		s.marked(t, WakingNoticed, 1)
	}
}

func TestAPeersReportDoesNotWakeTheSleeper(t *testing.T) {
	asleep(2500*ms).reports(core.Peer, 1, 0, 1).after(ttl).breaks(t, StaleLeaderDetected, 3*ttl)
}

func TestALeaderThatFallsAsleepAgainOwesNothing(t *testing.T) {
	for _, end := range []history.Kind{history.NodePaused, history.NodeDown} {
		asleep(2500*ms).at(2900*ms).node(end, 0).after(ttl).lawful(t).marked(t, WakingNoticed, 0)
	}
}

func TestALeaderThatWakesInTimeOwesNothing(t *testing.T) {
	s := begin(small(), 1).elects(0, 1).node(history.NodePaused, 0).at(900*ms).node(history.NodeResumed, 0)
	s.after(1500*ms).lawful(t).marked(t, WakingOwed, 0)
}

func TestALeaderWhoseLeaseStandsStillOwesNothingOnWaking(t *testing.T) {
	s := begin(small(), 1).elects(0, 1).node(history.NodePaused, 0).at(950*ms).node(history.NodeResumed, 0)
	s.after(ttl).lawful(t).marked(t, WakingOwed, 0)
}

func TestTheObserversStallIsAddedToWhatIsOwed(t *testing.T) {
	cfg := small()
	cfg.HarnessStall = 100 * time.Millisecond
	tell := func(at int64) *story { return begin(cfg, 2).elects(0, 1).at(at) }
	tell(1600 * ms).lawful(t)
	tell(1600*ms+1).breaks(t, StaleLeaderDetected, 1600*ms)
}

func TestALeaderOfKindPGOwesNothingOnWakingWhileItsColumnStands(t *testing.T) {
	tell := func(woken int64) *story {
		s := begin(small(), 1)
		s.tell(history.Record{Kind: history.TenureOpened, Node: 0, Epoch: 1, Seq: 1, Tenure: core.TenurePG})
		s.believes(0, 1, 940*ms).node(history.NodePaused, 0)
		return s.at(woken).node(history.NodeResumed, 0)
	}
	tell(950*ms).lawful(t).marked(t, WakingOwed, 0)
	tell(ttl).marked(t, WakingOwed, 1).after(ttl).breaks(t, StaleLeaderDetected, 1500*ms)
}

func TestTheClockBeginsWithTheLeaseAndNotWithTheTenure(t *testing.T) {
	tell := func(at int64) *story {
		return begin(small(), 2).acquires(0).at(300*ms).opens(0, 1).believes(0, 1, 940*ms).at(at)
	}
	tell(1500 * ms).lawful(t)
	tell(1500*ms+1).breaks(t, StaleLeaderDetected, 1500*ms)
}

func TestAnothersLeaseBeforeATenureOfKindPGIsNotItsOwn(t *testing.T) {
	s := begin(small(), 2).acquires(1).at(300 * ms)
	s.tell(history.Record{
		Kind: history.TenureOpened, Node: 0, Epoch: 1, Seq: 1, Token: s.token(0), Tenure: core.TenurePG,
	})
	s.believes(0, 1, 940*ms).at(1800*ms).lawful(t).after(1).breaks(t, StaleLeaderDetected, 1800*ms)
}

func TestALeaderThatGetsItsLeaseBackIsJudgedByItAlone(t *testing.T) {
	s := stuck(100 * ms).acquires(1).after(100 * ms).renews(0)
	s.at(1700*ms).lawful(t).after(1).breaks(t, StaleLeaderDetected, 1700*ms)
}

func TestTheEndOfAnOlderLeaseDoesNotEndTheCandidates(t *testing.T) {
	s := stuck(1100*ms).acquires(1).after(100*ms).loses(0, core.NoOp)
	s.at(2800 * ms).lawful(t)
}

func TestAStepOfAStoresClockStopsTheClockForATtlMore(t *testing.T) {
	s := stuck(1400*ms).fault(history.ClockFault, history.None).at(5 * ttl).lawful(t)
	s.healed(history.ClockFault, history.None).at(7510 * ms).lawful(t)
	s.after(1).breaks(t, StaleLeaderDetected, 7510*ms)
}

func TestAJumpOfAPeersClockBeginsTheClockAnew(t *testing.T) {
	s := stuck(1400*ms).fault(history.ClockJump, 1).at(2900 * ms).lawful(t)
	s.after(1).breaks(t, StaleLeaderDetected, 2900*ms)
}

func TestAReportOfANodeThatOwedNoneIsNoNotice(t *testing.T) {
	stuck(500*ms).reports(core.Self, 0, 0, 1).lawful(t).marked(t, WakingNoticed, 0)
}
