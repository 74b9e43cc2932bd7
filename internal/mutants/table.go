package mutants

import (
	"context"
	"fmt"
	"hash/fnv"
	"slices"

	"fencepost/scenarios"
)

// Fixed tells whether the mutant's name belongs to the scenario format, or is
// one that the project has added.
func (m *Mutant) Fixed() bool {
	for _, known := range scenarios.Mutants() {
		if known.Name == m.Name {
			return !known.Added
		}
	}
	return false
}

// Sample returns n of the mutants, in their order, chosen by the content of what
// runners are built from: each change of the source is tried on others.
func (t Tree) Sample(ctx context.Context, all []Mutant, n int) ([]Mutant, error) {
	content, err := t.key(ctx, nil, []string{runnerPackage})
	if err != nil {
		return nil, fmt.Errorf("choose mutants: %w", err)
	}
	rank := func(m Mutant) uint64 {
		sum := fnv.New64a()
		fmt.Fprintln(sum, content, m.Name)
		return sum.Sum64()
	}
	byRank := slices.Clone(all)
	slices.SortFunc(byRank, func(a, b Mutant) int {
		if rank(a) < rank(b) {
			return -1
		}
		return 1
	})
	chosen := map[string]bool{}
	for _, m := range byRank[:min(n, len(byRank))] {
		chosen[m.Name] = true
	}
	return slices.DeleteFunc(slices.Clone(all), func(m Mutant) bool { return !chosen[m.Name] }), nil
}

// Order sorts results like the table of mutants.
func Order(all []*Result) {
	place := map[string]int{}
	for i, m := range scenarios.Mutants() {
		place[m.Name] = i
	}
	slices.SortStableFunc(all, func(a, b *Result) int { return place[a.Name] - place[b.Name] })
}

// Summary says in one line what came of all searches.
func Summary(all []*Result) string {
	var took []float64
	survived, argued := 0, 0
	searched := 0
	for _, r := range all {
		if r.Interrupted {
			continue
		}
		searched++
		switch {
		case !r.Survived:
			took = append(took, r.SimMS)
		case r.WhyEquivalent != "":
			argued++
		default:
			survived++
		}
	}
	text := fmt.Sprintf("%d of %s killed", len(took), scenarios.Plural(searched, "mutant"))
	if len(took) > 0 {
		slices.Sort(took)
		text += fmt.Sprintf(", median %.1f ms of simulation, worst %.1f s",
			took[len(took)/2], took[len(took)-1]/1e3)
	}
	if argued > 0 {
		text += fmt.Sprintf("; %d survive with an argument", argued)
	}
	if survived > 0 {
		text += fmt.Sprintf("; %d SURVIVE", survived)
	}
	if left := len(all) - searched; left > 0 {
		text += fmt.Sprintf("; interrupted, %s not searched", scenarios.Plural(left, "mutant"))
	}
	return text
}

// Unsearched returns a result for each of the mutants that has none yet, which
// says that the search was interrupted.
func Unsearched(chosen []Mutant, have []*Result) []*Result {
	var left []*Result
	for i := range chosen {
		m := &chosen[i]
		if !slices.ContainsFunc(have, func(r *Result) bool { return r.Name == m.Name }) {
			left = append(left, &Result{Name: m.Name, Site: m.Site(), With: m.With, Interrupted: true})
		}
	}
	return left
}
