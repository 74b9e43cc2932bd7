package cluster

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"time"

	"fencepost/core"
	"fencepost/internal/testbed/child"
	"fencepost/internal/testbed/postgres"
	"fencepost/internal/testbed/redis"
	"fencepost/internal/testbed/rundir"
	"fencepost/migrations"
)

// database is the name of the ledger's database.
const database = "fencepost"

// Cluster is a running cluster. Its methods may be called by several goroutines
// at once.
type Cluster struct {
	options Options
	dir     *rundir.Dir
	program string

	postgres *postgres.Server
	dsn      string
	redis    *redis.Server
	broker   *Broker
	ledger   *Ledger
	nodes    []*Node

	webhookToken string
	adminToken   string
}

// Start starts a cluster and returns when every process answers; see AwaitReady
// for when it is of use. An error leaves nothing behind.
func Start(ctx context.Context, options Options) (*Cluster, error) {
	options, err := options.normal()
	if err != nil {
		return nil, fmt.Errorf("start cluster: %w", err)
	}
	dir, err := rundir.New("cluster")
	if err != nil {
		return nil, fmt.Errorf("start cluster: %w", err)
	}
	c := &Cluster{
		options: options, dir: dir, program: options.Program,
		webhookToken: rand.Text(), adminToken: rand.Text(),
	}
	err = c.startServers(ctx)
	if err == nil {
		err = c.startNodes(ctx)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start cluster: %w", err), c.Stop(context.WithoutCancel(ctx)))
	}
	return c, nil
}

// startServers starts all that the nodes need. The stores start while the
// program is being built.
func (c *Cluster) startServers(ctx context.Context) error {
	return together(
		func() error { return c.startLedger(ctx) },
		func() error {
			var err error
			c.redis, err = redis.Start(ctx, redis.Options{Fallback: redis.FallbackMiniredis})
			return err
		},
		func() error {
			var err error
			if c.program == "" {
				if c.program, err = child.Fencepost(ctx, c.dir, c.options.Say); err != nil {
					return err
				}
			}
			c.broker, err = startBroker(ctx, c.dir, c.program, c.options.Class)
			return err
		},
	)
}

// startLedger starts PostgreSQL and prepares the database.
func (c *Cluster) startLedger(ctx context.Context) error {
	var err error
	if c.postgres, err = postgres.Start(ctx, postgres.Options{}); err != nil {
		return err
	}
	if err := c.postgres.CreateDatabase(ctx, database); err != nil {
		return err
	}
	c.dsn = c.postgres.DSN(database)
	if _, err := migrations.Up(ctx, c.dsn); err != nil {
		return err
	}
	c.ledger, err = OpenLedger(c.dsn)
	return err
}

// startNodes starts all nodes at once, as they would after a power cut.
func (c *Cluster) startNodes(ctx context.Context) error {
	var starts []func() error
	for i := range c.options.Nodes {
		n := c.newNode(i + 1)
		c.nodes = append(c.nodes, n)
		starts = append(starts, func() error { return n.launchFirst(ctx) })
	}
	return together(starts...)
}

// together does several things at once and waits for all.
func together(parts ...func() error) error {
	faults := make([]error, len(parts))
	var all sync.WaitGroup
	for i, part := range parts {
		all.Go(func() { faults[i] = part() })
	}
	all.Wait()
	return errors.Join(faults...)
}

// Stop ends everything in order: the nodes hand over while the stores still
// answer. It removes the cluster's directory. It may be called again.
func (c *Cluster) Stop(ctx context.Context) error {
	var stops []func() error
	for _, n := range c.nodes {
		stops = append(stops, func() error { return n.Stop(ctx) })
	}
	faults := []error{together(stops...)}
	if c.broker != nil {
		faults = append(faults, c.broker.process.Stop(ctx, stopBound))
	}
	if c.ledger != nil {
		c.ledger.Close()
	}
	if c.redis != nil {
		faults = append(faults, c.redis.Stop())
	}
	if c.postgres != nil {
		faults = append(faults, c.postgres.Stop(ctx))
	}
	faults = append(faults, c.dir.Remove())
	if err := errors.Join(faults...); err != nil {
		return fmt.Errorf("stop cluster: %w", err)
	}
	return nil
}

// Nodes are the cluster's nodes, whether or not they run.
func (c *Cluster) Nodes() []*Node { return c.nodes }

// Node returns the node of that id, or nil.
func (c *Cluster) Node(id string) *Node {
	for _, n := range c.nodes {
		if n.id == id {
			return n
		}
	}
	return nil
}

// Postgres is the ledger's server.
func (c *Cluster) Postgres() *postgres.Server { return c.postgres }

// Redis is the lease's server.
func (c *Cluster) Redis() *redis.Server { return c.redis }

// Broker is the paper broker.
func (c *Cluster) Broker() *Broker { return c.broker }

// Ledger reads the cluster's database.
func (c *Cluster) Ledger() *Ledger { return c.ledger }

// Program is the fencepost binary that the nodes run.
func (c *Cluster) Program() string { return c.program }

// Dir is the directory of the configurations and logs.
func (c *Cluster) Dir() string { return c.dir.Path() }

// TTL is the lease's length in the profile of the nodes.
func (c *Cluster) TTL() time.Duration { return core.Fast().TTL }

// ErrNoLeader reports that nobody leads at the moment.
var ErrNoLeader = errors.New("nobody leads")

// Leader is a node that leads.
type Leader struct {
	Node  *Node
	Epoch uint64
}

// Leader returns the node that leads: by the ledger, and by its own belief. The
// error is ErrNoLeader while leadership changes hands.
func (c *Cluster) Leader(ctx context.Context) (Leader, error) {
	authority, err := c.ledger.Authority(ctx)
	if err != nil {
		return Leader{}, err
	}
	n := c.Node(authority.Holder)
	if n == nil || !authority.Open || !n.Running() {
		return Leader{}, ErrNoLeader
	}
	status, err := n.Status(ctx)
	if err != nil || !status.IsLeader || status.Epoch != authority.Epoch {
		return Leader{}, ErrNoLeader
	}
	return Leader{Node: n, Epoch: authority.Epoch}, nil
}

// AwaitLeader returns the leader as soon as there is one of a later epoch than
// after, and fails after the bound.
func (c *Cluster) AwaitLeader(ctx context.Context, after uint64, bound time.Duration) (Leader, error) {
	var found Leader
	var last error
	err := child.Poll(ctx, bound, answerPoll, func(ctx context.Context) (bool, error) {
		found, last = c.Leader(ctx)
		return last == nil && found.Epoch > after, nil
	})
	if err != nil {
		return found, errors.Join(fmt.Errorf("await a leader after epoch %d: %w", after, err), last)
	}
	return found, nil
}

// readyBound is the longest a new cluster may take to elect its first leader.
const readyBound = 30 * time.Second

// AwaitReady returns the leader when the cluster is of use: somebody leads, and
// every node reaches both stores.
func (c *Cluster) AwaitReady(ctx context.Context) (Leader, error) {
	leader, err := c.AwaitLeader(ctx, 0, readyBound)
	if err != nil {
		return leader, err
	}
	for _, n := range c.nodes {
		if err := n.AwaitReady(ctx, readyBound); err != nil {
			return leader, err
		}
	}
	return leader, nil
}
