package scenarios

var redisShape = Shape{
	Name: "redis",
	Doc:  "Disturbs the Redis server.",
	By:   "act",
	Fields: []Field{
		{Name: "act", Kind: WordKind, Required: true, Doc: "What happens to Redis.", Words: []Word{
			{
				Name: string(RedisRestart), Takes: []string{"down"},
				Doc: "Redis dies and comes back with what its durability has kept.",
			},
			{Name: string(RedisLoseData), Takes: []string{"down"}, Doc: "Redis dies and comes back empty."},
			{
				Name: string(RedisFailover), Takes: []string{"lose_last", "down"},
				Doc: "The replica is promoted; writes that had not reached it are lost.",
			},
			{
				Name: string(RedisSplit), Needs: []string{"serves"}, Takes: []string{"lose_last", "for"},
				Doc: "The replica is promoted while the old primary still serves some of the nodes.",
			},
			{Name: string(RedisFlush), Doc: "All keys vanish while Redis goes on serving."},
			{
				Name: string(RedisStall), Takes: []string{"for"},
				Doc: "Redis stands still; expiry goes on, requests wait.",
			},
			{
				Name: string(RedisShiftTTL), Needs: []string{"by"},
				Doc: "The remaining time of every key changes, as if the clock of Redis had jumped.",
			},
			{
				Name: string(RedisSetLease), Needs: []string{"to"},
				Doc: "The lease's key is overwritten so that it names another node.",
			},
		}},
		{
			Name: "lose_last", Kind: LossKind,
			Doc: "Which of the latest acknowledged writes are lost: those of a time, or a number of them.",
		},
		downField,
		{
			Name: "by", Kind: SpanKind, Signed: true,
			Doc: "By how much the remaining times change; negative means earlier.",
		},
		forField,
		{Name: "serves", Kind: NodeListKind, Doc: "The nodes that the old primary still serves."},
		{Name: "to", Kind: NodeKind, Doc: "The node that the lease's key will name."},
	},
}

var postgresShape = Shape{
	Name: "postgres",
	Doc:  "Disturbs the PostgreSQL server.",
	By:   "act",
	Fields: []Field{
		{Name: "act", Kind: WordKind, Required: true, Doc: "What happens to PostgreSQL.", Words: []Word{
			{
				Name: string(PostgresRestart), Takes: []string{"down"},
				Doc: "PostgreSQL is shut down and started again.",
			},
			{
				Name: string(PostgresCrash), Takes: []string{"down"},
				Doc: "PostgreSQL dies at once and recovers from its log when it comes back. In the " +
					"simulator a standby that has every durable commit takes its place in one crash of four.",
			},
			{
				Name: string(PostgresStall), Takes: []string{"for"},
				Doc: "Every process of the server stands still.",
			},
			{
				Name: string(PostgresSlow), Needs: []string{"by"}, Takes: []string{"for"},
				Doc: "Every statement takes longer.",
			},
			{Name: string(PostgresReadOnly), Takes: []string{"for"}, Doc: "Writes are refused, reads work."},
			{Name: string(PostgresKillBackends), Doc: "Every session is ended; new ones can be opened."},
			{
				Name: string(PostgresHangPostmaster), Takes: []string{"for"},
				Doc: "Sessions that are open live on, new connections hang.",
			},
			{
				Name: string(PostgresExhaust), Takes: []string{"for"},
				Doc: "All connections are taken by somebody else.",
			},
			{
				Name: string(PostgresLockRows), Takes: []string{"for"},
				Doc: "Somebody else holds locks on the rows that matter.",
			},
			{
				Name: string(PostgresRewind), Needs: []string{"by"}, Takes: []string{"down"},
				Doc: "An older copy is restored: what was committed since is gone.",
			},
		}},
		downField,
		{
			Name: "by", Kind: SpanKind,
			Doc: "Slow: by how much each statement takes longer. Rewind: how far back the copy is.",
		},
		forField,
	},
}

var brokerShape = Shape{
	Name: "broker",
	Doc:  "Makes the broker misbehave.",
	By:   "act",
	Fields: []Field{
		{Name: "act", Kind: WordKind, Required: true, Doc: "How the broker misbehaves.", Words: []Word{
			{
				Name: string(BrokerAcceptThenSilence), Takes: []string{"for"},
				Doc: "Orders are accepted, and no answer is ever sent.",
			},
			{
				Name: string(BrokerLate), Needs: []string{"delay"}, Takes: []string{"for"},
				Doc: "Orders are accepted, and the answer comes late.",
			},
			{
				Name: string(BrokerDuplicateAck), Takes: []string{"delay", "for"},
				Doc: "An answer is sent a second time, later.",
			},
			{Name: string(BrokerReject), Takes: []string{"for"}, Doc: "Orders are definitively refused."},
			{Name: string(BrokerDown), Takes: []string{"for"}, Doc: "The broker cannot be reached."},
			{
				Name: string(BrokerWrongStatus), Takes: []string{"for"},
				Doc: "Orders are accepted, and the answer carries a status that says otherwise.",
			},
		}},
		{Name: "delay", Kind: SpanKind, Doc: "How late the answer, or its second copy, comes."},
		forField,
	},
}

