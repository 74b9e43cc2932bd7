package driver_test

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"fencepost/core"
	"fencepost/internal/driver"
	"fencepost/internal/recorder"
)

var update = flag.Bool("update", false, "write the kept journal of package recorder anew")

// kept is a journal that stays in the repository.
const kept = "../recorder/testdata/kept.journal"

// record drives a node through elections, signals and cuts, and returns the
// text of its journal.
func record(t *testing.T, flush time.Duration) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "journal")
	synctest.Test(t, func(t *testing.T) {
		r, err := recorder.Create(recorder.Options{
			Path: path, Flush: flush, Group: "desk", Instance: "n1", Build: "kept",
		})
		if err != nil {
			t.Fatal(err)
		}
		b := start(t, func(o *driver.Options) { o.Journal = r })
		for id := core.SignalID(1); id <= 6; id++ {
			b.elected(t)
			b.store.mu.Lock()
			b.store.signals[id] = core.Received
			b.store.mu.Unlock()
			b.Put(core.Input{Kind: core.WorkHeard})
			pass(40 * time.Second)
			b.store.setCut(id%2 == 0)
			pass(12 * time.Second)
			b.store.setCut(false)
		}
		b.elected(t)
		if err := b.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		b.end()
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	})
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestRecordedRunOfADriverHasTheSameEffectsAgain(t *testing.T) {
	for _, flush := range []time.Duration{0, time.Second} {
		text := record(t, flush)
		j, err := recorder.Read(text)
		if err != nil {
			t.Fatal(err)
		}
		r := recorder.Verify(j)
		if r.Steps < 500 || r.Difference != nil || r.Damage != nil || !r.End.Closed {
			t.Errorf("flush %v: %+v", flush, r)
		}
		if *update {
			if err := os.WriteFile(kept, text, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// What explains a broken assertion best is the input that broke it.
func TestJournalHoldsTheInputThatBrokeAnAssertion(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	synctest.Test(t, func(t *testing.T) {
		r, err := recorder.Create(recorder.Options{Path: path, Flush: time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		store := newStore(time.Second)
		d := driver.New(driver.Options{
			Config: core.Default(), Nonce: 7, Clock: tick{},
			Redis: store, Postgres: store, Broker: store, Sink: &notes{}, Journal: r,
		})
		broke := make(chan any, 1)
		go func() {
			defer func() { broke <- recover() }()
			d.Run(t.Context())
		}()
		pass(1500 * time.Millisecond)
		synctest.Wait()
		d.Put(core.Input{Kind: 255})
		if <-broke == nil {
			t.Fatal("Run survived an impossible input")
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		j, err := recorder.Read(text)
		if err != nil {
			t.Fatal(err)
		}
		// The input is one that no build knows, and stands there all the same.
		result := recorder.Verify(j)
		var last *recorder.DamagedError
		if !errors.As(result.Damage, &last) || last.Step != result.Steps+1 || result.Difference != nil {
			t.Errorf("%+v", result)
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	})
}
