package conformance_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"fencepost/core"
)

// leaseWalk asks the model and a server the same random questions.
type leaseWalk struct {
	rt    *rapid.T
	model *modelLease
	real  *realLease
	asked string
	// seen counts what happened to the walks.
	seen map[string]int
}

func TestMachineOfTheLeaseFindsNoDifference(t *testing.T) {
	for name, start := range servers {
		t.Run(name, func(t *testing.T) {
			real := newRealLease(t, start(t))
			seen := map[string]int{}
			met(t, 1, seen, demands{
				60: {
					"lapse", "restart", "restart without data", "answer lost to acquire",
					"answer lost to renew", "answer lost to release", "answer lost to evict",
					"request lost",
				},
			}, func(rt *rapid.T) {
				before, err := real.released()
				w := &leaseWalk{rt: rt, model: newModelLease(), real: real, seen: seen}
				w.must(err)
				w.must(real.flush())
				rt.Repeat(map[string]func(*rapid.T){
					"":        func(*rapid.T) { w.compare() },
					"acquire": func(*rapid.T) { w.call(core.Acquire) },
					"renew":   func(*rapid.T) { w.call(core.Renew) },
					"release": func(*rapid.T) { w.call(core.Release) },
					"evict":   func(*rapid.T) { w.call(core.Evict) },
					"mishap":  func(*rapid.T) { w.mishap() },
					"restart": func(*rapid.T) { w.restart() },
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

// draw draws an operation's asker, token and epoch: one of a process's own
// tokens, or, to evict, anybody's.
func (w *leaseWalk) draw(op core.Op) (who process, token core.Token, epoch core.Epoch) {
	who = rapid.SampledFrom(processes).Draw(w.rt, "who")
	token = who.token(rapid.SampledFrom([]uint32{1, 2, 12}).Draw(w.rt, "acquisition"))
	if op == core.Evict {
		who = rapid.SampledFrom(processes).Draw(w.rt, "evicted by")
	}
	return who, token, core.Epoch(rapid.Uint64Range(0, 4).Draw(w.rt, "epoch"))
}

// call carries out an operation.
func (w *leaseWalk) call(op core.Op) {
	who, token, epoch := w.draw(op)
	w.asked += fmt.Sprintf("  %s: %v %v under %d\n", who.name, op, token, epoch)
	want, err := w.model.call(who, op, token, epoch)
	w.must(err)
	got, err := w.real.call(who, op, token, epoch)
	w.must(err)
	if d := leaseDifference(want, got); d != "" {
		w.part("%+v\n  real:  %+v (%s)", want, got, d)
	}
}

// mishap lets an operation be carried out and its answer be lost, or, more
// seldom, the request. Of the model no more is asked than whether it was
// carried out.
func (w *leaseWalk) mishap() {
	how := answerLost
	if seldom(w.rt, "the request is lost") {
		how = requestLost
	}
	ops := []core.Op{core.Acquire, core.Renew, core.Release, core.Evict}
	op := rapid.SampledFrom(ops).Draw(w.rt, "op")
	who, token, epoch := w.draw(op)
	w.asked += fmt.Sprintf("  %s: %v %v under %d, and %v\n", who.name, op, token, epoch, how)
	w.must(w.real.mishap(how, who, op, token, epoch))
	if how == requestLost {
		w.seen["request lost"]++
		return
	}
	w.seen["answer lost to "+op.String()]++
	_, err := w.model.call(who, op, token, epoch)
	w.must(err)
}

// restart brings the server up anew, now and then: what it had is there again,
// or nothing is.
func (w *leaseWalk) restart() {
	if !seldom(w.rt, "restart") {
		return
	}
	kill, keep := rapid.Bool().Draw(w.rt, "kill"), rapid.Bool().Draw(w.rt, "keep")
	w.asked += fmt.Sprintf("  the server restarts, killed=%v, with its data=%v\n", kill, keep)
	w.must(w.real.restart(kill, keep))
	if keep {
		w.seen["restart"]++
		return
	}
	w.seen["restart without data"]++
	w.must(w.model.flush())
}

func (w *leaseWalk) pass() {
	steps := rapid.IntRange(1, 2).Draw(w.rt, "steps")
	if w.model.NextExpiry() <= w.model.now.Add(time.Duration(steps)*step) {
		w.seen["lapse"]++
	}
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
