package paper_test

import (
	"strings"
	"testing"
	"time"

	"fencepost/internal/broker/paper"
)

func TestBehaviourIsReadAsAFlagWritesIt(t *testing.T) {
	for text, want := range map[string]paper.Behaviour{
		"lost_reply":            {Act: paper.LostReply},
		"late:delay=8s,count=1": {Act: paper.Late, Delay: paper.Duration(8 * time.Second), Count: 1},
		"wrong_status:status=503,for=2m": {
			Act: paper.WrongStatus, Status: 503, For: paper.Duration(2 * time.Minute),
		},
		"reject:code=market_closed": {Act: paper.Reject, Code: "market_closed"},
	} {
		if got, err := paper.ParseBehaviour(text); err != nil || got != want {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
	for text, says := range map[string]string{
		"":                       "must be one of accept_then_silence",
		"lose":                   "must be one of accept_then_silence",
		"late:8s":                "must be one of delay",
		"late:delay=8":           `delay "8"`,
		"late:delay=-8s":         "must not be negative",
		"lost_reply:count=one":   `count "one"`,
		"lost_reply:delay=8s":    "has none",
		"wrong_status:status=99": "between 200 and 599",
		"late:":                  "must be one of delay",
	} {
		if _, err := paper.ParseBehaviour(text); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, want %q", text, err, says)
		}
	}
}
