package timeline

import (
	"fmt"
	"strconv"
	"strings"

	"fencepost/core"
	"fencepost/core/event"
	"fencepost/core/history"
	"fencepost/core/order"
)

// tick draws a record of something that happens at one instant. A heartbeat, a
// stored row or a filled order says nothing that a neighbour of it does not.
func (d *draft) tick(r *history.Record) {
	lane := d.store(core.Postgres)
	t := Tick{At: r.At, Kind: r.Kind.String(), Signal: signal(r.Signal), Detail: details(r)}
	if namesNode(r.Kind) {
		t.Owner = NodeID(r.Node)
	}
	switch r.Kind {
	case history.Announced:
		lane = d.node(r.Node)
		t.Kind, t.Shape = r.Event.String(), shapeOf(r.Event)
	case history.Permitted:
		t.Shape = Arrow
	case history.EffectRefused:
		t.Shape = Cross
	case history.StateSet:
		t.Kind, t.Shape = "signal "+r.State.String(), Dot
		if r.Alerted {
			t.Shape = Alarm
		}
	case history.Missing:
		t.Shape = Alarm
	case history.Voided, history.ControlSet, history.AuthorityAccepted:
	case history.OrderCreated:
		lane, t.Shape = d.store(core.Broker), Diamond
	case history.Acknowledged:
		lane, t.Shape = d.node(history.None), Dot
	case history.Attested:
		lane, t.Shape = d.node(history.None), Flag
	default:
		return
	}
	lane.Ticks = append(lane.Ticks, t)
}

// shapeOf returns how an announcement is drawn.
func shapeOf(e event.Event) Shape {
	switch e {
	case event.LeaseAcquired, event.LeaseReleased, event.EpochTaken, event.LeaderElected,
		event.LeaderSteppedDown, event.ControlChanged:
		return Flag
	case event.LeaseLost, event.LeaderStale, event.LeaderEvicted, event.SplitBrainDetected,
		event.OrderAmbiguous, event.SignalInDoubt, event.RedisLostWrite, event.AuthorityRegressed,
		event.LeaderGray, event.ClockDrift, event.Degraded, event.OutcomeUnknown, event.AlertRaised:
		return Alarm
	case event.PermitRefused, event.HeartbeatRefused:
		return Cross
	case event.OrderSent:
		return Diamond
	default:
		return Line
	}
}

// details puts into words the fields of a record that say something.
func details(r *history.Record) string {
	var words []string
	add := func(format string, args ...any) { words = append(words, fmt.Sprintf(format, args...)) }
	if r.Node >= 0 && (r.Kind == history.Permitted || r.Kind == history.EffectRefused) {
		words = append(words, NodeID(r.Node))
	}
	if r.Kind == history.Announced && r.Subject != r.Node {
		add("about %s", holder(r.Subject))
	}
	if r.Kind == history.Announced && r.By != core.Self {
		add("noticed by %s", r.By)
	}
	if r.Op != core.NoOp {
		words = append(words, r.Op.String())
	}
	if r.Epoch != 0 {
		add("under epoch %d", r.Epoch)
	}
	if r.Kind == history.EffectRefused {
		add("while epoch %d is current", r.Current)
		if !r.Logged {
			add("and no row says so")
		}
	}
	if r.Attempt != 0 {
		add("attempt %d", r.Attempt)
	}
	if r.State != core.NoSignal {
		add("state %s", r.State)
	}
	if r.Reason != core.NoReason {
		add("reason %s", r.Reason)
	}
	if r.Answer != order.Unknown {
		add("answer %s", r.Answer)
	}
	if r.Seq != 0 {
		add("place %d in the ledger", r.Seq)
	}
	if r.Kind == history.ControlSet {
		add("mode %s", r.Control)
	}
	if r.Wrong {
		add("wrongly")
	}
	return strings.Join(words, ", ")
}

// namesNode tells whether a record of that kind, drawn as a tick, says which
// node it is about.
func namesNode(kind history.Kind) bool {
	return kind == history.Announced || kind == history.Permitted || kind == history.EffectRefused
}

// holder names a node, or whoever is none.
func holder(node int16) string {
	if node < 0 {
		return "somebody else"
	}
	return NodeID(node)
}

// signal prints a signal, "" for none.
func signal(s core.SignalID) string {
	if s == 0 {
		return ""
	}
	return strconv.FormatInt(int64(s), 10)
}

// number prints a number of the protocol.
func number[T ~uint32 | ~uint64](n T) string { return strconv.FormatUint(uint64(n), 10) }

// joined puts two halves of a sentence together.
func joined(first, second string) string {
	if first == "" {
		return second
	}
	return first + "; " + second
}
