package store

import (
	"testing"
	"time"

	"fencepost/core"
	"fencepost/core/history"
	"fencepost/internal/pgledger"
)

// told is a record without its instants.
func told(r history.Record) history.Record {
	r.At, r.Span, r.Until = 0, 0, 0
	return r
}

// historian begins one whose nodes have the numbers of their processes.
func historian() *Historian {
	return NewHistorian(func(at int64) int64 { return at }, func(n core.Nonce) int16 { return int16(n) })
}

// storyOf drains the audit and tells what it means.
func storyOf(t *testing.T, p *Postgres, h *Historian) []history.Record {
	t.Helper()
	rows, err := p.Audit().Drain(t.Context())
	must(t, err)
	return h.Tell(rows)
}

// expect compares records but for their instants, and checks that those are in order and in the run.
func expect(t *testing.T, got, want []history.Record, begin time.Time) {
	t.Helper()
	least, most := begin.UnixNano(), time.Now().UnixNano()
	for i := range max(len(got), len(want)) {
		switch {
		case i >= len(got):
			t.Errorf("record %d is missing: %+v", i, want[i])
		case i >= len(want):
			t.Errorf("record %d is too many: %+v", i, got[i])
		case told(got[i]) != want[i]:
			t.Errorf("record %d is\n%+v, want\n%+v", i, told(got[i]), want[i])
		case got[i].At < least || got[i].At > most:
			t.Errorf("record %d is at %d, want between %d and %d", i, got[i].At, least, most)
		default:
			least = got[i].At
		}
	}
}

// live makes two nodes lead one after the other, and the first one go on when it is over. It returns the id
// of the signal that it is about.
func live(t *testing.T, p *Postgres, one, two *node) core.SignalID {
	t.Helper()
	one.want(core.AuthorityObserved, core.Effect{Op: core.Heartbeat}) // a follower's tells nothing
	one.lead(0)
	a := one.admit("a")
	one.admit("a") // a duplicate tells nothing
	one.want(core.HeartbeatConfirmed, core.Effect{Op: core.Heartbeat, Epoch: 1})
	one.want(core.PermitWasGranted, core.Effect{Op: core.Permit, Epoch: 1, Signal: a, Version: 1, Attempt: 1})
	one.want(core.OutcomeWasRecorded, core.Effect{Op: core.Record, Signal: a, Attempt: 1, State: core.Void})
	one.want(core.PermitWasGranted, core.Effect{Op: core.Permit, Epoch: 1, Signal: a, Version: 3, Attempt: 2})
	one.want(core.OutcomeWasRecorded,
		core.Effect{Op: core.Record, Signal: a, Attempt: 2, State: core.InDoubt, Alert: true})
	two.lead(1)
	one.want(core.HeartbeatWasRefused, core.Effect{Op: core.Heartbeat, Epoch: 1})
	one.want(core.PermitWasRefused, core.Effect{Op: core.Permit, Epoch: 1, Signal: a, Version: 5, Attempt: 3})
	setControl(t, p, core.Pause)
	two.want(core.TenureWasClosed, core.Effect{Op: core.Resign, Epoch: 2, Reason: core.GracefulShutdown})
	return a
}

// tellers makes records of that signal, and of the two nodes.
type tellers struct {
	signal core.SignalID
	tokens [3]core.Token
}

func (m *tellers) of(kind history.Kind, node int16) history.Record {
	r := history.Record{Kind: kind, Node: node, Subject: history.None}
	if node != history.None {
		r.Token = m.tokens[node]
	}
	return r
}

func (m *tellers) moved(
	kind history.Kind, attempt uint32, state core.SignalState, alerted bool,
) history.Record {
	r := m.of(kind, history.None)
	r.Signal, r.Attempt, r.State, r.Alerted = m.signal, attempt, state, alerted
	return r
}

func (m *tellers) permitted(attempt uint32, seq uint64) history.Record {
	r := m.of(history.Permitted, 1)
	r.Epoch, r.Current, r.Seq, r.Signal, r.Attempt = 1, 1, seq, m.signal, attempt
	return r
}

