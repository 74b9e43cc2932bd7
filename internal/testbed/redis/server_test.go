package redis

import (
	"bytes"
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"
)

// start starts a server that is stopped with the test.
func start(t *testing.T, options Options) *Server {
	t.Helper()
	s, err := Start(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// client connects to the server for one test.
func client(t *testing.T, s *Server) *goredis.Client {
	t.Helper()
	c := goredis.NewClient(&goredis.Options{
		Addr: s.Addr(), MaxRetries: -1, ContextTimeoutEnabled: true, DisableIdentity: true, DialerRetries: 1,
		DialTimeout: time.Second, ReadTimeout: time.Second, WriteTimeout: time.Second,
	})
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// ended reports whether a process is there no more.
func ended(pid int) bool {
	stat, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	return err != nil || bytes.Contains(stat, []byte(") Z "))
}

func TestServerAnswersAndStops(t *testing.T) {
	s := start(t, Options{})
	if !strings.HasPrefix(s.Kind(), "redis-server ") {
		t.Errorf("kind %q, want a redis-server", s.Kind())
	}
	c := client(t, s)
	if err := c.Set(t.Context(), "key", "value", 0).Err(); err != nil {
		t.Fatal(err)
	}
	if err := s.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := c.Get(t.Context(), "key").Err(); !errors.Is(err, goredis.Nil) {
		t.Errorf("after Flush: %v", err)
	}
	pid := s.PID()
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	if !ended(pid) || s.PID() != 0 {
		t.Errorf("process %d outlives Stop", pid)
	}
	if _, err := os.Stat(filepath.Dir(s.LogPath())); !os.IsNotExist(err) {
		t.Errorf("directory outlives Stop: %v", err)
	}
	if err := s.Stop(); err != nil {
		t.Errorf("second Stop: %v", err)
	}
	if s.Kill() == nil || s.Restart(t.Context()) == nil {
		t.Error("a stopped server came back")
	}
}

func TestServerListensOnLoopbackOnly(t *testing.T) {
	got, err := client(t, start(t, Options{})).ConfigGet(t.Context(), "bind").Result()
	if err != nil || got["bind"] != "127.0.0.1" {
		t.Errorf("bind %v, %v", got, err)
	}
}

// TestWhatAKilledServerRemembers tells the two kinds of Redis apart that the lease has to live with: the one
// that comes back empty and grants what it had granted before, and the one that kept everything.
func TestWhatAKilledServerRemembers(t *testing.T) {
	for _, appendOnly := range []bool{false, true} {
		t.Run("append only "+strconv.FormatBool(appendOnly), func(t *testing.T) {
			s := start(t, Options{AppendOnly: appendOnly})
			c, ctx, addr := client(t, s), t.Context(), s.Addr()
			for n := range 3 {
				granted, err := c.SetNX(ctx, "lease", n, time.Minute).Result()
				if err != nil {
					t.Fatal(err)
				}
				if want := n == 0 || !appendOnly; granted != want {
					t.Errorf("lease granted after %d restarts: %v, want %v", n, granted, want)
				}
				pid := s.PID()
				if err := s.Kill(); err != nil {
					t.Fatal(err)
				}
				if !ended(pid) {
					t.Errorf("process %d outlives Kill", pid)
				}
				if err := c.Ping(ctx).Err(); err == nil {
					t.Error("a killed server answers")
				}
				if err := s.Restart(ctx); err != nil {
					t.Fatal(err)
				}
				if s.Addr() != addr {
					t.Errorf("address changed from %s to %s", addr, s.Addr())
				}
			}
		})
	}
}

func TestRestartOfARunningServerKeepsItsAppendOnlyFile(t *testing.T) {
	s := start(t, Options{AppendOnly: true})
	c := client(t, s)
	if err := c.Set(t.Context(), "key", "value", 0).Err(); err != nil {
		t.Fatal(err)
	}
	before := s.PID()
	if err := s.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s.PID() == before || !ended(before) {
		t.Errorf("process %d before and %d after", before, s.PID())
	}
	if got, err := c.Get(t.Context(), "key").Result(); err != nil || got != "value" {
		t.Errorf("after Restart: %q, %v", got, err)
	}
}

// TestPortStaysFreeForTheRestart dials the port of a dead server over and over. On a port from the kernel's
// own range such a client in the end connects to itself, and the server cannot come back.
func TestPortStaysFreeForTheRestart(t *testing.T) {
	s := start(t, Options{})
	if err := s.Kill(); err != nil {
		t.Fatal(err)
	}
	for range 20000 {
		conn, err := net.DialTimeout("tcp", s.Addr(), time.Second)
		if err == nil {
			_ = conn.Close()
			t.Fatalf("a client connected from %s to %s, where nobody listens", conn.LocalAddr(), s.Addr())
		}
	}
	if err := s.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestPausedServerDoesNotAnswerUntilItResumes(t *testing.T) {
	s := start(t, Options{})
	c := client(t, s)
	if err := c.Ping(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	if err := s.Pause(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if err := c.Ping(ctx).Err(); err == nil {
		t.Error("a paused server answers")
	}
	if err := s.Resume(); err != nil {
		t.Fatal(err)
	}
	if err := c.Ping(t.Context()).Err(); err != nil {
		t.Errorf("after Resume: %v", err)
	}
	if err := s.Pause(); err != nil {
		t.Fatal(err)
	}
	if err := s.Stop(); err != nil {
		t.Errorf("stop of a paused server: %v", err)
	}
}

func TestSettingsReachTheServer(t *testing.T) {
	s := start(t, Options{Settings: map[string]string{"maxmemory": "2mb", "save": "3600 1"}})
	for name, want := range map[string]string{"maxmemory": "2097152", "save": "3600 1", "appendonly": "no"} {
		got, err := client(t, s).ConfigGet(t.Context(), name).Result()
		if err != nil || got[name] != want {
			t.Errorf("%s = %q, %v, want %q", name, got[name], err, want)
		}
	}
}

func TestOptionsThatCannotBeFollowedAreRefused(t *testing.T) {
	for name, options := range map[string]Options{
		"port":      {Port: -1},
		"Maxmemory": {Settings: map[string]string{"Maxmemory": "1mb"}},
		"bind":      {Settings: map[string]string{"bind": "0.0.0.0"}},
		"maxmemory": {Settings: map[string]string{"maxmemory": "1mb\nbind 0.0.0.0"}},
		"fallback":  {Fallback: 7},
		"miniredis": {Fallback: FallbackMiniredis, Settings: map[string]string{"maxmemory": "1mb"}},
	} {
		if _, err := Start(t.Context(), options); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("error %v, want one that names %q", err, name)
		}
	}
}

func TestUnknownSettingShowsWhatTheServerSaid(t *testing.T) {
	_, err := Start(t.Context(), Options{Settings: map[string]string{"no-such-thing": "1"}})
	if err == nil || !strings.Contains(err.Error(), "no-such-thing") {
		t.Errorf("error %v, want the server's own words", err)
	}
}

func TestSecondServerOnAPortIsRefused(t *testing.T) {
	s := start(t, Options{})
	if _, err := Start(t.Context(), Options{Port: s.port}); err == nil {
		t.Error("two servers on one port")
	}
	if err := client(t, s).Ping(t.Context()).Err(); err != nil {
		t.Errorf("first server: %v", err)
	}
}

func TestLogIsHandedOverAtTheEnd(t *testing.T) {
	var log bytes.Buffer
	s := start(t, Options{Log: &log})
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(log.String(), "Ready to accept connections") {
		t.Errorf("log: %s", log.String())
	}
}

func TestShutdownKeepsWhatTheAppendOnlyFileHas(t *testing.T) {
	s := start(t, Options{AppendOnly: true, Settings: map[string]string{"appendfsync": "no"}})
	c := client(t, s)
	if err := c.Set(t.Context(), "key", "value", 0).Err(); err != nil {
		t.Fatal(err)
	}
	pid := s.PID()
	if err := s.Shutdown(t.Context()); err != nil || !ended(pid) || s.PID() != 0 {
		t.Fatalf("error %v, process %d", err, s.PID())
	}
	if files, err := os.ReadDir(filepath.Join(s.Dir(), "appendonlydir")); err != nil || len(files) == 0 {
		t.Errorf("files %v, %v of the append-only file", files, err)
	}
	if err := s.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, err := client(t, s).Get(t.Context(), "key").Result(); err != nil || got != "value" {
		t.Errorf("key is %q, %v", got, err)
	}
}
