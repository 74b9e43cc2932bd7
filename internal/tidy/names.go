package tidy

import (
	"fmt"
	"go/ast"
	"go/token"
	"maps"
	"path"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// A list is a set of names that the code and one document share.
type list struct {
	// what is how the document calls the list: it stands there between
	// <!-- names: what --> and <!-- /names -->.
	what string
	// document is the path of that document.
	document string
	// source is where the code keeps the names, for a message.
	source string
	// code returns the names of the code, each with its place.
	code func(*Tree) map[string]Finding
}

// lists are the names that must agree.
func lists() []list {
	return []list{
		table("invariants", protocol, "core/invariant.go", "invariantNames"),
		table("reasons", protocol, "core/reason.go", "reasonNames"),
		table("events", "docs/SCENARIOS.md", "core/event.go", "eventNames"),
		table("operations", "docs/SCENARIOS.md", "core/op.go", "opNames"),
		files("mutants", "docs/SCENARIOS.md", "internal/mutants"),
		files("scenarios", "docs/SCENARIOS.md", "scenarios"),
	}
}

// namesAgree: every name in the code stands in its document, and the reverse.
func namesAgree(tree *Tree) []Finding { return agree(tree, lists()) }

func agree(tree *Tree, lists []list) []Finding {
	var found []Finding
	for _, l := range lists {
		inCode, inDocument := l.code(tree), documented(tree, l)
		if len(inCode) == 0 {
			found = append(found, Finding{l.source, 0, "holds no " + l.what + ": have they moved?"})
		}
		if inDocument == nil {
			found = append(found, Finding{l.document, 0, fmt.Sprintf(
				"has no list of %s between <!-- names: %s --> and <!-- /names -->", l.what, l.what)})
			continue
		}
		found = append(found, missing(inCode, inDocument, l.what+" of "+l.document+" lack %s")...)
		found = append(found, missing(inDocument, inCode, l.what+" of "+l.source+" lack %s")...)
	}
	return found
}

// missing returns a finding for each name of have that want lacks.
func missing(have, want map[string]Finding, format string) []Finding {
	var found []Finding
	for _, name := range slices.Sorted(maps.Keys(have)) {
		if _, ok := want[name]; !ok {
			place := have[name]
			place.Text = fmt.Sprintf(format, name)
			found = append(found, place)
		}
	}
	return found
}

// documented returns the names in a document's list, or nil if the document or
// the list does not exist. Of a table's row only the first cell counts; what
// the others quote belongs to the explanation.
func documented(tree *Tree, l list) map[string]Finding {
	file, ok := tree.File(l.document)
	if !ok {
		return nil
	}
	var names map[string]Finding
	inside := false
	for i, line := range file.Lines() {
		line = strings.TrimSpace(line)
		switch {
		case line == "<!-- names: "+l.what+" -->":
			inside = true
			if names == nil {
				names = map[string]Finding{}
			}
		case line == "<!-- /names -->":
			inside = false
		case inside:
			if cells := strings.SplitN(line, "|", 3); len(cells) == 3 && cells[0] == "" {
				line = cells[1]
			}
			for _, match := range quoted.FindAllStringSubmatch(line, -1) {
				for _, name := range strings.FieldsFunc(match[1], isSeparator) {
					names[name] = Finding{Path: l.document, Line: i + 1}
				}
			}
		}
	}
	return names
}

func isSeparator(r rune) bool { return r == ',' || r == ' ' }

// table reads the names from a variable `var name = [n]string{Key: "word"}`.
// The first entry is the zero value, which names nothing.
func table(what, document, source, variable string) list {
	return list{what, document, source, func(tree *Tree) map[string]Finding {
		names := map[string]Finding{}
		for i, element := range elements(tree, source, variable) {
			pair, ok := element.(*ast.KeyValueExpr)
			if !ok || i == 0 {
				continue
			}
			if word, ok := literal(pair.Value); ok {
				names[word] = Finding{Path: source, Line: tree.Line(pair.Pos())}
			}
		}
		return names
	}}
}

// elements returns the entries of the composite literal of a package variable.
func elements(tree *Tree, source, variable string) []ast.Expr {
	file, ok := tree.File(source)
	if !ok || file.Go == nil {
		return nil
	}
	for spec := range specs[*ast.ValueSpec](file.Go, token.VAR) {
		for i, name := range spec.Names {
			if name.Name != variable || i >= len(spec.Values) {
				continue
			}
			if composite, ok := spec.Values[i].(*ast.CompositeLit); ok {
				return composite.Elts
			}
		}
	}
	return nil
}

// fields reads the names from the `yaml:"word"` tags of a struct.
func fields(what, document, source, structure string) list {
	return list{what, document, source, func(tree *Tree) map[string]Finding {
		names := map[string]Finding{}
		file, ok := tree.File(source)
		if !ok || file.Go == nil {
			return names
		}
		for spec := range specs[*ast.TypeSpec](file.Go, token.TYPE) {
			structType, ok := spec.Type.(*ast.StructType)
			if !ok || spec.Name.Name != structure {
				continue
			}
			for _, field := range structType.Fields.List {
				if field.Tag == nil {
					continue
				}
				tag, _ := strconv.Unquote(field.Tag.Value)
				word, _, _ := strings.Cut(reflect.StructTag(tag).Get("yaml"), ",")
				if word != "" && word != "-" {
					names[word] = Finding{Path: source, Line: tree.Line(field.Pos())}
				}
			}
		}
		return names
	}}
}

// files reads the names from the YAML files of a directory.
func files(what, document, dir string) list {
	return list{what, document, dir, func(tree *Tree) map[string]Finding {
		names := map[string]Finding{}
		for _, file := range tree.Files {
			if file.Dir() == dir && path.Ext(file.Path) == ".yaml" {
				names[strings.TrimSuffix(path.Base(file.Path), ".yaml")] = Finding{Path: file.Path}
			}
		}
		return names
	}}
}

// specs yields the declarations of one kind in a file.
func specs[S ast.Spec](file *ast.File, kind token.Token) func(yield func(S) bool) {
	return func(yield func(S) bool) {
		for _, decl := range file.Decls {
			general, ok := decl.(*ast.GenDecl)
			if !ok || general.Tok != kind {
				continue
			}
			for _, spec := range general.Specs {
				if s, ok := spec.(S); ok && !yield(s) {
					return
				}
			}
		}
	}
}

// literal returns the value of a string literal.
func literal(expr ast.Expr) (string, bool) {
	basic, ok := expr.(*ast.BasicLit)
	if !ok || basic.Kind != token.STRING {
		return "", false
	}
	word, err := strconv.Unquote(basic.Value)
	return word, err == nil
}
