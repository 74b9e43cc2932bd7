package check

import (
	"testing"
	"time"

	"fencepost/core"
	"fencepost/core/event"
	"fencepost/core/history"
)

// Times of the stories: a ttl of one second.
const (
	ms  = int64(time.Millisecond)
	ttl = 1000 * ms
)

// small is the cluster of the stories: three nodes.
func small() Config {
	return Config{
		Nodes: 3, TTL: time.Second, StaleAfter: 3 * time.Second, StoreTimeout: 250 * time.Millisecond,
		DriftPPM: 10_000, RecoverSignals: 5 * time.Second,
	}
}

// story tells a history to a suite, one line after the other.
type story struct {
	suite Suite
	now   int64
	seq   uint64
	// renewed is the token and the holder of the lease, for renewals.
	acquisition [3]uint32
	taken       [3]int64
}

// begin starts a story in which the given number of nodes is up.
func begin(cfg Config, up int16) *story {
	s := &story{}
	s.suite.Reset(cfg)
	for node := range up {
		s.tell(history.Record{Kind: history.NodeUp, Node: node})
	}
	return s
}

// tell tells one record that happens now.
func (s *story) tell(r history.Record) *story {
	r.At = s.now
	s.suite.Observe(&r)
	return s
}

// at goes on at that instant.
func (s *story) at(now int64) *story {
	s.now = now
	s.suite.Advance(now)
	return s
}

// after goes on so much later.
func (s *story) after(d int64) *story { return s.at(s.now + d) }

func (s *story) node(kind history.Kind, node int16) *story {
	return s.tell(history.Record{Kind: kind, Node: node})
}

func (s *story) signal(kind history.Kind, signal core.SignalID) *story {
	return s.tell(history.Record{Kind: kind, Node: history.None, Signal: signal})
}

func (s *story) state(signal core.SignalID, state core.SignalState) *story {
	return s.tell(history.Record{
		Kind: history.StateSet, Node: history.None, Signal: signal, Attempt: 1, State: state,
	})
}

func (s *story) order(signal core.SignalID, attempt uint32) *story {
	return s.tell(history.Record{
		Kind: history.OrderCreated, Node: history.None, Signal: signal, Attempt: attempt,
	})
}

func (s *story) attested(signal core.SignalID, wrong bool) *story {
	return s.tell(history.Record{Kind: history.Attested, Node: history.None, Signal: signal, Wrong: wrong})
}

func (s *story) fault(f history.Fault, node int16) *story {
	return s.tell(history.Record{Kind: history.FaultBegan, Fault: f, Node: node})
}

func (s *story) healed(f history.Fault, node int16) *story {
	return s.tell(history.Record{Kind: history.FaultEnded, Fault: f, Node: node})
}

func (s *story) reach(node int16, stores uint8) *story {
	return s.tell(history.Record{Kind: history.Reach, Node: node, Stores: stores})
}

func (s *story) believes(node int16, epoch core.Epoch, until int64) *story {
	return s.tell(history.Record{Kind: history.BeliefHeld, Node: node, Epoch: epoch, Until: until})
}

// token is the node's present one.
func (s *story) token(node int16) core.Token {
	return core.Token{Nonce: core.Nonce(node) + 100, Acquisition: s.acquisition[node]}
}

// acquires writes the key with a new token, renews with the present one.
func (s *story) acquires(node int16) *story {
	s.acquisition[node]++
	return s.renews(node)
}

func (s *story) renews(node int16) *story {
	return s.tell(history.Record{
		Kind: history.LeaseSet, Node: node, Token: s.token(node), Until: s.now + ttl,
	})
}

// loses takes the key from the node; op says which call did it.
func (s *story) loses(node int16, op core.Op) *story {
	return s.tell(history.Record{Kind: history.LeaseGone, Node: node, Token: s.token(node), Op: op})
}

func (s *story) opens(node int16, epoch core.Epoch) *story {
	s.seq++
	s.taken[node] = s.now
	return s.tell(history.Record{
		Kind: history.TenureOpened, Node: node, Epoch: epoch, Seq: s.seq, Token: s.token(node),
	})
}

func (s *story) closes(node int16, epoch core.Epoch, reason core.Reason) *story {
	d := s.now - s.taken[node]
	return s.tell(history.Record{
		Kind: history.TenureEnded, Node: node, Epoch: epoch, Reason: reason, Span: d, Until: d,
	})
}

