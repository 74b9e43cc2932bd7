package detect

import (
	"fmt"

	"fencepost/scenarios"
)

// Report is what was measured of all kinds, in both worlds.
type Report struct {
	TTL   Span        `json:"ttl_ms"`
	Kinds []Fault     `json:"types"`
	Bars  []Claim     `json:"bounds"`
	Wrong []Violation `json:"violations"`
	// Interrupted: not all that was asked for was played.
	Interrupted bool `json:"interrupted"`
}

// Fault is what came of one kind.
type Fault struct {
	Name  string `json:"name"`
	Means string `json:"means"`
	// Worlds are the worlds in which it was played, the real one first.
	Worlds []Account `json:"worlds"`

	kind *Kind
}

// Summarize adds the runs up and holds them against every bound. The error says
// that a shipped scenario whose bounds are wanted cannot be read.
func Summarize(kinds []*Kind, runs []Run) (*Report, error) {
	r := &Report{TTL: Span(TTL), Wrong: []Violation{}}
	for _, k := range kinds {
		f := Fault{Name: k.Name, Means: k.Means, kind: k}
		for _, tier := range []scenarios.Tier{scenarios.RealTier, scenarios.SimTier} {
			if a := account(k, tier, runs); a.Runs > 0 {
				f.Worlds = append(f.Worlds, a)
			}
		}
		for i := range runs {
			if runs[i].Kind == k.Name {
				r.Wrong = append(r.Wrong, runs[i].violations(k)...)
			}
		}
		bounds, err := k.bounds()
		if err != nil {
			return nil, fmt.Errorf("bounds of %s: %w", k.Name, err)
		}
		for _, b := range append(goals(k), bounds...) {
			r.Bars = append(r.Bars, b.judge(k, runs))
		}
		r.Kinds = append(r.Kinds, f)
	}
	return r, nil
}

// Unmeasured names the kinds, and the worlds, of which no fault was measured
// although they were played.
func (r *Report) Unmeasured() []string {
	var list []string
	for i := range r.Kinds {
		f := &r.Kinds[i]
		if len(f.Worlds) == 0 {
			list = append(list, f.Name+", not played")
		}
		for _, a := range f.Worlds {
			if a.Occurrences == 0 {
				list = append(list, fmt.Sprintf("%s, tier %s, %s (%d invalid, %s lost)", f.Name, a.Tier,
					scenarios.Plural(a.Runs, "run"), a.Invalid, scenarios.Plural(a.Lost, "fault")))
			}
		}
	}
	return list
}

// Verdict is fail where something was that must not be, and unknown where not
// everything was played, or nothing was measured of a kind. A bound that was missed
// is told and fails nothing: of 100 faults on a machine with other work, one may be
// late.
func (r *Report) Verdict() scenarios.RunVerdict {
	switch {
	case len(r.Wrong) > 0:
		return scenarios.Fail
	case r.Interrupted || len(r.Unmeasured()) > 0:
		return scenarios.Unknown
	default:
		return scenarios.Pass
	}
}
