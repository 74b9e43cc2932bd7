package detect

import (
	"fmt"
	"slices"
	"strings"

	"fencepost/scenarios"
)

// Claim is a bound on what is measured, and whether it held.
type Claim struct {
	Kind string `json:"type"`
	// Says is what is bounded, in words, and Source who says so.
	Says   string `json:"says"`
	Source string `json:"source"`
	Within Span   `json:"within_ms"`
	// Percent is the share of the faults that must keep it: 99 or 100.
	Percent int `json:"percent"`
	// Worlds are the values that were held against it.
	Worlds []Held `json:"worlds"`
}

// Held is a bound in one world: of N faults the value at its percentile, and how
// many were beyond the bound or never came to an end.
type Held struct {
	Tier   scenarios.Tier `json:"tier"`
	N      int            `json:"n"`
	Value  Span           `json:"value_ms"`
	Beyond int            `json:"beyond"`
	Never  int            `json:"never"`
	Held   bool           `json:"held"`
}

// bound is a bound before it is judged: the first of several quantities counts.
type bound struct {
	says, source string
	any          []Quantity
	within       scenarios.Length
	percent      int
}

// goals are the bounds that the project sets itself beside those of its scenarios.
func goals(k *Kind) []bound {
	const goal = "goal"
	var list []bound
	if k.wakes() {
		list = append(list, bound{
			says: "notices by itself, from waking", source: goal, any: []Quantity{Self},
			within: ttls(250), percent: 99,
		})
	}
	if v, ok := k.verb.(scenarios.Net); ok && v.Link.Far.Kind == scenarios.PostgresParty {
		list = append(list, bound{
			says: "a gray leader gives up", source: goal, any: []Quantity{GaveUp}, within: ttls(1500),
			percent: 100,
		})
	}
	if !k.Keeps {
		says := "a new leader, from the " + k.since[Elected].String()
		list = append(list,
			bound{says: says, source: goal, any: []Quantity{Elected}, within: ttls(1500), percent: 99},
			bound{says: says, source: goal, any: []Quantity{Elected}, within: ttls(2000), percent: 100})
	}
	return list
}

// bounds reads those that the shipped scenarios state for the kind's fault.
func (k *Kind) bounds() ([]bound, error) {
	var list []bound
	for _, from := range k.shipped {
		src, ok := scenarios.ShippedSource(from.name)
		if !ok {
			return nil, fmt.Errorf("no scenario is called %s", from.name)
		}
		s, err := scenarios.Parse(from.name+".yaml", src)
		if err != nil {
			return nil, err
		}
		if _, ok := s.Step(from.step); !ok {
			return nil, fmt.Errorf("%s has no step %s", from.name, from.step)
		}
		for _, e := range s.Expect {
			b := bound{source: from.name, percent: 100}
			switch claim := e.Claim.(type) {
			case scenarios.Elect:
				if claim.From != k.moment(from.step, Elected) {
					continue
				}
				b.says, b.any = "a new leader, from the "+k.since[Elected].String(), []Quantity{Elected}
				b.within = claim.Within
			case scenarios.Detect:
				if b.any = k.by(claim, from.step); b.any == nil {
					continue
				}
				b.says = "noticed by " + names(claim.By) + ", from the " + k.since[b.any[0]].String()
				b.within = claim.Within
			default:
				continue
			}
			list = append(list, b)
		}
	}
	return list, nil
}

// moment is where the quantity of the kind begins to count, in a scenario.
func (k *Kind) moment(step string, q Quantity) scenarios.Moment {
	return scenarios.Moment{Step: step, End: k.since[q] == atHeal}
}

// by is which quantities a detection bounds; nil if it counts from elsewhere, or
// is about something else.
func (k *Kind) by(claim scenarios.Detect, step string) []Quantity {
	about := func(w scenarios.What) bool {
		return w == scenarios.StaleLeader || w == scenarios.GrayLeader || w == scenarios.LeaseLost
	}
	if !slices.ContainsFunc(claim.What, about) {
		return nil
	}
	var list []Quantity
	for by, q := range map[scenarios.By]Quantity{
		scenarios.BySelf: Self, scenarios.ByPeer: Peer, scenarios.ByStore: Store,
	} {
		if (len(claim.By) == 0 || slices.Contains(claim.By, by)) && claim.From == k.moment(step, q) {
			list = append(list, q)
		}
	}
	slices.Sort(list)
	return list
}

// names joins the parties.
func names(by []scenarios.By) string {
	words := make([]string, len(by))
	for i, b := range by {
		words[i] = string(b)
	}
	return strings.Join(words, " or ")
}

// judge holds the runs against the bound.
func (b *bound) judge(k *Kind, runs []Run) Claim {
	c := Claim{
		Kind: k.Name, Says: b.says, Source: b.source, Within: Span(b.within.Resolve(int64(TTL))),
		Percent: b.percent, Worlds: []Held{},
	}
	for _, tier := range []scenarios.Tier{scenarios.RealTier, scenarios.SimTier} {
		h := Held{Tier: tier}
		var values []Span
		for i := range runs {
			if runs[i].Kind != k.Name || runs[i].Tier != tier {
				continue
			}
			for j := range runs[i].Occurrences {
				value, ok := b.first(&runs[i].Occurrences[j])
				switch {
				case !ok:
					h.Never++
				case value > c.Within:
					h.Beyond++
					fallthrough
				default:
					values = append(values, value)
				}
				h.N++
			}
		}
		if h.N == 0 {
			continue
		}
		h.Held = (h.Beyond+h.Never)*100 <= h.N*(100-b.percent)
		if len(values) > 0 {
			s := spreadOf(values)
			if h.Value = s.Max; b.percent == 99 {
				h.Value = s.P99
			}
		}
		c.Worlds = append(c.Worlds, h)
	}
	return c
}

// first is the first of the bound's quantities that came to an end.
func (b *bound) first(o *Occurrence) (Span, bool) {
	least, any := Span(0), false
	for _, q := range b.any {
		if value, ok := o.Measured[q]; ok && (!any || value < least) {
			least, any = value, true
		}
	}
	return least, any
}
