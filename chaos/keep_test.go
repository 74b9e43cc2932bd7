package chaos

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"fencepost/internal/shrink/recorded"
	"fencepost/scenarios"
)

// leave lets a run that did nothing leave what it was.
func leave(t *testing.T, s *scenarios.Scenario, o Options) (left string) {
	t.Helper()
	p, err := Compile(s)
	if err == nil {
		o.Left = func(dir string) { left = dir }
		err = newRun(p, o, 7).keep(7, &Result{Verdict: scenarios.Fail}, nil)
	}
	if err != nil {
		t.Error(err)
	}
	return left
}

// short reads the file of that name.
func short(t *testing.T) *scenarios.Scenario {
	t.Helper()
	s, err := scenarios.Find(filepath.Join("testdata", "short.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Runs that differ in more than their seed, but for their mutant, leave what they were
// side by side; the first of a seed has its plain name.
func TestEachRunLeavesADirectoryOfItsOwn(t *testing.T) {
	t.Parallel()
	out := t.TempDir()
	classD, err := short(t).WithClass(scenarios.ClassD)
	if err != nil {
		t.Fatal(err)
	}
	own, err := short(t).WithClass(scenarios.ClassA)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		s          *scenarios.Scenario
		mutant     string
		repetition int
		want       string
	}{
		{short(t), "", 0, "short/real/7"},
		{short(t), "", 1, "short/real/7"},
		{own, "", 1, "short/real/7"},
		{short(t), "", 2, "short/real/7.2"},
		{short(t), "", 20, "short/real/7.20"},
		{short(t), "belief-by-flag", 1, "short/real/7"},
		{short(t), "belief-by-flag+fails-open", 2, "short/real/7.2"},
		{classD, "", 1, "short-class-d/real/7"},
		{classD, "belief-by-flag", 3, "short-class-d/real/7.3"},
	} {
		left := leave(t, c.s, Options{Out: out, Mutant: c.mutant, Repetition: c.repetition})
		if want := filepath.Join(out, filepath.FromSlash(c.want)); left != want {
			t.Errorf("%s with %q, repetition %d, leaves %s", c.s.Name, c.mutant, c.repetition, left)
		}
		latest, err := filepath.EvalSymlinks(filepath.Join(out, c.s.Name, "latest"))
		if whole, same := filepath.EvalSymlinks(left); err != nil || same != nil || latest != whole {
			t.Errorf("the latest run is in %s (%v), and the last one left %s", latest, err, left)
		}
	}
	kept, err := filepath.Glob(filepath.Join(out, "*", "real", "*", recorded.VerdictFile))
	if err != nil || len(kept) != 5 {
		t.Errorf("%v are kept (%v)", kept, err)
	}
}

// Drills that write at once into one directory leave one of their runs, whole, and a
// link that leads to it at every instant.
func TestDrillsThatWriteAtOnceLeaveAWholeRun(t *testing.T) {
	t.Parallel()
	out := t.TempDir()
	leave(t, short(t), Options{Out: out})
	latest := filepath.Join(out, "short", "latest")
	done := make(chan struct{})
	var writers, reader sync.WaitGroup
	reader.Go(func() {
		for {
			select {
			case <-done:
				return
			default:
			}
			if to, err := os.Readlink(latest); err != nil || to != filepath.Join("real", "7") {
				t.Errorf("the link leads to %q (%v)", to, err)
				return
			}
		}
	})
	for range 4 {
		writers.Go(func() {
			for range 10 {
				leave(t, short(t), Options{Out: out})
			}
		})
	}
	writers.Wait()
	close(done)
	reader.Wait()
	names, err := os.ReadDir(filepath.Join(out, "short"))
	if err != nil || len(names) != 2 {
		t.Errorf("drafts were left: %v (%v)", names, err)
	}
	text, err := os.ReadFile(filepath.Join(latest, recorded.VerdictFile))
	var v recorded.Verdict
	if err := errors.Join(err, json.Unmarshal(text, &v)); err != nil || v.Seed != 7 {
		t.Errorf("the verdict is %s (%v)", text, err)
	}
}

// What an earlier run left in the same place is gone, and nothing is told of a run
// that could not be kept.
func TestARunTakesThePlaceOfAnEarlierOne(t *testing.T) {
	t.Parallel()
	out := t.TempDir()
	old := filepath.Join(leave(t, short(t), Options{Out: out}), "n9.log")
	if err := os.WriteFile(old, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	names, err := os.ReadDir(leave(t, short(t), Options{Out: out}))
	if err != nil || slices.ContainsFunc(names, func(e os.DirEntry) bool { return e.Name() == "n9.log" }) {
		t.Errorf("%v (%v)", names, err)
	}
	p, err := Compile(short(t))
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(out, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	told := Options{Out: file, Left: func(dir string) { t.Errorf("%s was not left", dir) }}
	if err := newRun(p, told, 7).keep(7, &Result{}, nil); err == nil {
		t.Error("a run was kept in a file")
	}
}

func TestTheSummarySaysWhatBothWorldsSay(t *testing.T) {
	t.Parallel()
	left := leave(t, short(t), Options{
		Out: t.TempDir(), Beside: func(uint64) string { return "the simulator says pass of this seed" },
	})
	text, err := os.ReadFile(filepath.Join(left, "summary.txt"))
	lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	if err != nil || len(lines) > summaryLines || !strings.HasPrefix(lines[0], "fail: short, seed 7, on") ||
		!slices.Contains(lines, "the simulator says pass of this seed") {
		t.Errorf("%v: %q", err, lines)
	}
}

func TestARunThatHasFailedHasFailedWhateverCouldNotBeTidiedUp(t *testing.T) {
	t.Parallel()
	left := errors.New("tidy up: a link hangs")
	for before, want := range map[scenarios.RunVerdict]scenarios.RunVerdict{
		scenarios.Pass: scenarios.Crash, scenarios.Invalid: scenarios.Crash, scenarios.Fail: scenarios.Fail,
		scenarios.Crash: scenarios.Crash,
	} {
		r := run{clock: newTimepiece()}
		got := r.tidied(Result{Verdict: before, Failure: &scenarios.Failure{Detail: "before"}}, left)
		if got.Verdict != want || !strings.Contains(got.Failure.Detail, left.Error()) {
			t.Errorf("%s became %s: %v", before, got.Verdict, got.Failure)
		}
	}
}
