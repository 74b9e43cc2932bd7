package pgledger

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"fencepost/core"
	"fencepost/internal/identity"
)

// Ledger is one process's access to the ledger of one group. Its methods may
// be called from several goroutines at once.
type Ledger struct {
	opt Options
	// key is the group's advisory lock.
	key int64
	// leadership and work are kept apart, so that a flood of signals cannot make
	// a leader miss its heartbeat.
	leadership *pgxpool.Pool
	work       *pgxpool.Pool
	// kept says which statements their connections keep.
	kept *keeping
	// users counts the ledgers that have these pools.
	users   *atomic.Int32
	orders  orderBook
	admits  offers
	permits permits
	records records
	// cameIn is when a signal last came in, by this process's own clock.
	cameIn atomic.Int64
	// listFrom is how long after opened the next list of work may be asked for.
	listFrom atomic.Int64
	opened   time.Time
	// worked is when a signal was last processed, by this process's own clock;
	// zero once a heartbeat has said so. A record does not say it itself: it would
	// lock the row that the heartbeat has to write, until it has been committed.
	worked atomic.Int64
}

// Open prepares a ledger. It opens no connection: a database that is away now
// may be back later.
func Open(o Options) (*Ledger, error) {
	o = o.withDefaults()
	if err := o.validate(); err != nil {
		return nil, fmt.Errorf("open ledger: %w", err)
	}
	kept := &keeping{}
	leadership, err := pool(o, kept, o.leadershipConns(), 1)
	if err != nil {
		return nil, fmt.Errorf("open ledger: %w", err)
	}
	work, err := pool(o, kept, o.Conns, 0)
	if err != nil {
		leadership.Close()
		return nil, fmt.Errorf("open ledger: %w", err)
	}
	return over(o, kept, leadership, work, new(atomic.Int32)), nil
}

// over is a ledger over pools that so many others have.
func over(o Options, kept *keeping, leadership, work *pgxpool.Pool, users *atomic.Int32) *Ledger {
	l := &Ledger{
		opt: o, key: AdvisoryKey(o.Group), kept: kept, leadership: leadership, work: work, users: users,
		opened: time.Now(),
		admits: offers{
			op: core.Admit.String(), crews: admitCrews, crowd: admitCrowd, rest: gather,
		},
		permits: permits{op: core.Permit.String(), crews: workCrews, crowd: workCrowd},
		records: records{op: core.Record.String(), crews: workCrews, crowd: workCrowd, fits: recordsFit},
	}
	l.permits.fits, l.permits.rest, l.records.rest = l.permitsFit, l.restAfter, l.restAfter
	users.Add(1)
	return l
}

// InUse is how many connections calls have at the moment, of both pools.
func (l *Ledger) InUse() int {
	return int(l.leadership.Stat().AcquiredConns() + l.work.Stat().AcquiredConns())
}

// Close closes all connections, unless another ledger has them (Beside). It waits
// for the calls that are under way, which are bounded. Signals, permits and outcomes
// that come later are refused.
func (l *Ledger) Close() {
	l.admits.close()
	l.permits.close()
	l.records.close()
	if l.users.Add(-1) > 0 {
		return
	}
	l.work.Close()
	l.leadership.Close()
}

// Group returns the group's name.
func (l *Ledger) Group() string { return l.opt.Group }

// AdvisoryKey is the advisory lock that fences a group. It depends on nothing
// but the name, so that every process of the group takes the same lock however
// it reaches the database.
func AdvisoryKey(group string) int64 {
	sum := sha256.Sum256([]byte("fencepost:" + group))
	return int64(binary.BigEndian.Uint64(sum[:8]))
}

// errNoIdentity is what an operation says that needs to know who asks.
var errNoIdentity = errors.New("this ledger was opened without an instance id")

// Call carries out an effect whose operation belongs to PostgreSQL, and hands
// each answering input to reply, in order and with the effect's request
// number. After an error reply was not called, and whether the operation was
// carried out is unknown. The effect's own time limit is honoured.
func (l *Ledger) Call(ctx context.Context, e *core.Effect, reply func(*core.Input)) error {
	if e.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, e.Timeout)
		defer cancel()
	}
	inputs, err := l.answer(ctx, e)
	if err != nil {
		return err
	}
	for i := range inputs {
		inputs[i].Req = e.Req
		reply(&inputs[i])
	}
	return nil
}

// answer dispatches on the operation.
func (l *Ledger) answer(ctx context.Context, e *core.Effect) ([]core.Input, error) {
	if l.opt.Instance == "" && e.Op != core.Observe && e.Op != core.Fetch && e.Op != core.Reread {
		return nil, fmt.Errorf("%v: %w", e.Op, errNoIdentity)
	}
	switch e.Op {
	case core.Observe:
		return one(l.observe(ctx))
	case core.Heartbeat:
		if e.Epoch == 0 {
			return one(l.followerBeat(ctx))
		}
		return one(l.leaderBeat(ctx, e))
	case core.TakeEpoch:
		return one(l.takeEpoch(ctx, e))
	case core.Resign:
		return one(l.resign(ctx, e))
	case core.Fetch:
		return l.fetch(ctx, e)
	case core.Permit:
		return one(l.permit(ctx, e))
	case core.Reread:
		return one(l.reread(ctx, e))
	case core.Record:
		return l.record(ctx, e)
	case core.NoOp, core.Acquire, core.Renew, core.Release, core.Evict, core.Admit,
		core.Submit, core.Lookup, core.OpCount:
		return nil, fmt.Errorf("%v: not an operation of the ledger that a node asks for", e.Op)
	default:
		return nil, fmt.Errorf("%v: not an operation", e.Op)
	}
}

// one makes a list of one input.
func one(in core.Input, err error) ([]core.Input, error) {
	if err != nil {
		return nil, err
	}
	return []core.Input{in}, nil
}

// text returns the token as it stands in the ledger if this process claimed it.
func (l *Ledger) text(t core.Token) string { return identity.Text(l.opt.Instance, t) }

// nonce returns this process's nonce as it stands in the ledger.
func (l *Ledger) nonce() string { return identity.NonceText(l.opt.Nonce) }
