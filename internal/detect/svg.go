package detect

import (
	"fmt"
	"strings"

	"fencepost/scenarios"
)

// The measures of the picture, in pixels: a lane for each fault, with the real
// world above the simulated one, in a panel for the overlap and one for times.
const (
	laneHeight  = 64
	worldHeight = 28
	nameRoom    = 150
	headRoom    = 66
	footRoom    = 62
	panelGap    = 36
	overlapWide = 270
	timesWide   = 480
	rightRoom   = 24
)

// axis maps ttl to pixels.
type axis struct {
	low, high  float64
	left, wide int
}

// at is the place of a value; one beyond the axis stands at its end.
func (a axis) at(ttl float64) float64 {
	share := (min(max(ttl, a.low), a.high) - a.low) / (a.high - a.low)
	return float64(a.left) + share*float64(a.wide)
}

// The two axes, in ttl.
var (
	overlapAxis = axis{-1.3, 0.3, nameRoom, overlapWide}
	timesAxis   = axis{0, 2.25, nameRoom + overlapWide + panelGap, timesWide}
)

// track is one quantity of the picture.
type track struct {
	quantity Quantity
	colour   string
	row      int // below the top of its world's half of the lane
	axis     axis
}

// tracks are the quantities that the picture shows.
var tracks = []track{
	{Overlap, "#a3243b", 10, overlapAxis},
	{GaveUp, "#1b6ca8", 3, timesAxis},
	{Elected, "#c2571a", 11, timesAxis},
	{Recovered, "#3a7d34", 19, timesAxis},
}

// SVG returns the distributions as a picture.
func (r *Report) SVG() string {
	var b strings.Builder
	width := timesAxis.left + timesWide + rightRoom
	bottom := headRoom + laneHeight*len(r.Kinds)
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" `, width, bottom+footRoom)
	b.WriteString(`font-family="sans-serif" font-size="12">`)
	fmt.Fprintf(&b, "\n<rect width=\"%d\" height=\"%d\" fill=\"white\"/>\n", width, bottom+footRoom)
	fmt.Fprintf(&b, "<text x=\"12\" y=\"20\" font-size=\"14\">From the least to the greatest value; "+
		"a dot is the median, a bar p99; above real processes, below (pale) the simulator</text>\n")
	fmt.Fprintf(&b, "<text x=\"%d\" y=\"42\">overlap of belief, in ttl (right of 0: two)</text>\n",
		overlapAxis.left)
	fmt.Fprintf(&b, "<text x=\"%d\" y=\"42\">in ttl from the fault (hollow: from its end)</text>\n",
		timesAxis.left)
	overlapAxis.draw(&b, bottom, []float64{-1.25, -1, -0.75, -0.5, -0.25, 0, 0.25})
	timesAxis.draw(&b, bottom, []float64{0, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75, 2})
	zero := overlapAxis.at(0)
	fmt.Fprintf(&b, "<rect x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\" ", zero, headRoom,
		overlapAxis.at(overlapAxis.high)-zero, bottom-headRoom)
	b.WriteString("fill=\"#a3243b\" opacity=\"0.12\"/>\n")
	for _, goal := range []float64{1.5, 2} {
		fmt.Fprintf(&b, "<path d=\"M%.1f %d V%d\" stroke=\"#c2571a\" stroke-dasharray=\"4 3\"/>\n",
			timesAxis.at(goal), headRoom, bottom)
	}
	for i := range r.Kinds {
		r.Kinds[i].lane(&b, headRoom+laneHeight*i)
	}
	legend(&b, bottom+44)
	b.WriteString("</svg>\n")
	return b.String()
}

// draw writes an axis and its grid.
func (a axis) draw(b *strings.Builder, bottom int, marks []float64) {
	fmt.Fprintf(b, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"#f6f6f6\"/>\n",
		a.left, headRoom, a.wide, bottom-headRoom)
	for _, mark := range marks {
		fmt.Fprintf(b, "<path d=\"M%.1f %d V%d\" stroke=\"#dddddd\"/>", a.at(mark), headRoom, bottom)
		fmt.Fprintf(b, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\" font-size=\"11\">%g</text>\n",
			a.at(mark), bottom+16, mark)
	}
}

// lane draws one fault.
func (f *Fault) lane(b *strings.Builder, top int) {
	fmt.Fprintf(b, "<path d=\"M0 %d h%d\" stroke=\"#bbbbbb\"/>\n", top, timesAxis.left+timesWide)
	fmt.Fprintf(b, "<text x=\"12\" y=\"%d\">%s</text>\n", top+laneHeight/2+4, f.Name)
	for i := range f.Worlds {
		a := &f.Worlds[i]
		y, opacity := top+4, "1"
		if a.Tier == scenarios.SimTier {
			y, opacity = y+worldHeight, "0.45"
		}
		fmt.Fprintf(b, "<g opacity=\"%s\">\n", opacity)
		for _, t := range tracks {
			if s, ok := a.Spreads[t.quantity]; ok {
				t.draw(b, y, s, f.kind.since[t.quantity] == atHeal)
			}
		}
		b.WriteString("</g>\n")
	}
}

// draw draws one distribution.
func (t track) draw(b *strings.Builder, top int, s Spread, hollow bool) {
	y, fill := top+t.row, t.colour
	if hollow {
		fill = "white"
	}
	x := func(v Span) float64 { return t.axis.at(v.TTLs()) }
	fmt.Fprintf(b, "<path d=\"M%.1f %d H%.1f M%.1f %d v7\" stroke=\"%s\" stroke-width=\"2\"/>", x(s.Min), y,
		x(s.Max), x(s.P99), y-3, t.colour)
	fmt.Fprintf(b, "<circle cx=\"%.1f\" cy=\"%d\" r=\"3\" fill=\"%s\" stroke=\"%s\"/>\n", x(s.P50), y, fill,
		t.colour)
}

// legend names the colours.
func legend(b *strings.Builder, y int) {
	x := nameRoom
	for _, t := range tracks {
		fmt.Fprintf(b, `<circle cx="%d" cy="%d" r="4" fill="%s"/>`, x, y-4, t.colour)
		fmt.Fprintf(b, "<text x=\"%d\" y=\"%d\">%s</text>\n", x+10, y, captions[t.quantity])
		x += 150
	}
	fmt.Fprintf(b, `<path d="M%d %d v10" stroke="#c2571a" stroke-dasharray="4 3"/>`, x, y-9)
	fmt.Fprintf(b, "<text x=\"%d\" y=\"%d\">goals for a new leader</text>\n", x+8, y)
}
