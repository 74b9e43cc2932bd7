package sim

import (
	"fmt"
	"testing"

	"fencepost/core"
	"fencepost/core/event"
	"fencepost/core/history"
)

func TestMalformedBodiesAreRefusedAndLeaveNothing(t *testing.T) {
	const idle = `version: 1
name: f
why: w
tiers: [sim, real]
catches: [fails-open]
cluster: {nodes: 3, lease: {ttl: 1s}}
workload: {signals: 1, every: 4s}
steps:
  - {at: 1s, webhook: {act: malformed, count: 30, to: any}}
expect:
  - never: no-lost-signal
run: {duration: 6ttl, settle: 3ttl, seeds: {sim: 1}}
`
	w := world(t, idle)
	r := plays(t, w, 20)
	times(t, r, event.SignalReceived, 20, 20)
	refused, unread := 0, 0
	for i := range w.offers {
		switch o := &w.offers[i]; {
		case o.malformed && o.settled && o.tries == 1:
			refused++
		case o.malformed:
			unread++
		}
	}
	if refused != 30 || unread != 0 || w.Run(1).Offered != 1 {
		t.Errorf("%d refused at once, %d not", refused, unread)
	}
}

func TestReplayBringsTheOldestSignalsAgain(t *testing.T) {
	w := acts(t, "{at: 5s, webhook: {act: replay, count: 7, to: all}}")
	r := plays(t, w, 20)
	times(t, r, event.SignalDuplicate, 20*7, 20*8)
	again := w.offers[:0:0]
	for _, o := range w.offers {
		if !o.first {
			again = append(again, o)
		}
	}
	for i, o := range again {
		if int(o.key) != i {
			t.Errorf("copy %d is of signal %d", i, o.key)
		}
	}
}

func TestNarrowLinkLetsMessagesQueue(t *testing.T) {
	narrow := "{at: 3s, net: {link: leader <-> postgres, effect: bandwidth, rate: %d/s, for: 3ttl}}"
	wide := plays(t, acts(t, fmt.Sprintf(narrow, 512_000)), 20)
	times(t, wide, event.OutcomeUnknown, 0, 0)
	tight := plays(t, acts(t, fmt.Sprintf(narrow, 4_000)), 20)
	times(t, tight, event.OutcomeUnknown, 20, -1)
	w := acts(t, fmt.Sprintf(narrow, 4_000))
	w.Run(1)
	d := damage{byteTime: 1_000_000, effect: "bandwidth"}
	l := link{dir: [ways][]damage{out: {d}}}
	_, first := w.travel(&l, out, 0, 0)
	_, second := w.travel(&l, out, 0, 0)
	if second-first != 1_000_000 {
		t.Errorf("the first message takes %d, the second one %d: they share the link", first, second)
	}
}

func TestFlappingLinkLosesCallsByDelayAndByRate(t *testing.T) {
	for _, often := range []string{"delay: 150ms", "rate: 3/s"} {
		w := acts(t, fmt.Sprintf(
			"{at: 3s, net: {link: leader <-> redis, effect: flap, %s, for: 6ttl}}", often))
		times(t, plays(t, w, 20), event.OutcomeUnknown, 20, -1)
		if _, after := during(t, w, event.OutcomeUnknown, 5); after > 5 {
			t.Errorf("%s: %d calls were lost after the link was healed", often, after)
		}
	}
}

func TestResetCutsWhatIsUnderWay(t *testing.T) {
	once := plays(t, acts(t, "{at: 4s, net: {link: all <-> all, effect: reset}}"), 50)
	often := plays(t, acts(t, "{at: 4s, net: {link: all <-> all, effect: reset, rate: 20/s, for: 2ttl}}"), 50)
	if once.Counts[event.OutcomeUnknown] == 0 ||
		often.Counts[event.OutcomeUnknown] < 5*once.Counts[event.OutcomeUnknown] {
		t.Errorf("one reset cut %d calls, forty cut %d",
			once.Counts[event.OutcomeUnknown], often.Counts[event.OutcomeUnknown])
	}
	w := acts(t, "{at: 4s, net: {link: leader <-> postgres, effect: reset}}")
	w.Run(1)
	w.ledger.pools[0].idle, w.ledger.pools[1].idle = 2, 3
	w.breakOpen(0, core.Postgres)
	if w.ledger.pools[0].idle+w.ledger.pools[1].idle != 0 {
		t.Error("sessions outlive the connections that carry them")
	}
	i, r := w.slots.take(requestArrives, 0)
	r.op, r.store, r.life, r.cut, r.session = core.Observe, core.Postgres, w.hosts[0].life, false, false
	w.queue.push(w.now, i)
	w.breakOpen(0, core.Postgres)
	if f, _ := w.wayBack(r); f != resets {
		t.Error("a call under way is answered over a connection that broke")
	}
}

func TestHeldRequestsArriveLateAndAreAnsweredToNobody(t *testing.T) {
	w := acts(t, "{at: 4s, net: {link: leader -> postgres, effect: hold, for: 150ms}}")
	w.Run(1)
	w.retrace()
	arrived, told := 0, 0
	for i := range w.trace.count {
		l := &w.trace.lines[i&(traceLength-1)]
		switch {
		case l.kind == tracedInput && l.input == core.OutcomeUnknown:
			told++
		case l.kind != tracedRecord:
		case l.record == history.Permitted || l.record == history.EffectAccepted:
			arrived++
		}
	}
	if arrived == 0 || told == 0 || w.released == 0 {
		t.Errorf("%d requests were held, %d answers said that the connection broke", w.released, told)
	}
}
