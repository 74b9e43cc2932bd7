package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"fencepost/internal/campaign"
)

// said is what a command line came to.
type said struct {
	code          int
	out, problems string
}

func say(t *testing.T, args ...string) said {
	t.Helper()
	var out, problems bytes.Buffer
	code := drill(t.Context(), args, &out, &problems)
	return said{code, out.String(), problems.String()}
}

func reports(t *testing.T, text string) []campaign.Report {
	t.Helper()
	var all []campaign.Report
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.DisallowUnknownFields()
	for decoder.More() {
		var r campaign.Report
		if err := decoder.Decode(&r); err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
		all = append(all, r)
	}
	return all
}

// failing writes a scenario that cannot hold: it wants nobody to be elected.
func failing(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "nobody-leads.yaml")
	const text = "version: 1\nname: nobody-leads\nwhy: A test.\ntiers: [sim, real]\n" +
		"catches: [belief-by-flag]\nexpect:\n  - never: single-executor\n" +
		"  - no: {event: leader.elected}\nrun: {duration: 3ttl, seeds: {sim: 4}}\n"
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestRunPlaysTheSeedsThatItIsTold(t *testing.T) {
	t.Parallel()
	file := failing(t)
	for args, want := range map[string][]uint64{
		"":                    {1, 2, 3, 4},
		"--seed 7":            {7},
		"--seeds 2":           {1, 2},
		"--seed 7 --seeds 3":  {7, 8, 9},
		"--repeat 2 --seed 5": {5},
	} {
		got := say(t, append([]string{"run", "--json", file}, strings.Fields(args)...)...)
		all := reports(t, got.out)
		if got.code != 1 || len(all) != 1 || len(all[0].Runs) != len(want) {
			t.Fatalf("%q: exit %d\n%s%s", args, got.code, got.out, got.problems)
		}
		for i, run := range all[0].Runs {
			if run.Seed != want[i] {
				t.Errorf("%q plays seed %d at place %d", args, run.Seed, i)
			}
		}
	}
}

func TestRunReportsOneObjectForEachFile(t *testing.T) {
	t.Parallel()
	file := failing(t)
	got := say(t, "run", "--json", "--seeds", "2", "baseline", file)
	all := reports(t, got.out)
	if got.code != 1 || len(all) != 2 || strings.Count(got.out, "\n") != 2 {
		t.Fatalf("exit %d\n%s", got.code, got.out)
	}
	good, bad := all[0], all[1]
	if good.Name != "baseline" || good.Verdict.String() != "pass" || good.Failed != 0 ||
		good.Runs[0].Violation != nil {
		t.Errorf("baseline: %+v", good)
	}
	if !regexp.MustCompile(`^[0-9a-f]{16}$`).MatchString(bad.Runs[0].Hash) || bad.Runs[0].Events == 0 ||
		bad.Runs[0].SimSeconds <= 0 || bad.Failed != 2 || bad.Replay != "bin/drill run --seed 1 "+file {
		t.Errorf("nobody-leads: %+v", bad)
	}
	v := bad.Runs[0].Violation
	if v == nil || v.Expect != "no: {event: leader.elected} (line 8)" || v.Invariant != "" || v.At <= 0 ||
		v.Node == "" {
		t.Errorf("the violation is %+v", v)
	}
}

func TestRunTellsPeopleHowToSeeItAgain(t *testing.T) {
	t.Parallel()
	file := failing(t)
	got := say(t, "run", "--seed", "3", file)
	for _, want := range []string{
		"fail    nobody-leads: 1 seed, 1 failed", "nobody-leads, seed 3: fail",
		"no: {event: leader.elected} (line 8) at ",
		"      | ", "leader.elected", "replay: bin/drill run --seed 3 " + file,
	} {
		if !strings.Contains(got.out, want) {
			t.Errorf("%q is missing in\n%s", want, got.out)
		}
	}
	whole := say(t, "run", "--seed", "3", "--trace", file)
	if strings.Count(whole.out, "\n") <= strings.Count(got.out, "\n") {
		t.Errorf("--trace prints no more than a failure does:\n%s", whole.out)
	}
}

func TestRunShowsWhatWentWrongLongBeforeTheEnd(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(failing(t))
	if err != nil {
		t.Fatal(err)
	}
	long := strings.Replace(string(text), "duration: 3ttl", "duration: 400ttl", 1)
	got := say(t, "run", "--seed", "3", write(t, "nobody-leads.yaml", long))
	if !strings.Contains(got.out, "|    0.947514s  n2     ** leader.elected epoch=1\n") {
		t.Errorf("the step that failed is not shown:\n%s", got.out)
	}
}

