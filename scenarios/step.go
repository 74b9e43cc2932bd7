package scenarios

import "fencepost/core/event"

// Step is one deliberate fault or act: when it happens, and what it is.
type Step struct {
	ID      string // "" when nothing refers to the step
	Trigger Trigger
	// Heals says whether the harness heals the fault at the end of the run.
	Heals Heals
	// Class lists the broker classes under which there is this step; none means all.
	// It is empty in a scenario that was read, which has only what is meant for its
	// class.
	Class []BrokerClass
	Verb  Verb
	// Place tells where the step and its fields stand: "at", "when.event",
	// "net.link" and so on.
	Place Place
}

// Heals tells what becomes of a fault when the harness heals what is broken.
type Heals string

// HealsNever leaves the fault as it is for good: what is healthy besides has to
// make progress without it. The zero value is healed at the end of the run at
// the latest.
const HealsNever Heals = "never"

// Trigger tells when a step fires. Kind says which of the fields count.
type Trigger struct {
	Kind  TriggerKind
	At    Span   // since the first leader.elected
	When  When   // at the nth such event
	After Moment // of another step
	Plus  Span   // and so much later
}

// TriggerKind is one of the three ways to fire a step.
type TriggerKind uint8

// The triggers. NoTrigger is the zero value and never leaves the parser.
const (
	NoTrigger TriggerKind = iota
	AtTrigger
	WhenTrigger
	AfterTrigger
)

// String returns the trigger's key in a file.
func (k TriggerKind) String() string {
	switch k {
	case NoTrigger:
		return "none"
	case AtTrigger:
		return "at"
	case WhenTrigger:
		return "when"
	case AfterTrigger:
		return "after"
	default:
		return "trigger(?)"
	}
}

// When names an event of the run. A zero Node means any node; a zero Nth means
// the first occurrence. Occurrences are counted per run.
type When struct {
	Event event.Event
	Node  Party
	Nth   Count
}

// Verb is the one thing that a step does. Its dynamic type is one of Kill, Stop,
// Pause, Net, Clock, Redis, Postgres, Broker, Webhook, Control, Operator and
// Roll, always as a value, never a pointer.
type Verb interface {
	// Word returns the verb's key in a file.
	Word() string
}

// Bound returns the name that the step binds to the node it hits, or "".
func (s Step) Bound() string {
	switch v := s.Verb.(type) {
	case Kill:
		return v.As
	case Stop:
		return v.As
	case Pause:
		return v.As
	case Net:
		return v.As
	default:
		return ""
	}
}
