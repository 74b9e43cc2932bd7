package scenarios

import (
	"fencepost/core"
	"fencepost/core/check"
	"fencepost/core/event"
)

// role is a party that can be named without an index or a binding.
type role struct {
	kind PartyKind
	Word
}

var roles = []role{
	{LeaderParty, Word{Name: "leader", Doc: "The node that believes itself leader under the highest epoch."}},
	{FollowerParty, Word{Name: "follower", Doc: "One of the nodes that do not lead, drawn by the seed."}},
	{FollowersParty, Word{Name: "followers", Doc: "All nodes that do not lead."}},
	{CandidateParty, Word{
		Name: "candidate",
		Doc:  "A node that holds the lease and has not yet taken an epoch.",
	}},
	{AnyParty, Word{Name: "any", Doc: "One node, drawn by the seed."}},
	{AllParty, Word{Name: "all", Doc: "Every node; on the far side of a link, every store."}},
	{RedisParty, Word{Name: "redis", Doc: "The Redis server."}},
	{PostgresParty, Word{Name: "postgres", Doc: "The PostgreSQL server."}},
	{BrokerParty, Word{Name: "broker", Doc: "The broker that takes the orders."}},
	{ReplicaParty, Word{Name: "redis_replica", Doc: "The replica of Redis."}},
}

var eventDocs = map[event.Event]string{
	event.LeaseAcquired:      "A node got the lease in Redis.",
	event.LeaseLost:          "A node learned that its lease lapsed, or that another has it.",
	event.LeaseReleased:      "A node gave its lease back.",
	event.EpochTaken:         "A takeover was committed in PostgreSQL.",
	event.LeaderElected:      "A node began to believe, with the lease and an epoch of its own.",
	event.LeaderSteppedDown:  "A leader stopped believing, for any reason.",
	event.LeaderStale:        "A stale leader was noticed: by itself, by a peer or by the store.",
	event.LeaderEvicted:      "A peer removed the lease of a stale leader.",
	event.SplitBrainDetected: "Redis and the ledger named different leaders.",
	event.HeartbeatRefused:   "The ledger refused a heartbeat under an old epoch.",
	event.PermitRequested:    "A leader decided to ask for a permit; the write has not left yet.",
	event.PermitGranted:      "The ledger granted the right to send one order.",
	event.PermitRefused:      "A permit was refused, by the store or by the gate on the node.",
	event.GatePassed:         "An order passed the last check before the wire.",
	event.OrderSent:          "An order left for the broker.",
	event.OrderAccepted:      "The broker accepted an order.",
	event.OrderAcked:         "The broker's answer reached the node.",
	event.OrderAmbiguous:     "The answer to an order was lost or says nothing certain.",
	event.SignalReceived:     "A signal was stored, durably.",
	event.SignalDuplicate:    "A signal came that was there already.",
	event.SignalExecuted:     "A signal's order is known to be executed.",
	event.SignalInDoubt:      "A signal cannot be decided without proof or a person.",
	event.SignalExpired:      "A signal was no longer worth executing.",
	event.RedisLostWrite:     "Redis was found to have lost a write that it had acknowledged.",
	event.AuthorityRegressed: "PostgreSQL was found to be older than its own witness.",
	event.LeaderGray:         "A leader found that its heartbeat had not been confirmed in time.",
	event.ClockDrift:         "A node's clocks were found to differ in rate from a server's.",
	event.Degraded:           "A node can work, but not as it should.",
	event.OutcomeUnknown:     "The reply to an operation was lost.",
	event.AlertRaised:        "A person was called.",
	event.ControlChanged:     "The control mode changed.",
}

