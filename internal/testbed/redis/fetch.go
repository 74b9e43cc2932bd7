package redis

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// fetchPackages downloads redis-server and whatever it needs that the machine lacks, and unpacks it into
// dir/tree.
//
// apt-get gets a state directory of its own, so that it needs no rights and leaves the system's lists alone;
// it reads the system's package status, so that it fetches what is missing and nothing else.
func fetchPackages(ctx context.Context, dir string) error {
	for _, tool := range []string{"apt-get", "dpkg-deb"} {
		if _, err := exec.LookPath(tool); err != nil {
			return fmt.Errorf("no %s here", tool)
		}
	}
	archives := filepath.Join(dir, "cache", "archives")
	for _, sub := range []string{filepath.Join(dir, "lists", "partial"), filepath.Join(archives, "partial")} {
		if err := os.MkdirAll(sub, 0o755); err != nil {
			return err
		}
	}
	apt := []string{
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
	// A list that cannot be fetched, say of a third party's repository, matters only if a package is then
	// missing.
	updated := run(ctx, dir, "apt-get", append(apt, "update")...)
	err := run(ctx, dir, "apt-get", append(apt, "install", "--download-only", "--no-install-recommends",
		"--reinstall", "redis-server", "redis-tools")...)
	if err != nil {
		return errors.Join(updated, err)
	}
	packages, err := filepath.Glob(filepath.Join(archives, "*.deb"))
	if err != nil {
		return err
	}
	tree := filepath.Join(dir, "tree")
	if err := os.Mkdir(tree, 0o755); err != nil {
		return err
	}
	for _, file := range packages {
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
