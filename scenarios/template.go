package scenarios

import (
	_ "embed" // for the template's text
	"strings"
)

//go:embed template.txt
var template string

// Template returns a commented scenario for a new file of that path, which
// Parse takes as it is if the file's base can be a name.
func Template(path string) []byte {
	return []byte(strings.ReplaceAll(template, "NAME", baseName(path)))
}