func (m *tellers) refused(op core.Op, signal core.SignalID) history.Record {
	r := m.of(history.EffectRefused, 1)
	r.Op, r.Epoch, r.Current, r.Reason, r.Logged, r.Signal = op, 1, 2, core.Superseded, true, signal
	return r
}

func (m *tellers) accepted(op core.Op, node int16) history.Record {
	r := m.of(history.EffectAccepted, node)
	r.Op, r.Epoch, r.Current = op, core.Epoch(node), core.Epoch(node)
	return r
}

func (m *tellers) tenure(kind history.Kind, node int16, seq uint64, reason core.Reason) history.Record {
	r := m.of(kind, node)
	r.Epoch, r.Seq, r.Reason = core.Epoch(node), seq, reason
	return r
}

func TestHistorianTellsTheLifeOfASignalAndOfTwoTenures(t *testing.T) {
	p := startPostgres(t, PostgresOptions{})
	begin := time.Now()
	one, two := nodeAt(t, "", p.DSN(), 1), nodeAt(t, "", p.DSN(), 2)
	m := tellers{signal: live(t, p, one, two), tokens: [...]core.Token{{}, one.token, two.token}}
	beat, paused := m.of(history.HeartbeatSet, 1), m.of(history.ControlSet, history.None)
	beat.Epoch = 1
	paused.Control, paused.Seq = core.Pause, 5
	want := []history.Record{
		m.tenure(history.TenureOpened, 1, 1, core.NoReason),
		m.moved(history.Stored, 0, core.NoSignal, false),
		beat, m.accepted(core.Heartbeat, 1),
		m.permitted(1, 2), m.moved(history.StateSet, 1, core.Submitting, false),
		m.moved(history.Voided, 1, core.NoSignal, false), m.moved(history.StateSet, 1, core.Received, false),
		m.permitted(2, 3), m.moved(history.StateSet, 2, core.Submitting, false),
		m.moved(history.StateSet, 2, core.InDoubt, true),
		m.tenure(history.TenureOpened, 2, 4, core.NoReason),
		m.tenure(history.TenureEnded, 1, 4, core.Superseded),
		m.refused(core.Heartbeat, 0), m.refused(core.Permit, m.signal),
		paused,
		m.accepted(core.Resign, 2),
		m.tenure(history.TenureEnded, 2, 6, core.GracefulShutdown),
	}
	got := storyOf(t, p, historian())
	expect(t, got, want, begin)
	for _, r := range got {
		if r.Kind == history.TenureEnded && (r.Span <= 0 || r.Span != r.Until) {
			t.Errorf("epoch %d lasted %v by the history, %v by the audit", r.Epoch, r.Span, r.Until)
		}
	}
	// A takeover and the end that it makes are one transaction.
	if got[11].At != got[12].At {
		t.Errorf("the takeover is at %d, the end of the predecessor at %d", got[11].At, got[12].At)
	}
}

func TestHistorianTellsOfAcceptanceAndOfEpochsThatWereLost(t *testing.T) {
	p := startPostgres(t, PostgresOptions{})
	n := nodeAt(t, "", p.DSN(), 1)
	n.lead(0)
	h := historian()
	storyOf(t, p, h)
	begin := time.Now()
	_, err := n.ledger.AcceptAuthority(t.Context(), pgledger.Acceptance{Witness: 3, By: "me", Reason: "lost"})
	must(t, err)
	expect(t, storyOf(t, p, h), []history.Record{
		{Kind: history.AuthorityAccepted, Node: history.None, Subject: history.None, Epoch: 3},
		{
			Kind: history.TenureEnded, Node: 1, Subject: history.None, Token: n.token, Epoch: 1, Seq: 2,
			Reason: core.Lost,
		},
	}, begin)
}

func TestDurationIsRightBetweenTheBoundsThatTheAuditKnows(t *testing.T) {
	h := historian()
	h.opened[1] = Row{Began: 100, Ended: 110}
	closed := &Row{Began: 200, Ended: 230, Tenure: &TenureRow{Epoch: 1}}
	for span, want := range map[int64]int64{50: 90, 90: 90, 100: 100, 130: 130, 131: 130} {
		if got := h.lasted(closed, span); got != want {
			t.Errorf("a span of %d is held against %d, want %d", span, got, want)
		}
	}
}
