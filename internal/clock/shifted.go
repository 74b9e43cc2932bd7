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

// Move is one change of a clock. What is zero stays as it is, but for the
// drift, which stays if it is nil.
type Move struct {
	// Jump moves the wall clock, forwards or backwards.
	Jump time.Duration
	// DriftPPM makes all three clocks run faster by so many parts per million
	// (slower if it is negative) from now on. Zero ends it.
	DriftPPM *int64
	// Suspend plays a machine that has just woken after that time: the boot and
	// the wall clock went on, the monotonic one stood still.
	Suspend time.Duration
	// Slept plays a machine that has just woken, for a process that really stood
	// still for that time: the monotonic clock stood still as well.
	Slept time.Duration
}

// Line is how a moved clock has run since its last change: a straight line
// through two readings that were taken at the same instant. With the lines of
// all changes, an instant of the node is converted into a true one.
type Line struct {
	// True is what the clock beneath said, Shown what this one did.
	True  core.Now
	Shown core.Now
	// PPM is how much faster this clock runs.
	PPM int64
}

// TrueBoot returns what the boot clock beneath said, or will say, when this
// one shows at, on this line; at most two nanoseconds are lost to rounding.
func (l Line) TrueBoot(at core.Time) core.Time {
	const million = 1_000_000
	passed, rate := int64(at-l.Shown.Boot), million+l.PPM
	// passed·million overflows after three hours: whole and rest apart.
	whole, rest := passed/rate, passed%rate
	return l.True.Boot + core.Time(whole*million+rest*million/rate)
}

// Now returns the shifted readings.
func (s *Shifted) Now() core.Now {
	_, now := s.Reading()
	return now.Shown
}

// Reading returns the line on which the clock has run since its last change,
// and the same line through the true and the shifted readings of this instant.
func (s *Shifted) Reading() (since, now Line) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return Line{True: s.base, Shown: s.shown, PPM: s.ppm}, s.read()
}

// Move changes the clock, all at once, and returns the line that begins there.
func (s *Shifted) Move(m Move) Line {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.read()
	now.Shown.Boot = now.Shown.Boot.Add(m.Suspend)
	now.Shown.Wall = now.Shown.Wall.Add(m.Suspend + m.Jump)
	now.Shown.Mono = now.Shown.Mono.Add(-m.Slept)
	if m.DriftPPM != nil {
		now.PPM = *m.DriftPPM
	}
	s.base, s.shown, s.ppm = now.True, now.Shown, now.PPM
	return now
}

// Jump moves the wall clock by d, forwards or backwards.
func (s *Shifted) Jump(d time.Duration) { s.Move(Move{Jump: d}) }

// Drift makes all three clocks run faster by ppm parts per million (slower if
// it is negative) from now on. Zero ends it.
func (s *Shifted) Drift(ppm int64) { s.Move(Move{DriftPPM: &ppm}) }

// Suspend plays a machine that has just woken after d: the boot and the wall
// clock went on, the monotonic one stood still.
func (s *Shifted) Suspend(d time.Duration) { s.Move(Move{Suspend: d}) }

// read returns the clock beneath and what this clock says at the same instant.
func (s *Shifted) read() Line {
	base := s.under.Now()
	return Line{True: base, PPM: s.ppm, Shown: core.Now{
		Boot: s.stretch(s.shown.Boot, base.Boot.Sub(s.base.Boot)),
		Mono: s.stretch(s.shown.Mono, base.Mono.Sub(s.base.Mono)),
		Wall: s.stretch(s.shown.Wall, base.Wall.Sub(s.base.Wall)),
	}}
}

// stretch adds the time that passed beneath, at this clock's rate. The whole
// seconds and the rest are scaled apart, so that a year does not overflow.
func (s *Shifted) stretch(from core.Time, passed time.Duration) core.Time {
	const million = 1_000_000
	whole, rest := passed/million, passed%million
	extra := whole*time.Duration(s.ppm) + rest*time.Duration(s.ppm)/million
	return from.Add(passed + extra)
}
