package recorder_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fencepost/core"
	"fencepost/internal/recorder"
)

// record plays a node that nobody answers for a while and returns its journal.
func record(t *testing.T, steps int) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "journal")
	r, err := recorder.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	now := core.Now{Boot: 1e9, Mono: 1e9, Wall: 1e18}
	node := core.New(core.Default(), 7, now)
	r.Start(core.Default(), 7, now)
	var effects core.Effects
	for range steps {
		for _, clock := range []*core.Time{&now.Boot, &now.Mono, &now.Wall} {
			*clock = clock.Add(700 * time.Millisecond)
		}
		in := core.Input{Kind: core.TimePassed}
		node.Step(now, &in, &effects)
		r.Record(now, &in, effects.All())
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestRecordedStepsHaveTheSameEffectsAgain(t *testing.T) {
	text := record(t, 100)
	if steps, err := recorder.Verify(bytes.NewReader(text)); steps != 100 || err != nil {
		t.Errorf("%d steps, %v", steps, err)
	}
}

func TestJournalOfAKilledProcessIsReadAsFarAsItGoes(t *testing.T) {
	text := record(t, 100)
	last := 0
	for cut := bytes.IndexByte(text, '\n') + 1; cut < len(text); cut++ {
		steps, err := recorder.Verify(bytes.NewReader(text[:cut]))
		if err != nil || steps < last || steps > 99 {
			t.Fatalf("cut at %d of %d: %d steps, %v", cut, len(text), steps, err)
		}
		last = steps
	}
	if last != 99 {
		t.Errorf("%d steps before the last byte", last)
	}
}

func TestOtherEffectsAreFoundAtTheirStep(t *testing.T) {
	text := record(t, 100)
	spoilt := bytes.Clone(text)
	spoilt[len(spoilt)-1] ^= 1
	var mismatch *recorder.Mismatch
	_, err := recorder.Verify(bytes.NewReader(spoilt))
	if !errors.As(err, &mismatch) || mismatch.Step != 100 {
		t.Errorf("%v", err)
	}
	other := bytes.Replace(text, []byte(`"StoreTimeout":25`), []byte(`"StoreTimeout":24`), 1)
	if _, err := recorder.Verify(bytes.NewReader(other)); !errors.As(err, &mismatch) {
		t.Errorf("another time-out: %v", err)
	}
}

func TestForeignFileIsRefused(t *testing.T) {
	for _, text := range []string{"", "\n", "{}\n", `{"format":2}` + "\n", `{"format":1}` + "\n"} {
		if _, err := recorder.Verify(strings.NewReader(text)); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
}
