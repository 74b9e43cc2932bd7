package mutants

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
)

// key is a hash of what programs are built from: the version of Go, the modules,
// the source files of the packages that they link, and the changes.
func (t Tree) key(ctx context.Context, changed map[string][]byte, programs []string) (string, error) {
	sources, err := t.sources(ctx, programs)
	if err != nil {
		return "", err
	}
	paths := map[string]bool{}
	for _, path := range sources {
		paths[path] = true
	}
	for path := range changed {
		paths[path] = true
	}
	sum := sha256.New()
	fmt.Fprintln(sum, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		text, ok := changed[path]
		if !ok {
			if text, err = os.ReadFile(filepath.Join(string(t), filepath.FromSlash(path))); err != nil {
				return "", err
			}
		}
		fmt.Fprintf(sum, "%s %d\n", path, len(text))
		sum.Write(text)
	}
	return hex.EncodeToString(sum.Sum(nil))[:32], nil
}

// listed remembers the source files of a tree for the life of the process, so
// that a table of mutants asks the go command once.
var listed sync.Map

// sources lists the files of the tree that programs are built from, by their
// paths in it. The texts of scenarios are not among them: a runner is told which
// file to play, so a scenario is written without building anything again.
func (t Tree) sources(ctx context.Context, programs []string) ([]string, error) {
	asked := string(t) + " " + strings.Join(programs, " ")
	if known, ok := listed.Load(asked); ok {
		if paths, ok := known.([]string); ok {
			return paths, nil
		}
	}
	packages, err := t.linked(ctx, programs)
	if err != nil {
		return nil, err
	}
	paths := []string{"go.mod"}
	if _, err := os.Stat(filepath.Join(string(t), "go.sum")); err == nil {
		paths = append(paths, "go.sum")
	}
	for _, p := range packages {
		dir, err := filepath.Rel(string(t), p.Dir)
		if err != nil || strings.HasPrefix(dir, "..") {
			continue
		}
		dir = filepath.ToSlash(dir)
		for _, name := range append(slices.Clone(p.GoFiles), p.EmbedFiles...) {
			if dir != "scenarios" || !strings.HasSuffix(name, ".yaml") {
				paths = append(paths, dir+"/"+name)
			}
		}
	}
	listed.Store(asked, paths)
	return paths, nil
}

// linkedPackage is what the go command says about a package of a program.
type linkedPackage struct {
	ImportPath, Dir     string
	GoFiles, EmbedFiles []string
	Standard            bool
}

// linked lists the packages that programs link, without the standard library's.
func (t Tree) linked(ctx context.Context, programs []string) ([]linkedPackage, error) {
	command := exec.CommandContext(ctx, "go", append([]string{
		"list", "-deps", "-json=ImportPath,Dir,GoFiles,EmbedFiles,Standard",
	}, programs...)...)
	command.Dir = string(t)
	var out, said bytes.Buffer
	command.Stdout, command.Stderr = &out, &said
	if err := command.Run(); err != nil {
		return nil, fmt.Errorf("go list %v: %w\n%s", programs, err, tail(said.String()))
	}
	var packages []linkedPackage
	for d := json.NewDecoder(&out); ; {
		var p linkedPackage
		err := d.Decode(&p)
		if errors.Is(err, io.EOF) {
			return packages, nil
		}
		if err != nil {
			return nil, fmt.Errorf("go list %v: %w", programs, err)
		}
		if !p.Standard {
			packages = append(packages, p)
		}
	}
}
