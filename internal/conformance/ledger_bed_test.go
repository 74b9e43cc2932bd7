package conformance_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"fencepost/core"
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
    now timestamptz NOT NULL, started timestamptz NOT NULL, reset timestamptz NOT NULL,
    system bigint NOT NULL);
INSERT INTO conformance.clock VALUES ('2030-01-01Z', '2029-12-31 23:00Z', '2029-12-31 23:00Z', 1);
CREATE FUNCTION conformance.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE
    AS 'SELECT now FROM conformance.clock';
CREATE FUNCTION conformance.pg_postmaster_start_time() RETURNS timestamptz LANGUAGE sql VOLATILE
    AS 'SELECT started FROM conformance.clock';
CREATE VIEW conformance.pg_stat_bgwriter AS SELECT reset AS stats_reset FROM conformance.clock;
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
        'authority_acceptances', 'signals', 'attempts', 'decisions']
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
SET LOCAL synchronous_commit = on;
DELETE FROM attempts; DELETE FROM signals; DELETE FROM fence_refusals; DELETE FROM control_history;
DELETE FROM leadership_history; DELETE FROM authority; DELETE FROM authority_acceptances;
DELETE FROM authority_lineages; DELETE FROM decisions;
DELETE FROM instance_metadata;
UPDATE clock SET now = '2030-01-01Z', started = '2029-12-31 23:00Z', reset = '2029-12-31 23:00Z', system = 1;
COMMIT`

// bed is a database with a ledger for each process. A test empties it first;
// they run one after another.
type bed struct {
	dsn     string
	admin   *pgx.Conn
	ledgers map[core.Nonce]*pgledger.Ledger
	// several are those that have several signals of an instrument open.
	several map[core.Nonce]*pgledger.Ledger
}

// shared is the bed that most tests of this package lie in.
var shared struct {
	once sync.Once
	err  error
	bed  *bed
}

// patience bounds every call on a server that may be busy with others.
var patience = pgledger.Limits{
	Connect: 10 * time.Second, Ping: 5 * time.Second, Read: 20 * time.Second, Statement: 10 * time.Second,
	Lock: 8 * time.Second, Idle: 10 * time.Second, Call: 30 * time.Second,
}

// sharedBed returns the shared bed, on the server that nobody disturbs.
func sharedBed(t testing.TB) *bed {
	t.Helper()
	shared.once.Do(func() {
		server := testbed.PostgresServer(t)
		if shared.err = server.CreateDatabase(context.Background(), "conformance"); shared.err != nil {
			return
		}
		shared.bed, shared.err = makeBed(server.DSN("conformance"))
		if shared.err == nil {
			shared.err = shared.bed.open(shared.bed.dsn)
		}
	})
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.bed
}

// searchPath makes PostgreSQL look into the schema with the clock first.
const searchPath = "&search_path=conformance%2Cpg_catalog"

// makeBed makes the schema in a database, of which that is the superuser's
// address.
func makeBed(dsn string) (*bed, error) {
	b := &bed{
		dsn: dsn + searchPath, ledgers: map[core.Nonce]*pgledger.Ledger{},
		several: map[core.Nonce]*pgledger.Ledger{},
	}
	ctx := context.Background()
	if err := b.connect(ctx); err != nil {
		return nil, err
	}
	if _, err := b.admin.Exec(ctx, clockSQL); err != nil {
		return nil, err
	}
	if _, err := migrations.Up(ctx, b.dsn); err != nil {
		return nil, err
	}
	_, err := b.admin.Exec(ctx, durableSQL)
	return b, err
}

// connect opens the superuser's connection anew. What it does to the clock is
// committed in memory: if it were durable, so would be every heartbeat before.
func (b *bed) connect(ctx context.Context) error {
	if b.admin != nil {
		_ = b.admin.Close(ctx) // it may be broken
	}
	var err error
	if b.admin, err = pgx.Connect(ctx, b.dsn); err != nil {
		return err
	}
	_, err = b.admin.Exec(ctx, "SET synchronous_commit = off")
	return err
}

// open opens a ledger for each process.
func (b *bed) open(dsn string) error {
	for i, p := range processes {
		o := pgledger.Options{
			DSN: dsn, Group: "test", Instance: p.name, Nonce: p.nonce, TTL: ledgerTTL, SendBy: sendBy,
			OneOpen: true, Window: i + 1, // so that there is something beyond it
			Conns: askersAtOnce, Limits: patience,
		}
		for _, all := range []map[core.Nonce]*pgledger.Ledger{b.ledgers, b.several} {
			l, err := pgledger.Open(o)
			if err != nil {
				return err
			}
			all[p.nonce], o.OneOpen = l, false
		}
	}
	return nil
}

// empty empties the bed and returns the ledger in it.
func (b *bed) empty() (*realLedger, error) {
	r := &realLedger{
		bed: b, ctx: context.Background(), now: began, started: longAgo, reset: longAgo, system: 1,
		lineages: lineages{},
	}
	if _, err := b.admin.PgConn().Exec(r.ctx, resetSQL).ReadAll(); err != nil {
		return nil, fmt.Errorf("reset: %w", err)
	}
	err := b.admin.QueryRow(r.ctx, `SELECT last_value FROM signals_id_seq`).Scan(&r.before)
	if err != nil {
		return nil, fmt.Errorf("reset: %w", err)
	}
	return r, r.pinID()
}
