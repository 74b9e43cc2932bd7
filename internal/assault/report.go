package assault

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"fencepost/internal/load"
)

// Report is what came of an assault.
type Report struct {
	Held bool   `json:"held"`
	Seed uint64 `json:"seed"`
	// Inputs is how many shots were fired, in so many seconds.
	Inputs   int     `json:"inputs"`
	Seconds  float64 `json:"seconds"`
	Families []Row   `json:"families"`
	// Genuine is what became of the signals of the source that went on sending.
	Genuine load.Result `json:"genuine"`
	// Ledger, Log and Processes are empty where only an address was attacked.
	Ledger    *LedgerSeen `json:"ledger"`
	Log       *LogSeen    `json:"log"`
	Processes []Process   `json:"processes"`
	// Broken says what did not hold, beside what the families say.
	Broken []string `json:"broken"`
	// Interrupted tells that not every shot was fired.
	Interrupted bool `json:"interrupted"`
}

// Row is what came of one family.
type Row struct {
	Family string `json:"family"`
	Says   string `json:"says"`
	Inputs int    `json:"inputs"`
	// Answers counts them by class, the slowest of which took so long.
	Answers map[string]int `json:"answers"`
	Slowest load.Took      `json:"slowest_ms"`
	// Refused counts the refusals, Logged the lines of the log that tell of one.
	// Logged is -1 where there was no log to look into.
	Refused int `json:"refused"`
	Logged  int `json:"logged"`
	// Wrong counts the inputs that were not answered as they should; Examples are
	// some of them, and Broken says what else did not hold.
	Wrong    int       `json:"wrong"`
	Examples []Example `json:"examples"`
	Broken   []string  `json:"broken"`
}

// Held tells whether everything held.
func (r *Row) Held() bool { return r.Wrong == 0 && len(r.Broken) == 0 }

// Example is one input that was not answered as it should.
type Example struct {
	// Shot is its number: the same seed and number are the same input.
	Shot int    `json:"shot"`
	Says string `json:"says"`
	// Sent is how it begins.
	Sent string `json:"sent"`
}

// LedgerSeen is what the ledger has to say.
type LedgerSeen struct {
	// Before and After are its signals. Owed is how many more there may be: those
	// that were acknowledged.
	Before int `json:"before"`
	After  int `json:"after"`
	Owed   int `json:"owed"`
	// Marked are signals that bear the mark of a shot.
	Marked []string `json:"marked"`
	// Texts counts those that look like SQL and were kept as they are, Bent those
	// that were changed.
	Texts int      `json:"texts"`
	Bent  []string `json:"bent"`
}

// LogSeen is what the logs have to say.
type LogSeen struct {
	Lines int `json:"lines"`
	// Refusals are the lines that tell of a refused request.
	Refusals int `json:"refusals"`
	// Unsafe are lines with a control or format character or a secret in them.
	Unsafe []string `json:"unsafe"`
}

// Process is what one process held before, at most meanwhile, and after.
type Process struct {
	Node   string  `json:"node"`
	Before Holding `json:"before"`
	Peak   Holding `json:"peak"`
	After  Holding `json:"after"`
}

// Holding is what a process holds at one instant.
type Holding struct {
	Memory      int64 `json:"resident_bytes"`
	Heap        int64 `json:"heap_bytes"`
	Descriptors int64 `json:"descriptors"`
	Goroutines  int64 `json:"goroutines"`
}

// Render writes the report for people.
func (r *Report) Render(out io.Writer) {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "FAMILY\tINPUTS\tANSWERS\tSLOWEST\tREFUSED\tLOGGED\tVERDICT")
	for i := range r.Families {
		f := &r.Families[i]
		word, logged := "held", fmt.Sprint(f.Logged)
		if !f.Held() {
			word = "BROKEN"
		}
		if f.Logged < 0 {
			logged = "-"
		}
		fmt.Fprintf(table, "%s\t%d\t%s\t%v\t%d\t%s\t%s\n", f.Family, f.Inputs, load.AnswersText(f.Answers),
			f.Slowest,
			f.Refused, logged, word)
	}
	table.Flush()
	fmt.Fprintln(out)
	g := &r.Genuine
	fmt.Fprintf(out, "genuine source: %d sent, %d acknowledged (%s), p50 %v, p99 %v, max %v\n", g.Sent,
		g.Acknowledged, load.AnswersText(g.Answers), g.Latency.P50, g.Latency.P99, g.Latency.Max)
	if g.Trouble != "" {
		fmt.Fprintf(out, "its first trouble: %s\n", g.Trouble)
	}
	if l := r.Ledger; l != nil {
		fmt.Fprintf(out,
			"ledger: %d signals before, %d after, %d of them acknowledged meanwhile; %d bear a mark; "+
				"%d texts kept as they are, %d bent\n", l.Before, l.After, l.Owed, len(l.Marked), l.Texts,
			len(l.Bent))
	}
	if l := r.Log; l != nil {
		fmt.Fprintf(out, "logs: %d lines, %d of refused requests, %d with what hides or is secret\n",
			l.Lines, l.Refusals, len(l.Unsafe))
	}
	for _, p := range r.Processes {
		fmt.Fprintf(out,
			"%s: resident %d MB, at most %d, then %d; descriptors %d, %d, %d; goroutines %d, %d, %d\n",
			p.Node,
			p.Before.Memory>>20, p.Peak.Memory>>20, p.After.Memory>>20, p.Before.Descriptors,
			p.Peak.Descriptors,
			p.After.Descriptors, p.Before.Goroutines, p.Peak.Goroutines, p.After.Goroutines)
	}
	r.renderBroken(out)
	word := "held"
	if !r.Held {
		word = "BROKEN"
	}
	fmt.Fprintf(out, "%s: %d inputs of %d families in %v, seed %d\n", word, r.Inputs, len(r.Families),
		time.Duration(r.Seconds*1e9).Round(time.Millisecond), r.Seed)
}

// renderBroken writes what did not hold, with examples.
func (r *Report) renderBroken(out io.Writer) {
	for i := range r.Families {
		f := &r.Families[i]
		if f.Held() {
			continue
		}
		fmt.Fprintf(out, "\n%s: %d of %d wrong\n", f.Family, f.Wrong, f.Inputs)
		for _, text := range f.Broken {
			fmt.Fprintf(out, "    %s\n", text)
		}
		for _, e := range f.Examples {
			fmt.Fprintf(out, "    shot %d: %s\n        %s\n", e.Shot, e.Says, e.Sent)
		}
	}
	if len(r.Broken) > 0 {
		fmt.Fprintf(out, "\n%s\n", strings.Join(r.Broken, "\n"))
	}
}
