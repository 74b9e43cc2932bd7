package shrink

import (
	"fmt"
	"slices"

	"fencepost/scenarios"
)

// without returns the scenario without the steps of the set, and without the
// steps and expectations that speak of one of them. It is nil if nothing is
// left of what the failure needs.
func without(s *scenarios.Scenario, gone map[int]bool) *scenarios.Scenario {
	c := *s
	ids, names := map[string]bool{}, map[string]bool{}
	for changed := true; changed; {
		changed = false
		for i, step := range s.Steps {
			if gone[i] {
				ids[step.ID], names[step.Bound()] = true, true
			}
		}
		delete(ids, "")
		delete(names, "")
		for i, step := range s.Steps {
			if !gone[i] && (step.Trigger.Kind == scenarios.AfterTrigger && ids[step.Trigger.After.Step] ||
				speaksOf(step, names)) {
				gone[i], changed = true, true
			}
		}
	}
	c.Steps = nil
	for i, step := range s.Steps {
		if !gone[i] {
			c.Steps = append(c.Steps, step)
		}
	}
	for _, e := range s.Expect {
		for _, m := range moments(e.Claim) {
			if ids[m.Step] {
				return nil
			}
		}
	}
	return &c
}

// speaksOf tells whether the step names a node that one of those binds.
func speaksOf(step scenarios.Step, names map[string]bool) bool {
	found := false
	parties(step, func(p scenarios.Party) scenarios.Party {
		found = found || p.Kind == scenarios.BoundParty && names[p.Name]
		return p
	})
	return found
}

// moments lists the moments that a claim speaks of.
func moments(claim scenarios.Claim) []scenarios.Moment {
	switch v := claim.(type) {
	case scenarios.Detect:
		return []scenarios.Moment{v.From}
	case scenarios.Elect:
		return []scenarios.Moment{v.From}
	case scenarios.Recover:
		return []scenarios.Moment{v.From}
	case scenarios.No:
		return []scenarios.Moment{v.From, v.Until}
	case scenarios.AtMost:
		return []scenarios.Moment{v.From, v.Until}
	case scenarios.Metric:
		return []scenarios.Moment{v.From, v.Until}
	default:
		return nil
	}
}

// cutSuffixes keeps only the last steps before the failure: most often it takes
// no more.
func cutSuffixes(s *scenarios.Scenario) []candidate {
	list := []candidate{}
	for keep := 0; keep < len(s.Steps); keep = max(1, 2*keep) {
		order := byTime(s)
		gone := map[int]bool{}
		for _, i := range order[:len(order)-keep] {
			gone[i] = true
		}
		if c := without(s, gone); c != nil {
			list = append(list, candidate{c, fmt.Sprintf("only the last %d faults", keep)})
		}
	}
	return list
}

// mostWindows is how many windows of a size are tried, the last ones first.
const mostWindows = 32

// windows keeps only so many neighbouring steps, the last ones first, and moves
// them to the beginning: a run so short can be tried under many seeds in no
// time, however long the first one was.
func windows(s *scenarios.Scenario, size int) []candidate {
	order := byTime(s)
	var list []candidate
	for end := len(order); end > 0 && len(list) < mostWindows; end -= max(size/2, 1) {
		gone := map[int]bool{}
		for k, i := range order {
			gone[i] = k < end-size || k >= end
		}
		if c := without(s, gone); c != nil && len(c.Steps) > 0 {
			list = append(list, candidate{atOnce(c), fmt.Sprintf("%d faults, at once", len(c.Steps))})
		}
	}
	return list
}

