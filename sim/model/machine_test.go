package model_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"fencepost/core"
	"fencepost/core/history"
	"fencepost/sim/model"
)

// machine drives the ledger with right and wrong requests of a few processes,
// and after each one holds its rows against what the schema demands.
type machine struct {
	*ledger
	now     core.Time
	logged  uint64
	signals map[core.SignalID]model.Signal
	rows    map[attemptID]model.Attempt
	tenures []model.Tenure
	states  map[core.SignalID]core.SignalState // as the records tell
}

type attemptID struct {
	signal core.SignalID
	number uint32
}

const keys = 4

func TestLedgerKeepsWhatTheSchemaDemands(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		m := &machine{
			ledger: newLedger(t), signals: map[core.SignalID]model.Signal{},
			rows: map[attemptID]model.Attempt{}, states: map[core.SignalID]core.SignalState{},
		}
		rt.Repeat(map[string]func(*rapid.T){
			"":          m.check,
			"take":      m.doTake,
			"heartbeat": func(rt *rapid.T) { m.ask1(rt, m.claim(rt, core.Heartbeat)) },
			"resign":    m.doResign,
			"admit":     m.doAdmit,
			"permit":    m.doPermit,
			"record":    m.doRecord,
			"decide": func(rt *rapid.T) {
				m.Decide(m.now, m.anySignal(rt), m.anyState(rt))
			},
			"control": func(rt *rapid.T) {
				modes := []core.Control{core.Run, core.Run, core.Run, core.Pause}
				m.SetControl(m.now, rapid.SampledFrom(modes).Draw(rt, "mode"))
			},
			"crash": func(*rapid.T) { m.Crash(m.now) },
			"copy": func(*rapid.T) {
				other := newLedger(m.t)
				other.CopyFrom(&m.Postgres)
				m.Reset(config(), &m.records)
				m.CopyFrom(&other.Postgres)
			},
			"wait": func(rt *rapid.T) {
				m.now = m.now.Add(time.Duration(rapid.Int64Range(0, int64(4*time.Second)).Draw(rt, "wait")))
			},
		})
	})
}

// ask1 carries out one operation and keeps what it told.
func (m *machine) ask1(_ *rapid.T, e core.Effect) {
	m.Do(m.now, &e, e.Token.Nonce, &m.reply)
}

// claim draws an epoch and a token: often those of the authority, sometimes
// others.
func (m *machine) claim(rt *rapid.T, op core.Op) core.Effect {
	a := m.Authority()
	e := core.Effect{Op: op, Epoch: a.Epoch, Token: a.Token}
	if rapid.IntRange(0, 4).Draw(rt, "wrong") == 0 {
		e.Epoch = core.Epoch(rapid.Uint64Range(0, uint64(a.Epoch)+1).Draw(rt, "epoch"))
		e.Token = m.anyToken(rt)
	}
	return e
}

func (m *machine) anyToken(rt *rapid.T) core.Token {
	return core.Token{
		Nonce:       core.Nonce(rapid.Uint64Range(1, 3).Draw(rt, "nonce")),
		Acquisition: rapid.Uint32Range(1, 3).Draw(rt, "acquisition"),
	}
}

func (m *machine) anySignal(rt *rapid.T) core.SignalID {
	return core.SignalID(rapid.Int64Range(0, keys+1).Draw(rt, "signal"))
}

func (m *machine) anyState(rt *rapid.T) core.SignalState {
	return core.SignalState(rapid.Uint8Range(0, uint8(core.Void)).Draw(rt, "state"))
}

func (m *machine) doTake(rt *rapid.T) {
	e := m.claim(rt, core.TakeEpoch)
	e.Token = m.anyToken(rt)
	e.Tenure = core.TenureKind(rapid.Uint8Range(0, 1).Draw(rt, "kind"))
	e.Protocol = rapid.SampledFrom([]uint16{1, 1, 3, 4}).Draw(rt, "speaks")
	m.ask1(rt, e)
}

func (m *machine) doResign(rt *rapid.T) {
	e := m.claim(rt, core.Resign)
	e.Reason = core.LeaseLost
	m.ask1(rt, e)
}

func (m *machine) doAdmit(rt *rapid.T) {
	key := rapid.Int64Range(1, keys).Draw(rt, "key")
	validFor := time.Duration(rapid.Int64Range(0, 1).Draw(rt, "limited")) * time.Minute
	m.Admit(m.now, model.Offer{
		Key: key, Payload: rapid.Int64Range(1, 2).Draw(rt, "payload"), ValidFor: validFor,
	})
}