func TestRunRefusesWhatItCannotPlay(t *testing.T) {
	t.Parallel()
	typo := filepath.Join(t.TempDir(), "typo.yaml")
	if err := os.WriteFile(typo, []byte("version: 1\nnaem: typo\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	file := failing(t)
	for args, want := range map[string]string{
		"--tier real --tape x baseline":  "real processes do not run the same way twice",
		"--tier smi baseline":            "did you mean sim?",
		"--seeds 0 baseline":             "at least one seed",
		"--repeat 0 baseline":            "at least once",
		"--seed x baseline":              "invalid argument",
		"--mutant belief-by-flg " + file: "did you mean belief-by-flag?",
		"basline":                        "did you mean baseline?",
		typo:                             "typo.yaml:2:1: unknown field",
		"":                               "requires at least 1 arg",
		"baseline baseline":              "both called baseline",
		"--wrong baseline":               "unknown flag",
	} {
		got := say(t, append([]string{"run"}, strings.Fields(args)...)...)
		if got.code != 64 || !strings.Contains(got.problems, want) || got.out != "" {
			t.Errorf("run %s: exit %d, %q\n%s", args, got.code, got.problems, got.out)
		}
	}
}

func TestRunKeepsReportsAndResumes(t *testing.T) {
	t.Parallel()
	file, dir := failing(t), filepath.Join(t.TempDir(), "reports")
	if got := say(t, "run", "--seeds", "2", "--out", dir, file); got.code != 1 {
		t.Fatalf("exit %d\n%s", got.code, got.problems)
	}
	for _, name := range []string{
		"nobody-leads.json", "nobody-leads.seed-1.trace",
		"nobody-leads.seed-2.trace",
	} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	// What is reported already is not played again: it keeps a mark that no run makes.
	mark(t, filepath.Join(dir, "nobody-leads.json"))
	got := say(t, "run", "--json", "--seeds", "2", "--resume", dir, file, "baseline")
	all := reports(t, got.out)
	if got.code != 1 || len(all) != 2 || all[0].Replay != marked || all[1].Seeds != 2 {
		t.Fatalf("exit %d\n%s", got.code, got.out)
	}
	if _, err := os.Stat(filepath.Join(dir, "baseline.json")); err != nil {
		t.Errorf("what was missing is not kept: %v", err)
	}
}

// marked stands in reports that a test has marked.
const marked = "bin/drill run --seed 1 marked"

// mark writes a mark into a report.
func mark(t *testing.T, file string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	r := reports(t, string(text))[0]
	r.Replay = marked
	if err := r.Keep(filepath.Dir(file)); err != nil {
		t.Fatal(err)
	}
}

// What was asked for once is not what is asked for now: it is played.
func TestResumePlaysWhatIsNotReportedOn(t *testing.T) {
	t.Parallel()
	file := failing(t)
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args    string
		text    string
		another bool
	}{
		{"--seed 1", string(whole), false},
		{"--seed 1", "# A remark.\n" + string(whole), false},
		{"--seed 1 --repeat 20", string(whole), true},
		{"--seed 2", string(whole), true},
		{"--seeds 3", string(whole), true},
		{"--seed 1 --mutant belief-by-flag", string(whole), true},
		{"--seed 1", strings.Replace(string(whole), "3ttl", "4ttl", 1), true},
	} {
		dir := t.TempDir()
		say(t, "run", "--seed", "1", "--out", dir, file)
		mark(t, filepath.Join(dir, "nobody-leads.json"))
		changed := write(t, "nobody-leads.yaml", c.text)
		got := say(t, append(strings.Fields(c.args), "run", "--json", "--resume", dir, changed)...)
		all := reports(t, got.out)
		if len(all) != 1 || (all[0].Replay != marked) != c.another {
			t.Errorf("%s: exit %d: %s\n%s", c.args, got.code, got.problems, got.out)
		}
	}
}

func TestRunPlaysAgainstAMutant(t *testing.T) {
	t.Parallel()
	got := say(t, "run", "--json", "--seeds", "10", "--mutant", "belief-by-flag", "pause-across-lease-expiry")
	all := reports(t, got.out)
	if got.code != 1 || len(all) != 1 || all[0].Mutant != "belief-by-flag" || all[0].Failed == 0 {
		t.Fatalf("exit %d: %s\n%s", got.code, got.problems, got.out)
	}
	if !strings.Contains(all[0].Replay, "--mutant belief-by-flag") {
		t.Errorf("replayed by %q", all[0].Replay)
	}
}
