package core

// Disagreement is the answer to "do Redis and PostgreSQL name the same leader?".
// It keeps the three fields that operators know; what the protocol acts upon
// are epochs (PROTOCOL 4.5).
type Disagreement struct {
	RedisLeader string `json:"redis_leader"`
	DBLeader    string `json:"db_leader"`
	Conflict    bool   `json:"conflict"`
}

// DetectSplitBrain compares who holds the lease with who has the open tenure.
// An empty name means that the store names nobody: a leader on one side alone
// is a change of leadership under way, not a conflict. It returns nil if there
// is nothing to report.
func DetectSplitBrain(redisLeader, dbLeader string) *Disagreement {
	if redisLeader == "" || dbLeader == "" || redisLeader == dbLeader {
		return nil
	}
	return &Disagreement{RedisLeader: redisLeader, DBLeader: dbLeader, Conflict: true}
}
