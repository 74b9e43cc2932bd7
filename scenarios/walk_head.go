package scenarios

func (s *Scenario) walk(c codec) {
	version := Version
	c.value("version", versionValue{&version})
	c.value("name", nameValue{&s.Name})
	c.value("why", textValue{&s.Why})
	c.values("tiers", wordsOf(&s.Tiers))
	c.value("tier_reason", textValue{&s.TierReason})
	c.values("tags", listOf[string]{&s.Tags, func(p *string) value { return textValue{p} }})
	c.values("catches", listOf[Catch]{&s.Catches, func(p *Catch) value { return p }})
	c.object("cluster", s.Cluster.walk)
	c.object("workload", s.Workload.walk)
	c.object("assume", s.Assume.walk)
	c.objects("steps", len(s.Steps), func(at Place) {
		s.Steps = append(s.Steps, Step{Place: at})
	}, func(c codec, i int) { s.Steps[i].walk(c) })
	c.object("nemesis", func(c codec) {
		n := s.Nemesis
		if n == nil {
			n = &Nemesis{}
		}
		n.walk(c)
		if n.Every != (Span{}) {
			s.Nemesis = n
		}
	})
	c.objects("expect", len(s.Expect), func(at Place) {
		s.Expect = append(s.Expect, Expect{Place: at})
	}, func(c codec, i int) { s.Expect[i].walk(c) })
	c.object("run", s.Run.walk)
}

func (k *Cluster) walk(c codec) {
	c.value("nodes", intValue{&k.Nodes})
	c.object("lease", func(c codec) {
		c.value("ttl", &k.Lease.TTL)
		c.value("renew", &k.Lease.Renew)
	})
	c.value("stale_after", &k.StaleAfter)
	c.object("redis", func(c codec) {
		c.value("mode", wordOf(&k.Redis.Mode))
		c.value("durability", wordOf(&k.Redis.Durability))
	})
	c.object("postgres", func(c codec) {
		c.value("pool", intValue{&k.Postgres.Pool})
	})
	c.object("broker", func(c codec) {
		c.value("class", wordOf(&k.Broker.Class))
		c.value("ack", &k.Broker.Ack)
	})
	c.value("intake", wordOf(&k.Intake))
	c.pairs("config", settings{&k.Config})
}

func (w *Workload) walk(c codec) {
	c.value("signals", &w.Signals)
	c.value("every", &w.Every)
	c.value("instruments", intValue{&w.Instruments})
	c.value("exits", &w.Exits)
	c.value("duplicates", &w.Duplicates)
	c.value("reorder", &w.Reorder)
	c.value("to", wordOf(&w.To))
	c.object("retry", func(c codec) {
		c.value("timeout", &w.Retry.Timeout)
		c.value("attempts", intValue{&w.Retry.Attempts})
	})
	c.value("valid_for", &w.ValidFor)
}

func (a *Assume) walk(c codec) {
	c.value("clock_drift", &a.ClockDrift)
	c.value("postgres", wordOf(&a.Postgres))
	c.value("redis", wordOf(&a.Redis))
	c.value("min_traffic", &a.MinTraffic)
	c.value("harness_stall", &a.HarnessStall)
}

func (n *Nemesis) walk(c codec) {
	c.value("every", &n.Every)
	c.value("hold", &n.Hold)
	c.value("max_active", intValue{&n.MaxActive})
	c.value("protect", wordOf(&n.Protect))
	c.value("quiet_every", &n.QuietEvery)
	c.value("quiet_for", &n.QuietFor)
	c.pairs("weights", weights{&n.Weights})
}

func (r *Run) walk(c codec) {
	c.value("duration", &r.Duration)
	c.value("settle", &r.Settle)
	c.value("timeout", &r.Timeout)
	c.object("seeds", func(c codec) {
		c.value("sim", intValue{&r.Seeds.Sim})
		c.value("real", intValue{&r.Seeds.Real})
	})
	c.value("seed", seedValue{&r.Seed})
}

// settings are the pairs of `config`. Their names are the service's business.
type settings struct{ items *[]Setting }

func (s settings) size() int        { return len(*s.items) }
func (s settings) key(i int) string { return (*s.items)[i].Name }
func (s settings) at(i int) value   { return textValue{&(*s.items)[i].Value} }

func (s settings) grow(key string) (value, *problem) {
	for _, part := range splitDots(key) {
		if !isName(part) {
			return nil, &problem{message: quoted(key) + " is no name of a setting"}
		}
	}
	*s.items = append(*s.items, Setting{Name: key})
	return s.at(len(*s.items) - 1), nil
}

// weights are the pairs of the nemesis's `weights`.
type weights struct{ items *[]Weight }

func (w weights) size() int        { return len(*w.items) }
func (w weights) key(i int) string { return (*w.items)[i].Verb }
func (w weights) at(i int) value   { return weightValue{&(*w.items)[i].Weight} }

func (w weights) grow(key string) (value, *problem) {
	for _, verb := range verbNames {
		if verb == key {
			*w.items = append(*w.items, Weight{Verb: key})
			return w.at(len(*w.items) - 1), nil
		}
	}
	return nil, &problem{message: "unknown verb " + quoted(key), got: key, allowed: verbNames}
}

// weightValue is a whole number that may be zero.
type weightValue struct{ p *int }

func (v weightValue) absent() bool   { return false }
func (v weightValue) String() string { return intValue(v).String() }

func (v weightValue) read(_ *Field, text string) *problem {
	return intValue(v).read(&Field{Name: "weight", Zero: true}, text)
}
