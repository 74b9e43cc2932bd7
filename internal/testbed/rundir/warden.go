package rundir

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// wardenName is the os.Args[0] by which an executable knows that it runs as a warden.
const wardenName = "fencepost-warden"

// removeBound is how long a directory may resist its removal.
const removeBound = 100 * time.Millisecond

// Executable returns a path by which this very program can be run again. The path it was started from may be
// gone while it lives, after a build replaced it; the kernel's own link still leads to it.
func Executable() (string, error) {
	path, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("find own executable: %w", err)
	}
	if _, err := os.Stat(path); err != nil {
		return fmt.Sprintf("/proc/%d/exe", os.Getpid()), nil
	}
	return path, nil
}

func init() {
	if os.Args[0] != wardenName || len(os.Args) != 2 {
		return
	}
	os.Exit(guardSession(os.Args[1]))
}

// startWarden runs this executable again to watch over a session. Its standard files are closed, because `go
// test` waits for every holder of its output.
func startWarden(session string) error {
	self, err := Executable()
	if err != nil {
		return err
	}
	warden := &exec.Cmd{
		Path:        self,
		Args:        []string{wardenName, session},
		Env:         []string{"GOMAXPROCS=1"},
		Dir:         "/",
		SysProcAttr: &syscall.SysProcAttr{Setsid: true},
	}
	if err := warden.Start(); err != nil {
		return fmt.Errorf("start warden: %w", err)
	}
	go func() { _ = warden.Wait() }()
	return nil
}

// guardSession is the warden: it waits until the owner's lock falls, ends what the owner started and removes
// the session. It returns the exit code.
func guardSession(session string) int {
	signal.Ignore(unix.SIGINT, unix.SIGHUP)
	owner, err := os.OpenFile(filepath.Join(session, ownerFile), os.O_RDWR, 0)
	if err != nil {
		return 1
	}
	if err := flock(owner, unix.LOCK_EX); err != nil {
		return 1
	}
	if err := endSession(session); err != nil {
		return 1
	}
	removeBase(filepath.Dir(session))
	return 0
}

// removeBase removes the base with its last session; while another stands in it, the removal fails and says
// nothing. It takes the lock, or it could pull the directory from under a session that opens.
func removeBase(base string) {
	dir, err := os.Open(base)
	if err != nil {
		return
	}
	defer dir.Close()
	if flock(dir, unix.LOCK_EX) == nil && sameFile(dir, base) {
		_ = os.Remove(base)
	}
}

// endSession ends every server of a session without an owner and removes its directory. A run directory
// whose server cannot be ended stays, for the next reaper.
func endSession(session string) error {
	dirs, err := os.ReadDir(session)
	if err != nil {
		return err
	}
	for _, dir := range dirs {
		for _, g := range readGuards(filepath.Join(session, dir.Name())) {
			err = errors.Join(err, g.end())
		}
	}
	if err != nil {
		return err
	}
	// A process that was being started when the owner died may still add a file once.
	poll(removeBound, func() bool {
		err = os.RemoveAll(session)
		return err == nil
	})
	return err
}

// reap ends the sessions in base whose owners are dead. The caller holds the lock of base. What cannot be
// reaped is left for the next time: it must not keep a new session from opening.
func reap(base string) {
	sessions, err := os.ReadDir(base)
	if err != nil {
		return
	}
	for _, entry := range sessions {
		session := filepath.Join(base, entry.Name())
		owner, err := os.OpenFile(filepath.Join(session, ownerFile), os.O_RDWR, 0)
		if err != nil {
			// Sessions open under the lock that the caller holds, so this is one whose removal was cut short.
			_ = endSession(session)
			continue
		}
		if flock(owner, unix.LOCK_EX|unix.LOCK_NB) == nil {
			_ = endSession(session)
		}
		_ = owner.Close()
	}
}
