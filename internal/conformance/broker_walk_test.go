package conformance_test

import (
	"fmt"
	"slices"
	"time"

	"pgregory.net/rapid"

	"fencepost/core"
	"fencepost/core/order"
	"fencepost/internal/broker"
	"fencepost/internal/broker/paper"
	brokerwire "fencepost/internal/broker/wire"
)

// behave begins an act at both brokers, or ends it.
func (w *brokerWalk) behave() {
	act := rapid.SampledFrom([]paper.Act{
		paper.Late, paper.Late, paper.Reject, paper.Down, paper.WrongStatus, paper.AcceptThenSilence,
		paper.DuplicateAck,
	}).Draw(w.rt, "act")
	if _, on := w.acts[act]; on {
		w.end(act)
		return
	}
	delay := time.Duration(0)
	if act == paper.Late {
		delays := []time.Duration{500 * time.Millisecond, 3 * time.Second}
		delay = rapid.SampledFrom(delays).Draw(w.rt, "delay")
	}
	w.begin(act, delay)
}

func (w *brokerWalk) begin(act paper.Act, delay time.Duration) {
	w.say("%s, by %v", act, delay)
	w.model.Misbehave(string(act), delay)
	w.must(w.desk.broker.Conduct.Begin(paper.Behaviour{Act: act, Delay: paper.Duration(delay)}))
	w.acts[act] = delay
}

func (w *brokerWalk) end(act paper.Act) {
	w.say("no more %s", act)
	w.model.Heal(string(act))
	w.desk.broker.Conduct.End(act)
	delete(w.acts, act)
}

// edge sends an order to a broker of class B that arrives at the end of its
// window, or a millisecond before or after that, whatever the sender's clock.
func (w *brokerWalk) edge() {
	if w.class != order.ClassB || w.ack > 0 {
		return
	}
	window := w.class.Capability().LateArrivalBound - broker.ClockTolerance
	ahead := rapid.SampledFrom([]time.Duration{0, 300 * time.Millisecond, broker.ClockTolerance})
	w.setSkew(ahead.Draw(w.rt, "ahead"))
	off := rapid.SampledFrom([]time.Duration{-time.Millisecond, 0, time.Millisecond}).Draw(w.rt, "off")
	if _, on := w.acts[paper.Late]; on {
		w.end(paper.Late)
	}
	w.begin(paper.Late, window+w.desk.skew+off)
	w.submit()
	w.end(paper.Late)
	w.seen["at the end of the window"]++
}

// slowly sets how long answers take. The orders are placed before.
func (w *brokerWalk) slowly() {
	delays := []time.Duration{0, 0, 200 * time.Millisecond, 4 * time.Second}
	w.answersTake(rapid.SampledFrom(delays).Draw(w.rt, "ack"))
}

func (w *brokerWalk) answersTake(delay time.Duration) {
	w.ack = delay
	w.say("answers take %v", w.ack)
	w.must(w.desk.broker.Conduct.Ack(w.ack, w.ack))
}

// skew sets the clock of those who send: within what a broker bears, at its
// edge, and beyond.
func (w *brokerWalk) skew() {
	w.setSkew(rapid.SampledFrom([]time.Duration{
		0, 300 * time.Millisecond, broker.ClockTolerance, broker.ClockTolerance + time.Millisecond,
		-4 * time.Second, -4*time.Second - time.Millisecond,
	}).Draw(w.rt, "skew"))
}

func (w *brokerWalk) setSkew(skew time.Duration) {
	w.say("the senders' clock is %v ahead", skew)
	w.desk.mu.Lock()
	defer w.desk.mu.Unlock()
	w.desk.skew = skew
}

// wait lets time pass: some, or until an order is filled.
func (w *brokerWalk) wait() {
	some := time.Duration(rapid.Int64Range(1, 4000).Draw(w.rt, "milliseconds")) * time.Millisecond
	if fill := w.model.NextFill(); fill != core.Never && rapid.Bool().Draw(w.rt, "until a fill") {
		less := rapid.SampledFrom([]time.Duration{0, time.Millisecond}).Draw(w.rt, "less")
		some = max(0, fill.Sub(w.now)-less)
	}
	w.pass(some)
}

// pass lets time pass at both. What was held up arrives in its turn.
func (w *brokerWalk) pass(d time.Duration) {
	w.say("%v passes", d)
	w.passUntil(w.now.Add(d), nil)
}

// passUntil lets time pass. An order whose sender waits arrives last of those
// that arrive at that instant, for it was sent last; own says whether it gets no
// answer.
func (w *brokerWalk) passUntil(until core.Time, own func() bool) {
	for silent := false; ; {
		at, waits := w.desk.next(until)
		w.now = at
		first := slices.IndexFunc(w.late, func(l lateOrder) bool { return l.arrives <= at })
		switch {
		case first >= 0:
			l := w.late[first]
			w.late = slices.Delete(w.late, first, first+1)
			w.seen["late, its sender gone"]++
			w.model.Submit(at, l.signal, l.attempt, l.stamp)
		case own != nil && at == until:
			silent = own()
			own = nil
		}
		w.desk.pass(at)
		w.must(w.desk.quiet(0, count(silent)))
		if !waits {
			return
		}
	}
}

// compare compares the books, order by order, and how each stands.
func (w *brokerWalk) compare() {
	var want, got []string
	for _, o := range w.model.Orders() {
		stands := order.Accepted
		if w.now >= o.FillAt {
			stands = o.End
		}
		want = append(want, fmt.Sprintf("%s %v at %v", orderID(o.Signal, o.Attempt), stands,
			o.PlacedAt.Sub(began)))
	}
	for _, r := range w.desk.broker.Book.Orders() {
		placed, err := time.Parse(time.RFC3339Nano, r.AcceptedAt)
		w.must(err)
		stands := map[brokerwire.Status]order.Answer{
			brokerwire.Accepted: order.Accepted, brokerwire.Filled: order.Filled,
		}[r.Status]
		got = append(got, fmt.Sprintf("%s %v at %v", r.ClientOrderID, stands,
			core.Time(placed.UnixNano()).Sub(began)))
	}
	if !slices.Equal(want, got) {
		w.part(want, got)
	}
	w.records.Reset()
}
