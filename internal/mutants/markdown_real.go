package mutants

import (
	"fmt"
	"io"
	"strings"

	"fencepost/scenarios"
)

// MarkdownReal writes the part of docs/MUTANTS.md that tells of real processes: the
// runs that mutants failed there, and why something else falls than in the
// simulator.
func MarkdownReal(out io.Writer, results []*RealResult, all []Mutant) error {
	var text strings.Builder
	text.WriteString("## On real processes\n\n| name | site | killed by | seed | what fell | seconds |\n")
	text.WriteString("|---|---|---|--:|---|--:|\n")
	for _, r := range results {
		by, broke := r.KilledBy, "`"+r.Broke+"`"
		if r.Survived {
			by, broke = "*survives*", ""
		}
		fmt.Fprintf(&text, "| `%s` | %s | %s | %d | %s | %.1f |\n", r.Name, r.Site, by, r.Seed, cell(broke),
			r.Seconds)
	}
	text.WriteString("\n" + SummaryReal(results) + ".\n")
	for i := range all {
		if m := &all[i]; m.Real != nil && m.Real.Since != "" {
			fmt.Fprintf(&text, "\n- `%s`: %s\n", m.Name, strings.TrimSpace(m.Real.Since))
		}
	}
	_, err := io.WriteString(out, text.String())
	return err
}

// SummaryReal says in one line what came of all runs on real processes.
func SummaryReal(all []*RealResult) string {
	killed, seconds := 0, 0.0
	for _, r := range all {
		seconds += r.Seconds
		if !r.Survived {
			killed++
		}
	}
	text := fmt.Sprintf("%d of %s killed on real processes in %.0f s of runs", killed,
		scenarios.Plural(len(all), "mutant"), seconds)
	if killed < len(all) {
		text += fmt.Sprintf("; %d SURVIVE", len(all)-killed)
	}
	return text
}
