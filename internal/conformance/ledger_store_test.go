package conformance_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"fencepost/core"
	"fencepost/core/inbox"
)

// The limits of the ledgers under test.
const (
	ledgerTTL = 10 * time.Second
	sendBy    = 2500 * time.Millisecond
	µs        = time.Microsecond
)

// began is when the tests' clock starts. The server has been up for an hour by
// then.
var began = core.Time(time.Date(2030, time.January, 1, 0, 0, 0, 0, time.UTC).UnixNano())

// process is one start of an instance.
type process struct {
	name  string
	nonce core.Nonce
}

// The processes of the group.
var (
	n1        = process{"n1", 0xa1}
	n2        = process{"n2", 0xb2}
	n3        = process{"n3", 0xc3}
	twin      = process{"n1", 0xd4}
	processes = []process{n1, n2, n3, twin}
)

// token is one of the process's acquisitions.
func (p process) token(acquisition uint32) core.Token {
	return core.Token{Nonce: p.nonce, Acquisition: acquisition}
}

// processOf returns the process whose token it is.
func processOf(t core.Token) process {
	for _, p := range processes {
		if p.nonce == t.Nonce {
			return p
		}
	}
	return process{}
}

// ledgerStore is a ledger under test. Ids of signals count from one in each
// test; a store that numbers them otherwise translates.
type ledgerStore interface {
	// do carries out an effect that a process asks for, and returns the answers
	// without the request's number. An error is an answer that no node can use.
	do(who process, e core.Effect) ([]core.Input, error)
	admit(o offer) (admitted, error)
	setControl(core.Control) error
	setProtocol(lowest, highest uint16) error
	decide(core.SignalID, core.SignalState) (bool, error)
	acceptAuthority(core.Epoch) error
	// pass lets time pass, restart lets the server come up again now, and branch
	// lets a standby take its place, which has been up for long and has the same
	// rows.
	pass(time.Duration) error
	restart() error
	branch() error
	// read returns everything that the ledger holds.
	read() (rows, error)
}

// lineages number the servers that answered, in the order in which they did.
type lineages map[uint32]uint32

// number replaces the lineage in an answer by its number,
// from 1. What names no server keeps its zero.
func (l lineages) number(in *core.Input) {
	if in.Lineage == 0 {
		return
	}
	if l[in.Lineage] == 0 {
		l[in.Lineage] = uint32(len(l) + 1)
	}
	in.Lineage = l[in.Lineage]
}

// offer is a signal as its sender offers it. Keys, payloads and instruments are
// numbers that stand for texts.
type offer struct {
	key, payload int64
	validFor     time.Duration
	instrument   int32
	exit         bool
}

// alone is an offer whose signal is the only one of its instrument.
func alone(key, payload int64, validFor time.Duration) offer {
	return offer{key: key, payload: payload, validFor: validFor, instrument: int32(key)}
}

// admitted is the answer to an admission.
type admitted struct {
	admission inbox.Admission
	signal    core.SignalID
	state     core.SignalState
}

// rows are what a ledger holds, in words that both stores have.
type rows struct {
	Authority authorityRow
	Tenures   []tenureRow
	Signals   []signalRow
	Attempts  []attemptRow
	Refusals  []refusalRow
}

// authorityRow is the authority, with the heartbeat of its holder. Flagged is
// the process that is marked as leader among the instances.
type authorityRow struct {
	Known                       bool
	Epoch                       core.Epoch
	Token                       core.Token
	Kind                        core.TenureKind
	Open                        bool
	Control                     core.Control
	TakenAt, BeatAt, LeaseUntil core.Time
	Flagged                     core.Nonce
}

// tenureRow is a row of the history. Order is its place among all tenures and
// permits by fence_seq.
type tenureRow struct {
	Epoch              core.Epoch
	Token              core.Token
	Kind               core.TenureKind
	Open               bool
	Reason             core.Reason
	OpenedAt, ClosedAt core.Time
	Order              int
}

// signalRow is a row of the inbox. A zero ValidUntil is for ever.
type signalRow struct {
	ID                     core.SignalID
	State                  core.SignalState
	Version, Attempt       uint32
	Alerted                bool
	ReceivedAt, ValidUntil core.Time
}

