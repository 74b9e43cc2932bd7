package conformance_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"testing"
	"time"

	"fencepost/core"
	"fencepost/core/inbox"
	"fencepost/internal/pgledger"
)

// realLedger is the service's ledger on a real server.
type realLedger struct {
	bed *bed
	ctx context.Context
	now core.Time
	// started and reset are when the server came up, and when it made its memory
	// anew; system is who it is.
	started, reset core.Time
	system         int64
	// before is the greatest id that earlier tests used up, and stored how many
	// signals this one has.
	before core.SignalID
	stored core.SignalID
	// lineages number the servers that answered.
	lineages lineages
	// several signals of an instrument may be open.
	several bool
}

func newRealLedger(t testing.TB) *realLedger {
	t.Helper()
	r, err := sharedBed(t).empty()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// pinID makes the next signal's id the next number: an admission that stores
// nothing uses up an id as well.
func (r *realLedger) pinID() error {
	return r.exec(`SELECT setval('signals_id_seq', $1)`, int64(r.before+r.stored))
}

// translate gives an effect the ids of this ledger.
func (r *realLedger) translate(e *core.Effect) {
	switch e.Op {
	case core.Permit, core.Reread, core.Record:
		e.Signal += r.before
	case core.Fetch:
		e.After += r.before
	default:
	}
}

func (r *realLedger) do(who process, e core.Effect) ([]core.Input, error) {
	e.Req = 7
	r.translate(&e)
	var answers []core.Input
	err := r.ledger(who).Call(r.ctx, &e, func(in *core.Input) { answers = append(answers, *in) })
	for i := range answers {
		if answers[i].Req != e.Req {
			return nil, fmt.Errorf("%v answers request %d", answers[i].Kind, answers[i].Req)
		}
		answers[i].Req = 0
		r.lineages.number(&answers[i])
		if answers[i].Signal != 0 {
			answers[i].Signal -= r.before
		}
	}
	return answers, err
}

func (r *realLedger) admit(o offer) (admitted, error) {
	a, err := r.ledger(n1).Admit(r.ctx, r.offer(o))
	if err != nil {
		return admitted{}, err
	}
	return admitted{a.Admission, a.Signal - r.before, a.State}, r.admitted(a.Admission)
}

// offer is a signal as its sender offers it. The key is a new one in each test:
// processes remember orders.
func (r *realLedger) offer(o offer) *pgledger.Offer {
	kind := "BASE_ENTRY"
	if o.exit {
		kind = "EXIT"
	}
	return &pgledger.Offer{
		Key: fmt.Sprintf("%d-%d", r.before, o.key), Type: kind,
		Instrument: fmt.Sprintf("INSTRUMENT_%d", o.instrument),
		Position:   "LONG", Timestamp: "2030-01-01T00:00:00Z",
		Payload: strconv.AppendInt(nil, o.payload, 10), ValidFor: o.validFor,
	}
}

// admitted notes what became of an offer.
func (r *realLedger) admitted(how inbox.Admission) error {
	if how == inbox.Fresh {
		r.stored++
		return nil
	}
	return r.pinID()
}

func (r *realLedger) setControl(mode core.Control) error {
	return r.ledger(n1).SetControl(r.ctx, mode, "conformance", "test")
}

func (r *realLedger) setProtocol(lowest, highest uint16) error {
	return r.ledger(n1).SetProtocol(r.ctx, lowest, highest)
}

func (r *realLedger) decide(signal core.SignalID, outcome core.SignalState) (bool, error) {
	err := r.ledger(n1).Decide(r.ctx, pgledger.Decision{
		Signal: signal + r.before, Outcome: outcome, By: "a person", Reason: "conformance",
	})
	if errors.Is(err, pgledger.ErrNoArrow) || errors.Is(err, pgledger.ErrNoSignal) {
		return false, nil
	}
	return err == nil, err
}

func (r *realLedger) acceptAuthority(witness core.Epoch) error {
	_, err := r.ledger(n1).AcceptAuthority(r.ctx, pgledger.Acceptance{
		Witness: witness, By: "a person", Reason: "conformance",
	})
	return err
}

func (r *realLedger) pass(d time.Duration) error {
	r.now = r.now.Add(d)
	return r.setClock()
}

func (r *realLedger) restart() error {
	r.started = r.now
	return r.setClock()
}

func (r *realLedger) branch() error {
	r.started, r.system = longAgo, r.system+1
	return r.setClock()
}

// longAgo is when the server of the tests came up.
var longAgo = began.Add(-time.Hour)

// setClock makes the schema's clock what it is.
func (r *realLedger) setClock() error {
	at := func(t core.Time) time.Time { return time.Unix(0, int64(t)) }
	return r.exec(`UPDATE clock SET now = $1, started = $2, reset = $3, system = $4`,
		at(r.now), at(r.started), at(r.reset), r.system)
}

// exec runs plain SQL.
func (r *realLedger) exec(sql string, arguments ...any) error {
	if _, err := r.bed.admin.Exec(r.ctx, sql, arguments...); err != nil {
		return fmt.Errorf("%s: %w", sql, err)
	}
	return nil
}

// ledger is the ledger that the process uses.
func (r *realLedger) ledger(who process) *pgledger.Ledger {
	if r.several {
		return r.bed.several[who.nonce]
	}
	return r.bed.ledgers[who.nonce]
}
