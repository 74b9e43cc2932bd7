package conformance_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"fencepost/core"
	"fencepost/core/inbox"
	"fencepost/internal/pgledger"
	"fencepost/internal/testbed"
	"fencepost/migrations"
)

// clockSQL makes the schema in which the ledger lives. PostgreSQL looks for a
// function in the schemas of search_path in their order, and before all of
// them in pg_catalog unless that is named in it. So these are found first.
const clockSQL = `
CREATE SCHEMA conformance;
CREATE TABLE conformance.clock (
    now timestamptz NOT NULL, started timestamptz NOT NULL, system bigint NOT NULL);
INSERT INTO conformance.clock VALUES ('2030-01-01Z', '2029-12-31 23:00Z', 1);
CREATE FUNCTION conformance.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE
    AS 'SELECT now FROM conformance.clock';
CREATE FUNCTION conformance.pg_postmaster_start_time() RETURNS timestamptz LANGUAGE sql VOLATILE
    AS 'SELECT started FROM conformance.clock';
CREATE FUNCTION conformance.pg_control_system() RETURNS TABLE (system_identifier bigint) LANGUAGE sql VOLATILE
    AS 'SELECT system FROM conformance.clock'`

// durableSQL refuses a commit in memory of anything but a heartbeat: the model
// says that a crash loses nothing else.
const durableSQL = `
CREATE FUNCTION durable() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('synchronous_commit') <> 'on' THEN
        RAISE EXCEPTION 'a change of % would be committed in memory', TG_TABLE_NAME;
    END IF;
    RETURN NULL;
END $$;
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['authority', 'leadership_history', 'fence_refusals', 'control_history',
        'authority_acceptances', 'signals', 'attempts']
    LOOP
        EXECUTE format('CREATE CONSTRAINT TRIGGER durable AFTER INSERT OR UPDATE ON %I
            DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION durable()', name);
    END LOOP;
END $$`

// resetSQL empties the ledger and sets the clock back. The triggers that
// forbid that are out of force for the one transaction.
const resetSQL = `
BEGIN;
SET LOCAL session_replication_role = replica;
DELETE FROM attempts; DELETE FROM signals; DELETE FROM fence_refusals; DELETE FROM control_history;
DELETE FROM leadership_history; DELETE FROM authority; DELETE FROM authority_acceptances;
DELETE FROM authority_lineages;
DELETE FROM instance_metadata;
UPDATE clock SET now = '2030-01-01Z', started = '2029-12-31 23:00Z', system = 1;
COMMIT`

// bed is the database that all tests of this package share. A test empties it
// first; they run one after another.
var bed struct {
	once    sync.Once
	err     error
	admin   *pgx.Conn
	ledgers map[core.Nonce]*pgledger.Ledger
}

// patience bounds every call on a server that may be busy with others.
var patience = pgledger.Limits{
	Connect: 10 * time.Second, Ping: 5 * time.Second, Read: 20 * time.Second, Statement: 10 * time.Second,
	Lock: 8 * time.Second, Idle: 10 * time.Second, Call: 30 * time.Second,
}

// makeBed starts the server, makes the schema and opens a ledger for each
// process.
func makeBed(t testing.TB) error {
	server := testbed.PostgresServer(t)
	ctx := context.Background()
	if err := server.CreateDatabase(ctx, "conformance"); err != nil {
		return err
	}
	dsn := server.DSN("conformance") + "&search_path=conformance%2Cpg_catalog"
	var err error
	if bed.admin, err = pgx.Connect(ctx, dsn); err != nil {
		return err
	}
	if _, err := bed.admin.Exec(ctx, clockSQL); err != nil {
		return err
	}
	if _, err := migrations.Up(ctx, dsn); err != nil {
		return err
	}
	if _, err := bed.admin.Exec(ctx, durableSQL); err != nil {
		return err
	}
	bed.ledgers = map[core.Nonce]*pgledger.Ledger{}
	for _, p := range processes {
		l, err := pgledger.Open(pgledger.Options{
			DSN: dsn, Group: "test", Instance: p.name, Nonce: p.nonce, TTL: ledgerTTL, SendBy: sendBy,
			Conns: askersAtOnce, Limits: patience,
		})
		if err != nil {
			return err
		}
		bed.ledgers[p.nonce] = l
	}
	return nil
}

