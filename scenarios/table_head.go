package scenarios

// The shape of a whole file.
var fileShape = Shape{
	Name: "scenario",
	Doc:  "One failure, written down: a cluster, a workload, faults, and what is expected of the run.",
	Fields: []Field{
		{
			Name: "version", Kind: VersionKind, Required: true,
			Doc: "The version of the format; 1.",
		},
		{
			Name: "name", Kind: NameKind, Required: true,
			Doc: "The scenario's name, equal to the file's name without its ending.",
		},
		{
			Name: "why", Kind: TextKind, Required: true,
			Doc: "One or two sentences: which failure this is and why it matters.",
		},
		{
			Name: "tiers", Kind: WordListKind, Noun: "tier", Required: true, Words: tierWords,
			Doc: "The engines that play the file. Leaving one out needs `tier_reason`.",
		},
		{
			Name: "tier_reason", Kind: TextKind,
			Doc: "Why a single tier must do.",
		},
		{
			Name: "tags", Kind: TextListKind,
			Doc: "Free words to choose scenarios by; `pr` marks the set that runs for every change.",
		},
		{
			Name: "catches", Kind: CatchesKind, Required: true,
			Doc: "The mutants on which this scenario must fail for at least one seed; `a+b` builds two " +
				"together. " +
				"A scenario that fails on nothing has no teeth.",
		},
		{Name: "cluster", Kind: ObjectKind, Object: &clusterShape, Doc: clusterShape.Doc},
		{Name: "workload", Kind: ObjectKind, Object: &workloadShape, Doc: workloadShape.Doc},
		{Name: "assume", Kind: ObjectKind, Object: &assumeShape, Doc: assumeShape.Doc},
		{
			Name: "steps", Kind: ObjectListKind, Object: &stepShape,
			Doc: "The deliberate faults and acts, each with a trigger.",
		},
		{Name: "nemesis", Kind: ObjectKind, Object: &nemesisShape, Doc: nemesisShape.Doc},
		{
			Name: "expect", Kind: ObjectListKind, Required: true, Object: &expectShape,
			Doc: "What must hold. At least one entry is a `never`.",
		},
		{Name: "run", Kind: ObjectKind, Object: &runShape, Doc: runShape.Doc},
	},
}

var tierWords = []Word{
	{
		Name: string(SimTier),
		Doc:  "The deterministic simulator: virtual clocks, every choice drawn from the seed.",
	},
	{Name: string(RealTier), Doc: "Real processes, Redis and PostgreSQL, with a proxy on each link."},
}

var clusterShape = Shape{
	Name: "cluster",
	Doc:  "The instances, and the stores and broker behind them.",
	Fields: []Field{
		{
			Name: "nodes", Kind: IntKind, Max: 99, Default: "3",
			Doc: "How many instances of the service run, 1 to 99.",
		},
		{Name: "lease", Kind: ObjectKind, Object: &leaseShape, Doc: leaseShape.Doc},
		{
			Name: "stale_after", Kind: LengthKind, Default: "3ttl",
			Doc: "From which age of its heartbeat the ledger's leader counts as stale.",
		},
		{Name: "redis", Kind: ObjectKind, Object: &redisSetupShape, Doc: redisSetupShape.Doc},
		{Name: "postgres", Kind: ObjectKind, Object: &postgresSetupShape, Doc: postgresSetupShape.Doc},
		{Name: "broker", Kind: ObjectKind, Object: &brokerSetupShape, Doc: brokerSetupShape.Doc},
		{Name: "intake", Kind: WordKind, Default: "any", Words: []Word{
			{Name: string(IntakeAny), Doc: "Any instance stores a signal; only the leader executes it."},
			{
				Name: string(IntakeLeaderOnly),
				Doc:  "A follower answers `rejected: not_leader` instead of storing the signal.",
			},
		}, Doc: "Which instances take signals in."},
		{
			Name: "config", Kind: SettingsKind,
			Doc: "Any other setting of the service, by its name; nested settings may be dotted.",
		},
	},
}

var leaseShape = Shape{
	Name: "lease",
	Doc:  "The timing of the lease in Redis; everything else scales with it.",
	Fields: []Field{
		{
			Name: "ttl", Kind: LengthKind, Default: "10s",
			Doc: "How long an acquired or renewed lease lasts. It is the unit `ttl` of the whole file.",
		},
		{
			Name: "renew", Kind: LengthKind, Default: "0.3ttl",
			Doc: "From one renewal to the next; two tries must fit into a lease.",
		},
	},
}

var redisSetupShape = Shape{
	Name: "redis",
	Doc:  "How Redis is set up, and so what it keeps when it dies.",
	Fields: []Field{
		{Name: "mode", Kind: WordKind, Default: "replicated if a step needs a replica, else " +
			"single", Words: []Word{
			{Name: string(SingleRedis), Doc: "One Redis server without a replica."},
			{
				Name: string(ReplicatedRedis),
				Doc:  "A primary with one asynchronous replica that can be promoted.",
			},
		}, Doc: "Whether a replica stands beside the primary."},
		{Name: "durability", Kind: WordKind, Default: "aof_always", Words: []Word{
			{Name: string(NoDurability), Doc: "Nothing is written to disk; a restart comes back empty."},
			{
				Name: string(AOFEverySec),
				Doc:  "The log reaches the disk once a second; a crash loses up to a second of writes.",
			},
			{Name: string(AOFAlways), Doc: "Every write reaches the disk before it is acknowledged."},
		}, Doc: "Which acknowledged writes of Redis outlive a crash."},
	},
}

