package check

import (
	"testing"

	"fencepost/core"
	"fencepost/core/event"
	"fencepost/core/history"
)

// busy is a long lawful history of three nodes: leaders come and go, signals
// are executed, and every sixth leader crashes.
func busy(rounds int) []history.Record {
	tape := &taper{}
	tape.story = begin(small(), 0)
	tape.start()
	for round := range rounds {
		tape.tenure(int16(round%3), core.Epoch(round+1), round%6 == 5)
	}
	return tape.records
}

// taper writes a story down instead of telling it.
type taper struct {
	story   *story
	records []history.Record
	signal  core.SignalID
}

func (p *taper) put(r history.Record) {
	r.At = p.story.now
	p.records = append(p.records, r)
}

func (p *taper) start() {
	for node := range int16(3) {
		p.put(history.Record{Kind: history.NodeUp, Node: node})
	}
}

// wait moves on.
func (p *taper) wait(d int64) { p.story.now += d }

func (p *taper) say(event event.Event, node int16, epoch core.Epoch) {
	p.put(history.Record{
		Kind: history.Announced, Event: event, Node: node, Subject: node, Epoch: epoch,
		Signal: p.signal, Attempt: 1,
	})
}

// take is an effect that the ledger carries out.
func (p *taper) take(op core.Op, node int16, epoch core.Epoch) {
	p.put(history.Record{
		Kind: history.EffectAccepted, Node: node, Op: op, Epoch: epoch, Current: epoch,
	})
}

// renew prolongs the leader's lease, heartbeat and belief.
func (p *taper) renew(node int16, epoch core.Epoch, token core.Token) {
	now := p.story.now
	p.put(history.Record{Kind: history.LeaseSet, Node: node, Token: token, Until: now + ttl})
	p.take(core.Heartbeat, node, epoch)
	p.put(history.Record{Kind: history.HeartbeatSet, Node: node, Epoch: epoch})
	p.put(history.Record{Kind: history.BeliefHeld, Node: node, Epoch: epoch, Until: now + 940*ms})
}

// execute takes one signal from the inbox to its end.
func (p *taper) execute(node int16, epoch core.Epoch) {
	p.signal++
	row := func(kind history.Kind, state core.SignalState) {
		p.put(history.Record{Kind: kind, Node: history.None, Signal: p.signal, Attempt: 1, State: state})
	}
	row(history.Stored, core.Received)
	row(history.Acknowledged, core.Received)
	p.wait(5 * ms)
	p.say(event.PermitRequested, node, epoch)
	p.story.seq++
	p.put(history.Record{
		Kind: history.Permitted, Node: node, Epoch: epoch, Seq: p.story.seq, Signal: p.signal, Attempt: 1,
	})
	row(history.StateSet, core.Submitting)
	p.wait(5 * ms)
	p.say(event.PermitGranted, node, epoch)
	p.say(event.GatePassed, node, epoch)
	p.say(event.OrderSent, node, epoch)
	row(history.OrderCreated, core.Submitting)
	p.wait(5 * ms)
	row(history.OrderFilled, core.Submitting)
	p.say(event.OrderAcked, node, epoch)
	row(history.StateSet, core.Executed)
	p.say(event.SignalExecuted, node, epoch)
}

// tenure is one leadership from election to handover or crash.
func (p *taper) tenure(node int16, epoch core.Epoch, crash bool) {
	token := core.Token{Nonce: core.Nonce(node) + 1, Acquisition: uint32(epoch)}
	p.wait(20 * ms)
	began := p.story.now
	p.put(history.Record{Kind: history.LeaseSet, Node: node, Token: token, Until: began + ttl})
	p.story.seq++
	p.put(history.Record{
		Kind: history.TenureOpened, Node: node, Epoch: epoch, Seq: p.story.seq, Token: token,
	})
	p.renew(node, epoch, token)
	for range 20 {
		p.execute(node, epoch)
		p.execute(node, epoch)
		p.wait(250 * ms)
		p.renew(node, epoch, token)
	}
	ended := history.Record{
		Kind: history.TenureEnded, Node: node, Epoch: epoch, Reason: core.GracefulShutdown,
	}
	if crash {
		p.put(history.Record{Kind: history.NodeDown, Node: node})
		p.wait(1200 * ms)
		p.put(history.Record{Kind: history.NodeUp, Node: node})
		ended.Reason = core.Superseded
	} else {
		p.say(event.LeaderSteppedDown, node, epoch)
		p.put(history.Record{Kind: history.BeliefEnded, Node: node})
		p.take(core.Resign, node, epoch)
		defer func() {
			p.wait(10 * ms)
			p.put(history.Record{Kind: history.LeaseGone, Node: node, Token: token, Op: core.Release})
			p.put(history.Record{Kind: history.Drained, Node: node, Token: token})
		}()
	}
	ended.Span = p.story.now - began
	ended.Until = ended.Span
	p.put(ended)
}

// judged runs a history through a suite.
func judged(s *Suite, records []history.Record) {
	s.Reset(small())
	for i := range records {
		s.Observe(&records[i])
	}
	s.Finish(records[len(records)-1].At)
}

func TestABusyHistoryIsLawfulAndJudged(t *testing.T) {
	var s Suite
	judged(&s, busy(60))
	if v, broken := s.Violation(); broken || s.GaveUp() != "" || s.Excused() != 0 {
		t.Fatalf("%v (gave up: %q, excused: %d)", v, s.GaveUp(), s.Excused())
	}
	for _, mark := range []Mark{
		PermitJudged, OrderJudged, BeliefJudged, BeliefHandedOver, EffectJudged, AcknowledgementJudged,
		SuccessJudged, TakeoverJudged, ClosingJudged, ReleaseJudged, LeaderMet, SignalMet, DrainJudged,
	} {
		if s.Marks()[mark] == 0 {
			t.Errorf("%v: never", mark)
		}
	}
}

func TestJudgingAllocatesNothing(t *testing.T) {
	records := busy(20)
	var s Suite
	judged(&s, records)
	if allocs := testing.AllocsPerRun(10, func() { judged(&s, records) }); allocs != 0 {
		t.Errorf("%v allocations in a reused suite", allocs)
	}
}

func TestEqualHistoriesHaveEqualVerdicts(t *testing.T) {
	records := busy(20)
	records = append(records, records[len(records)/2:]...) // time goes back: nonsense, judged alike
	var first, second Suite
	judged(&first, records)
	judged(&second, busy(3))
	judged(&second, records)
	a, _ := first.Violation()
	b, _ := second.Violation()
	if a != b || *first.Marks() != *second.Marks() || first.Excused() != second.Excused() {
		t.Errorf("%v\n%v", a, b)
	}
}

func BenchmarkObserve(b *testing.B) {
	records := busy(60)
	var s Suite
	judged(&s, records)
	b.ReportAllocs()
	b.ResetTimer()
	for done := 0; done < b.N; done += len(records) {
		judged(&s, records)
	}
}

func BenchmarkAdvance(b *testing.B) {
	var s Suite
	s.Reset(small())
	for i := range b.N {
		s.Advance(int64(i))
	}
}
