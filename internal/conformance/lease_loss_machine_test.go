package conformance_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"fencepost/chaos/store"
	"fencepost/core"
	"fencepost/internal/identity"
	"fencepost/internal/redislease"
	"fencepost/scenarios"
)

// A Redis that loses writes is the harness's own making: kill -9 loses nothing
// that was written to a file. So what is compared here is what the two engines
// do to their Redis when a scenario says that writes are lost, with the
// service's scripts on top.

// lossWalk asks the model and a replicated server the same questions, and takes
// the same writes from both.
type lossWalk struct {
	rt    *rapid.T
	ctx   context.Context
	model *modelLease
	real  *store.Redis
	// leases are the processes' by the server's address and the nonce.
	leases map[string]*redislease.Lease
	asked  string
	seen   map[string]int
}

func TestMachineOfARedisThatLosesWritesFindsNoDifference(t *testing.T) {
	ctx := context.WithoutCancel(t.Context())
	real, err := store.StartRedis(ctx, store.RedisOptions{
		Group: "test", Replicated: true, Durability: scenarios.AOFAlways,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := real.Stop(); err != nil {
			t.Error(err)
		}
	})
	leases, seen := map[string]*redislease.Lease{}, map[string]int{}
	t.Cleanup(func() {
		for _, l := range leases {
			_ = l.Close()
		}
	})
	met(t, 5, seen, demands{
		600: {
			"restart", "restart without data", "restart without the last writes", "failover",
			"failover without the last writes",
		},
	}, func(rt *rapid.T) {
		w := &lossWalk{
			rt: rt, ctx: ctx, model: newModelLease(), real: real, leases: leases, seen: seen,
		}
		w.begin()
		rt.Repeat(map[string]func(*rapid.T){
			"":         func(*rapid.T) { w.compare() },
			"acquire":  func(*rapid.T) { w.call(core.Acquire) },
			"renew":    func(*rapid.T) { w.call(core.Renew) },
			"and more": func(*rapid.T) { w.call(core.Renew) },
			"release":  func(*rapid.T) { w.call(core.Release) },
			"evict":    func(*rapid.T) { w.call(core.Evict) },
			"shift":    func(*rapid.T) { w.shift() },
			"write":    func(*rapid.T) { w.write() },
			"flush":    func(*rapid.T) { w.flush() },
			"restart":  func(*rapid.T) { w.rarely(w.restart) },
			"failover": func(*rapid.T) { w.rarely(w.failover) },
		})
		w.must(real.Watch().Err())
	})
}

// begin makes a past in which there was nothing, as long as any that the walk
// can lose.
func (w *lossWalk) begin() {
	const most = 40
	for range most {
		w.must(w.real.Flush(w.ctx))
		w.model.Flush(w.model.now)
	}
	w.must(w.real.Watch().Drain(w.ctx))
}

// must ends the walk if a step could not be taken.
func (w *lossWalk) must(err error) {
	if err != nil {
		w.rt.Fatalf("after\n%s%v", w.asked, err)
	}
}

func (w *lossWalk) rarely(do func()) {
	if seldom(w.rt, "server acts") {
		w.lead()
		do()
	}
}

// lease is the process's way to the server that is the primary now.
func (w *lossWalk) lease(who process) *redislease.Lease {
	key := fmt.Sprintf("%s %x", w.real.Addr(), who.nonce)
	if l, ok := w.leases[key]; ok {
		return l
	}
	l, err := redislease.Open(redislease.Options{
		URL: w.real.Addr(), Group: "test", Instance: who.name, TTL: leaseTTL, Timeout: 10 * time.Second,
	})
	w.must(err)
	w.leases[key] = l
	return l
}

// call carries out an operation. Most of them are of one process, so that there
// is something to lose.
func (w *lossWalk) call(op core.Op) {
	who := rapid.SampledFrom([]process{n1, n1, n1, n2}).Draw(w.rt, "who")
	w.ask(who, op, core.Epoch(rapid.Uint64Range(0, 9).Draw(w.rt, "epoch")))
}

// lead lets somebody lead who reports an epoch that is higher than any before:
// something that can be lost with the lease.
func (w *lossWalk) lead() {
	who := n1
	if w.model.Holder() == n2.token(1) {
		who = n2
	}
	w.ask(who, core.Acquire, 0)
	w.ask(who, core.Renew, w.model.Witness()+1)
}

