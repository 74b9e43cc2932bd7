package mutants

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"fencepost/internal/campaign"
	"fencepost/scenarios"
)

// RealRun is a run on real processes that a mutant must fail, and that the program
// without the mistake passes.
type RealRun struct {
	RealPlay `yaml:",inline"`

	// Breaks are the invariants, or the words of expectations, of which one falls
	// first; absent, it is what the mutant's file says of every world. Real servers
	// have constraints that stop a mistake halfway, so it can be another.
	Breaks []string `yaml:"breaks"`
	// Since says why, where it is another.
	Since string `yaml:"since"`
}

// RealPlay is one run of a scenario, which is one of the project's by its name.
type RealPlay struct {
	Scenario string `yaml:"scenario"`
	Seed     uint64 `yaml:"seed"`
}

// reasons are what may fall first when the mutant is played on real processes.
func (m *Mutant) reasons() []string {
	switch {
	case len(m.Real.Breaks) > 0:
		return m.Real.Breaks
	case m.Misses != "":
		return []string{m.Misses}
	default:
		return []string{m.Breaks.String()}
	}
}

// RealResult is what came of one mutant on real processes.
type RealResult struct {
	Name string `json:"name"`
	Site string `json:"site"`
	// KilledBy is the scenario whose run failed for the mutant's reason, "" for a
	// survivor; Seed is that run's and Broke what fell.
	KilledBy string `json:"killed_by"`
	Seed     uint64 `json:"seed"`
	Broke    string `json:"broke"`
	Detail   string `json:"detail"`
	Replay   string `json:"replay"`
	// Runs counts the runs: one that is invalid, because the machine was not calm, is
	// made again. Seconds is how long the last one was, BuildSeconds how long it took
	// to build the programs, or to find them built.
	Runs         int     `json:"runs"`
	Seconds      float64 `json:"seconds"`
	BuildSeconds float64 `json:"build_seconds"`
	// Survived: the run did not fail for the mutant's reason. Why says what it did
	// instead.
	Survived bool   `json:"survived"`
	Why      string `json:"why,omitempty"`
}

// OnReal returns the mutants that name a run on real processes.
func OnReal(all []Mutant) []Mutant {
	return slices.DeleteFunc(slices.Clone(all), func(m Mutant) bool { return m.Real == nil })
}

// realTries is how often a run is made whose assumptions did not hold.
const realTries = 4

// KillReal builds the service and the harness with the mutant's mistake and plays
// the run that its file names. The error says that something broke, never that the
// mutant survived.
func (t Tree) KillReal(ctx context.Context, m Mutant, cache string) (*RealResult, error) {
	made, err := Find(m.Together())
	if err != nil {
		return nil, err
	}
	r := &RealResult{Name: m.Name, Site: m.Site(), Seed: m.Real.Seed}
	r.Replay = fmt.Sprintf("bin/drill run --tier real --seed %d --mutant %s %s", m.Real.Seed, m.Together(),
		m.Real.Scenario)
	started := time.Now()
	programs, err := t.BuildPrograms(ctx, made, cache)
	if err != nil {
		return nil, err
	}
	r.BuildSeconds = time.Since(started).Seconds()
	report, err := t.playReal(ctx, programs, m.Together(), m.Real.RealPlay, &r.Runs)
	if err != nil {
		return nil, err
	}
	run := &report.Runs[0]
	r.Seconds = run.SimSeconds
	if r.Why = m.otherwise(run); r.Why != "" {
		r.Survived = true
		return r, nil
	}
	r.KilledBy, r.Broke = report.Name, run.Violation.Invariant+run.Violation.Expect
	r.Detail = run.Violation.Detail
	return r, nil
}

// otherwise tells what a run did instead of failing for the mutant's reason, "" if
// it did fail for it.
func (m *Mutant) otherwise(run *campaign.Run) string {
	if run.Verdict != scenarios.Fail || run.Violation == nil {
		text := "the run is " + run.Verdict.String()
		if run.Violation != nil {
			text += ": " + run.Violation.String()
		}
		return text
	}
	broke := run.Violation.Invariant
	if broke == "" {
		broke, _, _ = strings.Cut(run.Violation.Expect, ":")
	}
	if !slices.Contains(m.reasons(), broke) {
		return fmt.Sprintf("it fails for another reason than %s: %s", strings.Join(m.reasons(), " or "),
			run.Violation)
	}
	return ""
}