var invariantDocs = map[check.Invariant]string{
	check.SingleExecutor: "No permit of an older epoch stands after a younger epoch began, and no signal " +
		"has two attempts " +
		"that count.",
	check.NoDuplicateOrder: "At most one order exists at the broker for each signal.",
	check.SingleBeliever:   "At no instant do two nodes believe that they lead.",
	check.NoStaleEffect: "What reaches the ledger under a superseded epoch is refused, and the " +
		"refusal is recorded.",
	check.StaleLeaderDetected: "A stale leader is noticed by a healthy peer, and by itself when it wakes, " +
		"in time.",
	check.NoLostSignal:     "A signal that was acknowledged is never missing from the ledger.",
	check.NoPhantomSuccess: "A signal is called executed only if the broker has its order.",
	check.EpochMonotonic:   "Epochs rise by exactly one.",
	check.HistoryComplete: "The history has one closed row for each past epoch, with its reason and " +
		"its true duration.",
	check.LeaseReleased: "Soon after draining, the lease's key no longer holds the node's token.",
	check.Recovers: "Once everything is healed there is a leader again, and every open signal " +
		"is decided.",
	check.DrainBeforeRelease: "While trust lasts, no lease is released and no tenure closed with a send " +
		"in flight.",
	check.OneOpenPerInstrument: "With `execution.one_open_per_instrument`, no signal is permitted while an " +
		"order of another of its instrument may exist; exits go before entries.",
}

var opDocs = map[core.Op]string{
	core.Acquire:   "Take the lease in Redis if nobody has it.",
	core.Renew:     "Extend the lease that one holds.",
	core.Release:   "Give the lease back.",
	core.Heartbeat: "Write the node's row in PostgreSQL, under its epoch.",
	core.TakeEpoch: "Take the next epoch in PostgreSQL.",
	core.Resign:    "Close one's own tenure in PostgreSQL.",
	core.Admit:     "Store a signal.",
	core.Permit:    "Ask for the right to send one order.",
	core.Record:    "Record the outcome of an order.",
	core.Submit:    "Send an order to the broker.",
	core.Lookup:    "Ask the broker what became of an order.",
}

// The words of core, with our sentences; core decides which there are.
var (
	eventWords     = documented(event.All(), eventDocs)
	invariantWords = documented(check.Invariants(), invariantDocs)
	opWords        = documented(nameableOps(), opDocs)
)

// nameableOps lists the operations that `on` may name; those after Lookup are
// details of the program.
func nameableOps() []core.Op {
	ops := core.Ops()
	for i, o := range ops {
		if o > core.Lookup {
			return ops[:i]
		}
	}
	return ops
}

func documented[T interface {
	comparable
	String() string
}](all []T, docs map[T]string) []Word {
	words := make([]Word, len(all))
	for i, v := range all {
		words[i] = Word{Name: v.String(), Doc: docs[v]}
	}
	return words
}

// The parties that carry an index or a binding.
var partyPatterns = []Word{
	{Name: "n1..n99", Doc: "One node by its number, such as n2."},
	{Name: "$name", Doc: "The node that an earlier step has bound with `as: name`."},
}

// arrowWords are the arrows of a link.
var arrowWords = []Word{
	{Name: "<->", Doc: "Both directions of a link."},
	{Name: "->", Doc: "What the left party sends to the right one."},
	{Name: "<-", Doc: "What the right party sends to the left one."},
}

// momentWords are the moments of a step.
var momentWords = []Word{
	{Name: "start", Doc: "ID.start is when the step's fault took effect."},
	{
		Name: "end",
		Doc: "ID.end is when the fault was healed: after a restart when the process is ready, for an " +
			"instant " +
			"act when it was applied, for `control` when it was committed.",
	},
}

// The units of time, longest last.
var unitWords = []Word{
	{Name: "us", Doc: "Microseconds."},
	{Name: "ms", Doc: "Milliseconds."},
	{Name: "s", Doc: "Seconds."},
	{Name: "m", Doc: "Minutes."},
	{Name: "h", Doc: "Hours."},
	{Name: "ttl", Doc: "Multiples of the lease's ttl, so that files survive a change of timing."},
}
