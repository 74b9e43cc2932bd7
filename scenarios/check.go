package scenarios

import (
	"fmt"
	"strings"
)

// checker judges what no single field can tell: references and things that
// exclude each other.
type checker struct {
	*document
	s     *Scenario
	bound map[string]int // name → the step that binds it
}

// inspect judges a scenario that was read. Where reading failed, it judges only
// what the failure does not touch.
func inspect(d *document, s *Scenario) {
	c := &checker{document: d, s: s, bound: map[string]int{}}
	whole := len(d.errors) == 0
	c.checkName()
	c.checkTiers()
	if whole {
		c.checkNever()
		c.checkTimes()
		c.checkWorkload()
		c.checkNemesis()
		c.checkSteps()
		c.checkExpect()
	}
}

func (c *checker) checkName() {
	if want := baseName(c.file); want != "" && c.s.Name != "" && c.s.Name != want {
		c.refuse(c.s.Place.Of("name"), c.s.Name, []string{want},
			"the scenario is called %s and its file %s; both have one name", quoted(c.s.Name), quoted(want))
	}
}

func (c *checker) checkTiers() {
	switch {
	case len(c.s.Tiers) == 1 && c.s.TierReason == "":
		c.refuse(c.s.Place.Of("tiers"), "", nil, "`tiers` names only %s; `tier_reason` must "+
			"say why", c.s.Tiers[0])
	case len(c.s.Tiers) > 1 && c.s.TierReason != "":
		c.refuse(c.s.Place.Of("tier_reason"), "", nil, "`tier_reason` explains a single tier; this file "+
			"names %d",
			len(c.s.Tiers))
	}
}

func (c *checker) checkNever() {
	for _, e := range c.s.Expect {
		if _, ok := e.Claim.(Never); ok {
			return
		}
	}
	c.refuse(c.s.Place.Of("expect"), "", wordNames(invariantWords),
		"`expect` has no `never`; name the invariant for whose sake the file exists")
}

// checkTimes judges what depends on the ttl.
func (c *checker) checkTimes() {
	if c.s.Cluster.Lease.TTL.TTLs != 0 {
		c.refuse(c.s.Place.Of("cluster.lease.ttl"), "", wordNames(unitWords[:len(unitWords)-1]),
			"the ttl cannot be measured in itself")
		return
	}
	ttl := c.s.TTL()
	for _, m := range c.mixed {
		if low, high := m.span.Resolve(ttl); low > high {
			c.refuse(m.at, "", nil, "the range %s begins above its end, with a ttl "+
				"of %s", m.span, nanosText(ttl))
		}
	}
	duration := c.s.Run.Duration
	for _, step := range c.s.Steps {
		if duration.IsZero() || step.Trigger.Kind != AtTrigger {
			continue
		}
		if _, latest := step.Trigger.At.Resolve(ttl); latest > duration.Resolve(ttl) {
			c.refuse(step.Place.Of("at"), "", nil, "the step fires at %s, after the run of %s has ended",
				step.Trigger.At, duration)
		}
	}
}

func (c *checker) checkWorkload() {
	w, place := c.s.Workload, c.s.Place
	counted := w.Signals.Count != 0
	switch {
	case counted && w.Every.IsZero():
		c.refuse(place.Of("workload.signals"), "", nil,
			"signals that are counted (%d) need `every`, the gap between two; or write a rate, such as %d/s",
			w.Signals.Count, w.Signals.Count)
	case !counted && !w.Every.IsZero():
		c.refuse(place.Of("workload.every"), "", nil, "`every` belongs to a count of signals; %s is "+
			"a rate", w.Signals)
	}
	least, ttl := c.s.Assume.MinTraffic, c.s.TTL()
	switch {
	case least.IsZero():
	case w.Signals == Signals{}:
		c.refuse(place.Of("assume.min_traffic"), "", nil, "`min_traffic` needs `workload: {signals: …}`")
	case !counted && least.Interval(ttl) < w.Signals.Rate.Interval(ttl):
		c.refuse(place.Of("assume.min_traffic"), "", nil, "`min_traffic` %s is above the rate of %s that "+
			"is offered",
			least, w.Signals)
	}
}

