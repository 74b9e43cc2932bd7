package conformance_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"fencepost/core"
	"fencepost/sim/model"
)

// keys is how many signals a walk knows at most.
const keys = 6

// ledgerWalk asks a pair of ledgers random questions. What is asked is drawn
// with an eye on the model, so that most of it makes sense.
type ledgerWalk struct {
	*pair
	rt *rapid.T
	// lawful keeps who resigns from giving a reason that is the ledger's to give.
	lawful bool
}

func TestMachineOfTheLedgerFindsNoDifference(t *testing.T) {
	b := sharedBed(t)
	seen := map[string]int{}
	met(t, 1, seen, demands{
		60: {
			"epoch was taken", "epoch was refused: state_changed", "heartbeat confirmed",
			"heartbeat was refused: superseded", "heartbeat was refused: tenure_closed", "tenure was closed",
			"close was refused", "signal found", "permit was granted", "permit was refused: superseded",
			"permit was refused: tenure_closed", "permit was refused: control_mode",
			"permit was refused: state_changed", "attempt read", "outcome was recorded", "record was refused",
			"several may be open",
		},
	}, func(rt *rapid.T) {
		w := &ledgerWalk{pair: newPair(rt, b, seen), rt: rt}
		if w.seldom("several open") {
			w.letSeveralBeOpen()
		}
		w.begin()
		steps := 0
		rt.Repeat(w.actions(&steps))
		w.compare()
	})
}

// actions are what a walk does.
func (w *ledgerWalk) actions(steps *int) map[string]func(*rapid.T) {
	return map[string]func(*rapid.T){
		"":            func(*rapid.T) { w.look(steps) },
		"take":        w.take,
		"heartbeat":   func(*rapid.T) { w.ask(w.claim(core.Heartbeat)) },
		"follower":    func(*rapid.T) { w.do(w.anybody(), core.Effect{Op: core.Heartbeat}) },
		"observe":     func(*rapid.T) { w.do(w.anybody(), core.Effect{Op: core.Observe}) },
		"resign":      w.resign,
		"too late":    w.tooLate,
		"admit":       w.offer,
		"permit":      w.permit,
		"permit more": w.permit,
		"record":      w.record,
		"record more": w.record,
		"and more":    w.record,
		"list":        w.list,
		"reread":      w.reread,
		"decide":      func(*rapid.T) { w.decide(w.signal(), w.state()) },
		"control":     w.control,
		"restart":     w.misfortune,
		"wait":        w.wait,
		"wait for":    w.waitFor,
	}
}

// begin gives most walks something to go on with: two signals and a leader.
func (w *ledgerWalk) begin() {
	if w.seldom("from nothing") {
		return
	}
	w.admit(w.shared(1, 1, 0))
	w.admit(w.shared(2, 1, time.Minute))
	w.ask(core.Effect{Op: core.TakeEpoch, Token: n1.token(1)})
}

// look compares the rows now and then: at each step it would take most of the
// time, at the end alone a walk would not say where it went wrong.
func (w *ledgerWalk) look(steps *int) {
	if *steps++; *steps%8 == 0 {
		w.compare()
	}
}

// ask asks as the process whose token it is.
func (w *ledgerWalk) ask(e core.Effect) { w.do(processOf(e.Token), e) }

func (w *ledgerWalk) anybody() process { return rapid.SampledFrom(processes).Draw(w.rt, "who") }

// token draws one of a few acquisitions of somebody.
func (w *ledgerWalk) token() core.Token {
	return w.anybody().token(rapid.Uint32Range(1, 2).Draw(w.rt, "acquisition"))
}

// seldom is true once in eight times.
func (w *ledgerWalk) seldom(what string) bool { return seldom(w.rt, what) }

// signal draws an id, seldom one that nobody has.
func (w *ledgerWalk) signal() core.SignalID {
	return w.signalThat(func(model.Signal) bool { return true })
}

// signalThat draws, if there is one, a signal that fits.
func (w *ledgerWalk) signalThat(fits func(model.Signal) bool) core.SignalID {
	list := []core.SignalID{}
	for id := core.SignalID(1); id <= w.model.LastSignal(); id++ {
		if fits(w.model.Row(id)) {
			list = append(list, id)
		}
	}
	if len(list) == 0 || w.seldom("any signal") {
		return core.SignalID(rapid.Int64Range(0, keys+1).Draw(w.rt, "id"))
	}
	return rapid.SampledFrom(list).Draw(w.rt, "signal")
}

