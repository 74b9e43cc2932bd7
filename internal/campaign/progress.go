package campaign

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"fencepost/core/event"
	"fencepost/scenarios"
)

// ProgressName returns the file in a directory of reports that holds the runs of a
// campaign that is not over.
func ProgressName(scenario, mutant string, tier scenarios.Tier) string {
	return stem(scenario, mutant) + "." + string(tier) + ".runs"
}

// step is a line of that file: one run as it ended, with what its report does not
// hold and that of all runs together needs.
type step struct {
	// Asked is what the campaign was asked for, Place the place of the run among all
	// of it, from 0.
	Asked    Asked            `json:"asked"`
	Place    int              `json:"place"`
	Run      Run              `json:"run"`
	Repeated bool             `json:"repeated"`
	Excused  int              `json:"excused"`
	Offered  int64            `json:"offered"`
	Counts   map[string]int64 `json:"counts"`
}

// stepOf is the line of a run.
func (c *Campaign) stepOf(place int, p *played) step {
	s := step{
		Asked: c.asked(), Place: place, Run: runOf(p), Repeated: p.repeated, Excused: p.Excused,
		Offered: p.Offered, Counts: map[string]int64{},
	}
	for _, e := range event.All() {
		if n := p.Counts[e]; n > 0 {
			s.Counts[e.String()] = n
		}
	}
	return s
}

// played is the run of which the line tells.
func (s *step) played() played {
	p := played{
		Outcome: Outcome{
			Seed: s.Run.Seed, Verdict: s.Run.Verdict, Excused: s.Excused, Offered: s.Offered,
		},
		ended: true, repeated: s.Repeated, told: &s.Run,
	}
	for name, n := range s.Counts {
		if e, ok := event.Parse(name); ok {
			p.Counts[e] = n
		}
	}
	return p
}

// note keeps a run that has ended.
func (c *Campaign) note(place int, p *played) error {
	if !c.Wavers || c.Progress == "" {
		return nil
	}
	text, err := json.Marshal(c.stepOf(place, p))
	if err != nil {
		return fmt.Errorf("keep run: %w", err)
	}
	file, err := os.OpenFile(c.progress(c.Progress), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("keep run: %w", err)
	}
	_, err = file.Write(append(text, '\n'))
	if err := errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("keep run: %w", err)
	}
	return nil
}

// recall fills in the runs that were kept of this very campaign, from the first one
// on, and returns how many there are. What else was kept is forgotten.
func (c *Campaign) recall(all []played) (known int, err error) {
	if !c.Wavers {
		return 0, nil
	}
	steps := map[int]step{}
	var text []byte
	if c.Resume != "" {
		if steps, err = c.steps(); err != nil {
			return 0, err
		}
	}
	for ; known < len(all); known++ {
		s, ok := steps[known]
		if !ok {
			break
		}
		line, err := json.Marshal(s)
		if err != nil {
			return 0, fmt.Errorf("keep run: %w", err)
		}
		all[known], text = s.played(), append(append(text, line...), '\n')
	}
	if c.Progress == "" {
		return known, nil
	}
	if err := renew(c.progress(c.Progress), text); err != nil {
		return 0, fmt.Errorf("keep the runs of %s: %w", c.Scenario.Name, err)
	}
	return known, nil
}

// steps reads the runs of this very campaign that were kept, by their places.
func (c *Campaign) steps() (map[int]step, error) {
	text, err := os.ReadFile(c.progress(c.Resume))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read the runs of %s: %w", c.Scenario.Name, err)
	}
	asked, all := c.asked(), map[int]step{}
	for line := range bytes.Lines(text) {
		var s step
		// The last line is half a one if the machine failed meanwhile.
		if json.Unmarshal(line, &s) == nil && s.Asked == asked {
			all[s.Place] = s
		}
	}
	return all, nil
}

// progress is the campaign's file in a directory of reports.
func (c *Campaign) progress(dir string) string {
	return filepath.Join(dir, ProgressName(c.Scenario.Name, c.Mutant, c.Tier))
}

// renew makes the text a file's content: it is there whole or not at all. An empty
// one is no file.
func renew(name string, text []byte) error {
	if len(text) == 0 {
		if err := os.Remove(name); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}
	if err := os.WriteFile(name+".part", text, 0o644); err != nil {
		return err
	}
	return os.Rename(name+".part", name)
}