func (s *story) beats(node int16, epoch core.Epoch) *story {
	s.tell(history.Record{
		Kind: history.EffectAccepted, Node: node, Op: core.Heartbeat, Epoch: epoch, Current: epoch,
	})
	return s.tell(history.Record{Kind: history.HeartbeatSet, Node: node, Epoch: epoch})
}

// resigns is a closing that the ledger carries out.
func (s *story) resigns(node int16, epoch core.Epoch) *story {
	s.tell(history.Record{
		Kind: history.EffectAccepted, Node: node, Op: core.Resign, Epoch: epoch, Current: epoch,
	})
	return s.closes(node, epoch, core.GracefulShutdown)
}

func (s *story) permits(node int16, epoch core.Epoch, signal core.SignalID, attempt uint32) *story {
	s.seq++
	return s.tell(history.Record{
		Kind: history.Permitted, Node: node, Epoch: epoch, Seq: s.seq, Signal: signal, Attempt: attempt,
	})
}

func (s *story) says(node int16, event event.Event, epoch core.Epoch, signal core.SignalID) *story {
	return s.tell(history.Record{
		Kind: history.Announced, Event: event, Node: node, Subject: node, Epoch: epoch,
		Signal: signal, Attempt: 1,
	})
}

func (s *story) reports(by core.Party, node, subject int16, epoch core.Epoch) *story {
	return s.tell(history.Record{
		Kind: history.Announced, Event: event.LeaderStale, By: by,
		Node: node, Subject: subject, Epoch: epoch,
	})
}

func (s *story) drained(node int16) *story {
	return s.tell(history.Record{Kind: history.Drained, Node: node, Token: s.token(node)})
}

// elects makes the node leader at this instant.
func (s *story) elects(node int16, epoch core.Epoch) *story {
	return s.acquires(node).opens(node, epoch).believes(node, epoch, s.now+940*ms)
}

// leads keeps a leader going for a while: it renews and beats every 300 ms.
func (s *story) leads(node int16, epoch core.Epoch, d int64) *story {
	end := s.now + d
	for s.now+300*ms <= end {
		s.after(300*ms).renews(node).beats(node, epoch).believes(node, epoch, s.now+940*ms)
	}
	return s.at(end)
}

// executes takes one signal from the inbox to its end, by a leader.
func (s *story) executes(node int16, epoch core.Epoch, signal core.SignalID) *story {
	s.signal(history.Stored, signal).signal(history.Acknowledged, signal)
	s.says(node, event.PermitRequested, epoch, signal)
	s.permits(node, epoch, signal, 1).state(signal, core.Submitting)
	s.says(node, event.GatePassed, epoch, signal).order(signal, 1)
	s.signal(history.OrderFilled, signal)
	return s.says(node, event.OrderAcked, epoch, signal).state(signal, core.Executed)
}

// lawful fails the test if something broke up to now.
func (s *story) lawful(t *testing.T) *story {
	t.Helper()
	s.suite.Finish(s.now)
	if v, broken := s.suite.Violation(); broken {
		t.Fatalf("a lawful history is called broken: %v", v)
	}
	if why := s.suite.GaveUp(); why != "" {
		t.Fatalf("a lawful history is given up: %s", why)
	}
	return s
}

// breaks fails the test unless that invariant, and none before it, broke then.
func (s *story) breaks(t *testing.T, invariant Invariant, at int64) Violation {
	t.Helper()
	s.suite.Finish(s.now)
	v, broken := s.suite.Violation()
	switch {
	case !broken:
		t.Fatalf("nothing broke; %v should have", invariant)
	case v.Invariant != invariant:
		t.Fatalf("%v broke; %v should have", v, invariant)
	case v.At != at:
		t.Fatalf("%v; it should have broken at %d", v, at)
	case v.Detail == "":
		t.Fatal("the violation says nothing")
	}
	return v
}

// excused fails the test unless so many violations of that invariant, and of
// no other, were excused and nothing broke.
func (s *story) excused(t *testing.T, invariant Invariant, times int) *story {
	t.Helper()
	s.lawful(t)
	if got := s.suite.ExcusedOf(invariant); got != times || s.suite.Excused() != times {
		t.Fatalf("%d of %d excuses are of %v; %d should be", got, s.suite.Excused(), invariant, times)
	}
	return s
}

// marked fails the test unless the thing was judged so often.
func (s *story) marked(t *testing.T, mark Mark, times uint64) *story {
	t.Helper()
	if got := s.suite.Marks()[mark]; got != times {
		t.Fatalf("%v: %d times; %d expected", mark, got, times)
	}
	return s
}
