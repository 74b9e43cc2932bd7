package replay_test

import (
	"path/filepath"
	"slices"
	"testing"
	"time"

	"fencepost/core"
	"fencepost/core/event"
	"fencepost/core/history"
	"fencepost/core/order"
	"fencepost/internal/recorder"
	"fencepost/internal/replay"
)

// script writes a journal by hand: it plays the world around a node.
type script struct {
	t       *testing.T
	r       *recorder.Recorder
	path    string
	now     core.Now
	node    core.Node
	effects core.Effects
}

const nonce = core.Nonce(0x1234)

func write(t *testing.T) *script {
	t.Helper()
	s := &script{t: t, path: filepath.Join(t.TempDir(), "journal")}
	s.now = core.Now{Boot: 5e9, Mono: 5e9, Wall: 1e18}
	var err error
	if s.r, err = recorder.Create(recorder.Options{Path: s.path, Flush: time.Hour}); err != nil {
		t.Fatal(err)
	}
	config := core.Default()
	config.Broker = order.ClassA.Capability()
	s.node = core.New(config, nonce, s.now)
	s.r.Start(config, nonce, s.now)
	return s
}

// after lets time pass and tells the node of an input.
func (s *script) after(d time.Duration, in core.Input) {
	for _, clock := range []*core.Time{&s.now.Boot, &s.now.Mono, &s.now.Wall} {
		*clock = clock.Add(d)
	}
	s.r.RecordInput(s.now, &in)
	s.node.Step(s.now, &in, &s.effects)
	s.r.RecordEffects(s.effects.All())
}

// asked returns the call of that operation that the last step wanted.
func (s *script) asked(op core.Op) core.Effect {
	s.t.Helper()
	for _, e := range s.effects.All() {
		if e.Op == op {
			return e
		}
	}
	s.t.Fatalf("the node does not want %v but %+v", op, s.effects.All())
	return core.Effect{}
}

// lead has the node elected: in epoch 1, at the last step.
func (s *script) lead() {
	s.t.Helper()
	observed := core.Input{Kind: core.AuthorityObserved, Control: core.Run}
	s.after(0, core.Input{Kind: core.TimePassed})
	observed.Req = s.asked(core.Heartbeat).Req
	s.after(time.Millisecond, observed)
	s.after(s.node.Wake().Sub(s.now.Boot), core.Input{Kind: core.TimePassed})
	acquire := s.asked(core.Acquire)
	s.after(time.Millisecond, core.Input{Kind: core.LeaseAcquired, Req: acquire.Req, Token: acquire.Token})
	observed.Req = s.asked(core.Observe).Req
	s.after(time.Millisecond, observed)
	s.after(time.Millisecond, core.Input{
		Kind: core.EpochWasTaken, Req: s.asked(core.TakeEpoch).Req, Epoch: 1, Control: core.Run,
	})
}

// heard is what a listener was told.
type heard struct {
	result  *recorder.Result
	records []history.Record
	calls   []replay.Call
	answers []replay.Answer
}

// shift is what a true instant is before the node's clock.
const shift = 1_000

func (s *script) play() *heard {
	s.t.Helper()
	if err := s.r.Close(); err != nil {
		s.t.Fatal(err)
	}
	j, err := recorder.Open(s.path)
	if err != nil {
		s.t.Fatal(err)
	}
	h := &heard{}
	h.result = replay.Play(j, replay.Listener{
		When: func(t core.Time) int64 { return int64(t) - shift },
		Node: func(n core.Nonce) int16 {
			if n == nonce {
				return 2
			}
			return history.None
		},
		Record: func(r *history.Record) { h.records = append(h.records, *r) },
		Called: func(c *replay.Call) { h.calls = append(h.calls, *c) },
		Answered: func(a *replay.Answer) {
			kept := *a
			if a.Call != nil {
				call := *a.Call
				kept.Call = &call
			}
			h.answers = append(h.answers, kept)
		},
	})
	if r := h.result; r.Difference != nil || r.Damage != nil || !r.End.Closed {
		s.t.Fatalf("%+v", r)
	}
	return h
}

// of returns the records of one kind, or the announcements of one event.
func (h *heard) of(kind history.Kind, what event.Event) []history.Record {
	var list []history.Record
	for _, r := range h.records {
		if r.Kind == kind && r.Event == what {
			list = append(list, r)
		}
	}
	return list
}

func (h *heard) index(is func(history.Record) bool) int { return slices.IndexFunc(h.records, is) }

