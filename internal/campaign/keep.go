package campaign

import (
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
// there whole or not at all.
func (r *Report) Keep(dir string) error {
	text, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("keep report of %s: %w", r.Name, err)
	}
	name := filepath.Join(dir, ReportName(r.Name, r.Mutant))
	if err := os.WriteFile(name+".part", append(text, '\n'), 0o644); err != nil {
		return fmt.Errorf("keep report of %s: %w", r.Name, err)
	}
	if err := os.Rename(name+".part", name); err != nil {
		return fmt.Errorf("keep report of %s: %w", r.Name, err)
	}
	return nil
}

// Kept returns the report that the directory holds of the scenario, or nil. One
// of another tier, or of a campaign that was interrupted, does not count.
func Kept(dir, scenario, mutant string, tier scenarios.Tier) (*Report, error) {
	name := filepath.Join(dir, ReportName(scenario, mutant))
	text, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read report of %s: %w", scenario, err)
	}
	r := &Report{}
	if err := json.Unmarshal(text, r); err != nil {
		return nil, fmt.Errorf("read report %s: %w", name, err)
	}
	if r.Interrupted || r.Tier != tier || r.Name != scenario || r.Mutant != mutant {
		return nil, nil
	}
	return r, nil
}
