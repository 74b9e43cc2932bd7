package story_test

import (
	"strings"
	"testing"

	"fencepost/core"
	"fencepost/core/order"
	"fencepost/internal/story"
)

func TestEachAttestationHasAWordAnOutcomeAndAPhraseOfItsOwn(t *testing.T) {
	outcomes, phrases := map[core.SignalState]bool{}, map[string]bool{}
	words := story.Attestations()
	for _, word := range words {
		a, ok := story.ParseAttestation(word)
		if !ok || a.String() != word {
			t.Errorf("%q is read as %v, %v", word, a, ok)
		}
		// Each outcome must be one that a signal in doubt can have.
		if _, ok := core.InDoubt.After(a.Outcome()); !ok || a.Outcome() == core.InDoubt {
			t.Errorf("%q leads to %v", word, a.Outcome())
		}
		if !strings.Contains(a.Phrase(17), "signal 17 ") || a.Consequence() == "" {
			t.Errorf("%q: %q, %q", word, a.Phrase(17), a.Consequence())
		}
		outcomes[a.Outcome()], phrases[a.Phrase(17)] = true, true
	}
	if len(words) != 5 || len(outcomes) != 5 || len(phrases) != 5 {
		t.Errorf("%d words, %d outcomes, %d phrases", len(words), len(outcomes), len(phrases))
	}
	if _, ok := story.ParseAttestation("none"); ok || story.NoAttestation.Outcome() != core.NoSignal {
		t.Error("saying nothing says something")
	}
	if err := story.ErrAttestation("void"); !strings.Contains(err.Error(), "not-sent") {
		t.Error(err)
	}
}

// A void attempt of which nobody has spoken since need not be looked for.
func TestPersonLooksForEveryOrderThatMayExistAndForNoOther(t *testing.T) {
	s := scene(order.ClassC, in("in_doubt", 6, 8*second),
		attempt("void", 2*second), attempt("void", 3*second, late("submitted"), said("B-9", "late")),
		attempt("in_doubt", 8*second), valid(60*second))
	look := story.LookFor(&s.Signal.Signal, s.Signal.Attempts)
	if len(look) != 2 || !strings.HasPrefix(look[0], "order ORDER2 ") || !strings.Contains(look[0], "B-9") ||
		!strings.HasPrefix(look[1], "order ORDER3 ") || !strings.Contains(look[1], "2 lots at 52000.05") {
		t.Errorf("%q", look)
	}
	known := story.Known(&s.Signal.Signal, s.Signal.Attempts)
	if !strings.Contains(known, "attempt 2 was taken for void, and the broker says submitted") {
		t.Errorf("%s", known)
	}
	s.Signal.Attempts = s.Signal.Attempts[2:]
	known = story.Known(&s.Signal.Signal, s.Signal.Attempts)
	if !strings.Contains(known, "attempt 3 was permitted to blue-1 under epoch 7") ||
		!strings.Contains(known, "valid until") {
		t.Errorf("%s", known)
	}
}

func TestChangesSayWhatMovedBetweenTwoReadings(t *testing.T) {
	before := scene(order.ClassC, in("in_doubt", 3, 4*second), attempt("in_doubt", 4*second)).Signal
	if got := story.Changes(&before, &before); len(got) != 0 {
		t.Errorf("of nothing: %q", got)
	}
	moved := scene(order.ClassC, in("submitting", 5, 9*second), attempt("void", 5*second, byPerson),
		attempt("submitting", 0), alerted(4*second, "in_doubt"),
		decided(1, "in_doubt", "void", "received", 5*second, "not in the book")).Signal
	got := strings.Join(story.Changes(&before, &moved), "\n")
	for _, want := range []string{
		"the state was in_doubt and is submitting", "attempt 1 was in_doubt and is void",
		"recorded by, was blue-1 and is ops", "attempt 2 is new: submitting, permitted to blue-1",
		"the last word of a person was empty and is ops", "the alert was none and is raised",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("lacks %q:\n%s", want, got)
		}
	}
	back := before
	back.Version = 9
	if got := story.Changes(&before, &back); len(got) != 1 || !strings.Contains(got[0], "came back") {
		t.Errorf("%q", got)
	}
}