func (m *machine) doPermit(rt *rapid.T) {
	e := m.claim(rt, core.Permit)
	e.Signal = m.anySignal(rt)
	s := m.Row(e.Signal)
	e.Version, e.Attempt = s.Version, s.Attempt+1
	e.Resend = s.State == core.InDoubt
	if e.Resend {
		e.Attempt = s.Attempt
	}
	switch rapid.IntRange(0, 9).Draw(rt, "spoilt") {
	case 0:
		e.Version--
	case 1:
		e.Resend = !e.Resend
	case 2:
		e.Attempt = rapid.Uint32Range(0, 4).Draw(rt, "attempt")
	}
	m.ask1(rt, e)
}

func (m *machine) doRecord(rt *rapid.T) {
	e := m.claim(rt, core.Record)
	e.Signal, e.State = m.anySignal(rt), m.anyState(rt)
	s := m.Row(e.Signal)
	e.Attempt = uint32(rapid.Uint64Range(0, uint64(s.Attempt)+1).Draw(rt, "attempt"))
	e.Version = rapid.SampledFrom([]uint32{0, 0, s.Version, s.Version - 1}).Draw(rt, "version")
	e.Alert = rapid.Bool().Draw(rt, "alert")
	m.ask1(rt, e)
}

// check holds the ledger against the schema.
func (m *machine) check(rt *rapid.T) {
	m.checkRecords(rt)
	m.checkTenures(rt)
	for id := core.SignalID(1); id <= m.LastSignal(); id++ {
		m.checkSignal(rt, id)
	}
	m.checkList(rt)
}

// checkRecords reads what was told since the last check.
func (m *machine) checkRecords(rt *rapid.T) {
	for i := range m.records.List {
		r := &m.records.List[i]
		switch r.Kind {
		case history.EffectRefused:
			if r.Logged {
				m.logged++
			}
			demand(rt, r.Logged || r.Op == core.Permit && r.Epoch == r.Current,
				"the fence's refusal leaves a row: %+v", *r)
		case history.EffectAccepted:
			demand(rt, r.Epoch == r.Current, "only the current epoch is heard: %+v", *r)
		case history.Permitted:
			demand(rt, r.Epoch == m.Authority().Epoch, "a permit names the current epoch: %+v", *r)
		case history.TenureEnded:
			demand(rt, r.Reason != core.NoReason && r.Span == r.Until, "a tenure ends with a reason: %+v", *r)
		case history.Stored:
			m.states[r.Signal] = core.Received
		case history.StateSet:
			m.states[r.Signal] = r.State
		default:
		}
	}
	m.records.Reset()
	demand(rt, m.logged == m.Refusals(), "%d refusals told, %d rows", m.logged, m.Refusals())
}

// checkTenures: one row for each epoch, contiguous, the last alone may be open
// and agrees with the authority; closed rows never change.
func (m *machine) checkTenures(rt *rapid.T) {
	rows := m.Tenures()
	demand(rt, len(rows) >= len(m.tenures), "rows vanished")
	for i := range rows {
		demand(rt, rows[i].Epoch == core.Epoch(i+1), "epochs are contiguous: %+v", rows)
		demand(rt, !rows[i].Open || i == len(rows)-1, "only the last tenure may be open: %+v", rows)
		demand(rt, rows[i].Open || rows[i].Reason != core.NoReason, "closed without a reason: %+v", rows[i])
		demand(rt, i == 0 || rows[i].Seq > rows[i-1].Seq, "fence_seq rises")
		if i < len(m.tenures) {
			demand(rt, m.tenures[i].Open || m.tenures[i] == rows[i], "a closed row changed: %+v", rows[i])
		}
	}
	m.tenures = append(m.tenures[:0], rows...)
	a := m.Authority()
	demand(rt, a.Epoch == core.Epoch(len(rows)), "authority %+v, %d tenures", a, len(rows))
	if len(rows) > 0 {
		last := rows[len(rows)-1]
		agree := a.Open == last.Open && a.Token == last.Token && a.Kind == last.Kind
		demand(rt, agree, "authority %+v, history %+v", a, last)
	}
}

