package rundir

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"

	"golang.org/x/sys/unix"
)

// ownerFile is the file inside a session directory whose lock says that the owner lives.
const ownerFile = "owner"

// guardFile is the file inside a run directory that lists what has to end before the directory goes.
const guardFile = ".guard"

// session is what one process owns. It opens with the first run directory and ends with the process.
type session struct {
	path  string
	owner *os.File
	next  int
}

var (
	currentMu sync.Mutex
	current   *session
)

// Dir is a private directory for one server. Its mode is 0711: an unprivileged server account can cross it,
// and nobody can list it.
type Dir struct {
	path string
	mu   sync.Mutex
}

// Supported reports, as an error, a system on which no server can be kept from outliving its owner: the
// process table is read as Linux shows it.
func Supported() error {
	if runtime.GOOS != "linux" {
		return fmt.Errorf("real servers are started on Linux only, this is %s", runtime.GOOS)
	}
	return nil
}

// New creates a run directory whose name begins with kind, opening the session of this process if there is
// none.
func New(kind string) (*Dir, error) {
	if err := Supported(); err != nil {
		return nil, err
	}
	currentMu.Lock()
	defer currentMu.Unlock()
	if current == nil {
		s, err := openSession()
		if err != nil {
			return nil, fmt.Errorf("open run session: %w", err)
		}
		current = s
	}
	current.next++
	path := filepath.Join(current.path, kind+"-"+strconv.Itoa(current.next))
	if err := mkdirCrossable(path); err != nil {
		return nil, fmt.Errorf("create run directory: %w", err)
	}
	return &Dir{path: path}, nil
}

// Path is the absolute path of the directory.
func (d *Dir) Path() string { return d.path }

// Remove deletes the directory. The server in it must have ended.
func (d *Dir) Remove() error {
	if err := os.RemoveAll(d.path); err != nil {
		return fmt.Errorf("remove run directory: %w", err)
	}
	return nil
}

// GuardProcess names a process that must not outlive this one.
func (d *Dir) GuardProcess(pid int) error {
	started, err := startTime(pid)
	if err != nil {
		return fmt.Errorf("guard process %d: %w", pid, err)
	}
	return d.appendGuard(guard{Pid: pid, Started: started})
}

// GuardData names a PostgreSQL data directory: every process started with `-D data` is ended with this one.
// It is called before the server starts, so that there is no moment at which the server is unguarded.
func (d *Dir) GuardData(data string) error {
	return d.appendGuard(guard{Data: data})
}

func (d *Dir) appendGuard(g guard) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	f, err := os.OpenFile(filepath.Join(d.path, guardFile), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("open guard list: %w", err)
	}
	_, err = f.Write(g.encode())
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("write guard list: %w", err)
	}
	return nil
}

// openSession makes the session directory under the lock of its base, so that a reaper never meets one whose
// owner file is not locked yet.
func openSession() (*session, error) {
	base, unlock, err := lockBase()
	if err != nil {
		return nil, err
	}
	defer unlock()
	reap(base)

	path, err := os.MkdirTemp(base, strconv.Itoa(os.Getpid())+"-")
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(path, 0o711); err != nil {
		return nil, err
	}
	owner, err := os.OpenFile(filepath.Join(path, ownerFile), os.O_CREATE|os.O_RDWR|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	if err := flock(owner, unix.LOCK_EX); err != nil {
		return nil, err
	}
	if err := startWarden(path); err != nil {
		return nil, errors.Join(err, owner.Close(), os.RemoveAll(path))
	}
	return &session{path: path, owner: owner}, nil
}

// mkdirCrossable creates path with mode 0711 whatever the umask.
func mkdirCrossable(path string) error {
	if err := os.Mkdir(path, 0o711); err != nil {
		return err
	}
	return os.Chmod(path, 0o711)
}

// flock locks f. An interrupted wait is continued.
func flock(f *os.File, how int) error {
	for {
		err := unix.Flock(int(f.Fd()), how)
		if !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}
