package chaos

import (
	"context"
	"net/http"
	"slices"

	"fencepost/core"
	"fencepost/internal/clock"
)

// moveClock changes a node's clock and remembers the line on which it runs from
// then on. A node that is down has no clock to change.
func (n *instance) moveClock(ctx context.Context, move map[string]any) error {
	if !n.up {
		return nil
	}
	type reading struct {
		Boot core.Time `json:"boot"`
	}
	var answer struct {
		PPM   int64 `json:"drift_ppm"`
		Since struct {
			reading
			True reading `json:"true"`
		} `json:"since"`
	}
	if err := n.ask(ctx, http.MethodPost, "/test/clock", move, &answer); err != nil {
		return err
	}
	l := n.lives[len(n.lives)-1]
	l.lines = append(l.lines, clock.Line{
		True: core.Now{Boot: answer.Since.True.Boot}, Shown: core.Now{Boot: answer.Since.Boot},
		PPM: answer.PPM,
	})
	return nil
}

// trueBoot converts what a process's boot clock showed, or will show, into what
// the machine's showed. Where the clock was put forward, what it never showed is
// the instant of that change.
func (l *life) trueBoot(shown core.Time) core.Time {
	next, _ := slices.BinarySearchFunc(l.lines, shown+1, func(line clock.Line, at core.Time) int {
		return int(min(max(line.Shown.Boot-at, -1), 1))
	})
	boot := shown
	if next > 0 {
		boot = l.lines[next-1].TrueBoot(shown)
	}
	if next < len(l.lines) {
		boot = min(boot, l.lines[next].True.Boot)
	}
	return boot
}
