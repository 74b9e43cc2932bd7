package sim

// FaultKind is what befalls: a verb of the scenario format with its act, effect
// or mode. Zero is no fault.
type FaultKind uint8

// The kinds of fault.
const (
	NoFault FaultKind = iota

	KillNode
	StopNode
	PauseNode

	LinkDrop
	LinkHold
	LinkRefuse
	LinkReset
	LinkLatency
	LinkBandwidth
	LinkFlap
	LinkCutReply

	ClockJump
	ClockDrift
	ClockSuspend

	RedisRestart
	RedisLoseData
	RedisFailover
	RedisSplit
	RedisFlush
	RedisStall
	RedisShiftTTL
	RedisSetLease

	PostgresRestart
	PostgresCrash
	PostgresStall
	PostgresSlow
	PostgresReadOnly
	PostgresKillBackends
	PostgresHangPostmaster
	PostgresExhaust
	PostgresLockRows
	PostgresRewind

	BrokerSilence
	BrokerLate
	BrokerDuplicateAck
	BrokerReject
	BrokerDown
	BrokerWrongStatus

	WebhookBurst
	WebhookReplay
	WebhookDuplicate
	WebhookMalformed

	ControlRun
	ControlPause
	ControlHalt

	OperatorAttest
	OperatorMislead // attests the opposite of the truth
	OperatorClear
	OperatorHold
	OperatorRelease
	OperatorCancel

	RollGraceful
	RollKill

	// FaultTotal is how many kinds there are, NoFault included.
	FaultTotal
)

// measure is how a kind's value is drawn and read.
type measure uint8

// The measures of a fault's value.
const (
	noValue measure = iota
	ofDelay         // nanoseconds, up to a quarter of the ttl
	ofJump          // nanoseconds, either way, up to four ttl
	ofShift         // nanoseconds, either way, up to 0.9 ttl
	ofReach         // nanoseconds, up to the ttl
	ofPace          // nanoseconds, a twentieth of the ttl to the ttl
	ofRate          // a second: 1 to 20; zero is once
	ofBytes         // a second: 200 to 20,000
	ofDrift         // parts per million, within the bound and, rarely, beyond
	ofCount         // 1 to 4
)

// kind describes a FaultKind.
type kind struct {
	verb, act string
	value     measure
	weight    uint16 // beside others of the same verb
	lasts     bool   // has a length of its own
	node      bool   // strikes one or several nodes
}

