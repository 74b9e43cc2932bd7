package scenarios

var claimNames = []string{
	"never", "detect", "elect", "recover", "sometimes", "no", "at_most", "metric", "final",
}

var expectShape = Shape{
	Name: "expect",
	Doc:  "One entry of `expect`: exactly one expectation.",
	Fields: []Field{
		{
			Name: "class", Kind: WordListKind, Noun: "class", Words: classWords, Default: "every class",
			Doc: "The broker classes under which this is expected; see `drill run --class`.",
		},
		{
			Name: "never", Kind: WordKind, Noun: "invariant", Words: invariantWords,
			Doc: "The invariant for whose sake the file exists is never broken. All invariants are " +
				"judged in every run, " +
				"named or not.",
		},
		{Name: "detect", Kind: ObjectKind, Object: &detectShape, Doc: detectShape.Doc},
		{Name: "elect", Kind: ObjectKind, Object: &electShape, Doc: electShape.Doc},
		{Name: "recover", Kind: ObjectKind, Object: &recoverShape, Doc: recoverShape.Doc},
		{Name: "sometimes", Kind: ObjectKind, Object: &sometimesShape, Doc: sometimesShape.Doc},
		{Name: "no", Kind: ObjectKind, Object: &noShape, Doc: noShape.Doc},
		{Name: "at_most", Kind: ObjectKind, Object: &atMostShape, Doc: atMostShape.Doc},
		{Name: "metric", Kind: ObjectKind, Object: &metricShape, Doc: metricShape.Doc},
		{
			Name: "final", Kind: WordListKind, Noun: "final state",
			Doc: "Something holds once the run has settled.", Words: []Word{
				{
					Name: string(EverySignalTerminal),
					Doc:  "Each acknowledged signal is final, or in doubt with its alert raised.",
				},
				{
					Name: string(LedgerEqualsBroker),
					Doc:  "The ledger and the broker have the same orders, attempts in doubt excepted.",
				},
			},
		},
	},
	Choices: []Choice{{Name: "expectation", Of: claimNames}},
}

// The fields that several expectations share.
var (
	sinceField = Field{
		Name: "from", Kind: MomentKind, Required: true,
		Doc: "The moment from which the time counts.",
	}
	withinField = Field{
		Name: "within", Kind: LengthKind, Required: true,
		Doc: "How much time there is.",
	}
	fromField = Field{
		Name: "from", Kind: MomentKind, Default: "the start of the run",
		Doc: "Where the window begins.",
	}
	untilField = Field{
		Name: "until", Kind: MomentKind, Default: "the end of the run",
		Doc: "Where the window ends.",
	}
	aboutField = Field{
		Name: "event", Kind: WordKind, Required: true, Words: eventWords,
		Doc: "The event that is counted.",
	}
)

var detectShape = Shape{
	Name: "detect",
	Doc:  "Somebody notices, in time: one report, caused after `from`, from any party of `by`.",
	Fields: []Field{
		{
			Name: "what", Kind: WordListKind, Noun: "subject", Required: true,
			Doc: "What is noticed; of several, any one.", Words: []Word{
				{Name: string(StaleLeader), Doc: "A node holds belief or work under a past epoch."},
				{Name: string(GrayLeader), Doc: "A leader keeps its lease but cannot reach PostgreSQL."},
				{Name: string(LeaseLost), Doc: "The lease lapsed, or another holds it."},
				{Name: string(SplitBrain), Doc: "Redis and the ledger name different leaders."},
				{
					Name: string(UnknownOutcome),
					Doc:  "An operation's reply was lost, so nobody knows whether it was applied.",
				},
				{Name: string(ClockDrift), Doc: "A node's clocks run at another rate than the servers'."},
				{Name: string(AuthorityRegression), Doc: "PostgreSQL went back in time."},
				{Name: string(Degradation), Doc: "A store answers slowly, or not at all."},
				{Name: string(LostWrite), Doc: "Redis has forgotten what it had acknowledged."},
			},
		},
		{Name: "node", Kind: NodeKind, Default: "any", Doc: "The node that it is about."},
		fromField,
		withinField,
		{
			Name: "by", Kind: WordListKind, Noun: "reporter", Default: "anybody",
			Doc: "Who may be the one that notices.", Words: []Word{
				{Name: string(BySelf), Doc: "The node itself."},
				{Name: string(ByPeer), Doc: "Another node."},
				{Name: string(ByStore), Doc: "The store, by refusing a request."},
			},
		},
	},
}

var electShape = Shape{
	Name:   "elect",
	Doc:    "A leader is elected, with an epoch above the highest at `from`.",
	Fields: []Field{sinceField, withinField},
}

var recoverShape = Shape{
	Name: "recover",
	Doc: "The work goes on: in some whole window of one ttl that ends in time, the share of offered " +
		"signals that are " +
		"final or in doubt reaches `rate`.",
	Fields: []Field{
		sinceField, withinField,
		{Name: "rate", Kind: PercentKind, Default: "90%", Doc: "The share that must be reached."},
	},
}

var sometimesShape = Shape{
	Name: "sometimes",
	Doc: "The danger really happened, in the runs of a call taken together; otherwise the verdict is " +
		"`invalid`, " +
		"because the search was blind.",
	Fields: []Field{
		aboutField,
		{
			Name: "at_least", Kind: IntKind, Max: 1_000_000_000, Default: "1",
			Doc: "How often, over all seeds.",
		},
	},
}

var noShape = Shape{
	Name:   "no",
	Doc:    "The event does not happen in the window.",
	Fields: []Field{aboutField, fromField, untilField},
}

var atMostShape = Shape{
	Name: "at_most",
	Doc:  "The event happens no more than so many times in the window.",
	Fields: []Field{
		aboutField,
		{
			Name: "count", Kind: IntKind, Required: true, Zero: true, Max: 1_000_000_000,
			Doc: "How many times at most.",
		},
		fromField, untilField,
	},
}

var metricShape = Shape{
	Name: "metric",
	Doc:  "A metric of the service stays on one side of a bound.",
	Fields: []Field{
		{Name: "name", Kind: WordKind, Required: true, Words: gaugeWords, Doc: "What is measured."},
		{Name: "node", Kind: NodeKind, Default: "every node", Doc: "The node whose metric it is."},
		{Name: "below", Kind: NumberKind, Signed: true, Zero: true, Doc: "The value stays below this."},
		{Name: "above", Kind: NumberKind, Signed: true, Zero: true, Doc: "The value stays above this."},
		fromField, untilField,
	},
	Choices: []Choice{{Name: "bound", Of: []string{"below", "above"}}},
}
