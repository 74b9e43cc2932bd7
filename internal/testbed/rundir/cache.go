package rundir

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// lockPoll is how often a waiter for a cache lock looks again; flock itself cannot be given a deadline.
const lockPoll = 50 * time.Millisecond

// cacheVariable names another cache directory.
const cacheVariable = "FENCEPOST_CACHE"

// Cache returns the directory in which this user keeps what is costly to make: downloaded servers and
// initialised data directories. It is the one named by FENCEPOST_CACHE, else a directory below /var/cache
// for root, because the unprivileged account its servers run as cannot cross root's home, and below the
// user's own cache for others.
func Cache() (string, error) {
	path := cachePath()
	if !filepath.IsAbs(path) {
		return "", fmt.Errorf("%s=%s: want an absolute path", cacheVariable, path)
	}
	if err := os.MkdirAll(path, 0o755); err != nil {
		return "", fmt.Errorf("create cache directory: %w", err)
	}
	if err := ownDirectory(path); err != nil {
		return "", fmt.Errorf("use cache directory: %w", err)
	}
	// A umask of root's must not close it to the account that runs what is in it.
	if err := os.Chmod(path, 0o755); err != nil {
		return "", fmt.Errorf("open cache directory: %w", err)
	}
	if err := Crossable(path); err != nil {
		return "", fmt.Errorf("use cache directory: %w", err)
	}
	return path, nil
}

func cachePath() string {
	if named := os.Getenv(cacheVariable); named != "" {
		return named
	}
	if os.Getuid() == 0 {
		return "/var/cache/fencepost"
	}
	if user, err := os.UserCacheDir(); err == nil && canWrite(user) {
		return filepath.Join(user, "fencepost")
	}
	// An account without a home still gets a cache; it lasts as long as the temporary directory does.
	return filepath.Join(os.TempDir(), fmt.Sprintf("fencepost-cache-%d", os.Getuid()))
}

// canWrite reports whether a directory can be used, or made where it does not exist.
func canWrite(dir string) bool {
	return os.MkdirAll(dir, 0o700) == nil && unix.Access(dir, unix.W_OK|unix.X_OK) == nil
}

// LockCache takes the lock called name in the cache, so that one process at a time fills an entry, and
// returns the function that releases it. It waits no longer than ctx.
func LockCache(ctx context.Context, name string) (func(), error) {
	cache, err := Cache()
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(filepath.Join(cache, name+".lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open cache lock: %w", err)
	}
	tick := time.NewTicker(lockPoll)
	defer tick.Stop()
	for {
		err := flock(f, unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			return func() { _ = f.Close() }, nil
		}
		if !errors.Is(err, unix.EWOULDBLOCK) {
			return nil, errors.Join(fmt.Errorf("lock cache entry %s: %w", name, err), f.Close())
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(fmt.Errorf("wait for cache lock %s: %w", name, ctx.Err()), f.Close())
		case <-tick.C:
		}
	}
}
