package detect

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"fencepost/core"
	"fencepost/core/event"
	"fencepost/core/history"
)

// ms is an instant of a history, in milliseconds.
func ms(n int64) int64 { return n * int64(time.Millisecond) }

// after is a measured value, in milliseconds.
func after(n int64) Span { return Span(ms(n)) }

// said is an announcement of a node.
func said(at int64, node int16, what event.Event, epoch core.Epoch) history.Record {
	return history.Record{
		At: ms(at), Kind: history.Announced, Event: what, Node: node, Subject: node, Epoch: epoch,
		By: core.Self,
	}
}

// record is any other observation of a node.
func record(at int64, kind history.Kind, node int16) history.Record {
	return history.Record{At: ms(at), Kind: kind, Node: node, Subject: history.None}
}

// believes says that a node believes from an instant until another.
func believes(at int64, node int16, epoch core.Epoch, until int64) history.Record {
	r := record(at, history.BeliefHeld, node)
	r.Epoch, r.Until = epoch, ms(until)
	return r
}

// fault is the beginning or the end of a disturbance.
func fault(at int64, kind history.Kind, class history.Fault, node int16) history.Record {
	r := record(at, kind, node)
	r.Fault = class
	return r
}

// effect is a permit or an order.
func effect(at int64, kind history.Kind, node int16, epoch core.Epoch, signal core.SignalID) history.Record {
	r := record(at, kind, node)
	r.Epoch, r.Signal, r.Attempt = epoch, signal, 1
	return r
}

// kind finds a type of fault.
func kind(t *testing.T, name string) *Kind {
	t.Helper()
	found, err := Find([]string{name})
	if err != nil {
		t.Fatal(err)
	}
	return found[0]
}

// only collects the one occurrence of a history.
func only(t *testing.T, k *Kind, records []history.Record) Occurrence {
	t.Helper()
	found, lost := k.Collect(records)
	if len(found) != 1 || lost != 0 {
		t.Fatalf("%d occurrences, %d lost; want one", len(found), lost)
	}
	return found[0]
}

// paused is the history of a leader n1 that stands still from 1000 to 2700, its
// lease trusted until 1700, while n2 leads from 1900 on.
func paused() []history.Record {
	refused := record(2730, history.EffectRefused, 0)
	refused.Epoch, refused.Current, refused.Op = 1, 2, core.Permit
	stale := said(1900, 1, event.LeaderStale, 1)
	stale.Subject, stale.By = 0, core.Peer
	return []history.Record{
		believes(100, 0, 1, 1000), believes(700, 0, 1, 1700),
		effect(950, history.Permitted, 0, 1, 7),
		said(990, 0, event.OrderSent, 1),
		fault(999, history.FaultBegan, history.NodeFault, 0), record(1000, history.NodePaused, 0),
		stale, said(1900, 1, event.LeaderElected, 2), believes(1900, 1, 2, 2900),
		effect(1910, history.Permitted, 1, 2, 8), said(1950, 1, event.SignalExecuted, 2),
		fault(2699, history.FaultEnded, history.NodeFault, 0), record(2700, history.NodeResumed, 0),
		said(2702, 0, event.LeaderSteppedDown, 1), record(2702, history.BeliefEnded, 0), refused,
	}
}

// The places in that history that tests plant something at.
const (
	renewed  = 1  // the last belief of n1
	sent     = 3  // its last order leaves its node
	struck   = 4  // the fault begins
	stood    = 5  // the process stands still
	elected  = 8  // the belief of n2
	executed = 10 // its first signal
	last     = 15 // the ledger's answer to n1
)

// with returns the history with one more record behind a place.
func with(records []history.Record, place int, more history.Record) []history.Record {
	return slices.Insert(slices.Clone(records), place+1, more)
}

