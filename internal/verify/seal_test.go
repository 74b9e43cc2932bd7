package verify_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"fencepost/core"
	"fencepost/migrations"
)

// lateSQL stores a signal in a transaction that the test keeps open.
const lateSQL = `INSERT INTO signals (group_name, key, signal_id, type, instrument, position, "timestamp",
    payload)
	VALUES ('test', 'late', 'late', 'EXIT', 'NIFTY', 'LONG', 't', '')`

// fresh makes an empty ledger.
func fresh(t *testing.T) (dsn string) {
	t.Helper()
	_, dsn = database(t, "template0")
	if _, err := migrations.Up(t.Context(), dsn); err != nil {
		t.Fatal(err)
	}
	return dsn
}

// A block over an event that is younger than a transaction which still runs would
// be broken by whatever that one adds.
func TestNoBlockOvertakesATransactionThatStillRuns(t *testing.T) {
	dsn := fresh(t)
	n1 := instance(t, dsn, "n1")
	late, err := connect(t, dsn).Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = late.Rollback(context.WithoutCancel(t.Context())) }()
	if _, err := late.Exec(t.Context(), lateSQL); err != nil {
		t.Fatal(err)
	}
	n1.admit("younger")
	if n, err := n1.Seal(t.Context()); err != nil || n != 0 {
		t.Fatalf("sealed %d events beside an open transaction, %v", n, err)
	}
	if report := judged(t, dsn, nil); report.Unsealed != 1 || !report.Sound {
		t.Errorf("%+v", report)
	}
	if err := late.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	n1.seal()
	if report := judged(t, dsn, nil); !report.Sound || report.Events != 2 {
		t.Errorf("%+v", report)
	}
}

// Who comes while another seals does nothing, and waits for nothing.
func TestOneSealsAtATime(t *testing.T) {
	dsn := fresh(t)
	n1 := instance(t, dsn, "n1")
	n1.admit("s1")
	other := connect(t, dsn)
	const lock = `SELECT pg_advisory_lock(hashtextextended('fencepost:seal:test', 0))`
	if _, err := other.Exec(t.Context(), lock); err != nil {
		t.Fatal(err)
	}
	if n, err := n1.Seal(t.Context()); err != nil || n != 0 {
		t.Errorf("sealed %d beside another, %v", n, err)
	}
	if _, err := other.Exec(t.Context(), `SELECT pg_advisory_unlock_all()`); err != nil {
		t.Fatal(err)
	}
	n1.seal()
}

// Admissions, permits and several sealers at once leave unbroken chains.
func TestBlocksHoldWhileEverybodyWrites(t *testing.T) {
	dsn := fresh(t)
	leader := instance(t, dsn, "n0")
	leader.take(0)
	var writers, sealers sync.WaitGroup
	ended := make(chan struct{})
	for w := range 6 {
		writers.Go(func() {
			for i := range 30 {
				id := leader.admit(fmt.Sprintf("%d-%d", w, i))
				leader.permit(1, id, core.PermitWasGranted)
			}
		})
	}
	for range 3 {
		sealers.Go(func() {
			for {
				select {
				case <-ended:
					return
				default:
				}
				if _, err := leader.Seal(t.Context()); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	// Whoever looks meanwhile finds nothing either.
	sealers.Go(func() {
		for looks := 0; ; looks++ {
			select {
			case <-ended:
				return
			default:
			}
			for _, f := range judged(t, dsn, nil).Findings {
				t.Errorf("look %d: %v", looks, f)
			}
		}
	})
	writers.Wait()
	close(ended)
	sealers.Wait()
	leader.seal()
	report := judged(t, dsn, nil)
	if !report.Sound || report.Signals != 180 || report.Blocks < 3 {
		t.Errorf("%+v", report)
	}
}

// A transaction that is larger than a block stays in one.
func TestATransactionIsSealedAsAWhole(t *testing.T) {
	dsn := fresh(t)
	conn := connect(t, dsn)
	const many = `INSERT INTO signals (group_name, key, signal_id, type, instrument, position, "timestamp",
	    payload)
		SELECT 'test', n::text, n::text, 'EXIT', 'NIFTY', 'LONG', 't', '' FROM generate_series($1::int,
		    $2::int) n`
	for _, span := range [][2]int{{1, 10}, {11, 20}, {21, 30}} {
		if _, err := conn.Exec(t.Context(), many, pgx.QueryExecModeExec, span[0], span[1]); err != nil {
			t.Fatal(err)
		}
	}
	var sealed []int
	for range 3 {
		var n int
		if err := conn.QueryRow(t.Context(), `SELECT ledger_seal('test', 4)`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		sealed = append(sealed, n)
	}
	if fmt.Sprint(sealed) != "[10 10 10]" {
		t.Errorf("blocks of %v, want each transaction in one", sealed)
	}
	if report := judged(t, dsn, nil); !report.Sound || report.Blocks != 3 {
		t.Errorf("%+v", report)
	}
}

// A ledger is read page by page; nothing falls between two of them.
func TestPagesLeaveNothingOut(t *testing.T) {
	dsn := fresh(t)
	conn := connect(t, dsn)
	const many = `INSERT INTO signals
		    (group_name, key, signal_id, type, instrument, position, "timestamp", payload)
		SELECT 'test', n::text, n::text, 'EXIT', 'NIFTY', 'LONG', 't', '' FROM generate_series(1, 2500) n`
	if _, err := conn.Exec(t.Context(), many); err != nil {
		t.Fatal(err)
	}
	instance(t, dsn, "n1").seal()
	report := judged(t, dsn, nil)
	if !report.Sound || report.Signals != 2500 || report.Events != 2500 || report.Blocks != 1 {
		t.Errorf("%+v", report)
	}
	corrupt(t, dsn, `DELETE FROM signals WHERE id IN (1, 400, 401, 2000, 2001, 2499, 2500)`)
	var gone []string
	for _, f := range judged(t, dsn, nil).Findings {
		gone = append(gone, f.Where)
	}
	slices.Sort(gone)
	want := "signal 1,signal 2000,signal 2001,signal 2499,signal 2500,signal 400,signal 401"
	if got := strings.Join(gone, ","); got != want {
		t.Errorf("found %s, want %s", got, want)
	}
}
