package explore

import (
	"fmt"
	"time"

	"fencepost/core"
)

// Report is what a search found.
type Report struct {
	// States is how many states are apart, Acts how often something happened.
	States int    `json:"states"`
	Acts   uint64 `json:"acts"`
	// StatesPerSecond is zero if there was no clock.
	StatesPerSecond float64 `json:"states_per_second"`
	Seconds         float64 `json:"seconds"`
	// BytesPerState is what the visited states cost each, FrontierBytesPerState
	// what those cost that waited, at the most, also divided by all states.
	BytesPerState         float64 `json:"bytes_per_state"`
	FrontierBytesPerState float64 `json:"frontier_bytes_per_state"`
	// Depth is how many things happen on the longest of the shortest ways.
	Depth int `json:"depth"`
	// Complete tells that no bound but that on the faults cut anything off, and
	// Interrupted that the caller gave up: nothing is proved then.
	Complete    bool `json:"complete"`
	Interrupted bool `json:"interrupted"`
	// Violation is the shortest way to a broken invariant: fewest faults first,
	// then fewest steps. It is nil if there is none.
	Violation *Violation `json:"violation"`
	// Budgets tell what each fault more has added.
	Budgets []Budget `json:"budgets"`
	// Reachable are the inputs that nodes were given in each role, in the words
	// of the core.
	Reachable map[string][]string `json:"reachable"`
	// Proof is all of this in one line, which says so if nothing is proved.
	Proof string `json:"proof"`
}

// Budget is what was found with at most so many faults.
type Budget struct {
	Faults   int     `json:"faults"`
	States   int     `json:"states"`
	Depth    int     `json:"depth"`
	Complete bool    `json:"complete"`
	Seconds  float64 `json:"seconds"`
}

// Violation is what a search found broken.
type Violation struct {
	// Invariant is the name of PROTOCOL 6, or Assertion.
	Invariant string `json:"invariant"`
	// Detail says what happened.
	Detail string `json:"detail"`
	// Faults is how many faults it takes.
	Faults int `json:"faults"`
	// Steps are what has to happen, one sentence each.
	Steps []string `json:"steps"`
}

// Search searches the world that the configuration describes: without faults,
// then with one, and so on. It stops at the first budget that breaks something.
// Its error is that of Validate.
func Search(c Config) (Report, error) {
	r, err := c.rules()
	if err != nil {
		return Report{}, err
	}
	clock := c.Clock
	if clock == nil {
		clock = func() time.Duration { return 0 }
	}
	s := newSearch(r, &c)
	report := Report{Complete: true}
	began := clock()
	var levels []*level
	for faults := 0; faults <= c.Faults && report.Complete; faults++ {
		since := clock()
		var depth int
		levels, depth, report.Complete = s.budget(faults, levels, faults < c.Faults)
		report.Depth = max(report.Depth, depth)
		report.Budgets = append(report.Budgets, Budget{
			faults, s.states, depth, report.Complete, (clock() - since).Seconds(),
		})
		if len(s.broken) > 0 {
			report.Violation = &s.broken[0].what
			report.Violation.Faults, report.Violation.Steps = faults, s.trail(&s.broken[0])
		}
	}
	report.Seconds = (clock() - began).Seconds()
	report.States, report.Acts, report.Reachable = s.states, s.acts, s.reachable()
	report.BytesPerState = float64(s.size()) / float64(s.states)
	report.FrontierBytesPerState = float64(s.most+s.library.size()) / float64(s.states)
	if report.Seconds > 0 {
		report.StatesPerSecond = float64(s.states) / report.Seconds
	}
	report.Interrupted = !report.Complete && report.Violation == nil && s.stopped()
	report.Proof = report.line(r)
	return report, nil
}

// line is the report in one line, the proof if there is one.
func (r *Report) line(of *rules) string {
	end, found := "complete", "0 violations"
	switch {
	case r.Violation != nil:
		end, found = "stopped", r.Violation.Invariant+" broken"
	case r.Interrupted:
		end, found = "interrupted", "0 violations so far: no proof"
	case !r.Complete:
		end, found = "cut off", "0 violations so far: no proof"
	}
	last := r.Budgets[len(r.Budgets)-1]
	return fmt.Sprintf("%s, %s, class %s, <= %s, depth %d: %s, %s, %s",
		Count(of.nodes, "node"), Count(of.signals, "signal"), of.config.Broker.Class(),
		Count(last.Faults, "fault"), r.Depth, Count(r.States, "state"), end, found)
}

// Count says how many there are of what a word names.
func Count(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}

// reachable gathers what the workers saw.
func (s *search) reachable() map[string][]string {
	var all [core.Draining + 1]uint64
	for _, k := range s.workers {
		if k == nil {
			continue
		}
		for role := range all {
			all[role] |= k.to.reached[role]
		}
	}
	words := map[string][]string{}
	for role := range all {
		for kind := range core.InputKindTotal {
			if all[role]>>kind&1 != 0 {
				words[core.Role(role).String()] = append(words[core.Role(role).String()], kind.String())
			}
		}
	}
	return words
}
