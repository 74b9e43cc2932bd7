package scenarios

import "fencepost/core"

func (c *checker) checkSteps() {
	ids := map[string]int{}
	for i, step := range c.s.Steps {
		if first, twice := ids[step.ID]; twice && step.ID != "" {
			c.refuse(step.Place.Of("id"), "", nil, "the id %s stands twice; the first one is in line %d",
				step.ID, c.s.Steps[first].Place.Of("id").Line)
		} else {
			ids[step.ID] = i
		}
		c.checkTrigger(i, step)
		c.checkVerb(i, step)
		c.checkBinding(i, step)
	}
}

func (c *checker) checkTrigger(i int, step Step) {
	switch step.Trigger.Kind {
	case WhenTrigger:
		c.node(step.Trigger.When.Node, step.Place.Of("when.node"), i)
	case AfterTrigger:
		c.moment(step.Trigger.After, step.Place.Of("after"))
		if circle := c.cycle(step); circle != "" && step.ID != "" {
			c.refuse(step.Place.Of("after"), "", nil, "the step waits for itself: %s", circle)
		}
	case NoTrigger, AtTrigger:
	}
}

// checkBinding notes the name that a step binds, for the steps after it.
func (c *checker) checkBinding(i int, step Step) {
	name := step.Bound()
	if name == "" {
		return
	}
	at := step.Place.Of(step.Verb.Word() + ".as")
	if by, twice := c.bound[name]; twice {
		c.refuse(at, "", nil, "the name %s is bound already, in line %d", name, c.s.Steps[by].Place.Line)
		return
	}
	c.bound[name] = i
	hit, _ := hitBy(step.Verb)
	switch {
	case hit.IsSeveral():
		c.refuse(at, "", nil, "`as` binds one node, and %s may be several", hit)
	case hit.IsStore():
		c.refuse(at, "", nil, "`as` binds a node, and %s is none", hit)
	}
}

// hitBy returns the node that a verb hits, and the field that names it.
func hitBy(verb Verb) (Party, string) {
	switch v := verb.(type) {
	case Kill:
		return v.Node, "kill.node"
	case Stop:
		return v.Node, "stop.node"
	case Pause:
		return v.Node, "pause.node"
	case Net:
		return v.Link.Near, "net.link"
	case Clock:
		return v.Node, "clock.node"
	case Webhook:
		return v.To, "webhook.to"
	case Redis:
		return v.To, "redis.to"
	default:
		return Party{}, ""
	}
}

func (c *checker) checkVerb(i int, step Step) {
	hit, field := hitBy(step.Verb)
	c.node(hit, step.Place.Of(field), i)
	if step.Heals == HealsNever && !lasts(step.Verb) {
		c.refuse(step.Place.Of("heals"), "", nil,
			"this %s ends by itself, so there is nothing that never heals",
			step.Verb.Word())
	}
	switch v := step.Verb.(type) {
	case Net:
		c.checkNet(v, step.Place)
	case Clock:
		if v.Suspend == asFor {
			c.refuse(step.Place.Of("clock.suspend"), "", nil, "`suspend: true` needs `for`, how long the "+
				"machine sleeps")
		} else if !v.Suspend.IsZero() && !v.For.IsZero() {
			c.refuse(step.Place.Of("clock.for"), "", nil, "`suspend` says itself how long the machine sleeps")
		}
	case Redis:
		for _, p := range v.Serves {
			c.node(p, step.Place.Of("redis.serves"), i)
		}
		if v.To.IsSeveral() {
			c.refuse(step.Place.Of("redis.to"), "", nil, "the lease's key names one node, and %s may be "+
				"several", v.To)
		}
	}
	if c.s.Cluster.Redis.Mode == SingleRedis {
		alone := Scenario{Steps: []Step{step}}
		if alone.wantsReplica() {
			c.refuse(step.Place.Of(step.Verb.Word()), "", nil,
				"a single Redis has no replica; write `cluster: {redis: {mode: replicated}}`")
		}
	}
}

func (c *checker) checkNet(v Net, place Place) {
	between := v.Link.Near.IsStore()
	switch v.Effect {
	case Flap:
		if v.Delay.IsZero() == v.Rate.IsZero() {
			c.refuse(place.Of("net.effect"), "", nil,
				"`effect: flap` needs either `delay`, how long each state lasts, or `rate`, how often it "+
					"goes down")
		}
	case CutReply:
		if between {
			c.refuse(place.Of("net.effect"), "", nil, "no named operation crosses the link %s", v.Link)
		} else if !serves(v.Link, v.On) {
			c.refuse(place.Of("net.on"), "", opsOf(v.Link), "%s goes to %s, not over the link %s",
				v.On, v.On.Store(), v.Link)
		}
	case Drop, Hold, Refuse, Reset, Latency, Bandwidth:
	}
}

// lasts tells whether a verb leaves something broken until somebody heals it.
func lasts(verb Verb) bool {
	switch v := verb.(type) {
	case Kill:
		return v.Restart.IsZero()
	case Stop:
		return v.Restart.IsZero()
	case Pause:
		return v.For.IsZero()
	case Net:
		return v.For.IsZero() && v.Effect != Reset
	case Clock:
		return v.For.IsZero() && v.Suspend.IsZero()
	case Redis:
		return v.For.IsZero() && (v.Act == RedisStall || v.Act == RedisSplit)
	case Postgres:
		return v.For.IsZero() && v.Down.IsZero() && v.Act != PostgresKillBackends &&
			v.Act != PostgresRestart && v.Act != PostgresCrash && v.Act != PostgresRewind
	case Broker:
		return v.For.IsZero()
	default:
		return false
	}
}

// serves tells whether an operation crosses the link.
func serves(l Link, o core.Op) bool {
	for _, kind := range l.Stores() {
		if storeOf(kind) == o.Store() {
			return true
		}
	}
	return false
}

// opsOf lists the operations that cross the link.
func opsOf(l Link) []string {
	var names []string
	for _, o := range nameableOps() {
		if serves(l, o) {
			names = append(names, o.String())
		}
	}
	return names
}

// storeOf returns the store that core knows the party by. A node that talks to
// the replica talks to Redis.
func storeOf(k PartyKind) core.Store {
	switch k {
	case RedisParty, ReplicaParty:
		return core.Redis
	case PostgresParty:
		return core.Postgres
	case BrokerParty:
		return core.Broker
	case NoParty, LeaderParty, FollowerParty, FollowersParty, CandidateParty,
		AnyParty, AllParty, NodeParty, BoundParty:
		return core.NoStore
	default:
		return core.NoStore
	}
}