// PassesReal plays the run of a mutant with the program as it is, and tells what
// kept it from passing, "" if nothing did: a scenario that fails by itself proves
// nothing about a mistake.
func (t Tree) PassesReal(ctx context.Context, of RealPlay, cache string) (string, error) {
	programs, err := t.BuildPrograms(ctx, nil, cache)
	if err != nil {
		return "", err
	}
	runs := 0
	report, err := t.playReal(ctx, programs, "", of, &runs)
	if err != nil {
		return "", err
	}
	run := &report.Runs[0]
	switch {
	case run.Verdict == scenarios.Pass:
		return "", nil
	case run.Violation == nil:
		return run.Verdict.String(), nil
	default:
		return run.Verdict.String() + ": " + run.Violation.String(), nil
	}
}

// playReal lets a drill play one run, again where its assumptions did not hold, and
// counts how often.
func (t Tree) playReal(
	ctx context.Context, programs, mutant string, of RealPlay, runs *int,
) (*campaign.Report, error) {
	out, err := os.MkdirTemp("", "fencepost-mutant-")
	if err != nil {
		return nil, fmt.Errorf("play %s: %w", of.Scenario, err)
	}
	defer os.RemoveAll(out)
	s, err := scenarios.Load(t.Scenario(of.Scenario))
	if err != nil {
		return nil, fmt.Errorf("play %s: %w", of.Scenario, err)
	}
	full := s.WithDefaults()
	limits := patience{time.Duration(full.Run.Timeout.Resolve(full.TTL())) + realSlack, realGrace}
	var report *campaign.Report
	for range realTries {
		*runs++
		if report, err = t.askDrill(ctx, limits, programs, mutant, of, out); err != nil {
			return nil, err
		}
		if report.Runs[0].Verdict != scenarios.Invalid {
			break
		}
	}
	return report, nil
}

// patience is how long a drill has for a run, and how long to end when it is asked
// to, before it is killed.
type patience struct{ run, end time.Duration }

// What a drill has beside the time that the scenario gives a run, to start servers
// and to tidy up, which it bounds itself; and to end when it is asked to.
const (
	realSlack = 3 * time.Minute
	realGrace = 30 * time.Second
)

// askDrill lets a drill play one run.
func (t Tree) askDrill(
	ctx context.Context, limits patience, programs, mutant string, of RealPlay, out string,
) (*campaign.Report, error) {
	bounded, cancel := context.WithTimeout(ctx, limits.run)
	defer cancel()
	command := exec.CommandContext(bounded, filepath.Join(programs, "drill"), "run",
		"--tier", string(scenarios.RealTier), "--built-with", mutant, "--json", "--out", out,
		"--seed", strconv.FormatUint(of.Seed, 10), "--", t.Scenario(of.Scenario))
	command.Dir = string(t)
	// It ends by itself when it is asked to, and takes its processes with it.
	command.Cancel = func() error { return command.Process.Signal(syscall.SIGTERM) }
	command.WaitDelay = limits.end
	var answer, said bytes.Buffer
	command.Stdout, command.Stderr = &answer, &said
	err := command.Run()
	if ctx.Err() != nil {
		return nil, fmt.Errorf("play %s: interrupted: %w", of.Scenario, ctx.Err())
	}
	if bounded.Err() != nil {
		return nil, fmt.Errorf("play %s: drill had not ended after %v: %s", of.Scenario, limits.run,
			tail(said.String()))
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return nil, fmt.Errorf("play %s: %w", of.Scenario, err)
	}
	report := &campaign.Report{}
	if err := json.Unmarshal(answer.Bytes(), report); err != nil || len(report.Runs) == 0 {
		return nil, fmt.Errorf("play %s: drill answers %s, and says: %s", of.Scenario,
			strconv.Quote(tail(answer.String())), tail(said.String()))
	}
	return report, nil
}