func TestEveryQuantityOfAPauseIsMeasuredFromItsOwnMoment(t *testing.T) {
	t.Parallel()
	o := only(t, kind(t, "pause"), paused())
	want := map[Quantity]Span{
		Self: after(2), Store: after(30), // from waking
		Peer: after(900), GaveUp: after(700), Elected: after(900), Recovered: after(950),
		Overlap: after(-200),
	}
	if !maps.Equal(o.Measured, want) || o.Old != 0 || o.Next != 1 || o.Epoch != 1 || o.At != after(1000) ||
		o.LateEffects != 0 {
		t.Errorf("%+v\nwant %+v", o, want)
	}
	if what := kind(t, "pause").violation(&o); what != "" {
		t.Errorf("it is called a violation: %s", what)
	}
}

func TestTwoWhoBelieveAtOnceAreAViolation(t *testing.T) {
	t.Parallel()
	records := paused()
	records[renewed].Until = ms(1901)
	o := only(t, kind(t, "pause"), records)
	if what := kind(t, "pause").violation(&o); o.Measured[Overlap] != after(1) ||
		!strings.Contains(what, "n1 believed until 0.001000s after n2") {
		t.Errorf("%q: %+v", what, o)
	}
	records[renewed].Until = ms(1900)
	o = only(t, kind(t, "pause"), records)
	if kind(t, "pause").violation(&o) == "" {
		t.Errorf("without an instant in between: %+v", o)
	}
	if what := kind(t, "redis-data-loss").violation(&o); what != "" {
		t.Errorf("where the store forgets leases nothing is owed: %s", what)
	}
}

func TestBeliefThatIsEndedEndsThereAndNotAtItsDeadline(t *testing.T) {
	t.Parallel()
	records := paused()
	records[renewed].Until = ms(2000) // it would overlap, had it not been given up before
	ended := record(1500, history.BeliefEnded, 0)
	records = with(records, stood, ended)
	if o := only(t, kind(t, "pause"), records); o.Measured[Overlap] != after(-400) ||
		o.Measured[GaveUp] != after(500) {
		t.Errorf("%+v", o)
	}
}

func TestPermitOfTheOldLeaderAfterOneOfTheNextIsAViolation(t *testing.T) {
	t.Parallel()
	records := paused()
	records[last] = effect(2730, history.Permitted, 0, 1, 9)
	o := only(t, kind(t, "pause"), records)
	what := kind(t, "pause").violation(&o)
	if o.LateEffects != 1 || !strings.Contains(what, "n1 had 1 effect") {
		t.Errorf("%q: %+v", what, o)
	}
}

func TestOrderThatStoodStillOnItsWayIsALateEffect(t *testing.T) {
	t.Parallel()
	records := paused()
	records[sent].Signal, records[sent].Attempt = 7, 1
	records[last] = effect(2730, history.OrderCreated, history.None, 0, 7)
	if o := only(t, kind(t, "pause"), records); o.LateEffects != 1 {
		t.Errorf("%+v", o)
	}
	// Sent again by the next leader, it is that one's.
	again := said(1905, 1, event.OrderSent, 2)
	again.Signal, again.Attempt = 7, 1
	records = with(records, elected, again)
	if o := only(t, kind(t, "pause"), records); o.LateEffects != 0 {
		t.Errorf("%+v", o)
	}
}

func TestRefusalUnderALivingTenureIsNoNotice(t *testing.T) {
	t.Parallel()
	records := paused()
	records[last].Current, records[last].Reason = 1, core.StateChanged
	if o := only(t, kind(t, "pause"), records); o.Measured[Store] != 0 {
		t.Errorf("a refusal for another reason counts: %+v", o)
	}
	records[last].Reason = core.TenureClosed
	if o := only(t, kind(t, "pause"), records); o.Measured[Store] != after(30) {
		t.Errorf("one of a closed tenure does not: %+v", o)
	}
}

func TestFaultThatStrikesSomebodyWhoDoesNotLeadIsLost(t *testing.T) {
	t.Parallel()
	records := paused()
	records[struck].Node, records[stood].Node = 2, 2
	if found, lost := kind(t, "pause").Collect(records); len(found) != 0 || lost != 1 {
		t.Errorf("%d occurrences, %d lost", len(found), lost)
	}
	records = []history.Record{
		believes(100, 0, 1, 1000), fault(1100, history.FaultBegan, history.RedisFault, history.None),
	}
	if found, lost := kind(t, "redis-stall").Collect(records); len(found) != 0 || lost != 1 {
		t.Errorf("where nobody led: %d occurrences, %d lost", len(found), lost)
	}
}

