package chaos

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// burns is a piece of shell that uses a processor for half a second, or a fifth on a
// fast one.
const burns = `i=0; while [ $i -lt 400000 ]; do i=$((i+1)); done; `

// founder runs a script under the name of a server, and returns once it has said so.
func founder(t *testing.T, script string) *exec.Cmd {
	t.Helper()
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Fatal(err)
	}
	server := filepath.Join(t.TempDir(), "postgres")
	if err := os.Symlink(shell, server); err != nil {
		t.Fatal(err)
	}
	command := exec.Command(server, "-c", script)
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = syscall.Kill(-command.Process.Pid, syscall.SIGKILL)
		_ = command.Wait()
	})
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || line != "said\n" {
		t.Fatalf("%s says %q: %v", script, line, err)
	}
	return command
}

// sumOf returns what was used so far.
func sumOf(t *testing.T, u *usage) time.Duration {
	t.Helper()
	sum, ok := u.now()
	if !ok {
		t.Fatal("nobody knows what was used")
	}
	return sum
}

// near demands that the sum has grown by what was used, but for what the test and the
// harness themselves use.
func near(t *testing.T, grown, used time.Duration) {
	t.Helper()
	const bit = 60 * time.Millisecond
	if used < 2*bit || grown < used-bit || grown > used+bit {
		t.Errorf("the sum has grown by %v, and %v were used", grown, used)
	}
}

func TestAServersChildThatCameAndWentIsInTheSumOnce(t *testing.T) {
	u := &usage{}
	before := sumOf(t, u)
	server := founder(t, `(`+burns+`); echo said; read nothing`)
	used, ok := waitedFor([]int{server.Process.Pid})
	if others, known := waitedFor(nil); !ok || !known {
		t.Fatal("nobody knows what was waited for")
	} else {
		used -= others
	}
	near(t, sumOf(t, u)-before, used)
	if err := server.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = server.Wait()
	near(t, sumOf(t, u)-before, used)
}

func TestWhatAServersChildHasUsedOutlivesTheServer(t *testing.T) {
	u := &usage{}
	before := sumOf(t, u)
	server := founder(t, `(`+burns+`echo said; exec sleep 60) & wait`)
	used := sumOf(t, u) - before
	orphans := kin(server.Process.Pid)
	if len(orphans) != 1 {
		t.Fatalf("below the server are %v", orphans)
	}
	near(t, used, ran(orphans[0]))
	if err := server.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = server.Wait()
	near(t, sumOf(t, u)-before, used)
}

func TestAccountsOfEndedChildrenAreReadBehindAnyName(t *testing.T) {
	t.Parallel()
	stat := `7 (a) b (c) S 1 7 7 0 -1 4194304 137 2 1 0 39 5 30 4 20 0 1 0 14992 2990080 392` + "\n"
	if got, ok := waitedForOf([]byte(stat)); !ok || got != 340*time.Millisecond {
		t.Errorf("its children used %v, %v", got, ok)
	}
	for _, text := range []string{"", "7 (a) S 1 7", `7 (a) S 1 7 7 0 -1 4194304 137 2 1 0 39 5 x 4 20`} {
		if _, ok := waitedForOf([]byte(text)); ok {
			t.Errorf("%q is read", text)
		}
	}
}
