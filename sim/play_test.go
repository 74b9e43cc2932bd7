package sim

import (
	"strings"
	"testing"

	"fencepost/scenarios"
	"fencepost/sim/tape"
)

func TestARecordedRunPlaysAgain(t *testing.T) {
	w := denseWorld(t, scenarios.ClassB)
	for seed := uint64(1); seed <= 5; seed++ {
		want := w.Run(seed)
		recording := tape.Seeded(seed)
		recording.Record()
		if got := w.Play(recording); got.Hash != want.Hash || got.Seed != seed {
			t.Fatalf("seed %d: recording it changed it", seed)
		}
		list, err := tape.Parse("tape", recording.Recorded().Text())
		if err != nil {
			t.Fatal(err)
		}
		list.Seeded = false
		got := w.Play(tape.From(list.Source(nil)))
		if got.Hash != want.Hash || got.Events != want.Events || got.Unused != 0 || got.Unnamed != 0 {
			t.Errorf("seed %d: %x, then %x from its tape, with %d entries unused and %d draws unnamed",
				seed, want.Hash, got.Hash, got.Unused, got.Unnamed)
		}
	}
}

func TestATapeThatDoesNotFitIsReported(t *testing.T) {
	w := denseWorld(t, scenarios.ClassB)
	recording := tape.Seeded(3)
	recording.Record()
	w.Play(recording)
	list := recording.Recorded()
	list.Entries = append(list.Entries[100:], tape.Entry{Site: "gone", Actor: "n1"})
	got := w.Play(tape.From(list.Source(nil)))
	if got.Unused != 1 || got.Unnamed != 100 || got.Hash != w.Run(3).Hash {
		t.Errorf("%d unused, %d unnamed, verdict %v", got.Unused, got.Unnamed, got.Verdict)
	}
	other := w.Play(tape.From((&tape.List{Entries: list.Entries}).Source(tape.Seed(4))))
	if other.Unnamed < 100 {
		t.Errorf("another seed behind it: %d unnamed", other.Unnamed)
	}
}

func TestABenignRunMeetsNoHarm(t *testing.T) {
	w := denseWorld(t, scenarios.ClassC)
	got := w.Play(tape.From(tape.Benign{}))
	if got.Verdict != scenarios.Pass || got.Excused != 0 {
		t.Errorf("%v: %v", got.Verdict, got.Failure)
	}
	var text strings.Builder
	if err := w.WriteTrace(&text, 0); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(text.String(), "!!") {
		t.Error("a fault struck though nothing was left to chance")
	}
}

func FuzzBytesAreARun(f *testing.F) {
	f.Add([]byte("fencepost"))
	w := denseWorld(f, scenarios.ClassB)
	f.Fuzz(func(t *testing.T, data []byte) {
		got := w.Play(tape.From(tape.OfBytes(data, 4)))
		if got.Verdict == scenarios.Fail || got.Verdict == scenarios.Unknown {
			t.Errorf("%v", got.Failure)
		}
	})
}
