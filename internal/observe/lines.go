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
	event.AuthorityRegressed: {LevelCritical, siren + "PostgreSQL WENT BACK IN TIME - this instance is " +
		"barred and executes nothing until a person has looked; see: fencepost authority show; once the " +
		"database is the right one: fencepost authority accept --reason '...' " +
		"(docs/runbooks/authority-regressed.md)"},
	event.LeaderGray: {slog.LevelError, "one store does not answer while the other does; " +
		"look at the link between this instance and it"},
	event.ClockDrift:     {slog.LevelWarn, "this machine slept, or one of its clocks was set"},
	event.Degraded:       {slog.LevelWarn, "a store does not answer; look at it and at the link to it"},
	event.OutcomeUnknown: {slog.LevelDebug, "a call was not answered in time; its outcome is read back"},
	event.AlertRaised: {LevelCritical, siren + "a person must look at this signal: " +
		"fencepost signals show, then the broker's own book"},
	event.ControlChanged: {slog.LevelWarn, "the control mode changed"},
}

// lineOf returns how this announcement is logged: what a reason changes of the
// event's line.
func lineOf(e *core.Effect) line {
	said := lines[e.Event]
	switch {
	case e.Event == event.LeaderSteppedDown:
		said.text += ": " + why(e.Reason)
	case e.Event == event.AlertRaised && e.Reason == core.AuthorityRegressed:
		// The regression itself was the loud line.
		said = line{slog.LevelInfo, "a person must look at PostgreSQL, which went back in time"}
	case e.Event == event.Degraded && e.Reason == core.SlowAnswer:
		said.text = "a store answers slowly; look at its load and at the link to it"
	case e.Event == event.ClockDrift && e.Reason == core.ClockRate:
		said.text = "this machine's clock and a store's run apart faster than the protocol allows; " +
			"look at the time service of both"
	case e.Event == event.LeaderElected && e.Tenure == core.TenurePG:
		said.text += "; without Redis, the lease is in PostgreSQL: look at Redis"
	}
	return said
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
	case core.AuthorityRegressed:
		return "PostgreSQL went back in time; see: fencepost authority show"
	case core.Lapsed:
		return "the takeover was confirmed too late; look at PostgreSQL"
	default:
		return "look at: fencepost leader history"
	}
}
