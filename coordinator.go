package fencepost

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"fencepost/core"
	"fencepost/internal/broker"
	"fencepost/internal/clock"
	"fencepost/internal/driver"
	"fencepost/internal/notify"
	"fencepost/internal/observe"
	"fencepost/internal/page"
	"fencepost/internal/pgledger"
	"fencepost/internal/recorder"
	"fencepost/internal/seam"
)

// Coordinator is one instance of a group. Make one with New; its methods may be
// called by several goroutines at once.
type Coordinator struct {
	*Reader

	config Config
	nonce  core.Nonce
	began  time.Time

	supervisor Supervisor
	// together are the instances of this process, of which this is the first, or
	// this one alone.
	together []*Coordinator

	broker Broker
	// adapter is the broker if it was made here; what an embedding program brings
	// is its own to close.
	adapter  ownAdapter
	driver   *driver.Driver
	observer *observe.Observer
	// sink is told by the node, and channels are where people are told.
	sink     *sink
	channels []notify.Channel
	recorder *recorder.Recorder
	// groups and beside say with how many others the connections are shared.
	groups int
	beside *Reader
	// placed: leaderships are spread over the instances.
	placed bool
	// senders is who may send webhooks.
	senders senders
	// clock is the one that the node goes by.
	clock clock.Clock
	// seams and shifted are nil unless the configuration opens them.
	seams   *seam.Switch
	shifted *clock.Shifted

	// page is what people look at.
	page *page.Page

	hints    hints
	started  atomic.Bool
	running  atomic.Bool
	stopping atomic.Bool
	leaders  leaders
	// president runs what an embedding program does while it leads; nil without.
	president atomic.Pointer[presidency]
	// reconciler compares the broker's book with the ledger, compared is its last
	// report.
	reconciler *Reconciler
	compared   atomic.Pointer[Reconciliation]
	unlisted   sync.Once
}

// New makes an instance. It judges the configuration and opens no connection: a
// store that is away now may be back later.
func New(c Config, list ...Option) (*Coordinator, error) {
	o := applied(list)
	faults := []error{c.Validate()}
	switch {
	case o.leadsOnly && (o.broker != nil || len(c.Webhook.Sources) > 0):
		faults = append(faults, errNoBroker)
	case o.broker == nil && !o.leadsOnly:
		faults = append(faults, c.CheckBroker())
	}
	if err := errors.Join(faults...); err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	k := &Coordinator{
		config: c, nonce: newNonce(), began: time.Now(), broker: o.broker, hints: newHints(),
		supervisor: o.supervisor, groups: o.groups, beside: o.beside, placed: o.spread,
	}
	var now clock.Clock = clock.System{}
	if c.UnsafeTestSeams {
		k.seams, k.shifted = seam.New(), clock.NewShifted(now)
		now = k.shifted
	}
	k.clock = now
	k.observer = observe.New(o.log, now, c.Group, c.InstanceID, Version())
	var err error
	if k.senders, err = readSenders(&k.config.Webhook); err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	if err := k.openTelling(); err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	if !o.leadsOnly {
		if err := k.reach(now); err != nil {
			return nil, fmt.Errorf("configuration: %w", err)
		}
	}
	if err := k.open(); err != nil {
		return nil, errors.Join(err, k.close())
	}
	k.drive(now)
	k.together = []*Coordinator{k}
	k.page = page.New(page.Options{
		Source: k, TTL: k.protocol.TTL, StaleAfter: k.protocol.StaleAfter, Writes: c.AdminToken != "",
	})
	return k, nil
}

// newNonce draws the number that tells this process start from all others.
func newNonce() core.Nonce {
	var drawn [8]byte
	for {
		// Read never fails; it ends the process where there is no randomness.
		_, _ = rand.Read(drawn[:])
		if n := binary.BigEndian.Uint64(drawn[:]); n != 0 {
			return core.Nonce(n)
		}
	}
}

// reach prepares the way to the broker, and judges whether the broker keeps what
// the group relies on.
func (k *Coordinator) reach(now clock.Clock) error {
	if k.broker == nil {
		adapter, err := openBroker(&k.config.Broker, now)
		if err != nil {
			return err
		}
		k.broker, k.adapter = adapter, adapter
	}
	return checkPromise(k.broker, k.config.Broker.Promise())
}

