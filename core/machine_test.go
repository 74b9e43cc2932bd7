package core_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"fencepost/core"
	"fencepost/core/journal"
	"fencepost/core/order"
)

// machine drives one node with whatever can happen, in any order and at any
// time, and holds after each step what the protocol says of a step.
type machine struct {
	node core.Node
	cfg  core.Config
	now  core.Now
	open []core.Effect
	// leave holds the permits that were granted and not yet used; sent counts
	// the orders under each.
	leave map[permit]bool
	// resigned is the youngest epoch whose closing was asked for.
	resigned core.Epoch
	buf      []byte
}

type permit struct {
	signal  core.SignalID
	attempt uint32
	epoch   core.Epoch
}

func newMachine(t *rapid.T) *machine {
	cfg := core.Default()
	classes := []order.Class{order.ClassA, order.ClassB, order.ClassC, order.ClassD}
	cfg.Broker = rapid.SampledFrom(classes).Draw(t, "class").Capability()
	start := core.Time(time.Hour)
	m := &machine{cfg: cfg, now: core.Now{Boot: start, Mono: start, Wall: start}, leave: map[permit]bool{}}
	m.node = core.New(cfg, self, m.now)
	return m
}

// step gives the node an input and then the turns that it wants at once.
func (m *machine) step(t *rapid.T, in core.Input) {
	m.stepOnce(t, in)
	for turns := 0; m.node.Wake() <= m.now.Boot; turns++ {
		if turns == 3 {
			t.Fatalf("%v: the node does not come to rest", in.Kind)
		}
		m.stepOnce(t, core.Input{})
	}
}

func (m *machine) stepOnce(t *rapid.T, in core.Input) {
	var out, again core.Effects
	replayed := m.roundTrip(t, in)
	twin := m.node
	m.node.Step(m.now, &in, &out)
	twin.Step(m.now, &replayed, &again)
	if !slices.Equal(out.All(), again.All()) || m.node.Hash(1) != twin.Hash(1) {
		t.Fatalf("%v: two copies of one node part", in.Kind)
	}
	for _, e := range out.All() {
		m.roundTripEffect(t, &e)
		if e.Op != core.NoOp {
			m.called(t, e)
		}
	}
	status := m.node.Status(m.now.Boot)
	if status.InFlight < 0 || status.InFlight > core.MaxFlights {
		t.Fatalf("%d flights", status.InFlight)
	}
	if status.Believes && (status.Role != core.Leader || m.node.TrustDeadline() <= m.now.Boot) {
		t.Fatalf("a %v believes, with trust until %v", status.Role, m.node.TrustDeadline())
	}
	if status.Idle && (status.InFlight != 0 || status.Role != core.Follower) {
		t.Fatalf("an idle %v with %d flights", status.Role, status.InFlight)
	}
}

// called holds what is claimed of a call, and takes it down.
func (m *machine) called(t *rapid.T, e core.Effect) {
	m.open = append(m.open, e)
	believes := m.node.Believes(m.now.Boot)
	switch e.Op {
	case core.Submit:
		p := permit{e.Signal, e.Attempt, e.Epoch}
		if !m.leave[p] {
			t.Fatalf("%+v is sent without a permit of its own", p)
		}
		delete(m.leave, p)
		if !believes || e.Epoch != m.node.Epoch() || e.NotAfter > m.node.TrustDeadline() ||
			m.node.Status(m.now.Boot).Control != core.Run {
			t.Fatalf("%+v passes the gate; belief %v, epoch %d", p, believes, m.node.Epoch())
		}
	case core.Permit, core.Fetch, core.TakeEpoch:
		if e.Op != core.TakeEpoch && !believes {
			t.Fatalf("%v without belief", e.Op)
		}
	case core.Resign:
		m.resigned = max(m.resigned, e.Epoch)
	case core.Release:
		if m.node.Role() == core.Draining && m.resigned < m.node.Epoch() {
			t.Fatal("the lease is released before the tenure is closed")
		}
	default:
	}
}

// roundTrip encodes and decodes the input.
func (m *machine) roundTrip(t *rapid.T, in core.Input) core.Input {
	m.buf = journal.AppendInput(m.buf[:0], m.now, &in)
	now, back, rest, err := journal.DecodeInput(m.buf)
	if err != nil || len(rest) != 0 || back != in || now != m.now {
		t.Fatalf("%+v came back as %+v: %v", in, back, err)
	}
	return back
}

func (m *machine) roundTripEffect(t *rapid.T, e *core.Effect) {
	m.buf = journal.AppendEffect(m.buf[:0], e)
	if back, rest, err := journal.DecodeEffect(m.buf); err != nil || len(rest) != 0 || back != *e {
		t.Fatalf("%+v came back as %+v: %v", *e, back, err)
	}
}

// What the ledger may say, the usual more often.
var (
	refusals = []core.Reason{core.Superseded, core.TenureClosed, core.ControlMode, core.StateChanged}
	modes    = []core.Control{core.Run, core.Run, core.Run, core.Pause, core.Halt, core.ControlUnknown}
)

