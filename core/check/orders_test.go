package check

import (
	"testing"

	"fencepost/core"
	"fencepost/core/history"
)

func TestSecondOrderIsBroken(t *testing.T) {
	begin(small(), 0).order(4, 1).at(ttl).order(4, 2).breaks(t, NoDuplicateOrder, ttl)
	begin(small(), 0).order(4, 1).at(ttl).order(4, 1).breaks(t, NoDuplicateOrder, ttl)
}

func TestOneOrderForEachSignalIsLawful(t *testing.T) {
	begin(small(), 0).order(4, 1).order(5, 1).order(6, 2).lawful(t).marked(t, OrderJudged, 3)
}

func TestAWrongAttestationExcusesOneMoreOrder(t *testing.T) {
	s := begin(small(), 0).order(4, 1).attested(4, true).order(4, 2).excused(t, NoDuplicateOrder, 1)
	s.at(ttl).order(4, 3).breaks(t, NoDuplicateOrder, ttl)
}

func TestARightAttestationExcusesNoOrder(t *testing.T) {
	begin(small(), 0).order(4, 1).attested(4, false).order(4, 2).breaks(t, NoDuplicateOrder, 0)
}

func TestAnAttestationExcusesItsOwnSignalAlone(t *testing.T) {
	begin(small(), 0).order(4, 1).attested(5, true).order(4, 2).breaks(t, NoDuplicateOrder, 0)
}

func TestLostRowsExcuseTheOrdersThatWerePermittedBefore(t *testing.T) {
	tell := func() *story {
		s := begin(small(), 0).opens(0, 1).permits(0, 1, 4, 1).order(4, 1)
		s.at(ttl).fault(history.PostgresLoss, history.None).healed(history.PostgresLoss, history.None)
		return s.at(20*ttl).order(4, 1)
	}
	tell().excused(t, NoDuplicateOrder, 1)
	again := func() *story { return tell().permits(0, 1, 4, 1).order(4, 1) }
	again().excused(t, NoDuplicateOrder, 2)
	again().order(4, 1).breaks(t, NoDuplicateOrder, 20*ttl)
}

func TestSuccessWithoutAnOrderIsBroken(t *testing.T) {
	begin(small(), 0).signal(history.Stored, 4).at(ttl).state(4, core.Executed).
		breaks(t, NoPhantomSuccess, ttl)
}

func TestSuccessWithAnOrderIsLawful(t *testing.T) {
	begin(small(), 0).signal(history.Stored, 4).order(4, 1).state(4, core.Executed).lawful(t).
		marked(t, SuccessJudged, 1)
}

func TestAnotherSignalsOrderIsNoSuccess(t *testing.T) {
	begin(small(), 0).order(5, 1).state(4, core.Executed).breaks(t, NoPhantomSuccess, 0)
}

func TestAWrongAttestationExcusesOneSuccess(t *testing.T) {
	s := begin(small(), 0).attested(4, true).state(4, core.Executed).excused(t, NoPhantomSuccess, 1)
	s.at(ttl).state(4, core.Executed).breaks(t, NoPhantomSuccess, ttl)
}

func TestAcknowledgementWithoutARowIsBroken(t *testing.T) {
	begin(small(), 0).at(ttl).signal(history.Acknowledged, 4).breaks(t, NoLostSignal, ttl)
}

func TestAcknowledgementOfAStoredSignalIsLawful(t *testing.T) {
	begin(small(), 0).signal(history.Stored, 4).signal(history.Acknowledged, 4).lawful(t).
		marked(t, AcknowledgementJudged, 1)
}

func TestAnAcknowledgedSignalThatGoesMissingIsBroken(t *testing.T) {
	begin(small(), 0).signal(history.Stored, 4).signal(history.Acknowledged, 4).
		at(ttl).signal(history.Missing, 4).breaks(t, NoLostSignal, ttl)
}

func TestASignalThatNobodyWasPromisedMayGoMissing(t *testing.T) {
	s := begin(small(), 0).signal(history.Stored, 4).signal(history.Missing, 4).lawful(t)
	s.signal(history.Acknowledged, 4).breaks(t, NoLostSignal, 0)
}

func TestARowThatWasLostExcusesALateAcknowledgement(t *testing.T) {
	s := begin(small(), 0).signal(history.Stored, 4).signal(history.Stored, 5).at(ttl).
		fault(history.PostgresLoss, history.None).signal(history.Missing, 4).
		healed(history.PostgresLoss, history.None).at(20*ttl).signal(history.Acknowledged, 4)
	s.excused(t, NoLostSignal, 1)
	s.signal(history.Missing, 5).signal(history.Acknowledged, 5).breaks(t, NoLostSignal, 20*ttl)
}

func TestLostRowsExcuseAMissingSignalForAWhile(t *testing.T) {
	tell := func(at int64) *story {
		return begin(small(), 0).signal(history.Stored, 4).signal(history.Acknowledged, 4).
			at(ttl).fault(history.PostgresLoss, history.None).healed(history.PostgresLoss, history.None).
			at(at).signal(history.Missing, 4)
	}
	last := 2*ttl + 10*ms
	tell(ttl).excused(t, NoLostSignal, 1)
	tell(last).excused(t, NoLostSignal, 1)
	tell(last+1).breaks(t, NoLostSignal, last+1)
}

func TestAnOutageOfTheLedgerExcusesNoLoss(t *testing.T) {
	begin(small(), 0).fault(history.PostgresFault, history.None).signal(history.Acknowledged, 4).
		breaks(t, NoLostSignal, 0)
}
