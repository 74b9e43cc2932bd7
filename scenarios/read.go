package scenarios

import (
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// reader is the codec that fills one mapping's values from a file.
type reader struct {
	doc   *document
	shape *Shape
	// at is where the mapping begins, keys and nodes what it holds.
	at    Position
	keys  map[string]Position
	nodes map[string]ast.Node
	// place takes the positions of fields, under their names after prefix.
	place  *Place
	prefix string
	// unknown holds the keys that no field has, as the words that were probably
	// meant; "" where none is like them.
	unknown []string
}

// newReader checks a mapping's keys against its shape. It returns nil after it
// has noted that the node is no mapping.
func newReader(d *document, n ast.Node, shape *Shape, place *Place, prefix string) *reader {
	m, ok := n.(*ast.MappingNode)
	if !ok {
		d.refuse(positionOf(n), "", shape.fieldNames(), "`%s` is a mapping, such as {%s: …}",
			shape.Name, shape.Fields[0].Name)
		return nil
	}
	r := &reader{
		doc: d, shape: shape, at: positionOf(m), place: place, prefix: prefix,
		keys: map[string]Position{}, nodes: map[string]ast.Node{},
	}
	for key, entry := range r.entries(m, true) {
		r.keys[key], r.nodes[key] = entry.at, entry.node
	}
	r.checkPresence()
	r.checkBy()
	return r
}

type entry struct {
	at   Position
	node ast.Node
}

// entries yields the keys of a mapping with their values, and refuses keys that
// stand twice, and unknown ones if the shape is to be followed.
func (r *reader) entries(m *ast.MappingNode, known bool) func(yield func(string, entry) bool) {
	return func(yield func(string, entry) bool) {
		first := map[string]Position{}
		for _, pair := range m.Values {
			at := positionOf(pair.Key)
			key, ok := textOf(pair.Key)
			if !ok {
				r.doc.refuse(at, "", nil, "a key is a word")
				continue
			}
			if before, twice := first[key]; twice {
				r.doc.refuse(at, "", nil, "`%s` stands twice; the first one is in line %d", key, before.Line)
				continue
			}
			first[key] = at
			if known && r.shape.field(key) == nil {
				r.doc.refuse(at, key, r.shape.fieldNames(), "unknown field %s "+
					"of `%s`", quoted(key), r.shape.Name)
				r.unknown = append(r.unknown, Nearest(key, r.shape.fieldNames()))
				continue
			}
			if !yield(key, entry{at, pair.Value}) {
				return
			}
		}
	}
}

// checkPresence refuses a mapping that lacks a required field, or that has none
// or several fields of a choice.
func (r *reader) checkPresence() {
	for _, f := range r.shape.Fields {
		_, stands := r.nodes[f.Name]
		if f.Required && !stands && !slices.Contains(r.unknown, f.Name) {
			r.doc.refuse(r.at, "", nil, "`%s` lacks `%s`: %s", r.shape.Name, f.Name, f.Doc)
		}
		if _, beside := r.nodes[f.With]; stands && f.With != "" && !beside {
			r.doc.refuse(r.keys[f.Name], "", nil, "`%s` stands only beside `%s`", f.Name, f.With)
		}
	}
	for _, choice := range r.shape.Choices {
		var standing []string
		for _, name := range choice.Of {
			if _, stands := r.nodes[name]; stands {
				standing = append(standing, name)
			}
		}
		slices.SortFunc(standing, func(a, b string) int { return r.keys[a].compare(r.keys[b]) })
		switch {
		case len(standing) == 0 && r.misspelt(choice.Of):
		case len(standing) == 0:
			r.doc.refuse(r.at, "", choice.Of, "`%s` has no %s", r.shape.Name, choice.Name)
		case len(standing) > 1:
			r.doc.refuse(r.keys[standing[1]], "", nil, "`%s` has %d %ss, %s; exactly one is allowed",
				r.shape.Name, len(standing), choice.Name, strings.Join(standing, " and "))
		}
	}
}

// misspelt tells whether one of the fields was probably meant by an unknown key,
// so that its lack is no second mistake.
func (r *reader) misspelt(fields []string) bool {
	return slices.ContainsFunc(r.unknown, func(meant string) bool {
		return meant == "" || slices.Contains(fields, meant)
	})
}

// checkBy refuses fields that the act or effect does not take, and the lack of
// those that it needs.
func (r *reader) checkBy() {
	if r.shape.By == "" {
		return
	}
	text, _ := textOf(r.nodes[r.shape.By])
	word := r.shape.field(r.shape.By).word(text)
	if word == nil {
		return
	}
	only := r.shape.byWord()
	var allowed []string
	for _, f := range r.shape.Fields {
		if !only[f.Name] || slices.Contains(word.Needs, f.Name) || slices.Contains(word.Takes, f.Name) {
			allowed = append(allowed, f.Name)
		}
	}
	for _, f := range r.shape.Fields {
		_, stands := r.nodes[f.Name]
		switch {
		case stands && !slices.Contains(allowed, f.Name):
			r.doc.refuse(r.keys[f.Name], "", allowed, "`%s: %s` does not "+
				"take `%s`", r.shape.By, word.Name, f.Name)
		case !stands && slices.Contains(word.Needs, f.Name):
			r.doc.refuse(positionOf(r.nodes[r.shape.By]), "", nil, "`%s: %s` needs `%s`: %s",
				r.shape.By, word.Name, f.Name, f.Doc)
		}
	}
}

func (r *reader) choice(name, _ string) string {
	found := ""
	for _, choice := range r.shape.Choices {
		if choice.Name != name {
			continue
		}
		for _, field := range choice.Of {
			if _, stands := r.nodes[field]; stands && found == "" {
				found = field
			}
		}
	}
	return found
}

func (r *reader) value(field string, v value) {
	if n, ok := r.nodes[field]; ok {
		r.scalar(field, n, v)
	}
}

// scalar reads one value, and notes where it stands.
func (r *reader) scalar(field string, n ast.Node, v value) {
	f, at := r.shape.field(strings.SplitN(field, ".", 2)[0]), positionOf(n)
	text, ok := textOf(n)
	if !ok {
		what := "is empty"
		if _, null := n.(*ast.NullNode); !null {
			what = "cannot hold a list or a mapping"
		}
		r.doc.refuse(at, "", wordNames(f.Words), "`%s` %s; it is %s", f.Name, what, f.Kind)
		return
	}
	r.place.fields[r.prefix+field] = at
	if bad := v.read(f, text); bad != nil {
		at.Column += bad.offset
		r.doc.refuse(at, bad.got, bad.allowed, "%s", bad.message)
		return
	}
	if meant, ok := v.(always); ok {
		v = meant.value
	}
	if span, ok := v.(*Span); ok && span.Mixed() {
		r.doc.mixed = append(r.doc.mixed, mixedRange{*span, at})
	}
}

func (r *reader) values(field string, v list) {
	n, ok := r.nodes[field]
	if !ok {
		return
	}
	seq, isSeq := n.(*ast.SequenceNode)
	if !isSeq {
		r.scalar(field, n, v.grow())
		return
	}
	r.place.fields[r.prefix+field] = positionOf(seq)
	// No tags are as good as none; other lists say something only when filled.
	if f := r.shape.field(field); len(seq.Values) == 0 && f.Kind != TextListKind {
		r.doc.refuse(positionOf(seq), "", wordNames(f.Words), "`%s` is empty; it is %s", field, f.Kind)
	}
	seen := map[string]bool{}
	for i, item := range seq.Values {
		text, scalar := textOf(item)
		if scalar && seen[text] {
			r.doc.refuse(positionOf(item), "", nil, "%s stands twice in `%s`", quoted(text), field)
			continue
		}
		seen[text] = true
		r.scalar(field+"."+strconv.Itoa(i), item, v.grow())
	}
}

func (r *reader) object(field string, walk func(codec)) {
	n, ok := r.nodes[field]
	if !ok {
		return
	}
	r.place.fields[r.prefix+field] = positionOf(n)
	f := r.shape.field(field)
	if inner := newReader(r.doc, n, f.Object, r.place, r.prefix+field+"."); inner != nil {
		walk(inner)
	}
}

func (r *reader) objects(field string, _ int, grow func(Place), walk func(c codec, i int)) {
	n, ok := r.nodes[field]
	if !ok {
		return
	}
	r.place.fields[r.prefix+field] = positionOf(n)
	seq, ok := n.(*ast.SequenceNode)
	if !ok {
		r.doc.refuse(positionOf(n), "", nil, "`%s` is a list; each entry begins with a dash", field)
		return
	}
	f := r.shape.field(field)
	index := 0
	for _, item := range seq.Values {
		place := Place{Position: positionOf(item), fields: map[string]Position{}}
		inner := newReader(r.doc, item, f.Object, &place, "")
		if inner == nil {
			continue
		}
		grow(place)
		walk(inner, index)
		index++
	}
}

func (r *reader) pairs(field string, v pairs) {
	n, ok := r.nodes[field]
	if !ok {
		return
	}
	r.place.fields[r.prefix+field] = positionOf(n)
	m, ok := n.(*ast.MappingNode)
	if !ok {
		r.doc.refuse(positionOf(n), "", nil, "`%s` is %s", field, r.shape.field(field).Kind)
		return
	}
	r.flatten(field, "", m, v)
}

// flatten reads the pairs of a mapping; the keys of nested mappings are joined
// by dots.
func (r *reader) flatten(field, above string, m *ast.MappingNode, v pairs) {
	for key, e := range r.entries(m, false) {
		full := above + key
		if nested, ok := e.node.(*ast.MappingNode); ok && r.shape.field(field).Kind == SettingsKind {
			r.flatten(field, full+".", nested, v)
			continue
		}
		for i := range v.size() {
			if v.key(i) == full {
				r.doc.refuse(e.at, "", nil, "`%s` stands twice", full)
				full = ""
				break
			}
		}
		if full == "" {
			continue
		}
		item, bad := v.grow(full)
		if bad != nil {
			r.doc.refuse(e.at, bad.got, bad.allowed, "%s", bad.message)
			continue
		}
		r.scalar(field+"."+full, e.node, item)
	}
}

func splitDots(text string) []string { return strings.Split(text, ".") }
