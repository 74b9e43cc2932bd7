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

// Cache returns the directory in which this user keeps what is costly to make: downloaded servers and initialised
// data directories. Root's is below /var/cache, because the unprivileged account its servers run as cannot cross
// root's home.
func Cache() (string, error) {
	path := filepath.Join("/var/cache", "fencepost")
	if os.Getuid() != 0 {
		user, err := os.UserCacheDir()
		if err != nil {
			// An account without a home still gets a cache; it then lasts as long as the temporary directory.
			user = filepath.Join(os.TempDir(), fmt.Sprintf("fencepost-cache-%d", os.Getuid()))
		}
		path = filepath.Join(user, "fencepost")
	}
	if err := os.MkdirAll(path, 0o755); err != nil {
		return "", fmt.Errorf("create cache directory: %w", err)
	}
	if err := ownDirectory(path); err != nil {
		return "", fmt.Errorf("use cache directory: %w", err)
	}
	return path, nil
}

// LockCache takes the lock called name in the cache, so that one process at a time fills an entry, and returns the
// function that releases it. It waits no longer than ctx.
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
