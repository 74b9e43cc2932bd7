package chaos

import (
	"math/rand/v2"
	"time"

	"fencepost/internal/clock"
	"fencepost/scenarios"
)

// timepiece is the one clock of a run: nanoseconds of the machine's boot clock
// since the run began. The stores tell the wall clock's time, which is taken
// to run beside it; a run in which it was set is invalid.
type timepiece struct {
	origin int64 // the boot clock when the run began
	ahead  int64 // of the wall clock before the boot clock, then
}

func newTimepiece() timepiece {
	now := clock.System{}.Now()
	return timepiece{origin: int64(now.Boot), ahead: int64(now.Wall) - int64(now.Boot)}
}

// now is how long the run has been.
func (t *timepiece) now() int64 { return int64(clock.System{}.Now().Boot) - t.origin }

// ofWall converts an instant of the wall clock, ofBoot one of the boot clock.
func (t *timepiece) ofWall(nanos int64) int64 { return nanos - t.ahead - t.origin }
func (t *timepiece) ofBoot(nanos int64) int64 { return nanos - t.origin }

// toWall converts an instant of the run into one of the wall clock.
func (t *timepiece) toWall(at int64) int64 { return at + t.ahead + t.origin }

// stepped is by how much the wall clock was set since the run began.
func (t *timepiece) stepped() time.Duration {
	now := clock.System{}.Now()
	return time.Duration(int64(now.Wall) - int64(now.Boot) - t.ahead).Abs()
}

// chance draws what the seed decides. It belongs to the conductor. Real
// processes do not run the same way twice; what is drawn here does.
type chance struct{ *rand.Rand }

func newChance(seed uint64) chance { return chance{rand.New(rand.NewPCG(seed, 0x66656e6365))} }

// between draws a number from low to high.
func (c chance) between(low, high int64) int64 {
	if high <= low {
		return low
	}
	return low + c.Int64N(high-low+1)
}

// span draws a length.
func (c chance) span(s scenarios.Span, ttl int64) int64 {
	low, high := s.Resolve(ttl)
	return c.between(low, high)
}
