package tidy

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
)

// protocol is the only home of the contract.
const protocol = "docs/PROTOCOL.md"

var mention = regexp.MustCompile(`[A-Za-z0-9_./-]*[A-Za-z0-9_-]\.md\b`)

// documentsExist: a document that is named somewhere stands in the repository,
// counted from its root or from the file that names it.
func documentsExist(tree *Tree) []Finding {
	var found []Finding
	for _, file := range tree.Files {
		for i, line := range tree.prose(file) {
			for _, word := range strings.Fields(line) {
				if strings.Contains(word, "://") {
					continue
				}
				for _, name := range mention.FindAllString(word, -1) {
					if !tree.stands(name, file.Dir()) {
						found = append(found, Finding{file.Path, i + 1, name + " does not exist"})
					}
				}
			}
		}
	}
	return found
}

// prose returns a file's lines; of a Go file only its comments, each on its
// line.
func (t *Tree) prose(file File) []string {
	lines := file.Lines()
	if file.Go == nil {
		return lines
	}
	clear(lines)
	for _, group := range file.Go.Comments {
		for _, comment := range group.List {
			first := t.Line(comment.Pos()) - 1
			for i, text := range strings.Split(comment.Text, "\n") {
				lines[first+i] += text
			}
		}
	}
	return lines
}

// stands tells whether a document exists at the root, in docs or beside who
// names it.
func (t *Tree) stands(name, dir string) bool {
	for _, from := range []string{".", "docs", dir} {
		if _, ok := t.File(path.Join(from, name)); ok {
			return true
		}
	}
	return false
}

var (
	citation = regexp.MustCompile(`\bPROTOCOL (\d+(?:\.\d+)*)`)
	clause   = regexp.MustCompile(`^[#*\s-]*(\d+(?:\.\d+)*)\b`)
)

// clausesExist: a clause that is cited stands in the protocol.
func clausesExist(tree *Tree) []Finding {
	contract, ok := tree.File(protocol)
	if !ok {
		return nil // documentsExist misses it, once
	}
	clauses := map[string]bool{}
	for _, line := range contract.Lines() {
		if match := clause.FindStringSubmatch(line); match != nil {
			clauses[match[1]] = true
		}
	}
	var found []Finding
	for _, file := range tree.Files {
		for i, line := range file.Lines() {
			for _, match := range citation.FindAllStringSubmatch(line, -1) {
				if !clauses[match[1]] {
					found = append(found, Finding{file.Path, i + 1, fmt.Sprintf(
						"%s has no clause %s", protocol, match[1])})
				}
			}
		}
	}
	return found
}

var (
	target   = regexp.MustCompile(`^([a-z][a-z0-9-]*):`)
	helped   = regexp.MustCompile(`^[a-z][a-z0-9-]*:.*## \S`)
	makeCall = regexp.MustCompile(`(?:^|[;&] )\s*(?:\$ )?make ([a-z][a-z0-9-]*)`)
	quoted   = regexp.MustCompile("`([^`]+)`")
)

// makeTargets: each target says what it does, and a `make` that a document
// shows is a target.
func makeTargets(tree *Tree) []Finding {
	makefile, ok := tree.File("Makefile")
	if !ok {
		return []Finding{{"Makefile", 0, "does not exist"}}
	}
	var found []Finding
	var targets []string
	for i, line := range makefile.Lines() {
		if match := target.FindStringSubmatch(line); match != nil {
			targets = append(targets, match[1])
			if !helped.MatchString(line) {
				found = append(found, Finding{"Makefile", i + 1, match[1] + " has no ## help text"})
			}
		}
	}
	for _, file := range tree.Files {
		if path.Ext(file.Path) != ".md" {
			continue
		}
		for i, command := range shown(file) {
			for _, match := range makeCall.FindAllStringSubmatch(command, -1) {
				if !slices.Contains(targets, match[1]) {
					found = append(found, Finding{file.Path, i + 1, "make " + match[1] + " is no target"})
				}
			}
		}
	}
	return found
}

// shown returns, for each line of a document, the command that stands there:
// a line of a fenced block, or what is quoted in a sentence.
func shown(file File) []string {
	fenced := false
	lines := file.Lines()
	for i, line := range lines {
		switch {
		case strings.HasPrefix(strings.TrimSpace(line), "```"):
			fenced = !fenced
			lines[i] = ""
		case !fenced:
			var commands []string
			for _, match := range quoted.FindAllStringSubmatch(line, -1) {
				commands = append(commands, match[1])
			}
			lines[i] = strings.Join(commands, "; ")
		}
	}
	return lines
}
