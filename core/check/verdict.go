package check

import (
	"fmt"

	"fencepost/core"
	"fencepost/core/history"
)

// Violation is one broken invariant.
type Violation struct {
	Invariant Invariant
	// At is when it broke, in nanoseconds on the observer's clock; for something
	// owed, the deadline.
	At int64
	// Node is who broke it, history.None if nobody in particular.
	Node int16
	// Signal and Epoch are zero where they have no part.
	Signal core.SignalID
	Epoch  core.Epoch
	// Detail is one sentence for a person.
	Detail string
}

// String returns the violation as one line.
func (v Violation) String() string {
	return fmt.Sprintf("%s at %.6fs: %s", v.Invariant, float64(v.At)/1e9, v.Detail)
}

// finding is a violation before anybody asked for its words.
type finding struct {
	invariant Invariant
	at        int64
	node      int16
	signal    core.SignalID
	epoch     core.Epoch
	// a and b are what the sentence needs besides.
	a, b int64
	say  func(*finding) string
}

// of returns a finding about the record.
func of(invariant Invariant, r *history.Record, say func(*finding) string) finding {
	return finding{
		invariant: invariant, at: r.At, node: r.Node, signal: r.Signal, epoch: r.Epoch, say: say,
	}
}

// violation puts the finding into words.
func (f *finding) violation() Violation {
	return Violation{
		Invariant: f.invariant, At: f.at, Node: f.node, Signal: f.signal, Epoch: f.epoch, Detail: f.say(f),
	}
}

// name returns how scenario files call a node.
func name(node int16) string {
	if node < 0 {
		return "nobody"
	}
	return fmt.Sprintf("n%d", node+1)
}

// seconds prints a length of time in nanoseconds.
func seconds(d int64) string { return fmt.Sprintf("%.6fs", float64(d)/1e9) }

// breaks keeps a finding if it is the first: the earliest, and of those at one
// instant the one whose invariant stands first in PROTOCOL 6.
func (s *Suite) breaks(f finding) {
	if s.cfg.Untimed && f.invariant.Timed() {
		return
	}
	if s.broken {
		earlier := f.at < s.first.at
		if !earlier && (f.at > s.first.at || f.invariant >= s.first.invariant) {
			return
		}
	}
	s.broken, s.first = true, f
}

// breaksUnless is breaks, but a fault of the set excuses and is counted.
func (s *Suite) breaksUnless(set faultSet, f finding) {
	if s.excuses.covers(set, f.at) {
		s.excuse(f.invariant)
		return
	}
	s.breaks(f)
}

// excuse counts a violation that was excused.
func (s *Suite) excuse(invariant Invariant) { s.excused[invariant]++ }

// Violation returns the first violation, if there is one: the earliest, and of
// several at one instant the one whose invariant stands first in PROTOCOL 6.
func (s *Suite) Violation() (Violation, bool) {
	if !s.broken {
		return Violation{}, false
	}
	return s.first.violation(), true
}

// Broken reports whether there is a violation; it costs nothing.
func (s *Suite) Broken() bool { return s.broken }

// Excused is how many violations were excused by a fault.
func (s *Suite) Excused() int {
	total := 0
	for _, n := range s.excused {
		total += n
	}
	return total
}

// ExcusedOf is how many violations of one invariant were excused.
func (s *Suite) ExcusedOf(invariant Invariant) int {
	if int(invariant) >= len(s.excused) {
		return 0
	}
	return s.excused[invariant]
}

// Marks returns how often each checker had something to judge. It stays valid
// until the next Reset.
func (s *Suite) Marks() *Marks { return &s.marks }

// GaveUp says why the history cannot be judged; the answer is empty if it can.
// A verdict over such a history is "unknown", unless something broke.
func (s *Suite) GaveUp() string { return s.gaveUp }

// giveUp notes the first reason for which the history cannot be judged.
func (s *Suite) giveUp(reason string) {
	if s.gaveUp == "" {
		s.gaveUp = reason
	}
}
