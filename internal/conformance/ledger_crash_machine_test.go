package conformance_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"fencepost/core"
)

// mostMisfortunes bounds what befalls the server in one walk: each costs about
// a second.
const mostMisfortunes = 2

// disturbedWalk is a walk on a server that is killed, with answers and requests
// that are lost on the way.
type disturbedWalk struct {
	*ledgerWalk
	bed *disturbedBed
	// left is how often something may still befall the server.
	left int
	// durable is the holder's heartbeat that no crash can lose any more, and fresh
	// how many there were since.
	durable core.Time
	fresh   int
}

func TestMachineOfALedgerThatCrashesFindsNoDifference(t *testing.T) {
	b, seen := newDisturbedBed(t), map[string]int{}
	met(t, 6, seen, demands{
		60: {
			"the server crashes", "heartbeats lost", "answer lost to permit",
			"answer lost to heartbeat", "answer lost to take_epoch", "answer lost to record",
		},
		600: {
			"a backend is killed", "the server restarts in order", "every session is ended",
			"request lost",
		},
	}, func(rt *rapid.T) {
		w := &disturbedWalk{
			ledgerWalk: &ledgerWalk{pair: newPair(rt, b.bed, seen), rt: rt}, bed: b, left: mostMisfortunes,
		}
		w.mishap, w.told = w.lose, w.note
		w.begin()
		steps := 0
		actions := w.actions(&steps)
		actions["an answer lost"] = func(*rapid.T) { w.lost(answerLost) }
		actions["another lost"] = func(*rapid.T) { w.lost(answerLost) }
		actions["a request lost"] = func(*rapid.T) { w.lost(requestLost) }
		actions["misfortune"] = func(*rapid.T) { w.misfortune() }
		rt.Repeat(actions)
		for w.left == mostMisfortunes {
			w.misfortune()
		}
		w.compare()
	})
}

// lost lets the next operation of the walk meet a mishap.
func (w *disturbedWalk) lost(how mishap) {
	w.armed = &how
	defer func() { w.armed = nil }()
	rapid.SampledFrom([]func(*rapid.T){
		w.take, w.permit, w.permit, w.record, w.record, w.resign, w.list, w.reread, w.offer,
		func(*rapid.T) { w.ask(w.claim(core.Heartbeat)) },
		func(*rapid.T) { w.do(w.anybody(), core.Effect{Op: core.Heartbeat}) },
		func(*rapid.T) { w.do(w.anybody(), core.Effect{Op: core.Observe}) },
	}).Draw(w.rt, "what")(w.rt)
}

// lose carries out an operation of which its process learns nothing.
func (w *disturbedWalk) lose(how mishap, op core.Op, at func(*disturbedBed) error) {
	if err := at(w.bed); err != nil {
		w.part("%v: %v\n  real:  %v", op, how, err)
	}
	w.fresh++
	what := "request lost"
	if how == answerLost {
		what = "answer lost to " + op.String()
	}
	w.seen[what]++
	w.compare()
}

// note keeps account of which heartbeats are durable: all that came before a
// takeover or a permit, which are committed durably.
func (w *disturbedWalk) note(in core.Input) {
	switch in.Kind {
	case core.EpochWasTaken, core.PermitWasGranted:
		w.durable, w.fresh = w.model.Authority().BeatAt, 0
	case core.HeartbeatConfirmed, core.AuthorityObserved:
		w.fresh++
	default:
	}
}

// misfortune strikes the server, seldom. Mostly the leader has sent a heartbeat
// right before, which is then in memory.
func (w *disturbedWalk) misfortune() {
	if w.left == 0 {
		return
	}
	w.left--
	what := rapid.SampledFrom([]misfortune{
		crashed, crashed, crashed, backendKilled, restarted, sessionsEnded,
	}).Draw(w.rt, "misfortune")
	if !w.seldom("without a heartbeat") {
		w.beat()
	}
	const remembered = 6 // of its heartbeats by the model
	if w.fresh >= remembered {
		w.control(w.rt)
		w.durable, w.fresh = w.model.Authority().BeatAt, 0
	}
	w.strike(what)
	if !w.seldom("nobody leads without Redis") {
		w.leadWithoutRedis()
	}
}

// leadWithoutRedis ends the tenure, and asks for one of kind pg while the server
// must still be waited for, or not any more.
func (w *disturbedWalk) leadWithoutRedis() {
	a := w.model.Authority()
	if a.Open {
		who := processOf(a.Token)
		w.do(who, core.Effect{Op: core.Resign, Epoch: a.Epoch, Token: a.Token, Reason: core.Lapsed})
	}
	w.pass(rapid.SampledFrom([]time.Duration{0, ledgerTTL, ledgerTTL + µs}).Draw(w.rt, "later"))
	who := w.anybody()
	w.do(who, core.Effect{
		Op: core.TakeEpoch, Epoch: a.Epoch, Token: who.token(3), Tenure: core.TenurePG,
	})
}

// strike lets it happen and compares what is left.
func (w *disturbedWalk) strike(what misfortune) {
	w.asked = append(w.asked, what.String())
	w.seen[what.String()]++
	if err := w.bed.befall(w.real, what); err != nil {
		w.part("%v\n  real:  %v", what, err)
	}
	w.lived(what)
	w.compare()
	// A server that is new to the group is noted by a follower's heartbeat, which
	// may be lost as well; whoever comes back notes it again.
	w.do(n3, core.Effect{Op: core.Heartbeat})
}

// beat sends a heartbeat of a leader whose lease is in Redis, or of the last
// leader, who follows now.
func (w *disturbedWalk) beat() {
	if a := w.model.Authority(); !a.Open && !a.Token.IsZero() && rapid.Bool().Draw(w.rt, "follows") {
		w.pass(time.Second)
		w.do(processOf(a.Token), core.Effect{Op: core.Heartbeat})
		return
	}
	if a := w.model.Authority(); !a.Open || a.Kind != core.TenureRedis {
		w.take(w.rt)
	}
	a := w.model.Authority()
	if a.Token.IsZero() {
		return // nobody has led yet, and who asked for it was refused
	}
	w.pass(time.Second)
	w.do(processOf(a.Token), core.Effect{Op: core.Heartbeat, Epoch: a.Epoch, Token: a.Token})
}

// lived tells the model what the server lost, if that may be lost.
func (w *disturbedWalk) lived(what misfortune) {
	before := w.model.Authority()
	if what == sessionsEnded {
		return
	}
	if what == restarted {
		w.model.Started(w.model.now)
		return
	}
	r, err := w.real.read()
	if err != nil {
		w.t.Fatalf("%v", err)
	}
	beat := before.BeatAt
	if before.Known && before.Epoch != 0 {
		beat = r.Authority.BeatAt
	}
	if beat < before.BeatAt {
		w.seen["heartbeats lost"]++
	}
	if beat < w.durable {
		w.part("the heartbeat at %v is durable\n  real:  has that at %v", w.durable.Sub(began),
			fmt.Sprint(beat.Sub(began)))
	}
	w.model.crash(beat)
	w.durable, w.fresh = beat, 0
}
