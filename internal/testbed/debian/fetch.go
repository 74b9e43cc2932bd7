package debian

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Prepare gives apt-get a state directory of its own below dir, so that it needs no rights and
// leaves the system's lists alone, and has it read the lists. It returns the arguments that make
// apt-get use it, and what was wrong with a list: say of a third party's repository, it matters
// only if a package is then missing.
func Prepare(ctx context.Context, dir string) (apt []string, lists, err error) {
	for _, tool := range []string{"apt-get", "dpkg-deb"} {
		if _, err := exec.LookPath(tool); err != nil {
			return nil, nil, fmt.Errorf("no %s here", tool)
		}
	}
	for _, sub := range []string{"lists", filepath.Join("cache", "archives")} {
		if err := os.MkdirAll(filepath.Join(dir, sub, "partial"), 0o755); err != nil {
			return nil, nil, err
		}
	}
	apt = []string{
		"-q", "-y",
		"-o", "Dir::State=" + dir,
		"-o", "Dir::State::lists=" + filepath.Join(dir, "lists"),
		"-o", "Dir::State::status=/var/lib/dpkg/status",
		"-o", "Dir::Cache=" + filepath.Join(dir, "cache"),
		"-o", "Dir::Log=" + dir,
		"-o", "Debug::NoLocking=1",
		"-o", "APT::Sandbox::User=",
		"-o", "Acquire::Retries=1",
		"-o", "Acquire::http::Timeout=20",
		"-o", "Acquire::https::Timeout=20",
	}
	return apt, run(ctx, dir, "apt-get", append(slices.Clone(apt), "update")...), nil
}

// Fetch downloads the packages and whatever they need that the machine lacks, and unpacks them into
// dir/tree. apt-get reads the system's package status, so that it fetches what is missing and
// nothing else.
func Fetch(ctx context.Context, dir string, packages ...string) error {
	apt, updated, err := Prepare(ctx, dir)
	if err != nil {
		return err
	}
	apt = append(apt, "install", "--download-only", "--no-install-recommends", "--reinstall")
	if err := run(ctx, dir, "apt-get", append(apt, packages...)...); err != nil {
		return errors.Join(updated, err)
	}
	fetched, err := filepath.Glob(filepath.Join(dir, "cache", "archives", "*.deb"))
	if err != nil {
		return err
	}
	tree := filepath.Join(dir, "tree")
	if err := os.Mkdir(tree, 0o755); err != nil {
		return err
	}
	for _, file := range fetched {
		if err := run(ctx, dir, "dpkg-deb", "-x", file, tree); err != nil {
			return err
		}
	}
	return nil
}

// run runs a command in dir. Its error holds the command and the end of what it said.
func run(ctx context.Context, dir, name string, args ...string) error {
	const most = 600
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "LC_ALL=C", "DEBIAN_FRONTEND=noninteractive")
	// Children of a killed apt-get may keep its output open.
	cmd.WaitDelay = time.Second
	out, err := cmd.CombinedOutput()
	if err != nil {
		said := strings.TrimSpace(string(out[max(0, len(out)-most):]))
		return fmt.Errorf("%s %s: %w: %s", name, args[len(args)-1], errors.Join(err, ctx.Err()), said)
	}
	return nil
}

// Libraries lists the directories of a tree that hold shared libraries, for LD_LIBRARY_PATH.
func Libraries(tree string) ([]string, error) {
	var dirs []string
	err := filepath.WalkDir(tree, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		dir := filepath.Dir(path)
		if strings.Contains(filepath.Base(path), ".so") && !slices.Contains(dirs, dir) {
			dirs = append(dirs, dir)
		}
		return nil
	})
	return dirs, err
}
