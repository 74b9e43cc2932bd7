package conformance_test

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"fencepost/core"
)

// leaseWalk asks the model and a server the same random questions.
type leaseWalk struct {
	rt          *rapid.T
	model, real leaseStore
	asked       string
}

func TestMachineOfTheLeaseFindsNoDifference(t *testing.T) {
	for name, start := range servers {
		t.Run(name, func(t *testing.T) {
			real := newRealLease(t, start(t))
			rapid.Check(t, func(rt *rapid.T) {
				before, err := real.released()
				w := &leaseWalk{rt: rt, model: newModelLease(), real: real}
				w.must(err)
				w.must(real.flush())
				rt.Repeat(map[string]func(*rapid.T){
					"":        func(*rapid.T) { w.compare() },
					"acquire": func(*rapid.T) { w.call(core.Acquire) },
					"renew":   func(*rapid.T) { w.call(core.Renew) },
					"release": func(*rapid.T) { w.call(core.Release) },
					"evict":   func(*rapid.T) { w.call(core.Evict) },
					"pass":    func(*rapid.T) { w.pass() },
					"write": func(*rapid.T) {
						token := core.Token{Nonce: 0xdead, Acquisition: 1}
						w.both("somebody writes", func(l leaseStore) error { return l.write(token) })
					},
					"flush": func(*rapid.T) { w.both("flush", leaseStore.flush) },
				})
				told, err := w.model.released()
				w.must(err)
				after, err := real.released()
				w.must(err)
				if after-before != told {
					w.part("%d releases\n  real:  %d", told, after-before)
				}
			})
		})
	}
}

// must ends the walk if a step could not be taken.
func (w *leaseWalk) must(err error) {
	if err != nil {
		w.rt.Fatal(err)
	}
}

// part ends the walk with everything that was asked.
func (w *leaseWalk) part(format string, args ...any) {
	w.rt.Fatalf("the leases part after\n%s  model: %s", w.asked, fmt.Sprintf(format, args...))
}

// call carries out an operation: under one of a process's own tokens, or, to
// evict, under anybody's.
func (w *leaseWalk) call(op core.Op) {
	who := rapid.SampledFrom(processes).Draw(w.rt, "who")
	token := who.token(rapid.SampledFrom([]uint32{1, 2, 12}).Draw(w.rt, "acquisition"))
	if op == core.Evict {
		who = rapid.SampledFrom(processes).Draw(w.rt, "evicted by")
	}
	epoch := core.Epoch(rapid.Uint64Range(0, 4).Draw(w.rt, "epoch"))
	w.asked += fmt.Sprintf("  %s: %v %v under %d\n", who.name, op, token, epoch)
	want, err := w.model.call(who, op, token, epoch)
	w.must(err)
	got, err := w.real.call(who, op, token, epoch)
	w.must(err)
	if d := leaseDifference(want, got); d != "" {
		w.part("%+v\n  real:  %+v (%s)", want, got, d)
	}
}

func (w *leaseWalk) pass() {
	steps := rapid.IntRange(1, 2).Draw(w.rt, "steps")
	w.both(fmt.Sprintf("%d steps pass", steps), func(l leaseStore) error { return l.pass(steps) })
}

// both does the same to both.
func (w *leaseWalk) both(what string, do func(leaseStore) error) {
	w.asked += "  " + what + "\n"
	w.must(do(w.model))
	w.must(do(w.real))
}

// compare compares who has the key, and for how long, and the witness.
func (w *leaseWalk) compare() {
	a, left, err := w.model.holder()
	w.must(err)
	b, real, err := w.real.holder()
	w.must(err)
	if a != b || (left-real).Abs() > slack {
		w.part("%v for %v\n  real:  %v for %v", a, left, b, real)
	}
	mine, err := w.model.seen()
	w.must(err)
	theirs, err := w.real.seen()
	w.must(err)
	if mine != theirs {
		w.part("witness %d\n  real:  %d", mine, theirs)
	}
}
