package tidy

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"strings"
	"unicode/utf8"
)

// Finding is one violation of one rule.
type Finding struct {
	// Path is the file, relative to the root of the repository.
	Path string
	// Line counts from 1; 0 speaks of the file as a whole.
	Line int
	// Text says what is wrong and what is allowed.
	Text string
}

// String returns the finding as editors understand it: path, line, text.
func (f Finding) String() string {
	if f.Line == 0 {
		return fmt.Sprintf("%s: %s", f.Path, f.Text)
	}
	return fmt.Sprintf("%s:%d: %s", f.Path, f.Line, f.Text)
}

// File is one text file of the repository.
type File struct {
	// Path is relative to the root, with forward slashes.
	Path string
	// Data is the content.
	Data []byte
	// Go is the parsed source of a Go file, else nil.
	Go *ast.File
}

// Dir returns the file's directory; the root is ".".
func (f File) Dir() string { return path.Dir(f.Path) }

// Test tells whether the file is a Go test.
func (f File) Test() bool { return strings.HasSuffix(f.Path, "_test.go") }

// Lines returns the content line by line, without the line ends.
func (f File) Lines() []string {
	if len(f.Data) == 0 {
		return nil
	}
	return strings.Split(strings.TrimSuffix(string(f.Data), "\n"), "\n")
}

// Tree is the repository as the rules see it.
type Tree struct {
	// Files are the text files, ordered by path.
	Files []File
	// Set holds the positions of all parsed Go files.
	Set *token.FileSet
}

// Load reads every text file below the root of fsys. What git ignores, what a
// test keeps in testdata and the repository's own store are left out. A Go file
// that does not parse is an error that names the place.
func Load(fsys fs.FS) (*Tree, error) {
	tree := &Tree{Set: token.NewFileSet()}
	err := fs.WalkDir(fsys, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && leftOut(name):
			return fs.SkipDir
		case !entry.Type().IsRegular() || name == ".git": // a file in a second work tree
			return nil
		}
		return tree.add(fsys, name)
	})
	if err != nil {
		return nil, fmt.Errorf("walk the repository: %w", err)
	}
	return tree, nil
}

func (t *Tree) add(fsys fs.FS, name string) error {
	data, err := fs.ReadFile(fsys, name)
	if err != nil {
		return err
	}
	if bytes.IndexByte(data, 0) >= 0 || !utf8.Valid(data) {
		return nil
	}
	file := File{Path: name, Data: data}
	if path.Ext(name) == ".go" {
		file.Go, err = parser.ParseFile(t.Set, name, data, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
	}
	t.Files = append(t.Files, file)
	return nil
}

// leftOut lists the directories whose content is no source.
func leftOut(dir string) bool {
	switch dir {
	case ".git", ".idea", ".vscode", "bin", "coverage", "out":
		return true
	default:
		return path.Base(dir) == "testdata"
	}
}

// File returns the file at that path.
func (t *Tree) File(name string) (File, bool) {
	for _, file := range t.Files {
		if file.Path == name {
			return file, true
		}
	}
	return File{}, false
}

// GoFiles returns the parsed Go files.
func (t *Tree) GoFiles() []File {
	var files []File
	for _, file := range t.Files {
		if file.Go != nil {
			files = append(files, file)
		}
	}
	return files
}

// Line returns the line of a position in a parsed Go file.
func (t *Tree) Line(pos token.Pos) int { return t.Set.Position(pos).Line }

// below tells whether a path stands in a directory or further down.
func below(name, dir string) bool {
	return name == dir || strings.HasPrefix(name, dir+"/")
}