// draw fills in an answer to the call.
func (m *machine) draw(t *rapid.T, call core.Effect, kind core.InputKind) core.Input {
	token := m.node.Status(m.now.Boot).Token
	older := token
	older.Acquisition--
	in := core.Input{
		Kind: kind, Op: call.Op, Req: call.Req, Signal: call.Signal, Attempt: call.Attempt,
		Version:  rapid.Uint32Range(1, 9).Draw(t, "version"),
		Epoch:    core.Epoch(rapid.Uint64Range(1, 9).Draw(t, "epoch")),
		Token:    rapid.SampledFrom([]core.Token{{}, token, older, rival}).Draw(t, "token"),
		State:    core.SignalState(rapid.Uint8Range(0, uint8(core.Void)).Draw(t, "state")),
		Answer:   order.Answer(rapid.Uint8Range(0, uint8(order.Absent)).Draw(t, "answer")),
		Reason:   rapid.SampledFrom(refusals).Draw(t, "reason"),
		Control:  rapid.SampledFrom(modes).Draw(t, "mode"),
		Flags:    core.Flags(rapid.Uint8Range(0, 63).Draw(t, "flags")),
		Tenure:   core.TenureKind(rapid.Uint8Range(0, 1).Draw(t, "kind")),
		Protocol: rapid.SampledFrom([]uint32{0, 0, 1<<16 | 1, 2<<16 | 2}).Draw(t, "protocol"),
		Age:      span(t, -time.Second, time.Minute),
		Lineage:  rapid.Uint32Range(1, 2).Draw(t, "lineage"),
		Accepted: rapid.Uint32Range(0, 3).Draw(t, "accepted"),
	}
	switch kind {
	case core.HeartbeatConfirmed, core.EpochWasTaken:
		if e := m.node.Epoch(); e != 0 && rapid.IntRange(0, 9).Draw(t, "fenced") > 0 {
			in.Epoch = e
		}
	case core.AttemptRead:
		if rapid.Bool().Draw(t, "ours") {
			in.State, in.Epoch, in.Token = core.Submitting, call.Epoch, call.Token
		}
		if in.State == core.Submitting && in.Epoch == call.Epoch && in.Token == call.Token {
			m.leave[permit{call.Signal, call.Attempt, call.Epoch}] = true
		}
	case core.PermitWasGranted:
		m.leave[permit{call.Signal, call.Attempt, call.Epoch}] = true
	default:
	}
	return in
}

// reply answers one of the open calls, which need not be awaited any more.
func (m *machine) reply(t *rapid.T) {
	if len(m.open) == 0 {
		t.Skip("this draw does not apply: no call is open")
	}
	i := rapid.IntRange(0, len(m.open)-1).Draw(t, "call")
	call := m.open[i]
	kinds := answers(call.Op)
	switch {
	case call.Op == core.Heartbeat && call.Epoch == 0:
		kinds = kinds[:1]
	case call.Op == core.Heartbeat:
		kinds = kinds[1:]
	}
	kind := rapid.SampledFrom(kinds).Draw(t, "kind")
	if call.Op != core.Fetch || kind != core.SignalFound {
		m.open = slices.Delete(m.open, i, i+1)
	}
	in := m.draw(t, call, kind)
	if kind == core.SignalFound {
		in.Signal = core.SignalID(rapid.Int64Range(1, 40).Draw(t, "signal"))
		in.Attempt = rapid.Uint32Range(0, 3).Draw(t, "attempt")
	}
	m.step(t, in)
}

// fill answers a list of work with as much as it may name.
func (m *machine) fill(t *rapid.T) {
	i := slices.IndexFunc(m.open, func(e core.Effect) bool { return e.Op == core.Fetch })
	if i < 0 {
		t.Skip("this draw does not apply: no list is under way")
	}
	call := m.open[i]
	m.open = slices.Delete(m.open, i, i+1)
	for n := range core.FetchLimit {
		in := m.draw(t, call, core.SignalFound)
		in.Signal, in.Attempt = call.After+core.SignalID(n+1), 1
		m.step(t, in)
	}
	end := core.Input{Kind: core.WorkListed, Req: call.Req}
	if rapid.Bool().Draw(t, "done") {
		end.Flags = core.Done
	}
	m.step(t, end)
}

// elect leads the node to leadership if it can be led there, so that the
// search does not spend its time among followers.
func (m *machine) elect(t *rapid.T) {
	if m.node.Role() == core.Leader {
		t.Skip("this draw does not apply: it leads already")
	}
	for range 60 {
		i := slices.IndexFunc(m.open, func(e core.Effect) bool {
			return e.Op == core.Heartbeat && e.Epoch == 0 || e.Op == core.Acquire || e.Op == core.Observe ||
				e.Op == core.TakeEpoch
		})
		if m.node.Role() == core.Leader || m.node.Role() == core.Draining {
			return
		}
		if i < 0 {
			m.move(m.node.Wake().Sub(m.now.Boot))
			m.step(t, core.Input{})
			continue
		}
		call := m.open[i]
		m.open = slices.Delete(m.open, i, i+1)
		in := core.Input{Req: call.Req, Kind: answers(call.Op)[0], Control: core.Run, Epoch: 3}
		m.step(t, in)
	}
}

