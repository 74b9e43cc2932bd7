package scenarios_test

import (
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"fencepost/scenarios"
)

// names tells whether a pattern of -run says which subtests of the test are meant,
// and means this one: what `go test` reads in it, and a pattern that ends with the
// test's own name asks for none of them by name.
func names(pattern, test, sub string) bool {
	return slices.ContainsFunc(alternatives(pattern), func(levels []string) bool {
		return len(levels) > 1 && levels[1] != "" && matches(levels[0], test) && matches(levels[1], sub)
	})
}

// matches tells whether the expression is found in the name. One that is none has
// ended `go test` before.
func matches(expression, name string) bool {
	found, err := regexp.MatchString(expression, name)
	return err == nil && found
}

// alternatives takes a pattern apart, as package testing does: at each | into
// alternatives, and these at each / into expressions of their levels, but not
// within brackets.
func alternatives(pattern string) [][]string {
	all := [][]string{nil}
	square, round, begin := 0, 0, 0
	cut := func(at int) {
		last := &all[len(all)-1]
		*last, begin = append(*last, pattern[begin:at]), at+1
	}
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; {
		case c == '\\':
			i++
		case c == '[':
			square++
		case c == ']':
			square = max(square-1, 0)
		case square > 0:
		case c == '(':
			round++
		case c == ')':
			round--
		case round == 0 && c == '/':
			cut(i)
		case round == 0 && c == '|':
			cut(i)
			all = append(all, nil)
		}
	}
	cut(len(pattern))
	return all
}

func TestAFileIsPlayedOnRealProcessesIfItIsInTheSetOrThePatternMatchesIt(t *testing.T) {
	other, inSet := &scenarios.Scenario{Name: "slow-network"}, &scenarios.Scenario{Name: "slow-network"}
	inSet.Tags = []string{changeTag}
	for pattern, want := range map[string]bool{
		"": false, "TestScenarios": false, "slow-network": false, "TestOther/slow-network": false,
		"TestScenarios/slow-network": true, "TestScenarios/^slow-network$": true,
		"TestScenarios/slow": true, "TestScenarios/slow-.*k": true, "Scenarios/(crash|slow)-": true,
		"TestScenarios/^slow$": false, "TestScenarios/flapping": false,
		"TestScenarios/flapping|TestScenarios/slow": true, "TestScenarios/flapping|slow-network": false,
		"TestScenarios/[/|]|TestOther": false, "TestScenarios/": false, `TestScenarios/slow\-network`: true,
		"TestScenarios|TestOther/slow-network": false,
	} {
		if got := isAsked(other, pattern); got != want {
			t.Errorf("-run %q plays it: %t", pattern, got)
		}
		if !isAsked(inSet, pattern) {
			t.Errorf("-run %q does not play the set", pattern)
		}
	}
}

// testsWith runs this package's tests with other flags.
func testsWith(t *testing.T, flags ...string) (string, error) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	text, err := exec.CommandContext(t.Context(), self, flags...).CombinedOutput()
	return string(text), err
}

func TestAPatternThatMatchesNoFileIsAFailure(t *testing.T) {
	for _, tier := range []string{"sim", "real"} {
		text, err := testsWith(t, "-test.run=TestScenarios/leader-crush", "-tier="+tier)
		if err == nil || !strings.Contains(text, "no scenario of the tier "+tier+" was played") {
			t.Errorf("%s: %v: %s", tier, err, text)
		}
	}
}

// Mutants take minutes: who asks for the set on real processes does not get them too.
func TestMutantsAreNotPlayedWithTheSet(t *testing.T) {
	text, err := testsWith(t, "-test.run=TestMutantsOnRealProcesses", "-tier=real", "-test.v",
		"-test.timeout=30s")
	if err != nil || strings.Contains(text, "=== RUN   TestMutantsOnRealProcesses/") {
		t.Errorf("%v: %.2000s", err, text)
	}
}
