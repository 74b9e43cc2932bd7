package scenarios

// Version is the version of the format that this package reads and writes.
const Version = 1

// Scenario is one parsed file. Zero values stand for absent fields.
type Scenario struct {
	// File is the name under which the source was parsed, as given to Parse.
	File string

	Name       string
	Why        string
	Tiers      []Tier
	TierReason string // why one tier is left out; only with a single tier
	Tags       []string
	Catches    []Catch // the mutants on which this scenario must fail

	Cluster  Cluster
	Workload Workload
	Assume   Assume
	Steps    []Step
	Nemesis  *Nemesis // nil without one
	Expect   []Expect
	Run      Run

	// Place tells where each field of the file's head stands; steps and
	// expectations have places of their own.
	Place Place

	lines []string // the source, for error messages
}

// Tier is one of the engines that can play a scenario.
type Tier string

// The tiers: the deterministic simulator, and real processes behind proxies.
const (
	SimTier  Tier = "sim"
	RealTier Tier = "real"
)

// Cluster describes the instances and the stores that stand behind them.
type Cluster struct {
	Nodes      int // 1..99
	Lease      Lease
	StaleAfter Length
	Redis      RedisSetup
	Postgres   PostgresSetup
	Broker     BrokerSetup
	Intake     Intake
	// Config holds any other setting of the service, in the order of the file.
	Config []Setting
}

// Lease holds the timing of the lease in Redis.
type Lease struct {
	TTL   Length // never in multiples of itself
	Renew Length
}

// RedisSetup says what Redis keeps when it dies.
type RedisSetup struct {
	Mode       RedisMode
	Durability Durability
}

// RedisMode tells whether a replica stands beside the primary.
type RedisMode string

// The modes of Redis.
const (
	SingleRedis     RedisMode = "single"
	ReplicatedRedis RedisMode = "replicated"
)

// Durability tells which acknowledged writes of Redis outlive a crash.
type Durability string

// The durabilities of Redis.
const (
	NoDurability Durability = "none"
	AOFEverySec  Durability = "aof_everysec"
	AOFAlways    Durability = "aof_always"
)

// PostgresSetup holds the limits of the database clients.
type PostgresSetup struct {
	Pool int // connections of each instance
}

// BrokerSetup says what kind of broker takes the orders.
type BrokerSetup struct {
	Class BrokerClass
	Ack   Span // how long the broker takes to answer
}

// BrokerClass is one of the four kinds of broker (PROTOCOL 5.3).
type BrokerClass string

// The classes of broker.
const (
	ClassA BrokerClass = "A"
	ClassB BrokerClass = "B"
	ClassC BrokerClass = "C"
	ClassD BrokerClass = "D"
)

// Intake tells which instances take signals in.
type Intake string

// The intake modes.
const (
	IntakeAny        Intake = "any"
	IntakeLeaderOnly Intake = "leader-only"
)

// OneOpenSetting is the setting of the service that lets one signal of an
// instrument be open at a time, exits before entries. Unless a file sets it, it is
// off in both engines: a doubt stands in the way of its instrument until a person
// resolves it, and a file that has none would wait for ever.
const OneOpenSetting = "execution.one_open_per_instrument"

// Setting is one setting of the service, its name dotted where it is nested.
type Setting struct {
	Name  string
	Value string
}

// Workload describes the signals that are offered to the cluster.
type Workload struct {
	Signals     Signals
	Every       Span // the gap between counted signals
	Instruments int
	Exits       Percent // share of signals that are exits
	Duplicates  Percent // share of signals that are delivered twice
	Reorder     Length  // window within which deliveries change places
	To          Target
	Retry       Retry
	ValidFor    Length // how long a signal stays worth executing
}

// Signals is either a rate or a count; at most one of them is set.
type Signals struct {
	Rate  Rate
	Count int
}

// Target tells which instances a sender talks to.
type Target string

// The targets of a sender: one instance drawn for each signal, the leader, the
// followers in turn, or every instance at once.
const (
	ToAny      Target = "any"
	ToLeader   Target = "leader"
	ToFollower Target = "follower"
	ToAll      Target = "all"
)

// Retry tells how a sender behaves that gets no good answer.
type Retry struct {
	Timeout  Length
	Attempts int // in total, the first one included
}

// Assume lists what must hold for the run to say anything. A run in which an
// assumption did not hold is invalid.
type Assume struct {
	ClockDrift   Percent // bound on the difference of any two clocks' rates
	Postgres     Promise
	Redis        Promise
	MinTraffic   Rate
	HarnessStall Length // longest standstill of the harness itself
}

// Promise is what a store is assumed to do with acknowledged writes.
type Promise string

// The promises of a store.
const (
	Durable            Promise = "durable"
	MayLoseAckedWrites Promise = "may_lose_acked_writes"
)

// Nemesis draws faults at random beside the steps.
type Nemesis struct {
	Every      Span // between the starts of two faults
	Hold       Span // how long a fault lasts
	MaxActive  int
	Protect    Protect
	QuietEvery Length // from one quiet window to the next
	QuietFor   Length // how long nothing is broken
	Weights    []Weight
}

// Protect tells whom the nemesis leaves alone.
type Protect string

// The protections.
const (
	ProtectNone    Protect = "none"
	ProtectOneNode Protect = "one_healthy_node"
)

// Weight tells how often the nemesis draws one verb, relative to the others.
type Weight struct {
	Verb   string
	Weight int
}

// Run holds the length of a run and the seeds that are tried.
type Run struct {
	Duration Length // of the part in which steps fire
	Settle   Length // after everything is healed, before the last judgement
	Timeout  Length // of the wall clock; beyond it the run is a crash
	Seeds    Seeds
	Seed     uint64 // pins the micro-schedule of a shrunk failure; 0 means unpinned
}

// Seeds tells how many seeds each tier tries.
type Seeds struct {
	Sim  int
	Real int
}

// Moment is a named instant of a run: when a step's fault took effect, or when
// it was healed. The zero Moment stands for an absent field.
type Moment struct {
	Step string
	End  bool
}

// IsZero tells whether the field was absent.
func (m Moment) IsZero() bool { return m.Step == "" }

// String returns the moment as it stands in a file: `ID.start` or `ID.end`.
func (m Moment) String() string {
	switch {
	case m.Step == "":
		return ""
	case m.End:
		return m.Step + ".end"
	default:
		return m.Step + ".start"
	}
}

// Plays tells whether the scenario names the tier.
func (s *Scenario) Plays(t Tier) bool {
	for _, have := range s.Tiers {
		if have == t {
			return true
		}
	}
	return false
}

// Step returns the step of that id.
func (s *Scenario) Step(id string) (Step, bool) {
	for _, step := range s.Steps {
		if step.ID == id && id != "" {
			return step, true
		}
	}
	return Step{}, false
}
