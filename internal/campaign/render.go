package campaign

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"fencepost/scenarios"
)

// shown is how many runs that did not pass are shown in full. Further ones are
// counted; most often they say the same once more.
const shown = 3

// Render writes the report for people: one line if all passed, else the first
// runs that did not, each with its violation, the last lines of its trace and
// the command that replays it.
func (r *Report) Render(out io.Writer) {
	fmt.Fprintf(out, "%-8s%s%s: %s\n", r.Verdict, r.Name, r.built(), r.summary())
	for i := range r.Runs {
		if run := &r.Runs[i]; run.Unused > 0 || run.Unnamed > 0 {
			fmt.Fprintf(out, "    the tape does not fit: %s of it not asked for, %s not named in it\n",
				scenarios.Plural(run.Unused, "draw"), scenarios.Plural(run.Unnamed, "draw"))
		}
	}
	if r.Interrupted {
		fmt.Fprintf(out, "    interrupted: not all seeds were played\n")
	}
	for i := range r.Unmet {
		fmt.Fprintf(out, "    all seeds together: %s\n", &r.Unmet[i])
	}
	if r.Verdict == scenarios.Invalid && r.Invalid == 0 {
		fmt.Fprintf(out, "    replay: %s\n", r.Replay)
	}
	left := shown
	for i := range r.Runs {
		run := &r.Runs[i]
		if run.Verdict == scenarios.Pass || run.Verdict != r.Verdict {
			continue
		}
		if left == 0 {
			fmt.Fprintf(out, "    … and more runs of the same verdict\n")
			break
		}
		left--
		r.renderRun(out, run)
	}
}

// built says which mutant the program was built with.
func (r *Report) built() string {
	if r.Mutant == "" {
		return ""
	}
	return " [" + r.Mutant + "]"
}

func (r *Report) summary() string {
	parts := []string{scenarios.Plural(r.Seeds, "seed")}
	if len(r.Runs) > r.Seeds {
		parts = append(parts, scenarios.Plural(len(r.Runs), "run"))
	}
	for _, part := range []struct {
		n    int
		what string
	}{
		{r.Crashed, "crashed"},
		{r.Failed, "failed"},
		{r.Unknown, "unknown"},
		{r.Invalid, "invalid"},
		{r.Repeated, "repeated"},
		{r.Excused, "excused"},
	} {
		if part.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", part.n, part.what))
		}
	}
	var events int64
	var length float64
	for i := range r.Runs {
		events += r.Runs[i].Events
		length += r.Runs[i].SimSeconds
	}
	parts = append(parts, fmt.Sprintf("%s in %.0f s of the runs", scenarios.Plural(events, "event"), length))
	if len(r.Runs) == 1 {
		parts = append(parts, "seed "+fmt.Sprint(r.Runs[0].Seed), "hash "+r.Runs[0].Hash)
	}
	return strings.Join(parts, ", ")
}

// renderRun writes one run that did not pass.
func (r *Report) renderRun(out io.Writer, run *Run) {
	fmt.Fprintf(out, "    %s, seed %d: %s\n", r.Name, run.Seed, run.Verdict)
	if run.Violation != nil {
		fmt.Fprintf(out, "    %s\n", strings.ReplaceAll(run.Violation.String(), "\n", "\n      "))
	}
	for _, line := range run.Trace {
		fmt.Fprintf(out, "      | %s\n", line)
	}
	if page := run.page(); page != "" {
		fmt.Fprintf(out, "    look at: %s\n", page)
	}
	fmt.Fprintf(out, "    replay: %s\n", r.ReplayOf(run.Seed))
}

// page is the file in which people see what the run was, or "": it may have left
// none, as one does in which the harness broke, or it was cleared away since.
func (run *Run) page() string {
	if run.Left == "" {
		return ""
	}
	page := filepath.Join(run.Left, "timeline.html")
	if _, err := os.Stat(page); err != nil {
		return ""
	}
	return page
}

// ReplayOf returns the command that plays another seed of this report.
func (r *Report) ReplayOf(seed uint64) string {
	before, after, ok := strings.Cut(r.Replay, "--seed ")
	if !ok {
		return r.Replay
	}
	_, rest, _ := strings.Cut(after, " ")
	return fmt.Sprintf("%s--seed %d %s", before, seed, rest)
}
