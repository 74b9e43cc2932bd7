package timeline

import (
	"time"

	"fencepost/core/word"
)

// Run is one run as the page shows it. The zero value of a field says that there
// is nothing to show.
type Run struct {
	// Name is the scenario's name, Tier the engine that played it.
	Name, Tier string
	// Seed is what the run was drawn from.
	Seed uint64
	// Verdict is the word of the run's verdict: pass, fail, unknown, invalid or
	// crash.
	Verdict string
	// Violation is the first broken invariant, nil if none broke.
	Violation *Violation
	// Why holds what else the verdict rests on, a sentence each: an expectation
	// that was missed, an assumption that did not hold.
	Why []string
	// Replay is the command that plays the run again.
	Replay string
	// Start is the instant at the left edge, from which the page counts.
	Start int64
	// Duration is the run's length. What is drawn beyond it is shown as well.
	Duration time.Duration
	// TTL is the lease's length, the second unit of the time axis.
	TTL time.Duration
	// Lanes are drawn from top to bottom.
	Lanes []Lane
}

// Violation is the first broken invariant.
type Violation struct {
	// Text is one sentence for a person, with the invariant's name.
	Text string
	// At is the instant at which it broke.
	At int64
	// Lane is the ID of the lane of whoever broke it, "" if nobody in particular.
	Lane string
}

// Lane is one row of the picture: a party, or the link between two.
type Lane struct {
	// ID names the lane: n1, redis, n1-redis. It is unique in a run.
	ID string
	// Title is what the page calls it.
	Title string
	// Kind says what the lane stands for.
	Kind LaneKind
	// Spans are what lasts. Those that overlap are drawn below each other.
	Spans []Span
	// Ticks are what happens at one instant, in any order.
	Ticks []Tick
}

// LaneKind says what a lane stands for.
type LaneKind uint8

// The kinds of lane. Each node has a colour, in the order of its lanes, which
// marks what it owns everywhere. A link on which nothing was seen is folded away
// until the reader asks for it.
const (
	NodeLane LaneKind = iota
	StoreLane
	LinkLane
	OutsideLane
)

var laneKinds = []string{NodeLane: "node", StoreLane: "store", LinkLane: "link", OutsideLane: "outside"}

// String returns the kind's word.
func (k LaneKind) String() string { return word.Of(laneKinds, k) }

// Span is something that lasts: a disturbance (a bar) or a claim (a band).
type Span struct {
	// Kind says what lasts.
	Kind SpanKind
	// From and To are its instants; To is ignored if it is Open.
	From, To int64
	// Open tells that it had not ended when the run did: it is drawn to the end.
	Open bool
	// Owner is the ID of the node whose colour it takes, "" for none.
	Owner string
	// Title is written into it, Detail shown on demand.
	Title, Detail string
}

// SpanKind says what a span means.
type SpanKind uint8

// The kinds of span: first the disturbances, then the claims to lead.
const (
	Fault  SpanKind = iota // a disturbance, by the engine's own account
	Down                   // the process does not run
	Paused                 // the process stands still
	Cut                    // the far side of a link cannot be reached
	Belief                 // the node believes that it leads
	Lease                  // Redis holds the node's token
	Tenure                 // the ledger has the node as leader under an epoch
)

var spanKinds = []string{
	Fault: "fault", Down: "down", Paused: "paused", Cut: "out of reach", Belief: "belief", Lease: "lease",
	Tenure: "epoch",
}

// String returns the kind's words.
func (k SpanKind) String() string { return word.Of(spanKinds, k) }

// Tick is something that happens at one instant.
type Tick struct {
	// At is the instant.
	At int64
	// Kind is what happened, by the name under which the legend lists it.
	Kind string
	// Shape is how ticks of that kind are drawn.
	Shape Shape
	// Owner is the ID of the node whose colour it takes, "" for none.
	Owner string
	// Signal is the signal it is about, "" for none. A search finds it.
	Signal string
	// Detail is shown on demand.
	Detail string
}

// Shape is how a tick is drawn: the louder, the easier it is to see.
type Shape uint8

// The shapes, from quiet to loud.
const (
	Line    Shape = iota // something was said or noted
	Dot                  // a signal moved
	Arrow                // a permit
	Diamond              // an order
	Flag                 // leadership changed
	Alarm                // something is amiss
	Cross                // something was refused
)

var shapes = []string{
	Line: "line", Dot: "dot", Arrow: "arrow", Diamond: "diamond", Flag: "flag", Alarm: "alarm",
	Cross: "cross",
}

// String returns the shape's word.
func (s Shape) String() string { return word.Of(shapes, s) }

// Lane returns the lane of that ID, nil if there is none. It stays valid until
// a lane is added.
func (r *Run) Lane(id string) *Lane {
	for i := range r.Lanes {
		if r.Lanes[i].ID == id {
			return &r.Lanes[i]
		}
	}
	return nil
}

// end returns the last instant of the picture.
func (r *Run) end() int64 {
	end := r.Start + int64(r.Duration)
	for i := range r.Lanes {
		for _, s := range r.Lanes[i].Spans {
			end = max(end, s.From)
			if !s.Open {
				end = max(end, s.To)
			}
		}
		for _, t := range r.Lanes[i].Ticks {
			end = max(end, t.At)
		}
	}
	if r.Violation != nil {
		end = max(end, r.Violation.At)
	}
	return end
}
