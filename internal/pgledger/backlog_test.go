package pgledger_test

import (
	"fmt"
	"testing"
	"time"

	"fencepost/core"
)

// backlog is how many signals wait, and mostRead how many rows and index entries a
// statement may read that finds what to do next among them, instruments many of
// them at a time.
const (
	backlog     = 20_000
	instruments = 16
	mostRead    = 1_500
)

// manyWait stores a backlog, each eighth signal of it an exit.
func manyWait(t *testing.T, dsn string, validFor any) {
	t.Helper()
	conn := connect(t, dsn)
	exec(t, conn, `SET session_replication_role = replica`)
	exec(t, conn, `
		INSERT INTO signals (group_name, key, type, instrument, position, "timestamp", payload, valid_until)
		SELECT 'test', 'waits ' || n, CASE n % 8 WHEN 7 THEN 'EXIT' ELSE 'BASE_ENTRY' END,
		       'instrument ' || (n / 8) % $2::int, 'LONG', '2025-11-29T10:00:00+05:30', '{}',
		       clock_timestamp() + $3::interval
		FROM generate_series(1, $1::int) n`, backlog, instruments, validFor)
	exec(t, conn, `RESET session_replication_role`)
	exec(t, conn, `VACUUM ANALYZE signals`)
}

// entriesRead counts the rows and index entries of signals that the server reads for a
// process of its own. The server counts a connection's when that is closed.
func entriesRead(t *testing.T, dsn string, ask func(*process)) int64 {
	t.Helper()
	watch := connect(t, dsn)
	count := func() int64 {
		exec(t, watch, `SELECT pg_stat_clear_snapshot()`)
		return read[int64](t, watch, `
			SELECT t.seq_tup_read + (SELECT sum(i.idx_tup_read)::bigint FROM pg_stat_user_indexes i
			                         WHERE i.relname = t.relname)
			FROM pg_stat_user_tables t WHERE t.relname = 'signals'`)
	}
	alone := func() bool {
		return read[int64](t, watch, `SELECT count(*) FROM pg_stat_activity
			
			WHERE datname = current_database() AND backend_type = 'client backend'
			  AND pid <> pg_backend_pid()`) <= 1
	}
	until(t, "whoever was there before to be gone", alone)
	before := count()
	p := start(t, dsn, fmt.Sprint("asker", before), inTurn)
	ask(p)
	p.Close()
	until(t, "the connections to be closed", alone)
	return count() - before
}

// What is to be done next is found without reading what waits: a leader that came
// to a day's backlog would find nothing within the server's limit for a statement,
// and execute nothing.
func TestNextWorkIsFoundWithoutReadingTheBacklog(t *testing.T) {
	dsn := database(t)
	manyWait(t, dsn, nil)
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
}

// So is that nothing is to be done, because an order of each instrument is out.
func TestPermitsDoNotReadTheBacklogOfTheirInstruments(t *testing.T) {
	dsn := database(t)
	manyWait(t, dsn, nil)
	n := entriesRead(t, dsn, func(p *process) {
		epoch := p.lead()
		for _, in := range p.calls(core.Effect{Op: core.Fetch, States: 1 << core.Received}) {
			if in.Kind == core.SignalFound {
				wantGranted(t, p.permit(epoch, in.Signal, in.Attempt+1, in.Version))
				p.calls(core.Effect{
					Op: core.Record, Signal: in.Signal, Attempt: in.Attempt + 1, State: core.Executed,
					Token: p.token,
				})
			}
		}
	})
	t.Logf("%d entries read for %d permits", n, core.FetchLimit)
	if n > 2*mostRead {
		t.Errorf("%d permits read %d entries, of %d signals that wait", core.FetchLimit, n, backlog)
	}
}

// What waited for too long is listed as well, in the order of the ids, and what
// came behind it waits for none of it.
func TestOutdatedBacklogIsListedAndStandsInNobodysWay(t *testing.T) {
	dsn := database(t)
	manyWait(t, dsn, -time.Second)
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
