package detect

import (
	"slices"

	"fencepost/core/history"
	"fencepost/scenarios"
)

// Spread is the distribution of one quantity: of N values the least, the one that
// half of them, and 99 of 100, do not exceed, and the greatest.
type Spread struct {
	N   int  `json:"n"`
	Min Span `json:"min_ms"`
	P50 Span `json:"p50_ms"`
	P99 Span `json:"p99_ms"`
	Max Span `json:"max_ms"`
}

// spreadOf sorts the values.
func spreadOf(values []Span) Spread {
	slices.Sort(values)
	n := len(values)
	rank := func(percent int) Span { return values[(percent*n+99)/100-1] }
	return Spread{N: n, Min: values[0], P50: rank(50), P99: rank(99), Max: values[n-1]}
}

// Account is what came of all faults of one kind in one world.
type Account struct {
	Tier    scenarios.Tier `json:"tier"`
	Runs    int            `json:"runs"`
	Invalid int            `json:"invalid"`
	// Occurrences is how many faults were measured; Lost struck nobody who led.
	Occurrences int `json:"occurrences"`
	Lost        int `json:"lost"`
	// HandedOver counts those after which somebody led under a younger epoch,
	// Overlapping those of them in which two believed at once.
	HandedOver  int `json:"handed_over"`
	Overlapping int `json:"overlapping"`
	// LateEffects counts effects of old leaders after the first of the next.
	LateEffects int                 `json:"late_effects"`
	Spreads     map[Quantity]Spread `json:"spreads"`
}

// account adds up the runs of one kind in one world.
func account(k *Kind, tier scenarios.Tier, runs []Run) Account {
	a := Account{Tier: tier, Spreads: map[Quantity]Spread{}}
	var values [quantityCount][]Span
	for i := range runs {
		r := &runs[i]
		if r.Kind != k.Name || r.Tier != tier {
			continue
		}
		a.Runs++
		a.Lost += r.Lost
		if r.Verdict == scenarios.Invalid {
			a.Invalid++
		}
		for _, o := range r.Occurrences {
			a.Occurrences++
			a.LateEffects += o.LateEffects
			if o.Next != history.None {
				a.HandedOver++
			}
			if overlap, ok := o.Measured[Overlap]; ok && overlap >= 0 {
				a.Overlapping++
			}
			for q, value := range o.Measured {
				values[q] = append(values[q], value)
			}
		}
	}
	for q := range quantityCount {
		if len(values[q]) > 0 {
			a.Spreads[q] = spreadOf(values[q])
		}
	}
	return a
}
