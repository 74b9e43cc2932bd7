package child

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"fencepost/internal/testbed/rundir"
)

// programName is the service's binary.
const programName = "fencepost"

// buildBound is the longest a build may take; the first one compiles
// everything.
const buildBound = 10 * time.Minute

// ErrNoProgram reports that there is no fencepost binary and no source to build
// it from.
var ErrNoProgram = errors.New("no fencepost beside this program, and no source tree here: run make build")

// beside returns the fencepost binary that stands beside this program, or "".
func beside() string {
	self, err := os.Executable()
	if err != nil {
		return ""
	}
	path := filepath.Join(filepath.Dir(self), programName)
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() || info.Mode().Perm()&0o111 == 0 {
		return ""
	}
	return path
}

// findTree returns the root of the source tree that the working directory, or
// else this program, stands in, or "".
func findTree() string {
	var starts []string
	if dir, err := os.Getwd(); err == nil {
		starts = append(starts, dir)
	}
	if self, err := os.Executable(); err == nil {
		starts = append(starts, filepath.Dir(self))
	}
	for _, dir := range starts {
		for ; ; dir = filepath.Dir(dir) {
			text, err := os.ReadFile(filepath.Join(dir, "go.mod"))
			first, _, _ := strings.Cut(string(text), "\n")
			if err == nil && strings.TrimSpace(first) == "module fencepost" {
				return dir
			}
			if dir == filepath.Dir(dir) {
				break
			}
		}
	}
	return ""
}

// Fencepost returns the fencepost beside this program, or builds it into dir
// from the source tree; say is told of it.
func Fencepost(ctx context.Context, dir *rundir.Dir, say func(string)) (string, error) {
	if path := beside(); path != "" {
		return path, nil
	}
	tree := findTree()
	if tree == "" {
		return "", ErrNoProgram
	}
	ctx, cancel := context.WithTimeout(ctx, buildBound)
	defer cancel()
	say("building fencepost from " + tree)
	built, log := filepath.Join(dir.Path(), programName), filepath.Join(dir.Path(), "build.log")
	tool, err := exec.LookPath("go")
	if err != nil {
		return "", fmt.Errorf("build fencepost: %w", err)
	}
	args := []string{"-C", tree, "build", "-buildvcs=false", "-o", built, "./cmd/fencepost"}
	build, err := Spawn(dir, log, tool, args...)
	if err != nil {
		return "", fmt.Errorf("build fencepost: %w", err)
	}
	select {
	case <-build.Ended():
	case <-ctx.Done():
		return "", errors.Join(fmt.Errorf("build fencepost: %w", ctx.Err()), build.Kill())
	}
	if !build.How().Success() {
		return "", fmt.Errorf("build fencepost: go build: %s\n%s", build.How(), Tail(log, 20))
	}
	return built, nil
}
