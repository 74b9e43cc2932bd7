package edge

import (
	"fmt"
	"strings"

	"fencepost/scenarios"
)

// Table returns the map as two tables in Markdown, with a picture of text and a
// sentence on what did not break.
func (m *Map) Table() string {
	var b strings.Builder
	for _, kind := range []Disturbance{Pause, Delay} {
		m.table(&b, kind)
		b.WriteString("\n")
	}
	b.WriteString(m.picture())
	b.WriteString("\n")
	b.WriteString(m.words())
	return b.String()
}

// caption says what the rows of a table are.
func caption(kind Disturbance) string {
	if kind == Pause {
		return "the leader stands still for"
	}
	return "delay leader ↔ Redis, each way"
}

// curves returns the curves of a kind, in the order of the timings.
func (m *Map) curves(kind Disturbance) []Curve {
	var list []Curve
	for _, c := range m.Curves {
		if c.Disturbance == kind.String() {
			list = append(list, c)
		}
	}
	return list
}

// table writes the table of one kind of disturbance.
func (m *Map) table(b *strings.Builder, kind Disturbance) {
	curves := m.curves(kind)
	b.WriteString("| " + caption(kind) + " |")
	for _, c := range curves {
		b.WriteString(" " + c.Timing.String() + " |")
	}
	b.WriteString("\n|---|" + strings.Repeat("---|", len(curves)) + "\n")
	for i, p := range curves[0].Points {
		fmt.Fprintf(b, "| %g ttl |", p.Amount)
		for _, c := range curves {
			b.WriteString(" " + drift(c.Points[i]) + " |")
		}
		b.WriteString("\n")
	}
}

// drift prints where the promise ends.
func drift(p Point) string {
	switch {
	case p.Open:
		return "?"
	case p.Drift == nil:
		return "holds"
	}
	return fmt.Sprintf("%.1f %%", *p.Drift)
}

// words says what the tables do not.
func (m *Map) words() string {
	least := m.Limit
	for _, c := range m.Curves {
		for _, p := range c.Points {
			if p.Drift != nil {
				least = min(least, *p.Drift)
			}
		}
	}
	executor := "`single-executor` and `no-stale-effect` broke in none of them"
	if m.ExecutorBroken {
		executor = "`single-executor` or `no-stale-effect` BROKE"
	}
	runs := scenarios.Plural(m.Runs, "run")
	text := fmt.Sprintf("%s, %s for each drift, up to %g %%: %s. "+
		"The least drift at which two nodes believed is %.1f %%; promised is %g %%.\n",
		runs, scenarios.Plural(m.Seeds, "seed"), m.Limit, executor, least, m.Promised)
	if m.Interrupted {
		text = fmt.Sprintf("%s: %s. Interrupted: what is marked ? was not searched to its end.\n",
			runs, executor)
	}
	if len(m.Other) > 0 {
		text += "Beyond the promise these broke as well: " + strings.Join(m.Other, ", ") + ".\n"
	}
	return text
}

// picture draws the map of the first timing with letters: a row for each drift,
// a column for each pause and each delay.
func (m *Map) picture() string {
	var b strings.Builder
	first := m.Curves[0].Timing
	fmt.Fprintf(&b, "```\ndrift     %s: # two may believe, · one at most, = promised\n", first)
	rows := []float64{40, 30, 20, 15, 12, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1}
	for _, row := range rows {
		fmt.Fprintf(&b, "%4g %% ", row)
		for _, kind := range []Disturbance{Pause, Delay} {
			b.WriteString("  │")
			for _, p := range m.curves(kind)[0].Points {
				switch {
				case p.Open:
					b.WriteString("    ?")
				case p.Drift != nil && row >= *p.Drift:
					b.WriteString("    #")
				case row <= m.Promised:
					b.WriteString("    =")
				default:
					b.WriteString("    ·")
				}
			}
		}
		b.WriteString("\n")
	}
	b.WriteString("       ")
	for _, kind := range []Disturbance{Pause, Delay} {
		b.WriteString("  └")
		for _, p := range m.curves(kind)[0].Points {
			fmt.Fprintf(&b, "%5g", p.Amount)
		}
	}
	fmt.Fprintf(&b, " ttl\n%28s%56s\n```\n", Pause, "delay, each way")
	return b.String()
}
