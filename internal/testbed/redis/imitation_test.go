package redis

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"fencepost/internal/testbed/rundir"
)

// withoutRedis makes this test's machine one without Redis and without a way to fetch it.
func withoutRedis(t *testing.T) {
	t.Helper()
	place, err := rundir.New("cache")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = place.Remove() })
	t.Setenv("PATH", t.TempDir())
	t.Setenv("FENCEPOST_CACHE", filepath.Join(place.Path(), "cache"))
	t.Setenv(programVariable, "")
}

func TestMachineWithoutRedisIsToldWhatToInstall(t *testing.T) {
	withoutRedis(t)
	_, err := Start(t.Context(), Options{})
	if err == nil || !strings.Contains(err.Error(), "apt-get install redis-server") {
		t.Errorf("error %v, want one with the command", err)
	}
}

func TestFallbackIsUsedOnlyWithoutRedis(t *testing.T) {
	if s := start(t, Options{Fallback: FallbackMiniredis}); s.Kind() == "miniredis" {
		t.Error("a machine with Redis got an imitation")
	}
	withoutRedis(t)
	if s := start(t, Options{Fallback: FallbackMiniredis}); s.Kind() != "miniredis" {
		t.Errorf("kind %q, want miniredis", s.Kind())
	}
	t.Setenv(programVariable, "/does/not/exist")
	_, err := Start(t.Context(), Options{Fallback: FallbackMiniredis})
	if err == nil || !strings.Contains(err.Error(), programVariable) {
		t.Errorf("error %v, want one that names the variable: a fallback would hide the mistake", err)
	}
}

func TestImitationForgetsAndRemembersAsAServerWould(t *testing.T) {
	withoutRedis(t)
	for _, appendOnly := range []bool{false, true} {
		s := start(t, Options{Fallback: FallbackMiniredis, AppendOnly: appendOnly})
		c, ctx, addr := client(t, s), t.Context(), s.Addr()
		if err := c.Set(ctx, "key", "value", 0).Err(); err != nil {
			t.Fatal(err)
		}
		if err := s.Kill(); err != nil {
			t.Fatal(err)
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
		if err := c.Get(ctx, "key").Err(); appendOnly != (err == nil) {
			t.Errorf("append only %v: %v", appendOnly, err)
		}
		if err := s.Flush(ctx); err != nil {
			t.Fatal(err)
		}
		if err := c.Get(ctx, "key").Err(); !errors.Is(err, goredis.Nil) {
			t.Errorf("after Flush: %v", err)
		}
		if err := s.Pause(); err == nil || !strings.Contains(err.Error(), "miniredis") {
			t.Errorf("pause: %v, want an error: there is no process to suspend", err)
		}
	}
}

func TestImitationLetsKeysExpire(t *testing.T) {
	withoutRedis(t)
	c := client(t, start(t, Options{Fallback: FallbackMiniredis}))
	if err := c.Set(t.Context(), "lease", "token", 50*time.Millisecond).Err(); err != nil {
		t.Fatal(err)
	}
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(2 * time.Second); ; <-tick.C {
		if errors.Is(c.Get(t.Context(), "lease").Err(), goredis.Nil) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("a key with an expiry of 50 ms is there after 2 s")
		}
	}
}
