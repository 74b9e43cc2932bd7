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

var eventNames = [eventCount]string{
	NoEvent:                 "none",
	LeaseAcquiredEvent:      "lease.acquired",
	LeaseLostEvent:          "lease.lost",
	LeaseReleasedEvent:      "lease.released",
	EpochTakenEvent:         "epoch.taken",
	LeaderElectedEvent:      "leader.elected",
	LeaderSteppedDownEvent:  "leader.stepped_down",
	LeaderStaleEvent:        "leader.stale",
	LeaderEvictedEvent:      "leader.evicted",
	SplitBrainDetectedEvent: "split_brain.detected",
	HeartbeatRefusedEvent:   "heartbeat.refused",
	PermitRequestedEvent:    "permit.requested",
	PermitGrantedEvent:      "permit.granted",
	PermitRefusedEvent:      "permit.refused",
	GatePassedEvent:         "gate.passed",
	OrderSentEvent:          "order.sent",
	OrderAcceptedEvent:      "order.accepted",
	OrderAckedEvent:         "order.acked",
	OrderAmbiguousEvent:     "order.ambiguous",
	SignalReceivedEvent:     "signal.received",
	SignalDuplicateEvent:    "signal.duplicate",
	SignalExecutedEvent:     "signal.executed",
	SignalInDoubtEvent:      "signal.in_doubt",
	SignalExpiredEvent:      "signal.expired",
	RedisLostWriteEvent:     "redis.lost_write",
	AuthorityRegressedEvent: "authority.regressed",
	LeaderGrayEvent:         "leader.gray",
	ClockDriftEvent:         "clock.drift",
	DegradedEvent:           "degraded",
	OutcomeUnknownEvent:     "outcome.unknown",
	AlertRaisedEvent:        "alert.raised",
	ControlChangedEvent:     "control.changed",
}

// String returns the event's fixed name.
func (e Event) String() string {
	if e >= eventCount {
		return "event(?)"
	}
	return eventNames[e]
}

// Events lists every event, in the order of the scenario format.
func Events() []Event {
	all := make([]Event, 0, eventCount-1)
	for e := NoEvent + 1; e < eventCount; e++ {
		all = append(all, e)
	}
	return all
}

// ParseEvent returns the event of that name.
func ParseEvent(name string) (Event, bool) {
	for e := NoEvent + 1; e < eventCount; e++ {
		if eventNames[e] == name {
			return e, true
		}
	}
	return NoEvent, false
}
