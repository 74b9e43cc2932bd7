package clock

import (
	"sync"
	"time"

	"fencepost/core"
)

// Shifted is a clock that a test can move. It follows the clock beneath it
// until it is told otherwise. It is safe for use by several goroutines.
type Shifted struct {
	under Clock

	mu sync.Mutex
	// base is the reading of the clock beneath at the last change, and shown is
	// what this clock said at that instant.
	base  core.Now
	shown core.Now
	// ppm is how much faster than the clock beneath this one runs.
	ppm int64
}

// NewShifted returns a clock that shows what under shows.
func NewShifted(under Clock) *Shifted {
	now := under.Now()
	return &Shifted{under: under, base: now, shown: now}
}

// Now returns the shifted readings.
func (s *Shifted) Now() core.Now {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, shown := s.read()
	return shown
}

// Jump moves the wall clock by d, forwards or backwards.
func (s *Shifted) Jump(d time.Duration) {
	s.change(func() { s.shown.Wall = s.shown.Wall.Add(d) })
}

// Drift makes all three clocks run faster by ppm parts per million (slower if
// it is negative) from now on. Zero ends it.
func (s *Shifted) Drift(ppm int64) {
	s.change(func() { s.ppm = ppm })
}

// Suspend plays a machine that has just woken after d: the boot and the wall
// clock went on, the monotonic one stood still.
func (s *Shifted) Suspend(d time.Duration) {
	s.change(func() {
		s.shown.Boot = s.shown.Boot.Add(d)
		s.shown.Wall = s.shown.Wall.Add(d)
	})
}

func (s *Shifted) change(apply func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.base, s.shown = s.read()
	apply()
}

// read returns the clock beneath and what this clock says at the same instant.
func (s *Shifted) read() (base, shown core.Now) {
	base = s.under.Now()
	shown = core.Now{
		Boot: s.stretch(s.shown.Boot, base.Boot.Sub(s.base.Boot)),
		Mono: s.stretch(s.shown.Mono, base.Mono.Sub(s.base.Mono)),
		Wall: s.stretch(s.shown.Wall, base.Wall.Sub(s.base.Wall)),
	}
	return base, shown
}

// stretch adds the time that passed beneath, at this clock's rate. The whole
// seconds and the rest are scaled apart, so that a year does not overflow.
func (s *Shifted) stretch(from core.Time, passed time.Duration) core.Time {
	const million = 1_000_000
	whole, rest := passed/million, passed%million
	extra := whole*time.Duration(s.ppm) + rest*time.Duration(s.ppm)/million
	return from.Add(passed + extra)
}
