package tidy

import (
	"go/ast"
	"strings"
)

// pureDirs are the packages that are told everything and do nothing.
var pureDirs = []string{"core", "sim"}

// pure tells whether a Go file belongs to them; their tests are free.
func pure(file File) bool {
	if file.Test() {
		return false
	}
	for _, dir := range pureDirs {
		if below(file.Dir(), dir) {
			return true
		}
	}
	return false
}

// readsClock names the parts of package time that ask the machine or wait.
func readsClock(name string) bool {
	switch name {
	case "Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick":
		return true
	default:
		return strings.HasPrefix(name, "New")
	}
}

// pureSyntax: no goroutine, no channel, no select and no clock in core and sim.
func pureSyntax(tree *Tree) []Finding {
	var found []Finding
	for _, file := range tree.GoFiles() {
		if !pure(file) {
			continue
		}
		clock := importName(file.Go, "time")
		ast.Inspect(file.Go, func(node ast.Node) bool {
			text := ""
			switch node := node.(type) {
			case *ast.GoStmt:
				text = "a goroutine makes the order of steps a matter of chance"
			case *ast.SelectStmt:
				text = "select picks by chance"
			case *ast.ChanType:
				text = "a channel waits"
			case *ast.SelectorExpr:
				if id, ok := node.X.(*ast.Ident); ok && clock != "" && id.Name == clock &&
					readsClock(node.Sel.Name) {
					text = "time." + node.Sel.Name + " asks the machine: take the time as an argument"
				}
			}
			if text != "" {
				found = append(found, Finding{file.Path, tree.Line(node.Pos()), text})
			}
			return true
		})
	}
	return found
}

// importName returns under which name a file knows an import, or "".
func importName(file *ast.File, importPath string) string {
	for _, spec := range file.Imports {
		if strings.Trim(spec.Path.Value, `"`) != importPath {
			continue
		}
		if spec.Name != nil {
			return spec.Name.Name
		}
		return importPath[strings.LastIndex(importPath, "/")+1:]
	}
	return ""
}
