package scenarios

import (
	"slices"
	"strings"
	"testing"

	"fencepost/core"
	"fencepost/core/check"
	"fencepost/core/event"
)

func TestEveryWordHasASentence(t *testing.T) {
	for _, e := range Vocabulary() {
		if e.Word == "" || e.Kind == "" || !strings.HasSuffix(e.Doc, ".") || len(e.Doc) < 6 {
			t.Errorf("%q (%s) is explained by %q", e.Word, e.Kind, e.Doc)
		}
	}
}

func TestTheVocabularyHoldsEverythingThatCanBeWritten(t *testing.T) {
	words := Words()
	want := slices.Concat(verbNames, claimNames, triggerNames, mutantNames(), wordNames(effectWords),
		nodeWords(), storeWords(), wordNames(unitWords), fileShape.fieldNames())
	for _, e := range event.All() {
		want = append(want, e.String())
	}
	for _, i := range check.Invariants() {
		want = append(want, i.String())
	}
	for o := core.Acquire; o <= core.Lookup; o++ {
		want = append(want, o.String())
	}
	eachField(&fileShape, func(_ *Shape, f *Field) {
		want = append(append(want, f.Name), wordNames(f.Words)...)
	})
	for _, word := range want {
		if _, found := slices.BinarySearch(words, word); !found || len(Explain(word)) == 0 {
			t.Errorf("%s cannot be explained", word)
		}
	}
}

func TestAWordHasOneMeaningInEachPlace(t *testing.T) {
	seen := map[string]string{}
	for _, e := range Vocabulary() {
		key := e.Word + " (" + e.Kind + ")"
		if before, twice := seen[key]; twice {
			t.Errorf("%s is explained twice: %s %s", key, before, e.Doc)
		}
		seen[key] = e.Doc
	}
}

func TestTablesOfVerbsAndClaimsAreWalked(t *testing.T) {
	for _, name := range verbNames {
		if verbWalks[name] == nil || stepShape.field(name) == nil {
			t.Errorf("the verb %s is in one table only", name)
		}
	}
	for _, name := range claimNames {
		if claimWalks[name] == nil || expectShape.field(name) == nil {
			t.Errorf("the expectation %s is in one table only", name)
		}
	}
	if len(verbWalks) != len(verbNames) || len(claimWalks) != len(claimNames) {
		t.Errorf("%d of %d verbs and %d of %d expectations are walked",
			len(verbWalks), len(verbNames), len(claimWalks), len(claimNames))
	}
}

func TestExplainKnowsAllMeaningsOfAWord(t *testing.T) {
	for word, kinds := range map[string][]string{
		"pause":      {"verb", "control mode of control"},
		"stall":      {"act of redis", "act of postgres"},
		"n7":         {"party"},
		"$anything":  {"party"},
		"fails-open": {"mutant"},
		"redis":      {"field of cluster", "field of assume", "verb", "party"},
		"nonsense":   nil,
		"":           nil,
	} {
		var got []string
		for _, e := range Explain(word) {
			got = append(got, e.Kind)
		}
		if !slices.Equal(got, kinds) {
			t.Errorf("%q is %q, want %q", word, got, kinds)
		}
	}
}

func TestAnExplanationSaysHowAFieldIsWritten(t *testing.T) {
	text := Explain("latency")[0].Text()
	for _, want := range []string{"latency (effect of net)", "Needs: delay.", "May have: jitter."} {
		if !strings.Contains(text, want) {
			t.Errorf("%q lacks %q", text, want)
		}
	}
	text = strings.Join(strings.Fields(Explain("net")[0].Text()), " ")
	for _, want := range []string{
		"net (verb)", "a <-> b", "required", "Words: acquire, renew",
		"if absent: until the harness",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q lacks %q", text, want)
		}
	}
}

func TestSubjectsAreReportedByEventsOfTheCore(t *testing.T) {
	seen := map[event.Event]bool{}
	for _, w := range detectShape.field("what").Words {
		reported := What(w.Name).Event()
		if reported == event.None || seen[reported] {
			t.Errorf("%s is reported by %s", w.Name, reported)
		}
		seen[reported] = true
	}
}

func TestClaimsThatNeedSeveralRunsSaySo(t *testing.T) {
	for _, claim := range []Claim{Never{}, Detect{}, Elect{}, Recover{}, No{}, AtMost{}, Metric{}, Final{}} {
		if claim.OverSeeds() {
			t.Errorf("%s is judged in each run", claim.Word())
		}
	}
	if !(Sometimes{}).OverSeeds() {
		t.Error("one run need not meet the danger")
	}
}
