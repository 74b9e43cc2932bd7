package mutants

import (
	"fmt"
	"io"
	"strings"

	"fencepost/scenarios"
)

// Markdown writes what docs/MUTANTS.md holds: the table of the results, what
// survives and why, and what the files say about real servers and about
// mistakes that no single fault shows.
func Markdown(out io.Writer, results []*Result, all []Mutant) error {
	var text strings.Builder
	text.WriteString("<!-- names: mutants -->\n\n")
	writeResults(&text, results)
	text.WriteString("\n<!-- /names -->\n\n" + Summary(results) + ".\n")
	for _, r := range results {
		if r.Survived && r.WhyEquivalent != "" {
			fmt.Fprintf(&text, "\n- `%s`: %s\n", r.Name, strings.TrimSpace(r.WhyEquivalent))
		}
	}
	text.WriteString("\n## Three faults in a certain order\n")
	for i := range all {
		if all[i].Needs != "" {
			fmt.Fprintf(&text, "\n- `%s`: %s\n", all[i].Name, strings.TrimSpace(all[i].Needs))
		}
	}
	text.WriteString("\n## On real servers\n\n| name | the test that fails |\n|---|---|\n")
	for i := range all {
		for _, f := range all[i].Fails {
			fmt.Fprintf(&text, "| `%s` | `%s` in %s |\n", all[i].Name, f.Test, f.Package)
		}
	}
	_, err := io.WriteString(out, text.String())
	return err
}

// writeResults writes one row for each mutant.
func writeResults(text *strings.Builder, results []*Result) {
	added := map[string]bool{}
	mistake := map[string]string{}
	for _, m := range scenarios.Mutants() {
		mistake[m.Name], added[m.Name] = m.Mistake, m.Added
	}
	text.WriteString("| name | site | the mistake | killed by | what fell | runs | simulated ms |\n")
	text.WriteString("|---|---|---|---|---|--:|--:|\n")
	for _, r := range results {
		name := "`" + r.Name + "`"
		for _, with := range r.With {
			name += " with `" + with + "`"
		}
		if added[r.Name] {
			name += " *"
		}
		by, broke := r.KilledBy, "`"+r.Broke+"`"
		switch {
		case r.Interrupted:
			by, broke = "*not searched*", ""
		case r.Survived:
			by, broke = "*survives*", ""
		}
		fmt.Fprintf(text, "| %s | %s | %s | %s | %s | %d | %.0f |\n", name, r.Site,
			cell(mistake[r.Name]), by, cell(broke), r.Runs, r.SimulatedMS)
	}
}

// cell returns the text as it may stand in a row.
func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }
