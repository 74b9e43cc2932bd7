package fuzz

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"fencepost/scenarios"
)

// named gives each summary a file's name: a.json, b.json and so on.
func named(parts ...*Summary) []Shard {
	shards := make([]Shard, len(parts))
	for i, part := range parts {
		shards[i] = Shard{fmt.Sprintf("%c.json", 'a'+i), part}
	}
	return shards
}

// merged merges summaries that must belong together.
func merged(t *testing.T, parts ...*Summary) *Summary {
	t.Helper()
	sum, err := Merge(named(parts...))
	if err != nil {
		t.Fatal(err)
	}
	return sum
}

// part is a summary of a few runs that claims to be shard i of n, of 30 seeds.
func part(i, n uint64) *Summary {
	s := newSummary()
	s.Runs, s.Campaign = 10, (&Options{First: 1, Seeds: 30, Shard: i, Shards: n}).plan()
	return s
}

func TestShardsMergeToTheWhole(t *testing.T) {
	t.Parallel()
	whole := played(t, Options{First: 1, Seeds: 50, Workers: 2})
	var parts []*Summary
	for i := range uint64(3) {
		parts = append(parts, played(t, Options{First: 1, Seeds: 50, Shard: i, Shards: 3, Workers: 2}))
	}
	sum := merged(t, parts[2], parts[0], parts[1])
	if !reflect.DeepEqual(alike(sum), alike(whole)) {
		t.Errorf("merged %+v\nwhole %+v", alike(sum), alike(whole))
	}
	half := merged(t, parts[2], parts[0])
	if sum := merged(t, half, parts[1]); !reflect.DeepEqual(alike(sum), alike(whole)) {
		t.Errorf("a sum does not merge: %+v", alike(sum))
	}
}

func TestAShardThatIsMissingIsNamedAndNothingIsProved(t *testing.T) {
	t.Parallel()
	sum := merged(t, part(2, 4), part(0, 4))
	if !reflect.DeepEqual(sum.Missing, []uint64{1, 3}) || sum.Verdict() != scenarios.Unknown {
		t.Errorf("missing %v: %s", sum.Missing, sum.Verdict())
	}
	if sum := merged(t, sum, part(3, 4), part(1, 4)); len(sum.Missing) > 0 ||
		sum.Verdict() != scenarios.Pass {
		t.Errorf("missing %v: %s", sum.Missing, sum.Verdict())
	}
	cut := part(1, 2)
	cut.interrupt()
	sum = merged(t, part(0, 2), cut)
	if !sum.Interrupted || sum.Verdict() != scenarios.Unknown ||
		!strings.Contains(strings.Join(sum.Gaps, ";"), "b.json: interrupted after 10 runs") {
		t.Errorf("%s, gaps %q", sum.Verdict(), sum.Gaps)
	}
}

func TestASummaryThatDoesNotBelongIsRefusedByName(t *testing.T) {
	t.Parallel()
	other, mutant := part(1, 2), part(1, 2)
	other.Campaign.First, mutant.Mutant = 31, "fails-open"
	for want, parts := range map[string][]*Summary{
		"b.json is shard 0 of 2, which stands in a.json already":           {part(0, 2), part(0, 2)},
		"b.json is of another campaign than a.json: the seeds 31 to 60":    {part(0, 2), other},
		"the seeds 1 to 30 in 3 shards, not the seeds 1 to 30 in 2 shards": {part(0, 2), part(1, 3)},
		"b.json was played with the mutant fails-open, and a.json without": {part(0, 2), mutant},
		"b.json was played without a mutant, and a.json with the mutant f": {mutant, part(0, 2)},
	} {
		if _, err := Merge(named(parts...)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, not %s", err, want)
		}
	}
}

func TestASummaryThatListsAFailureHasNotPassed(t *testing.T) {
	t.Parallel()
	part := &Summary{Runs: 3, Failures: []Failure{{Seed: 2, Invariant: "recovers"}}}
	if sum := merged(t, part); sum.Failed != 1 || sum.Verdict() != scenarios.Fail {
		t.Errorf("%d failed: %s", sum.Failed, sum.Verdict())
	}
	part.Failures[0].Invariant = ""
	if sum := merged(t, part, part); sum.Crashed != 2 || sum.Verdict() != scenarios.Crash {
		t.Errorf("%d crashed: %s", sum.Crashed, sum.Verdict())
	}
	part.Failures = nil
	if sum := merged(t, part); sum.Verdict() != scenarios.Unknown ||
		!strings.Contains(sum.Gaps[0], "a.json does not say which seeds it played") {
		t.Errorf("%s: %q", sum.Verdict(), sum.Gaps)
	}
}

func TestShardsCountFromZero(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][2]uint64{"0/4": {0, 4}, "3/4": {3, 4}, "0/1": {0, 1}} {
		if i, n, err := ParseShard(text); err != nil || i != want[0] || n != want[1] {
			t.Errorf("%s is %d of %d (%v)", text, i, n, err)
		}
	}
	for text, want := range map[string]string{
		"": "0/8 to 7/8", "4": "0/8 to 7/8", "-1/4": "0/8 to 7/8", "1/0": "0/8", "a/b": "0/8", "1/2/3": "0/8",
		"4/4": "the first is 0/4 and the last 3/4", "5/4": "the first is 0/4 and the last 3/4",
		"1/1": "the only one is 0/1",
	} {
		if _, _, err := ParseShard(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, not %s", text, err, want)
		}
	}
}

// TestAFailureOfAMutantThatIsBeingTriedIsAFileThatPlays keeps a failure of a
// program with a mistake that no scenario can name yet.
func TestAFailureOfAMutantThatIsBeingTriedIsAFileThatPlays(t *testing.T) {
	t.Parallel()
	for mutant, want := range map[string]string{
		"": "permit-without-epoch", "brand-new": "permit-without-epoch", "fails-open": "fails-open",
		"fails-open+blind-retry": "fails-open+blind-retry", "fails-open+brand-new": "permit-without-epoch",
	} {
		s, err := scenarios.Parse("", scenarios.Format(Scenario(3, 0, mutant)))
		if err != nil {
			t.Fatalf("%s: %v", mutant, err)
		}
		if len(s.Catches) != 1 || s.Catches[0].String() != want {
			t.Errorf("%q: the file catches %v", mutant, s.Catches)
		}
	}
}

func TestASummarySaysWhatItAnswersFor(t *testing.T) {
	t.Parallel()
	text, err := json.Marshal(played(t, Options{First: 4, Seeds: 6, Shard: 1, Shards: 3}))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`"campaign":{"first":4,"seeds":6,"shards":3,"played":[1]}`, `"interrupted":false`,
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("%s is missing in %s", want, text)
		}
	}
}