func (m *machine) move(d time.Duration) {
	d = max(d, 0)
	m.now.Boot, m.now.Mono, m.now.Wall = m.now.Boot.Add(d), m.now.Mono.Add(d), m.now.Wall.Add(d)
}

// span draws a time span.
func span(t *rapid.T, least, most time.Duration) time.Duration {
	return time.Duration(rapid.Int64Range(int64(least), int64(most)).Draw(t, "span"))
}

// actions are what can happen.
func (m *machine) actions() map[string]func(*rapid.T) {
	return map[string]func(*rapid.T){
		"reply": m.reply, "reply again": m.reply, "and again": m.reply, "elect": m.elect, "fill": m.fill,
		"wake": func(t *rapid.T) {
			m.move(m.node.Wake().Sub(m.now.Boot))
			m.step(t, core.Input{})
		},
		"wait": func(t *rapid.T) {
			m.move(span(t, 0, 4*time.Second))
			m.step(t, core.Input{})
		},
		"pause": func(t *rapid.T) { m.move(span(t, 0, time.Minute)) },
		"jump": func(t *rapid.T) {
			m.now.Wall = m.now.Wall.Add(span(t, -time.Second, time.Second))
		},
		"lose": func(t *rapid.T) {
			if len(m.open) == 0 {
				t.Skip("this draw does not apply: no call is open")
			}
			i := rapid.IntRange(0, len(m.open)-1).Draw(t, "call")
			call := m.open[i]
			m.open = slices.Delete(m.open, i, i+1)
			m.step(t, core.Input{Kind: core.OutcomeUnknown, Op: call.Op, Req: call.Req})
		},
		"ask": func(t *rapid.T) {
			m.step(t, core.Input{Kind: rapid.SampledFrom([]core.InputKind{
				core.ReleaseHeard, core.WorkHeard, core.WorkHeard, core.StepDownRequested,
			}).Draw(t, "kind")})
		},
		"stop": func(t *rapid.T) {
			if rapid.IntRange(0, 30).Draw(t, "now") != 0 {
				t.Skip("this draw is discarded: a node is seldom asked to stop")
			}
			m.step(t, core.Input{Kind: core.StopRequested})
		},
	}
}

// PROTOCOL 3: whatever happens in whatever order, a step keeps its promises.
func TestNodeKeepsItsPromisesWhateverHappens(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := newMachine(t)
		t.Repeat(m.actions())
	})
}

// PROTOCOL 4.2.20: whatever happened before, once the stores answer again a
// node that was asked to stop comes to its end: no flight is stuck, no drain
// goes on for ever.
func TestStoppingNodeComesToItsEndWhateverHappened(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := newMachine(t)
		t.Repeat(m.actions())
		m.settle(t)
	})
}

// settle lets every call from now on be answered at once. What is under way
// stays without an answer.
func (m *machine) settle(t *rapid.T) {
	m.open = m.open[:0]
	m.step(t, core.Input{Kind: core.StopRequested})
	end := m.now.Boot.Add(4 * m.cfg.TTL)
	for !m.node.Status(m.now.Boot).Idle {
		if m.now.Boot > end {
			t.Fatalf("a %v, not idle after four ttl: %+v", m.node.Role(), m.node.Status(m.now.Boot))
		}
		if len(m.open) > 0 {
			call := m.open[0]
			m.open = m.open[1:]
			m.step(t, m.kindly(call))
			continue
		}
		m.move(m.node.Wake().Sub(m.now.Boot))
		m.step(t, core.Input{})
	}
}

// kindly is what a healthy store says to the call.
func (m *machine) kindly(call core.Effect) core.Input {
	in := core.Input{
		Req: call.Req, Signal: call.Signal, Attempt: call.Attempt, Control: core.Run, Epoch: call.Epoch,
	}
	switch kinds := answers(call.Op); call.Op {
	case core.Heartbeat:
		in.Kind = core.AuthorityObserved
		if call.Epoch != 0 {
			in.Kind = core.HeartbeatConfirmed
		}
	case core.Fetch:
		in.Kind, in.Flags = core.WorkListed, core.Done
	case core.Record:
		in.Kind, in.State = kinds[0], call.State
	case core.Submit:
		in.Kind, in.Answer = kinds[0], order.Filled
	case core.Permit:
		in.Kind = kinds[0]
		m.leave[permit{call.Signal, call.Attempt, call.Epoch}] = true
	default:
		in.Kind = kinds[0]
	}
	return in
}