func (w *ledgerWalk) state() core.SignalState {
	return core.SignalState(rapid.Uint8Range(0, uint8(core.Void)).Draw(w.rt, "state"))
}

// claim draws an epoch and a token: mostly the authority's.
func (w *ledgerWalk) claim(op core.Op) core.Effect {
	a := w.model.Authority()
	e := core.Effect{Op: op, Epoch: a.Epoch, Token: a.Token}
	if a.Token.IsZero() || w.seldom("another's token") {
		e.Token = w.token()
	}
	if e.Epoch == 0 || w.seldom("another epoch") {
		e.Epoch = core.Epoch(rapid.Uint64Range(1, uint64(a.Epoch)+1).Draw(w.rt, "epoch"))
	}
	return e
}

func (w *ledgerWalk) take(*rapid.T) {
	e := core.Effect{Op: core.TakeEpoch, Epoch: w.model.Authority().Epoch, Token: w.token()}
	if w.seldom("not the epoch observed") {
		e.Epoch = core.Epoch(rapid.Uint64Range(0, uint64(e.Epoch)+1).Draw(w.rt, "observed"))
	}
	e.Tenure = rapid.SampledFrom([]core.TenureKind{core.TenureRedis, core.TenureRedis, core.TenurePG}).
		Draw(w.rt, "kind")
	e.Protocol = rapid.SampledFrom([]uint16{1, 1, 2}).Draw(w.rt, "speaks")
	w.ask(e)
}

func (w *ledgerWalk) resign(*rapid.T) {
	e := w.claim(core.Resign)
	if !w.seldom("close the tenure") {
		e.Epoch--
	}
	why := rapid.Uint8Range(uint8(core.GracefulShutdown), uint8(core.Lapsed)).Draw(w.rt, "why")
	e.Reason = core.Reason(why)
	if w.lawful && (e.Reason == core.Superseded || e.Reason == core.Lost) {
		e.Reason = core.Lapsed
	}
	w.ask(e)
}

// tooLate closes the tenure, and then asks under it for a heartbeat or a permit.
// Drawn singly the three would seldom come in this order.
func (w *ledgerWalk) tooLate(*rapid.T) {
	if !w.model.Authority().Open {
		w.take(w.rt)
		return
	}
	a := w.model.Authority()
	claim := core.Effect{Op: core.Resign, Epoch: a.Epoch, Token: a.Token, Reason: core.GracefulShutdown}
	w.ask(claim)
	claim.Reason = 0
	claim.Op = rapid.SampledFrom([]core.Op{core.Heartbeat, core.Permit}).Draw(w.rt, "asked too late")
	if claim.Op == core.Permit {
		claim.Signal = w.signalThat(func(s model.Signal) bool { return s.State == core.Received })
		s := w.model.Row(claim.Signal)
		claim.Version, claim.Attempt = s.Version, s.Attempt+1
	}
	w.ask(claim)
}

func (w *ledgerWalk) offer(*rapid.T) {
	key, payload := rapid.Int64Range(1, keys), rapid.SampledFrom([]int64{1, 1, 2})
	validFor := rapid.SampledFrom([]time.Duration{0, 0, time.Second, time.Minute})
	w.admit(w.shared(key.Draw(w.rt, "key"), payload.Draw(w.rt, "payload"), validFor.Draw(w.rt, "valid for")))
}

// shared is an offer on one of three instruments. Half of them are exits.
func (w *ledgerWalk) shared(key, payload int64, validFor time.Duration) offer {
	o := alone(key, payload, validFor)
	o.instrument, o.exit = int32(key%3), key > keys/2
	return o
}

func (w *ledgerWalk) permit(*rapid.T) {
	if !w.model.Authority().Open && !w.seldom("after closing") {
		w.take(w.rt)
	}
	e := w.claim(core.Permit)
	e.Signal = w.signalThat(func(s model.Signal) bool {
		return s.State == core.Received || s.State == core.InDoubt
	})
	s := w.model.Row(e.Signal)
	e.Version, e.Attempt = s.Version, s.Attempt+1
	if s.State == core.InDoubt {
		e.Resend, e.Attempt = true, s.Attempt
	}
	if w.seldom("another version") {
		e.Version = rapid.Uint32Range(0, s.Version+1).Draw(w.rt, "version")
	}
	if w.seldom("the other kind") {
		e.Resend = !e.Resend
	}
	if w.seldom("another attempt") {
		e.Attempt = rapid.Uint32Range(0, s.Attempt+2).Draw(w.rt, "attempt")
	}
	w.ask(e)
}