// open prepares the ways to the stores.
func (k *Coordinator) open() error {
	c := &k.config
	host, err := os.Hostname()
	if err != nil {
		host = "" // for people; the instance id names the instance
	}
	_, text, _ := net.SplitHostPort(c.Listen)
	port, _ := strconv.Atoi(text)
	k.Reader, err = openReader(c, pgledger.Options{
		Instance: c.InstanceID, Nonce: k.nonce, Hostname: host, Port: port, Version: Version(),
		Groups: k.groups,
	}, k.beside)
	if err != nil {
		return err
	}
	k.answered = k.observer.Answered
	if c.Journal != "" {
		k.recorder, err = recorder.Create(recorder.Options{
			Path: c.Journal, Flush: time.Duration(c.JournalFlush),
			Group: c.Group, Instance: c.InstanceID, Build: Version(),
		})
	}
	return err
}

// drive makes the driver.
func (k *Coordinator) drive(now clock.Clock) {
	o := driver.Options{
		Config: k.protocol, Nonce: k.nonce, Clock: now,
		Redis: leaseCaller{k.lease, k.handicap()}, Postgres: k.ledger,
		Sink: k.sink,
	}
	if k.broker == nil {
		o.Postgres, o.Broker = withoutWork{k.ledger}, withoutDesk{}
	} else {
		o.Broker = &desk{
			orders: k.ledger, failed: k.observer.BrokerUnclear, called: k.sink.called,
			broker: broker.NewWithoutCanaries(k.broker, now, k.observer.CanaryPassed),
		}
		k.reconciler = &Reconciler{
			reader: k.Reader, broker: k.broker, settings: k.config.Reconcile, by: k.config.InstanceID,
		}
	}
	// A nil pointer in an interface would not be nil.
	if k.seams != nil {
		o.Seams = k.seams
	}
	if k.recorder != nil {
		o.Journal = k.recorder
	}
	k.driver = driver.New(o)
	k.observer.Watch(observe.Gauges{
		Status: k.driver.Status, Dropped: k.driver.Dropped,
		Ready:       func() bool { return len(k.missing()) == 0 },
		Connections: k.ledger.InUse, Leaders: k.leaders.get, Reachable: k.reachable,
	})
}

// Run takes part in the election until the context ends or lead fails; then it
// hands over. While it leads it executes signals, unless it was made
// WithoutBroker, and calls lead, which may be nil. It is called once. The error is
// lead's, and says what of the handover was not finished within the shutdown
// timeout: another instance then takes over once the lease has run out.
func (k *Coordinator) Run(ctx context.Context, lead Lead) error {
	if k.started.Swap(true) {
		return errRunsOnce
	}
	return errors.Join(k.run(ctx, lead), k.close())
}

// errRunsOnce says that a coordinator was run before, or closed. The stores
// are the first caller's to close.
var errRunsOnce = errors.New("a coordinator runs once")