// checkSignal: arrows, versions, attempts.
func (m *machine) checkSignal(rt *rapid.T, id core.SignalID) {
	s := m.Row(id)
	before, known := m.signals[id]
	m.signals[id] = s
	demand(rt, m.states[id] == s.State, "told %v, is %v", m.states[id], s.State)
	if known {
		drawn := arrow(before.State, s.State, s.Alerted)
		demand(rt, drawn, "signal %d went from %v to %v", id, before.State, s.State)
		moved := before.State != s.State || before.Alerted != s.Alerted
		demand(rt, !moved || s.Version > before.Version, "signal %d moved and kept its version", id)
		steps := s.Version-before.Version <= 1 && s.Attempt-before.Attempt <= 1
		demand(rt, steps, "signal %d jumped: %+v", id, s)
	}
	standing := 0
	for n := uint32(1); n <= s.Attempt; n++ {
		a, ok := m.AttemptRow(id, n)
		demand(rt, ok, "attempt %d of signal %d vanished", n, id)
		if a.State != core.Void {
			standing++
		}
		m.checkAttempt(rt, attemptID{id, n}, a)
	}
	_, more := m.AttemptRow(id, s.Attempt+1)
	demand(rt, !more, "signal %d has an attempt above its highest", id)
	demand(rt, standing <= 1, "signal %d has %d attempts that are not void", id, standing)
	demand(rt, s.State != core.Submitting || standing == 1, "signal %d is submitted by no attempt", id)
}

// checkAttempt: identity, arrows, and permits renewed only by later ones.
func (m *machine) checkAttempt(rt *rapid.T, id attemptID, a model.Attempt) {
	before, known := m.rows[id]
	m.rows[id] = a
	demand(rt, a.Late == core.NoSignal || a.State == core.Void, "a late outcome of %+v", a)
	if !known {
		demand(rt, a.Epoch == m.Authority().Epoch, "a permit under epoch %d", a.Epoch)
		return
	}
	drawn := attemptArrow(before.State, a.State)
	demand(rt, drawn, "attempt %+v went from %v to %v", id, before.State, a.State)
	if a.Seq != before.Seq {
		later := a.Seq > before.Seq && a.Epoch >= before.Epoch
		demand(rt, later && before.State == core.InDoubt, "renewed: %+v", a)
	} else {
		same := a.Epoch == before.Epoch && a.Token == before.Token && a.SendBy == before.SendBy
		demand(rt, same, "changed: %+v", a)
	}
}

// checkList: the list names every signal that is not final, in order.
func (m *machine) checkList(rt *rapid.T) {
	after := core.SignalID(0)
	found, _ := m.list(m.now.Add(time.Hour), openStates, 0)
	for id := core.SignalID(1); id <= m.LastSignal(); id++ {
		if m.Row(id).State.Final() {
			continue
		}
		next := len(found) > 0 && found[0].Signal == id
		demand(rt, next, "signal %d after %d is not listed: %+v", id, after, found)
		found, after = found[1:], id
	}
	demand(rt, len(found) == 0, "listed beyond the open ones: %+v", found)
}

// arrow says what the trigger signals_state_arrow says.
func arrow(from, to core.SignalState, alerted bool) bool {
	switch {
	case from == to:
		return true
	case from.Final():
		return false
	case to == core.InDoubt:
		return from == core.Submitting || alerted
	}
	switch from {
	case core.Received:
		return to == core.Submitting || to == core.Held || to.Final() && to != core.Executed
	case core.Held:
		return to == core.Received || to == core.Expired || to == core.Cancelled
	case core.Submitting:
		return to == core.Submitted || to == core.Received || to.Final() && to != core.Expired
	case core.Submitted:
		return to.Final() && to != core.Expired
	case core.InDoubt:
		return to == core.Submitted || to == core.Received || to == core.Submitting ||
			to.Final() && to != core.Expired
	default:
		return false
	}
}

// attemptArrow says what the trigger attempts_state_arrow says.
func attemptArrow(from, to core.SignalState) bool {
	ends := to == core.Executed || to == core.Rejected || to == core.Cancelled
	switch from {
	case to:
		return true
	case core.Submitting:
		return to == core.Submitted || to == core.InDoubt || to == core.Void || ends
	case core.Submitted:
		return ends
	case core.InDoubt:
		return to == core.Submitted || to == core.Void || to == core.Submitting || ends
	default:
		return false
	}
}

func demand(rt *rapid.T, holds bool, format string, args ...any) {
	rt.Helper()
	if !holds {
		rt.Fatalf("%s", fmt.Sprintf(format, args...))
	}
}
