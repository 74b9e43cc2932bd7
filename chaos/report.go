package chaos

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"fencepost/core/history"
	"fencepost/internal/shrink/recorded"
	"fencepost/internal/timeline"
	"fencepost/scenarios"
)

// repro is the scenario as it was played, with its seed pinned and what a nemesis
// drew written out. A file and its scenario have one name.
func (r *run) repro(seed uint64) *scenarios.Scenario {
	s := *r.program.scenario
	s.Name, s.Run.Seed = "repro", seed
	if len(s.Steps) > r.program.own {
		s.Nemesis = nil
	}
	return &s
}

// writeFile writes one file through a buffer.
func writeFile(path string, write func(io.Writer) error) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	out := bufio.NewWriter(file)
	return errors.Join(write(out), out.Flush(), file.Close())
}

// recordsOf returns what was seen, without what the judge alone was told.
func recordsOf(entries []entry) []history.Record {
	records := make([]history.Record, 0, len(entries))
	for i := range entries {
		if entries[i].tell == nil {
			records = append(records, entries[i].record)
		}
	}
	return records
}

// keepLogs copies the nodes' logs and journals.
func (r *run) keepLogs(dir string) error {
	for _, n := range r.nodes {
		paths := []string{n.log}
		for _, l := range n.lives {
			paths = append(paths, l.journal)
		}
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if errors.Is(err, os.ErrNotExist) {
				continue // it was killed before it began
			}
			if err == nil {
				err = os.WriteFile(filepath.Join(dir, filepath.Base(path)), text, 0o644)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// replayOf is the command that plays the same again, as far as real processes
// do.
func (r *run) replayOf(seed uint64) string {
	if r.options.Again != nil {
		return r.options.Again(seed)
	}
	mutant := ""
	if r.options.Mutant != "" {
		mutant = " --mutant " + r.options.Mutant
	}
	return fmt.Sprintf("bin/drill run --tier real --seed %d%s %s", seed, mutant,
		scenarios.ShellWord(r.program.scenario.Name))
}

// writeVerdict writes the verdict for programs.
func (r *run) writeVerdict(to io.Writer, seed uint64, result *Result) error {
	verdict := recorded.Verdict{
		Name: r.program.scenario.Name, Tier: scenarios.RealTier, Seed: seed, Mutant: r.options.Mutant,
		Verdict: result.Verdict, Seconds: float64(result.Nanos) / 1e9, Records: result.Records,
		Offered: result.Offered, Excused: result.Excused, Replay: r.replayOf(seed),
	}
	if f := result.Failure; f != nil {
		verdict.Violation = &recorded.Violation{
			What: f.What(), At: float64(f.At) / 1e9, Step: f.Step, Node: scenarios.NodeName(f.Node),
			Detail: f.Detail,
		}
	}
	encoder := json.NewEncoder(to)
	encoder.SetIndent("", "  ")
	return encoder.Encode(verdict)
}

// summaryLines is how many lines a summary has at the most.
const summaryLines = 10

// writeSummary writes ten lines for whoever has one minute: the verdict, what was
// broken, what the other world says, what had been done last, and how to see it again.
func (r *run) writeSummary(to io.Writer, seed uint64, result *Result, records []history.Record) error {
	name := r.program.scenario.Name
	lines := []string{fmt.Sprintf("%s: %s, seed %d, on real processes, %s", result.Verdict, name, seed,
		time.Duration(result.Nanos).Round(time.Millisecond))}
	at := result.Nanos
	if f := result.Failure; f != nil {
		lines = append(lines, "first: "+f.String())
		at = f.At
	}
	if r.options.Beside != nil {
		lines = append(lines, r.options.Beside(seed))
	}
	lines = append(lines, fmt.Sprintf("%d records, %d signals offered, %d excused", result.Records,
		result.Offered, result.Excused), "again: "+r.replayOf(seed))
	lines = append(lines, before(records, at, summaryLines-len(lines))...)
	for _, text := range lines {
		if _, err := fmt.Fprintln(to, text); err != nil {
			return err
		}
	}
	return nil
}

// before returns the last things that parties said up to an instant, oldest
// first.
func before(records []history.Record, at int64, most int) []string {
	var list []string
	for i := len(records) - 1; i >= 0 && len(list) < most; i-- {
		if k := records[i].Kind; records[i].At <= at && (k == history.Announced || isFault(&records[i])) {
			list = append([]string{strings.TrimRight(line(&records[i]), " ")}, list...)
		}
	}
	return list
}

// writeTimeline draws the run.
func (r *run) writeTimeline(to io.Writer, seed uint64, result *Result, records []history.Record) error {
	head := timeline.Run{
		Name: r.program.scenario.Name, Tier: string(scenarios.RealTier), Seed: seed,
		Verdict: result.Verdict.String(), Why: []string{r.program.scenario.Why},
		Replay:   r.replayOf(seed),
		Duration: time.Duration(result.Nanos), TTL: time.Duration(r.program.ttl),
	}
	if f := result.Failure; f != nil {
		head.Violation = &timeline.Violation{Text: f.String(), At: f.At, Lane: timeline.NodeID(f.Node)}
	}
	page := timeline.FromHistory(records, r.program.nodes, head)
	r.drawSteps(&page)
	return page.WriteHTML(to)
}

// drawSteps marks on the links what steps did to them: a record of a fault says
// only whose link it was.
func (r *run) drawSteps(page *timeline.Run) {
	for i := range r.steps {
		st := &r.steps[i]
		v, ok := r.program.scenario.Steps[i].Verb.(scenarios.Net)
		if !ok || !st.fired {
			continue
		}
		to := st.healed
		for _, node := range st.hit {
			for _, kind := range v.Link.Stores() {
				lane := page.Lane(timeline.LinkID(node, kind.Store()))
				if lane == nil {
					continue
				}
				lane.Spans = append(lane.Spans, timeline.Span{
					Kind: timeline.Fault, From: st.struck, To: to, Open: to == 0, Title: string(v.Effect),
					Detail: "step " + r.stepName(i) + ": " + v.Link.String() + " " + string(v.Effect),
				})
			}
		}
	}
}
