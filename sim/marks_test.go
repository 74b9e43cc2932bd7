package sim

import (
	"slices"
	"strings"
	"testing"

	"fencepost/core"
	"fencepost/core/check"
	"fencepost/core/event"
	"fencepost/scenarios"
)

// demanded lists the names of the marks that every large campaign must hit.
func demanded(t *testing.T) []string {
	t.Helper()
	var names []string
	for _, m := range AllMarks() {
		if m.Demanded {
			names = append(names, m.Name)
		}
	}
	return names
}

func TestMarksHaveNamesOfTheirOwn(t *testing.T) {
	seen := map[string]bool{}
	for i, m := range AllMarks() {
		if m.Name == "" || seen[m.Name] && !strings.HasSuffix(m.Name, "?") {
			t.Errorf("mark %d has the name %q", i, m.Name)
		}
		seen[m.Name] = true
		if m.Demanded && strings.HasSuffix(m.Name, "?") {
			t.Errorf("%q is demanded and nothing", m.Name)
		}
	}
}

func TestEachEventIsDemanded(t *testing.T) {
	have := demanded(t)
	for _, e := range event.All() {
		if !slices.Contains(have, "event: "+e.String()) {
			t.Errorf("no mark for the event %s", e)
		}
	}
	for i := range check.MarkTotal {
		if !slices.Contains(have, "check: "+check.Mark(i).String()) {
			t.Errorf("no mark for what a checker judges: %s", check.Mark(i))
		}
	}
}

// TestEachWordOfTheVerbsIsDemanded reads the format's own vocabulary: a verb,
// act or effect that is added to it needs a mark.
func TestEachWordOfTheVerbsIsDemanded(t *testing.T) {
	have := demanded(t)
	verbs := map[string]bool{}
	for _, e := range scenarios.Vocabulary() {
		if e.Kind == "verb" {
			verbs[e.Word] = true
		}
	}
	if len(verbs) < 12 {
		t.Fatalf("the vocabulary has the verbs %v", verbs)
	}
	for _, e := range scenarios.Vocabulary() {
		what, verb, ok := strings.Cut(e.Kind, " of ")
		name := "verb: " + verb + " " + e.Word
		switch {
		case e.Kind == "verb":
			name = "verb: " + e.Word
			if slices.ContainsFunc(have, func(n string) bool { return strings.HasPrefix(n, name) }) {
				continue
			}
		case e.Kind == "operation for `on`":
			name = "net cut_reply: " + e.Word
		case !ok || !verbs[verb] || e.Value == nil ||
			!slices.Contains([]string{"act", "effect", "how", "control mode"}, what):
			continue
		}
		if !slices.Contains(have, name) {
			t.Errorf("no mark %q", name)
		}
	}
	for _, disturbance := range []string{"jump", "drift", "suspend"} {
		if !slices.Contains(have, "verb: clock "+disturbance) {
			t.Errorf("no mark for a clock's %s", disturbance)
		}
	}
}

// TestEachArrowOfTheCoreIsDemanded asks the core which outcomes a signal can
// take in which state.
func TestEachArrowOfTheCoreIsDemanded(t *testing.T) {
	have := demanded(t)
	for from := core.Received; from < core.Void; from++ {
		for outcome := core.Received; outcome <= core.Void; outcome++ {
			to, ok := from.After(outcome)
			if !ok || to == from {
				continue
			}
			if name := "signal: " + from.String() + " -> " + to.String(); !slices.Contains(have, name) {
				t.Errorf("no mark %q", name)
			}
		}
	}
}

func TestMarksHaveRoomForEveryReason(t *testing.T) {
	if word := core.Reason(markedReasons).String(); word != "?" {
		t.Errorf("the reason %s has no place among the marks", word)
	}
	for by, reasons := range refusals {
		for _, reason := range reasons {
			if !slices.Contains(demanded(t), refuserNames[by]+": "+reason.String()) {
				t.Errorf("%s: %s is not demanded", refuserNames[by], reason)
			}
		}
	}
}

func TestRunsCountTheirMarks(t *testing.T) {
	w := denseWorld(t, scenarios.ClassB)
	var sum Marks
	for seed := uint64(1); seed <= 50; seed++ {
		r := w.Run(seed)
		sum.Add(&r.Marks)
	}
	index := map[string]int{}
	for i, m := range AllMarks() {
		index[m.Name] = i
	}
	for _, name := range []string{
		"role: follower -> candidate", "role: draining -> follower", "signal: received -> submitting",
		"signal: submitting -> in_doubt", "heartbeat refused: superseded", "event: leader.elected",
		"check: permit judged", "input: leader, lease renewed", "tenure: redis",
	} {
		if sum[index[name]] == 0 {
			t.Errorf("50 runs of dense faults never came by %q", name)
		}
	}
}
