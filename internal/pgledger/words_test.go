package pgledger_test

import (
	"errors"
	"testing"

	"fencepost/core"
	"fencepost/internal/pgledger"
)

// The row's reason is written over by the next outcome; what a person attested
// is not.
func TestWordsOfAPersonOutliveTheNextOutcome(t *testing.T) {
	n1, signal, conn, _ := sent(t)
	n1.record(signal, 1, core.InDoubt)
	for _, d := range []pgledger.Decision{
		{Outcome: core.Void, Reason: "the book of the day has no such order"},
		{Outcome: core.Held, Reason: "we look first"},
		{Outcome: core.Received, Reason: "go on"},
	} {
		d.Signal, d.By = signal, "ops"
		if err := n1.Decide(t.Context(), d); err != nil {
			t.Fatal(err)
		}
	}
	n1.permit(1, signal, 2, n1.reread(signal).Version)
	n1.record(signal, 2, core.Executed)
	s, err := n1.Signal(t.Context(), signal)
	if err != nil || s.State != "executed" || s.StateReason != "" {
		t.Fatalf("%+v, %v", s, err)
	}
	words, err := n1.Decisions(t.Context(), signal)
	if err != nil || len(words) != 3 {
		t.Fatalf("%+v, %v", words, err)
	}
	for i, want := range []pgledger.Decided{
		{
			Attempt: 1, FromState: "in_doubt", Outcome: "void", ToState: "received", Version: 4,
			Reason: "the book of the day has no such order",
		},
		{FromState: "received", Outcome: "held", ToState: "held", Version: 5, Reason: "we look first"},
		{FromState: "held", Outcome: "received", ToState: "received", Version: 6, Reason: "go on"},
	} {
		want.By, want.At = "ops", words[i].At
		if words[i] != want {
			t.Errorf("word %d: %+v, want %+v", i, words[i], want)
		}
	}
	if n := read[int](t, conn, `SELECT count(*) FROM decisions`); n != 3 {
		t.Errorf("%d decisions", n)
	}
}

func TestWordAboutARowThatHasMovedIsRefused(t *testing.T) {
	n1, signal, _, _ := sent(t)
	n1.record(signal, 1, core.InDoubt)
	seen, err := n1.Signal(t.Context(), signal)
	if err != nil {
		t.Fatal(err)
	}
	word := func(outcome core.SignalState, version int64) error {
		return n1.Decide(t.Context(), pgledger.Decision{
			Signal: signal, Outcome: outcome, By: "ops", Reason: "seen", Version: version,
		})
	}
	n1.record(signal, 1, core.Submitted) // the broker was heard of after all
	if err := word(core.Void, seen.Version); !errors.Is(err, pgledger.ErrMoved) {
		t.Errorf("over a row that moved: %v", err)
	}
	if words, err := n1.Decisions(t.Context(), signal); err != nil || len(words) != 0 {
		t.Errorf("a refused word was kept: %+v, %v", words, err)
	}
	// The state would not allow it, but that is not the point.
	if err := word(core.Void, seen.Version+1); !errors.Is(err, pgledger.ErrNoArrow) {
		t.Errorf("over the row as it is: %v", err)
	}
}

// The same state twice is not the same row: it was received, sent, and is
// received again.
func TestWordIsBoundToTheVersionAndNotToTheState(t *testing.T) {
	n1, signal, _, _ := sent(t)
	n1.record(signal, 1, core.Void)
	err := n1.Decide(t.Context(), pgledger.Decision{
		Signal: signal, Outcome: core.Cancelled, By: "ops", Reason: "nothing was sent", Version: 1,
	})
	if !errors.Is(err, pgledger.ErrMoved) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestModeThatSomebodyElseSetIsNotChangedUnseen(t *testing.T) {
	n1, _, _ := leading(t)
	change := func(mode core.Control, seen *int64) (pgledger.ControlChanged, error) {
		return n1.ChangeControl(t.Context(), pgledger.ControlChange{
			Mode: mode, Reason: "why", By: "ops", Seen: seen,
		})
	}
	if _, err := change(core.Pause, nil); err != nil {
		t.Fatal(err)
	}
	shown, err := n1.Authority(t.Context())
	if err != nil || shown.Control != "pause" || shown.ControlSeq == 0 {
		t.Fatalf("%+v, %v", shown, err)
	}
	halted, err := change(core.Halt, nil) // by another person
	if err != nil || halted.Before != "pause" || halted.Mode != "halt" {
		t.Fatalf("%+v, %v", halted, err)
	}
	if _, err := change(core.Run, &shown.ControlSeq); !errors.Is(err, pgledger.ErrMoved) {
		t.Errorf("resumed over a halt that was not seen: %v", err)
	}
	if now, err := n1.Authority(t.Context()); err != nil || now.Control != "halt" {
		t.Errorf("%+v, %v", now, err)
	}
	if done, err := change(core.Run, &halted.FenceSeq); err != nil || done.Before != "halt" {
		t.Errorf("%+v, %v", done, err)
	}
}

func TestDoubtsAreListedWithTheirAttemptsAndAges(t *testing.T) {
	n1, first, conn, _ := sent(t)
	n1.record(first, 1, core.InDoubt)
	n1.admit("another") // received: no doubt
	exec(t, conn, `UPDATE signals SET updated_at = clock_timestamp() - interval '90 s' WHERE id = $1`,
		int64(first))
	list, err := n1.Doubts(t.Context(), 10)
	if err != nil || len(list) != 1 {
		t.Fatalf("%+v, %v", list, err)
	}
	d := list[0]
	if d.ID != first || len(d.Attempts) != 1 || d.Attempts[0].State != "in_doubt" ||
		d.Attempts[0].ClientOrderID == "" || d.Attempts[0].CreatedAt.IsZero() ||
		d.DoubtSeconds < 90 || d.DoubtSeconds > 900 || d.AgeSeconds > d.DoubtSeconds {
		t.Errorf("%+v", d)
	}
	counts, err := n1.Open(t.Context())
	if err != nil || len(counts) != 2 || counts[0].State != "in_doubt" || counts[0].Count != 1 ||
		counts[1].State != "received" || counts[1].Count != 1 {
		t.Errorf("%+v, %v", counts, err)
	}
}

func TestFindComparesTheBodyAndStoresNothing(t *testing.T) {
	n1, _, dsn := leading(t)
	conn := connect(t, dsn)
	before := read[int](t, conn, `SELECT count(*) FROM signals`)
	if found, err := n1.Find(t.Context(), "free", []byte("x")); err != nil || found != nil {
		t.Errorf("a free key: %+v, %v", found, err)
	}
	id := n1.admit("taken")
	o := offer("taken")
	for body, same := range map[string]bool{string(o.Payload): true, "{}": false} {
		found, err := n1.Find(t.Context(), "taken", []byte(body))
		if err != nil || found == nil || found.Signal != id || found.Same != same ||
			found.State != core.Received {
			t.Errorf("%s: %+v, %v", body, found, err)
		}
	}
	if now := read[int](t, conn, `SELECT count(*) FROM signals`); now != before+1 {
		t.Errorf("%d rows, then %d", before, now)
	}
}
