package postgres

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"fencepost/internal/testbed/rundir"
)

// ownerVariable makes this test binary a program that starts a server with the options in the variable, says
// where it is, and stops it when its standard input ends.
const ownerVariable = "FENCEPOST_TEST_OWNER"

// whereabouts is what such a program says.
type whereabouts struct {
	DSN, Dir string
	PIDs     []int
	UID      int
}

func TestMain(m *testing.M) {
	rundir.PreferMemory()
	if text := os.Getenv(ownerVariable); text != "" {
		if err := beOwner(text); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func beOwner(text string) error {
	var options Options
	if err := json.Unmarshal([]byte(text), &options); err != nil {
		return err
	}
	s, err := Start(context.Background(), options)
	if err != nil {
		return err
	}
	said := whereabouts{DSN: s.DSN("postgres"), Dir: s.dir.Path(), PIDs: s.PIDs(), UID: os.Getuid()}
	err = json.NewEncoder(os.Stdout).Encode(said)
	_, readErr := io.Copy(io.Discard, os.Stdin)
	return errors.Join(err, readErr, s.Stop(context.Background()))
}

// owner is such a program, seen from the test.
type owner struct {
	whereabouts
	cmd    *exec.Cmd
	input  io.Closer
	output *bufio.Reader
	errors strings.Builder
}

// launchOwner starts one; the caller may change the command before it runs.
func launchOwner(t *testing.T, options Options, change func(*exec.Cmd)) *owner {
	t.Helper()
	text, err := json.Marshal(options)
	if err != nil {
		t.Fatal(err)
	}
	o := &owner{cmd: exec.Command(os.Args[0])}
	o.cmd.Env = append(os.Environ(), ownerVariable+"="+string(text))
	o.cmd.Stderr = &o.errors
	change(o.cmd)
	in, inErr := o.cmd.StdinPipe()
	out, outErr := o.cmd.StdoutPipe()
	if err := errors.Join(inErr, outErr, o.cmd.Start()); err != nil {
		t.Fatal(err)
	}
	o.input, o.output = in, bufio.NewReader(out)
	t.Cleanup(func() { _ = o.cmd.Process.Kill(); _ = o.cmd.Wait() })
	return o
}

// listen waits until the owner has a server.
func (o *owner) listen(t *testing.T) {
	t.Helper()
	line, err := o.output.ReadBytes('\n')
	if err != nil {
		_ = o.cmd.Wait()
		t.Fatalf("owner: %v %s", err, o.errors.String())
	}
	if err := json.Unmarshal(line, &o.whereabouts); err != nil {
		t.Fatal(err)
	}
	if len(o.PIDs) < 2 {
		t.Fatalf("owner has processes %v", o.PIDs)
	}
}

// finish lets the owner stop its server and end.
func (o *owner) finish(t *testing.T) {
	t.Helper()
	if err := errors.Join(o.input.Close(), o.cmd.Wait()); err != nil {
		t.Errorf("owner: %v %s", err, o.errors.String())
	}
	if _, err := os.Stat(o.Dir); !os.IsNotExist(err) || !ended(o.PIDs) {
		t.Errorf("the owner left %v in %s", o.PIDs, o.Dir)
	}
}

func unchanged(*exec.Cmd) {}

func TestKilledOwnerLeavesNothing(t *testing.T) {
	for i := range 4 {
		suspended, child := i&1 == 1, i&2 == 2
		o := launchOwner(t, Options{Child: child}, unchanged)
		o.listen(t)
		if suspended {
			if err := rundir.Signal(o.PIDs, unix.SIGSTOP); err != nil {
				t.Fatal(err)
			}
		}
		if err := o.cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		within(t, time.Second, "server ended and directory removed", func() bool {
			_, err := os.Stat(o.Dir)
			return ended(o.PIDs) && os.IsNotExist(err)
		})
		t.Logf("suspended %v, child %v: after %v", suspended, child, time.Since(begin))
	}
}

func TestOwnerKilledInTheMiddleOfAStartLeavesNothing(t *testing.T) {
	parent, err := rundir.New("test")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = parent.Remove() })
	serving := func() bool {
		paths, err := filepath.Glob(filepath.Join(parent.Path(), "*"))
		if err != nil {
			t.Fatal(err)
		}
		for _, data := range paths {
			if len(rundir.Serving(data)) > 0 {
				return true
			}
		}
		return false
	}
	for after := range 12 {
		o := launchOwner(t, Options{DataPath: filepath.Join(parent.Path(), itoa(after))}, unchanged)
		<-time.After(time.Duration(after) * 20 * time.Millisecond)
		if err := errors.Join(o.cmd.Process.Kill(), ignoreExit(o.cmd.Wait())); err != nil {
			t.Fatal(err)
		}
	}
	within(t, 2*time.Second, "no server is left", func() bool { return !serving() })
	<-time.After(500 * time.Millisecond)
	if serving() {
		t.Error("a server came up after its owner's death")
	}
	locks, err := filepath.Glob(filepath.Join(parent.Path(), "*", "postmaster.pid"))
	if err != nil || len(locks) != 0 {
		t.Errorf("locks %v, %v, and with them shared memory, are left", locks, err)
	}
}

