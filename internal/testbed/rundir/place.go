package rundir

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"
)

// maxBase is the longest base directory that leaves room for a Unix socket in a run directory: a socket's
// path has at most 107 bytes.
const maxBase = 50

// lockBase returns the directory that holds the sessions of this user, locked against reapers and other
// sessions that open, and the function that unlocks it.
func lockBase() (string, func(), error) {
	base, err := choosePlace()
	if err != nil {
		return "", nil, err
	}
	for {
		if err := mkdirCrossable(base); err != nil && !errors.Is(err, fs.ErrExist) {
			return "", nil, err
		}
		if err := ownDirectory(base); err != nil {
			return "", nil, err
		}
		dir, err := os.Open(base)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return "", nil, err
		}
		if err := flock(dir, unix.LOCK_EX); err != nil {
			return "", nil, errors.Join(err, dir.Close())
		}
		// A warden may have removed the directory between the open and the lock; a lock on what no longer
		// has a name excludes nobody.
		if sameFile(dir, base) {
			return base, func() { _ = dir.Close() }, nil
		}
		_ = dir.Close()
	}
}

// preferMemory is set by PreferMemory.
var preferMemory atomic.Bool

// PreferMemory makes the session of this process live in memory, if it has not opened yet, TMPDIR is not set
// and there is room. A database is created there ten times as fast as on a disk, which is worth it for
// tests. It is nothing for a cluster that a person keeps: systemd may clear that place when the person logs
// out.
func PreferMemory() { preferMemory.Store(true) }

// choosePlace returns where the sessions of this user live: below the temporary directory when every account
// can cross it, else below /tmp or /var/tmp.
func choosePlace() (string, error) {
	name := "fencepost-" + strconv.Itoa(os.Getuid())
	parents := []string{os.TempDir(), "/tmp", "/var/tmp"}
	if preferMemory.Load() && os.Getenv("TMPDIR") == "" && memoryHasRoom() {
		parents = append([]string{memory}, parents...)
	}
	var refused error
	for _, parent := range parents {
		base := filepath.Join(parent, name)
		err := Crossable(parent)
		if err == nil && len(base) > maxBase {
			err = fmt.Errorf("%s is too long for a Unix socket below it", base)
		}
		if err == nil {
			err = unix.Access(parent, unix.W_OK|unix.X_OK)
		}
		if err == nil {
			// Root of a container has the number of the machine's root, and not its name's directory.
			err = ownDirectory(base)
		}
		if err == nil {
			return base, nil
		}
		refused = errors.Join(refused, fmt.Errorf("%s: %w", parent, err))
	}
	return "", fmt.Errorf("no directory for run-time files: %w", refused)
}

// Crossable reports, as an error that names the directory, an ancestor of path (or path itself) that an
// unprivileged account cannot cross. For a process that is not root it reports nothing, because its servers
// run as itself.
func Crossable(path string) error {
	if os.Getuid() != 0 {
		return nil
	}
	for dir := filepath.Clean(path); ; dir = filepath.Dir(dir) {
		info, err := os.Stat(dir)
		if err != nil {
			return err
		}
		if info.Mode().Perm()&0o001 == 0 {
			return fmt.Errorf("%s has mode %04o: an unprivileged account cannot cross it", dir,
				info.Mode().Perm())
		}
		if dir == filepath.Dir(dir) {
			return nil
		}
	}
}

// ownDirectory refuses a base that somebody else prepared: in a directory that everyone may write, the name
// can be taken by another account.
func ownDirectory(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !info.IsDir() || !ok || int(stat.Uid) != os.Getuid() {
		return fmt.Errorf("%s is not a directory of user %d; remove it", path, os.Getuid())
	}
	return nil
}

// sameFile reports whether the open directory is still what path names.
func sameFile(dir *os.File, path string) bool {
	held, err := dir.Stat()
	if err != nil {
		return false
	}
	named, err := os.Lstat(path)
	return err == nil && os.SameFile(held, named)
}