// kinds describes every FaultKind. A weight of zero: only who names it gets it,
// because it breaks what the protocol assumes, or is of use only after another.
var kinds = [FaultTotal]kind{
	NoFault: {},

	KillNode:  {verb: "kill", weight: 1, lasts: true, node: true},
	StopNode:  {verb: "stop", weight: 1, lasts: true, node: true},
	PauseNode: {verb: "pause", weight: 1, lasts: true, node: true},

	LinkDrop:      {verb: "net", act: "drop", weight: 4, lasts: true},
	LinkHold:      {verb: "net", act: "hold", weight: 4, lasts: true},
	LinkRefuse:    {verb: "net", act: "refuse", weight: 3, lasts: true},
	LinkReset:     {verb: "net", act: "reset", weight: 2, lasts: true, value: ofRate},
	LinkLatency:   {verb: "net", act: "latency", weight: 4, lasts: true, value: ofDelay},
	LinkBandwidth: {verb: "net", act: "bandwidth", weight: 1, lasts: true, value: ofBytes},
	LinkFlap:      {verb: "net", act: "flap", weight: 2, lasts: true, value: ofPace},
	LinkCutReply:  {verb: "net", act: "cut_reply", weight: 6, lasts: true},

	ClockJump:    {verb: "clock", act: "jump", weight: 3, lasts: true, node: true, value: ofJump},
	ClockDrift:   {verb: "clock", act: "drift", weight: 2, lasts: true, node: true, value: ofDrift},
	ClockSuspend: {verb: "clock", act: "suspend", weight: 3, lasts: true, node: true},

	RedisRestart:  {verb: "redis", act: "restart", weight: 4, lasts: true},
	RedisLoseData: {verb: "redis", act: "lose_data", weight: 4, lasts: true},
	RedisFailover: {verb: "redis", act: "failover", weight: 3, lasts: true, value: ofCount},
	RedisSplit:    {verb: "redis", act: "split", weight: 3, lasts: true, value: ofCount},
	RedisFlush:    {verb: "redis", act: "flush", weight: 2},
	RedisStall:    {verb: "redis", act: "stall", weight: 4, lasts: true},
	RedisShiftTTL: {verb: "redis", act: "shift_ttl", weight: 1, value: ofShift},
	RedisSetLease: {verb: "redis", act: "set_lease", weight: 1, node: true},

	PostgresRestart:        {verb: "postgres", act: "restart", weight: 2, lasts: true},
	PostgresCrash:          {verb: "postgres", act: "crash", weight: 4, lasts: true},
	PostgresStall:          {verb: "postgres", act: "stall", weight: 4, lasts: true},
	PostgresSlow:           {verb: "postgres", act: "slow", weight: 4, lasts: true, value: ofDelay},
	PostgresReadOnly:       {verb: "postgres", act: "read_only", weight: 2, lasts: true},
	PostgresKillBackends:   {verb: "postgres", act: "kill_backends", weight: 2},
	PostgresHangPostmaster: {verb: "postgres", act: "hang_postmaster", weight: 2, lasts: true},
	PostgresExhaust:        {verb: "postgres", act: "exhaust", weight: 2, lasts: true},
	PostgresLockRows:       {verb: "postgres", act: "lock_rows", weight: 2, lasts: true},
	PostgresRewind:         {verb: "postgres", act: "rewind", lasts: true, value: ofReach},

	BrokerSilence:      {verb: "broker", act: "accept_then_silence", weight: 2, lasts: true},
	BrokerLate:         {verb: "broker", act: "late", weight: 2, lasts: true, value: ofReach},
	BrokerDuplicateAck: {verb: "broker", act: "duplicate_ack", weight: 1, lasts: true, value: ofReach},
	BrokerReject:       {verb: "broker", act: "reject", weight: 1, lasts: true},
	BrokerDown:         {verb: "broker", act: "down", weight: 3, lasts: true},
	BrokerWrongStatus:  {verb: "broker", act: "wrong_status", weight: 1, lasts: true},

	WebhookBurst:     {verb: "webhook", act: "burst", weight: 2, value: ofCount},
	WebhookReplay:    {verb: "webhook", act: "replay", weight: 2, value: ofCount},
	WebhookDuplicate: {verb: "webhook", act: "duplicate", weight: 2, value: ofCount},
	WebhookMalformed: {verb: "webhook", act: "malformed", weight: 1, value: ofCount},

	ControlRun:   {verb: "control", act: "run"},
	ControlPause: {verb: "control", act: "pause", weight: 1, lasts: true},
	ControlHalt:  {verb: "control", act: "halt", weight: 1, lasts: true},

	OperatorAttest:  {verb: "operator", act: "attest", weight: 4},
	OperatorMislead: {verb: "operator", act: "attest"},
	OperatorClear:   {verb: "operator", act: "clear"},
	OperatorHold:    {verb: "operator", act: "hold", weight: 1, lasts: true},
	OperatorRelease: {verb: "operator", act: "release"},
	OperatorCancel:  {verb: "operator", act: "cancel", weight: 1},

	RollGraceful: {verb: "roll", act: "graceful", weight: 1, node: true, value: ofPace},
	RollKill:     {verb: "roll", act: "kill", weight: 1, node: true, value: ofPace},
}

// Word returns the verb of the kind and its act, effect or mode, as they stand
// in a scenario file; kill, stop and pause have no act.
func (k FaultKind) Word() (verb, act string) { return kinds[k].verb, kinds[k].act }

// String returns the kind as two words of the format, such as "net drop".
func (k FaultKind) String() string {
	switch {
	case k == NoFault:
		return "no fault"
	case k == OperatorMislead:
		return "operator attest wrong"
	case kinds[k].act == "":
		return kinds[k].verb
	default:
		return kinds[k].verb + " " + kinds[k].act
	}
}

// FaultKinds lists every kind but NoFault.
func FaultKinds() []FaultKind {
	all := make([]FaultKind, 0, FaultTotal-1)
	for k := NoFault + 1; k < FaultTotal; k++ {
		all = append(all, k)
	}
	return all
}

// Weights tells how often each kind is drawn, relative to the others.
type Weights [FaultTotal]uint16

// DefaultWeights returns the weights that a nemesis has without any of its own:
// every kind that leaves the protocol's assumptions whole, those that strike
// where it is weakest more often.
func DefaultWeights() Weights {
	var weights Weights
	for k := range kinds {
		weights[k] = kinds[k].weight * uint16(verbWeights[kinds[k].verb])
	}
	return weights
}

// verbWeights is how much each verb's kinds weigh by default.
var verbWeights = map[string]int{
	"kill": 24, "stop": 20, "pause": 24, "net": 5, "clock": 2, "redis": 3, "postgres": 3, "broker": 1,
	"webhook": 1, "control": 1, "operator": 1, "roll": 1,
}
