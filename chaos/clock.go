package chaos

import (
	"math/rand/v2"
	"sort"
	"sync"
	"time"

	"fencepost/internal/clock"
	"fencepost/scenarios"
)

// timepiece is the one clock of a run: nanoseconds of the machine's boot clock
// since the run began. The stores tell the wall clock's time, whose distance from
// the boot clock is looked at all the time: it is slewed for hours where a machine's
// clock is corrected, and a run in which it was set is invalid.
type timepiece struct {
	origin int64 // the boot clock when the run began

	mu     sync.Mutex
	looks  []look // at least one; in order of the boot clock
	looked int64  // the boot clock at the last look, kept or not
	worst  time.Duration
	at     int64
}

// look is where the two clocks stood at one instant.
type look struct{ boot, wall int64 }

// ahead is by how much the wall clock was ahead of the boot clock.
func (l look) ahead() int64 { return l.wall - l.boot }

const (
	// nearBy is how far the two clocks may drift apart before another look is kept.
	nearBy = int64(50 * time.Microsecond)
	// atOnce is how long the two readings of a look may take: as long as it makes no
	// difference.
	atOnce = nearBy
	// mostSlew is how much faster or slower a clock is made to run that is not set.
	mostSlew = 0.01
)

func newTimepiece() *timepiece {
	now := clock.System{}.Now()
	return &timepiece{
		origin: int64(now.Boot), looked: int64(now.Boot),
		looks: []look{{boot: int64(now.Boot), wall: int64(now.Wall)}},
	}
}

// now is how long the run has been.
func (t *timepiece) now() int64 { return int64(clock.System{}.Now().Boot) - t.origin }

// compare looks at both clocks. Readings that something came between say nothing.
func (t *timepiece) compare() {
	first, then := clock.System{}.Now(), clock.System{}.Now()
	if int64(then.Boot-first.Boot) > atOnce {
		return
	}
	t.see(look{boot: int64(first.Boot), wall: int64(first.Wall)})
}

// see keeps a look if it tells something new.
func (t *timepiece) see(l look) {
	t.mu.Lock()
	defer t.mu.Unlock()
	by := l.ahead() - t.looks[len(t.looks)-1].ahead()
	slewed := time.Duration(mostSlew * float64(l.boot-t.looked))
	if step := time.Duration(by).Abs() - slewed; step > t.worst {
		t.worst, t.at = step, t.looked-t.origin
	}
	t.looked = l.boot
	if by > nearBy || by < -nearBy {
		t.looks = append(t.looks, l)
	}
}

// before returns the last look that is not after an instant of the clock that is
// read, or the first one.
func (t *timepiece) before(nanos int64, read func(look) int64) look {
	t.mu.Lock()
	defer t.mu.Unlock()
	i := sort.Search(len(t.looks), func(i int) bool { return read(t.looks[i]) > nanos })
	return t.looks[max(i-1, 0)]
}

// ofWall converts an instant of the wall clock, ofBoot one of the boot clock.
func (t *timepiece) ofWall(nanos int64) int64 {
	return nanos - t.before(nanos, func(l look) int64 { return l.wall }).ahead() - t.origin
}

func (t *timepiece) ofBoot(nanos int64) int64 { return nanos - t.origin }

// toWall converts an instant of the run into one of the wall clock.
func (t *timepiece) toWall(at int64) int64 {
	boot := at + t.origin
	return boot + t.before(boot, func(l look) int64 { return l.boot }).ahead()
}

// stepped is by how much the wall clock was set at once since the run began, at the
// most, and when.
func (t *timepiece) stepped() (by time.Duration, at int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.worst, t.at
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
