package conformance_test

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"fencepost/internal/testbed"
)

// The machines are a part of every test run, so they are short by default.
const (
	checks = "60"
	steps  = "60"
)

func TestMain(m *testing.M) {
	for name, value := range map[string]string{"rapid.checks": checks, "rapid.steps": steps} {
		if err := flag.Set(name, value); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
	}
	testbed.Main(m)
}

// fewer makes one walk for so many of -rapid.checks: a walk that starts and ends
// servers costs seconds.
func fewer(t *testing.T, share int, walk func(*rapid.T)) {
	t.Helper()
	const name = "rapid.checks"
	asked := flag.Lookup(name).Value.String()
	all, err := strconv.Atoi(asked)
	if err != nil {
		t.Fatal(err)
	}
	if err := flag.Set(name, strconv.Itoa(max(all/share, 1))); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := flag.Set(name, asked); err != nil {
			t.Error(err)
		}
	}()
	rapid.Check(t, walk)
}

// tell tells what the walks met.
func tell(t *testing.T, seen map[string]int) {
	t.Helper()
	for _, what := range slices.Sorted(maps.Keys(seen)) {
		t.Logf("%6d %s", seen[what], what)
	}
}

// demand fails if at least so many walks were asked for and they never met what
// they are there for.
func demand(t *testing.T, least int, seen map[string]int, all ...string) {
	t.Helper()
	asked, err := strconv.Atoi(flag.Lookup("rapid.checks").Value.String())
	if err != nil || asked < least || t.Failed() {
		return
	}
	for _, what := range all {
		if seen[what] == 0 {
			t.Errorf("no walk met this: %s", what)
		}
	}
}

// seldom is true once in eight times. Numbers are drawn small more often than
// great, flips of a coin are not.
func seldom(rt *rapid.T, what string) bool {
	for range 3 {
		if !rapid.Bool().Draw(rt, what) {
			return false
		}
	}
	return true
}
