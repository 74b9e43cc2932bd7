package campaign

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"fencepost/scenarios"
)

// ReportName returns the file of a report in a directory of reports.
func ReportName(scenario, mutant string) string { return stem(scenario, mutant) + ".json" }

// TraceName returns the file of a trace in a directory of reports.
func TraceName(scenario, mutant string, seed uint64) string {
	return fmt.Sprintf("%s.seed-%d.trace", stem(scenario, mutant), seed)
}

func stem(scenario, mutant string) string {
	if mutant == "" {
		return scenario
	}
	return scenario + "@" + mutant
}

// Keep writes the report into the directory, which must exist. A report is
// there whole or not at all. Of a campaign that is over, no single runs are kept any
// longer.
func (r *Report) Keep(dir string) error {
	text, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("keep report of %s: %w", r.Name, err)
	}
	name := filepath.Join(dir, ReportName(r.Name, r.Mutant))
	if err := renew(name, append(text, '\n')); err != nil {
		return fmt.Errorf("keep report of %s: %w", r.Name, err)
	}
	if r.Interrupted {
		return nil
	}
	if err := renew(filepath.Join(dir, ProgressName(r.Name, r.Mutant, r.Tier)), nil); err != nil {
		return fmt.Errorf("keep report of %s: %w", r.Name, err)
	}
	return nil
}

// Asked is what a campaign is asked for, beside what its report says of it anyway:
// one that is asked for the same need not be played.
type Asked struct {
	// Scenario is the SHA-256 of the scenario as it is played, in canonical form: the
	// class of its broker is part of it, comments and the place of its file are not.
	Scenario string `json:"scenario"`
	// First is the first seed, Count how many follow each other from it, Repeat how
	// often each is played.
	First  uint64 `json:"first"`
	Count  int    `json:"count"`
	Repeat int    `json:"repeat"`
}

// asked is what the campaign is asked for.
func (c *Campaign) asked() Asked {
	sum := sha256.Sum256(scenarios.Format(c.Scenario))
	return Asked{hex.EncodeToString(sum[:]), c.First, c.Count, max(c.Repeat, 1)}
}

// Kept returns the report that the directory holds of this very campaign, or nil.
// One of another tier, of other seeds, of fewer or more repetitions or of a scenario
// that has changed since does not count, nor one of a campaign that was interrupted.
// Which program was played, but for its mutant, a report does not say.
func (c *Campaign) Kept(dir string) (*Report, error) {
	name := filepath.Join(dir, ReportName(c.Scenario.Name, c.Mutant))
	text, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read report of %s: %w", c.Scenario.Name, err)
	}
	r := &Report{}
	if err := json.Unmarshal(text, r); err != nil {
		return nil, fmt.Errorf("read report %s: %w", name, err)
	}
	same := r.Tier == c.Tier && r.Name == c.Scenario.Name && r.Mutant == c.Mutant && r.Asked == c.asked()
	if r.Interrupted || !same {
		return nil, nil
	}
	return r, nil
}
