package fencepost

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"fencepost/core"
	"fencepost/internal/pgledger"
	"fencepost/internal/redislease"
)

// Reader reads what the stores know of a group. It takes no part in the
// election. Its methods may be called by several goroutines at once.
type Reader struct {
	protocol core.Config
	ledger   *pgledger.Ledger
	lease    *redislease.Lease
	// answered, if not nil, is told which store has just answered.
	answered func(core.Store)
}

// NewReader prepares readings for the configured group. It needs the addresses
// of the stores alone and opens no connection.
func NewReader(c Config) (*Reader, error) {
	if err := c.CheckPostgres(); err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	return openReader(&c, pgledger.Options{}, nil)
}

// openReader opens the stores; identity holds who asks, if it is an instance, and
// beside is whose connections it shares, if any.
func openReader(c *Config, identity pgledger.Options, beside *Reader) (*Reader, error) {
	r := &Reader{protocol: c.Protocol()}
	o := identity
	o.DSN, o.Group, o.TTL, o.SendBy = c.Postgres.DSN.Reveal(), c.Group, r.protocol.TTL, r.protocol.SendBy
	o.Access = c.Postgres.Access()
	o.OneOpen = c.Execution.OneOpenPerInstrument
	o.Conns, o.Limits = int32(min(c.Postgres.Conns, maxConns)), pgledger.LimitsFor(r.protocol.StoreTimeout)
	openLedger, openLease := pgledger.Open, redislease.Open
	if beside != nil {
		openLedger, openLease = beside.ledger.Beside, beside.lease.Beside
	}
	var err error
	if r.ledger, err = openLedger(o); err != nil {
		return nil, err
	}
	if !c.Redis.IsSet() {
		return r, nil
	}
	r.lease, err = openLease(redislease.Options{
		Access: c.Redis.Access(), Group: c.Group, Instance: o.Instance, TTL: r.protocol.TTL,
		Timeout: max(r.protocol.StoreTimeout, redislease.DefaultTimeout),
	})
	if err != nil {
		r.ledger.Close()
		return nil, err
	}
	return r, nil
}

// maxConns is the most connections to PostgreSQL that one instance may open.
const maxConns = 1000

// Close gives the connections back.
func (r *Reader) Close() error {
	r.ledger.Close()
	if r.lease == nil {
		return nil
	}
	return r.lease.Close()
}

// errNoRedis says that a reading needs what the configuration does not name.
var errNoRedis = errors.New("redis.addr is not set")

// holder asks Redis who holds the lease.
func (r *Reader) holder(ctx context.Context) (*redislease.Holder, error) {
	if r.lease == nil {
		return nil, errNoRedis
	}
	return r.lease.Leader(ctx)
}

// Leader asks both stores at once who leads, and reports what each of them
// said.
func (r *Reader) Leader(ctx context.Context) Leader {
	var (
		found            Leader
		redis, db        string
		redisErr, dbErr  error
		asking           sync.WaitGroup
		redisLeft, dbAge time.Duration
		epoch            core.Epoch
	)
	asking.Go(func() {
		holder, err := r.holder(ctx)
		if redisErr = err; err == nil && r.answered != nil {
			r.answered(core.Redis)
		}
		if holder != nil {
			redis, redisLeft = holder.InstanceID, holder.Left
		}
	})
	asking.Go(func() {
		incumbent, err := r.CurrentLeader(ctx)
		dbErr = err
		if incumbent != nil {
			db, dbAge, epoch = incumbent.InstanceID, incumbent.Age, incumbent.Epoch
			found.Tenure = incumbent.Kind.String()
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
func (r *Reader) CurrentLeader(ctx context.Context) (*Incumbent, error) {
	return r.ledger.CurrentLeader(ctx, r.protocol.StaleAfter)
}

// StaleInstances lists the instances whose last heartbeat is older than the
// timeout by the database's clock.
func (r *Reader) StaleInstances(ctx context.Context, timeout time.Duration) ([]StaleInstance, error) {
	return r.ledger.StaleInstances(ctx, timeout)
}

// Instances lists the group's instances, the leader first.
func (r *Reader) Instances(ctx context.Context) ([]Instance, error) {
	return r.ledger.Instances(ctx)
}

// History lists the youngest tenures, at most limit, the youngest first.
func (r *Reader) History(ctx context.Context, limit int) ([]PastTenure, error) {
	return r.ledger.History(ctx, limit)
}

// Led tells who led between two instants, by the ledger and without a gap. A
// zero end means now.
func (r *Reader) Led(ctx context.Context, from, to time.Time) ([]Led, error) {
	return r.ledger.Led(ctx, from, to)
}

// DetectSplitBrain asks both stores who leads and returns their disagreement.
// It returns nil if there is none; a store that names nobody is a change of
// leadership under way, not a conflict. If a store does not answer nothing can
// be said, and the error tells which.
func (r *Reader) DetectSplitBrain(ctx context.Context) (*SplitBrain, error) {
	redis := func(ctx context.Context) (string, error) {
		holder, err := r.holder(ctx)
		if holder == nil {
			return "", err
		}
		return holder.InstanceID, err
	}
	db := func(ctx context.Context) (string, error) {
		incumbent, err := r.CurrentLeader(ctx)
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

// Signals lists signals, the youngest first.
func (r *Reader) Signals(ctx context.Context, f SignalFilter) ([]Signal, error) {
	return r.ledger.Signals(ctx, f)
}

// Signal returns one signal with its attempts, or ErrNoSignal.
func (r *Reader) Signal(ctx context.Context, id core.SignalID) (SignalDetail, error) {
	return r.ledger.Signal(ctx, id)
}
