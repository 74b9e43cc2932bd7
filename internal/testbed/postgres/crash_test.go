package postgres

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sys/unix"

	"fencepost/internal/testbed/rundir"
)

func itoa(n int) string { return strconv.Itoa(n) }

func TestCommitsSurviveACrash(t *testing.T) {
	s := start(t, Options{})
	dsn := s.DSN("postgres")
	run(t, s, "create table fact (n int)")
	for n := range 3 {
		run(t, s, "insert into fact values ("+itoa(n)+")")
		pids := s.PIDs()
		if err := s.Crash(); err != nil {
			t.Fatal(err)
		}
		if !ended(pids) {
			t.Errorf("processes %v outlive a crash", s.PIDs())
		}
		if err := s.Restart(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := one(t, s, "select count(*)::text from fact"); got != itoa(n+1) {
			t.Fatalf("%s facts after crash %d, want %d", got, n+1, n+1)
		}
	}
	if s.DSN("postgres") != dsn {
		t.Errorf("address changed from %s to %s", dsn, s.DSN("postgres"))
	}
}

func TestCrashSaysNothingToItsClients(t *testing.T) {
	s := start(t, Options{})
	conn, err := pgx.Connect(t.Context(), s.DSN("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	if err := s.Crash(); err != nil {
		t.Fatal(err)
	}
	if err := conn.Ping(t.Context()); err == nil || strings.Contains(err.Error(), "terminating connection") {
		t.Errorf("error %v, want a broken connection and no word from the server", err)
	}
	if err := s.Crash(); err != nil {
		t.Errorf("crash of a server that is down: %v", err)
	}
}

// TestRestartAfterThePostmasterWasKilled leaves a backend behind that is too busy to notice: a server that
// started beside it would share its data files with it.
func TestRestartAfterThePostmasterWasKilled(t *testing.T) {
	s := start(t, Options{})
	conn, err := pgx.Connect(t.Context(), s.DSN("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	var backend int
	if err := conn.QueryRow(t.Context(), "select pg_backend_pid()").Scan(&backend); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		_, err := conn.Exec(t.Context(), "do $$ begin loop end loop; end $$")
		done <- err
	}()
	pids := s.PIDs()
	within(t, 5*time.Second, "the backend is at work", func() bool {
		stat, err := os.ReadFile(filepath.Join("/proc", itoa(backend), "stat"))
		return err == nil && strings.Contains(string(stat), ") R ")
	})
	if err := rundir.Signal(pids[:1], unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	within(t, 5*time.Second, "the postmaster is dead", func() bool { return ended(pids[:1]) })
	if ended([]int{backend}) {
		t.Fatal("the backend noticed: this test tries nothing")
	}
	if err := s.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !ended([]int{backend}) {
		t.Error("a backend of the killed server runs beside the new one")
	}
	if err := <-done; err == nil {
		t.Error("an endless statement ended well")
	}
	one(t, s, "select 'x'")
}

func TestRestartOfARunningServerIsOrderly(t *testing.T) {
	var log strings.Builder
	s := start(t, Options{Log: &log})
	run(t, s, "create table fact (n int)")
	if err := s.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	one(t, s, "select count(*)::text from fact")
	if err := s.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(log.String(), "automatic recovery") || strings.Contains(log.String(), "redo starts") {
		t.Errorf("the server had to recover:\n%s", log.String())
	}
}

func TestKilledServerLeavesNoSharedMemory(t *testing.T) {
	s := start(t, Options{})
	text, err := os.ReadFile(filepath.Join(s.data, "postmaster.pid"))
	if err != nil {
		t.Fatal(err)
	}
	fields := strings.Fields(strings.Split(string(text), "\n")[6])
	id, err := strconv.Atoi(fields[1])
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Crash(); err != nil {
		t.Fatal(err)
	}
	if err := s.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	var about unix.SysvShmDesc
	if _, err := unix.SysvShmCtl(id, unix.IPC_STAT, &about); err == nil {
		t.Errorf("segment %d is left", id)
	}
}
