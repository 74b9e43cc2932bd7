package postgres

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	embedded "github.com/fergusstrange/embedded-postgres"

	"fencepost/internal/testbed/rundir"
)

const (
	// binariesVariable names the directory of initdb, pg_ctl and postgres.
	binariesVariable = "FENCEPOST_POSTGRES_BIN"
	// mirrorVariable names another repository for the download.
	mirrorVariable = "FENCEPOST_POSTGRES_MIRROR"
)

// installHint is what a person types on the common distributions.
const installHint = "install PostgreSQL, for example `apt-get install postgresql`, or set " +
	binariesVariable + " to the directory that holds initdb, pg_ctl and postgres"

// findBinaries returns the directory of the server's programs, downloading them when the machine has none.
func findBinaries(ctx context.Context) (string, error) {
	if named := os.Getenv(binariesVariable); named != "" {
		if err := complete(named); err != nil {
			return "", fmt.Errorf("%s=%s: %w", binariesVariable, named, err)
		}
		return named, nil
	}
	if dir := newest("/usr/lib/postgresql"); dir != "" {
		return dir, nil
	}
	if onPath, err := exec.LookPath("pg_ctl"); err == nil {
		// Distributions put a link on PATH; only its target has the other programs beside it.
		if target, err := filepath.EvalSymlinks(onPath); err == nil && complete(filepath.Dir(target)) == nil {
			return filepath.Dir(target), nil
		}
	}
	dir, err := download(ctx)
	if err != nil {
		return "", fmt.Errorf("no PostgreSQL on this machine and none to be had (%w): %s", err, installHint)
	}
	return dir, nil
}

// complete reports what a directory of binaries lacks.
func complete(dir string) error {
	for _, name := range []string{"initdb", "pg_ctl", "postgres"} {
		if _, err := exec.LookPath(filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	return nil
}

// newest returns the bin directory of the highest version below root, or "" when there is none.
func newest(root string) string {
	dirs, err := filepath.Glob(filepath.Join(root, "*", "bin"))
	if err != nil {
		return ""
	}
	best, bestVersion := "", -1.0
	for _, dir := range dirs {
		version, err := strconv.ParseFloat(filepath.Base(filepath.Dir(dir)), 64)
		if err == nil && version > bestVersion && complete(dir) == nil {
			best, bestVersion = dir, version
		}
	}
	return best
}

// downloadVersion is what is fetched: the major version that the statements of the ledger were tried on.
const downloadVersion = embedded.V15

// download lets embedded-postgres fetch its binaries into the cache, once per user.
func download(ctx context.Context) (string, error) {
	unlock, err := rundir.LockCache(ctx, "postgres-download")
	if err != nil {
		return "", err
	}
	defer unlock()
	cache, err := rundir.Cache()
	if err != nil {
		return "", err
	}
	final := filepath.Join(cache, "postgres-"+string(downloadVersion))
	if complete(filepath.Join(final, "bin")) == nil {
		return filepath.Join(final, "bin"), nil
	}
	fresh, err := os.MkdirTemp(cache, "postgres-fresh-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(fresh)
	if err := os.Chmod(fresh, 0o755); err != nil {
		return "", err
	}
	if err := fetchInto(ctx, fresh); err != nil {
		return "", err
	}
	if err := errors.Join(os.RemoveAll(final), os.Rename(filepath.Join(fresh, "out"), final)); err != nil {
		return "", err
	}
	return filepath.Join(final, "bin"), nil
}

// fetchInto leaves the binaries in dir/out. The library has no call that only fetches, so it is told to
// start a server whose data directory lies below a plain file: it fetches, unpacks, and then fails, always
// at that point.
func fetchInto(ctx context.Context, dir string) error {
	obstacle := filepath.Join(dir, "obstacle")
	if err := os.WriteFile(obstacle, nil, 0o600); err != nil {
		return err
	}
	port, err := rundir.FreePort()
	if err != nil {
		return err
	}
	out := filepath.Join(dir, "out")
	config := embedded.DefaultConfig().Version(downloadVersion).Port(uint32(port)).Logger(nil).
		CachePath(filepath.Join(dir, "archive")).RuntimePath(filepath.Join(dir, "run")).
		BinariesPath(out).DataPath(filepath.Join(obstacle, "data"))
	if mirror := os.Getenv(mirrorVariable); mirror != "" {
		config = config.BinaryRepositoryURL(strings.TrimSuffix(mirror, "/"))
	}
	done := make(chan error, 1)
	go func() { done <- embedded.NewDatabase(config).Start() }()
	select {
	case err = <-done:
	case <-ctx.Done():
		// The library's request cannot be cancelled; it ends with the process or with its connection.
		return fmt.Errorf("download: %w", ctx.Err())
	}
	removeLibraryLogs()
	lacking := complete(filepath.Join(out, "bin"))
	if lacking == nil {
		return openToAll(out)
	}
	if err != nil && !strings.Contains(err.Error(), obstacle) {
		return fmt.Errorf("download: %w", err)
	}
	return fmt.Errorf("download: the archive is not complete: %w", lacking)
}

// openToAll lets the server's account read what was unpacked under a umask that forbids it.
func openToAll(tree string) error {
	return filepath.WalkDir(tree, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.Type()&os.ModeSymlink != 0 {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		open := info.Mode().Perm() | 0o444
		if entry.IsDir() || open&0o100 != 0 {
			open |= 0o111
		}
		return os.Chmod(path, open)
	})
}

// removeLibraryLogs deletes the files that embedded-postgres leaves in the temporary directory, one for each
// start. Only those that this process holds open are its own. The server writes to a log of its own, and the
// library reads the file by name only while it starts.
func removeLibraryLogs() {
	const links = "/proc/self/fd"
	open, err := os.ReadDir(links)
	if err != nil {
		return
	}
	for _, entry := range open {
		path, err := os.Readlink(filepath.Join(links, entry.Name()))
		if err == nil && strings.HasPrefix(filepath.Base(path), "embedded_postgres_log") {
			_ = os.Remove(path)
		}
	}
}
