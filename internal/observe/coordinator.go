package observe

import "time"

// CoordinatorMetrics are the coordinator's numbers at one instant, under the
// names that dashboards know.
type CoordinatorMetrics struct {
	// DBSyncSuccess and DBSyncFailure count synchronisations with PostgreSQL
	// (heartbeats, takeovers and closings) since the process began.
	DBSyncSuccess int64 `json:"db_sync_success"`
	DBSyncFailure int64 `json:"db_sync_failure"`
	// DBSyncFailureRate is between 0 and 1, of the last hundred.
	DBSyncFailureRate float64 `json:"db_sync_failure_rate"`
	// DBSyncAvgLatencyMS is in milliseconds, of the last hundred.
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
}

// Coordinator fills in what the observer knows.
func (o *Observer) Coordinator() CoordinatorMetrics {
	s := o.syncs.look()
	m := CoordinatorMetrics{
		DBSyncSuccess: s.success, DBSyncFailure: s.failure, DBSyncFailureRate: s.failureRate,
		DBSyncAvgLatencyMS: float64(s.average) / float64(time.Millisecond),
		LeadershipChanges:  o.changes.Load(), ThisInstance: o.instance,
	}
	if !s.lastHeartbeat.IsZero() {
		text := s.lastHeartbeat.UTC().Format(time.RFC3339Nano)
		m.LastHeartbeat = &text
	}
	return m
}