func TestOutcomeThatTheOldLeaderStillRecordsIsNoRecovery(t *testing.T) {
	t.Parallel()
	records := with(paused(), elected, said(1905, 0, event.SignalExecuted, 1))
	if o := only(t, kind(t, "pause"), records); o.Measured[Recovered] != after(950) {
		t.Errorf("%+v", o)
	}
}

// undisturbed is the history of a leader that loses its broker and leads on to the
// end of the run, at which its process is killed.
func undisturbed() []history.Record {
	return []history.Record{
		believes(100, 0, 1, 1000), fault(500, history.FaultBegan, history.LinkFault, 0),
		believes(900, 0, 1, 1800), fault(1500, history.FaultEnded, history.LinkFault, 0),
		said(1520, 0, event.SignalExecuted, 1), believes(1600, 0, 1, 2500),
		record(2000, history.BeliefEnded, 0), record(2000, history.NodeDown, 0),
		record(2001, history.NodeDown, 1),
	}
}

func TestLeaderThatOutlivesTheFaultHasGivenNothingUp(t *testing.T) {
	t.Parallel()
	k := kind(t, "broker-link")
	o := only(t, k, undisturbed())
	want := map[Quantity]Span{Recovered: after(20)}
	if !maps.Equal(o.Measured, want) || k.violation(&o) != "" {
		t.Errorf("%+v: %s", o, k.violation(&o))
	}
	records := undisturbed()
	records[5] = record(1700, history.BeliefEnded, 0)
	o = only(t, k, records)
	if what := k.violation(&o); !strings.Contains(what, "gave up") {
		t.Errorf("a broker that is away ended leadership, and that is told as %q", what)
	}
}

func TestWhatComesBeforeAStoreIsBackIsNoRecoveryFromThat(t *testing.T) {
	t.Parallel()
	records := []history.Record{
		believes(100, 0, 1, 1000), fault(500, history.FaultBegan, history.PostgresFault, history.None),
		said(2000, 1, event.LeaderElected, 2), believes(2000, 1, 2, 2900),
		said(2003, 1, event.SignalExecuted, 2),
		fault(2010, history.FaultEnded, history.PostgresFault, history.None),
		said(2040, 1, event.SignalExecuted, 2),
	}
	o := only(t, kind(t, "postgres-crash"), records)
	for _, q := range []Quantity{Elected, Recovered} {
		if value, ok := o.Measured[q]; ok {
			t.Errorf("%s is %d ns", q, value)
		}
	}
	records = slices.Insert(slices.Clone(records), 6, said(2015, 1, event.LeaderElected, 3))
	o = only(t, kind(t, "postgres-crash"), records)
	if o.Measured[Elected] != after(5) || o.Measured[Recovered] != after(30) {
		t.Errorf("%+v", o)
	}
}

func TestOneOccurrenceEndsWhereTheNextFaultStrikes(t *testing.T) {
	t.Parallel()
	records := append(paused(), believes(2800, 1, 2, 3800),
		fault(3000, history.FaultBegan, history.NodeFault, 1), record(3000, history.NodePaused, 1),
		said(3900, 2, event.LeaderElected, 3), believes(3900, 2, 3, 4900),
		record(4700, history.NodeResumed, 1), said(4701, 1, event.LeaderStale, 2),
	)
	found, lost := kind(t, "pause").Collect(records)
	if len(found) != 2 || lost != 0 {
		t.Fatalf("%d occurrences, %d lost", len(found), lost)
	}
	if o := found[1]; o.Old != 1 || o.Next != 2 || o.Measured[Self] != after(1) ||
		o.Measured[Elected] != after(900) {
		t.Errorf("%+v", o)
	}
	records[executed].At, records = 0, append(records, said(4750, 1, event.SignalExecuted, 2))
	found, _ = kind(t, "pause").Collect(records)
	if value, ok := found[0].Measured[Recovered]; ok {
		t.Errorf("what happened under the next fault counts: %d ns", value)
	}
}
