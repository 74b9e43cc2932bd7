package tidy

import (
	"fmt"
	"go/ast"
	"unicode/utf8"
)

// The limits. A tab counts as wide as .editorconfig draws it.
const (
	maxFileLines     = 400
	maxFunctionLines = 70
	maxColumns       = 110
	maxCoreLines     = 2500
	tabColumns       = 4
)

func fileSize(tree *Tree) []Finding {
	var found []Finding
	for _, file := range tree.GoFiles() {
		if n := len(file.Lines()); n > maxFileLines {
			found = append(found, Finding{file.Path, 0, fmt.Sprintf(
				"%d lines, at most %d: one idea per file", n, maxFileLines)})
		}
	}
	return found
}

func functionSize(tree *Tree) []Finding {
	var found []Finding
	for _, file := range tree.GoFiles() {
		for _, decl := range file.Go.Decls {
			fn, ok := decl.(*ast.FuncDecl)
			if !ok {
				continue
			}
			n := tree.Line(fn.End()) - tree.Line(fn.Type.Func) + 1
			if n > maxFunctionLines {
				found = append(found, Finding{file.Path, tree.Line(fn.Type.Func), fmt.Sprintf(
					"%s has %d lines, at most %d", fn.Name.Name, n, maxFunctionLines)})
			}
		}
	}
	return found
}

func lineWidth(tree *Tree) []Finding {
	var found []Finding
	for _, file := range tree.GoFiles() {
		for i, line := range file.Lines() {
			if n := columns(line); n > maxColumns {
				found = append(found, Finding{file.Path, i + 1, fmt.Sprintf(
					"%d columns, at most %d", n, maxColumns)})
			}
		}
	}
	return found
}

// columns returns how wide a line is drawn.
func columns(line string) int {
	n := utf8.RuneCountInString(line)
	for _, r := range line {
		if r == '\t' {
			n += tabColumns - 1
		}
	}
	return n
}

// coreSize counts package core alone: its histories and checkers judge the
// core and are read apart from it.
func coreSize(tree *Tree) []Finding {
	total := 0
	for _, file := range tree.GoFiles() {
		if file.Dir() == "core" && !file.Test() {
			total += len(file.Lines())
		}
	}
	if total >= maxCoreLines {
		return []Finding{{"core", 0, fmt.Sprintf(
			"%d lines without tests, must stay under %d", total, maxCoreLines)}}
	}
	return nil
}
