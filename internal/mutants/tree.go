package mutants

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Tree is the project's source tree, by its root directory.
type Tree string

// ErrNoTree reports that a mutant cannot be built for want of the source.
var ErrNoTree = errors.New("a mutant is built from the project's source: run this inside its tree")

// FindTree returns the tree that the working directory, or else the program
// itself, stands in. The error is ErrNoTree if there is none.
func FindTree() (Tree, error) {
	var starts []string
	if dir, err := os.Getwd(); err == nil {
		starts = append(starts, dir)
	}
	if program, err := os.Executable(); err == nil {
		starts = append(starts, filepath.Dir(program))
	}
	for _, dir := range starts {
		for ; ; dir = filepath.Dir(dir) {
			if isRoot(dir) {
				return Tree(dir), nil
			}
			if dir == filepath.Dir(dir) {
				break
			}
		}
	}
	return "", ErrNoTree
}

// isRoot tells whether the directory holds this module.
func isRoot(dir string) bool {
	text, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if err != nil {
		return false
	}
	first, _, _ := strings.Cut(string(text), "\n")
	return strings.TrimSpace(first) == "module fencepost"
}

// Apply returns the files that the mutants change, as they are with the
// mistakes in them, by their paths in the tree.
func (t Tree) Apply(ms []Mutant) (map[string][]byte, error) {
	changed := map[string][]byte{}
	for _, m := range ms {
		for _, e := range m.Edits {
			text, ok := changed[e.Path]
			if !ok {
				var err error
				if text, err = os.ReadFile(filepath.Join(string(t), filepath.FromSlash(e.Path))); err != nil {
					return nil, fmt.Errorf("mutant %s: %w", m.Name, err)
				}
			}
			if n := strings.Count(string(text), e.Old); n != 1 {
				return nil, fmt.Errorf("mutant %s: its text stands %d times in %s instead of once:\n%s",
					m.Name, n, e.Path, e.Old)
			}
			changed[e.Path] = []byte(strings.Replace(string(text), e.Old, e.New, 1))
		}
	}
	return changed, nil
}

// argument is how a person calls a scenario of the tree.
func (t Tree) argument(file string) string {
	path, err := filepath.Rel(string(t), file)
	if err != nil {
		return file
	}
	if dir, name := filepath.Split(path); filepath.Clean(dir) == "scenarios" {
		return strings.TrimSuffix(name, ".yaml")
	}
	return path
}

// Scenario returns what a runner is told to play for a scenario that a person
// calls by this argument: the argument itself if it is a file, and the file of
// the tree if it is the name of one of the project's. A runner's own copies may
// be older than the tree.
func (t Tree) Scenario(argument string) string {
	if _, err := os.Stat(argument); err == nil {
		return argument
	}
	file := filepath.Join(string(t), "scenarios", argument+".yaml")
	if _, err := os.Stat(file); err == nil {
		return file
	}
	return argument
}
