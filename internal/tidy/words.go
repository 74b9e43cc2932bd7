package tidy

import (
	"fmt"
	"path"
	"regexp"
)

// tool is why a tool's name is foreign.
const tool = "a tool of the author"

// foreign lists what this repository never mentions: the places and tools of
// whoever happens to work on it. The words are put together here so that this
// file does not break its own rule.
var foreign = []struct {
	word *regexp.Regexp
	why  string
}{
	{regexp.MustCompile(`(^|[^\w.])/(wo` + `rk|ro` + `ot)/`), "a path of one machine"},
	{regexp.MustCompile(`/tmp/f` + `p\b`), "a path of one machine"},
	{regexp.MustCompile(`(?i)proxy\.go` + `lang\.org|sum\.go` + `lang\.org`), "a registry's host"},
	{regexp.MustCompile(`(?i)\b(cla` + `ude|anthro` + `pic|chat` + `gpt|copi` + `lot)\b`), tool},
	{regexp.MustCompile(`(?i)\b(agent|helper)'?s? ses` + `sions?\b`), tool},
	{regexp.MustCompile(`(?i)\b(sub-?agent|language mo` + `del)s?\b`), tool},
	{regexp.MustCompile(`\bA` + `I\b`), tool},
	{
		regexp.MustCompile(`\b(DES` + `IGN|STY` + `LE|FAC` + `TS|MIS` + `SION|CON` + `TRACT) \d`),
		"a document that readers do not have: cite PROTOCOL",
	},
}

// speaksOfItself: the project speaks of itself alone.
func speaksOfItself(tree *Tree) []Finding {
	var found []Finding
	for _, file := range tree.Files {
		if path.Ext(file.Path) == ".sum" || file.Path == "LICENSE" {
			continue
		}
		for i, line := range file.Lines() {
			for _, f := range foreign {
				if word := f.word.FindString(line); word != "" {
					found = append(found, Finding{file.Path, i + 1, fmt.Sprintf("%q: %s", word, f.why)})
				}
			}
		}
	}
	return found
}
