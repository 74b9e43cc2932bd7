package scenarios

import "fencepost/core"

// Kill crashes a process without warning.
type Kill struct {
	Node    Party
	As      string
	Restart Span // zero: it stays dead until the harness heals
}

// Stop shuts a process down gracefully.
type Stop struct {
	Node    Party
	As      string
	Restart Span // zero: it stays away until the harness heals
}

// Pause makes a process stand still while the clocks of the world go on.
type Pause struct {
	Node Party
	As   string
	For  Span // zero: until the harness heals
}

// Net breaks the links between two parties.
type Net struct {
	Link   Link
	Effect Effect
	Delay  Span    // latency: each way named by the arrow; flap: each state
	Jitter Span    // latency: drawn for each message, added to Delay
	Rate   Rate    // reset, flap: how often; bandwidth: bytes
	On     core.Op // cut_reply: whose replies are lost
	For    Span    // zero: until the harness heals
	As     string
}

// Effect is what a link does to the bytes on it.
type Effect string

// The effects of Net.
const (
	Drop      Effect = "drop"
	Hold      Effect = "hold"
	Refuse    Effect = "refuse"
	Reset     Effect = "reset"
	Latency   Effect = "latency"
	Bandwidth Effect = "bandwidth"
	Flap      Effect = "flap"
	CutReply  Effect = "cut_reply"
)

// Clock disturbs the clocks of a node. Exactly one of Jump, Drift and Suspend
// is set.
type Clock struct {
	Node    Party
	Jump    Span         // signed: the wall clock steps
	Drift   PercentRange // signed: the node's clocks run at another rate
	Suspend Span         // the machine sleeps so long
	For     Span         // of Jump and Drift; zero: until the harness heals
}

// Redis disturbs the Redis server.
type Redis struct {
	Act      RedisAct
	LoseLast Loss
	Down     Span
	By       Span // shift_ttl: signed
	For      Span
	Serves   []Party // split: the nodes that the old primary still serves
	To       Party   // set_lease: whose name the key gets
}

// RedisAct is one way of disturbing Redis.
type RedisAct string

// The acts of Redis.
const (
	RedisRestart  RedisAct = "restart"
	RedisLoseData RedisAct = "lose_data"
	RedisFailover RedisAct = "failover"
	RedisSplit    RedisAct = "split"
	RedisFlush    RedisAct = "flush"
	RedisStall    RedisAct = "stall"
	RedisShiftTTL RedisAct = "shift_ttl"
	RedisSetLease RedisAct = "set_lease"
)

// Loss tells which of the latest acknowledged writes are lost: those of a
// window, or a number of them. At most one is set.
type Loss struct {
	Window Span
	Writes Count
}

// Postgres disturbs the PostgreSQL server.
type Postgres struct {
	Act  PostgresAct
	Down Span
	By   Span // slow: added to each statement; rewind: how far back
	For  Span
}

// PostgresAct is one way of disturbing PostgreSQL.
type PostgresAct string

// The acts of Postgres.
const (
	PostgresRestart        PostgresAct = "restart"
	PostgresCrash          PostgresAct = "crash"
	PostgresStall          PostgresAct = "stall"
	PostgresSlow           PostgresAct = "slow"
	PostgresReadOnly       PostgresAct = "read_only"
	PostgresKillBackends   PostgresAct = "kill_backends"
	PostgresHangPostmaster PostgresAct = "hang_postmaster"
	PostgresExhaust        PostgresAct = "exhaust"
	PostgresLockRows       PostgresAct = "lock_rows"
	PostgresRewind         PostgresAct = "rewind"
)

// Broker makes the broker misbehave.
type Broker struct {
	Act   BrokerAct
	Delay Span
	For   Span
}

// BrokerAct is one way in which a broker misbehaves.
type BrokerAct string

// The acts of Broker.
const (
	BrokerAcceptThenSilence BrokerAct = "accept_then_silence"
	BrokerLate              BrokerAct = "late"
	BrokerDuplicateAck      BrokerAct = "duplicate_ack"
	BrokerReject            BrokerAct = "reject"
	BrokerDown              BrokerAct = "down"
	BrokerWrongStatus       BrokerAct = "wrong_status"
)

// Webhook sends signals beside the workload.
type Webhook struct {
	Act   WebhookAct
	Count Count
	To    Party // zero: any instance
}

// WebhookAct is one kind of extra delivery.
type WebhookAct string

// The acts of Webhook.
const (
	WebhookBurst     WebhookAct = "burst"
	WebhookReplay    WebhookAct = "replay"
	WebhookDuplicate WebhookAct = "duplicate"
	WebhookMalformed WebhookAct = "malformed"
)

// Control changes the control mode in PostgreSQL.
type Control struct {
	Set core.Control
}

// Operator is a person who resolves what is in doubt, clears `barred`, or
// decides about signals that nobody has sent.
type Operator struct {
	Act     OperatorAct
	Verdict Verdict // attest only
	Delay   Span    // how long the person takes for each
}

// OperatorAct is one thing that a person does.
type OperatorAct string

// The acts of Operator.
const (
	OperatorAttest  OperatorAct = "attest"
	OperatorClear   OperatorAct = "clear"
	OperatorHold    OperatorAct = "hold"
	OperatorRelease OperatorAct = "release"
	OperatorCancel  OperatorAct = "cancel"
	OperatorReject  OperatorAct = "reject"
)

// Verdict tells whether the person is right.
type Verdict string

// The verdicts of Operator.
const (
	VerdictTrue  Verdict = "true"
	VerdictWrong Verdict = "wrong"
)

// Roll restarts one instance after the other.
type Roll struct {
	Every Span
	How   How
	// To is which version of the protocol each instance speaks afterwards.
	To Release
}

// Release tells which version an instance is started as.
type Release string

// The releases of Roll.
const (
	SameRelease Release = "same"
	NextRelease Release = "next"
)

// How tells in which way Roll ends a process.
type How string

// The ways to end a process.
const (
	Graceful How = "graceful"
	ByKill   How = "kill"
)

// Word returns "kill".
func (Kill) Word() string { return "kill" }

// Word returns "stop".
func (Stop) Word() string { return "stop" }

// Word returns "pause".
func (Pause) Word() string { return "pause" }

// Word returns "net".
func (Net) Word() string { return "net" }

// Word returns "clock".
func (Clock) Word() string { return "clock" }

// Word returns "redis".
func (Redis) Word() string { return "redis" }

// Word returns "postgres".
func (Postgres) Word() string { return "postgres" }

// Word returns "broker".
func (Broker) Word() string { return "broker" }

// Word returns "webhook".
func (Webhook) Word() string { return "webhook" }

// Word returns "control".
func (Control) Word() string { return "control" }

// Word returns "operator".
func (Operator) Word() string { return "operator" }

// Word returns "roll".
func (Roll) Word() string { return "roll" }
