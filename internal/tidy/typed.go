package tidy

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
)

// Ranges returns each range over a map: its order is a matter of chance, and
// so would be the trace of whoever takes it.
func Ranges(packages []Typed) []Finding {
	var found []Finding
	for _, pkg := range packages {
		for _, file := range pkg.Files {
			ast.Inspect(file, func(node ast.Node) bool {
				loop, ok := node.(*ast.RangeStmt)
				if !ok {
					return true
				}
				if _, ok := pkg.Info.Types[loop.X].Type.Underlying().(*types.Map); ok {
					found = append(found, pkg.finding(loop.Pos(), "a map has no order: keep an array"))
				}
				return true
			})
		}
	}
	return found
}

// flatTypes are the types that the exhaustive search copies, compares and
// hashes as plain memory.
var flatTypes = map[string][]string{"fencepost/core": {"Node", "Input", "Effect"}}

// Flat returns each part of a flat type that is not plain memory: a pointer, a
// map, a slice, a string, a channel, a function or an interface.
func Flat(packages []Typed) []Finding {
	var found []Finding
	for _, pkg := range packages {
		for _, name := range flatTypes[pkg.Path] {
			object := pkg.Package.Scope().Lookup(name)
			if object == nil {
				found = append(found, Finding{pkg.Path, 0, "has no type " + name + ": has it moved?"})
				continue
			}
			for _, part := range indirect(object.Type(), name) {
				found = append(found, pkg.finding(object.Pos(), part+": a flat type holds plain memory only"))
			}
		}
	}
	return found
}

// indirect returns the parts of a type that are not plain memory.
func indirect(t types.Type, name string) []string {
	switch under := t.Underlying().(type) {
	case *types.Basic:
		if under.Info()&types.IsString == 0 && under.Kind() != types.UnsafePointer {
			return nil
		}
	case *types.Array:
		return indirect(under.Elem(), name+"[]")
	case *types.Struct:
		var parts []string
		for field := range under.Fields() {
			parts = append(parts, indirect(field.Type(), name+"."+field.Name())...)
		}
		return parts
	}
	return []string{fmt.Sprintf("%s is a %s", name, t.Underlying())}
}

func (t Typed) finding(pos token.Pos, text string) Finding {
	at := t.Set.Position(pos)
	return Finding{at.Filename, at.Line, text}
}
