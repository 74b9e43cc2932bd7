package observe

import (
	"log/slog"

	"fencepost/core"
)

// line is how an event is logged: how loud, what happened, and what to do.
type line struct {
	level slog.Level
	text  string
}

// lines has one line per event. Events that only senders, stores and brokers
// speak of are here too, so that none can go unnoticed.
var lines = map[core.Event]line{
	core.LeaseAcquiredEvent: {slog.LevelInfo, "holds the lease; takes the next epoch before it leads"},
	core.LeaseLostEvent:     {slog.LevelError, "lost the lease; another instance takes over by itself"},
	core.LeaseReleasedEvent: {slog.LevelInfo, "released the lease; another instance may take it at once"},
	core.EpochTakenEvent:    {slog.LevelInfo, "took the epoch"},
	core.LeaderElectedEvent: {slog.LevelError, siren + "BECAME LEADER - executes signals from now on; " +
		"nothing to do unless it repeats"},
	core.LeaderSteppedDownEvent: {LevelCritical, siren + "LOST LEADERSHIP - stopped executing signals"},
	core.LeaderStaleEvent: {LevelCritical, siren + "a stale leader was noticed; it can do no harm, " +
		"look at why it stood still"},
	core.LeaderEvictedEvent: {slog.LevelError, "took the lease away from a stale leader"},
	core.SplitBrainDetectedEvent: {LevelCritical, siren + "Redis and PostgreSQL name different leaders; " +
		"the older epoch yields by itself, compare with: fencepost leader show"},
	core.HeartbeatRefusedEvent: {slog.LevelError, "a heartbeat was refused: a younger epoch exists"},
	core.PermitRequestedEvent:  {slog.LevelDebug, "asks for a permit"},
	core.PermitGrantedEvent:    {slog.LevelInfo, "may send one order"},
	core.PermitRefusedEvent:    {slog.LevelWarn, "a permit was refused; no order was sent under it"},
	core.GatePassedEvent:       {slog.LevelInfo, "sends the order"},
	core.OrderSentEvent:        {slog.LevelInfo, "the order left"},
	core.OrderAcceptedEvent:    {slog.LevelInfo, "the broker has the order"},
	core.OrderAckedEvent:       {slog.LevelInfo, "the broker answered"},
	core.OrderAmbiguousEvent: {slog.LevelWarn, "the broker's answer does not say whether the order exists; " +
		"it is looked up before anything else"},
	core.SignalReceivedEvent:  {slog.LevelInfo, "signal stored"},
	core.SignalDuplicateEvent: {slog.LevelInfo, "signal was stored before"},
	core.SignalExecutedEvent:  {slog.LevelInfo, "signal executed"},
	core.SignalInDoubtEvent: {slog.LevelError, "it is not known whether the signal's order exists; " +
		"look at: fencepost signals show"},
	core.SignalExpiredEvent:  {slog.LevelWarn, "signal expired before it could be executed"},
	core.RedisLostWriteEvent: {slog.LevelError, "Redis lost a write; look at its persistence and failover"},
	core.AuthorityRegressedEvent: {LevelCritical, siren + "PostgreSQL went back in time; " +
		"this instance is barred until a person has looked"},
	core.LeaderGrayEvent: {slog.LevelError, "one store does not answer while the other does; " +
		"look at the link between this instance and it"},
	core.ClockDriftEvent:     {slog.LevelWarn, "this machine slept, or one of its clocks was set"},
	core.DegradedEvent:       {slog.LevelWarn, "a store answers slowly"},
	core.OutcomeUnknownEvent: {slog.LevelDebug, "a call was not answered in time; its outcome is read back"},
	core.AlertRaisedEvent: {LevelCritical, siren + "a person must look at this signal: " +
		"fencepost signals show, then the broker's own book"},
	core.ControlChangedEvent: {slog.LevelWarn, "the control mode changed"},
}

// why says what the reason for stepping down asks of a person.
func why(reason core.Reason) string {
	switch reason {
	case core.GracefulShutdown:
		return "asked to stop; nothing to do"
	case core.OperatorRequest:
		return "a person asked for it; nothing to do"
	case core.LeaseExpired:
		return "Redis did not confirm the lease in time; look at Redis and the link to it"
	case core.LeaseLost:
		return "the lease is gone from Redis; look whether Redis restarted, failed over or was flushed"
	case core.SplitBrain:
		return "Redis names another leader; compare with: fencepost leader show"
	case core.HeartbeatLost:
		return "PostgreSQL did not confirm the heartbeat in time; look at PostgreSQL and the link to it"
	case core.Superseded:
		return "a younger epoch exists; look at why this instance stood still"
	case core.TenureClosed:
		return "the ledger has this tenure as closed"
	case core.ClockGap:
		return "this machine slept or its clock was set; look at its host"
	case core.Lapsed:
		return "the takeover was confirmed too late; look at PostgreSQL"
	default:
		return "look at: fencepost leader history"
	}
}
