package check

import (
	"testing"

	"fencepost/core"
	"fencepost/core/history"
)

// effect is one that the ledger took or refused.
func (s *story) effect(kind history.Kind, op core.Op, epoch, current core.Epoch, logged bool) *story {
	return s.tell(history.Record{Kind: kind, Node: 1, Op: op, Epoch: epoch, Current: current, Logged: logged})
}

func TestAnEffectOfASupersededEpochThatIsTakenIsBroken(t *testing.T) {
	for _, op := range []core.Op{core.Heartbeat, core.Resign, core.Permit} {
		begin(small(), 3).at(ttl).effect(history.EffectAccepted, op, 1, 2, false).
			breaks(t, NoStaleEffect, ttl)
	}
}

func TestAnEffectOfTheCurrentEpochIsLawful(t *testing.T) {
	begin(small(), 3).effect(history.EffectAccepted, core.Heartbeat, 2, 2, false).lawful(t).
		marked(t, EffectJudged, 1)
}

func TestARefusalThatLeavesNoRowIsBroken(t *testing.T) {
	begin(small(), 3).at(ttl).effect(history.EffectRefused, core.Heartbeat, 1, 2, false).
		breaks(t, NoStaleEffect, ttl)
}

func TestARefusalThatLeavesARowIsLawful(t *testing.T) {
	begin(small(), 3).effect(history.EffectRefused, core.Heartbeat, 1, 2, true).lawful(t).
		marked(t, StaleRefused, 1)
}

func TestARefusalUnderTheCurrentEpochNeedsNoRow(t *testing.T) {
	begin(small(), 3).effect(history.EffectRefused, core.Permit, 2, 2, false).lawful(t).
		marked(t, StaleRefused, 0)
}

func TestNoFaultExcusesAStaleEffect(t *testing.T) {
	for fault := range history.Fault(history.Faults) {
		s := begin(small(), 3).fault(fault, history.None)
		s.effect(history.EffectAccepted, core.Heartbeat, 1, 2, false).breaks(t, NoStaleEffect, 0)
	}
}

func TestAnEpochThatIsSkippedOrReusedIsBroken(t *testing.T) {
	first := func() *story { return begin(small(), 3).opens(0, 1).at(ttl).closes(0, 1, core.Superseded) }
	first().opens(1, 2).lawful(t).marked(t, TakeoverJudged, 2)
	first().opens(1, 3).breaks(t, EpochMonotonic, ttl)
	first().opens(1, 1).breaks(t, EpochMonotonic, ttl)
	begin(small(), 3).opens(0, 2).breaks(t, EpochMonotonic, 0)
}

func TestEpochsGoOnWhereTheLedgerStands(t *testing.T) {
	cfg := small()
	cfg.FirstEpoch = 41
	begin(cfg, 3).opens(0, 42).permits(0, 42, 1, 1).lawful(t)
	begin(cfg, 3).opens(0, 41).breaks(t, EpochMonotonic, 0)
}

func TestALedgerThatWentBackIsExcusedForAWhileAndNotForEver(t *testing.T) {
	tell := func(at int64) *story {
		s := begin(small(), 3).opens(0, 1).closes(0, 1, core.OperatorRequest)
		s.opens(0, 2).closes(0, 2, core.OperatorRequest)
		s.at(ttl).fault(history.PostgresLoss, history.None).healed(history.PostgresLoss, history.None)
		return s.at(at).opens(1, 2)
	}
	last := 2*ttl + 10*ms
	s := tell(last).excused(t, EpochMonotonic, 1)
	s.closes(1, 2, core.OperatorRequest).opens(1, 3).lawful(t)
	tell(last+1).breaks(t, EpochMonotonic, last+1)
}

func TestEpochsGoOnFromWhereAPersonHasAccepted(t *testing.T) {
	tell := func(accepted core.Epoch) *story {
		s := begin(small(), 0).opens(0, 1).closes(0, 1, core.OperatorRequest)
		s.opens(0, 2).closes(0, 2, core.OperatorRequest)
		s.at(ttl).fault(history.PostgresLoss, history.None).healed(history.PostgresLoss, history.None)
		s.at(9 * ttl).tell(history.Record{
			Kind: history.AuthorityAccepted, Node: history.None, Epoch: accepted,
		})
		return s.opens(1, 2)
	}
	tell(1).lawful(t)
	tell(2).breaks(t, EpochMonotonic, 9*ttl)
}

func TestATakeoverThatLeavesItsPredecessorOpenIsBroken(t *testing.T) {
	v := begin(small(), 3).opens(0, 1).at(ttl).opens(1, 2).at(2*ttl).breaks(t, HistoryComplete, ttl)
	if v.Epoch != 1 || v.Node != 0 {
		t.Errorf("epoch %d of node %d is named; epoch 1 of node 0 stayed open", v.Epoch, v.Node)
	}
}

