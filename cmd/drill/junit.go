package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"fencepost/internal/campaign"
	"fencepost/internal/junit"
	"fencepost/internal/parity"
	"fencepost/scenarios"
)

// writableReport makes the directory of a report and tells, before any work is
// done, whether the file can be written at the end. What an earlier command has left
// there is removed: it says nothing of this one.
func writableReport(flag, file string) error {
	if file == "" {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return fmt.Errorf("%s %s: %w", flag, file, reason(err))
	}
	if err := writable(flag, file); err != nil {
		return err
	}
	info, err := os.Stat(file)
	if err != nil || !info.Mode().IsRegular() {
		return nil // nothing is there, or a pipe
	}
	if err := os.Remove(file); err != nil {
		return fmt.Errorf("%s %s: %w", flag, file, reason(err))
	}
	return nil
}

// keepReport writes what there is to tell of a command into the file, if one is
// asked for, and returns how the command ended. A report that cannot be written
// comes first.
func keepReport(file string, r *junit.Report, ended error) error {
	if file == "" {
		return ended
	}
	if err := r.Keep(file); err != nil {
		return errors.Join(broke(err), ended)
	}
	return ended
}

// suiteOfNone is one of a scenario that was not played to its end: an error, of the
// verdict that it leaves.
func suiteOfNone(class, name string, verdict scenarios.RunVerdict, why string) junit.Suite {
	c := junit.Case{Class: class + "." + name, Name: "it is played to its end"}
	c.Judge(verdict, junit.Problem{Message: strings.TrimSpace(why)})
	return junit.Suite{Name: name, Cases: []junit.Case{c}}
}

// suiteOf puts a campaign's report into JUnit's form: a case for each run, and
// one for what all seeds together did not meet.
func suiteOf(r *campaign.Report) junit.Suite {
	suite := junit.Suite{
		Name: r.Name, Properties: []junit.Property{
			{Name: "tier", Value: string(r.Tier)},
			{Name: "verdict", Value: r.Verdict.String()},
			{Name: "replay", Value: r.Replay},
		},
	}
	if r.Mutant != "" {
		suite.Properties = append(suite.Properties, junit.Property{Name: "mutant", Value: r.Mutant})
	}
	class := string(r.Tier) + "." + r.Name
	times := map[uint64]int{}
	for i := range r.Runs {
		run := &r.Runs[i]
		c := junit.Case{
			Class: class, Name: fmt.Sprintf("seed %d", run.Seed), Time: junit.Seconds(run.SimSeconds),
		}
		if times[run.Seed]++; times[run.Seed] > 1 {
			c.Name += fmt.Sprintf(", time %d", times[run.Seed])
		}
		why := problem(run.Violation, r.ReplayOf(run.Seed))
		if len(run.Trace) > 0 {
			why.Text += strings.Join(run.Trace, "\n") + "\n"
		}
		c.Judge(run.Verdict, why)
		suite.Cases = append(suite.Cases, c)
	}
	for i := range r.Unmet {
		c := junit.Case{Class: class, Name: "all seeds together: " + r.Unmet[i].Expect}
		c.Judge(scenarios.Invalid, problem(&r.Unmet[i], r.Replay))
		suite.Cases = append(suite.Cases, c)
	}
	if r.Interrupted {
		c := junit.Case{Class: class, Name: "all seeds"}
		c.Judge(scenarios.Unknown, junit.Problem{Message: "interrupted: not all seeds were played"})
		suite.Cases = append(suite.Cases, c)
	}
	return suite
}

// problem says what was broken first, and how to see it again.
func problem(v *campaign.Violation, replay string) junit.Problem {
	p := junit.Problem{Text: "replay: " + replay + "\n"}
	if v != nil {
		p.Type, p.Message = v.Invariant, v.String()
		if p.Type == "" {
			p.Type, _, _ = strings.Cut(v.Expect, ":")
		}
	}
	return p
}

// suiteOfPair puts a comparison into JUnit's form: one case, which passes if both
// worlds say the same.
func suiteOfPair(r *parity.Report) junit.Suite {
	c := junit.Case{Class: "parity." + r.Name, Name: "both worlds agree"}
	var text strings.Builder
	r.Render(&text)
	first, _, _ := strings.Cut(text.String(), "\n")
	c.Judge(r.Verdict(), junit.Problem{Type: "parity", Message: first, Text: text.String()})
	return junit.Suite{Name: r.Name, Cases: []junit.Case{c}, Properties: []junit.Property{
		{Name: "sim", Value: r.Sim.Verdict.String()}, {Name: "real", Value: r.Real.Verdict.String()},
	}}
}
