package store

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
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"fencepost/internal/testbed/rundir"
)

// ownerVariable makes this test binary a program that starts both stores, says where they are, and is killed.
const ownerVariable = "FENCEPOST_TEST_OWNER"

// whereabouts is what such a program says.
type whereabouts struct {
	PIDs []int
	Dirs []string
}

func beOwner(string) error {
	r, err := StartRedis(context.Background(), RedisOptions{Replicated: true})
	if err != nil {
		return err
	}
	p, err := StartPostgres(context.Background(), PostgresOptions{Rewinds: true})
	if err != nil {
		return err
	}
	if err := p.Mark(context.Background()); err != nil {
		return err
	}
	said := whereabouts{
		PIDs: append(p.PIDs(), r.primary.server.PID(), r.other.server.PID()),
		Dirs: []string{p.past.dir.Path(), p.server.DataPath(), r.primary.server.Dir(), r.other.server.Dir()},
	}
	err = json.NewEncoder(os.Stdout).Encode(said)
	_, readErr := io.Copy(io.Discard, os.Stdin)
	return errors.Join(err, readErr)
}

func TestNothingOutlivesAKilledOwner(t *testing.T) {
	owner := exec.Command(os.Args[0])
	owner.Env = append(os.Environ(), ownerVariable+"=1")
	owner.Stderr = os.Stderr
	in, inErr := owner.StdinPipe()
	out, outErr := owner.StdoutPipe()
	must(t, inErr, outErr, owner.Start())
	t.Cleanup(func() { _ = in.Close(); _ = owner.Process.Kill(); _ = owner.Wait() })
	line, err := bufio.NewReader(out).ReadBytes('\n')
	must(t, err)
	var said whereabouts
	must(t, json.Unmarshal(line, &said))
	if len(said.PIDs) < 5 {
		t.Fatalf("only %v run", said.PIDs)
	}
	// Some of the processes cannot act on anything.
	must(t, rundir.Signal(said.PIDs[1:2], unix.SIGSTOP), owner.Process.Kill())
	begin := time.Now()
	within(t, 2*time.Second, fmt.Sprintf("%v ended and %v removed", said.PIDs, said.Dirs), func() bool {
		for _, dir := range said.Dirs {
			if _, err := os.Stat(filepath.Dir(dir)); !os.IsNotExist(err) {
				return false
			}
		}
		return ended(said.PIDs...)
	})
	t.Logf("after %v", time.Since(begin))
}
