package load

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
)

// Render writes the report for people.
func (r *Report) Render(out io.Writer) {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "LOOP\tINSTANCES\tMODE\tLOAD\tSENT\tANSWERS\tACKNOWLEDGED/S\tEXECUTED/S\t"+
		"P50\tP99\tMAX\tLOST\tTARGET")
	for i := range r.Legs {
		l := &r.Legs[i]
		load := fmt.Sprintf("%d connections", l.Connections)
		if l.Loop == "open" {
			load = fmt.Sprintf("%g a second", l.Offered)
		}
		word := "missed: "
		reached, target := l.Reaches()
		if reached {
			word = "reached: "
		}
		fmt.Fprintf(table, "%s\t%d\t%s\t%s\t%d\t%s\t%.0f\t%.0f\t%v\t%v\t%v\t%d\t%s\n", l.Loop,
			l.Instances, l.Mode, load, l.Sent, AnswersText(l.Answers), l.PerSecond, l.Executed,
			l.Latency.P50, l.Latency.P99, l.Latency.Max, len(l.Lost),
			word+target)
	}
	table.Flush()
	for i := range r.Legs {
		l := &r.Legs[i]
		if l.Cost.Whole() > 0 {
			fmt.Fprintf(out, "processor time a signal, %s loop, %d of the instances, mode %s: %v\n", l.Loop,
				l.Instances, l.Mode, l.Cost)
		}
	}
	fmt.Fprintf(out, "afterwards %d were executed in %.1f s, %.0f a second; %d are left\n", r.Rest.Executed,
		r.Rest.Seconds, r.Rest.PerSecond, r.Rest.Left)
	for i := range r.Legs {
		if l := &r.Legs[i]; l.Trouble != "" {
			fmt.Fprintf(out, "first trouble of a sender: %s\n", l.Trouble)
		}
	}
	verdict := "held: every acknowledged signal is in the ledger"
	if !r.Held {
		verdict = "BROKEN: acknowledged signals are missing from the ledger, or none was acknowledged"
	}
	fmt.Fprintf(out, "%s; %d cores, which the senders and the servers share\n", verdict, r.Cores)
}

// AnswersText writes counted answers in the order of their words.
func AnswersText(answers map[string]int) string {
	var parts []string
	for _, word := range slices.Sorted(maps.Keys(answers)) {
		parts = append(parts, fmt.Sprintf("%s×%d", word, answers[word]))
	}
	return strings.Join(parts, " ")
}
