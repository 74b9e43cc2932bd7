package core_test

import (
	"slices"
	"testing"
	"time"

	"fencepost/core"
	"fencepost/core/event"
	"fencepost/core/order"
)

// The nonces of the node on the bench and of somebody else.
const (
	self  core.Nonce = 0xA11CE
	other core.Nonce = 0xB0B
)

// rival is the token of another process.
var rival = core.Token{Nonce: other, Acquisition: 4}

// bench holds one node whose effects a test answers by hand. Its clock stands
// still unless the test moves it; whoever moves it steps the node at every
// wake on the way, as its driver would.
type bench struct {
	t    *testing.T
	cfg  core.Config
	node core.Node
	now  core.Now
	out  core.Effects
	// said are the announcements and calls of the last step, or of all steps
	// since the last look of a test that moved the clock.
	said []core.Effect
	// open are the calls without an answer that the node has not given up.
	open []core.Effect
	// until is when the node gives up the call of a request.
	until map[uint32]core.Time
	// stores answers calls of its own accord, at once and in their order; what
	// it leaves without answer is the test's.
	stores func(call core.Effect) []core.Input
}

// onBench puts a new node on the bench.
func onBench(t *testing.T, settings ...func(*core.Config)) *bench {
	t.Helper()
	cfg := core.Default()
	for _, set := range settings {
		set(&cfg)
	}
	if err := cfg.Validate(); err != nil {
		t.Fatalf("the bench has a configuration that is refused: %v", err)
	}
	start := core.Time(1000 * time.Second)
	b := &bench{t: t, cfg: cfg, now: core.Now{Boot: start, Mono: start - 5, Wall: start + 5}}
	b.until = map[uint32]core.Time{}
	b.node = core.New(cfg, self, b.now)
	return b
}

// broker sets what the broker promises.
func broker(class order.Class) func(*core.Config) {
	return func(c *core.Config) { c.Broker = class.Capability() }
}

// tell steps the node with the input, at the bench's time, and forgets what
// was said before.
func (b *bench) tell(in core.Input) {
	b.t.Helper()
	b.said = b.said[:0]
	b.step(in)
}

// step is tell without forgetting.
func (b *bench) step(in core.Input) {
	b.t.Helper()
	queue := []core.Input{in}
	for turns := 0; len(queue) > 0; turns++ {
		if turns == 10_000 {
			b.t.Fatalf("10,000 turns without any time passing; said last: %s", names(b.said[len(b.said)-9:]))
		}
		in, queue = queue[0], queue[1:]
		b.open = slices.DeleteFunc(b.open, func(e core.Effect) bool { return b.until[e.Req] <= b.now.Boot })
		b.node.Step(b.now, &in, &b.out)
		b.said = append(b.said, b.out.All()...)
		for _, e := range b.out.All() {
			if e.Op != core.NoOp {
				queue = append(queue, b.begin(e)...)
			}
		}
	}
}

// begin takes down a call and returns what the stores say at once.
func (b *bench) begin(call core.Effect) []core.Input {
	b.open = append(b.open, call)
	b.until[call.Req] = b.now.Boot.Add(call.Timeout)
	if b.stores == nil {
		return nil
	}
	answers := b.stores(call)
	for i := range answers {
		answers[i].Req = call.Req
	}
	if answers != nil {
		b.take(call)
	}
	return answers
}

// shift moves all three clocks and steps nobody.
func (b *bench) shift(d time.Duration) {
	b.now.Boot, b.now.Mono, b.now.Wall = b.now.Boot.Add(d), b.now.Mono.Add(d), b.now.Wall.Add(d)
}

// pass lets time pass, and steps the node at each of its wakes on the way.
func (b *bench) pass(d time.Duration) {
	b.t.Helper()
	b.said = b.said[:0]
	end := b.now.Boot.Add(d)
	for steps := 0; b.node.Wake() <= end; steps++ {
		if steps == 10_000 {
			b.t.Fatalf("the node wants its 10,000th turn within %v, now at %v", d, b.node.Wake())
		}
		b.shift(max(b.node.Wake().Sub(b.now.Boot), 0))
		b.step(core.Input{})
	}
	b.shift(end.Sub(b.now.Boot))
}

