package fuzz

import (
	"cmp"
	"fmt"
	"slices"

	"fencepost/scenarios"
)

// Plan is which seeds of which campaign a summary answers for.
type Plan struct {
	// First, Seeds and Shards are those of the whole campaign. Zero Seeds are as
	// many as there was time for.
	First  uint64 `json:"first"`
	Seeds  uint64 `json:"seeds"`
	Shards uint64 `json:"shards"`
	// Played lists the shards that this summary adds up, rising, from zero.
	Played []uint64 `json:"played"`
}

// plan returns what a campaign with these options answers for.
func (o *Options) plan() *Plan {
	return &Plan{First: o.First, Seeds: o.Seeds, Shards: max(o.Shards, 1), Played: []uint64{o.Shard}}
}

// String says which campaign it is: `seeds 1 to 24 in 2 shards`.
func (p *Plan) String() string {
	text := fmt.Sprintf("the seeds from %d on", p.First)
	if p.Seeds > 0 {
		text = fmt.Sprintf("the seeds %d to %d", p.First, p.First+p.Seeds-1)
	}
	return text + " in " + scenarios.Plural(p.Shards, "shard")
}

// missing lists the shards that are not there.
func (p *Plan) missing() []uint64 {
	var absent []uint64
	for shard := range p.Shards {
		if !slices.Contains(p.Played, shard) {
			absent = append(absent, shard)
		}
	}
	return absent
}

// Shard is a summary and where it was read: that is how messages name it.
type Shard struct {
	From    string
	Summary *Summary
}

// Merge adds up the summaries of shards and judges the marks over the sum. The
// error names the summary that does not belong to the others, or that stands
// there twice. Shards that are missing are listed in the sum, which is unknown
// then, and so is the sum where a summary does not say what it played.
func Merge(shards []Shard) (*Summary, error) {
	sum, whose := newSummary(), map[uint64]string{}
	planned := ""
	for i, shard := range shards {
		part := shard.Summary
		if first := shards[0]; part.Mutant != first.Summary.Mutant {
			return nil, fmt.Errorf("%s was played %s, and %s %s: they do not add up", shard.From,
				built(part.Mutant), first.From, built(first.Summary.Mutant))
		}
		if i == 0 {
			sum.Mutant = part.Mutant
		}
		sum.add(part)
		if part.Campaign == nil {
			sum.Gaps = append(sum.Gaps, shard.From+" does not say which seeds it played")
			continue
		}
		if sum.Campaign == nil {
			whole := *part.Campaign
			whole.Played = nil
			sum.Campaign, planned = &whole, shard.From
		}
		if err := sum.Campaign.join(part.Campaign, shard.From, planned, whose); err != nil {
			return nil, err
		}
		if part.Interrupted && len(part.Gaps) == 0 {
			sum.Gaps = append(sum.Gaps, shard.From+" was interrupted")
		}
		for _, gap := range part.Gaps {
			sum.Gaps = append(sum.Gaps, shard.From+": "+gap)
		}
	}
	if sum.Campaign != nil {
		slices.Sort(sum.Campaign.Played)
		sum.Missing = sum.Campaign.missing()
	}
	sum.Failures, sum.Doubts = lowest(sum.Failures, DefaultKeep), lowest(sum.Doubts, DefaultKeep)
	sum.judge()
	return sum, nil
}

// join adds the shards of a part, which was read there, to those of the whole.
func (p *Plan) join(part *Plan, from, planned string, whose map[uint64]string) error {
	if part.First != p.First || part.Seeds != p.Seeds || part.Shards != p.Shards {
		return fmt.Errorf("%s is of another campaign than %s: %s, not %s", from, planned, part, p)
	}
	for _, shard := range part.Played {
		if before, twice := whose[shard]; twice {
			return fmt.Errorf("%s is shard %d of %d, which stands in %s already", from, shard, p.Shards,
				before)
		}
		whose[shard] = from
		p.Played = append(p.Played, shard)
	}
	return nil
}

// built says what a program was built with.
func built(mutant string) string {
	if mutant == "" {
		return "without a mutant"
	}
	return "with the mutant " + mutant
}

// add counts what the part has counted.
func (s *Summary) add(part *Summary) {
	s.Runs += part.Runs
	s.Events += part.Events
	s.SimSeconds += part.SimSeconds
	s.WallSeconds = max(s.WallSeconds, part.WallSeconds)
	s.Failures = append(s.Failures, part.Failures...)
	s.Doubts = append(s.Doubts, part.Doubts...)
	failed, crashed := part.listed()
	s.Failed += max(part.Failed, failed)
	s.Crashed += max(part.Crashed, crashed)
	s.Undecided += part.Undecided
	s.Idle += part.Idle
	s.Excused += part.Excused
	s.Interrupted = s.Interrupted || part.Interrupted
	for name, n := range part.Marks {
		s.Marks[name] += n
	}
	for name, n := range part.Coverage {
		s.Coverage[name] += n
	}
}

// listed counts the failures and the crashes of the list: a summary that lacks the
// counts, or contradicts its list, has not passed.
func (s *Summary) listed() (failed, crashed uint64) {
	for i := range s.Failures {
		if s.Failures[i].Invariant == "" {
			crashed++
		} else {
			failed++
		}
	}
	return failed, crashed
}

// lowest keeps the failures of the lowest seeds, in their order.
func lowest(failures []Failure, most int) []Failure {
	slices.SortFunc(failures, func(a, b Failure) int { return cmp.Compare(a.Seed, b.Seed) })
	return failures[:min(len(failures), most)]
}
