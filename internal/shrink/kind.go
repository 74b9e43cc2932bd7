package shrink

import (
	"strings"

	"fencepost/core/check"
	"fencepost/scenarios"
	"fencepost/sim"
)

// Kind is a way to fail. Two failures of one kind count as the same.
type Kind struct {
	// Invariant is the broken invariant, or check.NoInvariant.
	Invariant check.Invariant
	// Word is otherwise the word of the expectation that did not hold, such as
	// "elect", or "panic" where the program itself broke off.
	Word string
	// Panic is the first line of what a panic said.
	Panic string
}

// String returns the invariant's name, or the word.
func (k Kind) String() string {
	if k.Invariant != check.NoInvariant {
		return k.Invariant.String()
	}
	return k.Word
}

// panicked is the Word of a Kind that is no verdict but a panic.
const panicked = "panic"

// kindOf returns in which way the run failed, if it did.
func kindOf(r *sim.Result) (Kind, bool) {
	if r.Failure == nil {
		return Kind{}, false
	}
	switch {
	case r.Verdict == scenarios.Crash:
		first, _, _ := strings.Cut(r.Failure.Detail, "\n")
		return Kind{Word: panicked, Panic: first}, true
	case r.Verdict != scenarios.Fail:
		return Kind{}, false
	case r.Failure.Invariant != check.NoInvariant:
		return Kind{Invariant: r.Failure.Invariant}, true
	}
	word, _, _ := strings.Cut(r.Failure.Expect, ":")
	return Kind{Word: word}, true
}

// wayOf says how a run ended: "pass", or its verdict and what was broken.
func wayOf(r *sim.Result) string {
	if kind, failed := kindOf(r); failed {
		return r.Verdict.String() + " " + kind.String()
	}
	return r.Verdict.String()
}

// needed returns the expectations that the failure needs: the `never` that is
// broken, or the claim that did not hold and one `never`, which each file has.
func needed(s *scenarios.Scenario, f *scenarios.Failure) []scenarios.Expect {
	if f.Invariant != check.NoInvariant {
		return []scenarios.Expect{{Claim: scenarios.Never{Invariant: f.Invariant}}}
	}
	var kept []scenarios.Expect
	for i, e := range s.WithDefaults().Expect {
		_, isNever := e.Claim.(scenarios.Never)
		switch {
		case isNever && (len(kept) == 0 || kept[0].Claim.Word() != "never"):
			kept = append([]scenarios.Expect{{Claim: e.Claim}}, kept...)
		case e.Text() == f.Expect:
			kept = append(kept, scenarios.Expect{Claim: s.Expect[i].Claim})
		}
	}
	return kept
}
