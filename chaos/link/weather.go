package link

import (
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"fencepost/core"
	"fencepost/scenarios"
)

// The directions, as seen from the near party, and what toxiproxy calls them.
const (
	out = iota
	back
	ways
)

var streams = [ways]string{out: "upstream", back: "downstream"}

// fault is a damage that lies on a link.
type fault struct {
	id     int
	damage Damage
	// off is the present state of a flapping link.
	off atomic.Bool
	// healed ends what the fault does from time to time.
	healed chan struct{}
}

// weather is the state of one direction. It never changes; the next one takes
// its place. No effect is fair weather.
type weather struct {
	effect scenarios.Effect
	delay  time.Duration
	jitter time.Duration
	byteOf time.Duration
	cut    core.Op
	// changed is closed when the next one has taken its place.
	changed chan struct{}
}

// silent tells that whoever waits at the end hears nothing.
func (w *weather) silent() bool { return w.effect == scenarios.Drop || w.effect == scenarios.Hold }

// passes tells that bytes get through, if perhaps later.
func (w *weather) passes() bool { return !w.silent() && w.effect != scenarios.Refuse }

// way is one direction of a link.
type way struct {
	now atomic.Pointer[weather]

	mu     sync.Mutex
	faults []*fault
	chance *rand.Rand
	// free is when the last byte on a narrow way is through.
	free time.Time

	bytes, lost, held atomic.Int64
	ops               [core.OpCount]atomic.Int64
}

func newWay(chance *rand.Rand) *way {
	w := &way{chance: chance}
	w.now.Store(&weather{changed: make(chan struct{})})
	return w
}

// lay adds a fault on top.
func (w *way) lay(f *fault) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.faults = append(w.faults, f)
	w.turn()
}

// lift takes a fault away.
func (w *way) lift(f *fault) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.faults = slices.DeleteFunc(w.faults, func(g *fault) bool { return g == f })
	w.turn()
}

// refresh looks at the faults again, one of which has changed its state.
func (w *way) refresh() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.turn()
}

// turn makes the weather that the topmost fault wants.
func (w *way) turn() {
	next := &weather{changed: make(chan struct{})}
	if n := len(w.faults); n > 0 {
		w.faults[n-1].make(next)
	}
	close(w.now.Swap(next).changed)
}

// make fills in what a fault does at the moment.
func (f *fault) make(w *weather) {
	d := &f.damage
	switch d.Effect {
	case scenarios.Flap:
		if f.off.Load() {
			w.effect = scenarios.Drop
		}
	case scenarios.Latency:
		w.effect, w.delay, w.jitter = d.Effect, d.Delay, d.Jitter
	case scenarios.Bandwidth:
		w.effect, w.byteOf = d.Effect, d.Interval
	case scenarios.CutReply:
		w.cut = d.On
	case scenarios.Drop, scenarios.Hold, scenarios.Refuse:
		w.effect = d.Effect
	case scenarios.Reset:
		// It breaks from time to time; in between the link is well.
	default:
		panic("link: a damage has a known effect")
	}
}

// due returns when bytes that arrive now have passed.
func (w *way) due(state *weather, now time.Time, size int) time.Time {
	switch state.effect {
	case scenarios.Latency:
		if state.jitter <= 0 {
			return now.Add(state.delay)
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		return now.Add(state.delay + time.Duration(w.chance.Int64N(int64(state.jitter)+1)))
	case scenarios.Bandwidth:
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.free.Before(now) {
			w.free = now
		}
		w.free = w.free.Add(time.Duration(size) * state.byteOf)
		return w.free
	default:
		return now
	}
}

// traffic returns what has passed so far.
func (w *way) traffic() Traffic {
	t := Traffic{Bytes: w.bytes.Load(), Lost: w.lost.Load(), Held: w.held.Load()}
	for op := range w.ops {
		t.Ops[op] = w.ops[op].Load()
	}
	return t
}
