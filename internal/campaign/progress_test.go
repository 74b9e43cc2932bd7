package campaign

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fencepost/scenarios"
)

// repeated is a campaign of runs that take long, and the counter of its runs: ten,
// of which the fourth is unknown, the sixth is invalid at first, and violations are
// excused in the seventh. None of them may offer less than it does.
func repeated(t *testing.T, dir string) (*Campaign, *int) {
	t.Helper()
	runs, again := new(int), false
	c := planted(t, func(seed uint64) Outcome {
		o := passes(seed)
		o.Offered = 5
		switch *runs++; *runs {
		case 4:
			// No failure, after which all together are not asked for what they owe.
			o.Failure, o.Verdict = failsOn(seed)(seed).Failure, scenarios.Unknown
		case 6:
			if again = !again; again {
				*runs--
				return Outcome{Verdict: scenarios.Invalid}
			}
		case 7:
			o.Excused = 2
		}
		return o
	})
	c.Count, c.Repeat, c.Wavers, c.Workers, c.Tier, c.Lines = 2, 5, true, 1, scenarios.RealTier, 2
	c.Progress, c.Resume = dir, dir
	second := scenarios.Length{Nanos: 1_000_000_000}
	c.Scenario.Assume.MinTraffic = scenarios.Rate{Milli: 5000, Per: second}
	c.Scenario.Run.Duration = second
	return c, runs
}

// interrupted plays so many runs of the campaign and no more.
func interrupted(t *testing.T, dir string, most int) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	c, runs := repeated(t, dir)
	inner := c.Open
	c.Open = func() World {
		w := inner()
		return &fakeWorld{run: func(seed uint64) Outcome {
			o := w.Run(seed)
			if *runs == most+1 {
				cancel()
				return crash(seed, "given up")
			}
			return o
		}}
	}
	r, err := c.Run(ctx)
	if err != nil || !r.Interrupted || len(r.Runs) != most {
		t.Fatalf("%v: %+v", err, r)
	}
	if err := r.Keep(dir); err != nil {
		t.Fatal(err)
	}
}

// shape is a report as it is kept.
func shape(t *testing.T, r *Report) string {
	t.Helper()
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestAnInterruptedCampaignGoesOnWhereItStopped(t *testing.T) {
	t.Parallel()
	whole, _ := repeated(t, t.TempDir())
	want := shape(t, report(t, whole))
	for most := range 10 {
		dir := t.TempDir()
		interrupted(t, dir, most)
		c, runs := repeated(t, dir)
		*runs = most
		r := report(t, c)
		if got := shape(t, r); *runs != 10 || got != want {
			t.Errorf("after %d runs, until there are %d, it reports\n%s\nnot\n%s", most, *runs, got, want)
		}
		file := filepath.Join(dir, ProgressName("planted", "", scenarios.RealTier))
		if _, err := os.Stat(file); err != nil {
			t.Errorf("the runs are not kept before their report is: %v", err)
		}
		if err := r.Keep(dir); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(file); !os.IsNotExist(err) {
			t.Errorf("the runs of a campaign that is over are kept: %v", err)
		}
	}
}

func TestARunOfAnotherCampaignIsNotTaken(t *testing.T) {
	t.Parallel()
	for what, change := range map[string]func(*Campaign){
		"more repetitions":   func(c *Campaign) { c.Repeat++ },
		"another first seed": func(c *Campaign) { c.First++ },
		"another scenario":   func(c *Campaign) { c.Scenario.Why = "Another." },
		"another mutant":     func(c *Campaign) { c.Mutant = "belief-by-flag" },
		"nothing to resume":  func(c *Campaign) { c.Resume = "" },
		"a torn line": func(c *Campaign) {
			const torn = `{"asked":{"sce`
			if err := os.WriteFile(c.progress(c.Progress), []byte(torn), 0o600); err != nil {
				panic(err)
			}
		},
	} {
		dir := t.TempDir()
		interrupted(t, dir, 3)
		c, runs := repeated(t, dir)
		change(c)
		if r := report(t, c); *runs != c.Count*c.Repeat || len(r.Runs) != *runs {
			t.Errorf("%s: %d runs were played and %d reported", what, *runs, len(r.Runs))
		}
		again, more := repeated(t, dir)
		if change(again); what != "nothing to resume" && what != "a torn line" {
			if report(t, again); *more != 0 {
				t.Errorf("%s: %d runs were played that had been kept", what, *more)
			}
		}
	}
}

// numbered is a world that notes which repetitions it plays.
type numbered struct {
	fakeWorld
	next   int
	played *[]string
}

func (w *numbered) Repetition(n int) { w.next = n }

func (w *numbered) Run(seed uint64) Outcome {
	*w.played = append(*w.played, fmt.Sprintf("%d.%d", seed, w.next))
	return w.fakeWorld.Run(seed)
}

// What a run leaves is told from what others of its seed do by its number, which an
// invalid run keeps when it is played once more, and one that is resumed too.
func TestAWorldIsToldWhichRepetitionItPlays(t *testing.T) {
	t.Parallel()
	for known, want := range map[int]string{
		0: "1.1 1.2 1.3 1.4 1.5 2.1 2.1 2.2 2.3 2.4 2.5", 7: "2.3 2.4 2.5",
	} {
		dir := t.TempDir()
		interrupted(t, dir, known)
		c, runs := repeated(t, dir)
		inner, played := c.Open, []string{}
		*runs = known
		c.Open = func() World {
			return &numbered{fakeWorld: fakeWorld{run: inner().Run}, played: &played}
		}
		if report(t, c); strings.Join(played, " ") != want {
			t.Errorf("after %d runs it plays %v, not %s", known, played, want)
		}
	}
}