// pause moves the clocks while the node gets no turn, then gives it one.
func (b *bench) pause(d time.Duration) {
	b.t.Helper()
	b.shift(d)
	b.tell(core.Input{})
}

// call returns the newest open call of that operation.
func (b *bench) call(op core.Op) core.Effect {
	b.t.Helper()
	for i := len(b.open) - 1; i >= 0; i-- {
		if b.open[i].Op == op {
			return b.open[i]
		}
	}
	b.t.Fatalf("no %v is under way; open: %s", op, names(b.open))
	return core.Effect{}
}

// has reports whether a call of that operation is open.
func (b *bench) has(op core.Op) bool {
	return slices.ContainsFunc(b.open, func(e core.Effect) bool { return e.Op == op })
}

// answer gives the newest open call of that operation its answer.
func (b *bench) answer(op core.Op, in core.Input) {
	b.t.Helper()
	b.answerTo(b.call(op), in)
}

// answerTo gives one call its answer.
func (b *bench) answerTo(call core.Effect, in core.Input) {
	b.t.Helper()
	b.take(call)
	in.Req = call.Req
	b.tell(in)
}

// lose lets the newest open call of that operation fail.
func (b *bench) lose(op core.Op) {
	b.t.Helper()
	b.answer(op, core.Input{Kind: core.OutcomeUnknown, Op: op})
}

// take removes a call from the open ones.
func (b *bench) take(call core.Effect) {
	b.open = slices.DeleteFunc(b.open, func(e core.Effect) bool { return e.Req == call.Req })
}

// find returns the first announcement of the event since the last look.
func (b *bench) find(event event.Event) (core.Effect, bool) {
	for _, e := range b.said {
		if e.Op == core.NoOp && e.Event == event {
			return e, true
		}
	}
	return core.Effect{}, false
}

// says returns the announcement, or fails.
func (b *bench) says(event event.Event) core.Effect {
	b.t.Helper()
	e, ok := b.find(event)
	if !ok {
		b.t.Fatalf("%v is not announced; said: %s", event, names(b.said))
	}
	return e
}

// saysNot fails if the event was announced.
func (b *bench) saysNot(event event.Event) {
	b.t.Helper()
	if _, ok := b.find(event); ok {
		b.t.Fatalf("%v is announced; said: %s", event, names(b.said))
	}
}

// asks returns the call of that operation that was made since the last look.
func (b *bench) asks(op core.Op) core.Effect {
	b.t.Helper()
	for _, e := range b.said {
		if e.Op == op {
			return e
		}
	}
	b.t.Fatalf("%v is not called; said: %s", op, names(b.said))
	return core.Effect{}
}

// asksNot fails if one of the operations was called since the last look.
func (b *bench) asksNot(ops ...core.Op) {
	b.t.Helper()
	for _, e := range b.said {
		if e.Op != core.NoOp && slices.Contains(ops, e.Op) {
			b.t.Fatalf("%v is called; said: %s", e.Op, names(b.said))
		}
	}
}

// is fails unless the node has that role.
func (b *bench) is(role core.Role) {
	b.t.Helper()
	if b.node.Role() != role {
		b.t.Fatalf("the node is a %v, want a %v", b.node.Role(), role)
	}
}

// believes fails unless the node believes, or does not, as it should.
func (b *bench) believes(want bool) {
	b.t.Helper()
	if b.node.Believes(b.now.Boot) != want {
		b.t.Fatalf("belief is %v, want %v", !want, want)
	}
}

// names lists effects for a person.
func names(effects []core.Effect) string {
	text := ""
	for _, e := range effects {
		if text != "" {
			text += ", "
		}
		if e.Op != core.NoOp {
			text += e.Op.String()
			continue
		}
		text += e.Event.String()
	}
	if text == "" {
		return "nothing"
	}
	return text
}
