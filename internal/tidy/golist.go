package tidy

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// module is this module's name; its packages begin with it.
const module = "fencepost"

// listed is what `go list` says of one package.
type listed struct {
	ImportPath, Dir, Export string
	GoFiles, Imports        []string
}

// ReadGraph asks the go command for the import graph of everything that the
// patterns mean, dependencies included. The root is the module's directory.
func ReadGraph(ctx context.Context, root string, patterns ...string) (Graph, error) {
	packages, err := goList(ctx, root, "ImportPath,Imports", patterns)
	if err != nil {
		return nil, err
	}
	graph := Graph{}
	for _, pkg := range packages {
		graph[pkg.ImportPath] = pkg.Imports
	}
	return graph, nil
}

// Typed is one package of the module, checked by the compiler's front end.
type Typed struct {
	// Path is the import path.
	Path string
	// Set holds the positions, relative to the module's root.
	Set *token.FileSet
	// Files are the sources without tests.
	Files []*ast.File
	// Info holds the type of each expression.
	Info *types.Info
	// Package is the checked package.
	Package *types.Package
}

// ReadTyped type-checks the module's packages below the directories. What they
// import is taken from the build cache.
func ReadTyped(ctx context.Context, root string, dirs ...string) ([]Typed, error) {
	var patterns []string
	for _, dir := range dirs {
		if _, err := os.Stat(filepath.Join(root, dir)); err == nil {
			patterns = append(patterns, "./"+dir+"/...")
		}
	}
	packages, err := goList(ctx, root, "ImportPath,Dir,Export,GoFiles", patterns, "-export")
	if err != nil {
		return nil, err
	}
	exports := map[string]string{}
	for _, pkg := range packages {
		exports[pkg.ImportPath] = pkg.Export
	}
	set := token.NewFileSet()
	compiled := importer.ForCompiler(set, "gc", func(path string) (io.ReadCloser, error) {
		return os.Open(exports[path])
	})
	var typed []Typed
	for _, pkg := range packages {
		if !below(pkg.ImportPath, module) {
			continue
		}
		sources := map[string][]byte{}
		for _, name := range pkg.GoFiles {
			if sources[name], err = os.ReadFile(filepath.Join(pkg.Dir, name)); err != nil {
				return nil, fmt.Errorf("read %s: %w", pkg.ImportPath, err)
			}
		}
		one, err := check(set, compiled, pkg.ImportPath, pkg.GoFiles, sources)
		if err != nil {
			return nil, err
		}
		typed = append(typed, one)
	}
	return typed, nil
}

// check parses and type-checks one package.
func check(
	set *token.FileSet, from types.Importer, path string, names []string, sources map[string][]byte,
) (Typed, error) {
	typed := Typed{Path: path, Set: set, Info: &types.Info{Types: map[ast.Expr]types.TypeAndValue{}}}
	for _, name := range names {
		shown := strings.TrimPrefix(path+"/"+name, module+"/")
		file, err := parser.ParseFile(set, shown, sources[name], parser.SkipObjectResolution)
		if err != nil {
			return Typed{}, err
		}
		typed.Files = append(typed.Files, file)
	}
	var err error
	config := types.Config{Importer: from}
	if typed.Package, err = config.Check(path, set, typed.Files, typed.Info); err != nil {
		return Typed{}, fmt.Errorf("check %s: %w", path, err)
	}
	return typed, nil
}

// goList runs `go list -deps` and reads its answer.
func goList(ctx context.Context, root, members string, patterns []string, flags ...string) ([]listed, error) {
	args := append([]string{"list", "-deps", "-json=" + members}, flags...)
	command := exec.CommandContext(ctx, "go", append(args, patterns...)...)
	command.Dir = root
	var out, complaint bytes.Buffer
	command.Stdout, command.Stderr = &out, &complaint
	if err := command.Run(); err != nil {
		return nil, fmt.Errorf("list packages: %w\n%s", err, complaint.String())
	}
	var packages []listed
	decoder := json.NewDecoder(&out)
	for {
		var pkg listed
		switch err := decoder.Decode(&pkg); {
		case errors.Is(err, io.EOF):
			return packages, nil
		case err != nil:
			return nil, fmt.Errorf("read the package list: %w", err)
		}
		packages = append(packages, pkg)
	}
}
