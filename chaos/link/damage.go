package link

import (
	"errors"
	"fmt"
	"time"

	"fencepost/core"
	"fencepost/scenarios"
)

// check says what is wrong with a damage.
func (d *Damage) check() error {
	if d.Arrow == scenarios.NoArrow {
		return errors.New("a damage needs a direction")
	}
	switch d.Effect {
	case scenarios.Drop, scenarios.Hold, scenarios.Refuse, scenarios.Reset, scenarios.Latency:
		return nil
	case scenarios.Bandwidth:
		if d.Interval <= 0 {
			return errors.New("bandwidth needs the time that a byte takes")
		}
	case scenarios.Flap:
		if d.every() <= 0 {
			return errors.New("flap needs the length of a state")
		}
	case scenarios.CutReply:
		if d.On == core.NoOp {
			return errors.New("cut_reply needs an operation")
		}
	default:
		return fmt.Errorf("unknown effect %q", d.Effect)
	}
	return nil
}

// every returns the time between two turns of a fault that acts more than
// once, or zero.
func (d *Damage) every() time.Duration {
	switch d.Effect {
	case scenarios.Reset:
		return d.Interval
	case scenarios.Flap:
		if d.Delay == 0 {
			return d.Interval / 2
		}
		return d.Delay
	default:
		return 0
	}
}
