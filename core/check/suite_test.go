package check

import (
	"testing"

	"fencepost/core"
)

func TestEveryInvariantIsJudged(t *testing.T) {
	all := core.Invariants()
	if len(all) != len(invariants) {
		t.Fatalf("%d invariants are named, %d judged", len(all), len(invariants))
	}
	for i, inv := range all {
		if invariants[i] != inv {
			t.Errorf("place %d: %v is named, %v judged", i, inv, invariants[i])
		}
	}
}
