package conformance_test

import (
	"cmp"
	"slices"
	"time"

	"fencepost/core"
	"fencepost/core/history"
	"fencepost/sim/model"
)

// modelLedger is the simulator's ledger.
type modelLedger struct {
	model.Postgres
	now      core.Time
	records  model.Records
	refusals []refusalRow
	// story is what the model told of itself.
	story []history.Record
	// lineages number the servers that answered.
	lineages lineages
}

func newModelLedger() *modelLedger { return modelLedgerWith(true) }

// modelLedgerWith has one signal of an instrument open at a time, or several.
func modelLedgerWith(oneOpen bool) *modelLedger {
	m := &modelLedger{now: began, lineages: lineages{}}
	m.Reset(model.PostgresConfig{TTL: ledgerTTL, SendBy: sendBy, OneOpen: oneOpen}, &m.records)
	m.Started(longAgo)
	return m
}

func (m *modelLedger) do(who process, e core.Effect) ([]core.Input, error) {
	answers := m.carryOut(who, e)
	for i := range answers {
		m.lineages.number(&answers[i])
	}
	return answers, nil
}

// carryOut carries out an effect whose answer may be lost.
func (m *modelLedger) carryOut(who process, e core.Effect) []core.Input {
	var reply model.Reply
	m.Do(m.now, &e, who.nonce, &reply)
	m.heard()
	return slices.Clone(reply.All())
}

// heard takes in what the model tells of what it did.
func (m *modelLedger) heard() {
	for _, r := range m.records.List {
		if r.Kind == history.EffectRefused && r.Logged {
			m.refusals = append(m.refusals, refusalRow{
				Op: r.Op, Epoch: r.Epoch, Current: r.Current, Token: r.Token, Signal: r.Signal,
				Reason: r.Reason,
			})
		}
	}
	m.story = append(m.story, m.records.List...)
	m.records.Reset()
}

func (m *modelLedger) admit(o offer) (admitted, error) {
	admission, signal, state := m.Admit(m.now, model.Offer{
		Key: o.key, Payload: o.payload, ValidFor: o.validFor, Instrument: o.instrument, Exit: o.exit,
	})
	return admitted{admission, signal, state}, nil
}

func (m *modelLedger) setControl(mode core.Control) error {
	m.SetControl(m.now, mode)
	return nil
}

func (m *modelLedger) setProtocol(lowest, highest uint16) error {
	m.SetProtocol(lowest, highest)
	return nil
}

func (m *modelLedger) decide(signal core.SignalID, outcome core.SignalState) (bool, error) {
	return m.Decide(m.now, signal, outcome), nil
}

func (m *modelLedger) acceptAuthority(witness core.Epoch) error {
	m.AcceptAuthority(m.now, witness)
	return nil
}

func (m *modelLedger) pass(d time.Duration) error {
	m.now = m.now.Add(d)
	return nil
}

func (m *modelLedger) restart() error {
	m.Started(m.now)
	return nil
}

// crash loses the heartbeats that the server lost, as the rows of the other
// ledger tell: all that were written after that one.
func (m *modelLedger) crash(beat core.Time) {
	m.Crash(beat)
	m.Started(m.now)
}

func (m *modelLedger) branch() error {
	m.Promote(m.now)
	return nil
}

func (m *modelLedger) read() (rows, error) {
	a := m.Authority()
	r := rows{
		Authority: authorityRow{
			Known: a.Known, Epoch: a.Epoch, Token: a.Token, Kind: a.Kind, Open: a.Open, Control: a.Control,
			TakenAt: a.TakenAt, BeatAt: a.BeatAt, LeaseUntil: a.LeaseUntil,
		},
		Refusals: slices.Clone(m.refusals),
	}
	if a.Open {
		r.Authority.Flagged = a.Token.Nonce
	}
	order := sequence{}
	for _, t := range m.Tenures() {
		row := tenureRow{
			Epoch: t.Epoch, Token: t.Token, Kind: t.Kind, Open: t.Open, Reason: t.Reason,
			OpenedAt: t.OpenedAt, ClosedAt: t.ClosedAt,
		}
		r.Tenures = append(r.Tenures, row)
		order.add(t.Seq)
	}
	for id := core.SignalID(1); id <= m.LastSignal(); id++ {
		s := m.Row(id)
		row := signalRow{
			ID: id, State: s.State, Version: s.Version, Attempt: s.Attempt, Alerted: s.Alerted,
			ReceivedAt: s.ReceivedAt, ValidUntil: s.ValidUntil,
		}
		if s.ValidUntil == core.Never {
			row.ValidUntil = 0
		}
		r.Signals = append(r.Signals, row)
		for n := uint32(1); n <= s.Attempt; n++ {
			t, _ := m.AttemptRow(id, n)
			r.Attempts = append(r.Attempts, attemptRow{
				Signal: id, Number: n, Epoch: t.Epoch, Token: t.Token, State: t.State, Outcome: t.Outcome,
				Late: t.Late, SendBy: t.SendBy,
			})
			order.add(t.Seq)
		}
	}
	order.number(&r)
	return r, nil
}

// sequence collects fence_seq of the tenures and then of the attempts, to say
// in which order they were drawn. The numbers themselves may have gaps.
type sequence []uint64

func (s *sequence) add(seq uint64) { *s = append(*s, seq) }

// number fills in Order.
func (s sequence) number(r *rows) {
	places := make([]int, len(s))
	for i := range places {
		places[i] = i
	}
	slices.SortFunc(places, func(i, j int) int { return cmp.Compare(s[i], s[j]) })
	for order, i := range places {
		if i < len(r.Tenures) {
			r.Tenures[i].Order = order + 1
		} else {
			r.Attempts[i-len(r.Tenures)].Order = order + 1
		}
	}
}
