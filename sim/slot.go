package sim

import (
	"fencepost/core"
	"fencepost/core/inbox"
)

// what says what a slot's happening is.
type what uint8

// The kinds of happening.
const (
	requestArrives   what = iota // at a store
	replyArrives                 // at a node
	offerArrives                 // at a node: a sender's signal
	answerArrives                // at a sender
	offerTimesOut                // at a sender
	signalOffered                // the workload's next signal
	hintArrives                  // at a node: something was published
	appointmentComes             // a step with a time of its own
	stepFires                    // of the scenario
	stepHeals
	nodeStarts
	nodeResumes
	storeReady
	stepTurns
	runEnds
	orderWaits // at a node: the broker could not be reached with it
)

// slot is one pending happening. Slots are reused; the queue orders them.
type slot struct {
	what  what
	op    core.Op
	store core.Store
	// slowed marks a request that has waited out a slow store.
	slowed bool
	// session marks a request that holds a session with PostgreSQL.
	session bool
	// cut marks a request whose connection broke on the way: its sender is told
	// so instead of the answer.
	cut     bool
	verdict inbox.Verdict
	admit   inbox.Admission
	node    int16
	// life is the process the happening belongs to: a restarted node does not
	// get its predecessor's replies.
	life uint32
	// index is a step, an offer or a link.
	index int32
	// left is the true instant at which the request was decided.
	left   int64
	effect core.Effect
	input  core.Input
	free   int32
}

// slots is the pool. A slot stays where it is, so that whoever has found one need
// not look for it again once another was taken.
type slots struct {
	list []*slot
	used int // how many of the list this run has taken
	free int32
}

// slotsAtOnce are made together, and lie together.
const slotsAtOnce = 32

// reset frees every slot.
func (s *slots) reset() { s.used, s.free = 0, -1 }

// take returns a slot; its contents are left over from its last use, and the
// caller overwrites what it needs.
func (s *slots) take(w what, node int16) (int32, *slot) {
	if s.free < 0 {
		s.add()
	}
	i := s.free
	taken := s.list[i]
	s.free, taken.what, taken.node = taken.free, w, node
	return i, taken
}

// add frees a slot that this run has not used yet.
func (s *slots) add() {
	if s.used == len(s.list) {
		made := make([]slot, slotsAtOnce)
		for i := range made {
			s.list = append(s.list, &made[i])
		}
	}
	*s.list[s.used] = slot{free: -1}
	s.free = int32(s.used)
	s.used++
}

// give returns a slot to the pool.
func (s *slots) give(i int32) {
	s.list[i].free = s.free
	s.free = i
}
