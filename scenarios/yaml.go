package scenarios

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// What a hostile file may cost. A scenario of thirty lines has about a
// kilobyte and nests four deep; the library needs time and stack that grow
// faster than the file.
const (
	maxBytes  = 128 << 10
	maxTokens = 20_000
	maxDepth  = 24
	maxColumn = 512 // of a key or a dash
	maxErrors = 50
)

// document collects what is found in one file.
type document struct {
	file   string
	lines  []string
	errors Errors
	mixed  []mixedRange
}

// mixedRange is a range from one unit to another, which can be judged only when
// the ttl is known.
type mixedRange struct {
	span Span
	at   Position
}

// refuse notes an error.
func (d *document) refuse(at Position, got string, allowed []string, format string, args ...any) {
	if len(d.errors) >= maxErrors {
		return
	}
	message := format
	if len(args) > 0 {
		message = fmt.Sprintf(format, args...)
	}
	d.errors = append(d.errors, newError(d.file, d.lines, at, got, allowed, message))
}

// parseYAML returns the single mapping that the source holds, or nil after it
// has noted why not.
func (d *document) parseYAML(src []byte) *ast.MappingNode {
	if !d.takeSource(src) {
		return nil
	}
	file, ok := d.parseTokens()
	if !ok {
		return nil
	}
	var bodies []ast.Node
	for _, doc := range file.Docs {
		if doc != nil && doc.Body != nil {
			bodies = append(bodies, doc.Body)
		}
	}
	start := Position{Line: 1, Column: 1}
	if len(bodies) == 0 {
		d.refuse(start, "", fileShape.fieldNames(), "the file is empty; a scenario begins with `version: 1`")
		return nil
	}
	root, ok := bodies[0].(*ast.MappingNode)
	if !ok {
		d.refuse(positionOf(bodies[0]), "", fileShape.fieldNames(),
			"a scenario is a mapping that begins with `version: 1`")
		return nil
	}
	return root
}

// takeSource splits the source into lines and refuses what no scenario holds.
func (d *document) takeSource(src []byte) bool {
	if len(src) > maxBytes {
		d.refuse(Position{}, "", nil, "the file has %d bytes; a scenario has at most %d", len(src), maxBytes)
		return false
	}
	text := strings.TrimPrefix(string(src), "\ufeff")
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	d.lines = strings.Split(text, "\n")
	for i, line := range d.lines {
		if bad := strings.IndexFunc(line, unprintable); bad >= 0 {
			at := Position{Line: i + 1, Column: utf8.RuneCountInString(line[:bad]) + 1}
			r, size := utf8.DecodeRuneInString(line[bad:])
			if r == utf8.RuneError && size == 1 {
				d.refuse(at, "", nil, "byte 0x%02x is not UTF-8", line[bad])
			} else {
				d.refuse(at, "", nil, "the control character U+%04X cannot stand in a scenario", r)
			}
			return false
		}
		indent := len(line) - len(strings.TrimLeft(line, " \t"))
		if tab := strings.IndexByte(line[:indent], '\t'); tab >= 0 && indent < len(line) {
			d.refuse(Position{Line: i + 1, Column: tab + 1}, "", nil, "a tab cannot indent YAML; use spaces")
			return false
		}
	}
	return true
}

func unprintable(r rune) bool {
	return r == utf8.RuneError || r < ' ' && r != '\t' || r == 0x7f || r >= 0x80 && r < 0xa0 ||
		r == '\u2028' || r == '\u2029' || r == '\ufeff'
}

// parseTokens runs the library's lexer and parser. Duplicate keys are left to the
// reader, which reports all of them.
func (d *document) parseTokens() (file *ast.File, ok bool) {
	// What the library does with malformed input is not ours to promise, and a
	// harness that dies of a typo names no file.
	defer func() {
		if r := recover(); r != nil {
			d.refuse(Position{}, "", nil, "the file is not YAML: %v", r)
			file, ok = nil, false
		}
	}()
	tokens := lexer.Tokenize(strings.Join(d.lines, "\n"))
	if !d.checkTokens(tokens) {
		return nil, false
	}
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err == nil {
		return file, true
	}
	var at Position
	message := strings.SplitN(err.Error(), "\n", 2)[0]
	var located yaml.Error
	if errors.As(err, &located) {
		message = located.GetMessage()
		if tk := located.GetToken(); tk != nil {
			at = positionAt(tk)
		}
	}
	d.refuse(at, "", nil, "the file is not YAML: %s", message)
	return nil, false
}

// checkTokens refuses the parts of YAML that scenarios do without, and what
// would be dear to parse.
func (d *document) checkTokens(tokens token.Tokens) bool {
	depth, content := 0, false
	for i, tk := range tokens {
		at := positionAt(tk)
		if i >= maxTokens {
			d.refuse(at, "", nil, "the file has more than %d words and signs; that is no scenario", maxTokens)
			return false
		}
		//nolint:exhaustive // Only these kinds of token are of interest.
		switch tk.Type {
		case token.DocumentHeaderType:
			if content {
				d.refuse(at, "", nil, "a second document begins here; a file holds one scenario")
				return false
			}
			continue
		case token.DocumentEndType, token.CommentType:
			continue
		case token.SequenceStartType, token.MappingStartType:
			if depth++; depth > maxDepth {
				d.refuse(at, "", nil, "brackets nest deeper than %d", maxDepth)
				return false
			}
		case token.SequenceEndType, token.MappingEndType:
			depth--
		case token.SequenceEntryType, token.MappingValueType:
			if depth == 0 && at.Column > maxColumn {
				d.refuse(at, "", nil, "a key or a dash stands beyond column %d", maxColumn)
				return false
			}
		}
		content = true
		if what, bad := foreign[tk.Type]; bad {
			d.refuse(at, "", nil, "%s cannot stand in a scenario", what)
			return false
		}
	}
	return true
}

// foreign are the parts of YAML that a scenario does without: each of them lets
// a file say something else than it seems to.
var foreign = map[token.Type]string{
	token.AnchorType:     "an anchor (&)",
	token.AliasType:      "an alias (*)",
	token.MergeKeyType:   "a merge key (<<)",
	token.TagType:        "a tag (!)",
	token.DirectiveType:  "a directive (%)",
	token.MappingKeyType: "a complex key (?)",
}

func positionAt(tk *token.Token) Position {
	if tk == nil || tk.Position == nil {
		return Position{Line: 1, Column: 1}
	}
	return Position{Line: max(tk.Position.Line, 1), Column: max(tk.Position.Column, 1)}
}

// positionOf returns where a node begins.
func positionOf(n ast.Node) Position {
	if n == nil {
		return Position{Line: 1, Column: 1}
	}
	if m, ok := n.(*ast.MappingNode); ok && !m.IsFlowStyle && len(m.Values) > 0 {
		return positionOf(m.Values[0].Key)
	}
	return positionAt(n.GetToken())
}

// textOf returns the text of a scalar as it was written, and whether the node is
// one. An empty value is no scalar.
func textOf(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return n.Value.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return n.GetToken().Value, true
	default:
		return "", false
	}
}