// realLedger is the service's ledger on a real server.
type realLedger struct {
	ctx context.Context
	now core.Time
	// before is the greatest id that earlier tests used up, and stored how many
	// signals this one has.
	before core.SignalID
	stored core.SignalID
	// lineages number the servers that answered.
	lineages lineages
}

func newRealLedger(t testing.TB) *realLedger {
	t.Helper()
	bed.once.Do(func() { bed.err = makeBed(t) })
	if bed.err != nil {
		t.Fatal(bed.err)
	}
	r, err := emptyLedger()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// emptyLedger empties the bed.
func emptyLedger() (*realLedger, error) {
	r := &realLedger{ctx: context.Background(), now: began, lineages: lineages{}}
	if _, err := bed.admin.PgConn().Exec(r.ctx, resetSQL).ReadAll(); err != nil {
		return nil, fmt.Errorf("reset: %w", err)
	}
	err := bed.admin.QueryRow(r.ctx, `SELECT last_value FROM signals_id_seq`).Scan(&r.before)
	if err != nil {
		return nil, fmt.Errorf("reset: %w", err)
	}
	return r, r.pinID()
}

// pinID makes the next signal's id the next number: an admission that stores
// nothing uses up an id as well.
func (r *realLedger) pinID() error {
	return r.exec(`SELECT setval('signals_id_seq', $1)`, int64(r.before+r.stored))
}

func (r *realLedger) do(who process, e core.Effect) ([]core.Input, error) {
	e.Req = 7
	switch e.Op {
	case core.Permit, core.Reread, core.Record:
		e.Signal += r.before
	case core.Fetch:
		e.After += r.before
	default:
	}
	var answers []core.Input
	err := bed.ledgers[who.nonce].Call(r.ctx, &e, func(in *core.Input) { answers = append(answers, *in) })
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

func (r *realLedger) admit(key, payload int64, validFor time.Duration) (admitted, error) {
	a, err := bed.ledgers[n1.nonce].Admit(r.ctx, &pgledger.Offer{
		// The key is a new one in each test: processes remember orders.
		Key: fmt.Sprintf("%d-%d", r.before, key), Type: "BASE_ENTRY", Instrument: "BANK_NIFTY",
		Position: "LONG", Timestamp: "2030-01-01T00:00:00Z",
		Payload: strconv.AppendInt(nil, payload, 10), ValidFor: validFor,
	})
	if err != nil {
		return admitted{}, err
	}
	if a.Admission == inbox.Fresh {
		r.stored++
	} else if err := r.pinID(); err != nil {
		return admitted{}, err
	}
	return admitted{a.Admission, a.Signal - r.before, a.State}, nil
}

func (r *realLedger) setControl(mode core.Control) error {
	return bed.ledgers[n1.nonce].SetControl(r.ctx, mode, "conformance", "test")
}

func (r *realLedger) decide(signal core.SignalID, outcome core.SignalState) (bool, error) {
	err := bed.ledgers[n1.nonce].Decide(r.ctx, pgledger.Decision{
		Signal: signal + r.before, Outcome: outcome, By: "a person", Reason: "conformance",
	})
	if errors.Is(err, pgledger.ErrNoArrow) || errors.Is(err, pgledger.ErrNoSignal) {
		return false, nil
	}
	return err == nil, err
}

func (r *realLedger) acceptAuthority(witness core.Epoch) error {
	_, err := bed.ledgers[n1.nonce].AcceptAuthority(r.ctx, pgledger.Acceptance{
		Witness: witness, By: "a person", Reason: "conformance",
	})
	return err
}

func (r *realLedger) pass(d time.Duration) error {
	r.now = r.now.Add(d)
	return r.exec(`UPDATE clock SET now = $1`, time.Unix(0, int64(r.now)))
}

func (r *realLedger) restart() error { return r.exec(`UPDATE clock SET started = now`) }

func (r *realLedger) branch() error {
	return r.exec(`UPDATE clock SET started = '2029-12-31 23:00Z', system = system + 1`)
}

// exec runs plain SQL.
func (r *realLedger) exec(sql string, arguments ...any) error {
	if _, err := bed.admin.Exec(r.ctx, sql, arguments...); err != nil {
		return fmt.Errorf("%s: %w", sql, err)
	}
	return nil
}
