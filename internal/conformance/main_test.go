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

// demands are what walks are there for, by how many must be asked for at least.
type demands map[int][]string

// mostRounds is how often walks are made anew until they have met everything: what is
// met once in a hundred walks is missed by one round of a hundred in three.
const mostRounds = 4

// met makes walks, one for so many of -rapid.checks, and makes them again if they did
// not meet what is demanded. It fails if they never do.
func met(t *testing.T, share int, seen map[string]int, want demands, walk func(*rapid.T)) {
	t.Helper()
	asked, err := strconv.Atoi(flag.Lookup("rapid.checks").Value.String())
	if err != nil {
		t.Fatal(err)
	}
	unmet := func() (list []string) {
		for least, all := range want {
			for _, what := range all {
				if asked >= least && seen[what] == 0 {
					list = append(list, what)
				}
			}
		}
		slices.Sort(list)
		return list
	}
	for range mostRounds {
		if fewer(t, share, walk); t.Failed() || len(unmet()) == 0 {
			break
		}
	}
	for _, what := range slices.Sorted(maps.Keys(seen)) {
		t.Logf("%6d %s", seen[what], what)
	}
	if left := unmet(); !t.Failed() && len(left) > 0 {
		t.Errorf("no walk met this: %v", left)
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
