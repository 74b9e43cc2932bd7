package redislease

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"github.com/redis/go-redis/v9"
)

// pair is two clients of one server, used by turns. A call that runs out of
// time costs its connection, and opening another takes answers of its own: on a
// link so slow that two of them are more than a call may take, the next call
// would fail as well, and so on for as long as the link is slow. So the next
// call takes the other client, and the one that failed opens its connection
// aside, with more time for it than a call has.
type pair struct {
	opt     Options
	members [2]member
	turn    atomic.Uint32

	work   context.Context
	cancel context.CancelFunc
	aside  sync.WaitGroup
}

// member is one of the two.
type member struct {
	client redis.UniversalClient
	// ready says that the last thing it was asked was answered.
	ready atomic.Bool
	// preparing says that a connection is being opened.
	preparing atomic.Bool
}

// handshakes is how many times an operation's limit opening a connection may
// take: a greeting, a password, a choice of the database, and a question.
const handshakes = 4

// newPair prepares the clients. It opens no connection.
func newPair(o Options) (*pair, error) {
	p := &pair{opt: o}
	for i := range p.members {
		client, err := o.client()
		if err != nil {
			return nil, err
		}
		p.members[i].client = client
	}
	p.work, p.cancel = context.WithCancel(context.Background())
	return p, nil
}

// do calls with a client that is ready, if one is. Afterwards whichever is not
// ready is prepared aside.
func (p *pair) do(call func(redis.UniversalClient) error) error {
	i := p.turn.Add(1) % 2
	if !p.members[i].ready.Load() && p.members[1-i].ready.Load() {
		i = 1 - i
	}
	err := call(p.members[i].client)
	p.members[i].ready.Store(answered(err))
	// Who only reads has nothing to lose by a late answer.
	if p.opt.Instance != "" {
		for i := range p.members {
			p.prepare(&p.members[i])
		}
	}
	return err
}

// answered reports whether the server answered, be it with a refusal.
func answered(err error) bool {
	var refusal redis.Error
	return err == nil || errors.As(err, &refusal)
}

// prepare sees to it that a member has a connection, if it is not ready and
// nobody sees to it already.
func (p *pair) prepare(m *member) {
	if m.ready.Load() || p.work.Err() != nil || !m.preparing.CompareAndSwap(false, true) {
		return
	}
	p.aside.Go(func() {
		defer m.preparing.Store(false)
		ctx, cancel := context.WithTimeout(p.work, handshakes*p.opt.Timeout)
		defer cancel()
		if answered(p.ask(ctx, m.client)) {
			m.ready.Store(true)
		}
	})
}

// ask asks for a sign of life, in a cluster the member that holds the lease: any
// other would answer a PING.
func (p *pair) ask(ctx context.Context, c redis.UniversalClient) error {
	if len(p.opt.Access.Cluster) > 0 {
		return c.Exists(ctx, Key(p.opt.Group)).Err()
	}
	return c.Ping(ctx).Err()
}

// close closes all connections and waits for what was begun aside.
func (p *pair) close() error {
	p.cancel()
	var faults []error
	for i := range p.members {
		faults = append(faults, p.members[i].client.Close())
	}
	p.aside.Wait()
	return errors.Join(faults...)
}
