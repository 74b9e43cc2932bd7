package scenarios

var (
	triggerNames = []string{"at", "when", "after"}
	verbNames    = []string{
		"kill", "stop", "pause", "net", "clock", "redis", "postgres",
		"broker", "webhook", "control", "operator", "roll",
	}
)

var stepShape = Shape{
	Name: "step",
	Doc:  "One entry of `steps`: exactly one trigger and exactly one verb.",
	Fields: []Field{
		{
			Name: "id", Kind: NameKind,
			Doc: "A name by which expectations and later steps refer to this step: ID.start, ID.end.",
		},
		{Name: "at", Kind: SpanKind, Zero: true, Doc: "Fires so long after the first leader.elected."},
		{Name: "when", Kind: ObjectKind, Object: &whenShape, Doc: whenShape.Doc},
		{Name: "after", Kind: MomentKind, Doc: "Fires when another step took effect, or was healed."},
		{Name: "plus", Kind: SpanKind, Zero: true, With: "after", Doc: "With `after`: so much later."},
		{
			Name: "heals", Kind: WordKind, Default: "by its own time, or at the end", Words: []Word{{
				Name: string(HealsNever),
				Doc: "The fault stays when the harness heals the rest at the end; what is healthy goes on " +
					"without.",
			}}, Doc: "Whether the fault is ever healed.",
		},
		{
			Name: "class", Kind: WordListKind, Noun: "class", Words: classWords, Default: "every class",
			Doc: "The broker classes under which there is this step; see `drill run --class`.",
		},
		{Name: "kill", Kind: ObjectKind, Object: &killShape, Doc: killShape.Doc},
		{Name: "stop", Kind: ObjectKind, Object: &stopShape, Doc: stopShape.Doc},
		{Name: "pause", Kind: ObjectKind, Object: &pauseShape, Doc: pauseShape.Doc},
		{Name: "net", Kind: ObjectKind, Object: &netShape, Doc: netShape.Doc},
		{Name: "clock", Kind: ObjectKind, Object: &clockShape, Doc: clockShape.Doc},
		{Name: "redis", Kind: ObjectKind, Object: &redisShape, Doc: redisShape.Doc},
		{Name: "postgres", Kind: ObjectKind, Object: &postgresShape, Doc: postgresShape.Doc},
		{Name: "broker", Kind: ObjectKind, Object: &brokerShape, Doc: brokerShape.Doc},
		{Name: "webhook", Kind: ObjectKind, Object: &webhookShape, Doc: webhookShape.Doc},
		{Name: "control", Kind: ObjectKind, Object: &controlShape, Doc: controlShape.Doc},
		{Name: "operator", Kind: ObjectKind, Object: &operatorShape, Doc: operatorShape.Doc},
		{Name: "roll", Kind: ObjectKind, Object: &rollShape, Doc: rollShape.Doc},
	},
	Choices: []Choice{{Name: "trigger", Of: triggerNames}, {Name: "verb", Of: verbNames}},
}

var whenShape = Shape{
	Name: "when",
	Doc:  "Fires at the nth such event of the run.",
	Fields: []Field{
		{
			Name: "event", Kind: WordKind, Required: true, Words: eventWords,
			Doc: "The event that is waited for.",
		},
		{Name: "node", Kind: NodeKind, Default: "any", Doc: "The node at which it must happen."},
		{
			Name: "nth", Kind: CountKind, Max: 1_000_000, Default: "1",
			Doc: "At which occurrence, counted per run.",
		},
	},
}

// The fields that several verbs share.
var (
	hitField = Field{
		Name: "node", Kind: NodeKind, Required: true,
		Doc: "The node that is hit; a role is resolved when the step fires.",
	}
	bindField = Field{
		Name: "as", Kind: NameKind, Noun: "name to bind",
		Doc: "Binds the node that was hit to a name; `$name` means that node from then on.",
	}
	forField = Field{
		Name: "for", Kind: SpanKind, Default: "until the harness heals at the end",
		Doc: "Heals the fault after that time.",
	}
	restartField = Field{
		Name: "restart", Kind: SpanKind, Default: "until the harness heals at the end",
		Doc: "Brings the process back after that time.",
	}
	downField = Field{
		Name: "down", Kind: SpanKind, Default: "as long as a restart takes",
		Doc: "How long the server stays away.",
	}
)

var killShape = Shape{
	Name:   "kill",
	Doc:    "The process crashes without warning: whatever it had not yet written is gone.",
	Fields: []Field{hitField, bindField, restartField},
}

