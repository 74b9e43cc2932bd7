package check

import (
	"testing"

	"fencepost/core"
	"fencepost/core/history"
)

// inTurn is a cluster that lets one signal of an instrument be open at a time.
func inTurn() Config {
	cfg := small()
	cfg.OneOpen = true
	return cfg
}

// stores tells of a signal of an instrument.
func (s *story) stores(signal core.SignalID, instrument int32, exit bool, validFor int64) *story {
	return s.tell(history.Record{
		Kind: history.Stored, Node: history.None, Signal: signal, Instrument: instrument, Exit: exit,
		Span: validFor,
	})
}

// sends permits a signal's first attempt.
func (s *story) sends(signal core.SignalID) *story {
	return s.permits(0, 1, signal, 1).state(signal, core.Submitting)
}

// entryAndExit is an older entry, an exit and another entry, of one instrument.
func entryAndExit(cfg Config) *story {
	return begin(cfg, 0).opens(0, 1).stores(1, 7, false, 0).stores(2, 7, true, 0).stores(3, 7, false, 0)
}

func TestPermitBesideAnOpenSignalOfItsInstrumentIsBroken(t *testing.T) {
	for _, state := range []core.SignalState{core.Submitting, core.Submitted, core.InDoubt} {
		entryAndExit(inTurn()).sends(2).state(2, state).at(ttl).sends(1).
			breaks(t, OneOpenPerInstrument, ttl)
	}
}

func TestEntryBeforeAnExitIsBroken(t *testing.T) {
	entryAndExit(inTurn()).at(ttl).sends(1).breaks(t, OneOpenPerInstrument, ttl)
}

func TestYoungerBeforeOlderIsBroken(t *testing.T) {
	entryAndExit(inTurn()).sends(2).state(2, core.Cancelled).at(ttl).sends(3).
		breaks(t, OneOpenPerInstrument, ttl)
}

func TestOneAfterTheOtherIsLawful(t *testing.T) {
	s := entryAndExit(inTurn()).stores(4, 8, false, 0).sends(2).sends(4).state(2, core.Cancelled)
	s.sends(1).state(1, core.Rejected).sends(3).lawful(t)
	s.marked(t, ExitWentFirst, 1).marked(t, TurnJudged, 2)
}

func TestWithoutTheSettingNobodyWaits(t *testing.T) {
	entryAndExit(small()).sends(1).sends(3).sends(2).lawful(t)
}

func TestHeldAndOutdatedSignalsStandInNobodysWay(t *testing.T) {
	begin(inTurn(), 0).opens(0, 1).stores(1, 7, true, int64(ttl)).stores(2, 7, true, 0).
		state(2, core.Held).stores(3, 7, false, 0).at(ttl).sends(3).lawful(t)
}

// A late outcome puts a signal in doubt beside one that is open: no permit did. The
// older of two doubts is sent again first.
func TestLateDoubtIsLawfulAndTheOlderIsSentAgainFirst(t *testing.T) {
	tell := func() *story {
		s := begin(inTurn(), 0).opens(0, 1).stores(1, 7, false, 0).stores(3, 7, false, 0)
		s = s.sends(1).state(1, core.Held).sends(3).state(1, core.InDoubt).state(3, core.InDoubt)
		return s.at(ttl)
	}
	tell().sends(1).lawful(t)
	tell().sends(3).breaks(t, OneOpenPerInstrument, ttl)
}

// A signal whose turn it is not owes nothing; from its turn on it does.
func TestSignalThatWaitsForItsTurnHasNotStalled(t *testing.T) {
	cfg := inTurn()
	bound := int64(cfg.RecoverSignals)
	s := begin(cfg, 3).elects(0, 1).stores(1, 7, false, 0).sends(1).state(1, core.InDoubt)
	s.stores(2, 7, false, 0).leads(0, 1, 20*ttl).lawful(t)
	free := s.now
	s.state(1, core.Cancelled).leads(0, 1, bound-ms).lawful(t)
	s.leads(0, 1, 2*ms).breaks(t, Recovers, free+bound)
}
