package chaos

import (
	"context"
	"net/http"
	"slices"

	"fencepost/core"
	"fencepost/internal/clock"
)

// machine is what befell a machine's clocks: it stays, whichever process runs
// there.
type machine struct {
	jump   int64 // of the wall clock, all together
	drifts []drift
	slept  int64 // since a process was told
	// What the process that runs was told.
	toldJump, toldPPM int64
}

// drift is one fault that has the clocks run at another rate.
type drift struct {
	step int
	ppm  int64
}

// setClock tells the process what it was not told yet of its machine's clocks. One
// that cannot be told is told when it can: it reads no clock meanwhile.
func (n *instance) setClock(ctx context.Context) error {
	if !n.listens() {
		return nil
	}
	m, ppm, move := &n.machine, int64(0), map[string]any{}
	if len(m.drifts) > 0 {
		ppm = m.drifts[len(m.drifts)-1].ppm // the latest that stands counts
	}
	if m.jump != m.toldJump {
		move["jump"] = text(m.jump - m.toldJump)
	}
	if ppm != m.toldPPM {
		move["drift_ppm"] = ppm
	}
	if m.slept != 0 {
		move["slept"] = text(m.slept)
	}
	if len(move) == 0 {
		return nil
	}
	m.toldJump, m.toldPPM, m.slept = m.jump, ppm, 0
	return n.moveClock(ctx, move)
}

// moveClock changes a node's clock and remembers the line on which it runs from
// then on.
func (n *instance) moveClock(ctx context.Context, move map[string]any) error {
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
