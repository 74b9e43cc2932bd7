package sim

import (
	"fmt"
	"io"

	"fencepost/core"
	"fencepost/core/event"
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
// it costs next to nothing. Words are found when somebody reads it. The ring of
// lines is most of the memory that a run walks through, so a line is as small as
// the numbers of a simulated run allow.
type line struct {
	at      int64
	req     uint32
	attempt uint32
	epoch   uint32
	signal  uint32
	// acquisition and holder are the token, holder its node counted from one.
	acquisition uint32
	holder      int16
	node        int16
	subject     int16
	kind        traceKind
	input       core.InputKind
	op          core.Op
	event       event.Event
	record      history.Kind
	state       core.SignalState
	reason      core.Reason
	by          core.Party
}

// traceLength is how many lines are kept; a power of two.
const traceLength = 1 << 13

// trace is a ring of the last lines. A run that its seed can repeat keeps none:
// it is played again once somebody wants to read it, which few runs of a search
// are, and until then its lines would only push the world out of the cache.
type trace struct {
	lines *[traceLength]line
	count uint64
	kept  bool
	// again is the seed of a run that was not kept, if repeats says that there was one.
	again   uint64
	repeats bool
}

// begin forgets every line. Only what no seed repeats is kept at once.
func (t *trace) begin(seed uint64, repeats bool) {
	t.count, t.again, t.repeats = 0, seed, repeats
	t.keep(!repeats)
}

// keep makes room for lines, if they are wanted.
func (t *trace) keep(lines bool) {
	t.kept = lines
	if lines && t.lines == nil {
		t.lines = new([traceLength]line)
	}
}

// retrace plays the last run again, with its trace, unless that was kept. One that
// panicked does so again, and its trace ends there.
func (w *World) retrace() {
	if !w.trace.repeats || w.trace.kept {
		return
	}
	defer func() { _ = recover() }()
	w.seeded.Seed(w.trace.again)
	w.tape = &w.seeded
	w.trace.keep(true)
	w.play()
}

// next returns the slot of the next line, with what it says of a token. What lines
// of its kind do not set is left over from another.
func (t *trace) next(at int64, kind traceKind, node int16, token *core.Token) *line {
	l := &t.lines[t.count&(traceLength-1)]
	t.count++
	l.at, l.kind, l.node = at, kind, node
	l.holder, l.acquisition = nodeOf(token.Nonce)+1, token.Acquisition
	return l
}

// traceInput keeps an input.
func (w *World) traceInput(node int16, in *core.Input) {
	if w.trace.kept && in.Kind != core.TimePassed {
		w.keepInput(node, in)
	}
}

func (w *World) keepInput(node int16, in *core.Input) {
	l := w.trace.next(w.now, tracedInput, node, &in.Token)
	l.input, l.op, l.req = in.Kind, in.Op, in.Req
	l.epoch, l.signal, l.attempt = uint32(in.Epoch), uint32(in.Signal), in.Attempt
	l.reason, l.state = in.Reason, in.State
}

// traceCall keeps a request that leaves.
func (w *World) traceCall(s *slot) {
	if w.trace.kept {
		w.keepCall(s)
	}
}

func (w *World) keepCall(s *slot) {
	e := &s.effect
	l := w.trace.next(w.now, tracedCall, s.node, &e.Token)
	l.op, l.req = s.op, e.Req
	l.epoch, l.signal, l.attempt = uint32(e.Epoch), uint32(e.Signal), e.Attempt
	l.reason, l.state = e.Reason, e.State
}

// traceRecord keeps a record.
func (w *World) traceRecord(r *history.Record) {
	if w.trace.kept {
		w.keepRecord(r)
	}
}

func (w *World) keepRecord(r *history.Record) {
	if r.Kind == history.BeliefHeld || r.Kind == history.LeaseSet || r.Kind == history.HeartbeatSet {
		return
	}
	l := w.trace.next(r.At, tracedRecord, r.Node, &r.Token)
	l.record, l.event, l.op, l.by, l.subject = r.Kind, r.Event, r.Op, r.By, r.Subject
	l.epoch, l.signal, l.attempt = uint32(r.Epoch), uint32(r.Signal), r.Attempt
	l.reason, l.state = r.Reason, r.State
}

// traceStep keeps that a step fired or was healed.
func (w *World) traceStep(index int32, kind traceKind) {
	if w.trace.kept {
		w.trace.next(w.now, kind, history.None, &core.Token{}).req = uint32(index)
	}
}

// WriteTrace writes the last n lines of the last run, or all that are kept if
// n is not positive. It plays the run of a seed again for that, in this world.
// Errors of the writer are returned.
func (w *World) WriteTrace(to io.Writer, n int) error {
	w.retrace()
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
	head := fmt.Sprintf("%12s  %-3s ", scenarios.Seconds(l.at), scenarios.NodeName(l.node))
	switch l.kind {
	case tracedInput:
		return head + "<- " + l.input.String() + l.details()
	case tracedCall:
		return head + "-> " + l.op.String() + l.details()
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
	if l.record != history.Announced {
		return "(" + l.record.String() + ")" + l.details()
	}
	words := "** " + l.event.String()
	if l.subject != l.node || l.by != core.Self {
		words += " about " + scenarios.NodeName(l.subject) + " by " + l.by.String()
	}
	if l.op != core.NoOp {
		words += " of " + l.op.String()
	}
	return words + l.details()
}

// details lists the fields that say something.
func (l *line) details() string {
	text := ""
	if l.req != 0 && l.kind != tracedRecord {
		text += fmt.Sprintf(" #%d", l.req)
	}
	if l.epoch != 0 {
		text += fmt.Sprintf(" epoch=%d", l.epoch)
	}
	if l.signal != 0 {
		text += fmt.Sprintf(" signal=%d/%d", l.signal, l.attempt)
	}
	if l.state != core.NoSignal {
		text += " state=" + l.state.String()
	}
	if l.reason != core.NoReason {
		text += " reason=" + l.reason.String()
	}
	if l.holder != 0 || l.acquisition != 0 {
		text += fmt.Sprintf(" token=%s|%d", scenarios.NodeName(l.holder-1), l.acquisition)
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
