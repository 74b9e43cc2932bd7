package redislease

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"fencepost/core"
	"fencepost/internal/identity"
)

// Lease is one process's access to the lease of one group. Its methods may be
// called from several goroutines at once.
type Lease struct {
	opt Options
	// election carries the operations of the lease, and nothing that could keep
	// one of them waiting for a connection.
	election *pair
	// others carries hints and questions.
	others redis.UniversalClient
	// users counts the leases that have these clients.
	users *atomic.Int32
}

// Open prepares a lease. It opens no connection: a Redis that is away now may
// be back later.
func Open(o Options) (*Lease, error) {
	o = o.withDefaults()
	if err := o.validate(); err != nil {
		return nil, fmt.Errorf("open lease: %w", err)
	}
	others, err := o.client()
	if err != nil {
		return nil, fmt.Errorf("open lease: %w", err)
	}
	election, err := newPair(o)
	if err != nil {
		return nil, fmt.Errorf("open lease: %w", err)
	}
	l := &Lease{opt: o, election: election, others: others, users: new(atomic.Int32)}
	l.users.Add(1)
	return l, nil
}

// Beside prepares the lease of another group over the connections of this one, for
// a process that takes part in several. Of the options the address and the timeout
// are this lease's. The connections are closed with the last lease that has them.
func (l *Lease) Beside(o Options) (*Lease, error) {
	o.URL, o.Access, o.Dialer, o.Timeout = l.opt.URL, l.opt.Access, l.opt.Dialer, l.opt.Timeout
	o = o.withDefaults()
	if err := o.validate(); err != nil {
		return nil, fmt.Errorf("open lease: %w", err)
	}
	l.users.Add(1)
	return &Lease{opt: o, election: l.election.beside(o.Group), others: l.others, users: l.users}, nil
}

// Close closes all connections, unless another lease has them (Beside).
func (l *Lease) Close() error {
	if l.users.Add(-1) > 0 {
		return nil
	}
	return errors.Join(l.election.close(), l.others.Close())
}

// Key is where a group's lease lives.
func Key(group string) string { return "fencepost:{" + group + "}:lease" }

// Channel is where a group's hints are published.
func Channel(group string) string { return "fencepost:{" + group + "}:events" }

// WitnessKey is where the memory of a group's highest epoch lives.
func WitnessKey(group string) string { return "fencepost:{" + group + "}:witness" }

// forever is how long a key lives that has no expiry. Nobody of ours writes
// one; whoever did has to remove it.
const forever = 24 * time.Hour

// reply is what a script answers.
type reply struct {
	done   bool
	holder string
	left   time.Duration
	now    core.Time
	// witness is the highest epoch that was ever reported, if the operation
	// tells of it.
	witness core.Epoch
}

