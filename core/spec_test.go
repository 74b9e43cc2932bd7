package core_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"fencepost/core"
	"fencepost/core/order"
	"fencepost/sim/model"
)

// hall is a few nodes with their stores, and every message that is on its way.
// Messages arrive in any order, or never.
type hall struct {
	law      *law
	cfg      core.Config
	now      core.Time
	nodes    []core.Node
	lives    core.Nonce
	redis    model.Redis
	postgres model.Postgres
	records  model.Records
	asked    []message
	said     []message
	keys     int64
}

// message is a request on its way to a store, or an answer on its way back.
type message struct {
	node   int
	nonce  core.Nonce
	effect core.Effect
	answer []core.Input
}

func newHall(t *rapid.T) *hall {
	h := &hall{cfg: core.Default(), now: core.Time(time.Hour)}
	h.law = newLaw(h.cfg.TTL)
	h.redis.Reset(&h.records)
	h.postgres.Reset(model.PostgresConfig{TTL: h.cfg.TTL, SendBy: h.cfg.SendBy}, &h.records)
	for n := range rapid.IntRange(2, 3).Draw(t, "nodes") {
		h.nodes = append(h.nodes, core.Node{})
		h.begin(n)
	}
	return h
}

// begin starts a process on the node.
func (h *hall) begin(n int) {
	h.lives++
	h.nodes[n] = core.New(h.cfg, h.lives<<8|core.Nonce(n+1), h.clocks())
}

func (h *hall) clocks() core.Now { return core.Now{Boot: h.now, Mono: h.now, Wall: h.now} }

// step gives a node an input and sends off what it asks for.
func (h *hall) step(t *rapid.T, n int, in core.Input) {
	var out core.Effects
	for turn := 0; turn == 0 || h.nodes[n].Wake() <= h.now && turn < 4; turn++ {
		h.nodes[n].Step(h.clocks(), &in, &out)
		in = core.Input{}
		for _, e := range out.All() {
			if e.Op != core.NoOp {
				nonce := h.nodes[n].Status(h.now).Token.Nonce
				h.asked = append(h.asked, message{node: n, nonce: nonce, effect: e})
			}
		}
	}
	h.judge(t)
}

// judge holds every node's belief against the law.
func (h *hall) judge(t *rapid.T) {
	for n := range h.nodes {
		if s := h.nodes[n].Status(h.now); s.Believes {
			lawfully(t, h.law.believes(h.now, s.Epoch, s.Token))
		}
	}
	if a := h.postgres.Authority(); a.Epoch != h.law.epoch || a.Epoch != 0 && a.Open != h.law.open {
		t.Fatalf("the ledger is at epoch %d, open %v; the law at %d", a.Epoch, a.Open, h.law.epoch)
	}
}

func lawfully(t *rapid.T, err error) {
	if err != nil {
		t.Fatal(err)
	}
}

// serve lets a request arrive.
func (h *hall) serve(t *rapid.T, i int) {
	m := h.asked[i]
	h.asked = append(h.asked[:i:i], h.asked[i+1:]...)
	e := &m.effect
	switch e.Op.Store() {
	case core.Redis:
		m.answer = []core.Input{h.atRedis(t, e)}
	case core.Postgres:
		m.answer = h.atPostgres(t, e, m.nonce)
	default:
		m.answer = []core.Input{h.atBroker(t, e)}
	}
	for k := range m.answer {
		m.answer[k].Req, m.answer[k].Op = e.Req, e.Op
	}
	h.said = append(h.said, m)
	h.records.Reset()
	h.judge(t)
}

func (h *hall) atRedis(t *rapid.T, e *core.Effect) core.Input {
	switch e.Op {
	case core.Acquire, core.Renew:
		in := h.redis.Acquire(h.now, e.Token, h.cfg.TTL)
		if e.Op == core.Renew {
			in = h.redis.Renew(h.now, e.Token, h.cfg.TTL, e.Epoch)
		}
		if in.Kind == core.LeaseAcquired || in.Kind == core.LeaseRenewed {
			lawfully(t, h.law.claimed(h.now, e.Token))
		}
		return in
	case core.Release:
		in := h.redis.Release(h.now, e.Token)
		delete(h.law.lease, e.Token)
		return in
	default:
		in := h.redis.Evict(h.now, e.Token)
		delete(h.law.lease, e.Token)
		return in
	}
}

func (h *hall) atPostgres(t *rapid.T, e *core.Effect, asker core.Nonce) []core.Input {
	var reply model.Reply
	before := h.postgres.Authority()
	h.postgres.Do(h.now, e, asker, &reply)
	said := append([]core.Input(nil), reply.All()...)
	switch in := said[0]; in.Kind {
	case core.EpochWasTaken:
		if h.postgres.Authority().Epoch != before.Epoch {
			lawfully(t, h.law.taken(h.now, e, in.Epoch))
		}
	case core.HeartbeatConfirmed:
		lawfully(t, h.law.lived(h.now, e))
	case core.TenureWasClosed:
		if before.Open && !h.postgres.Authority().Open {
			lawfully(t, h.law.mine(e))
			h.law.open = false
			if h.law.kind == core.TenurePG {
				delete(h.law.lease, e.Token)
			}
		}
	case core.PermitWasGranted:
		lawfully(t, h.law.permitted(e))
	case core.OutcomeWasRecorded:
		a, ok := h.postgres.AttemptRow(e.Signal, e.Attempt)
		if ok && a.State == core.Void && h.law.permits[e.Signal].attempt == e.Attempt {
			lawfully(t, h.law.voided(e.Signal, e.Attempt))
		}
	default:
	}
	return said
}

