package core

// Disagreement tells whom Redis and PostgreSQL name as leader, in the fields that
// operators know; what the protocol acts upon are epochs (PROTOCOL 4.5).
type Disagreement struct {
	RedisLeader string `json:"redis_leader"`
	DBLeader    string `json:"db_leader"`
	Conflict    bool   `json:"conflict"`
}

// DetectSplitBrain compares who holds the lease with who has the open tenure; an
// empty name is nobody. A leader on one side alone is a change of leadership under
// way, not a conflict. It returns nil if there is nothing to report.
func DetectSplitBrain(redisLeader, dbLeader string) *Disagreement {
	if redisLeader == "" || dbLeader == "" || redisLeader == dbLeader {
		return nil
	}
	return &Disagreement{RedisLeader: redisLeader, DBLeader: dbLeader, Conflict: true}
}
