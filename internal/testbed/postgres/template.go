package postgres

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"fencepost/internal/testbed/rundir"
)

// userName is the superuser of every server.
const userName = "postgres"

// passwordFile stands in the data directory and holds the superuser's password, so that whoever may read the
// data may connect and nobody else on the machine.
const passwordFile = "fencepost.password"

// copyTemplate fills data, which does not exist, with a copy of the cached data directory for this build.
func copyTemplate(ctx context.Context, plan shimPlan, version, data string) error {
	unlock, err := rundir.LockCache(ctx, "postgres-template")
	if err != nil {
		return err
	}
	defer unlock()
	cache, err := rundir.Cache()
	if err != nil {
		return err
	}
	// Two builds of one version differ in what initdb writes, such as the collations of their libraries.
	build := sha256.Sum256([]byte(plan.Binaries))
	template := filepath.Join(cache, fmt.Sprintf("postgres-template-%s-%x", version, build[:4]))
	if _, err := os.Stat(filepath.Join(template, "complete")); err != nil {
		if err := makeTemplate(ctx, plan, cache, template); err != nil {
			return fmt.Errorf("make data directory template: %w", err)
		}
	}
	if err := os.CopyFS(data, os.DirFS(filepath.Join(template, "data"))); err != nil {
		return fmt.Errorf("copy data directory template: %w", err)
	}
	return restrict(data)
}

// makeTemplate runs initdb once. The entry appears under its final name only when it is whole.
func makeTemplate(ctx context.Context, plan shimPlan, cache, template string) error {
	fresh, err := os.MkdirTemp(cache, "postgres-template-fresh-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(fresh)
	if err := os.Chmod(fresh, 0o711); err != nil {
		return err
	}
	data := filepath.Join(fresh, "data")
	if err := runInitdb(ctx, plan, data, fresh, newPassword()); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(fresh, "complete"), nil, 0o600); err != nil {
		return err
	}
	if err := os.RemoveAll(template); err != nil {
		return err
	}
	return os.Rename(fresh, template)
}

// runInitdb initialises data and leaves the password in it.
func runInitdb(ctx context.Context, plan shimPlan, data, scratch, password string) error {
	if err := os.Mkdir(data, 0o700); err != nil {
		return err
	}
	secret := filepath.Join(scratch, "pwfile")
	if err := os.WriteFile(secret, []byte(password), 0o600); err != nil {
		return err
	}
	defer os.Remove(secret)
	if err := errors.Join(plan.Account.own(data), plan.Account.own(secret)); err != nil {
		return err
	}
	initdb := exec.CommandContext(ctx, filepath.Join(plan.Binaries, "initdb"), "-A", "password",
		"-U", userName, "-D", data, "--pwfile="+secret, "--locale=C", "--encoding=UTF8", "--no-sync")
	initdb.Dir, initdb.Env, initdb.SysProcAttr = scratch, serverEnv(scratch), plan.Account.attr()
	if out, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("run initdb: %w: %s", err, strings.TrimSpace(string(out)))
	}
	return os.WriteFile(filepath.Join(data, passwordFile), []byte(password), 0o600)
}

// restrict gives a copied data directory the modes that PostgreSQL insists on.
func restrict(data string) error {
	return filepath.WalkDir(data, func(path string, entry os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			return os.Chmod(path, 0o700)
		}
		return os.Chmod(path, 0o600)
	})
}

func newPassword() string { return rand.Text() }

// readPassword returns the password that an earlier start left in a data directory.
func readPassword(data string) (string, error) {
	text, err := os.ReadFile(filepath.Join(data, passwordFile))
	if err != nil {
		return "", fmt.Errorf("data directory was not made by this package: %w", err)
	}
	return strings.TrimSpace(string(text)), nil
}
