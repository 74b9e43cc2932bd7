package redislease

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"github.com/redis/go-redis/v9"
)

// clients are two clients of one server, or of one cluster, which leases of several
// groups may share.
type clients struct {
	opt  Options
	both [2]redis.UniversalClient

	work   context.Context
	cancel context.CancelFunc
	aside  sync.WaitGroup
}

// pair uses two clients by turns. A call that runs out of time costs its
// connection, and opening another takes answers of its own: on a link so slow that
// two of them are more than a call may take, the next call would fail as well, and
// so on for as long as the link is slow. So the next call takes the other client,
// and the one that failed opens its connection aside, with more time for it than a
// call has.
//
// In a cluster each group has a pair of its own over the same clients: their leases
// live on different servers, and a connection to one says nothing of another.
type pair struct {
	*clients
	// key is what in a cluster leads to the server that is meant.
	key     string
	members [2]member
	turn    atomic.Uint32
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
	c := &clients{opt: o}
	for i := range c.both {
		client, err := o.client()
		if err != nil {
			return nil, err
		}
		c.both[i] = client
	}
	c.work, c.cancel = context.WithCancel(context.Background())
	return c.pair(o.Group), nil
}

// pair returns a pair over the clients, which knows nothing of them yet.
func (c *clients) pair(group string) *pair {
	p := &pair{clients: c, key: Key(group)}
	for i, client := range c.both {
		p.members[i].client = client
	}
	return p
}

// beside returns the pair of another group over the same clients.
func (p *pair) beside(group string) *pair {
	if !p.clustered() {
		return p
	}
	return p.pair(group)
}

// clustered tells whether groups may live on different servers.
func (c *clients) clustered() bool { return len(c.opt.Access.Cluster) > 0 }

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
	if p.clustered() {
		return c.Exists(ctx, p.key).Err()
	}
	return c.Ping(ctx).Err()
}

// close closes all connections and waits for what was begun aside.
func (c *clients) close() error {
	c.cancel()
	var faults []error
	for _, client := range c.both {
		faults = append(faults, client.Close())
	}
	c.aside.Wait()
	return errors.Join(faults...)
}