var webhookShape = Shape{
	Name: "webhook",
	Doc:  "Sends signals beside the workload.",
	By:   "act",
	Fields: []Field{
		{Name: "act", Kind: WordKind, Required: true, Doc: "What is sent.", Words: []Word{
			{Name: string(WebhookBurst), Takes: []string{"count", "to"}, Doc: "New signals, all at once."},
			{
				Name: string(WebhookReplay), Takes: []string{"count", "to"},
				Doc: "The oldest signals of the run, once more.",
			},
			{
				Name: string(WebhookDuplicate), Takes: []string{"count", "to"},
				Doc: "One new signal, several times at once.",
			},
			{
				Name: string(WebhookMalformed), Takes: []string{"count", "to"},
				Doc: "Bodies that are no signals.",
			},
		}},
		{
			Name: "count", Kind: CountKind, Max: 100_000, Default: "burst 10, duplicate 2, else 1",
			Doc: "How many signals, or how many copies of one.",
		},
		{Name: "to", Kind: NodeKind, Default: "any", Doc: "The node, or nodes, that get them."},
	},
}

var controlShape = Shape{
	Name: "control",
	Doc:  "Changes the control mode, as an operator would.",
	Fields: []Field{
		{
			Name: "set", Kind: WordKind, Noun: "control mode", Required: true,
			Doc: "The new mode.", Words: []Word{
				{Name: "run", Doc: "Permits are granted."},
				{Name: "pause", Doc: "No permit is granted; signals wait."},
				{Name: "halt", Doc: "No permit is granted, and what has not passed the gate stays here."},
			},
		},
	},
}

var operatorShape = Shape{
	Name: "operator",
	Doc: "A person resolves what is in doubt, clears an instance that is barred, or decides about " +
		"signals that nobody has sent.",
	By: "act",
	Fields: []Field{
		{Name: "act", Kind: WordKind, Required: true, Doc: "What the person does.", Words: []Word{
			{
				Name: string(OperatorAttest), Takes: []string{"verdict", "delay"},
				Doc: "Says of each signal in doubt whether the broker has its order.",
			},
			{
				Name: string(OperatorClear), Takes: []string{"delay"},
				Doc: "Accepts the authority as it is, so that barred instances may lead again.",
			},
			{
				Name: string(OperatorHold), Takes: []string{"delay"},
				Doc: "Holds back each signal that was received and not sent.",
			},
			{
				Name: string(OperatorRelease), Takes: []string{"delay"},
				Doc: "Lets each signal go that is held back.",
			},
			{
				Name: string(OperatorCancel), Takes: []string{"delay"},
				Doc: "Gives up each signal that is held back, or received and not sent.",
			},
			{
				Name: string(OperatorReject), Takes: []string{"delay"},
				Doc: "Refuses each signal that was received and not sent.",
			},
		}},
		{Name: "verdict", Kind: WordKind, Default: "true", Doc: "Whether the person is right.", Words: []Word{
			{Name: string(VerdictTrue), Doc: "What the person says is so."},
			{Name: string(VerdictWrong), Doc: "The person says the opposite of what is so."},
		}},
		{Name: "delay", Kind: SpanKind, Default: "0s", Doc: "How long the person takes."},
	},
}

var nemesisShape = Shape{
	Name: "nemesis",
	Doc:  "Draws faults at random, beside the steps.",
	Fields: []Field{
		{
			Name: "every", Kind: SpanKind, Required: true,
			Doc: "From the start of one fault to the start of the next.",
		},
		{Name: "hold", Kind: SpanKind, Default: "0.5ttl..2ttl", Doc: "How long a fault lasts."},
		{
			Name: "max_active", Kind: IntKind, Max: 1000, Default: "2",
			Doc: "How many faults may last at the same time.",
		},
		{Name: "protect", Kind: WordKind, Default: "none", Words: []Word{
			{Name: string(ProtectNone), Doc: "Nobody is spared."},
			{Name: string(ProtectOneNode), Doc: "One node, drawn by the seed, always reaches both stores."},
		}, Doc: "Whom the faults spare."},
		{
			Name: "quiet_every", Kind: LengthKind, Default: "no quiet windows",
			Doc: "From one quiet window to the next; liveness is judged in them.",
		},
		{
			Name: "quiet_for", Kind: LengthKind, With: "quiet_every", Default: "5ttl",
			Doc: "How long a quiet window lasts, everything healed.",
		},
		{
			Name: "weights", Kind: WeightsKind, Default: "every verb alike",
			Doc: "How often each verb is drawn, relative to the others; a verb that is not named is not " +
				"drawn.",
		},
	},
}
