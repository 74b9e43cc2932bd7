package core

// Event names something that happened and that a person, a metric or a
// scenario may ask for. Nodes, stores, brokers and senders all speak of it by
// the same name (PROTOCOL 8).
type Event uint8

// The events, in the order of the scenario format. NoEvent is the zero value.
const (
	NoEvent Event = iota
	LeaseAcquiredEvent
	LeaseLostEvent
	LeaseReleasedEvent
	EpochTakenEvent
	LeaderElectedEvent
	LeaderSteppedDownEvent
	LeaderStaleEvent
	LeaderEvictedEvent
	SplitBrainDetectedEvent
	HeartbeatRefusedEvent
	PermitRequestedEvent
	PermitGrantedEvent
	PermitRefusedEvent
	GatePassedEvent
	OrderSentEvent
	OrderAcceptedEvent
	OrderAckedEvent
	OrderAmbiguousEvent
	SignalReceivedEvent
	SignalDuplicateEvent
	SignalExecutedEvent
	SignalInDoubtEvent
	SignalExpiredEvent
	RedisLostWriteEvent
	AuthorityRegressedEvent
	LeaderGrayEvent
	ClockDriftEvent
	DegradedEvent
	OutcomeUnknownEvent
	AlertRaisedEvent
	ControlChangedEvent
	eventCount
)

// EventTotal is one more than the greatest event: the size of an array that is
// indexed by events.
const EventTotal = int(eventCount)

var eventNames = []string{
	NoEvent: "none", LeaseAcquiredEvent: "lease.acquired", LeaseLostEvent: "lease.lost",
	LeaseReleasedEvent: "lease.released", EpochTakenEvent: "epoch.taken",
	LeaderElectedEvent: "leader.elected", LeaderSteppedDownEvent: "leader.stepped_down",
	LeaderStaleEvent: "leader.stale", LeaderEvictedEvent: "leader.evicted",
	SplitBrainDetectedEvent: "split_brain.detected", HeartbeatRefusedEvent: "heartbeat.refused",
	PermitRequestedEvent: "permit.requested", PermitGrantedEvent: "permit.granted",
	PermitRefusedEvent: "permit.refused", GatePassedEvent: "gate.passed", OrderSentEvent: "order.sent",
	OrderAcceptedEvent: "order.accepted", OrderAckedEvent: "order.acked",
	OrderAmbiguousEvent: "order.ambiguous", SignalReceivedEvent: "signal.received",
	SignalDuplicateEvent: "signal.duplicate", SignalExecutedEvent: "signal.executed",
	SignalInDoubtEvent: "signal.in_doubt", SignalExpiredEvent: "signal.expired",
	RedisLostWriteEvent: "redis.lost_write", AuthorityRegressedEvent: "authority.regressed",
	LeaderGrayEvent: "leader.gray", ClockDriftEvent: "clock.drift", DegradedEvent: "degraded",
	OutcomeUnknownEvent: "outcome.unknown", AlertRaisedEvent: "alert.raised",
	ControlChangedEvent: "control.changed",
}

// String returns the event's fixed name.
func (e Event) String() string { return word(eventNames, e) }

// Events lists every event, in the order of the scenario format.
func Events() []Event { return listed(eventCount) }

// ParseEvent returns the event of that name.
func ParseEvent(name string) (Event, bool) { return named[Event](eventNames, name) }