// atBroker is the way to the wire and a broker of class D: the sender writes
// its first byte in time, or not at all.
func (h *hall) atBroker(t *rapid.T, e *core.Effect) core.Input {
	in := core.Input{Kind: core.OrderAnswered, Signal: e.Signal, Attempt: e.Attempt, Answer: order.Filled}
	if e.Op != core.Submit {
		in.Kind, in.Answer = core.OrderLookedUp, order.Absent
		return in
	}
	if h.now > e.NotAfter {
		in.Kind, in.Answer = core.OrderWithheld, 0
		return in
	}
	lawfully(t, h.law.ordered(e))
	return in
}

// hear lets an answer arrive; a process that ended hears nothing.
func (h *hall) hear(t *rapid.T, i int) {
	m := h.said[i]
	h.said = append(h.said[:i:i], h.said[i+1:]...)
	for _, in := range m.answer {
		if h.nodes[m.node].Status(h.now).Token.Nonce == m.nonce {
			h.step(t, m.node, in)
		}
	}
}

// calm lets everything work for a while, but perhaps one store: what is asked is
// answered, and nobody oversleeps.
func (h *hall) calm(t *rapid.T, without core.Store) {
	end := h.now.Add(span(t, 0, 3*h.cfg.TTL))
	for h.now < end {
		switch {
		case len(h.asked) > 0 && h.asked[0].effect.Op.Store() == without:
			h.asked = h.asked[1:]
		case len(h.asked) > 0:
			h.serve(t, 0)
		case len(h.said) > 0:
			h.hear(t, 0)
		default:
			next := end
			for n := range h.nodes {
				next = min(next, h.nodes[n].Wake())
			}
			h.now = max(h.now, next)
			for n := range h.nodes {
				if h.nodes[n].Wake() <= h.now {
					h.step(t, n, core.Input{})
				}
			}
		}
	}
}

// one draws an index, or skips where there is none.
func one(t *rapid.T, n int) int {
	if n == 0 {
		t.Skip("this draw does not apply: there is nothing to choose from")
	}
	return rapid.IntRange(0, n-1).Draw(t, "which")
}

// happenings are what rapid may let happen, in any order. Time passes for all,
// and who is not woken stands still.
func (h *hall) happenings() map[string]func(*rapid.T) {
	serve := func(t *rapid.T) { h.serve(t, one(t, len(h.asked))) }
	hear := func(t *rapid.T) { h.hear(t, one(t, len(h.said))) }
	wake := func(t *rapid.T) { h.step(t, one(t, len(h.nodes)), core.Input{}) }
	wait := func(most time.Duration) func(t *rapid.T) {
		return func(t *rapid.T) {
			h.now = h.now.Add(span(t, 0, most))
			h.judge(t)
		}
	}
	calm := func(without core.Store) func(t *rapid.T) {
		return func(t *rapid.T) { h.calm(t, without) }
	}
	return map[string]func(*rapid.T){
		"serve": serve, "serve again": serve, "hear": hear, "hear again": hear, "wake": wake,
		"wait": wait(h.cfg.TTL / 4), "wait long": wait(2 * h.cfg.TTL), "work": calm(core.NoStore),
		"work again": calm(core.NoStore), "no Redis": calm(core.Redis), "no ledger": calm(core.Postgres),
		"lose a request": func(t *rapid.T) {
			i := one(t, len(h.asked))
			h.asked = append(h.asked[:i:i], h.asked[i+1:]...)
		},
		"lose an answer": func(t *rapid.T) {
			i := one(t, len(h.said))
			h.said = append(h.said[:i:i], h.said[i+1:]...)
		},
		"crash": func(t *rapid.T) { h.begin(one(t, len(h.nodes))) },
		"resign": func(t *rapid.T) {
			h.step(t, one(t, len(h.nodes)), core.Input{Kind: core.StepDownRequested})
		},
		"signal": func(t *rapid.T) {
			h.keys++
			h.postgres.Admit(h.now, model.Offer{Key: h.keys, Payload: h.keys})
			h.step(t, one(t, len(h.nodes)), core.Input{Kind: core.WorkHeard})
		},
		"control": func(t *rapid.T) {
			h.law.mode = rapid.SampledFrom([]core.Control{core.Run, core.Run, core.Halt}).Draw(t, "mode")
			h.postgres.SetControl(h.now, h.law.mode)
		},
	}
}

// PROTOCOL 4 and 6: several nodes over the stores, with messages that come in any
// order, late or never, do only what the law of leadership allows. Most of a run
// is spent where somebody leads.
func TestNodesTogetherDoOnlyWhatTheLawOfLeadershipAllows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := newHall(t)
		for range 5 {
			t.Repeat(h.happenings())
		}
	})
}
