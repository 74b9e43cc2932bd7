package observe

import (
	"time"

	"fencepost/core"
)

// CoordinatorMetrics are the coordinator's numbers at one instant, under the
// names that dashboards know.
type CoordinatorMetrics struct {
	// DBSyncSuccess and DBSyncFailure count synchronisations with PostgreSQL
	// (heartbeats, takeovers and closings) since the process began.
	DBSyncSuccess int64 `json:"db_sync_success"`
	DBSyncFailure int64 `json:"db_sync_failure"`
	// DBSyncFailureRate is between 0 and 1, of the last five minutes.
	DBSyncFailureRate float64 `json:"db_sync_failure_rate"`
	// DBSyncAvgLatencyMS is in milliseconds, of the last five minutes.
	DBSyncAvgLatencyMS float64 `json:"db_sync_avg_latency_ms"`
	// LeadershipChanges counts how often this instance gained or lost
	// leadership.
	LeadershipChanges int64 `json:"leadership_changes"`
	// LastHeartbeat is when PostgreSQL last confirmed a heartbeat of this
	// instance, in RFC 3339; nil if it never did.
	LastHeartbeat *string `json:"last_heartbeat"`
	// CurrentLeaderRedis and CurrentLeaderDB name who leads by each store when
	// it was last asked; nil if it names nobody or did not answer.
	CurrentLeaderRedis *string `json:"current_leader_redis"`
	CurrentLeaderDB    *string `json:"current_leader_db"`
	ThisInstance       string  `json:"this_instance"`
	IsLeader           bool    `json:"is_leader"`
	HeartbeatRunning   bool    `json:"heartbeat_running"`
	// Tenure is the kind of lease that this instance leads under, redis or pg;
	// nil if it does not lead.
	Tenure *string `json:"tenure"`
	// Barred says that PostgreSQL went back in time and nobody has accepted it.
	Barred bool `json:"barred"`
	// Windows are the last five minutes and the last hour, as 5m and 1h.
	Windows map[string]Window `json:"windows"`
	// HeartbeatAgeSeconds is how long ago LastHeartbeat was; nil if there is none.
	HeartbeatAgeSeconds *float64 `json:"heartbeat_age_seconds"`
	// Alerts is the worst of AlertsBy: OK, WARNING or CRITICAL.
	Alerts   Alert  `json:"alerts"`
	AlertsBy Alerts `json:"alerts_by"`
}

// Coordinator fills in what the observer knows.
func (o *Observer) Coordinator() CoordinatorMetrics {
	now := o.clock.Now().Boot
	short, long := o.window.look(now, shortWindow), o.window.look(now, longWindow)
	m := CoordinatorMetrics{
		DBSyncFailureRate: short.DBSyncFailureRate, DBSyncAvgLatencyMS: short.DBSyncAvgLatencyMS,
		ThisInstance: o.instance, Windows: map[string]Window{"5m": short, "1h": long},
	}
	m.DBSyncSuccess, m.DBSyncFailure, m.LeadershipChanges = o.window.totals()
	silence := now.Sub(o.start)
	if at, ever := o.window.lastBeat(); ever {
		silence = now.Sub(at.Boot)
		text, age := instant(at.Wall).Format(time.RFC3339Nano), silence.Seconds()
		m.LastHeartbeat, m.HeartbeatAgeSeconds = &text, &age
	}
	m.AlertsBy = Alerts{
		DBSyncFailureRate: judge(short.DBSyncFailureRate, warnFailureRate, criticalFailureRate),
		LeadershipChanges: judge(long.LeadershipChanges, warnChanges, criticalChanges),
		LastHeartbeat:     judge(silence, warnSilence, criticalSilence),
	}
	m.Alerts = m.AlertsBy.worst()
	return m
}

// instant returns a reading of the wall clock as a time.
func instant(wall core.Time) time.Time { return time.Unix(0, int64(wall)).UTC() }
