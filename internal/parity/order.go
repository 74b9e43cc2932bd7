package parity

import (
	"fencepost/core"
	"fencepost/core/event"
	"fencepost/core/history"
	"fencepost/scenarios"
)

// Said is one event of an order.
type Said struct {
	// At is in seconds of the run.
	At float64 `json:"at"`
	// Who is the node, called A, B, C in the order in which nodes first lead; ""
	// if it is nobody's.
	Who   string `json:"who,omitempty"`
	Event string `json:"event"`
}

// ordered are the events whose order is compared: what happens to leadership.
// What happens to signals is many times more, and ordered by nothing.
var ordered = map[event.Event]bool{
	event.LeaseAcquired: true, event.LeaseLost: true, event.LeaseReleased: true, event.EpochTaken: true,
	event.LeaderElected: true, event.LeaderSteppedDown: true, event.LeaderStale: true,
	event.LeaderEvicted: true, event.SplitBrainDetected: true, event.AuthorityRegressed: true,
	event.LeaderGray: true, event.ControlChanged: true,
}

// cast names nodes.
type cast struct{ names map[int16]string }

// name is what the node is called.
func (c *cast) name(node int16) string {
	if node < 0 {
		return ""
	}
	if known, ok := c.names[node]; ok {
		return known
	}
	return scenarios.NodeName(node)
}

// lead gives a node that leads for the first time its name.
func (c *cast) lead(node int16) {
	if _, known := c.names[node]; !known && node >= 0 {
		c.names[node] = string(rune('A' + len(c.names)))
	}
}

// orderOf returns the order of a history: an event that repeats itself counts
// once, and who says it by which party does not count.
func orderOf(records []history.Record) []Said {
	c := cast{names: map[int16]string{}}
	for i := range records {
		if r := &records[i]; r.Kind == history.Announced && r.Event == event.LeaderElected {
			c.lead(r.Node)
		}
	}
	var order []Said
	for i := range records {
		r := &records[i]
		if r.Kind != history.Announced || !ordered[r.Event] || r.By == core.StoreParty {
			continue
		}
		about := r.Node
		if r.Subject >= 0 {
			about = r.Subject
		}
		said := Said{At: float64(r.At) / 1e9, Who: c.name(about), Event: r.Event.String()}
		if n := len(order); n > 0 && order[n-1].same(&said) {
			continue
		}
		order = append(order, said)
	}
	return order
}

// same tells whether both say the same of the same node.
func (s *Said) same(other *Said) bool { return s.Who == other.Who && s.Event == other.Event }

// Divergence is where two orders part: the event that one world has there, or
// both, and how many came before it in both.
type Divergence struct {
	After int   `json:"after"`
	Sim   *Said `json:"sim"`
	Real  *Said `json:"real"`
}

// firstDivergence returns where the orders part, or nil.
func firstDivergence(sim, real []Said) *Divergence {
	for i := range max(len(sim), len(real)) {
		d := Divergence{After: i}
		if i < len(sim) {
			d.Sim = &sim[i]
		}
		if i < len(real) {
			d.Real = &real[i]
		}
		if d.Sim == nil || d.Real == nil || !d.Sim.same(d.Real) {
			return &d
		}
	}
	return nil
}