// attemptRow is an intent and what came of it.
type attemptRow struct {
	Signal               core.SignalID
	Number               uint32
	Epoch                core.Epoch
	Token                core.Token
	State, Outcome, Late core.SignalState
	SendBy               core.Time
	Order                int
}

// refusalRow is a row of fence_refusals.
type refusalRow struct {
	Op             core.Op
	Epoch, Current core.Epoch
	Token          core.Token
	Signal         core.SignalID
	Reason         core.Reason
}

// lines are the rows as text, one line each. Instants are counted from began.
func (r rows) lines() []string {
	since := func(t core.Time) string {
		if t == 0 {
			return "-"
		}
		return t.Sub(began).String()
	}
	a := r.Authority
	list := []string{fmt.Sprintf("authority known=%v epoch=%d token=%v kind=%v open=%v control=%v "+
		"taken=%s beat=%s lease=%s flagged=%x", a.Known, a.Epoch, a.Token, a.Kind, a.Open, a.Control,
		since(a.TakenAt), since(a.BeatAt), since(a.LeaseUntil), a.Flagged)}
	for _, t := range r.Tenures {
		list = append(list, fmt.Sprintf("tenure %d token=%v kind=%v open=%v reason=%v from=%s to=%s order=%d",
			t.Epoch, t.Token, t.Kind, t.Open, t.Reason, since(t.OpenedAt), since(t.ClosedAt), t.Order))
	}
	for _, s := range r.Signals {
		list = append(list, fmt.Sprintf("signal %d %v version=%d attempt=%d alerted=%v received=%s valid=%s",
			s.ID, s.State, s.Version, s.Attempt, s.Alerted, since(s.ReceivedAt), since(s.ValidUntil)))
	}
	for _, a := range r.Attempts {
		list = append(list, fmt.Sprintf("attempt %d of %d %v epoch=%d token=%v outcome=%v late=%v "+
			"send_by=%s order=%d", a.Number, a.Signal, a.State, a.Epoch, a.Token, a.Outcome, a.Late,
			since(a.SendBy), a.Order))
	}
	for _, f := range r.Refusals {
		list = append(list, fmt.Sprintf("refusal of %v epoch=%d current=%d token=%v signal=%d reason=%v",
			f.Op, f.Epoch, f.Current, f.Token, f.Signal, f.Reason))
	}
	return list
}

// difference says where two lists of rows part, or nothing.
func difference(model, real rows) string {
	a, b := model.lines(), real.lines()
	for i := range max(len(a), len(b)) {
		left, right := "nothing", "nothing"
		if i < len(a) {
			left = a[i]
		}
		if i < len(b) {
			right = b[i]
		}
		if left != right {
			return "  model: " + left + "\n  real:  " + right
		}
	}
	return ""
}

// describe is an effect in one line, with the fields that its operation needs.
func describe(who process, e core.Effect) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %v", who.name, e.Op)
	field := func(name string, set bool, value any) {
		if set {
			fmt.Fprintf(&b, " %s=%v", name, value)
		}
	}
	field("signal", e.Signal != 0, e.Signal)
	field("attempt", e.Op == core.Permit || e.Op == core.Record, e.Attempt)
	field("state", e.Op == core.Record, e.State)
	field("version", e.Op == core.Permit || e.Op == core.Record, e.Version)
	field("epoch", e.Op != core.Record, e.Epoch)
	field("token", !e.Token.IsZero(), e.Token)
	field("kind", e.Op == core.TakeEpoch, e.Tenure)
	field("speaks", e.Op == core.TakeEpoch, e.Protocol)
	field("resend", e.Resend, true)
	field("alert", e.Alert, true)
	field("reason", e.Reason != core.NoReason, e.Reason)
	field("states", e.States != 0, fmt.Sprintf("%b", e.States))
	field("after", e.After != 0, e.After)
	return b.String()
}

// eachLedger runs a clause against every ledger, each as good as new.
func eachLedger(t *testing.T, clause func(*testing.T, *ledger)) {
	t.Helper()
	t.Run("model", func(t *testing.T) { clause(t, &ledger{ledgerStore: newModelLedger(), t: t}) })
	t.Run("postgres", func(t *testing.T) { clause(t, &ledger{ledgerStore: newRealLedger(t), t: t}) })
}
