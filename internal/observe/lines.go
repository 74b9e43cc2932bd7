package observe

import (
	"log/slog"

	"fencepost/core"
	"fencepost/core/event"
)

// line is how an event is logged: how loud, what happened, and what to do.
type line struct {
	level slog.Level
	text  string
}

// lines has one line per event. Events that only senders, stores and brokers
// speak of are here too, so that none can go unnoticed.
var lines = map[event.Event]line{
	event.LeaseAcquired: {slog.LevelInfo, "holds the lease; takes the next epoch before it leads"},
	event.LeaseLost:     {slog.LevelError, "lost the lease; another instance takes over by itself"},
	event.LeaseReleased: {slog.LevelInfo, "released the lease; another instance may take it at once"},
	event.EpochTaken:    {slog.LevelInfo, "took the epoch"},
	event.LeaderElected: {slog.LevelError, siren + "BECAME LEADER - executes signals from now on; " +
		"nothing to do unless it repeats"},
	event.LeaderSteppedDown: {LevelCritical, siren + "LOST LEADERSHIP - stopped executing signals"},
	event.LeaderStale: {LevelCritical, siren + "a stale leader was noticed; it can do no harm, " +
		"look at why it stood still"},
	event.LeaderEvicted: {slog.LevelError, "took the lease away from a stale leader"},
	event.SplitBrainDetected: {LevelCritical, siren + "Redis and PostgreSQL name different leaders; " +
		"the older epoch yields by itself, compare with: fencepost leader show"},
	event.HeartbeatRefused: {slog.LevelError, "a heartbeat was refused: a younger epoch exists"},
	event.PermitRequested:  {slog.LevelDebug, "asks for a permit"},
	event.PermitGranted:    {slog.LevelInfo, "may send one order"},
	event.PermitRefused:    {slog.LevelWarn, "a permit was refused; no order was sent under it"},
	event.GatePassed:       {slog.LevelInfo, "sends the order"},
	event.OrderSent:        {slog.LevelInfo, "the order left"},
	event.OrderAccepted:    {slog.LevelInfo, "the broker has the order"},
	event.OrderAcked:       {slog.LevelInfo, "the broker answered"},
	event.OrderAmbiguous: {slog.LevelWarn, "the broker's answer does not say whether the order exists; " +
		"it is looked up before anything else"},
	event.SignalReceived:  {slog.LevelInfo, "signal stored"},
	event.SignalDuplicate: {slog.LevelInfo, "signal was stored before"},
	event.SignalExecuted:  {slog.LevelInfo, "signal executed"},
	event.SignalInDoubt: {slog.LevelError, "it is not known whether the signal's order exists; " +
		"look at: fencepost signals show"},
	event.SignalExpired:  {slog.LevelWarn, "signal expired before it could be executed"},
	event.RedisLostWrite: {slog.LevelError, "Redis lost a write; look at its persistence and failover"},
	event.AuthorityRegressed: {LevelCritical, siren + "PostgreSQL went back in time; " +
		"this instance is barred until a person has looked"},
	event.LeaderGray: {slog.LevelError, "one store does not answer while the other does; " +
		"look at the link between this instance and it"},
	event.ClockDrift:     {slog.LevelWarn, "this machine slept, or one of its clocks was set"},
	event.Degraded:       {slog.LevelWarn, "a store answers slowly"},
	event.OutcomeUnknown: {slog.LevelDebug, "a call was not answered in time; its outcome is read back"},
	event.AlertRaised: {LevelCritical, siren + "a person must look at this signal: " +
		"fencepost signals show, then the broker's own book"},
	event.ControlChanged: {slog.LevelWarn, "the control mode changed"},
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
