package scenarios

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Load reads the scenario in the file. The error is Errors when the file can be
// read and is refused.
func Load(path string) (*Scenario, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("load scenario: %w", err)
	}
	// One byte more than is allowed is enough to refuse a file without reading
	// all of it.
	src, err := io.ReadAll(io.LimitReader(f, maxBytes+1))
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, fmt.Errorf("load scenario: %w", err)
	}
	return Parse(path, src)
}

// Parse reads the scenario in the source. file is its name, for messages and
// for the rule that the scenario is called as its file; "" or "-" means that
// there is no file, and drops the rule. The error, if any, is Errors.
func Parse(file string, src []byte) (*Scenario, error) {
	d := &document{file: file}
	s := d.read(src)
	if s != nil {
		s = s.settle(d)
	}
	if len(d.errors) > 0 {
		return nil, d.failure()
	}
	return s, nil
}

// read reads all that the source says, and judges what each field can tell by
// itself; nil if it is no document.
func (d *document) read(src []byte) *Scenario {
	root := d.parseYAML(src)
	if root == nil {
		return nil
	}
	s := &Scenario{File: d.file, lines: d.lines}
	s.Place = Place{Position: positionOf(root), fields: map[string]Position{}}
	if r := newReader(d, root, &fileShape, &s.Place, ""); r != nil {
		s.walk(r)
	}
	return s
}

// failure returns the errors in the order of their places.
func (d *document) failure() Errors {
	slices.SortStableFunc(d.errors, func(a, b *Error) int {
		return Position{a.Line, a.Column}.compare(Position{b.Line, b.Column})
	})
	return d.errors
}

// baseName returns the name that a scenario in the file must have, or "" where
// there is no file.
func baseName(file string) string {
	if file == "" || file == "-" {
		return ""
	}
	base := filepath.Base(file)
	return strings.TrimSuffix(strings.TrimSuffix(base, ".yaml"), ".yml")
}
