package scenarios

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"
)

//go:embed *.yaml
var shippedFiles embed.FS

// Shipped returns the scenarios that come with the project, by name.
func Shipped() ([]*Scenario, error) {
	var all []*Scenario
	for _, name := range ShippedNames() {
		s, err := shipped(name)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

// ShippedNames lists the names of the scenarios that come with the project.
func ShippedNames() []string {
	// The pattern is constant and the files are part of the program.
	files, err := fs.Glob(shippedFiles, "*.yaml")
	if err != nil {
		panic("scenarios: " + err.Error())
	}
	for i, file := range files {
		files[i] = strings.TrimSuffix(file, ".yaml")
	}
	return files
}

// ShippedSource returns the text of a scenario that comes with the project.
func ShippedSource(name string) ([]byte, bool) {
	src, err := shippedFiles.ReadFile(name + ".yaml")
	return src, err == nil
}

func shipped(name string) (*Scenario, error) {
	src, ok := ShippedSource(name)
	if !ok {
		return nil, fmt.Errorf("load scenario: none is called %s", name)
	}
	return Parse(path.Join("scenarios", name+".yaml"), src)
}

// UnknownName is the error of Find for a word that is neither a file nor a
// scenario that comes with the project.
type UnknownName struct {
	Name    string
	Nearest string
	Allowed []string
}

// Error names the word and the nearest scenario.
func (e *UnknownName) Error() string {
	text := fmt.Sprintf("%s is neither a file nor a scenario of the project", e.Name)
	if e.Nearest != "" {
		text += "; did you mean " + e.Nearest + "?"
	}
	return text
}

// Find returns the scenario of a file, or the one of that name that comes with
// the project, so that names work from any directory. A file wins over a name.
// The error is an *UnknownName, Errors, or that of the file system.
func Find(arg string) (*Scenario, error) {
	info, err := os.Stat(arg)
	isFile := err == nil && !info.IsDir()
	switch {
	case isFile, looksLikeFile(arg):
		return Load(arg)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("load scenario: %w", err)
	}
	if _, ok := ShippedSource(arg); ok {
		return shipped(arg)
	}
	names := ShippedNames()
	return nil, &UnknownName{Name: arg, Nearest: Nearest(arg, names), Allowed: names}
}

func looksLikeFile(arg string) bool {
	return strings.ContainsAny(arg, "/\\") || baseName(arg) != arg
}