// record draws an outcome: of the newest attempt or of an earlier one, from
// its sender or from somebody else.
func (w *ledgerWalk) record(*rapid.T) {
	e := core.Effect{Op: core.Record, Alert: w.seldom("alert")}
	e.Signal = w.signalThat(func(s model.Signal) bool { return s.Attempt > 0 && !s.State.Final() })
	s := w.model.Row(e.Signal)
	e.Attempt = s.Attempt
	if w.seldom("another attempt") {
		e.Attempt = rapid.Uint32Range(0, s.Attempt+1).Draw(w.rt, "attempt")
	}
	a, ok := w.model.AttemptRow(e.Signal, e.Attempt)
	e.Token = a.Token
	if !ok || w.seldom("not its sender") {
		e.Token = w.token()
	}
	// What leads on is drawn more often than what ends the signal.
	e.State = rapid.SampledFrom([]core.SignalState{
		core.Void, core.InDoubt, core.Void, core.InDoubt, core.Submitted, w.state(),
	}).Draw(w.rt, "outcome")
	if e.Attempt == 0 {
		unsent := []core.SignalState{core.Expired, core.Rejected, w.state()}
		e.State = rapid.SampledFrom(unsent).Draw(w.rt, "outcome")
	}
	e.Version = rapid.SampledFrom([]uint32{0, s.Version, 0, s.Version, s.Version + 1}).Draw(w.rt, "version")
	w.ask(e)
}

func (w *ledgerWalk) list(*rapid.T) {
	e := core.Effect{Op: core.Fetch, States: open}
	if w.seldom("some states") {
		e.States = rapid.Uint16Range(0, every).Draw(w.rt, "states")
	}
	if w.seldom("from the middle") {
		e.After = core.SignalID(rapid.Int64Range(0, keys+1).Draw(w.rt, "after"))
	}
	w.do(w.anybody(), e)
}

func (w *ledgerWalk) reread(*rapid.T) {
	w.do(w.anybody(), core.Effect{Op: core.Reread, Signal: w.signal()})
}

func (w *ledgerWalk) control(*rapid.T) {
	mode := core.Run
	if w.model.Control() == core.Run && w.seldom("stop trading") {
		mode = rapid.SampledFrom([]core.Control{core.Pause, core.Halt}).Draw(w.rt, "mode")
	}
	w.setControl(mode)
}

// misfortune is what happens seldom: the server restarts, another comes up in
// its place, a person repairs the authority or says which versions may lead.
func (w *ledgerWalk) misfortune(*rapid.T) {
	switch {
	case w.seldom("restart"):
		w.restart()
	case w.seldom("another server"):
		w.branch()
	case w.seldom("repair"):
		last := uint64(w.model.Authority().Epoch)
		low := last - min(last, 1)
		w.acceptAuthority(core.Epoch(rapid.Uint64Range(low, last+2).Draw(w.rt, "witness")))
	case w.seldom("versions"):
		lowest := rapid.SampledFrom([]uint16{0, 1, 2}).Draw(w.rt, "lowest")
		w.setProtocol(lowest, lowest)
	default:
		w.do(w.anybody(), core.Effect{Op: core.Observe})
	}
}

func (w *ledgerWalk) wait(*rapid.T) {
	some := rapid.Int64Range(0, int64(4*time.Second/µs)).Draw(w.rt, "microseconds")
	w.pass(time.Duration(some) * µs)
}

// waitFor waits until one of the ledger's limits, or a microsecond less or
// more: that is where a mistake would be.
func (w *ledgerWalk) waitFor(*rapid.T) {
	limits := w.limits()
	if len(limits) == 0 {
		w.do(w.anybody(), core.Effect{Op: core.Observe})
		return
	}
	limit := rapid.SampledFrom(limits).Draw(w.rt, "limit")
	off := rapid.SampledFrom([]time.Duration{-µs, 0, µs}).Draw(w.rt, "off")
	w.pass(max(0, limit.Sub(w.model.now)+off))
}

// limits are the instants to come at which something changes by itself.
func (w *ledgerWalk) limits() []core.Time {
	r, err := w.model.read()
	if err != nil {
		w.t.Fatalf("%v", err)
	}
	a := r.Authority
	all := []core.Time{max(a.BeatAt, a.TakenAt).Add(ledgerTTL), a.LeaseUntil}
	for _, s := range r.Signals {
		all = append(all, s.ValidUntil)
	}
	for _, t := range r.Attempts {
		all = append(all, t.SendBy)
	}
	return slices.DeleteFunc(all, func(t core.Time) bool { return t < w.model.now })
}
