package shrink_test

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"testing"

	"fencepost/internal/mutants"
	"fencepost/internal/mutants/errand"
	"fencepost/internal/shrink"
	"fencepost/scenarios"
)

// BenchmarkShrink shrinks failures of many faults, of every mutant that such
// faults bring to fall, and reports how short they become: the median of the
// faults, the lines of steps that 95 of 100 do not exceed, and the seconds. It
// builds each mutant.
func BenchmarkShrink(b *testing.B) {
	tree, err := mutants.FindTree()
	if err != nil {
		b.Fatal(err)
	}
	all, err := mutants.All()
	if err != nil {
		b.Fatal(err)
	}
	var survey survey
	for b.Loop() {
		survey = survey[:0]
		for _, m := range all {
			runner, err := tree.Build(b.Context(), []mutants.Mutant{m}, "")
			if err != nil {
				b.Fatal(err)
			}
			for seed, found := uint64(1), 0; seed <= 20 && found < 3; seed++ {
				if a := mutated(b, runner, m.Name, seed); a != nil {
					found++
					survey = append(survey, *a)
				}
			}
		}
	}
	survey.report(b)
}

// survey is what came of many searches.
type survey []shrink.Answer

// at returns the value that so many of a hundred do not exceed.
func (s survey) at(percent int, value func(*shrink.Answer) float64) float64 {
	values := make([]float64, len(s))
	for i := range s {
		values[i] = value(&s[i])
	}
	slices.SortFunc(values, cmp.Compare[float64])
	return values[(len(values)-1)*percent/100]
}

func (s survey) report(b *testing.B) {
	if len(s) == 0 {
		b.Fatal("nothing fell")
	}
	faults := func(a *shrink.Answer) float64 { return float64(a.After.Faults) }
	lines := func(a *shrink.Answer) float64 { return float64(a.After.Lines) }
	seconds := func(a *shrink.Answer) float64 { return a.WallSeconds }
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(len(s)), "failures")
	b.ReportMetric(s.at(50, faults), "faults-p50")
	b.ReportMetric(s.at(95, faults), "faults-p95")
	b.ReportMetric(s.at(95, lines), "lines-p95")
	events := func(a *shrink.Answer) float64 { return float64(a.Events) }
	b.ReportMetric(s.at(50, events), "events-p50")
	b.ReportMetric(s.at(95, events), "events-p95")
	b.ReportMetric(s.at(50, seconds), "s-p50")
	b.ReportMetric(s.at(95, seconds), "s-p95")
	b.ReportMetric(s.at(100, seconds), "s-max")
}

// mutated shrinks what the runner does with the dense faults of the seed, or
// returns nil if nothing fails there, or if it fails without the mistake too.
func mutated(t testing.TB, runner, mutant string, seed uint64) *shrink.Answer {
	t.Helper()
	o := shrink.Drawn(seed, []scenarios.Catch{{mutant}})
	if r := playUnder(t, o.Source, seed); r.Verdict == scenarios.Fail {
		t.Logf("seed %d fails without a mistake: %s", seed, r.Failure)
		return nil
	}
	o.Mutant = mutant
	answer, lawful, err := shrink.Settle(t.Context(), o,
		func(ctx context.Context, o *shrink.Options) (*shrink.Answer, error) {
			a := &shrink.Answer{}
			return a, mutants.Ask(ctx, runner, errand.Shrink, mutant, o, a, nil)
		})
	var refused *mutants.Refused
	if errors.As(err, &refused) {
		t.Fatal(refused.Text)
	}
	if err != nil {
		t.Fatal(err)
	}
	if !answer.Failing {
		return nil
	}
	t.Logf("%s, seed %d: %s, lawful %s, %+v, %d runs, %.2f s, spent %v\n%s", mutant, seed, answer.Kind,
		lawful, answer.After, answer.Runs, answer.WallSeconds, answer.Spent, answer.Text)
	if lawful != scenarios.Pass {
		return nil
	}
	return answer
}
