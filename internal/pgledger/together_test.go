package pgledger_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"fencepost/core/inbox"
	"fencepost/internal/pgledger"
)

// blocked holds the table until it is let go, so that signals pile up.
func blocked(t *testing.T, dsn string) (free func()) {
	t.Helper()
	conn := connect(t, dsn)
	exec(t, conn, `BEGIN`)
	exec(t, conn, `LOCK TABLE signals IN SHARE MODE`)
	return func() { exec(t, conn, `ROLLBACK`) }
}

// waiting is how many transactions wait for a lock.
func waiting(t *testing.T, dsn string) int64 {
	t.Helper()
	return read[int64](t, connect(t, dsn), `SELECT count(*) FROM pg_locks WHERE NOT granted`)
}

func TestSignalsThatComeAtTheSameTimeAreStoredTogether(t *testing.T) {
	dsn := database(t)
	n1 := start(t, dsn, "n1")
	free := blocked(t, dsn)
	const crews, many = 1, 20 // a second crew sets out once more of them wait
	var all sync.WaitGroup
	failed := make([]error, crews+many)
	admit := func(ctx context.Context, i int) {
		all.Go(func() {
			o := offer(fmt.Sprintf("s%02d", i%(crews+many-1))) // the last one is the first one's duplicate
			if i == crews+1 {
				o.Price = "cheap"
			}
			got, err := n1.Admit(ctx, &o)
			if failed[i] = err; err == nil && got.Admission != inbox.Fresh && i%(crews+many-1) != 0 {
				failed[i] = fmt.Errorf("%s: %v", o.Key, got.Admission)
			}
		})
	}
	for i := range crews {
		admit(t.Context(), i)
		for waiting(t, dsn) <= int64(i) {
			<-time.After(time.Millisecond)
		}
	}
	left, leave := context.WithCancel(t.Context())
	admit(left, crews)
	for i := crews + 1; i < crews+many; i++ {
		admit(t.Context(), i)
	}
	leave()
	free()
	all.Wait()
	for i, err := range failed {
		switch {
		case i == crews && !errors.Is(err, context.Canceled), i == crews+1 && err == nil:
			t.Errorf("signal %d: %v", i, err)
		case i != crews && i != crews+1 && err != nil:
			t.Errorf("signal %d: %v", i, err)
		}
	}
	watch := connect(t, dsn)
	// Of those that waited one is no signal, one has left, and one is a duplicate.
	if n := read[int64](t, watch, `SELECT count(*) FROM signals`); n != crews+many-3 {
		t.Errorf("%d signals are stored", n)
	}
}

// TestReplaysOfOneSignalAreAnsweredTogether: were each answered by a transaction of
// its own, the last of a storm of them would not be answered in time.
func TestReplaysOfOneSignalAreAnsweredTogether(t *testing.T) {
	dsn := database(t)
	n1 := start(t, dsn, "n1")
	free := blocked(t, dsn)
	const replays = 60
	var all sync.WaitGroup
	admissions := make([]inbox.Admission, 1+replays)
	admit := func(i int, o pgledger.Offer) {
		all.Go(func() {
			got, err := n1.Admit(t.Context(), &o)
			if admissions[i] = got.Admission; err != nil {
				t.Error(err)
			}
		})
	}
	admit(0, offer("another")) // its crew is kept waiting
	for waiting(t, dsn) == 0 {
		<-time.After(time.Millisecond)
	}
	begun := read[int64](t, connect(t, dsn), `SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint`)
	for i := 1; i <= replays; i++ {
		o := offer("one")
		if i%3 == 0 {
			o.Payload = []byte("another body")
		}
		admit(i, o)
	}
	free()
	all.Wait()
	counts := map[inbox.Admission]int{}
	for _, a := range admissions[1:] {
		counts[a]++
	}
	// Whether the first to be stored had the one body or the other, there is one.
	if counts[inbox.Fresh] != 1 || counts[inbox.Duplicate]+counts[inbox.Clash] != replays-1 ||
		counts[inbox.Clash] != replays/3 && counts[inbox.Clash] != replays-replays/3 {
		t.Errorf("admissions: %v", counts)
	}
	watch := connect(t, dsn)
	if n := read[int64](t, watch, `SELECT count(*) FROM signals`); n != 2 {
		t.Errorf("%d signals are stored", n)
	}
	ended := read[int64](t, watch, `SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint`)
	if n := ended - begun; n > 10 {
		t.Errorf("%d replays took %d transactions that write", replays, n)
	}
}

func TestOneTransactionStoresManySignals(t *testing.T) {
	dsn := database(t)
	n1 := start(t, dsn, "n1")
	free := blocked(t, dsn)
	var all sync.WaitGroup
	for i := range 64 {
		all.Go(func() {
			o := offer(fmt.Sprintf("s%02d", i))
			if _, err := n1.Admit(t.Context(), &o); err != nil {
				t.Error(err)
			}
		})
		for i == 0 && waiting(t, dsn) == 0 {
			<-time.After(time.Millisecond)
		}
	}
	free()
	all.Wait()
	n := read[int64](t, connect(t, dsn), `SELECT count(DISTINCT xmin::text) FROM signals`)
	if n > 16 {
		t.Errorf("64 signals that came at the same time took %d transactions", n)
	}
}
