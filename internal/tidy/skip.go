package tidy

import (
	"go/ast"
	"maps"
	"slices"
	"strings"
)

// noHiddenSkip: a test that cannot run fails and says how to make it run. It
// skips only where the caller asked for a short run.
func noHiddenSkip(tree *Tree) []Finding {
	var found []Finding
	for _, file := range tree.GoFiles() {
		if importName(file.Go, "testing") != "testing" {
			continue
		}
		ast.Walk(skipVisitor{tests: map[string]bool{}, report: func(call ast.Node) {
			found = append(found, Finding{
				file.Path, tree.Line(call.Pos()),
				"a skipped test hides what is missing: fail and name the command that installs it",
			})
		}}, file.Go)
	}
	return found
}

// skipVisitor knows which names are a testing.T at the node it visits.
type skipVisitor struct {
	tests  map[string]bool
	short  bool
	report func(ast.Node)
}

// Visit implements ast.Visitor.
func (v skipVisitor) Visit(node ast.Node) ast.Visitor {
	switch node := node.(type) {
	case *ast.FuncDecl:
		return v.enter(node.Type)
	case *ast.FuncLit:
		return v.enter(node.Type)
	case *ast.IfStmt:
		v.short = v.short || asksShort(node.Cond)
	case *ast.CallExpr:
		selector, ok := node.Fun.(*ast.SelectorExpr)
		if !ok || !slices.Contains([]string{"Skip", "Skipf", "SkipNow"}, selector.Sel.Name) {
			break
		}
		if receiver, ok := selector.X.(*ast.Ident); ok && v.tests[receiver.Name] && !v.short {
			v.report(node)
		}
	}
	return v
}

// enter returns the visitor for a function's body.
func (v skipVisitor) enter(signature *ast.FuncType) skipVisitor {
	v.tests = maps.Clone(v.tests)
	for _, field := range signature.Params.List {
		for _, name := range field.Names {
			v.tests[name.Name] = isTesting(field.Type)
		}
	}
	return v
}

// isTesting tells whether a parameter is *testing.T or one of its kin. The
// generators of property tests have a Skip of their own that discards a draw.
func isTesting(expr ast.Expr) bool {
	if star, ok := expr.(*ast.StarExpr); ok {
		expr = star.X
	}
	selector, ok := expr.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	pkg, ok := selector.X.(*ast.Ident)
	return ok && pkg.Name == "testing" && strings.Contains(" T B F TB ", " "+selector.Sel.Name+" ")
}

// asksShort tells whether a condition calls testing.Short.
func asksShort(cond ast.Expr) bool {
	asks := false
	ast.Inspect(cond, func(node ast.Node) bool {
		if selector, ok := node.(*ast.SelectorExpr); ok && selector.Sel.Name == "Short" {
			asks = true
		}
		return true
	})
	return asks
}