func (c *checker) checkNemesis() {
	n := c.s.Nemesis
	if n == nil {
		return
	}
	sum := 0
	for _, w := range n.Weights {
		sum += w.Weight
	}
	if len(n.Weights) > 0 && sum == 0 {
		c.refuse(c.s.Place.Of("nemesis.weights"), "", nil, "every weight is zero; the nemesis has "+
			"nothing to draw")
	}
	full, ttl := n.withDefaults(), c.s.TTL()
	if !n.QuietEvery.IsZero() && full.QuietFor.Resolve(ttl) >= n.QuietEvery.Resolve(ttl) {
		c.refuse(c.s.Place.Of("nemesis.quiet_every"), "", nil,
			"quiet windows of %s every %s leave no time for faults", full.QuietFor, n.QuietEvery)
	}
}

func (c *checker) checkExpect() {
	for _, e := range c.s.Expect {
		word := e.Claim.Word() + "."
		switch v := e.Claim.(type) {
		case Never, Sometimes, Final:
		case Detect:
			c.node(v.Node, e.Place.Of(word+"node"), len(c.s.Steps))
			c.moment(v.From, e.Place.Of(word+"from"))
		case Elect:
			c.moment(v.From, e.Place.Of(word+"from"))
		case Recover:
			c.moment(v.From, e.Place.Of(word+"from"))
		case No:
			c.window(v.From, v.Until, e.Place, word)
		case AtMost:
			c.window(v.From, v.Until, e.Place, word)
		case Metric:
			c.node(v.Node, e.Place.Of(word+"node"), len(c.s.Steps))
			c.window(v.From, v.Until, e.Place, word)
		}
	}
}

func (c *checker) window(from, until Moment, place Place, word string) {
	c.moment(from, place.Of(word+"from"))
	c.moment(until, place.Of(word+"until"))
	if until.IsZero() || from.Step != until.Step {
		return
	}
	if from == until || from.End {
		c.refuse(place.Of(word+"until"), "", nil, "the window from %s until %s is empty", from, until)
	}
}

// moment refuses a moment of a step that does not exist.
func (c *checker) moment(m Moment, at Position) {
	if m.IsZero() {
		return
	}
	if _, ok := c.s.Step(m.Step); ok {
		return
	}
	var ids []string
	for _, step := range c.s.Steps {
		if step.ID != "" {
			ids = append(ids, step.ID)
		}
	}
	message := fmt.Sprintf("no step has the id %s", quoted(m.Step))
	if len(ids) == 0 {
		message += "; give a step an `id`"
	}
	c.refuse(at, m.Step, ids, "%s", message)
}

// node refuses a node beyond the cluster's size, and a name that no step before
// the given one binds.
func (c *checker) node(p Party, at Position, step int) {
	switch p.Kind {
	case NodeParty:
		nodes := c.s.Cluster.withDefaults(false).Nodes
		if p.Index > nodes {
			c.refuse(at, "", nil, "there is no node %s in a cluster of %d", p, nodes)
		}
	case BoundParty:
		by, ok := c.bound[p.Name]
		if ok && by < step {
			return
		}
		var names []string
		for i, s := range c.s.Steps[:step] {
			if name := s.Bound(); name != "" && c.bound[name] == i {
				names = append(names, "$"+name)
			}
		}
		c.refuse(at, p.String(), names, "no earlier step binds %s with `as: %s`", p, p.Name)
	case NoParty, LeaderParty, FollowerParty, FollowersParty, CandidateParty, AnyParty, AllParty,
		RedisParty, PostgresParty, BrokerParty, ReplicaParty:
	}
}

// cycle returns the ids on a circle of `after` that begins at the step, or "".
func (c *checker) cycle(step Step) string {
	path := []string{step.ID}
	for at := step; at.Trigger.Kind == AfterTrigger && len(path) <= len(c.s.Steps)+1; {
		next, ok := c.s.Step(at.Trigger.After.Step)
		if !ok {
			return ""
		}
		path = append(path, next.ID)
		if next.ID == step.ID {
			return strings.Join(path, " after ")
		}
		at = next
	}
	return ""
}
