package detect

import (
	"fmt"
	"strings"

	"fencepost/scenarios"
)

// Table returns the report as three tables in Markdown: what was played and
// whether beliefs and effects overlapped, how long everything took, and the
// bounds.
func (r *Report) Table() string {
	var b strings.Builder
	r.handovers(&b)
	r.times(&b)
	r.bars(&b)
	if r.Interrupted {
		b.WriteString("\nInterrupted: not everything that was asked for was played.\n")
	}
	return b.String()
}

// worldName is what a tier is called in a table.
func worldName(t scenarios.Tier) string {
	if t == scenarios.SimTier {
		return "simulated"
	}
	return "real"
}

// handovers writes who believed and acted when.
func (r *Report) handovers(b *strings.Builder) {
	b.WriteString("| fault | world | faults | led on | overlap of belief: median, most | " +
		"two believed | late effects | runs, invalid |\n|---|---|---|---|---|---|---|---|\n")
	for i := range r.Kinds {
		f := &r.Kinds[i]
		for j := range f.Worlds {
			a := &f.Worlds[j]
			overlap := "none to measure"
			if s, ok := a.Spreads[Overlap]; ok {
				overlap = fmt.Sprintf("%+.3f, %+.3f", s.P50.TTLs(), s.Max.TTLs())
			}
			fmt.Fprintf(b, "| `%s` | %s | %d | %d | %s | %d of %d | %d | %d, %d |\n", f.Name,
				worldName(a.Tier), a.Occurrences, a.Occurrences-a.HandedOver, overlap, a.Overlapping,
				a.HandedOver, a.LateEffects, a.Runs, a.Invalid)
		}
	}
}

// times writes the distributions.
func (r *Report) times(b *strings.Builder) {
	b.WriteString("\n| fault | world |")
	for q := range Overlap {
		b.WriteString(" " + captions[q] + " |")
	}
	b.WriteString("\n|---|---|" + strings.Repeat("---|", int(Overlap)) + "\n")
	for i := range r.Kinds {
		f := &r.Kinds[i]
		for j := range f.Worlds {
			a := &f.Worlds[j]
			fmt.Fprintf(b, "| `%s` | %s |", f.Name, worldName(a.Tier))
			for q := range Overlap {
				b.WriteString(" " + f.kind.cell(q, a) + " |")
			}
			b.WriteString("\n")
		}
	}
}

// captions head the columns of the times.
var captions = [quantityCount]string{
	Self: "noticed by itself", Peer: "by a peer", Store: "by the store", GaveUp: "believes no more",
	Elected: "new leader", Recovered: "executes again", Overlap: "overlap",
}

// cell is the distribution of one quantity. A star says that it counts from the end
// of the fault, a number in brackets in how many of the faults it happened, where
// not in all.
func (k *Kind) cell(q Quantity, a *Account) string {
	s, ok := a.Spreads[q]
	if !ok {
		return "–"
	}
	text := fmt.Sprintf("%.3f / %.3f / %.3f", s.P50.TTLs(), s.P99.TTLs(), s.Max.TTLs())
	if k.since[q] == atHeal {
		text += " *"
	}
	if s.N < a.Occurrences {
		text += fmt.Sprintf(" (%d)", s.N)
	}
	return text
}

// bars writes the bounds.
func (r *Report) bars(b *strings.Builder) {
	b.WriteString("\n| fault | bound | says | real | simulated |\n|---|---|---|---|---|\n")
	for i := range r.Bars {
		c := &r.Bars[i]
		share := "always"
		if c.Percent < 100 {
			share = fmt.Sprintf("%d of 100", c.Percent)
		}
		fmt.Fprintf(b, "| `%s` | %s: ≤ %g ttl, %s | %s | %s | %s |\n", c.Kind, c.Says, c.Within.TTLs(),
			share, c.Source, c.in(scenarios.RealTier), c.in(scenarios.SimTier))
	}
}

// in says how the bound fared in a world.
func (c *Claim) in(t scenarios.Tier) string {
	for i := range c.Worlds {
		h := &c.Worlds[i]
		if h.Tier != t {
			continue
		}
		word := "held"
		if !h.Held {
			word = fmt.Sprintf("**missed** by %d of %d", h.Beyond+h.Never, h.N)
		}
		if h.Never == h.N {
			return word
		}
		return fmt.Sprintf("%s: %.3f", word, h.Value.TTLs())
	}
	return "–"
}
