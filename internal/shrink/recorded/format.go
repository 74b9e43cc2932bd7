package recorded

import "fencepost/scenarios"

// The names of a run's files in its directory.
const (
	VerdictFile  = "verdict.json"
	FaultsFile   = "faults.jsonl"
	HistoryFile  = "history.jsonl"
	ScenarioFile = "repro.yaml"
)

// Verdict is the object of verdict.json.
type Verdict struct {
	Name string         `json:"name"`
	Tier scenarios.Tier `json:"tier"`
	Seed uint64         `json:"seed"`
	// Mutant is the mistake that the programs were built with, or "".
	Mutant  string               `json:"mutant,omitempty"`
	Verdict scenarios.RunVerdict `json:"verdict"`
	// Seconds is how long the run was.
	Seconds float64 `json:"seconds"`
	Records int64   `json:"records"`
	Offered int64   `json:"offered"`
	Excused int     `json:"excused"`
	// Violation is what kept the run from passing, or nil.
	Violation *Violation `json:"violation"`
	// Replay is the command that plays the same again.
	Replay string `json:"replay"`
}

// Violation is the first thing that kept a run from passing.
type Violation struct {
	// What is the broken invariant, or the entry of the file.
	What string `json:"what"`
	// At is in seconds of the run.
	At     float64 `json:"at"`
	Step   string  `json:"step"`
	Node   string  `json:"node"`
	Detail string  `json:"detail"`
}

// StepStruck is the kind of the lines of faults.jsonl that are about a step.
const StepStruck = "step"

// Strike is a line of faults.jsonl that says what became of one step of
// repro.yaml. Instants are nanoseconds of the run.
type Strike struct {
	// At is when it took effect.
	At   int64  `json:"at"`
	Kind string `json:"kind"`
	// Step is the step's place in the file, from 1.
	Step int    `json:"step"`
	ID   string `json:"id,omitempty"`
	Verb string `json:"verb"`
	// Nodes are those that it struck.
	Nodes []string `json:"nodes,omitempty"`
	// Since is At on the scenario's own clock, which begins at the first
	// election; it is negative before that.
	Since int64 `json:"since_election"`
	// Healed is when it was over; zero if it never was.
	Healed int64 `json:"healed,omitempty"`
}

// Said is a line of history.jsonl in which a node, or the broker, announces an
// event.
type Said struct {
	At    int64  `json:"at"`
	Node  string `json:"node"`
	Kind  string `json:"kind"`
	Event string `json:"event"`
	// By is the party, where it is not the node itself.
	By string `json:"by"`
}
