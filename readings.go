package fencepost

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"fencepost/core"
	"fencepost/internal/httpapi"
	"fencepost/internal/identity"
	"fencepost/internal/observe"
	"fencepost/internal/pgledger"
)

// What the readings return.
type (
	// Status is one instance at one instant.
	Status = httpapi.Status
	// Leader is who leads, by each store.
	Leader = httpapi.Leader
	// Incumbent is the leader as the ledger has it.
	Incumbent = pgledger.Incumbent
	// Instance is one process that told the ledger that it lives.
	Instance = pgledger.Instance
	// StaleInstance is an instance that has not been heard of for too long.
	StaleInstance = pgledger.StaleInstance
	// Tenure is one row of the leadership history.
	Tenure = pgledger.Tenure
	// SplitBrain says that the stores name different leaders.
	SplitBrain = core.Disagreement
	// Metrics are the coordinator's numbers.
	Metrics = observe.CoordinatorMetrics
)

// ErrNotLeader says that this instance does not lead.
var ErrNotLeader = httpapi.ErrNotLeader

// Status returns this instance's state. It asks no store.
func (k *Coordinator) Status() Status {
	s := k.driver.Status()
	missing := k.missing()
	return Status{
		InstanceID: k.config.InstanceID, Group: k.config.Group, Nonce: identity.NonceText(k.nonce),
		Version: Version(), Role: s.Role.String(), IsLeader: s.Believes, Epoch: uint64(s.Epoch),
		TrustLeftMS: s.TrustLeft.Milliseconds(), Control: s.Control.String(), Eligible: s.Eligible,
		InFlight: s.InFlight, Ready: len(missing) == 0, NotReady: missing,
		LedgerEpoch: uint64(s.View.Epoch), LedgerOpen: s.View.Flags.Has(core.Open),
		UptimeMS: time.Since(k.began).Milliseconds(),
	}
}

// IsLeader reports whether this instance believes that it leads. What it does
// under that belief is fenced all the same.
func (k *Coordinator) IsLeader() bool { return k.driver.Status().Believes }

// Metrics returns the coordinator's numbers. It asks no store: the leaders'
// names are at most one heartbeat interval old.
func (k *Coordinator) Metrics() Metrics {
	m := k.observer.Coordinator()
	m.CurrentLeaderRedis, m.CurrentLeaderDB = k.leaders.get()
	m.IsLeader, m.HeartbeatRunning = k.IsLeader(), k.running.Load()
	return m
}

// Leader asks both stores at once who leads, and reports what each of them
// said.
func (k *Coordinator) Leader(ctx context.Context) Leader {
	var (
		found            Leader
		redis, db        string
		redisErr, dbErr  error
		asking           sync.WaitGroup
		redisLeft, dbAge time.Duration
		epoch            core.Epoch
	)
	asking.Go(func() {
		holder, err := k.lease.Leader(ctx)
		if redisErr = err; err == nil {
			k.observer.Answered(core.Redis)
		}
		if holder != nil {
			redis, redisLeft = holder.InstanceID, holder.Left
		}
	})
	asking.Go(func() {
		incumbent, err := k.CurrentLeader(ctx)
		dbErr = err
		if incumbent != nil {
			db, dbAge, epoch = incumbent.InstanceID, incumbent.Age, incumbent.Epoch
		}
	})
	asking.Wait()
	found.LeaseLeftMS, found.HeartbeatAgeMS = redisLeft.Milliseconds(), dbAge.Milliseconds()
	found.Epoch, found.Conflict = uint64(epoch), core.DetectSplitBrain(redis, db) != nil
	if redis != "" {
		found.RedisLeader = &redis
	}
	if db != "" {
		found.DBLeader = &db
	}
	if redisErr != nil {
		found.Errors = append(found.Errors, "redis: "+redisErr.Error())
	}
	if dbErr != nil {
		found.Errors = append(found.Errors, "postgres: "+dbErr.Error())
	}
	return found
}

// CurrentLeader returns who leads by the ledger: the holder of the current
// epoch, if its tenure is open and its heartbeat younger than stale_after by
// the database's clock. It returns nil if there is nobody.
func (k *Coordinator) CurrentLeader(ctx context.Context) (*Incumbent, error) {
	return k.ledger.CurrentLeader(ctx, k.protocol.StaleAfter)
}

// StaleInstances lists the instances whose last heartbeat is older than the
// timeout by the database's clock.
func (k *Coordinator) StaleInstances(ctx context.Context, timeout time.Duration) ([]StaleInstance, error) {
	return k.ledger.StaleInstances(ctx, timeout)
}

// Instances lists the group's instances, the leader first.
func (k *Coordinator) Instances(ctx context.Context) ([]Instance, error) {
	return k.ledger.Instances(ctx)
}

// History lists the youngest tenures, at most limit, the youngest first.
func (k *Coordinator) History(ctx context.Context, limit int) ([]Tenure, error) {
	return k.ledger.History(ctx, limit)
}

// DetectSplitBrain asks both stores who leads and returns their disagreement.
// It returns nil if there is none; a store that names nobody is a change of
// leadership under way, not a conflict. If a store does not answer nothing can
// be said, and the error tells which.
func (k *Coordinator) DetectSplitBrain(ctx context.Context) (*SplitBrain, error) {
	redis := func(ctx context.Context) (string, error) {
		holder, err := k.lease.Leader(ctx)
		if holder == nil {
			return "", err
		}
		return holder.InstanceID, err
	}
	db := func(ctx context.Context) (string, error) {
		incumbent, err := k.CurrentLeader(ctx)
		if incumbent == nil {
			return "", err
		}
		return incumbent.InstanceID, err
	}
	return detectSplitBrain(ctx, redis, db)
}

// whoLeads asks one store for the leader's name, which is empty if there is
// none.
type whoLeads func(ctx context.Context) (string, error)

// detectSplitBrain compares what the stores say. Without a database there is
// nothing to compare.
func detectSplitBrain(ctx context.Context, redis, db whoLeads) (*SplitBrain, error) {
	if db == nil {
		return nil, nil //nolint:nilnil // nil is the documented answer "no conflict"
	}
	byRedis, redisErr := redis(ctx)
	byDB, dbErr := db(ctx)
	if err := errors.Join(redisErr, dbErr); err != nil {
		return nil, fmt.Errorf("detect split brain: %w", err)
	}
	return core.DetectSplitBrain(byRedis, byDB), nil
}

// Resign hands leadership over, though this instance stays in the group and may
// be elected again. It waits until orders in flight have ended, the tenure is
// closed and the lease released. It returns ErrNotLeader if there is nothing to
// hand over.
func (k *Coordinator) Resign(ctx context.Context) error {
	before := k.driver.Status()
	if !before.Believes {
		return ErrNotLeader
	}
	k.hear(core.StepDownRequested)
	err := k.driver.Wait(ctx, func(s core.Status) bool { return s.Epoch != before.Epoch })
	if err != nil {
		return fmt.Errorf("resign from epoch %d: %w", before.Epoch, err)
	}
	return nil
}
