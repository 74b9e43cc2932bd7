package check

import (
	"testing"

	"fencepost/core"
	"fencepost/core/history"
)

// permitAt is a permit with a place of its own choosing.
func (s *story) permitAt(epoch core.Epoch, seq uint64, signal core.SignalID) *story {
	return s.tell(history.Record{
		Kind: history.Permitted, Node: 0, Epoch: epoch, Seq: seq, Signal: signal, Attempt: 1,
	})
}

// openAt is a takeover with a place of its own choosing; the one before ends.
func (s *story) openAt(epoch core.Epoch, seq uint64) *story {
	if epoch > 1 {
		s.closes(0, epoch-1, core.Superseded)
	}
	s.taken[0] = s.now
	return s.tell(history.Record{Kind: history.TenureOpened, Node: 0, Epoch: epoch, Seq: seq})
}

func TestPermitOfAnOlderEpochAfterAYoungerBeganIsBroken(t *testing.T) {
	begin(small(), 1).at(ttl).openAt(1, 1).openAt(2, 5).permitAt(1, 6, 1).breaks(t, SingleExecutor, ttl)
}

func TestPermitOfAnOlderEpochBeforeAYoungerBeganIsLawful(t *testing.T) {
	begin(small(), 1).at(ttl).openAt(1, 1).permitAt(1, 4, 1).openAt(2, 5).permitAt(2, 6, 2).
		lawful(t).marked(t, PermitJudged, 2)
}

// closeAt is the end of a tenure with a place of its own choosing.
func (s *story) closeAt(epoch core.Epoch, seq uint64) *story {
	return s.tell(history.Record{
		Kind: history.TenureEnded, Node: 0, Epoch: epoch, Seq: seq, Reason: core.GracefulShutdown,
		Span: s.now - s.taken[0], Until: s.now - s.taken[0],
	})
}

func TestPermitAfterItsOwnTenureWasClosedIsBroken(t *testing.T) {
	begin(small(), 1).at(ttl).openAt(1, 1).closeAt(1, 5).permitAt(1, 6, 1).breaks(t, SingleExecutor, ttl)
	begin(small(), 1).at(ttl).openAt(1, 1).permitAt(1, 6, 1).closeAt(1, 5).breaks(t, SingleExecutor, ttl)
	begin(small(), 1).at(ttl).openAt(1, 1).permitAt(1, 4, 1).closeAt(1, 5).lawful(t)
	begin(small(), 1).at(ttl).openAt(1, 1).closeAt(1, 5).permitAt(1, 4, 1).lawful(t)
	lost := begin(small(), 1).at(ttl).openAt(1, 1).closeAt(1, 5)
	lost.fault(history.PostgresLoss, history.None).permitAt(1, 6, 1).lawful(t)
}

func TestThePlaceCountsAndNotTheTellingWhenPermitsAreToldLate(t *testing.T) {
	late := begin(small(), 1).openAt(1, 1).openAt(2, 5).openAt(3, 9)
	late.permitAt(1, 4, 1).permitAt(2, 8, 2).lawful(t)
	late.permitAt(2, 10, 3).breaks(t, SingleExecutor, 0)
}

func TestThePlaceCountsAndNotTheTellingWhenTakeoversAreToldLate(t *testing.T) {
	begin(small(), 1).openAt(1, 1).permitAt(1, 4, 1).openAt(2, 5).lawful(t)
	v := begin(small(), 1).openAt(1, 1).permitAt(1, 6, 1).openAt(2, 5).breaks(t, SingleExecutor, 0)
	if v.Epoch != 1 {
		t.Errorf("epoch %d is named, 1 granted too late", v.Epoch)
	}
}

func TestNoFaultExcusesASecondExecutor(t *testing.T) {
	for fault := range history.Fault(history.Faults) {
		if fault == history.PostgresLoss {
			continue // takes the younger takeover off the record; see below
		}
		begin(small(), 1).fault(fault, history.None).openAt(1, 1).openAt(2, 5).permitAt(1, 6, 1).
			breaks(t, SingleExecutor, 0)
	}
}

func TestTakeoversThatTheLedgerLostOrderNothing(t *testing.T) {
	s := begin(small(), 1).openAt(1, 1).openAt(2, 5).permitAt(2, 6, 1)
	s.fault(history.PostgresLoss, history.None).healed(history.PostgresLoss, history.None)
	s.permitAt(1, 4, 2).lawful(t)
	s.at(10*ttl).openAt(3, 5)
	s.suite.first, s.suite.broken = finding{}, false // the epoch is not what this is about
	s.permitAt(1, 6, 3).breaks(t, SingleExecutor, 10*ttl)
}

func TestSecondAttemptBesideALiveOneIsBroken(t *testing.T) {
	begin(small(), 1).opens(0, 1).permits(0, 1, 7, 1).at(ttl).permits(0, 1, 7, 2).
		breaks(t, SingleExecutor, ttl)
}

func TestSecondAttemptAfterAVoidOneIsLawful(t *testing.T) {
	s := begin(small(), 1).opens(0, 1).permits(0, 1, 7, 1)
	s.tell(history.Record{Kind: history.Voided, Node: history.None, Signal: 7, Attempt: 1})
	s.permits(0, 1, 7, 2).lawful(t).marked(t, AttemptRenewed, 1)
}

func TestVoidingAnotherAttemptFreesNothing(t *testing.T) {
	s := begin(small(), 1).opens(0, 1).permits(0, 1, 7, 2)
	s.tell(history.Record{Kind: history.Voided, Node: history.None, Signal: 7, Attempt: 1})
	s.permits(0, 1, 7, 3).breaks(t, SingleExecutor, 0)
}

func TestSendingTheSameAttemptAgainIsLawful(t *testing.T) {
	begin(small(), 1).opens(0, 1).permits(0, 1, 7, 1).permits(0, 1, 7, 1).lawful(t)
}

func TestAnEpochThatCannotBeIsNotJudged(t *testing.T) {
	s := begin(small(), 1)
	s.permitAt(maxEpochs, 1, 1)
	if s.suite.GaveUp() == "" {
		t.Error("an epoch beyond the bound is judged")
	}
}

func TestTheEndOfALossBeginsNoOtherHistory(t *testing.T) {
	s := begin(small(), 1).fault(history.PostgresLoss, history.None).openAt(1, 1).openAt(2, 5)
	s.healed(history.PostgresLoss, history.None).permitAt(1, 6, 1).breaks(t, SingleExecutor, 0)
}

func TestAPermitUnderTheEpochThatTheHistoryBeginsWithIsJudged(t *testing.T) {
	cfg := small()
	cfg.FirstEpoch = 4
	begin(cfg, 0).permitAt(4, 1, 1).lawful(t).openAt(5, 2).permitAt(4, 3, 2).breaks(t, SingleExecutor, 0)
}

func TestAPermitUnderAnOlderEpochThanTheLedgersIsBrokenAfterALossToo(t *testing.T) {
	permit := func(current core.Epoch) *story {
		s := begin(small(), 0).openAt(1, 1).openAt(2, 2).fault(history.PostgresLoss, history.None)
		s.healed(history.PostgresLoss, history.None).at(20 * ttl)
		return s.tell(history.Record{
			Kind: history.Permitted, Node: 0, Epoch: 1, Current: current, Seq: 9, Signal: 1, Attempt: 1,
		})
	}
	permit(1).lawful(t)
	permit(2).breaks(t, SingleExecutor, 20*ttl)
}