func TestATakeoverMayCloseItsPredecessorInAnyOrderOfOneInstant(t *testing.T) {
	begin(small(), 3).opens(0, 1).at(ttl).closes(0, 1, core.Superseded).opens(1, 2).at(2 * ttl).lawful(t)
	begin(small(), 3).opens(0, 1).at(ttl).opens(1, 2).closes(0, 1, core.Superseded).at(2*ttl).lawful(t).
		marked(t, SuccessionJudged, 1).marked(t, ClosingJudged, 1)
}

func TestAProcessThatHasLedNeverLeadsUnderALowerEpoch(t *testing.T) {
	lost := func(again core.Epoch, between func(*story)) *story {
		s := begin(small(), 3).elects(0, 1).after(100*ms).resigns(0, 1)
		s.node(history.BeliefEnded, 0).elects(1, 2)
		s.after(100*ms).resigns(1, 2).node(history.BeliefEnded, 1)
		s.fault(history.PostgresLoss, history.None)
		between(s)
		return s.elects(1, again)
	}
	nothing := func(*story) {}
	lost(1, nothing).breaks(t, EpochMonotonic, 200*ms)
	lost(2, nothing).breaks(t, EpochMonotonic, 200*ms)
	for name, excuse := range map[string]func(*story){
		"another process": func(s *story) { s.node(history.NodeDown, 1).node(history.NodeUp, 1) },
		"a person accepted": func(s *story) {
			s.healed(history.PostgresLoss, history.None).node(history.AuthorityAccepted, history.None)
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := lost(2, excuse)
			if v, broken := s.suite.Violation(); broken {
				t.Errorf("a lawful history is called broken: %v", v)
			}
		})
	}
}

func TestAPredecessorThatIsClosedLaterIsBroken(t *testing.T) {
	begin(small(), 3).opens(0, 1).at(ttl).opens(1, 2).at(ttl+1).closes(0, 1, core.Superseded).
		breaks(t, HistoryComplete, ttl)
}

func TestTwoTakeoversInOneInstantMustBothCloseTheirPredecessors(t *testing.T) {
	s := begin(small(), 3).opens(0, 1).at(ttl).opens(1, 2).opens(2, 3)
	s.closes(0, 1, core.Superseded).closes(1, 2, core.Superseded)
	s.at(2*ttl).breaks(t, HistoryComplete, ttl)
}

func TestAClosingThatLeavesTheRowOpenIsBroken(t *testing.T) {
	begin(small(), 3).opens(0, 1).at(ttl).resigns(0, 1).at(2 * ttl).lawful(t)
	s := begin(small(), 3).opens(1, 1).at(ttl).effect(history.EffectAccepted, core.Resign, 1, 1, false)
	s.at(2*ttl).breaks(t, HistoryComplete, ttl)
}

func TestAClosingThatIsAskedForTwiceIsLawful(t *testing.T) {
	s := begin(small(), 0).opens(1, 1).at(ttl).resigns(1, 1)
	s.at(2*ttl).effect(history.EffectAccepted, core.Resign, 1, 1, false).at(3 * ttl).lawful(t)
}

func TestARowThatIsClosedTwiceIsBroken(t *testing.T) {
	begin(small(), 3).opens(0, 1).at(ttl).closes(0, 1, core.LeaseExpired).at(2*ttl).
		closes(0, 1, core.LeaseExpired).breaks(t, HistoryComplete, 2*ttl)
}

func TestARowWithoutAReasonIsBroken(t *testing.T) {
	begin(small(), 3).opens(0, 1).at(ttl).closes(0, 1, core.NoReason).breaks(t, HistoryComplete, ttl)
}

func TestADurationMayBeOffByAMillisecond(t *testing.T) {
	tell := func(span int64) *story {
		return begin(small(), 3).opens(0, 1).at(ttl).tell(history.Record{
			Kind: history.TenureEnded, Node: 0, Epoch: 1, Reason: core.LeaseLost, Span: span, Until: ttl,
		})
	}
	tell(ttl + ms).lawful(t)
	tell(ttl - ms).lawful(t)
	tell(ttl+ms+1).breaks(t, HistoryComplete, ttl)
	tell(ttl-ms-1).breaks(t, HistoryComplete, ttl)
}

func TestATenureThatComesToLifeAgainMayBeClosed(t *testing.T) {
	s := begin(small(), 0).opens(0, 1).closes(0, 1, core.OperatorRequest)
	s.at(ttl).fault(history.PostgresLoss, history.None).healed(history.PostgresLoss, history.None)
	s.at(9*ttl).closes(0, 1, core.OperatorRequest).lawful(t)
}
