package cluster

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"fencepost/internal/testbed/child"
	"fencepost/internal/testbed/rundir"
)

// ownerVariable makes this test binary a program that runs a cluster of the
// fencepost binary that it names, and ends it when its standard input ends.
const ownerVariable = "FENCEPOST_TEST_CLUSTER_OWNER"

func TestMain(m *testing.M) {
	rundir.PreferMemory()
	if program := os.Getenv(ownerVariable); program != "" {
		if err := beOwner(program); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// everything is what a cluster consists of.
type everything struct {
	Dir  string
	PIDs []int
}

func all(c *Cluster) everything {
	e := everything{Dir: c.Dir(), PIDs: append(c.Postgres().PIDs(), c.Redis().PID(), c.Broker().PID())}
	for _, n := range c.Nodes() {
		e.PIDs = append(e.PIDs, n.PID())
	}
	return e
}

func beOwner(program string) error {
	ctx := context.Background()
	c, err := Start(ctx, Options{Nodes: 2, Program: program})
	if err != nil {
		return err
	}
	err = json.NewEncoder(os.Stdout).Encode(all(c))
	_, readErr := io.Copy(io.Discard, os.Stdin)
	return errors.Join(err, readErr, c.Stop(ctx))
}

// built builds the service once for all tests of this process.
var built = sync.OnceValues(func() (string, error) {
	dir, err := rundir.New("build")
	if err != nil {
		return "", err
	}
	return child.Fencepost(context.Background(), dir, func(string) {})
})

func program(t *testing.T) string {
	t.Helper()
	path, err := built()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// lives tells whether a process runs; one that only waits to be collected does
// not.
func lives(pid int) bool {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	_, rest, _ := strings.Cut(string(stat), ") ")
	return err == nil && !strings.HasPrefix(rest, "Z") && !strings.HasPrefix(rest, "X")
}

// left lists the processes that still run.
func left(pids []int) []int {
	var list []int
	for _, pid := range pids {
		if lives(pid) {
			list = append(list, pid)
		}
	}
	return list
}

func TestKilledOwnerLeavesNoProcessAndNoDirectory(t *testing.T) {
	owner := exec.Command(os.Args[0])
	owner.Env = append(os.Environ(), ownerVariable+"="+program(t))
	var problems strings.Builder
	owner.Stderr = &problems
	in, inErr := owner.StdinPipe()
	out, outErr := owner.StdoutPipe()
	if err := errors.Join(inErr, outErr, owner.Start()); err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	t.Cleanup(func() { _ = owner.Process.Kill(); _ = owner.Wait() })
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err != nil {
		_ = owner.Wait()
		t.Fatalf("owner: %v %s", err, problems.String())
	}
	var was everything
	if err := json.Unmarshal(line, &was); err != nil {
		t.Fatal(err)
	}
	// PostgreSQL's own children come and go.
	if running := left(was.PIDs); len(running) < 5 {
		t.Fatalf("of %v only %v run: this test tries nothing", was.PIDs, running)
	}
	if err := owner.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	killed := time.Now()
	err = child.Poll(t.Context(), time.Second, 5*time.Millisecond, func(context.Context) (bool, error) {
		return len(left(was.PIDs)) == 0, nil
	})
	if err != nil {
		t.Fatalf("a second after their owner %v run", left(was.PIDs))
	}
	t.Logf("the last process ended %v after its owner", time.Since(killed))
	err = child.Poll(t.Context(), 5*time.Second, 5*time.Millisecond, func(context.Context) (bool, error) {
		_, err := os.Stat(was.Dir)
		return errors.Is(err, os.ErrNotExist), nil
	})
	if err != nil {
		t.Fatalf("%s is left", was.Dir)
	}
}
