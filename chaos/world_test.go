package chaos_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"fencepost/chaos"
	"fencepost/core/event"
	"fencepost/internal/testbed/child"
	"fencepost/internal/testbed/rundir"
	"fencepost/scenarios"
)

func TestMain(m *testing.M) {
	rundir.PreferMemory()
	os.Exit(m.Run())
}

// program builds the service once for a test.
func program(t *testing.T) string {
	t.Helper()
	dir, err := rundir.New("program")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := dir.Remove(); err != nil {
			t.Error(err)
		}
	})
	path, err := child.Fencepost(t.Context(), dir, func(text string) { t.Log(text) })
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// scenario reads a file of testdata.
func scenario(t *testing.T, name string) *scenarios.Scenario {
	t.Helper()
	s, err := scenarios.Find(filepath.Join("testdata", name+".yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// run plays a program, and a few times more where the machine stood still: other
// tests run beside this one.
func run(t *testing.T, w *chaos.World) chaos.Result {
	t.Helper()
	r := w.Run(t.Context(), 1)
	for range 4 {
		if r.Verdict == scenarios.Invalid {
			t.Log(r.Failure)
			r = w.Run(t.Context(), 1)
		}
	}
	return r
}

// play plays a file.
func play(t *testing.T, name string, o chaos.Options) chaos.Result {
	t.Helper()
	p, err := chaos.Compile(scenario(t, name))
	if err != nil {
		t.Fatal(err)
	}
	w := chaos.NewWorld(p, o)
	r := run(t, w)
	if t.Failed() || r.Verdict == scenarios.Crash {
		if err := w.WriteTrace(os.Stdout, 40); err != nil {
			t.Error(err)
		}
	}
	return r
}

func TestHealthyClusterPassesAndEverySignalIsSeenByEveryParty(t *testing.T) {
	out := t.TempDir()
	r := play(t, "short", chaos.Options{Program: program(t), Out: out, Keep: true})
	if r.Verdict != scenarios.Pass {
		t.Fatalf("%v: %v", r.Verdict, r.Failure)
	}
	if r.Offered < 20 {
		t.Errorf("%d signals were offered", r.Offered)
	}
	for _, what := range []event.Event{
		event.SignalReceived, event.PermitGranted, event.OrderSent, event.OrderAccepted, event.SignalExecuted,
	} {
		if r.Counts[what] < r.Offered {
			t.Errorf("%s was seen %d times, and %d signals were offered", what, r.Counts[what], r.Offered)
		}
	}
	for _, name := range []string{
		"verdict.json", "summary.txt", "timeline.html", "history.jsonl", "faults.jsonl", "repro.yaml",
		"n1.log", "n1-1.journal", "n2-1.journal",
	} {
		if left, err := os.Stat(filepath.Join(out, "short", "latest", name)); err != nil || left.Size() == 0 {
			t.Errorf("the run left no %s (%v)", name, err)
		}
	}
	again, err := scenarios.Find(filepath.Join(out, "short", "latest", "repro.yaml"))
	if err == nil {
		_, err = chaos.Compile(again)
	}
	if err != nil {
		t.Errorf("what reproduces the run cannot be played: %v", err)
	}
}

func TestExpectationThatIsMissedFailsTheRun(t *testing.T) {
	r := play(t, "impatient", chaos.Options{Program: program(t), MayShare: true})
	if r.Verdict != scenarios.Fail || !strings.Contains(r.Failure.Expect, "elect") {
		t.Errorf("%v: %v; want a failure of elect", r.Verdict, r.Failure)
	}
}

func TestServiceThatEndsByItselfIsACrash(t *testing.T) {
	dir := t.TempDir()
	// It answers as the service does, and is gone after a second.
	script := "#!/bin/sh\n" + program(t) + " \"$@\" &\nsleep 3\nkill -9 $!\nexit 3\n"
	path := filepath.Join(dir, "fencepost")
	if err := os.WriteFile(path, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	r := play(t, "short", chaos.Options{Program: path, Out: dir})
	if r.Verdict != scenarios.Crash || !strings.Contains(r.Failure.Detail, "has ended by itself") {
		t.Errorf("%v: %v; want a crash that names the node", r.Verdict, r.Failure)
	}
	for _, name := range []string{
		"verdict.json", "summary.txt", "timeline.html", "history.jsonl", "n1-1.journal",
	} {
		if left, err := os.Stat(filepath.Join(dir, "short", "latest", name)); err != nil || left.Size() == 0 {
			t.Errorf("the crash left no %s (%v)", name, err)
		}
	}
}

func TestProcessThatRecordsNothingDoesNotPassForOneThatBelievedNothing(t *testing.T) {
	dir := t.TempDir()
	// It answers as the service does, and takes its journal away while it runs.
	script := "#!/bin/sh\n(sleep 3; rm -f \"$(dirname \"$3\")\"/n1-1.journal) &\n" +
		"exec " + program(t) + " \"$@\"\n"
	path := filepath.Join(dir, "fencepost")
	if err := os.WriteFile(path, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	r := play(t, "short", chaos.Options{Program: path})
	if r.Verdict != scenarios.Crash || !strings.Contains(r.Failure.Detail, "n1-1.journal") {
		t.Errorf("%v: %v; want a crash that names the journal", r.Verdict, r.Failure)
	}
}

func TestFileThatNamesTheSimulatorAloneIsRefused(t *testing.T) {
	s := scenario(t, "short")
	s.Tiers, s.TierReason = []scenarios.Tier{scenarios.SimTier}, "it says so"
	_, err := chaos.Compile(s)
	if err == nil || !strings.Contains(err.Error(), "it says so") {
		t.Errorf("%v; want a refusal that gives the file's reason", err)
	}
}

func TestSettingThatTheServiceWouldRefuseIsRefusedBeforeAnythingStarts(t *testing.T) {
	s := scenario(t, "short")
	s.Cluster.Config = []scenarios.Setting{{Name: "lease.store_timeout", Value: "2900ms"}}
	if _, err := chaos.Compile(s); err == nil || !strings.Contains(err.Error(), "trust window") {
		t.Errorf("%v; want what the service says of that time limit", err)
	}
	s.Cluster.Config = []scenarios.Setting{{Name: "redis.addr", Value: "127.0.0.1:6379"}}
	if _, err := chaos.Compile(s); err == nil || !strings.Contains(err.Error(), "redis.addr") {
		t.Errorf("%v; want that nobody goes past the links", err)
	}
	for _, name := range []string{
		"broker.adapter", "broker.alpaca.order_type", "broker.template.submit.path",
		"broker.template.words.filled",
		"broker.instruments", "broker.instruments.X.symbol", "broker.secrets", "broker.secrets.token",
		"broker.secret_files", "broker.secret_files.token", "broker.secret_file",
	} {
		s.Cluster.Config = []scenarios.Setting{{Name: name, Value: "limit"}}
		_, err := chaos.Compile(s)
		if err == nil || !strings.Contains(err.Error(), "the setting "+name+" is the harness's") {
			t.Errorf("%v; want that orders go to the harness's own broker in its own words", err)
		}
	}
	s.Cluster.Config = []scenarios.Setting{{Name: "lease.renwe", Value: "1s"}}
	if _, err := chaos.Compile(s); err == nil || !strings.Contains(err.Error(), "lease.renwe") {
		t.Errorf("%v; want the name that is not known", err)
	}
}

// TestWhatOnceBrokeTheHarnessPasses plays files that real processes could not play, or
// judged wrongly.
func TestWhatOnceBrokeTheHarnessPasses(t *testing.T) {
	path := program(t)
	for _, name := range []string{"again", "back-again", "coming-up", "insistent", "leaving"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if r := play(t, name, chaos.Options{Program: path}); r.Verdict != scenarios.Pass {
				t.Errorf("%v: %v", r.Verdict, r.Failure)
			}
		})
	}
}

func TestFaultsOfOneStoreThatOverlapEachBeginAndEnd(t *testing.T) {
	path := program(t)
	for _, name := range []string{"pile-postgres", "pile-redis"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out := t.TempDir()
			r := play(t, name, chaos.Options{Program: path, Out: out, Keep: true})
			if r.Verdict != scenarios.Pass {
				t.Fatalf("%v: %v", r.Verdict, r.Failure)
			}
			text, err := os.ReadFile(filepath.Join(out, name, "latest", "faults.jsonl"))
			if err != nil {
				t.Fatal(err)
			}
			for _, step := range scenario(t, name).Steps {
				want := `"id":"` + step.ID + `",`
				if step.Heals != scenarios.HealsNever {
					want += `.*"healed":[1-9]`
				}
				if !regexp.MustCompile(want).Match(text) {
					t.Errorf("%s did not strike, or was not healed", step.ID)
				}
			}
		})
	}
}
