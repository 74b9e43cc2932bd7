package postgres

import (
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestRootOfAContainerStartsAServer makes an owner that is root and can become nobody else, as root is in a
// container that maps one user.
func TestRootOfAContainerStartsAServer(t *testing.T) {
	attr := namespaceAttr()
	attr.UidMappings[0].ContainerID, attr.GidMappings[0].ContainerID = 0, 0
	probe := exec.Command(os.Args[0], "-test.run=^$")
	probe.SysProcAttr = attr
	if err := probe.Run(); err != nil {
		t.Logf("no user namespaces on this machine, so nobody is such a root: %v", err)
		return
	}
	o := launchOwner(t, Options{}, func(cmd *exec.Cmd) { cmd.SysProcAttr = attr })
	o.listen(t)
	if o.UID != 0 {
		t.Errorf("the owner runs as %d: this test tries nothing", o.UID)
	}
	o.finish(t)
}

// TestRootWithoutRightsIsToldSo takes every capability away. Such a root cannot be anybody else, not even in
// a namespace.
func TestRootWithoutRightsIsToldSo(t *testing.T) {
	if os.Getuid() != 0 {
		t.Log("an ordinary user starts servers as itself")
		return
	}
	owner := exec.Command(os.Args[0])
	owner.Env = append(os.Environ(), ownerVariable+"={}")
	type outcome struct {
		said []byte
		err  error
	}
	done := make(chan outcome)
	go func() {
		// Never unlocked: the thread that gave up its rights ends with the goroutine. What it starts cannot
		// have more than it was left with.
		runtime.LockOSThread()
		for capability := uintptr(0); capability <= unix.CAP_LAST_CAP; capability++ {
			if err := unix.Prctl(unix.PR_CAPBSET_DROP, capability, 0, 0, 0); err != nil {
				done <- outcome{err: err}
				return
			}
		}
		said, err := owner.CombinedOutput()
		done <- outcome{said, err}
	}()
	got := <-done
	if got.err == nil || ignoreExit(got.err) != nil {
		t.Fatalf("owner: %v", got.err)
	}
	for _, want := range []string{"does not run as root", "ordinary user", "SETUID"} {
		if !strings.Contains(string(got.said), want) {
			t.Errorf("the owner said %q, which lacks %q", got.said, want)
		}
	}
}
