package recorder

import (
	"fmt"
	"slices"

	"fencepost/core"
)

// Difference says at which step this build of the core wants something else than
// the recorded one did.
type Difference struct {
	Step Step
	// Wanted is what this build wants done, and Sum its sum.
	Wanted []core.Effect
	Sum    uint64
	// Assertion is what this build's core stumbled over instead, or "".
	Assertion string
}

// Result is what Verify found.
type Result struct {
	// Steps counts the steps that were compared.
	Steps int
	// First and Last are the instants of the first and the last of them.
	First, Last core.Now
	// EndedIn is the step in which the process ended, whose effects are not known;
	// its number is zero if there is none. Assertion is what this build's core
	// stumbles over there, or "".
	EndedIn   Step
	Assertion string
	End       End
	// Difference is the first one, nil if there is none; Damage says where the
	// file is not as it was written, nil if it is.
	Difference *Difference
	Damage     error
}

// Verify feeds the steps of a file to a node of this build until the first
// difference. The journal must not have been read before.
func Verify(j *Journal) *Result { return Walk(j, nil) }

// Walk is Verify, and shows each step that has the effects which it had, with
// the node after it. What it shows is good until the next step.
func Walk(j *Journal, show func(s *Step, n *core.Node, effects []core.Effect)) *Result {
	v := &verifier{journal: j, show: show}
	if j.header.Nonce != 0 {
		v.node = core.New(j.header.Config, j.header.Nonce, j.header.Started)
		v.run()
	}
	v.result.Damage, v.result.End = j.Err(), j.End()
	return &v.result
}

type verifier struct {
	journal *Journal
	show    func(*Step, *core.Node, []core.Effect)
	result  Result
	node    core.Node
	step    Step
	effects core.Effects
	scratch []byte
}

// run compares step by step. A broken assertion of the core ends it.
func (v *verifier) run() {
	stepping := false
	defer func() {
		if broken := recover(); broken != nil {
			if !stepping {
				panic(broken)
			}
			v.stumbled(fmt.Sprint(broken))
		}
	}()
	s, r := &v.step, &v.result
	for v.journal.Next(s) {
		stepping = true
		v.node.Step(s.Now, &s.Input, &v.effects)
		stepping = false
		if !s.Answered {
			r.EndedIn = *s
			return
		}
		var total uint64
		total, v.scratch = sum(v.effects.All(), v.scratch)
		r.Steps++
		if r.Steps == 1 {
			r.First = s.Now
		}
		r.Last = s.Now
		if total != s.Sum || len(v.effects.All()) != s.Effects {
			r.Difference = &Difference{Step: *s, Wanted: slices.Clone(v.effects.All()), Sum: total}
			return
		}
		if v.show != nil {
			v.show(s, &v.node, v.effects.All())
		}
	}
}

// stumbled notes a broken assertion: the recorded process may have stumbled
// over the same one.
func (v *verifier) stumbled(assertion string) {
	if !v.step.Answered {
		v.result.EndedIn, v.result.Assertion = v.step, assertion
		return
	}
	v.result.Steps++
	v.result.Difference = &Difference{Step: v.step, Assertion: assertion}
}
