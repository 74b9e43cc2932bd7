package tidy

import (
	"go/ast"
	"strings"
)

// fuzzTargets reads the native fuzz targets of the tests, each as directory.Name:
// who adds one says in the document what it reads.
func fuzzTargets() names {
	return names{".", func(tree *Tree) map[string]Finding {
		have := map[string]Finding{}
		for _, file := range tree.GoFiles() {
			if !file.Test() {
				continue
			}
			for _, decl := range file.Go.Decls {
				fn, ok := decl.(*ast.FuncDecl)
				if !ok || fn.Recv != nil || !strings.HasPrefix(fn.Name.Name, "Fuzz") {
					continue
				}
				have[file.Dir()+"."+fn.Name.Name] = Finding{
					Path: file.Path, Line: tree.Line(fn.Type.Func),
				}
			}
		}
		return have
	}}
}
