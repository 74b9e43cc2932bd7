package errand

// HuntOptions are those of Hunt: which scenarios are played until one fails.
type HuntOptions struct {
	// Grounds are played in their order, in rounds: the first few seeds of each,
	// then more of each, until all of their seeds were played. A mistake that any
	// of them shows easily is found without the long runs of the others.
	Grounds []Ground `json:"grounds"`
	// Rounds are the numbers of seeds up to which each round goes, rising. After
	// the last one whatever is left of each ground is played.
	Rounds []int `json:"rounds"`
}

// Ground is one scenario and how many of its seeds may be played.
type Ground struct {
	// Scenario is a file or the name of a scenario of the project.
	Scenario string `json:"scenario"`
	First    uint64 `json:"first"`
	Seeds    int    `json:"seeds"`
}

// Kill is the answer to a hunt: the first run that failed, and what it took.
type Kill struct {
	// By is the name of the scenario, "" if nothing failed. Ground is its place
	// among the grounds.
	By     string `json:"by"`
	Ground int    `json:"ground"`
	Seed   uint64 `json:"seed"`
	// Invariant or Expect is what the run broke; Detail says how.
	Invariant string `json:"invariant"`
	Expect    string `json:"expect"`
	Detail    string `json:"detail"`
	// Replay is a command that shows the failure, where the scenario and the seed
	// do not say enough.
	Replay string `json:"replay,omitempty"`
	// Runs, Events and SimNanos add up all runs of the hunt, the last one
	// included: how many, the inputs they took, and how long they were on their
	// own clock. Nanos is how long they took on the machine's.
	Runs     int   `json:"runs"`
	Events   int64 `json:"events"`
	SimNanos int64 `json:"sim_nanos"`
	Nanos    int64 `json:"nanos"`
}

// Broke names what the run broke: an invariant, or an expectation.
func (k *Kill) Broke() string {
	if k.Invariant != "" {
		return k.Invariant
	}
	return k.Expect
}
