package real

import (
	"fmt"
	"strings"

	"fencepost/internal/campaign"
	"fencepost/scenarios"
)

// beside returns what says on one line what the simulator makes of a seed.
func beside(s *scenarios.Scenario) func(seed uint64) string {
	open, err := campaign.Simulated(s)
	if err != nil {
		why := s.TierReason
		if s.Plays(scenarios.SimTier) {
			why = err.Error()
		}
		return func(uint64) string { return firstLine("the simulator does not play it: " + why) }
	}
	return func(seed uint64) (text string) {
		defer func() {
			if reason := recover(); reason != nil {
				text = fmt.Sprintf("the simulator says %s: panic: %v", scenarios.Crash, reason)
			}
			text = firstLine(text)
		}()
		outcome := open().Run(seed)
		text = fmt.Sprintf("the simulator says %s of this seed", outcome.Verdict)
		if outcome.Failure != nil {
			text += ": " + outcome.Failure.String()
		}
		return text
	}
}

// firstLine is a text up to the end of its first line.
func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}