var postgresSetupShape = Shape{
	Name: "postgres",
	Doc:  "How the instances talk to PostgreSQL.",
	Fields: []Field{
		{
			Name: "pool", Kind: IntKind, Max: 1000, Default: "the service's own",
			Doc: "How many connections each instance may open.",
		},
	},
}

var brokerSetupShape = Shape{
	Name: "broker",
	Doc:  "The kind of broker that takes the orders.",
	Fields: []Field{
		{
			Name: "class", Kind: WordKind, Default: "D", Words: classWords,
			Doc: "What can be learned from the broker about an order whose answer was lost.",
		},
		{
			Name: "ack", Kind: SpanKind, Default: "5ms..20ms",
			Doc: "How long the broker takes to answer an order.",
		},
	},
}

var classWords = []Word{
	{
		Name: string(ClassA),
		Doc:  "Remembers client order ids for ever and finds them exactly: the same id may be sent again.",
	},
	{
		Name: string(ClassB),
		Doc:  "Refuses late requests itself: after its bound, absence proves that no order exists.",
	},
	{Name: string(ClassC), Doc: "Can be looked up, but absence proves nothing."},
	{Name: string(ClassD), Doc: "Has neither ids nor look-up: any ambiguity is in doubt."},
}

var workloadShape = Shape{
	Name: "workload",
	Doc:  "The signals that senders offer to the cluster.",
	Fields: []Field{
		{
			Name: "signals", Kind: SignalsKind, Default: "none",
			Doc: "How many signals are offered: a rate, or a count together with `every`.",
		},
		{Name: "every", Kind: SpanKind, With: "signals", Doc: "The gap between two counted signals."},
		{
			Name: "instruments", Kind: IntKind, Max: 1000, Default: "1",
			Doc: "Over how many instruments the signals are spread.",
		},
		{
			Name: "exits", Kind: PercentKind, Zero: true, Default: "0%",
			Doc: "Which share of the signals are exits; the others are entries.",
		},
		{
			Name: "duplicates", Kind: PercentKind, Zero: true, Default: "0%",
			Doc: "Which share of the signals is delivered a second time.",
		},
		{
			Name: "reorder", Kind: LengthKind, Zero: true, Default: "0s",
			Doc: "Within which window deliveries change places.",
		},
		{
			Name: "to", Kind: WordKind, Default: "any", Words: targetWords,
			Doc: "Which instances the senders talk to.",
		},
		{Name: "retry", Kind: ObjectKind, Object: &retryShape, Doc: retryShape.Doc},
		{
			Name: "valid_for", Kind: LengthKind, Default: "the service's own",
			Doc: "How long a signal stays worth executing; later it expires.",
		},
	},
}

var targetWords = []Word{
	{Name: string(ToAny), Doc: "One instance, drawn for each signal."},
	{Name: string(ToLeader), Doc: "The instance that leads at that moment."},
	{Name: string(ToFollower), Doc: "An instance that does not lead, drawn for each signal."},
	{Name: string(ToAll), Doc: "Every instance at once, the same signal."},
}

var retryShape = Shape{
	Name: "retry",
	Doc:  "How a sender behaves that gets no good answer.",
	Fields: []Field{
		{
			Name: "timeout", Kind: LengthKind, Default: "3s",
			Doc: "How long a sender waits for an answer before it gives up the try.",
		},
		{
			Name: "attempts", Kind: IntKind, Max: 1000, Default: "4",
			Doc: "How many tries a sender makes in total.",
		},
	},
}

var assumeShape = Shape{
	Name: "assume",
	Doc:  "What must hold for the run to say anything; where it does not, the run is `invalid`.",
	Fields: []Field{
		{
			Name: "clock_drift", Kind: PercentKind, Default: "1%",
			Doc: "By how much the rates of any two clocks may differ.",
		},
		{
			Name: "postgres", Kind: WordKind, Words: []Word{durableWord},
			Doc: "That PostgreSQL keeps what it has acknowledged.",
		},
		{Name: "redis", Kind: WordKind, Words: []Word{
			durableWord,
			{Name: string(MayLoseAckedWrites), Doc: "The store may forget writes that it has acknowledged."},
		}, Doc: "What Redis does with acknowledged writes."},
		{
			Name: "min_traffic", Kind: RateKind,
			Doc: "The rate of offered signals that the run must reach on average, over all seeds.",
		},
		{
			Name: "harness_stall", Kind: LengthKind,
			Doc: "The longest time for which the harness itself may stand still.",
		},
	},
}

var durableWord = Word{Name: string(Durable), Doc: "The store keeps every write that it has acknowledged."}

var runShape = Shape{
	Name: "run",
	Doc:  "How long a run lasts and how many seeds are tried.",
	Fields: []Field{
		{
			Name: "duration", Kind: LengthKind, Default: "20ttl",
			Doc: "How long steps fire and signals are offered.",
		},
		{
			Name: "settle", Kind: LengthKind, Default: "3ttl",
			Doc: "How long the healed cluster is left alone before the last judgement.",
		},
		{
			Name: "timeout", Kind: LengthKind, Default: "2m",
			Doc: "How much wall time a run may take; beyond it the harness has broken.",
		},
		{Name: "seeds", Kind: ObjectKind, Object: &seedsShape, Doc: seedsShape.Doc},
		{Name: "seed", Kind: IntKind, Doc: "Pins the micro-schedule of a shrunk failure to this seed."},
	},
}

var seedsShape = Shape{
	Name: "seeds",
	Doc:  "How many seeds each tier tries unless the command line says otherwise.",
	Fields: []Field{
		{Name: "sim", Kind: IntKind, Default: "200", Doc: "Seeds in the simulator."},
		{Name: "real", Kind: IntKind, Default: "3", Doc: "Seeds on real processes."},
	},
}
