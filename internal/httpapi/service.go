package httpapi

import (
	"context"
	"errors"
	"time"

	"fencepost/internal/observe"
	"fencepost/internal/pgledger"
)

// Service is what the handlers answer from. Readings of stores are bounded by
// their context.
type Service interface {
	Operator
	Status() Status
	// Live reports whether the node is driven. It asks no store and waits for
	// nothing.
	Live() bool
	// Metrics returns the coordinator's numbers. It asks no store.
	Metrics() observe.CoordinatorMetrics
	// Leader asks both stores who leads.
	Leader(ctx context.Context) Leader
	Instances(ctx context.Context) ([]pgledger.Instance, error)
	StaleInstances(ctx context.Context, timeout time.Duration) ([]pgledger.StaleInstance, error)
	History(ctx context.Context, limit int) ([]pgledger.Tenure, error)
	// Led tells who led between two instants; a zero end means now.
	Led(ctx context.Context, from, to time.Time) ([]pgledger.Led, error)
	// Resign hands leadership over and waits until that is done. Where the context
	// ends first it goes on all the same. It returns ErrNotLeader where there is
	// nothing to hand over.
	Resign(ctx context.Context) error
	// Authority asks both stores which epoch is the highest, and which database
	// this is.
	Authority(ctx context.Context) Authority
	// AcceptAuthority lets the group go on with a database that went back in
	// time.
	AcceptAuthority(ctx context.Context, a Acceptance) (pgledger.Accepted, error)
}

// Authority is what the stores know of the group's highest epoch.
type Authority struct {
	// Ledger is the authority in PostgreSQL, nil if it did not answer.
	Ledger *pgledger.Authority `json:"ledger"`
	// Witness is the highest epoch that Redis has been told of, nil if it did
	// not answer.
	Witness *uint64 `json:"witness"`
	// Regressed says that the ledger is behind the witness: it went back in time,
	// or this is not the database that belongs to this Redis.
	Regressed bool `json:"regressed"`
	// Errors say which store did not answer, and why.
	Errors []string `json:"errors,omitempty"`
}

// Acceptance is a person's word that the group goes on with this database.
type Acceptance struct {
	By     string `json:"by"`
	Reason string `json:"reason"`
	// Epoch is the highest epoch that anybody remembers, zero to rely on the
	// witness in Redis alone. With it Redis need not answer.
	Epoch uint64 `json:"epoch"`
}

// ErrAcceptance says that an acceptance lacks something.
var ErrAcceptance = errors.New("an acceptance needs a name and a reason")

// ErrNotLeader says that this instance does not lead.
var ErrNotLeader = errors.New("this instance does not lead")

// Status is one instance at one instant.
type Status struct {
	InstanceID string `json:"instance_id"`
	Group      string `json:"group"`
	Nonce      string `json:"nonce"`
	Version    string `json:"version"`
	Role       string `json:"role"`
	// IsLeader says that the instance believes that it leads.
	IsLeader bool   `json:"is_leader"`
	Epoch    uint64 `json:"epoch"`
	// TrustLeftMS is for how many milliseconds belief lasts without another
	// confirmation.
	TrustLeftMS int64 `json:"trust_left_ms"`
	// Tenure is the kind of lease that the instance leads under: redis or pg;
	// empty if it does not lead.
	Tenure string `json:"tenure"`
	// Barred says that PostgreSQL went back in time: the instance executes
	// nothing until a person accepts the authority as it is.
	Barred  bool   `json:"barred"`
	Control string `json:"control"`
	// Eligible says that the instance could lead, and NotEligible why it could not.
	Eligible    bool   `json:"eligible"`
	NotEligible string `json:"not_eligible,omitempty"`
	// Protocol is the version of the protocol that the instance speaks.
	Protocol int `json:"protocol"`
	// InFlight counts the signals that the instance works on.
	InFlight int `json:"in_flight"`
	// Ready says that the instance can take signals in: it runs, is not barred,
	// and PostgreSQL answers. NotReady says what is missing. Degraded says what it
	// works without: Redis, before the group is led without it.
	Ready    bool     `json:"ready"`
	NotReady []string `json:"not_ready,omitempty"`
	Degraded []string `json:"degraded,omitempty"`
	// LedgerEpoch and LedgerOpen are the group's authority as it was last read.
	LedgerEpoch uint64 `json:"ledger_epoch"`
	LedgerOpen  bool   `json:"ledger_open"`
	UptimeMS    int64  `json:"uptime_ms"`
}

// Leader is who leads, by each store.
type Leader struct {
	// RedisLeader holds the lease, DBLeader the open tenure with a fresh
	// heartbeat; nil if there is nobody or the store did not answer.
	RedisLeader *string `json:"redis_leader"`
	DBLeader    *string `json:"db_leader"`
	// Conflict says that both name somebody, and not the same one.
	Conflict bool `json:"conflict"`
	// Epoch is the epoch of the ledger's leader, zero if there is none, and
	// Tenure the kind of its lease: redis, or pg while Redis is away.
	Epoch  uint64 `json:"epoch"`
	Tenure string `json:"tenure,omitempty"`
	// LeaseLeftMS is for how many milliseconds the lease lasts unless renewed.
	LeaseLeftMS int64 `json:"lease_left_ms"`
	// HeartbeatAgeMS is how old the leader's heartbeat is by the database's
	// clock.
	HeartbeatAgeMS int64 `json:"heartbeat_age_ms"`
	// Errors say which store did not answer, and why.
	Errors []string `json:"errors,omitempty"`
}