// atOnce moves all steps towards the beginning, and ends the run two ttl after
// the last of them begins.
func atOnce(s *scenarios.Scenario) *scenarios.Scenario {
	ttl := s.TTL()
	c := copied(s)
	first, last := int64(-1), int64(0)
	for _, step := range c.Steps {
		if step.Trigger.Kind == scenarios.AtTrigger {
			at, latest := step.Trigger.At.Resolve(ttl)
			if first < 0 || at < first {
				first = at
			}
			last = max(last, latest)
		}
	}
	by := first - ttl/2
	if by <= 0 {
		by = 0
	}
	for i, step := range c.Steps {
		if step.Trigger.Kind == scenarios.AtTrigger {
			c.Steps[i].Trigger.At = moved(step.Trigger.At, -by, ttl)
		}
	}
	if end := last - by + 2*ttl; end < c.WithDefaults().Run.Duration.Resolve(ttl) {
		c.Run.Duration = inTTLs(end, ttl)
	}
	return c
}

// cutKinds leaves out all steps of one kind.
func cutKinds(s *scenarios.Scenario) []candidate {
	kinds := map[string]map[int]bool{}
	var words []string
	for i, step := range s.Steps {
		word := kindOfStep(step)
		if kinds[word] == nil {
			kinds[word] = map[int]bool{}
			words = append(words, word)
		}
		kinds[word][i] = true
	}
	var list []candidate
	for _, word := range words {
		if c := without(s, kinds[word]); c != nil {
			list = append(list, candidate{c, "without " + word})
		}
	}
	return list
}

// kindOfStep returns the step's verb, with its act or effect.
func kindOfStep(step scenarios.Step) string {
	switch v := step.Verb.(type) {
	case scenarios.Net:
		return "net " + string(v.Effect)
	case scenarios.Redis:
		return "redis " + string(v.Act)
	case scenarios.Postgres:
		return "postgres " + string(v.Act)
	case scenarios.Broker:
		return "broker " + string(v.Act)
	default:
		return step.Verb.Word()
	}
}

// cutParts returns the candidates of one round of delta debugging: the steps
// are cut into so many parts of neighbours, and each part is left out once.
func cutParts(s *scenarios.Scenario, parts int) []candidate {
	order := byTime(s)
	list := make([]candidate, 0, parts)
	for k := range parts {
		gone := map[int]bool{}
		for _, i := range order[k*len(order)/parts : (k+1)*len(order)/parts] {
			gone[i] = true
		}
		if c := without(s, gone); c != nil {
			list = append(list, candidate{c, fmt.Sprintf("without %d faults", len(s.Steps)-len(c.Steps))})
		}
	}
	return list
}

// byTime returns the places of the steps, the earliest first. Steps that wait
// for an event come last, in the order of the file.
func byTime(s *scenarios.Scenario) []int {
	ttl := s.TTL()
	when := func(i int) int64 {
		t := s.Steps[i].Trigger
		if t.Kind != scenarios.AtTrigger {
			return 1 << 62
		}
		at, _ := t.At.Resolve(ttl)
		return at
	}
	order := make([]int, len(s.Steps))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch x, y := when(a), when(b); {
		case x < y:
			return -1
		case x > y:
			return 1
		default:
			return 0
		}
	})
	return order
}

// cutFaults leaves out as many steps as it can: delta debugging, then pairs
// that only go together.
func (t *task) cutFaults() {
	t.attempt(cutSuffixes)
	if len(t.now.Steps) > few {
		t.each(cutKinds)
	}
	for parts := 2; len(t.now.Steps) > 0 && !t.spent(); {
		parts = min(parts, len(t.now.Steps))
		if t.attempt(func(s *scenarios.Scenario) []candidate { return cutParts(s, parts) }) {
			parts = max(parts-1, 2)
			continue
		}
		if parts == len(t.now.Steps) {
			break
		}
		parts *= 2
	}
	t.each(cutPairs)
}

// cutPairs leaves out two steps at once: what one does, another may undo.
func cutPairs(s *scenarios.Scenario) []candidate {
	if len(s.Steps) > 12 {
		return nil
	}
	var list []candidate
	for i := range s.Steps {
		for j := range i {
			if c := without(s, map[int]bool{i: true, j: true}); c != nil {
				list = append(list, candidate{c, "without two faults"})
			}
		}
	}
	return list
}