// ignoreExit passes over the error that says how a child ended.
func ignoreExit(err error) error {
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return nil
	}
	return err
}

// TestOrdinaryUserStartsAServer runs this test binary as an account without rights and with an empty home.
// Where the tests themselves run as an ordinary user, it is the plain case.
func TestOrdinaryUserStartsAServer(t *testing.T) {
	for _, child := range []bool{false, true} {
		startAsOrdinaryUser(t, Options{Child: child})
	}
}

func startAsOrdinaryUser(t *testing.T, options Options) {
	t.Helper()
	place, err := rundir.New("user")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = place.Remove() })
	home := filepath.Join(place.Path(), "home")
	if err := os.Mkdir(home, 0o700); err != nil {
		t.Fatal(err)
	}
	o := launchOwner(t, options, func(cmd *exec.Cmd) {
		cmd.Env = append(cmd.Env, "HOME="+home, "XDG_CACHE_HOME=", "FENCEPOST_CACHE=")
		if os.Getuid() == 0 {
			becomeUser(t, cmd, home)
		}
	})
	o.listen(t)
	if o.UID == 0 {
		t.Error("the owner runs as root: this test tries nothing")
	}
	pattern := filepath.Join(home, ".cache", "fencepost", "postgres-template-*", "complete")
	cached, err := filepath.Glob(pattern)
	if err != nil || len(cached) != 1 {
		t.Errorf("cached data directories %v, %v, want one in the user's own home", cached, err)
	}
	o.finish(t)
}

// becomeUser makes cmd run as an unprivileged account that owns home. The test binary is copied there,
// because the place where `go test` puts it is closed to others.
func becomeUser(t *testing.T, cmd *exec.Cmd, home string) {
	t.Helper()
	who := rootAccounts()[0]
	text, err := os.ReadFile(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	cmd.Path = filepath.Join(home, "owner")
	if err := os.WriteFile(cmd.Path, text, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd.Dir = home
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: who.attr().Credential}
	if err := who.own(home); err != nil {
		t.Fatal(err)
	}
}

func TestTwoProcessesStartAtOnceFromAnEmptyCache(t *testing.T) {
	place, err := rundir.New("cache")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = place.Remove() })
	var owners [2]*owner
	for i := range owners {
		owners[i] = launchOwner(t, Options{}, func(cmd *exec.Cmd) {
			cmd.Env = append(cmd.Env, "FENCEPOST_CACHE="+filepath.Join(place.Path(), "cache"))
		})
	}
	for _, o := range owners {
		o.listen(t)
	}
	if owners[0].DSN == owners[1].DSN {
		t.Errorf("both are at %s", owners[0].DSN)
	}
	for _, o := range owners {
		o.finish(t)
	}
}

func TestDataPathOutlivesItsServers(t *testing.T) {
	parent, err := rundir.New("data")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = parent.Remove() })
	data := filepath.Join(parent.Path(), "data")

	o := launchOwner(t, Options{DataPath: data}, unchanged)
	o.listen(t)
	if err := errors.Join(o.cmd.Process.Kill(), ignoreExit(o.cmd.Wait())); err != nil {
		t.Fatal(err)
	}
	// Its warden ends whatever serves the directory, until it has removed its own.
	within(t, 10*time.Second, "the first server is gone, and what cleared it away", func() bool {
		_, err := os.Stat(o.Dir)
		return len(rundir.Serving(data)) == 0 && errors.Is(err, os.ErrNotExist)
	})

	second := start(t, Options{DataPath: data})
	run(t, second, "create table fact (n int)")
	_, err = Start(t.Context(), Options{DataPath: data})
	if err == nil || !strings.Contains(err.Error(), "already") {
		t.Errorf("two servers on one data path: %v", err)
	}
	one(t, second, "select count(*)::text from fact")
	if err := second.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	one(t, start(t, Options{DataPath: data}), "select count(*)::text from fact")
}

func TestForeignDirectoriesAreRefusedAndKept(t *testing.T) {
	for name, prepare := range map[string]map[string]string{
		"somebody's files":     {"thesis.txt": "years of work"},
		"another's data":       {"PG_VERSION": "15\n"},
		"data of another age":  {"PG_VERSION": "9\n", passwordFile: "secret"},
		"a password and no PG": {passwordFile: "secret"},
	} {
		t.Run(name, func(t *testing.T) {
			place, err := rundir.New("foreign")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = place.Remove() })
			data := filepath.Join(place.Path(), "data")
			if err := os.Mkdir(data, 0o700); err != nil {
				t.Fatal(err)
			}
			for file, text := range prepare {
				if err := os.WriteFile(filepath.Join(data, file), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if s, err := Start(t.Context(), Options{DataPath: data}); err == nil {
				t.Error("accepted", s.Stop(t.Context()))
			}
			for file, want := range prepare {
				got, err := os.ReadFile(filepath.Join(data, file))
				if err != nil || string(got) != want {
					t.Errorf("%s holds %q, %v", file, got, err)
				}
			}
		})
	}
}
