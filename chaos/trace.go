package chaos

import (
	"fmt"
	"strings"

	"fencepost/core"
	"fencepost/core/history"
	"fencepost/core/order"
	"fencepost/scenarios"
)

// line puts a record into words, one line of them.
func line(r *history.Record) string {
	var text strings.Builder
	fmt.Fprintf(&text, "%12s  %-3s ", scenarios.Seconds(r.At), scenarios.NodeName(r.Node))
	if r.Kind == history.Announced {
		text.WriteString(r.Event.String())
	} else {
		text.WriteString(r.Kind.String())
	}
	for _, d := range details(r) {
		text.WriteString(" " + d.name + "=" + d.text)
	}
	return text.String()
}

// detail is one field of a record that says something.
type detail struct{ name, text string }

// details lists what a record carries.
func details(r *history.Record) []detail {
	var list []detail
	add := func(holds bool, name string, value any) {
		if holds {
			list = append(list, detail{name, fmt.Sprint(value)})
		}
	}
	fault := r.Kind == history.FaultBegan || r.Kind == history.FaultEnded
	add(fault, "fault", r.Fault)
	add(r.Epoch != 0, "epoch", r.Epoch)
	add(r.Current != 0, "current", r.Current)
	add(r.Seq != 0, "seq", r.Seq)
	add(r.Signal != 0, "signal", r.Signal)
	add(r.Attempt != 0, "attempt", r.Attempt)
	add(r.State != core.NoSignal, "state", r.State)
	add(r.Op != core.NoOp, "op", r.Op)
	add(r.Reason != core.NoReason, "reason", r.Reason)
	add(r.Answer != order.Unknown, "answer", r.Answer)
	add(r.By != core.Self, "by", r.By)
	add(r.Subject >= 0 && r.Subject != r.Node && r.Kind == history.Announced, "about",
		scenarios.NodeName(r.Subject))
	add(!r.Token.IsZero(), "token", fmt.Sprintf("%016x|%d", uint64(r.Token.Nonce), r.Token.Acquisition))
	add(r.Until != 0, "until", scenarios.Seconds(r.Until))
	add(r.Kind == history.Reach, "stores", fmt.Sprintf("%04b", r.Stores))
	add(r.Logged, "logged", r.Logged)
	add(r.Alerted, "alerted", r.Alerted)
	add(r.Wrong, "wrong", r.Wrong)
	add(r.Kind == history.ControlSet, "control", r.Control)
	return list
}
