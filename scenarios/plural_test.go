package scenarios_test

import (
	"testing"

	"fencepost/scenarios"
)

func TestOneOfAThingIsNoPlural(t *testing.T) {
	for n, want := range map[uint64]string{0: "0 seeds", 1: "1 seed", 2: "2 seeds", 1000: "1000 seeds"} {
		if got := scenarios.Plural(n, "seed"); got != want {
			t.Errorf("%s, not %s", got, want)
		}
	}
}
