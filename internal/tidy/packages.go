package tidy

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// packageComment: one package comment for each package, in its doc.go, that
// begins as go doc expects it.
func packageComment(tree *Tree) []Finding {
	var found []Finding
	documented := map[string]bool{}
	first := map[string]string{}
	var dirs []string
	for _, file := range tree.GoFiles() {
		dir := file.Dir()
		if _, seen := first[dir]; !seen {
			first[dir] = file.Path
			dirs = append(dirs, dir)
		}
		doc := file.Go.Doc
		switch {
		case doc == nil:
		case path.Base(file.Path) != "doc.go":
			found = append(found, Finding{
				file.Path, tree.Line(doc.Pos()),
				"the package comment stands in doc.go, and only there",
			})
		default:
			documented[dir] = true
			if want := docOpening(file); !strings.HasPrefix(doc.Text(), want) {
				found = append(found, Finding{
					file.Path, tree.Line(doc.Pos()),
					fmt.Sprintf("the package comment begins with %q", want),
				})
			}
		}
	}
	for _, dir := range dirs {
		if !documented[dir] {
			found = append(found, Finding{first[dir], 0, "the package has no comment in a doc.go"})
		}
	}
	return found
}

// docOpening returns how a package's comment begins.
func docOpening(file File) string {
	if file.Go.Name.Name == "main" {
		return "Command " + path.Base(file.Dir()) + " "
	}
	return "Package " + file.Go.Name.Name + " "
}

// emptyNames are package names that say nothing about what is inside.
var emptyNames = []string{
	"base", "common", "helper", "helpers", "lib", "manager", "misc", "shared", "types", "util", "utils",
}

func packageName(tree *Tree) []Finding {
	var found []Finding
	for _, file := range tree.GoFiles() {
		name := strings.TrimSuffix(file.Go.Name.Name, "_test")
		for _, candidate := range []string{name, path.Base(file.Dir())} {
			if slices.Contains(emptyNames, candidate) {
				found = append(found, Finding{file.Path, tree.Line(file.Go.Package), fmt.Sprintf(
					"a package called %s says nothing about what it decides", candidate)})
				break
			}
		}
	}
	return found
}