// run is Run with the stores left open.
func (k *Coordinator) run(ctx context.Context, lead Lead) error {
	k.running.Store(true)
	defer k.running.Store(false)
	k.observer.Log().Info("service started",
		"event", "service.started", "version", Version(), "config", k.config)
	// The node outlives ctx: it has to hand over.
	driven, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	var parts sync.WaitGroup
	parts.Go(func() { k.driver.Run(driven) })
	parts.Go(func() { k.lease.Listen(driven, k.hear) })
	parts.Go(func() { k.watch(driven) })
	parts.Go(func() { k.readForMetrics(driven) })
	parts.Go(func() { k.spread(driven) })
	parts.Go(func() { k.seal(driven) })
	parts.Go(func() { k.feed(driven) })
	parts.Go(func() { k.deliver(driven) })
	parts.Go(func() { k.tellRegressions(driven) })
	parts.Go(func() { k.tellConflicts(driven) })
	if k.reconciler != nil {
		parts.Go(func() { k.reconcile(driven) })
	}
	if k.placed {
		parts.Go(func() { k.giveWay(driven) })
	}
	ctx, fail := context.WithCancel(ctx)
	defer fail()
	var failed error
	if lead != nil {
		p := &presidency{lead: lead, k: k}
		k.president.Store(p)
		parts.Go(func() {
			if failed = p.preside(driven); failed != nil {
				fail()
			}
		})
	}
	<-ctx.Done()

	k.stopping.Store(true)
	k.tell(Supervisor.Stopping)
	k.observer.Log().Info("service stops: hands over first", "event", "service.stopping")
	bounded, cancel := context.WithTimeout(driven, time.Duration(k.config.ShutdownTimeout))
	defer cancel()
	err := k.handOver(bounded)
	end()
	parts.Wait()
	// After the last heartbeat: one that comes later would take it back.
	err = errors.Join(err, k.leave())
	k.lastSpans()
	k.sealOnce(context.WithoutCancel(ctx))
	if err != nil {
		k.observer.Log().Error("service stopped before everything was handed over; "+
			"another instance takes over once the lease has run out",
			"event", "service.stopped", "error", err)
		return errors.Join(failed, err)
	}
	k.observer.Log().Info("service stopped", "event", "service.stopped")
	return failed
}

// handOver waits for what an embedding program does as the leader, then asks the
// node to stop and waits until it has nothing left to do.
func (k *Coordinator) handOver(ctx context.Context) error {
	draining, cancel := context.WithTimeout(ctx, k.drainTime())
	overdue := k.president.Load().drain(draining, true)
	cancel()
	err := k.driver.Stop(ctx)
	if errors.Is(err, driver.ErrEnded) {
		err = nil
	}
	if err := errors.Join(overdue, err); err != nil {
		return fmt.Errorf("hand over: %w", err)
	}
	return nil
}

// leave tells the ledger that this instance was stopped on purpose.
func (k *Coordinator) leave() error {
	ctx, cancel := context.WithTimeout(context.Background(), k.protocol.StoreTimeout)
	defer cancel()
	if err := k.ledger.Leave(ctx); err != nil {
		return fmt.Errorf("say good-bye: %w", err)
	}
	return nil
}

// Close gives back the connections of an instance that was never run. Run and
// Serve do it by themselves at their end.
func (k *Coordinator) Close() error {
	if k.started.Swap(true) {
		return nil
	}
	return k.close()
}

// close gives the connections back.
func (k *Coordinator) close() error {
	var faults []error
	if k.page != nil {
		k.page.Close()
	}
	if k.Reader != nil {
		faults = append(faults, k.Reader.Close())
	}
	if k.adapter != nil {
		k.adapter.Close()
	}
	if k.recorder != nil {
		faults = append(faults, k.recorder.Close())
	}
	return errors.Join(faults...)
}

// stored is told of a newly stored signal. It does not wait.
func (k *Coordinator) stored() { k.hints.give(k.hints.here) }

// hear tells the node of a hint that another instance gave.
func (k *Coordinator) hear(kind core.InputKind) {
	if kind == core.WorkHeard {
		k.hints.give(k.hints.elsewhere)
		return
	}
	k.driver.Put(core.Input{Kind: kind})
}

// spread tells this node and the others of stored signals. Who misses it finds
// the signals at the next sweep. This node does not wait for a Redis that is
// silent: it may be the one that leads without it.
func (k *Coordinator) spread(ctx context.Context) {
	others := make(chan struct{}, 1)
	var publishing sync.WaitGroup
	publishing.Go(func() { k.publish(ctx, others) })
	defer publishing.Wait()
	k.hints.pass(ctx, func(here bool) {
		if here {
			select {
			case others <- struct{}{}:
			default:
			}
		} else {
			k.ledger.CameIn()
		}
		k.driver.Put(core.Input{Kind: core.WorkHeard})
	})
}

// publish tells the other nodes of stored signals; several become one.
func (k *Coordinator) publish(ctx context.Context, stored <-chan struct{}) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-stored:
		}
		if err := k.lease.PublishWork(ctx); err != nil && ctx.Err() == nil {
			k.observer.Log().Debug("work was not published; the leader finds it by itself", "error", err)
		}
	}
}
