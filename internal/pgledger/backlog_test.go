package pgledger_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"fencepost/core"
	"fencepost/internal/pgledger"
)

// backlog is how many signals wait, and mostRead how many rows and index entries a
// statement may read that finds what to do next among them.
const (
	backlog  = 20_000
	mostRead = 500
)

// manyWait stores a backlog, each eighth signal of it an exit, over so many
// instruments.
func manyWait(t *testing.T, dsn string, instruments int, validFor any) {
	t.Helper()
	conn := connect(t, dsn)
	exec(t, conn, `SET session_replication_role = replica`)
	exec(t, conn, `
		INSERT INTO signals (group_name, key, type, instrument, position, "timestamp", payload, valid_until)
		SELECT 'test', 'waits ' || n, CASE n % 8 WHEN 7 THEN 'EXIT' ELSE 'BASE_ENTRY' END,
		       'instrument ' || CASE WHEN $2::int < $1::int THEN (n / 8) % $2::int ELSE n END, 'LONG',
		       '2025-11-29T10:00:00+05:30', '{}', clock_timestamp() + $3::interval
		FROM generate_series(1, $1::int) n`, backlog, instruments, validFor)
	exec(t, conn, `RESET session_replication_role`)
	exec(t, conn, `VACUUM ANALYZE signals`)
	if err := conn.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// readSoFar is how many rows and index entries of signals the server has read. It counts
// a connection's at the latest when that is closed.
func readSoFar(t *testing.T, watch *pgx.Conn) int64 {
	t.Helper()
	exec(t, watch, `SELECT pg_stat_clear_snapshot()`)
	return read[int64](t, watch, `
		SELECT t.seq_tup_read + (SELECT sum(i.idx_tup_read)::bigint FROM pg_stat_user_indexes i
		                         WHERE i.relname = t.relname)
		FROM pg_stat_user_tables t WHERE t.relname = 'signals'`)
}

// alone tells whether nobody else is connected to the database.
func alone(t *testing.T, watch *pgx.Conn) bool {
	t.Helper()
	return read[int64](t, watch, `
		SELECT count(*) FROM pg_stat_activity
		WHERE datname = current_database() AND backend_type = 'client backend'
		  AND pid <> pg_backend_pid()`) == 0
}

// entriesRead counts what the server reads for a process of its own.
func entriesRead(t *testing.T, dsn string, ask func(*process)) int64 {
	t.Helper()
	watch := connect(t, dsn)
	until(t, "whoever was there before to be gone", func() bool { return alone(t, watch) })
	before := readSoFar(t, watch)
	p := start(t, dsn, "n1", inTurn)
	ask(p)
	p.Close()
	until(t, "the connections to be closed", func() bool { return alone(t, watch) })
	return readSoFar(t, watch) - before
}

// What is to be done next is found without reading what waits, whether it is of few
// instruments or of many, and whether it may still be sent: a leader that came to a
// day's backlog would find nothing within the server's limit for a statement, and
// execute nothing.
func TestNextWorkIsFoundWithoutReadingTheBacklog(t *testing.T) {
	for _, of := range []struct {
		instruments int
		validFor    any
	}{{16, nil}, {backlog, nil}, {16, time.Hour}, {16, -time.Second}, {backlog, -time.Second}} {
		t.Run(fmt.Sprint(of.instruments, of.validFor), func(t *testing.T) {
			dsn := database(t)
			manyWait(t, dsn, of.instruments, of.validFor)
			n := entriesRead(t, dsn, func(p *process) {
				list := p.calls(core.Effect{Op: core.Fetch, States: 1<<core.Received | 1<<core.Submitting})
				if len(list) != core.FetchLimit+1 {
					t.Errorf("%d answers, want %d signals and the end", len(list), core.FetchLimit)
				}
			})
			t.Logf("%d entries read for a list", n)
			if n > mostRead {
				t.Errorf("a list read %d entries, of %d signals that wait", n, backlog)
			}
		})
	}
}

// A permit looks for what is in its way, and an outcome for what it was in the way of.
func TestPermitsDoNotReadTheBacklogOfTheirInstruments(t *testing.T) {
	dsn := database(t)
	manyWait(t, dsn, 16, nil)
	n := entriesRead(t, dsn, func(p *process) {
		executeListed(p, p.lead())
	})
	t.Logf("%d entries read for %d permits", n, core.FetchLimit)
	if n > 2*mostRead {
		t.Errorf("%d permits read %d entries, of %d signals that wait", core.FetchLimit, n, backlog)
	}
}

// executeListed gives permits to what is listed, and records that it was executed.
func executeListed(p *process, epoch core.Epoch) {
	p.t.Helper()
	for _, in := range p.calls(core.Effect{Op: core.Fetch, States: 1 << core.Received}) {
		if in.Kind == core.SignalFound {
			wantGranted(p.t, p.permit(epoch, in.Signal, in.Attempt+1, in.Version))
			p.calls(core.Effect{
				Op: core.Record, Signal: in.Signal, Attempt: in.Attempt + 1, State: core.Executed,
				Token: p.token,
			})
		}
	}
}

// What is planned once for a connection is planned when a ledger is empty, and serves
// as well when it is not.
func TestPlansThatWereMadeForAnEmptyLedgerServeAFullOne(t *testing.T) {
	dsn := database(t)
	p := start(t, dsn, "n1", inTurn, func(o *pgledger.Options) { o.Conns = 1 })
	epoch := p.lead()
	for i := range 3 * core.FetchLimit {
		p.admit(fmt.Sprint("first ", i), func(o *pgledger.Offer) { o.Instrument = o.Key })
	}
	for range 3 {
		executeListed(p, epoch)
	}
	manyWait(t, dsn, 16, nil)
	// The server counts what a connection has read at the end of its next transaction,
	// once a second has passed.
	<-time.After(1100 * time.Millisecond)
	p.calls(core.Effect{Op: core.Fetch})
	watch := connect(t, dsn)
	before := readSoFar(t, watch)
	executeListed(p, epoch)
	p.Close()
	until(t, "the connections to be closed", func() bool { return alone(t, watch) })
	if n := readSoFar(t, watch) - before; n > 2*mostRead {
		t.Errorf("%d permits read %d entries, of %d signals that wait", core.FetchLimit, n, backlog)
	}
}

// What waited for too long is listed as well, in the order of the ids, and what
// came behind it waits for none of it.
func TestOutdatedBacklogIsListedAndStandsInNobodysWay(t *testing.T) {
	dsn := database(t)
	manyWait(t, dsn, 16, -time.Second)
	p := start(t, dsn, "n1", inTurn)
	late := p.admit("late")
	var after core.SignalID
	for range 3 {
		list := p.calls(core.Effect{Op: core.Fetch, States: 1 << core.Received, After: after})
		if len(list) != core.FetchLimit+1 || list[core.FetchLimit].Flags.Has(core.Done) {
			t.Fatalf("after %d: %d answers, the last %+v", after, len(list), list[len(list)-1])
		}
		for _, in := range list[:core.FetchLimit] {
			if in.Signal != after+1 || !in.Flags.Has(core.Outdated) {
				t.Fatalf("after %d comes %+v", after, in)
			}
			after = in.Signal
		}
	}
	list := p.calls(core.Effect{Op: core.Fetch, States: 1 << core.Received, After: late - 1})
	if len(list) != 2 || list[0].Signal != late || list[0].Flags.Has(core.Outdated) ||
		!list[1].Flags.Has(core.Done) {
		t.Errorf("the list ends with %+v, want signal %d", list, late)
	}
}
