package rundir

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestRunDirectoriesCanBeCrossedAndNotListed(t *testing.T) {
	dir, err := New("server")
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := dir.Remove(); err != nil || !gone(dir.Path()) {
			t.Errorf("run directory is left: %v", err)
		}
	}()
	path := dir.Path()
	for range 3 { // the run directory, the session, the base
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o711 {
			t.Errorf("%s has mode %04o, want 0711", path, info.Mode().Perm())
		}
		path = filepath.Dir(path)
	}
	if err := Crossable(dir.Path()); err != nil {
		t.Error(err)
	}
}

func TestRunDirectoriesLeaveATemporaryDirectoryThatIsNoUse(t *testing.T) {
	closed := t.TempDir()
	if err := os.Chmod(closed, 0o600); err != nil {
		t.Fatal(err)
	}
	long := filepath.Join(t.TempDir(), strings.Repeat("long", 20))
	if err := os.Mkdir(long, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{closed, long, "/does/not/exist"} {
		t.Setenv("TMPDIR", bad)
		base, err := choosePlace()
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(base, bad) {
			t.Errorf("run directories go to %s", base)
		}
	}
}

func TestBaseOfAnotherKindIsRefused(t *testing.T) {
	taken := filepath.Join(t.TempDir(), "base")
	if err := os.Symlink(t.TempDir(), taken); err != nil {
		t.Fatal(err)
	}
	if err := ownDirectory(taken); err == nil {
		t.Error("a link that somebody could have placed is taken for the base")
	}
	if os.Getuid() != 0 {
		return
	}
	foreign := t.TempDir()
	if err := os.Chown(foreign, 65534, 65534); err != nil {
		t.Fatal(err)
	}
	if err := ownDirectory(foreign); err == nil {
		t.Error("another account's directory is taken for the base")
	}
}

func TestCacheIsFilledByOneAtATime(t *testing.T) {
	t.Setenv(cacheVariable, filepath.Join(crossableTemp(t), "cache"))
	unlock, err := LockCache(t.Context(), "entry")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*lockPoll)
	defer cancel()
	if _, err := LockCache(ctx, "entry"); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("second lock: %v, want a wait that ends with its context", err)
	}
	other, err := LockCache(t.Context(), "another")
	if err != nil {
		t.Fatal(err)
	}
	other()
	time.AfterFunc(lockPoll, unlock)
	again, err := LockCache(t.Context(), "entry")
	if err != nil {
		t.Fatal(err)
	}
	again()
}

func TestCacheNeedsAnAbsolutePath(t *testing.T) {
	t.Setenv(cacheVariable, "here")
	if _, err := Cache(); err == nil || !strings.Contains(err.Error(), cacheVariable) {
		t.Errorf("error %v, want one that names %s", err, cacheVariable)
	}
}

// crossableTemp is a temporary directory that other accounts can cross.
func crossableTemp(t *testing.T) string {
	t.Helper()
	dir, err := New("test")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = dir.Remove() })
	return dir.Path()
}

func TestPortsLieBelowThoseOfOutgoingConnections(t *testing.T) {
	for range 50 {
		port, err := FreePort()
		if err != nil {
			t.Fatal(err)
		}
		if port < firstPort || port >= firstEphemeral() {
			t.Fatalf("port %d, want %d to %d", port, firstPort, firstEphemeral()-1)
		}
	}
}
