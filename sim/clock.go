package sim

import (
	"math/bits"

	"fencepost/core"
)

// million is the denominator of rates: drift is given in parts per million.
const million = 1_000_000

// clock is one machine's clocks, as a function of true time. All arithmetic is
// whole numbers: floats would differ from machine to machine.
type clock struct {
	// At true instant since, the boot clock shows base; from there it runs at
	// 1 + drift/million of true time.
	since int64
	base  core.Time
	drift int64
	// short bounds the spans whose product with drift is a number; zero until
	// somebody asks.
	short int64
	// pace is how long a unit of the boot clock lasts, as a fraction of 1<<paceBits;
	// zero until somebody asks.
	pace uint64
	// asked is the reading that when was last asked for, and first its answer:
	// a node that takes a step often keeps its wake.
	asked core.Time
	first int64
	// mono and wall are how far those clocks are from the boot clock.
	mono core.Time
	wall core.Time
}

// boot returns the boot clock at the true instant.
func (c *clock) boot(at int64) core.Time {
	run := at - c.since
	if uint64(run) < uint64(c.short) {
		return c.base + core.Time(run+run*c.drift/million)
	}
	return c.base + core.Time(c.long(run))
}

// long is how far the boot clock runs in a span of any length.
func (c *clock) long(run int64) int64 {
	if c.drift == 0 {
		return run
	}
	c.short = never / max(c.drift, -c.drift)
	return run + run/million*c.drift + run%million*c.drift/million
}

// read returns all three clocks at the true instant.
func (c *clock) read(at int64) core.Now {
	boot := c.boot(at)
	return core.Now{Boot: boot, Mono: boot + c.mono, Wall: boot + c.wall}
}

// when returns the first true instant at which the boot clock shows at least
// t, never before the clock's last change.
func (c *clock) when(t core.Time) int64 {
	if t == core.Never {
		return never
	}
	if t == c.asked {
		return c.first
	}
	run := int64(t - c.base)
	if run <= 0 {
		return c.since
	}
	if c.drift != 0 {
		run = c.lasts(run)
	}
	at := c.since + run
	for c.boot(at) < t {
		at++
	}
	c.asked, c.first = t, at
	return at
}

// paceBits leaves room for clocks that run at a sixteenth of true time.
const paceBits = 60

// lasts is how much true time passes while the boot clock runs so far: at most
// a nanosecond less. It multiplies where a division would take three times as
// long: each step of a node asks.
func (c *clock) lasts(run int64) int64 {
	rate := uint64(million + c.drift)
	if run >= 1<<50 || rate <= million>>(64-paceBits) {
		return run/int64(rate)*million + run%int64(rate)*million/int64(rate)
	}
	if c.pace == 0 {
		c.pace, _ = bits.Div64(million>>(64-paceBits), million%(1<<(64-paceBits))<<paceBits, rate)
	}
	high, low := bits.Mul64(uint64(run), c.pace)
	return int64(high<<(64-paceBits) | low>>paceBits)
}

// setDrift changes the rate from the true instant on.
func (c *clock) setDrift(at int64, ppm int64) {
	c.base, c.since, c.drift = c.boot(at), at, ppm
	c.short, c.pace, c.asked, c.first = 0, 0, 0, at
}

// jump moves the wall clock.
func (c *clock) jump(by int64) { c.wall += core.Time(by) }

// slept takes a suspend into account: the boot clock ran on, the monotonic one
// stood still.
func (c *clock) slept(span int64) { c.mono -= core.Time(span) }
