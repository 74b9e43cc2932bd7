package timeline

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"slices"
	"time"
)

//go:embed page
var files embed.FS

// The page's parts. The scripts share one scope, in this order.
var (
	style   = part("style.css")
	script  = part("view.js") + part("shapes.js") + part("lanes.js") + part("detail.js") + part("act.js")
	picture = template.Must(template.New("page").Parse(part("page.html")))
)

// part returns an embedded file.
func part(name string) string {
	text, err := files.ReadFile("page/" + name)
	if err != nil {
		panic("timeline: " + err.Error())
	}
	return string(text)
}

// WriteHTML writes the picture as one HTML file that needs nothing else. It does
// not change the run.
func (r *Run) WriteHTML(to io.Writer) error {
	data, err := r.encode()
	if err != nil {
		return fmt.Errorf("encode timeline: %w", err)
	}
	var page bytes.Buffer
	err = picture.Execute(&page, map[string]any{
		"Run":    r,
		"Length": span(r.end()-r.Start, r.TTL),
		"Broken": r.brokenAt(),
		"Policy": "default-src 'none'; script-src " + digest(script) + "; style-src " + digest(style),
		// Style and script are this package's own; the data is JSON without <, > and &.
		"Style":  template.CSS(style),
		"Script": template.JS(script),
		"Data":   template.JS(data),
	})
	if err != nil {
		return fmt.Errorf("fill timeline: %w", err)
	}
	if _, err := page.WriteTo(to); err != nil {
		return fmt.Errorf("write timeline: %w", err)
	}
	return nil
}

// digest names a script or a style in a content security policy.
func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// brokenAt says when the first violation was, "" without one.
func (r *Run) brokenAt() string {
	if r.Violation == nil {
		return ""
	}
	return span(r.Violation.At-r.Start, r.TTL)
}

// span prints a length of time in both units of the time axis.
func span(nanos int64, ttl time.Duration) string {
	text := fmt.Sprintf("%.6f s", float64(nanos)/1e9)
	if ttl > 0 {
		text += fmt.Sprintf(" (%.2f ttl)", float64(nanos)/float64(ttl))
	}
	return text
}

// pageData is what the script reads. Instants count from the run's start, so that
// they are exact as floating point numbers; rows are arrays, to keep a long run
// short: of a span kind, from, to, owner, title, detail and whether it is open; of
// a tick instant, kind, owner, signal and detail. Owners are places among the
// lanes, -1 for none; kinds of ticks are places in Kinds.
type pageData struct {
	End       int64          `json:"end"`
	TTL       int64          `json:"ttl"`
	Violation *pageViolation `json:"violation"`
	Spans     []string       `json:"spans"`
	Kinds     []pageKind     `json:"kinds"`
	Lanes     []pageLane     `json:"lanes"`
}

type pageViolation struct {
	Text string `json:"text"`
	At   int64  `json:"at"`
	Lane int    `json:"lane"`
}

type pageKind struct {
	Name  string `json:"name"`
	Shape string `json:"shape"`
}

type pageLane struct {
	ID    string  `json:"id"`
	Title string  `json:"title"`
	Kind  string  `json:"kind"`
	Spans [][]any `json:"spans"`
	Ticks [][]any `json:"ticks"`
}

// encode returns the run as the script reads it.
func (r *Run) encode() ([]byte, error) {
	end := r.end()
	data := pageData{End: end - r.Start, TTL: int64(r.TTL), Spans: spanKinds, Kinds: []pageKind{}}
	place := map[string]int{"": -1}
	for i := range r.Lanes {
		place[r.Lanes[i].ID] = i
	}
	owner := func(id string) int {
		if i, known := place[id]; known {
			return i
		}
		return -1
	}
	if v := r.Violation; v != nil {
		data.Violation = &pageViolation{Text: v.Text, At: v.At - r.Start, Lane: owner(v.Lane)}
	}
	kinds := r.tickKinds()
	for _, k := range kinds {
		data.Kinds = append(data.Kinds, pageKind{Name: k.name, Shape: k.shape.String()})
	}
	for i := range r.Lanes {
		lane := &r.Lanes[i]
		out := pageLane{
			ID: lane.ID, Title: lane.Title, Kind: lane.Kind.String(),
			Spans: make([][]any, 0, len(lane.Spans)), Ticks: make([][]any, 0, len(lane.Ticks)),
		}
		spans := slices.Clone(lane.Spans)
		slices.SortStableFunc(spans, func(a, b Span) int { return cmp.Compare(a.From, b.From) })
		for _, s := range spans {
			if s.Open {
				s.To = end
			}
			out.Spans = append(out.Spans, []any{
				s.Kind, s.From - r.Start, s.To - r.Start, owner(s.Owner), s.Title, s.Detail, s.Open,
			})
		}
		ticks := slices.Clone(lane.Ticks)
		slices.SortStableFunc(ticks, func(a, b Tick) int { return cmp.Compare(a.At, b.At) })
		for _, t := range ticks {
			kind := slices.Index(kinds, tickKind{t.Kind, t.Shape})
			out.Ticks = append(out.Ticks, []any{t.At - r.Start, kind, owner(t.Owner), t.Signal, t.Detail})
		}
		data.Lanes = append(data.Lanes, out)
	}
	return json.Marshal(data)
}

// tickKind is a line of the legend.
type tickKind struct {
	name  string
	shape Shape
}

// tickKinds returns the kinds of ticks that there are, the loudest first.
func (r *Run) tickKinds() []tickKind {
	seen := map[tickKind]bool{}
	var kinds []tickKind
	for i := range r.Lanes {
		for _, t := range r.Lanes[i].Ticks {
			if k := (tickKind{t.Kind, t.Shape}); !seen[k] {
				seen[k] = true
				kinds = append(kinds, k)
			}
		}
	}
	slices.SortFunc(kinds, func(a, b tickKind) int {
		return cmp.Or(cmp.Compare(b.shape, a.shape), cmp.Compare(a.name, b.name))
	})
	return kinds
}
