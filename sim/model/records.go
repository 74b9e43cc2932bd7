package model

import (
	"fencepost/core"
	"fencepost/core/history"
)

// Records collects what the stores did, in order. One list serves all three
// models; whoever reads it empties it.
type Records struct {
	// List is what was seen. At and, of a LeaseSet or LeaseGone, Until are
	// instants on the clock of the store that was asked.
	List []history.Record
	// NodeOf returns the number of the node that a process runs on. Without it
	// no record names a node; Token always names the process.
	NodeOf func(core.Nonce) int16
}

// Reset empties the list and keeps its memory.
func (r *Records) Reset() { r.List = r.List[:0] }

// add returns a new record about the process at the end of the list.
func (r *Records) add(kind history.Kind, now core.Time, about core.Token) *history.Record {
	n := len(r.List)
	if n < cap(r.List) {
		r.List = r.List[:n+1]
	} else {
		r.List = append(r.List, history.Record{})
	}
	record := &r.List[n]
	*record = history.Record{}
	record.Kind, record.At, record.Token = kind, int64(now), about
	record.Node, record.Subject = r.node(about.Nonce), history.None
	return record
}

// addSignal returns a new record about a signal and no node.
func (r *Records) addSignal(
	kind history.Kind, now core.Time, signal core.SignalID, attempt uint32,
) *history.Record {
	record := r.add(kind, now, core.Token{})
	record.Signal, record.Attempt = signal, attempt
	return record
}

// node returns the number of the node of a process.
func (r *Records) node(nonce core.Nonce) int16 {
	if nonce == 0 || r.NodeOf == nil {
		return history.None
	}
	return r.NodeOf(nonce)
}

// MaxInputs is the most inputs that one request has for an answer: a full list
// of work and its end.
const MaxInputs = core.FetchLimit + 1

// Reply is the caller's array that an answer is written into. Its inputs carry
// neither Req nor Op.
type Reply struct {
	count int
	list  [MaxInputs]core.Input
}

// All returns the inputs in their order.
func (r *Reply) All() []core.Input { return r.list[:r.count] }

// next returns a cleared input at the end of the answer.
func (r *Reply) next(kind core.InputKind) *core.Input {
	in := &r.list[r.count]
	r.count++
	*in = core.Input{Kind: kind}
	return in
}

// assert stops the simulator when it asks for what no scenario can ask for.
func assert(holds bool, claim string) {
	if !holds {
		panic("sim/model: broken assumption: " + claim)
	}
}
