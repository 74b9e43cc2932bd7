package pgledger_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"fencepost/internal/crew"
	"fencepost/internal/pgledger"
)

// The benchmark plays slices of permits, with the fence and without it in turn, so
// that whatever else the machine does meets both alike.
const fenceSlice = 400

// permitLimits are the limits of a transaction of the ledger, with room for a
// machine that is slow.
var permitLimits = strings.NewReplacer("@statement::text", "'9000'", "@lock::text", "'8000'",
	"@idle::text", "'10000'", "@commit::text", "'on'",
	"@plans::text", "'force_custom_plan'").Replace(pgledger.LimitsSQL)

// fencedPermit is what the ledger sends for a permit, statement by statement.
func fencedPermit() fence {
	return fence{
		name: "fenced", begin: pgledger.BeginSQL,
		before: []string{permitLimits, pgledger.LockSharedSQL, pgledger.LockSignalsSQL},
		permit: pgledger.PermitSQL,
	}
}

// mutePermit is fenced, and says of a refusal nothing but that it is one: the part
// of the fence that keeps stale leaders out, without the one that tells of it.
func mutePermit() fence {
	f := fencedPermit()
	f.name, f.permit = "mute", mute(pgledger.PermitSQL)
	return f
}

// barePermit is the same transaction without the fence: nobody's lock is taken, and
// nobody's epoch is read.
func barePermit() fence {
	return fence{
		name: "bare", begin: pgledger.BeginSQL,
		before: []string{permitLimits, pgledger.LockSignalsSQL},
		permit: mute(without(pgledger.FenceSQL, `SELECT @group::text AS group_name`)),
	}
}

// mute cuts from a permit what asks why it was refused.
func mute(permit string) string {
	cut := strings.Index(permit, "\nSELECT q.signal")
	if cut < 0 {
		panic("the permit does not say any more where its answer begins")
	}
	return permit[:cut] + `
SELECT q.signal, coalesce(m.version, 0), 0, '', 'run', 0, 0, 0
FROM asked q LEFT JOIN moved m ON m.id = q.signal`
}

// fenceBench is a ledger full of signals, and one connection for each worker.
type fenceBench struct {
	claim claim
	conns []*pgx.Conn
	next  int64
}

func newFenceBench(b *testing.B, workers, permits int) *fenceBench {
	b.Helper()
	dsn := database(b)
	leader := start(b, dsn, "n1")
	f := &fenceBench{claim: claim{leader, leader.lead(), leader.token}}
	watch := connect(b, dsn)
	exec(b, watch, `INSERT INTO signals (group_name, key, type, instrument, position, "timestamp", payload)
		SELECT 'test', n::text, 'EXIT', 'NIFTY', 'LONG', 't', '' FROM generate_series(1, $1) n`, permits)
	exec(b, watch, `VACUUM ANALYZE signals`)
	for range workers {
		f.conns = append(f.conns, exact(b, dsn))
	}
	return f
}

// play asks for so many permits with all connections, and returns how long it took.
func (f *fenceBench) play(b *testing.B, kind fence, permits int) time.Duration {
	b.Helper()
	ctx, first := context.WithoutCancel(b.Context()), f.next
	f.next += int64(permits)
	began := time.Now()
	crew.Share(len(f.conns))(permits, func(hand, job int) {
		granted, err := kind.ask(ctx, f.conns[hand], f.claim, first+int64(job)+1)
		if err != nil || !granted {
			b.Errorf("%s permit %d: granted %t, %v", kind.name, job, granted, err)
		}
	})
	return time.Since(began)
}

// BenchmarkFence measures what the fence costs: permits as the ledger asks for
// them, and the same transaction without the lock and the epoch, on a real
// server, in one run. The ratio is permits per second to bare ones; that of the
// mute ones tells what of the price is the naming of refusals.
func BenchmarkFence(b *testing.B) {
	kinds := []fence{fencedPermit(), mutePermit(), barePermit()}
	for _, workers := range []int{1, 2 * runtime.GOMAXPROCS(0), 16} {
		b.Run(fmt.Sprintf("workers=%d", workers), func(b *testing.B) {
			slices := (b.N + fenceSlice - 1) / fenceSlice
			f := newFenceBench(b, workers, len(kinds)*(slices+1)*fenceSlice)
			took := make([]time.Duration, len(kinds))
			for slice := range slices + 1 {
				for i, kind := range kinds {
					if now := f.play(b, kind, fenceSlice); slice > 0 { // the first warms up
						took[i] += now
					}
				}
			}
			b.StopTimer()
			permits, bare := float64(slices*fenceSlice), took[len(kinds)-1].Seconds()
			for i, kind := range kinds {
				b.ReportMetric(permits/took[i].Seconds(), kind.name+"/s")
			}
			b.ReportMetric(100*bare/took[0].Seconds(), "%ratio")
			b.ReportMetric(100*bare/took[1].Seconds(), "%mute")
			b.ReportMetric(0, "ns/op")
		})
	}
}
