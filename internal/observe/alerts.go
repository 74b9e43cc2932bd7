package observe

import "time"

// Alert is how far a reading is from what is usual.
type Alert string

// The alerts, from the least to the worst.
const (
	AlertOK       Alert = "OK"
	AlertWarning  Alert = "WARNING"
	AlertCritical Alert = "CRITICAL"
)

// The thresholds: each must be exceeded. The rules in deploy/prometheus have the
// same numbers. Of leadership they count something else: here each gain and each loss
// of this instance is a change, which is all that it knows of; there it is the gains
// of the whole group, one for each election.
const (
	warnFailureRate, criticalFailureRate = 0.05, 0.10
	warnChanges, criticalChanges         = 3, 10 // in an hour
	warnSilence, criticalSilence         = 30 * time.Second, time.Minute
)

// Alerts says which threshold is exceeded.
type Alerts struct {
	// DBSyncFailureRate is of the last five minutes.
	DBSyncFailureRate Alert `json:"db_sync_failure_rate"`
	// LeadershipChanges is of the last hour.
	LeadershipChanges Alert `json:"leadership_changes"`
	// LastHeartbeat is of the time since a heartbeat was confirmed, or since the
	// process began if none ever was.
	LastHeartbeat Alert `json:"last_heartbeat"`
}

// worst returns the worst of them.
func (a Alerts) worst() Alert {
	worst := AlertOK
	for _, one := range []Alert{a.DBSyncFailureRate, a.LeadershipChanges, a.LastHeartbeat} {
		switch one {
		case AlertCritical:
			return AlertCritical
		case AlertWarning:
			worst = AlertWarning
		case AlertOK:
		}
	}
	return worst
}

// judge compares a reading with its two thresholds.
func judge[T int64 | float64 | time.Duration](reading, warn, critical T) Alert {
	switch {
	case reading > critical:
		return AlertCritical
	case reading > warn:
		return AlertWarning
	default:
		return AlertOK
	}
}