func (w *lossWalk) ask(who process, op core.Op, epoch core.Epoch) {
	token := who.token(1)
	w.asked += fmt.Sprintf("  %s: %v %v under %d\n", who.name, op, token, epoch)
	want, err := w.model.call(who, op, token, epoch)
	w.must(err)
	got, err := w.lease(who).Call(w.ctx, &core.Effect{Op: op, Token: token, Epoch: epoch})
	w.must(err)
	if d := leaseDifference(want, got); d != "" {
		w.rt.Fatalf("the leases part after\n%s  model: %+v\n  real:  %+v (%s)", w.asked, want, got, d)
	}
}

func (w *lossWalk) shift() {
	by := rapid.SampledFrom([]time.Duration{-step, -2 * step, step}).Draw(w.rt, "by")
	w.asked += fmt.Sprintf("  the server's clock jumps: %v more to live\n", by)
	w.model.ShiftTTL(w.model.now, by)
	w.must(w.real.ShiftTTL(w.ctx, by))
}

func (w *lossWalk) write() {
	token := core.Token{Nonce: 0xdead, Acquisition: 1}
	w.asked += "  somebody writes\n"
	w.model.SetLease(w.model.now, token, leaseTTL)
	w.must(w.real.SetLease(w.ctx, identity.Text("ghost", token), leaseTTL))
}

func (w *lossWalk) flush() {
	if !seldom(w.rt, "flush") {
		return
	}
	w.asked += "  flush\n"
	w.model.Flush(w.model.now)
	w.must(w.real.Flush(w.ctx))
}

// restart brings the primary back: with everything, which it has on its disk,
// or without the last writes, or without any.
func (w *lossWalk) restart() {
	way := rapid.SampledFrom([]store.Way{store.Orderly, store.Crash}).Draw(w.rt, "way")
	loss := w.loss()
	loss.All = rapid.IntRange(0, 3).Draw(w.rt, "without data") == 3
	w.asked += fmt.Sprintf("  restart, %v, loss %+v\n", way, loss)
	w.must(w.real.Down(w.ctx, way))
	w.must(w.real.Up(w.ctx, loss))
	switch {
	case loss.All:
		w.seen["restart without data"]++
		w.model.Flush(w.model.now)
	case loss.Writes > 0:
		w.seen["restart without the last writes"]++
		w.model.LoseLast(w.model.now, loss.Writes)
	default:
		w.seen["restart"]++
	}
	w.reach()
}

// failover promotes the replica, which has everything but what the loss says,
// and lets the other server follow it.
func (w *lossWalk) failover() {
	loss := w.loss()
	w.asked += fmt.Sprintf("  failover, loss %+v\n", loss)
	w.must(w.real.Synced(w.ctx))
	_, err := w.real.Failover(w.ctx, loss)
	w.must(err)
	w.must(w.real.Rejoin(w.ctx))
	w.seen["failover"]++
	if loss.Writes > 0 {
		w.seen["failover without the last writes"]++
		w.model.LoseLast(w.model.now, loss.Writes)
	}
	w.reach()
}

func (w *lossWalk) loss() store.Loss {
	writes := rapid.SampledFrom([]int{0, 1, 2, 4}).Draw(w.rt, "writes lost")
	return store.Loss{Writes: writes}
}

// reach returns when every process reaches the primary.
func (w *lossWalk) reach() {
	for _, who := range []process{n1, n2} {
		w.must(calm(func() error {
			_, err := w.lease(who).Leader(w.ctx)
			return err
		}))
	}
	// What the watch has not seen yet could not be lost.
	w.must(w.real.Watch().Drain(w.ctx))
}

// compare compares who has the key, and for how long, and the witness.
func (w *lossWalk) compare() {
	want, left, err := w.model.holder()
	w.must(err)
	keys, err := w.real.Keys(w.ctx)
	w.must(err)
	got := identity.Read(keys.Holder)
	real := time.Duration(0)
	if keys.Until != 0 {
		real = time.Until(time.Unix(0, keys.Until))
	}
	if want != got || (left-real).Abs() > slack || w.model.Witness() != keys.Witness {
		w.rt.Fatalf("the leases part after\n%s  model: %v for %v, witness %d\n  real:  %v for %v, witness %d",
			w.asked, want, left, w.model.Witness(), got, real, keys.Witness)
	}
	w.must(w.real.Watch().Drain(w.ctx))
}
