package tidy

import (
	"fmt"
	"go/ast"
	"go/token"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
)

// names is one place that holds a set of names. It returns each name with its
// line, or nil where the place does not exist.
type names struct {
	place string
	read  func(*Tree) map[string]Finding
}

// pair is a set of names that stands in two places.
type pair struct {
	what        string
	left, right names
}

// scenarioGuide is the document of the scenario format.
const scenarioGuide = "docs/SCENARIOS.md"

// pairs are the names that must agree. A document that is not written yet owes
// nothing; once it stands it owes its lists.
func pairs() []pair {
	invariants := table("core/check/invariant.go", "invariantNames")
	reasons := table("core/reason.go", "reasonNames")
	events := table("core/event/event.go", "names")
	operations := table("core/op.go", "opNames")
	verbs := table("scenarios/table_steps.go", "verbNames")
	claims := table("scenarios/table_expect.go", "claimNames")
	mutants := table("scenarios/mutant.go", "mutants")
	return []pair{
		{"invariants", invariants, document(protocol, "invariants")},
		{"reasons", reasons, document(protocol, "reasons")},
		{"doubts", table("core/inbox/doubt.go", "doubtNames"), document(protocol, "doubts")},
		{"events", events, document(scenarioGuide, "events")},
		{"operations", operations, document(scenarioGuide, "operations")},
		{"verbs", verbs, document(scenarioGuide, "verbs")},
		{"claims", claims, document(scenarioGuide, "claims")},
		{"mutants", mutants, document(scenarioGuide, "mutants")},
		{"mutants", files("internal/mutants"), mutants},
		{"mutants", mutants, document("docs/MUTANTS.md", "mutants")},
		{"scenarios", files("scenarios"), document(scenarioGuide, "scenarios")},
		{"dependencies", modules("go.mod"), document("docs/DEPENDENCIES.md", "dependencies")},
		{"fuzz targets", fuzzTargets(), document("docs/ASSAULT.md", "fuzz targets")},
	}
}

// namesAgree: every name in the code stands in its document, and the reverse.
func namesAgree(tree *Tree) []Finding { return agree(tree, pairs()) }

func agree(tree *Tree, pairs []pair) []Finding {
	var found []Finding
	for _, p := range pairs {
		left, right := p.left.read(tree), p.right.read(tree)
		if left == nil || right == nil {
			continue
		}
		for _, side := range []struct {
			names
			have map[string]Finding
		}{{p.left, left}, {p.right, right}} {
			if len(side.have) == 0 {
				found = append(found, Finding{side.place, 0, "holds no " + p.what + ": have they moved?"})
			}
		}
		found = append(found, missing(left, right, p.what+" of "+p.right.place+" lack %s")...)
		found = append(found, missing(right, left, p.what+" of "+p.left.place+" lack %s")...)
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

// document reads the names that a document quotes between <!-- names: what -->
// and <!-- /names -->. Of a table's row only the first cell counts; what the
// others quote belongs to the explanation.
func document(place, what string) names {
	return names{place, func(tree *Tree) map[string]Finding {
		file, ok := tree.File(place)
		if !ok {
			return nil
		}
		have := map[string]Finding{}
		inside := false
		for i, line := range file.Lines() {
			line = strings.TrimSpace(line)
			switch {
			case line == "<!-- names: "+what+" -->":
				inside = true
			case line == "<!-- /names -->":
				inside = false
			case inside:
				if cells := strings.SplitN(line, "|", 3); len(cells) == 3 && cells[0] == "" {
					line = cells[1]
				}
				for _, match := range quoted.FindAllStringSubmatch(line, -1) {
					for _, name := range strings.FieldsFunc(match[1], isSeparator) {
						have[name] = Finding{Path: place, Line: i + 1}
					}
				}
			}
		}
		return have
	}}
}

func isSeparator(r rune) bool { return r == ',' || r == ' ' }

// files reads the names from the YAML files of a directory.
func files(place string) names {
	return names{place, func(tree *Tree) map[string]Finding {
		var have map[string]Finding
		for _, file := range tree.Files {
			if file.Dir() == place && path.Ext(file.Path) == ".yaml" {
				if have == nil {
					have = map[string]Finding{}
				}
				have[strings.TrimSuffix(path.Base(file.Path), ".yaml")] = Finding{Path: file.Path}
			}
		}
		return have
	}}
}

// table reads the names from the entries of a package variable. An entry is a
// string, a `Key: "word"` of an array, or a struct whose first or Name field is
// the word. The first key of an array is the zero value, which names nothing.
func table(place, variable string) names {
	return names{place, func(tree *Tree) map[string]Finding {
		file, ok := tree.File(place)
		if !ok || file.Go == nil {
			return nil
		}
		have := map[string]Finding{}
		for i, entry := range entries(file.Go, variable) {
			keyed, ok := entry.(*ast.KeyValueExpr)
			if ok && i == 0 {
				continue
			}
			if ok {
				entry = keyed.Value
			}
			if word := nameIn(entry); word != "" {
				have[word] = Finding{Path: place, Line: tree.Line(entry.Pos())}
			}
		}
		return have
	}}
}

// nameIn returns the word of one entry, or "".
func nameIn(entry ast.Expr) string {
	switch entry := entry.(type) {
	case *ast.BasicLit:
		if entry.Kind != token.STRING {
			return ""
		}
		word, err := strconv.Unquote(entry.Value)
		if err != nil {
			return ""
		}
		return word
	case *ast.CompositeLit:
		for i, element := range entry.Elts {
			keyed, ok := element.(*ast.KeyValueExpr)
			if !ok && i == 0 {
				return nameIn(element)
			}
			if id, isName := keyedBy(keyed); isName && id == "Name" {
				return nameIn(keyed.Value)
			}
		}
	}
	return ""
}

// keyedBy returns the field name of an entry `Field: value`.
func keyedBy(keyed *ast.KeyValueExpr) (string, bool) {
	if keyed == nil {
		return "", false
	}
	id, ok := keyed.Key.(*ast.Ident)
	if !ok {
		return "", false
	}
	return id.Name, true
}

// entries returns what stands in the composite literal of a package variable.
func entries(file *ast.File, variable string) []ast.Expr {
	for _, decl := range file.Decls {
		general, ok := decl.(*ast.GenDecl)
		if !ok || general.Tok != token.VAR {
			continue
		}
		for _, spec := range general.Specs {
			values, ok := spec.(*ast.ValueSpec)
			if !ok {
				continue
			}
			for i, name := range values.Names {
				if name.Name != variable || i >= len(values.Values) {
					continue
				}
				if literal, ok := values.Values[i].(*ast.CompositeLit); ok {
					return literal.Elts
				}
			}
		}
	}
	return nil
}