func TestBeliefIsToldWithItsEndInTrueTime(t *testing.T) {
	s := write(t)
	s.lead()
	elected, deadline, token := s.now.Boot, s.node.TrustDeadline(), s.node.Status(s.now.Boot).Token
	renew := s.asked(core.Renew)
	s.after(time.Millisecond, core.Input{Kind: core.LeaseRenewed, Req: renew.Req, Token: renew.Token})
	longer, extended := s.node.TrustDeadline(), s.now.Boot
	for s.node.Role() != core.Follower {
		s.after(s.node.Wake().Sub(s.now.Boot), core.Input{Kind: core.TimePassed})
	}
	drained := s.now.Boot

	h := s.play()
	at := func(t core.Time) int64 { return int64(t) - shift }
	held := h.of(history.BeliefHeld, event.None)
	if len(held) < 2 || held[0].At != at(elected) || held[0].Until != at(deadline) || held[0].Epoch != 1 ||
		held[0].Node != 2 {
		t.Fatalf("belief held: %+v", held)
	}
	if last := held[len(held)-1]; last.At != at(extended) || last.Until != at(longer) {
		t.Errorf("the extension: %+v, want until %d", last, at(longer))
	}
	ended := h.of(history.BeliefEnded, event.None)
	if len(ended) != 1 || ended[0].At < at(longer) {
		t.Errorf("belief ended: %+v", ended)
	}
	over := h.of(history.Drained, event.None)
	if len(over) != 1 || over[0].At != at(drained) || over[0].Token != token {
		t.Errorf("drained: %+v", over)
	}
	if up := h.records[0]; up.Kind != history.NodeUp || up.Node != 2 || up.At != 5e9-shift {
		t.Errorf("first record %+v", up)
	}
	// As in the simulator, belief is told before the announcement of the election.
	first := h.index(func(r history.Record) bool { return r.Kind == history.BeliefHeld })
	second := h.index(func(r history.Record) bool { return r.Event == event.LeaderElected })
	if first > second {
		t.Errorf("elected (%d) before it believes (%d)", second, first)
	}
}

func TestRefusedPermitIsToldAsAnAnswerWithItsEpoch(t *testing.T) {
	s := write(t)
	s.lead()
	list := s.asked(core.Fetch)
	s.after(time.Millisecond, core.Input{
		Kind: core.SignalFound, Req: list.Req, Signal: 9, State: core.Received, Version: 1,
	})
	permit := s.asked(core.Permit)
	sent := s.now.Boot
	s.after(3*time.Millisecond, core.Input{
		Kind: core.PermitWasRefused, Req: permit.Req, Signal: 9, Epoch: 2, Reason: core.Superseded,
		Control: core.Run,
	})
	told := s.now.Boot
	h := s.play()
	call := h.calls[slices.IndexFunc(h.calls, func(c replay.Call) bool { return c.Effect.Op == core.Permit })]
	if call.At != int64(sent)-shift || call.Effect.Epoch != 1 || call.Effect.Signal != 9 {
		t.Errorf("call %+v", call)
	}
	last := h.answers[len(h.answers)-1]
	if last.At != int64(told)-shift || last.Input.Kind != core.PermitWasRefused || last.Call == nil ||
		last.Call.Effect != permit || last.Call.At != call.At {
		t.Errorf("answer %+v of %+v", last, last.Call)
	}
	// The ledger refused it and tells so itself; twice would be two refusals.
	if twice := h.of(history.Announced, event.PermitRefused); len(twice) != 0 {
		t.Errorf("told %+v", twice)
	}
	if asked := h.of(history.Announced, event.PermitRequested); len(asked) != 1 || asked[0].Signal != 9 ||
		asked[0].Epoch != 1 || asked[0].Attempt != permit.Attempt || asked[0].Subject != 2 {
		t.Errorf("asked %+v", asked)
	}
}

func TestOrderIsSentWhenTheNodeWantsIt(t *testing.T) {
	s := write(t)
	s.lead()
	list := s.asked(core.Fetch)
	s.after(time.Millisecond, core.Input{
		Kind: core.SignalFound, Req: list.Req, Signal: 9, State: core.Received, Version: 1,
	})
	permit := s.asked(core.Permit)
	s.after(time.Millisecond, core.Input{
		Kind: core.PermitWasGranted, Req: permit.Req, Signal: 9, Attempt: permit.Attempt, Version: 2,
		Control: core.Run,
	})
	sent := s.now.Boot
	s.asked(core.Submit)
	h := s.play()
	order := h.of(history.Announced, event.OrderSent)
	if len(order) != 1 || order[0].At != int64(sent)-shift || order[0].Signal != 9 || order[0].Epoch != 1 ||
		order[0].Attempt != permit.Attempt {
		t.Errorf("order sent: %+v", order)
	}
	gate := h.index(func(r history.Record) bool { return r.Event == event.GatePassed })
	left := h.index(func(r history.Record) bool { return r.Event == event.OrderSent })
	if gate < 0 || gate > left {
		t.Errorf("the order left (%d) before the gate (%d)", left, gate)
	}
}

// BenchmarkPlay replays the kept journal of package recorder.
func BenchmarkPlay(b *testing.B) {
	told, steps := 0, 0
	b.ReportAllocs()
	for b.Loop() {
		j, err := recorder.Open("../recorder/testdata/kept.journal")
		if err != nil {
			b.Fatal(err)
		}
		r := replay.Play(j, replay.Listener{
			When:     func(t core.Time) int64 { return int64(t) },
			Node:     func(core.Nonce) int16 { return 0 },
			Record:   func(*history.Record) { told++ },
			Answered: func(*replay.Answer) { told++ },
			Called:   func(*replay.Call) { told++ },
		})
		steps += r.Steps
	}
	b.ReportMetric(float64(steps)/b.Elapsed().Seconds(), "inputs/s")
	b.ReportMetric(float64(told)/float64(steps), "told/input")
}
