package soak

import (
	"fmt"
	"io"
	"strings"
	"time"

	"fencepost/chaos"
	"fencepost/scenarios"
)

// line tells in one line how far the soak is, what happened, and what each process
// holds: its heap, descriptors and goroutines.
func (w *watcher) line(g *chaos.Glance) string {
	var text strings.Builder
	weather := "storm"
	if g.At%w.plan.Round() >= stormTTLs*w.plan.TTL || g.At >= w.plan.duration() {
		weather = "calm"
	}
	round := min(int(g.At/w.plan.Round())+1, w.plan.Rounds())
	fmt.Fprintf(&text, "%6s of %v, round %d of %d, %s: %s (%d standing), %s, %s, %s, %s",
		g.At.Round(time.Second), w.plan.For, round, w.plan.Rounds(), weather,
		scenarios.Plural(g.Struck, "fault"), g.Standing,
		scenarios.Plural(g.Offered, "signal"), scenarios.Plural(g.Elections, "leader"),
		scenarios.Plural(max(g.Processes-w.plan.Nodes, 0), "death"), scenarios.Plural(w.leaks, "leak"))
	party := ""
	for _, h := range g.Holdings {
		if h.Resource == chaos.Resident {
			continue
		}
		if h.Party != party {
			party = h.Party
			fmt.Fprintf(&text, " | %s", party)
		}
		amount := amountText(h.Resource, h.Amount)
		fmt.Fprintf(&text, " %s%s", strings.ReplaceAll(amount, " ", ""), marks[h.Resource])
	}
	return text.String()
}

// marks stand behind amounts in a line of progress.
var marks = map[chaos.Resource]string{
	chaos.Descriptors: "fd", chaos.Goroutines: "go", chaos.Connections: "conn",
}

// Render writes the report for people.
func (r *Report) Render(out io.Writer) {
	fmt.Fprintf(out, "%-7s soak: seed %d, %s in %v: %s, %s, %s, %s, %d records\n", r.Verdict, r.Seed,
		scenarios.Plural(r.Rounds, "round"), time.Duration(r.Seconds*1e9).Round(time.Second),
		scenarios.Plural(r.Faults, "fault"), scenarios.Plural(int(r.Signals), "signal"),
		scenarios.Plural(r.Leaders, "leader"), scenarios.Plural(r.Deaths, "death"), r.Records)
	if r.Violation != nil {
		fmt.Fprintf(out, "    %s\n", r.Violation)
	}
	for i := range r.Trends {
		word := "steady"
		if r.Trends[i].Leaks {
			word = "LEAKS "
		}
		fmt.Fprintf(out, "    %s %s\n", word, &r.Trends[i])
	}
	if r.Unseen != "" {
		fmt.Fprintf(out, "    leaks are not ruled out: too little was seen of %s\n", r.Unseen)
	}
	if r.Verdict != scenarios.Pass {
		fmt.Fprintf(out, "    again: %s\n", r.Replay)
	}
}
