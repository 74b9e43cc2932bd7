package model_test

import (
	"testing"
	"time"

	"fencepost/core"
	"fencepost/core/order"
	"fencepost/sim/model"
)

// parties are the three models on one list of records.
type parties struct {
	records  model.Records
	reply    model.Reply
	redis    model.Redis
	postgres model.Postgres
	broker   model.Broker
	older    model.Postgres
}

// reset starts a run in reused memory.
func (p *parties) reset() {
	p.records.Reset()
	p.redis.Reset(&p.records)
	p.postgres.Reset(config(), &p.records)
	p.broker.Reset(model.BrokerConfig{Promise: order.ClassA.Capability(), FillAfter: time.Second}, &p.records)
}

// do carries out one operation of the ledger.
func (p *parties) do(now core.Time, e core.Effect) *core.Input {
	p.postgres.Do(now, &e, e.Token.Nonce, &p.reply)
	return &p.reply.All()[0]
}

// run is a run of signals: each is stored, found, permitted, sent and recorded
// under a new epoch.
func (p *parties) run(signals int) {
	p.reset()
	for i := range signals {
		now := core.Time(i) * 20 * second
		tok := core.Token{Nonce: core.Nonce(i%3 + 1), Acquisition: uint32(i + 1)}
		p.redis.Acquire(now, tok, ttl)
		seen := p.do(now, core.Effect{Op: core.Observe})
		epoch := p.do(now, core.Effect{Op: core.TakeEpoch, Protocol: 1, Epoch: seen.Epoch, Token: tok}).Epoch
		_, id, _ := p.postgres.Admit(now, model.Offer{Key: int64(i + 1), Payload: 1, ValidFor: time.Minute})
		found := *p.do(now, core.Effect{Op: core.Fetch, States: openStates})
		p.do(now, core.Effect{
			Op: core.Permit, Signal: id, Version: found.Version, Attempt: found.Attempt + 1,
			Epoch: epoch, Token: tok,
		})
		p.broker.Submit(now, id, 1, now)
		p.do(now, core.Effect{Op: core.Record, Signal: id, Attempt: 1, State: core.Submitted, Token: tok})
		p.do(now, core.Effect{Op: core.Heartbeat, Epoch: epoch, Token: tok})
		p.redis.Renew(now+second, tok, ttl, 0)
		p.broker.Lookup(now+2*second, id, 1)
		done := core.Effect{Op: core.Record, Signal: id, Attempt: 1, State: core.Executed, Token: tok}
		p.do(now+2*second, done)
		p.do(now+2*second, core.Effect{Op: core.Reread, Signal: id})
		if i%2 == 0 {
			end := core.Effect{Op: core.Resign, Epoch: epoch, Token: tok, Reason: core.GracefulShutdown}
			p.do(now+3*second, end)
			p.redis.Release(now+3*second, tok)
		}
		p.redis.Expire(now + 15*second)
	}
	p.older.CopyFrom(&p.postgres)
	p.postgres.Crash(core.Time(signals) * 20 * second)
	p.postgres.Rewind(core.Time(signals)*20*second, &p.older, true)
	p.redis.LoseLast(core.Time(signals)*20*second, 2)
}

func TestRunInReusedMemoryAllocatesNothing(t *testing.T) {
	var p parties
	p.run(50)
	if got := p.postgres.LastSignal(); got != 50 {
		t.Fatalf("%d signals", got)
	}
	if state, _, _ := p.postgres.Signal(50); state != core.Executed {
		t.Fatalf("the last signal is %v", state)
	}
	if n := testing.AllocsPerRun(20, func() { p.run(50) }); n != 0 {
		t.Fatalf("%v allocations in a run", n)
	}
}

func BenchmarkLease(b *testing.B) {
	var p parties
	p.reset()
	b.ReportAllocs()
	for i := range b.N {
		p.records.Reset()
		now := core.Time(i) * second
		p.redis.Acquire(now, token(1), ttl)
		p.redis.Renew(now, token(1), ttl, 0)
	}
}

func BenchmarkHeartbeat(b *testing.B) {
	var p parties
	p.reset()
	p.do(0, core.Effect{Op: core.TakeEpoch, Protocol: 1, Token: token(1)})
	b.ReportAllocs()
	for i := range b.N {
		p.records.Reset()
		p.do(core.Time(i), core.Effect{Op: core.Heartbeat, Epoch: 1, Token: token(1)})
	}
}

func BenchmarkPermitAndVoid(b *testing.B) {
	var p parties
	p.reset()
	p.do(0, core.Effect{Op: core.TakeEpoch, Protocol: 1, Token: token(1)})
	_, id, _ := p.postgres.Admit(0, model.Offer{Key: 1, Payload: 1})
	b.ReportAllocs()
	for i := range b.N {
		p.records.Reset()
		s := p.postgres.Row(id)
		e := core.Effect{
			Op: core.Permit, Signal: id, Version: s.Version, Attempt: s.Attempt + 1,
			Epoch: 1, Token: token(1),
		}
		p.do(core.Time(i), e)
		e.Op, e.State, e.Version = core.Record, core.Void, 0
		p.do(core.Time(i), e)
	}
}

func BenchmarkFetchOfNothing(b *testing.B) {
	var p parties
	p.run(500)
	b.ReportAllocs()
	for i := range b.N {
		p.do(core.Time(i), core.Effect{Op: core.Fetch, States: openStates})
	}
}

func BenchmarkRun50(b *testing.B) {
	var p parties
	b.ReportAllocs()
	for range b.N {
		p.run(50)
	}
}
