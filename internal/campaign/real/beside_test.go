package real

import (
	"strings"
	"testing"

	"fencepost/scenarios"
)

func TestTheOtherWorldSpeaksOnOneLine(t *testing.T) {
	t.Parallel()
	s, err := scenarios.Find("baseline")
	if err != nil {
		t.Fatal(err)
	}
	if got := beside(s)(1); got != "the simulator says pass of this seed" {
		t.Error(got)
	}
	s.Tiers, s.TierReason = []scenarios.Tier{scenarios.RealTier}, "it is about files"
	if got := beside(s)(1); !strings.HasSuffix(got, "does not play it: it is about files") {
		t.Error(got)
	}
}
