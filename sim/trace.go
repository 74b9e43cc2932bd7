package sim

import (
	"fmt"
	"io"

	"fencepost/core"
	"fencepost/core/history"
	"fencepost/scenarios"
)

// traceKind says what a line of the trace is about.
type traceKind uint8

// The kinds of line.
const (
	tracedInput traceKind = iota
	tracedCall
	tracedRecord
	tracedStep
	tracedHeal
)

// line is one happening as the trace keeps it: numbers only, so that keeping
// it costs next to nothing. Words are found when somebody reads it. What inputs
// and calls have to say stands where it does in a record: those are most lines,
// and are copied as they are.
type line struct {
	record history.Record
	kind   traceKind
	input  core.InputKind
	req    uint32
}

// traceLength is how many lines are kept; a power of two.
const traceLength = 1 << 13

// trace is a ring of the last lines.
type trace struct {
	lines []line
	count uint64
}

// reset forgets every line.
func (t *trace) reset() {
	if t.lines == nil {
		t.lines = make([]line, traceLength)
	}
	t.count = 0
}

// next returns the slot of the next line. The caller overwrites it.
func (t *trace) next() *line {
	l := &t.lines[t.count&(traceLength-1)]
	t.count++
	return l
}

// traceInput keeps an input.
func (w *World) traceInput(node int16, in *core.Input) {
	if in.Kind == core.TimePassed {
		return
	}
	*w.trace.next() = line{kind: tracedInput, input: in.Kind, req: in.Req, record: history.Record{
		At: w.now, Node: node, Op: in.Op, Epoch: in.Epoch, Signal: in.Signal, Attempt: in.Attempt,
		Reason: in.Reason, State: in.State, Token: in.Token,
	}}
}

// traceCall keeps a request that leaves.
func (w *World) traceCall(s *slot) {
	e := &s.effect
	*w.trace.next() = line{kind: tracedCall, req: e.Req, record: history.Record{
		At: w.now, Node: s.node, Op: s.op, Epoch: e.Epoch, Signal: e.Signal, Attempt: e.Attempt,
		State: e.State, Token: e.Token, Reason: e.Reason,
	}}
}

// traceRecord keeps a record.
func (w *World) traceRecord(r *history.Record) {
	if r.Kind == history.BeliefHeld || r.Kind == history.LeaseSet || r.Kind == history.HeartbeatSet {
		return
	}
	l := w.trace.next()
	l.kind, l.input, l.req = tracedRecord, 0, 0
	l.record = *r
}

// traceStep keeps that a step fired or was healed.
func (w *World) traceStep(index int32, kind traceKind) {
	*w.trace.next() = line{
		kind: kind, req: uint32(index), record: history.Record{At: w.now, Node: history.None},
	}
}

// WriteTrace writes the last n lines of the last run, or all that are kept if
// n is not positive. Errors of the writer are returned.
func (w *World) WriteTrace(to io.Writer, n int) error {
	kept := min(w.trace.count, traceLength)
	if n > 0 {
		kept = min(kept, uint64(n))
	}
	for i := w.trace.count - kept; i < w.trace.count; i++ {
		if _, err := fmt.Fprintln(to, w.describe(&w.trace.lines[i&(traceLength-1)])); err != nil {
			return err
		}
	}
	return nil
}

// describe puts a line into words.
func (w *World) describe(l *line) string {
	head := fmt.Sprintf("%12s  %-3s ", scenarios.Seconds(l.record.At), scenarios.NodeName(l.record.Node))
	switch l.kind {
	case tracedInput:
		return head + "<- " + l.input.String() + l.details()
	case tracedCall:
		return head + "-> " + l.record.Op.String() + l.details()
	case tracedRecord:
		return head + "   " + l.recordWords()
	case tracedStep, tracedHeal:
		return head + "!! " + w.stepWords(l.req, l.kind == tracedStep)
	default:
		return head + "?"
	}
}

// recordWords puts a record into words.
func (l *line) recordWords() string {
	r := &l.record
	if r.Kind != history.Announced {
		return "(" + r.Kind.String() + ")" + l.details()
	}
	words := "** " + r.Event.String()
	if r.Subject != r.Node || r.By != core.Self {
		words += " about " + scenarios.NodeName(r.Subject) + " by " + r.By.String()
	}
	if r.Op != core.NoOp {
		words += " of " + r.Op.String()
	}
	return words + l.details()
}

// details lists the fields that say something.
func (l *line) details() string {
	r := &l.record
	text := ""
	if l.req != 0 && l.kind != tracedRecord {
		text += fmt.Sprintf(" #%d", l.req)
	}
	if r.Epoch != 0 {
		text += fmt.Sprintf(" epoch=%d", r.Epoch)
	}
	if r.Signal != 0 {
		text += fmt.Sprintf(" signal=%d/%d", r.Signal, r.Attempt)
	}
	if r.State != core.NoSignal {
		text += " state=" + r.State.String()
	}
	if r.Reason != core.NoReason {
		text += " reason=" + r.Reason.String()
	}
	if !r.Token.IsZero() {
		text += fmt.Sprintf(" token=%s|%d", scenarios.NodeName(nodeOf(r.Token.Nonce)), r.Token.Acquisition)
	}
	return text
}

// stepWords says that a step fires or is healed, or that the nemesis strikes or
// lets go.
func (w *World) stepWords(index uint32, fires bool) string {
	own := len(w.program.verbs)
	switch {
	case int(index) >= own && fires:
		return "nemesis strikes: " + w.plan[int(index)-own].String()
	case int(index) >= own:
		return "nemesis lets go: " + w.plan[int(index)-own].String()
	case fires:
		return "step " + w.stepName(index) + " fires"
	default:
		return "step " + w.stepName(index) + " is healed"
	}
}

// stepName is how a step is called: by its id, or by its number and verb.
func (w *World) stepName(index uint32) string {
	s := &w.program.scenario.Steps[index]
	if s.ID != "" {
		return s.ID
	}
	return fmt.Sprintf("%d (%s)", index+1, s.Verb.Word())
}