var stopShape = Shape{
	Name:   "stop",
	Doc:    "The process is asked to shut down gracefully.",
	Fields: []Field{hitField, bindField, restartField},
}

var pauseShape = Shape{
	Name: "pause",
	Doc: "The process stands still, as in a long collection of garbage, while the clocks of the world " +
		"go on. " +
		"It strikes between a decision and its write; on waking the write still leaves.",
	Fields: []Field{hitField, bindField, forField},
}

var netShape = Shape{
	Name: "net",
	Doc:  "Breaks the link between a node and a store, in one direction or in both.",
	By:   "effect",
	Fields: []Field{
		{
			Name: "link", Kind: LinkKind, Required: true,
			Doc: "The two parties and the direction: `a <-> b`, `a -> b`, `a <- b`. On the far side " +
				"`all` means every store.",
		},
		{
			Name: "effect", Kind: WordKind, Required: true, Words: effectWords,
			Doc: "What happens to the bytes on the link.",
		},
		{
			Name: "delay", Kind: SpanKind,
			Doc: "Latency: how much later bytes arrive. Flap: how long each state lasts.",
		},
		{
			Name: "jitter", Kind: SpanKind, Default: "0s",
			Doc: "Latency: up to so much more, drawn for each message.",
		},
		{
			Name: "rate", Kind: RateKind, Bytes: true,
			Doc: "Bandwidth: bytes, such as 8KB/s. Reset, flap: how often it strikes, such as 10/s.",
		},
		{
			Name: "on", Kind: WordKind, Noun: "operation", Words: opWords,
			Doc: "Cut_reply: the operation whose replies are lost.",
		},
		forField, bindField,
	},
}

var effectWords = []Word{
	{Name: string(Drop), Doc: "Bytes vanish and the peer stays silent; nobody is told."},
	{
		Name: string(Hold),
		Doc: "Bytes wait, and are delivered when the link heals: release first, reset after. " +
			"A run in which no held byte arrived is `invalid`.",
	},
	{Name: string(Refuse), Doc: "New connections are refused at once, open ones are closed."},
	{
		Name: string(Reset), Takes: []string{"rate"},
		Doc: "Open connections are reset, once or at a rate; new ones work.",
	},
	{
		Name: string(Latency), Needs: []string{"delay"}, Takes: []string{"jitter"},
		Doc: "Bytes arrive later, in each direction that the arrow names.",
	},
	{Name: string(Bandwidth), Needs: []string{"rate"}, Doc: "Only so many bytes pass in a given time."},
	{
		Name: string(Flap), Takes: []string{"delay", "rate"},
		Doc: "The link goes down and up again, over and over.",
	},
	{
		Name: string(CutReply), Needs: []string{"on"},
		Doc: "The named operation is applied, and its reply is lost with the connection.",
	},
}

var clockShape = Shape{
	Name: "clock",
	Doc: "Disturbs the clocks of one node; its wall clock jumps, its clocks run at another rate, or the " +
		"machine sleeps.",
	Fields: []Field{
		hitField,
		{
			Name: "jump", Kind: SpanKind, Signed: true,
			Doc: "By how much the wall clock steps, forwards or back; without `for` an instant act, after " +
				"which the clock stays as it is.",
		},
		{
			Name: "drift", Kind: PercentRangeKind, Signed: true,
			Doc: "By how much all clocks of the node run faster or slower.",
		},
		{
			Name: "suspend", Kind: SuspendKind,
			Doc: "How long the machine sleeps; `true` takes the length from `for`.",
		},
		forField,
	},
	Choices: []Choice{{Name: "disturbance", Of: []string{"jump", "drift", "suspend"}}},
}

var rollShape = Shape{
	Name: "roll",
	Doc:  "A rolling restart: every instance is ended and started again, one after the other.",
	Fields: []Field{
		{Name: "every", Kind: SpanKind, Required: true, Doc: "From one restart to the next."},
		{Name: "how", Kind: WordKind, Default: "graceful", Words: []Word{
			{Name: string(Graceful), Doc: "Each process is asked to shut down."},
			{Name: string(ByKill), Doc: "Each process is killed."},
		}, Doc: "In which way each process is ended."},
		{Name: "to", Kind: WordKind, Default: "same", Words: []Word{
			{Name: string(SameRelease), Doc: "Each process comes back as it was."},
			{Name: string(NextRelease), Doc: "Each process speaks the next version of the protocol then."},
		}, Doc: "As which release each process is started again."},
	},
}
