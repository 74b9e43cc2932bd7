package chaos

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"fencepost/chaos/link"
	"fencepost/chaos/store"
	"fencepost/core"
	"fencepost/core/event"
	"fencepost/core/history"
	"fencepost/internal/pgledger"
	"fencepost/internal/testbed/rundir"
	"fencepost/scenarios"
)

// run is one run of a program, from the first process to the verdict.
type run struct {
	conductor
	program *Program
	options Options
	chance  chance
	clock   *timepiece
	book    book
	watch   *stallWatch
	hunger  *hungerWatch
	dir     *rundir.Dir

	redis    *store.Redis
	postgres *store.Postgres
	broker   *desk
	// ledger is PostgreSQL as a person uses it, straight to the server.
	ledger *pgledger.Ledger
	engine *link.Engine
	nodes  []*instance
	ports  []*rundir.HeldPort
	// links are each node's, by store; replication is that between Redis and its
	// replica.
	links       [][storeCount]*cable
	replication *cable
	// down counts the faults that keep a store from answering, shut the ways back
	// for which nodes are kept out of one.
	down    [storeCount]int
	shut    [storeCount]int
	owed    bool
	control core.Control
	// orders are the control modes that steps want and the ledger does not have yet.
	orders []controlOrder
	// words are the steps that are a person's word and wait for the ledger, as they
	// were said.
	words []int
	// acts counts what goes on, under acting; split tells that Redis has two
	// primaries.
	acting sync.Mutex
	acts   map[string]int
	split  bool
	// errands wait until their store can be told; telling is while it is told one.
	errands [storeCount][]errand
	telling [storeCount]bool
	// slower is by how much PostgreSQL takes longer for each statement.
	slower atomic.Int64
	// losses counts the rewinds since a person last accepted what is left of the
	// ledger, paged is the highest epoch that a barred node has told of, and
	// rewound what the audit held before each rewind.
	losses  int
	paged   core.Epoch
	rewound []rewound
	past    *rewound // since which PostgreSQL has not been up
	// marked: there is an instant to which PostgreSQL can go back.
	marked bool
	// unsound is what the ledger's verification found at the end, if anything.
	unsound *scenarios.Failure
	outage  outage // of Redis
	// attested are the words of people that are in the history.
	attested map[attested]bool
	aside    sync.WaitGroup // what goes on beside the conductor

	// historian has told what the ledger did, once the run is over, and knows which
	// signal a row is.
	historian *store.Historian
	numberOf  map[string]int32 // as the judge counts it
	refusals  []refused
	unheard   unheard
	attemptOf map[string]uint32 // by client order id

	signals []*offered
	replies []reply
	// repliesOf are the replies of each signal, by key, once the run is over.
	repliesOf map[string][]*reply
	planned   int
	due       int64
	senders   sync.WaitGroup
}

// storeCount is the size of an array that is indexed by core.Store.
const storeCount = int(core.Broker) + 1

// newRun lays a run out.
func newRun(p *Program, o Options, seed uint64) *run {
	living, over := context.WithCancel(context.Background())
	r := &run{
		program: p, options: o, chance: newChance(seed), clock: newTimepiece(), owed: true,
		conductor: conductor{
			inbox: make(chan func(), queued), living: living, close: over,
			leader: history.None, bound: map[string]int16{},
			steps: make([]step, len(p.scenario.Steps)),
		},
		attested: map[attested]bool{},
		control:  core.Run, acts: map[string]int{},
		numberOf: map[string]int32{}, attemptOf: map[string]uint32{},
	}
	for i := range r.steps {
		if t := &p.scenario.Steps[i].Trigger; t.Kind == scenarios.WhenTrigger {
			r.steps[i].nth = int(r.chance.between(int64(t.When.Nth.Min), int64(t.When.Nth.Max)))
		}
	}
	return r
}

