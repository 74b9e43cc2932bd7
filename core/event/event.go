package event

import "fencepost/core/word"

// Event names something that happened and that a person, a metric or a
// scenario may ask for. Nodes, stores, brokers and senders all speak of it by
// the same name (PROTOCOL 8).
type Event uint8

// The events, in the order of the scenario format. None is the zero value.
const (
	None Event = iota
	LeaseAcquired
	LeaseLost
	LeaseReleased
	EpochTaken
	LeaderElected
	LeaderSteppedDown
	LeaderStale
	LeaderEvicted
	SplitBrainDetected
	HeartbeatRefused
	PermitRequested
	PermitGranted
	PermitRefused
	GatePassed
	OrderSent
	OrderAccepted
	OrderAcked
	OrderAmbiguous
	SignalReceived
	SignalDuplicate
	SignalExecuted
	SignalInDoubt
	SignalExpired
	RedisLostWrite
	AuthorityRegressed
	LeaderGray
	ClockDrift
	Degraded
	OutcomeUnknown
	AlertRaised
	ControlChanged
	count
)

// Total is one more than the greatest event: the size of an array that is
// indexed by events.
const Total = int(count)

var names = []string{
	None: "none", LeaseAcquired: "lease.acquired", LeaseLost: "lease.lost",
	LeaseReleased: "lease.released", EpochTaken: "epoch.taken",
	LeaderElected: "leader.elected", LeaderSteppedDown: "leader.stepped_down",
	LeaderStale: "leader.stale", LeaderEvicted: "leader.evicted",
	SplitBrainDetected: "split_brain.detected", HeartbeatRefused: "heartbeat.refused",
	PermitRequested: "permit.requested", PermitGranted: "permit.granted",
	PermitRefused: "permit.refused", GatePassed: "gate.passed", OrderSent: "order.sent",
	OrderAccepted: "order.accepted", OrderAcked: "order.acked",
	OrderAmbiguous: "order.ambiguous", SignalReceived: "signal.received",
	SignalDuplicate: "signal.duplicate", SignalExecuted: "signal.executed",
	SignalInDoubt: "signal.in_doubt", SignalExpired: "signal.expired",
	RedisLostWrite: "redis.lost_write", AuthorityRegressed: "authority.regressed",
	LeaderGray: "leader.gray", ClockDrift: "clock.drift", Degraded: "degraded",
	OutcomeUnknown: "outcome.unknown", AlertRaised: "alert.raised",
	ControlChanged: "control.changed",
}

// String returns the event's fixed name.
func (e Event) String() string { return word.Of(names, e) }

// All lists every event, in the order of the scenario format.
func All() []Event { return word.All(count) }

// Parse returns the event of that name.
func Parse(name string) (Event, bool) { return word.Find[Event](names, name) }