// Call carries out an effect whose operation belongs to Redis and returns the
// answering input, with the effect's request number. After an error it is
// unknown whether the operation was carried out. The effect's own time limit
// is honoured.
func (l *Lease) Call(ctx context.Context, e *core.Effect) (core.Input, error) {
	if l.opt.Instance == "" {
		return core.Input{}, fmt.Errorf("%v: this lease was opened without an instance id", e.Op)
	}
	timeout := e.Timeout
	if timeout <= 0 {
		timeout = l.opt.Timeout
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	in, err := l.answer(ctx, e)
	in.Req = e.Req
	return in, err
}

// answer runs the operation's script and says what its answer means.
func (l *Lease) answer(ctx context.Context, e *core.Effect) (core.Input, error) {
	script, ok := scriptOf(e.Op)
	if !ok {
		return core.Input{}, fmt.Errorf("%v: not an operation of the lease", e.Op)
	}
	claim := any(identity.Text(l.opt.Instance, e.Token))
	if e.Op == core.Evict {
		claim = identity.Suffix(e.Token)
	}
	var r reply
	err := l.election.do(func(c redis.UniversalClient) (err error) {
		r, err = l.run(ctx, c, e.Op.String(), script, claim, l.opt.TTL.Milliseconds(), uint64(e.Epoch))
		return err
	})
	if err != nil {
		return core.Input{}, err
	}
	in := core.Input{Server: r.now, Epoch: r.witness}
	if r.done {
		in.Flags = core.Done
	}
	switch e.Op {
	case core.Acquire:
		if r.done {
			in.Kind, in.Token, in.Flags = core.LeaseAcquired, e.Token, 0
			return in, nil
		}
		in.Kind, in.Token, in.Age = core.LeaseDenied, identity.Read(r.holder), r.left
	case core.Renew:
		if r.done {
			in.Kind, in.Token, in.Flags = core.LeaseRenewed, e.Token, 0
			return in, nil
		}
		in.Kind, in.Token = core.LeaseWasLost, identity.Read(r.holder)
	case core.Release:
		in.Kind = core.LeaseWasReleased
	default:
		in.Kind = core.LeaseWasEvicted
	}
	return in, nil
}

// Holder is who holds the lease.
type Holder struct {
	// InstanceID is the name in front of the token. For a value that is no token
	// of ours it is the whole value.
	InstanceID string
	Token      core.Token
	// Left is how long the lease lasts unless it is renewed.
	Left time.Duration
}

// Leader returns who holds the lease, or nil if nobody does.
func (l *Lease) Leader(ctx context.Context) (*Holder, error) {
	ctx, cancel := context.WithTimeout(ctx, handshakes*l.opt.Timeout)
	defer cancel()
	r, err := l.run(ctx, l.others, "leader", leaderScript)
	if err != nil || !r.done {
		return nil, err
	}
	return &Holder{InstanceID: identity.Instance(r.holder), Token: identity.Read(r.holder), Left: r.left}, nil
}

// run runs a script of the lease.
func (l *Lease) run(
	ctx context.Context, by redis.UniversalClient, op string, script *redis.Script, values ...any,
) (reply, error) {
	keys := []string{Key(l.opt.Group), Channel(l.opt.Group), WitnessKey(l.opt.Group)}
	list, err := script.Run(ctx, by, keys, append(values, mark(op))...).Slice()
	if err != nil {
		return reply{}, fmt.Errorf("%s: %w", op, err)
	}
	r, err := parseReply(list)
	if err != nil {
		return reply{}, fmt.Errorf("%s: %w", op, err)
	}
	return r, nil
}

// parseReply reads a script's answer.
func parseReply(list []any) (reply, error) {
	if len(list) != 5 {
		return reply{}, fmt.Errorf("a script answered %v, want five values", list)
	}
	done, ok1 := list[0].(int64)
	holder, ok2 := list[1].(string)
	left, ok3 := list[2].(int64)
	now, ok4 := list[3].(int64)
	witness, ok5 := list[4].(int64)
	if !ok1 || !ok2 || !ok3 || !ok4 || !ok5 || witness < 0 {
		return reply{}, fmt.Errorf("a script answered %v, want a number, a text and three numbers", list)
	}
	r := reply{
		done: done == 1, holder: holder, now: core.Time(now * int64(time.Microsecond)),
		witness: core.Epoch(witness),
	}
	switch {
	case left == -1:
		r.left = forever
	case left > 0:
		r.left = time.Duration(left) * time.Millisecond
	}
	return r, nil
}

// Witness returns the highest epoch that a leader ever reported with a renewal,
// zero if none did or Redis has forgotten.
func (l *Lease) Witness(ctx context.Context) (core.Epoch, error) {
	ctx, cancel := context.WithTimeout(ctx, handshakes*l.opt.Timeout)
	defer cancel()
	r, err := l.run(ctx, l.others, "witness", witnessScript)
	return r.witness, err
}

// PublishWork tells the group that a signal was stored.
func (l *Lease) PublishWork(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, handshakes*l.opt.Timeout)
	defer cancel()
	if err := l.others.Publish(ctx, Channel(l.opt.Group), workWord).Err(); err != nil {
		return fmt.Errorf("publish work: %w", err)
	}
	return nil
}
