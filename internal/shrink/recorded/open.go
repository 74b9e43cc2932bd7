package recorded

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"fencepost/core/history"
	"fencepost/scenarios"
)

// Run is what one run on real processes left.
type Run struct {
	Dir string
	Verdict
	// Scenario is the file as it was played, what a nemesis drew written out.
	Scenario *scenarios.Scenario
	// Strikes are what its steps came to, in the order of time.
	Strikes []Strike
	// Said are the announcements, in the order of time.
	Said []Said
}

// ErrPassed says that a run did not fail: there is nothing to look for in it.
var ErrPassed = errors.New("the run did not fail")

// Dir returns the directory that an argument means: itself, or the one of the
// faults.jsonl that it is. It reports false for anything else.
func Dir(argument string) (string, bool) {
	info, err := os.Stat(argument)
	switch {
	case err != nil:
		return "", false
	case info.IsDir():
		return argument, true
	case filepath.Base(argument) == FaultsFile:
		return filepath.Dir(argument), true
	default:
		return "", false
	}
}

// Open reads what a run left in the directory. The error names the file that is
// missing or is not as it should be, or is ErrPassed.
func Open(dir string) (*Run, error) {
	r := &Run{Dir: dir}
	text, err := os.ReadFile(filepath.Join(dir, VerdictFile))
	if err != nil {
		return nil, fmt.Errorf("open run: %w", err)
	}
	if err := json.Unmarshal(text, &r.Verdict); err != nil {
		return nil, fmt.Errorf("open run: %s: %w", filepath.Join(dir, VerdictFile), err)
	}
	if r.Verdict.Verdict != scenarios.Fail || r.Violation == nil {
		return nil, fmt.Errorf("open run %s: its verdict is %s: %w", dir, r.Verdict.Verdict, ErrPassed)
	}
	if r.Scenario, err = scenarios.Load(filepath.Join(dir, ScenarioFile)); err != nil {
		return nil, err
	}
	if err := lines(filepath.Join(dir, FaultsFile), r.strike); err != nil {
		return nil, fmt.Errorf("open run: %w", err)
	}
	err = lines(filepath.Join(dir, HistoryFile), r.say)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("open run: %w", err)
	}
	return r, nil
}

// Kind returns in which way the run failed: the broken invariant, or the word of
// the expectation.
func (r *Run) Kind() string {
	word, _, _ := strings.Cut(r.Violation.What, ":")
	return word
}

// strike takes a line of faults.jsonl. What nodes did is told besides by records,
// which are no steps.
func (r *Run) strike(text []byte) error {
	var s Strike
	if err := json.Unmarshal(text, &s); err != nil {
		// A record's step is nobody's business here, but it has to be JSON.
		return err
	}
	if s.Kind != StepStruck {
		return nil
	}
	if s.Step < 1 || s.Step > len(r.Scenario.Steps) {
		return fmt.Errorf("step %d: %s has %s", s.Step, ScenarioFile,
			scenarios.Plural(len(r.Scenario.Steps), "step"))
	}
	if verb := r.Scenario.Steps[s.Step-1].Verb.Word(); verb != s.Verb {
		return fmt.Errorf("step %d is %q here and %q in %s", s.Step, s.Verb, verb, ScenarioFile)
	}
	nodes := r.Scenario.WithDefaults().Cluster.Nodes
	for _, name := range s.Nodes {
		if !isNode(name, nodes) {
			return fmt.Errorf("step %d strikes %q: %s has the nodes n1 to n%d", s.Step, name, ScenarioFile,
				nodes)
		}
	}
	r.Strikes = append(r.Strikes, s)
	return nil
}

// isNode tells whether the name is that of one of so many nodes.
func isNode(name string, nodes int) bool {
	for node := range nodes {
		if name == scenarios.NodeName(int16(node)) {
			return true
		}
	}
	return false
}

// say takes a line of history.jsonl.
func (r *Run) say(text []byte) error {
	var s Said
	if err := json.Unmarshal(text, &s); err != nil {
		return err
	}
	if s.Kind == history.Announced.String() {
		r.Said = append(r.Said, s)
	}
	return nil
}

// mostLine is the longest line that is read.
const mostLine = 1 << 20

// lines hands each line of the file to the function.
func lines(path string, take func([]byte) error) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	in := bufio.NewScanner(file)
	in.Buffer(nil, mostLine)
	for n := 1; in.Scan(); n++ {
		if len(bytes.TrimSpace(in.Bytes())) == 0 {
			continue
		}
		if err := take(in.Bytes()); err != nil {
			return fmt.Errorf("%s:%d: %w", path, n, err)
		}
	}
	if err := in.Err(); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}
