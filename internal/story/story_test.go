package story_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fencepost/core"
	"fencepost/core/order"
	"fencepost/internal/pgledger"
	"fencepost/internal/story"
)

var update = flag.Bool("update", false, "write the golden files")

// began is when every scene begins.
var began = time.Date(2026, 3, 2, 9, 15, 0, 0, time.UTC)

func after(d time.Duration) time.Time { return began.Add(d) }

func at(d time.Duration) *time.Time { t := after(d); return &t }

func text(s string) *string { return &s }

// blue and green are the tokens of two instances.
const (
	blue  = "blue-1|00000000000000aa|1"
	green = "green-1|00000000000000bb|4"
)

// scene is a signal that arrived and was stored, ten seconds ago, while blue-1
// leads and the mode is run. The changes make of it what a test wants.
func scene(class order.Class, changes ...func(*story.Scene)) story.Scene {
	s := story.Scene{
		Signal: pgledger.SignalDetail{Signal: pgledger.Signal{
			ID: 17, Key: "s-17", SignalID: "s-17", Type: "BASE_ENTRY", Instrument: "BANKNIFTY",
			Position: "Long_1", Lots: "2", Price: "52000.05", Source: "desk", State: "received", Version: 1,
			ReceivedAt: began, ReceivedBy: "green-1", UpdatedAt: began,
		}},
		Now: after(10 * time.Second), Control: "run", Leader: "blue-1", Class: class,
	}
	for _, change := range changes {
		change(&s)
	}
	return s
}

// in puts the signal into a state that it reached then.
func in(state string, version int64, then time.Duration) func(*story.Scene) {
	return func(s *story.Scene) {
		s.Signal.State, s.Signal.Version, s.Signal.UpdatedAt = state, version, after(then)
		if parsed, _ := core.ParseSignalState(state); parsed.Final() {
			s.Signal.EndedAt = at(then)
		}
	}
}

// attempt adds the next attempt, permitted to blue-1 a second after the arrival
// of the signal, as often as there are attempts.
func attempt(state string, recorded time.Duration, changes ...func(*pgledger.Attempt)) func(*story.Scene) {
	return func(s *story.Scene) {
		n := len(s.Signal.Attempts) + 1
		permitted := time.Duration(n) * time.Second
		a := pgledger.Attempt{
			Attempt: int64(n), ClientOrderID: fmt.Sprintf("ORDER%d", n), Epoch: 7, Token: blue, State: state,
			SendBy: after(permitted + 2500*time.Millisecond), FenceSeq: int64(40 + n),
			PermittedAt: after(permitted), CreatedAt: after(permitted),
		}
		if recorded > 0 {
			a.RecordedAt, a.RecordedBy, a.Outcome = at(recorded), blue, text(state)
		}
		for _, change := range changes {
			change(&a)
		}
		s.Signal.Attempts = append(s.Signal.Attempts, a)
		s.Signal.Attempt = int64(n)
	}
}

// said adds what the broker said beside its answer.
func said(id, detail string) func(*pgledger.Attempt) {
	return func(a *pgledger.Attempt) { a.BrokerOrderID, a.BrokerDetail = id, detail }
}

// reason is the reason on the row.
func reason(word string) func(*story.Scene) {
	return func(s *story.Scene) { s.Signal.StateReason = word }
}

// alerted calls a person.
func alerted(then time.Duration, why string) func(*story.Scene) {
	return func(s *story.Scene) { s.Signal.AlertedAt, s.Signal.AlertReason = at(then), why }
}

// valid ends the signal's validity.
func valid(until time.Duration) func(*story.Scene) {
	return func(s *story.Scene) { s.Signal.ValidUntil = at(until) }
}

// mode sets the control mode.
func mode(word string) func(*story.Scene) {
	return func(s *story.Scene) { s.Control = word }
}

func leaderless(s *story.Scene) { s.Leader = "" }

// decided adds a person's word.
func decided(attempt int64, from, outcome, to string, then time.Duration, why string) func(*story.Scene) {
	return func(s *story.Scene) {
		s.Decisions = append(s.Decisions, pgledger.Decided{
			Attempt: attempt, FromState: from, Outcome: outcome, ToState: to, By: "ops", Reason: why,
			At: after(then), Version: int64(len(s.Decisions) + 2),
		})
		s.Signal.DecidedBy, s.Signal.StateReason = "ops", why
	}
}

// golden compares the story with its file.
func golden(t *testing.T, name string, s story.Story) {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "signal %d, key %s: %s\nin %s, version %d\n\n", s.Signal, s.Key, s.Order, s.State,
		s.Version)
	for _, l := range s.Timeline {
		when := "-"
		if l.At != nil {
			when = story.Moment(*l.At)
		}
		fmt.Fprintf(&b, "%-24s %-8s %s\n", when, l.Kind, l.What)
	}
	fmt.Fprintf(&b, "\nnow   %s\nnext  %s\n", s.Now, s.Next)
	for _, do := range s.Do {
		fmt.Fprintf(&b, "do    %s\n", do)
	}
	path := filepath.Join("testdata", name+".txt")
	if *update {
		if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != string(want) {
		t.Errorf("%s:\n%s\nwant\n%s", name, b.String(), want)
	}
}

func TestStoriesAreToldAsTheyStandInTheirFiles(t *testing.T) {
	all := stories()
	for name, s := range all {
		golden(t, name, story.Tell(s))
	}
	files, err := filepath.Glob(filepath.Join("testdata", "*.txt"))
	if err != nil || len(files) != len(all) {
		t.Errorf("%d files for %d stories, %v", len(files), len(all), err)
	}
}

// Whatever the rows are, a story has an answer to the three questions.
func TestEveryStateHasAnOutlook(t *testing.T) {
	for class := order.ClassD; class <= order.ClassA; class++ {
		for state := core.Received; state <= core.Expired; state++ {
			for _, leads := range []string{"", "blue-1"} {
				s := scene(class, in(state.String(), 3, 4*second), attempt("in_doubt", 4*second))
				s.Leader = leads
				told := story.Tell(s)
				if told.Now == "" || told.Next == "" || len(told.Timeline) == 0 {
					t.Errorf("class %v, %v: %+v", class, state, told)
				}
				if state == core.InDoubt && class <= order.ClassC && len(told.Do) == 0 {
					t.Errorf("class %v, %v: a person is told nothing", class, state)
				}
			}
		}
	}
}