// background does what takes long beside the conductor and comes back to it. A
// failure ends the run.
func (r *run) background(work func() error, then func()) {
	r.aside.Go(func() {
		err := work()
		r.post(func() {
			if err != nil {
				r.broke(err)
				return
			}
			then()
		})
	})
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

// setUp starts everything. What it started is ended by tearDown, also after an
// error.
func (r *run) setUp(ctx context.Context, seed uint64) error {
	var err error
	if r.dir, err = rundir.New("chaos"); err != nil {
		return err
	}
	r.engine = link.New(seed)
	err = together(
		func() error { return r.startRedis(ctx) },
		func() error { return r.startPostgres(ctx) },
		func() error {
			var err error
			accepted := func() { r.hasHappened(ctx, event.OrderAccepted) }
			r.broker, err = openDesk(r.program, seed, r.clock.now, accepted)
			return err
		},
	)
	if err != nil {
		return err
	}
	for i := range r.program.nodes {
		if err := r.layOut(ctx, i); err != nil {
			return err
		}
	}
	r.clock.compare()
	r.watch = watchStall(r.clock)
	r.hunger = watchHunger(r.clock)
	r.reachChanged()
	return r.startNodes(ctx)
}

// hasHappened tells the conductor of something that no node announces, and waits
// until the steps that it sets off have struck.
func (r *run) hasHappened(ctx context.Context, what event.Event) {
	if r.waitedFor(what) {
		r.ask(holdAtMost, func() { r.trigger(ctx, what, history.None) })
	}
}

// waitedFor tells whether a step waits for such events.
func (r *run) waitedFor(what event.Event) bool {
	for i := range r.program.scenario.Steps {
		t := &r.program.scenario.Steps[i].Trigger
		if t.Kind == scenarios.WhenTrigger && t.When.Event == what {
			return true
		}
	}
	return false
}

// layOut makes a node's links and settings.
func (r *run) layOut(ctx context.Context, index int) error {
	n := newInstance(index, r.dir, r.options.Program)
	var wires [storeCount]*cable
	for _, to := range []struct {
		store    core.Store
		protocol link.Protocol
		addr     string
	}{
		{core.Redis, link.Redis, r.redis.Addr()},
		{core.Postgres, link.Postgres, r.postgres.Addr()},
		{core.Broker, link.HTTP, r.broker.addr()},
	} {
		l, err := r.engine.Open(n.name+"-"+to.store.String(), to.protocol, to.addr)
		if err != nil {
			return err
		}
		wires[to.store] = &cable{Link: l}
	}
	wires[core.Postgres].OnOperation(r.slowDown)
	wires[core.Postgres].OnUnheard(func(u link.Unheard) { r.unheard.add(n.index, u, r.clock.now()) })
	if r.waitedFor(event.OrderSent) {
		wires[core.Broker].OnOperation(func(op core.Op, phase link.Phase) {
			if op == core.Submit && phase == link.RequestSeen {
				r.ask(holdAtMost, func() { r.trigger(ctx, event.OrderSent, n.index) })
			}
		})
	}
	r.nodes, r.links = append(r.nodes, n), append(r.links, wires)
	return r.configure(n, wires)
}

// configure gives a node its addresses and secrets.
func (r *run) configure(n *instance, wires [storeCount]*cable) error {
	var err error
	if n.public, err = r.freeAddr(); err != nil {
		return err
	}
	if n.admin, err = r.freeAddr(); err != nil {
		return err
	}
	n.token = secret()
	webhook := secret()
	n.webhook = "http://" + n.public + "/webhook/" + webhook
	n.settings = map[string]any{
		"instance_id": n.name, "listen": n.public, "admin_listen": n.admin, "admin_token": n.token,
		"postgres.dsn": r.postgres.DSNAt(wires[core.Postgres].Addr()),
		"redis.addr":   wires[core.Redis].Addr(),
		"broker.url":   "http://" + wires[core.Broker].Addr(),
		// A journal that outlives a crash: what a node was told is in the kernel's
		// hands before it acts on it.
		"journal_flush":                "0s",
		"webhook.sources.drill.tokens": []string{webhook},
	}
	for name, value := range r.program.settings {
		n.settings[name] = value
	}
	return nil
}

// startNodes starts all nodes, as after a power cut: within a tenth of a ttl. Many
// of them take longer: a process costs a tenth of a second of one core until it
// has all its connections, and whole crowds of them time out together.
func (r *run) startNodes(ctx context.Context) error {
	spread := max(r.program.ttl/10, int64(len(r.nodes)-fewNodes)*int64(startApart))
	var starts []func() error
	for _, n := range r.nodes {
		delay := time.Duration(r.chance.between(0, spread))
		l := n.prepare(r.clock.now())
		starts = append(starts, func() error {
			select {
			case <-time.After(delay):
			case <-ctx.Done():
				return ctx.Err()
			}
			return n.launch(ctx, l, r.hear(ctx))
		})
	}
	return together(starts...)
}

// fewNodes start at once whatever the machine; of more of them, one starts in each
// startApart on average.
const (
	fewNodes   = 5
	startApart = 400 * time.Millisecond
)

// hear hands what a node announces to the conductor.
func (r *run) hear(ctx context.Context) func(said) {
	return func(s said) { r.post(func() { r.heard(ctx, s) }) }
}

// tearDown ends everything that was started. The nodes are killed: whatever
// they would still do is no part of the run.
func (r *run) tearDown() error {
	ctx, cancel := context.WithTimeout(context.Background(), stopBound)
	defer cancel()
	faults := []error{r.endNodes()}
	r.senders.Wait()
	if r.engine != nil {
		faults = append(faults, r.engine.Close())
	}
	if r.ledger != nil {
		r.ledger.Close()
	}
	if r.broker != nil {
		faults = append(faults, r.broker.close())
	}
	if r.redis != nil {
		faults = append(faults, r.redis.Stop())
	}
	if r.postgres != nil {
		faults = append(faults, r.postgres.Stop(ctx))
	}
	if r.watch != nil {
		r.watch.stop()
		r.hunger.stop()
	}
	for _, p := range r.ports {
		faults = append(faults, p.Release())
	}
	if r.dir != nil {
		faults = append(faults, r.dir.Remove())
	}
	if err := errors.Join(faults...); err != nil {
		return fmt.Errorf("tidy up: %w", err)
	}
	return nil
}

// endNodes ends the conductor, kills every node, and waits until its log is read. Those
// that answer go at once; one that was coming up meanwhile, when nobody brings up any
// more.
func (r *run) endNodes() error {
	r.close()
	var faults []error
	for _, n := range r.nodes {
		faults = append(faults, n.kill())
	}
	r.aside.Wait()
	for _, n := range r.nodes {
		if len(n.lives) > 0 {
			n.process = n.lives[len(n.lives)-1].process
		}
		faults = append(faults, n.kill())
		n.readers.Wait()
	}
	return errors.Join(faults...)
}
