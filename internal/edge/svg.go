package edge

import (
	"fmt"
	"strings"
)

// The measures of the picture, in pixels: a panel for pauses and one for
// delays, with room for the axes.
const (
	panelWidth  = 360
	panelHeight = 260
	leftRoom    = 56
	topRoom     = 44
	gap         = 70
	legendRoom  = 84
)

// colours of the timings, in their order; each is told apart by its dashes as
// well.
var (
	colours = []string{"#1b6ca8", "#c2571a", "#3a7d34", "#7a3f98"}
	dashes  = []string{"none", "7 3", "2 3", "9 3 2 3"}
)

// SVG returns the map as a picture: for each timing the drift from which on two
// nodes can believe, over the length of a pause and over the delay to Redis.
func (m *Map) SVG() string {
	var b strings.Builder
	width := leftRoom + 2*panelWidth + gap + 20
	height := topRoom + panelHeight + legendRoom
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" `, width, height)
	b.WriteString(`font-family="sans-serif" font-size="12">`)
	fmt.Fprintf(&b, "\n<rect width=\"%d\" height=\"%d\" fill=\"white\"/>\n", width, height)
	fmt.Fprintf(&b, "<text x=\"%d\" y=\"20\" font-size=\"14\">Above a line two nodes may believe at once; "+
		"only one ever executes</text>\n", leftRoom)
	m.panel(&b, Pause, leftRoom)
	m.panel(&b, Delay, leftRoom+panelWidth+gap)
	for i, timing := range Timings() {
		y := topRoom + panelHeight + 52 + 16*(i/2)
		x := leftRoom + i%2*320
		fmt.Fprintf(&b, `<path d="M%d %d h34" stroke="%s" stroke-width="2" stroke-dasharray="%s"/>`,
			x, y-4, colours[i], dashes[i])
		fmt.Fprintf(&b, "<text x=\"%d\" y=\"%d\">%s</text>\n", x+42, y, timing)
	}
	b.WriteString("</svg>\n")
	return b.String()
}

// panel draws the curves of one kind of disturbance.
func (m *Map) panel(b *strings.Builder, kind Disturbance, left int) {
	curves := m.curves(kind)
	place := func(i int) float64 {
		return float64(left) + float64(i)*panelWidth/float64(len(curves[0].Points)-1)
	}
	level := func(drift float64) float64 {
		return topRoom + panelHeight - drift*panelHeight/m.Limit
	}
	fmt.Fprintf(b, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"#f6f6f6\"/>\n",
		left, topRoom, panelWidth, panelHeight)
	fmt.Fprintf(b, "<rect x=\"%d\" y=\"%.1f\" width=\"%d\" height=\"%.1f\" fill=\"#bfe3bf\"/>\n",
		left, level(m.Promised), panelWidth, m.Promised*panelHeight/m.Limit)
	for drift := 0.0; drift <= m.Limit; drift += 10 {
		fmt.Fprintf(b, "<path d=\"M%d %.1f h%d\" stroke=\"#dddddd\"/>", left, level(drift), panelWidth)
		fmt.Fprintf(b, "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%g %%</text>\n",
			left-6, level(drift)+4, drift)
	}
	for i, p := range curves[0].Points {
		fmt.Fprintf(b, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\" font-size=\"11\">%g</text>\n",
			place(i), topRoom+panelHeight+16, p.Amount)
	}
	fmt.Fprintf(b, "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">%s, in ttl</text>\n",
		left+panelWidth/2, topRoom+panelHeight+33, caption(kind))
	for i, c := range curves {
		path, pen := "", "M"
		for k, p := range c.Points {
			if p.Drift == nil {
				pen = "M"
				continue
			}
			path += fmt.Sprintf("%s%.1f %.1f ", pen, place(k), level(*p.Drift))
			pen = "L"
		}
		fmt.Fprintf(b, "<path d=\"%s\" fill=\"none\" stroke-width=\"2\" ", strings.TrimSpace(path))
		fmt.Fprintf(b, "stroke=\"%s\" stroke-dasharray=\"%s\"/>\n", colours[i], dashes[i])
	}
}
