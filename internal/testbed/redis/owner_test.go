package redis

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"fencepost/internal/testbed/rundir"
)

// ownerVariable makes this test binary a program that starts a server, says where it is, and stops it when
// its standard input ends.
const ownerVariable = "FENCEPOST_TEST_OWNER"

// whereabouts is what such a program says.
type whereabouts struct {
	Dir      string
	PID, UID int
}

func TestMain(m *testing.M) {
	if os.Getenv(ownerVariable) != "" {
		if err := beOwner(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func beOwner() error {
	s, err := Start(context.Background(), Options{})
	if err != nil {
		return err
	}
	said := whereabouts{Dir: filepath.Dir(s.LogPath()), PID: s.PID(), UID: os.Getuid()}
	err = json.NewEncoder(os.Stdout).Encode(said)
	_, readErr := io.Copy(io.Discard, os.Stdin)
	return errors.Join(err, readErr, s.Stop())
}

// owner is such a program, seen from the test.
type owner struct {
	whereabouts
	cmd    *exec.Cmd
	input  io.Closer
	errors strings.Builder
}

func startOwner(t *testing.T, change func(*exec.Cmd)) *owner {
	t.Helper()
	o := &owner{cmd: exec.Command(os.Args[0])}
	o.cmd.Env = append(os.Environ(), ownerVariable+"=1")
	o.cmd.Stderr = &o.errors
	change(o.cmd)
	in, inErr := o.cmd.StdinPipe()
	out, outErr := o.cmd.StdoutPipe()
	if err := errors.Join(inErr, outErr, o.cmd.Start()); err != nil {
		t.Fatal(err)
	}
	o.input = in
	t.Cleanup(func() { _ = o.cmd.Process.Kill(); _ = o.cmd.Wait() })
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err != nil {
		_ = o.cmd.Wait()
		t.Fatalf("owner: %v %s", err, o.errors.String())
	}
	if err := json.Unmarshal(line, &o.whereabouts); err != nil {
		t.Fatal(err)
	}
	return o
}

func TestKilledOwnerLeavesNothing(t *testing.T) {
	o := startOwner(t, func(*exec.Cmd) {})
	if err := o.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for ; ; <-tick.C {
		if _, err := os.Stat(o.Dir); os.IsNotExist(err) && ended(o.PID) {
			t.Logf("after %v", time.Since(begin))
			return
		}
		if time.Since(begin) > time.Second {
			t.Fatalf("a second after its owner, process %d or %s is left", o.PID, o.Dir)
		}
	}
}

// TestServerOutlivesTheThreadThatStartedIt ends threads on purpose: the kernel sends a child its death
// signal when the thread that started it ends, which for a Go program means nothing.
func TestServerOutlivesTheThreadThatStartedIt(t *testing.T) {
	started := make(chan *Server)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		s, err := Start(context.Background(), Options{})
		if err != nil {
			t.Error(err)
		}
		started <- s
	}()
	s := <-started
	if s == nil {
		return
	}
	t.Cleanup(func() { _ = s.Stop() })
	for range 50 {
		done := make(chan struct{})
		go func() { runtime.LockOSThread(); close(done) }()
		<-done
	}
	for range 5 {
		if err := client(t, s).Ping(t.Context()).Err(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestOrdinaryUserStartsAServer runs this test binary as an account without rights and with a home of its
// own. Where the tests themselves run as an ordinary user, it is the plain case.
func TestOrdinaryUserStartsAServer(t *testing.T) {
	place, err := rundir.New("user")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = place.Remove() })
	home := filepath.Join(place.Path(), "home")
	if err := os.MkdirAll(filepath.Join(home, ".cache"), 0o700); err != nil {
		t.Fatal(err)
	}
	shareCachedProgram(t, filepath.Join(home, ".cache", "fencepost"))
	o := startOwner(t, func(cmd *exec.Cmd) {
		cmd.Env = append(cmd.Env, "HOME="+home, "XDG_CACHE_HOME=", "FENCEPOST_CACHE=")
		if os.Getuid() == 0 {
			becomeNobody(t, cmd, home)
		}
	})
	if o.UID == 0 {
		t.Error("the owner runs as root: this test tries nothing")
	}
	if err := errors.Join(o.input.Close(), o.cmd.Wait()); err != nil {
		t.Errorf("owner: %v %s", err, o.errors.String())
	}
	if _, err := os.Stat(o.Dir); !os.IsNotExist(err) || !ended(o.PID) {
		t.Errorf("the owner left process %d or %s", o.PID, o.Dir)
	}
}

// shareCachedProgram copies a program that was fetched into another cache, so that the distribution's mirror
// is not asked again for each run of this test.
func shareCachedProgram(t *testing.T, to string) {
	t.Helper()
	found, err := findProgram(t.Context(), 3*time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	cache, err := rundir.Cache()
	if err != nil {
		t.Fatal(err)
	}
	if strings.HasPrefix(found.path, cache+"/") {
		if err := os.CopyFS(filepath.Join(to, "redis"), os.DirFS(filepath.Join(cache, "redis"))); err != nil {
			t.Fatal(err)
		}
	}
}

// becomeNobody makes cmd run as an account without rights that owns home. The test binary is copied there,
// because the place where `go test` puts it is closed to others.
func becomeNobody(t *testing.T, cmd *exec.Cmd, home string) {
	t.Helper()
	nobody, err := user.Lookup("nobody")
	if err != nil {
		t.Fatal(err)
	}
	uid, uidErr := strconv.Atoi(nobody.Uid)
	gid, gidErr := strconv.Atoi(nobody.Gid)
	text, err := os.ReadFile(os.Args[0])
	if err := errors.Join(uidErr, gidErr, err); err != nil {
		t.Fatal(err)
	}
	cmd.Path = filepath.Join(home, "owner")
	if err := os.WriteFile(cmd.Path, text, 0o755); err != nil {
		t.Fatal(err)
	}
	err = filepath.WalkDir(home, func(path string, _ os.DirEntry, err error) error {
		return errors.Join(err, os.Lchown(path, uid, gid))
	})
	if err != nil {
		t.Fatal(err)
	}
	cmd.Dir = home
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)},
	}
}
