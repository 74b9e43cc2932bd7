package tidy

import (
	"regexp"
	"strings"
)

var requirement = regexp.MustCompile(`^(?:require )?\t?([a-z][^\s]*\.[^\s]*) (v[^\s]+)$`)

// modules reads the direct requirements of a go.mod, each as module@version: who
// raises a version has to look at what the document says of the module.
func modules(place string) names {
	return names{place, func(tree *Tree) map[string]Finding {
		file, ok := tree.File(place)
		if !ok {
			return nil
		}
		have := map[string]Finding{}
		for i, line := range file.Lines() {
			// What is indirect says so in a comment, and does not match.
			if match := requirement.FindStringSubmatch(strings.TrimRight(line, " ")); match != nil {
				have[match[1]+"@"+match[2]] = Finding{Path: place, Line: i + 1}
			}
		}
		return have
	}}
}
