package postgres

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"fencepost/internal/testbed/rundir"
)

func TestChildComesBackAfterEveryKill(t *testing.T) {
	s := start(t, Options{Child: true})
	run(t, s, "create table fact (n int)")
	for n := range 20 {
		run(t, s, "insert into fact values ("+itoa(n)+")")
		pids := s.PIDs()
		if n%2 == 0 {
			if err := s.Crash(); err != nil {
				t.Fatal(err)
			}
		} else if err := rundir.Signal(pids[:1], unix.SIGKILL); err != nil {
			t.Fatal(err)
		}
		if err := s.Restart(t.Context()); err != nil {
			t.Fatalf("round %d: %v", n, err)
		}
		if !ended(pids) {
			t.Errorf("round %d: some of %v are left", n, pids)
		}
		if got := one(t, s, "select count(*)::text from fact"); got != itoa(n+1) {
			t.Fatalf("%s facts after kill %d, want %d", got, n+1, n+1)
		}
	}
}

func TestShutdownLeavesNothingToRecover(t *testing.T) {
	for _, child := range []bool{false, true} {
		var log strings.Builder
		s := start(t, Options{Child: child, Log: &log})
		run(t, s, "create table fact (n int)")
		// A suspended server has to be woken first.
		err := errors.Join(s.Pause(), s.Shutdown(t.Context()))
		if err != nil || len(s.PIDs()) != 0 {
			t.Fatalf("child %v: %v, processes %v are left", child, err, s.PIDs())
		}
		if err := errors.Join(s.Shutdown(t.Context()), s.Restart(t.Context())); err != nil {
			t.Fatal(err)
		}
		one(t, s, "select count(*)::text from fact")
		if err := s.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(log.String(), "redo starts") {
			t.Errorf("child %v: the server had to recover:\n%s", child, log.String())
		}
	}
}

func TestRefusedSettingOfAChildIsToldWithItsLog(t *testing.T) {
	s, err := Start(t.Context(), Options{Child: true, Settings: map[string]string{"shared_buffers": "lots"}})
	if err == nil {
		t.Fatal("accepted", s.Stop(t.Context()))
	}
	if !strings.Contains(err.Error(), "shared_buffers") {
		t.Errorf("error does not say what is wrong: %v", err)
	}
}

func TestFilesOfADownServerAreGivenToItsAccount(t *testing.T) {
	s := start(t, Options{Child: true})
	if err := s.Crash(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(s.DataPath(), "postgresql.auto.conf")
	text := "work_mem = '7MB'\n"
	err := errors.Join(os.Remove(path), os.WriteFile(path, []byte(text), 0o644), s.Own(s.DataPath()),
		s.Restart(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	if got := one(t, s, "show work_mem"); got != "7MB" {
		t.Errorf("work_mem is %s", got)
	}
}
