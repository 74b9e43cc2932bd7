package driver

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"fencepost/core"
	"fencepost/internal/clock"
)

// Caller carries out the calls to one party. It hands each answer to reply, in
// order and with the effect's request number, before it returns. After an
// error the call may or may not have been carried out. It must return once its
// context has ended.
type Caller interface {
	Call(ctx context.Context, e *core.Effect, reply func(*core.Input)) error
}

// Sink learns what happened. Its methods are not called by the goroutine that
// owns the node; they may wait for the log.
type Sink interface {
	// Announce tells of an event, in the order in which events happened.
	Announce(a *Announcement)
	// Called tells how long a call took and how it failed, if it did. It may be
	// called by several goroutines at once.
	Called(op core.Op, took time.Duration, err error)
}

// Announcement is an event and the instant at which the node announced it.
type Announcement struct {
	Now    core.Now
	Effect core.Effect
}

// Seams are the named points that every call and every announcement passes.
type Seams interface {
	// Pass waits while the point is held, or until the context ends.
	Pass(ctx context.Context, point string)
}

// Journal records a node's life. Recording should not wait: the node would.
type Journal interface {
	// Start is called once, with what the node begins with.
	Start(config core.Config, nonce core.Nonce, now core.Now)
	// RecordInput is called before every step, so that a step which breaks an
	// assertion is recorded too. It must not wait.
	RecordInput(now core.Now, in *core.Input)
	// RecordEffects is called after the step and before its effects are started.
	RecordEffects(effects []core.Effect)
	// Flush is called when the node is stepped no more, also when an assertion
	// broke.
	Flush()
}

// Options is what a driver needs. Seams and Journal may be nil.
type Options struct {
	Config core.Config
	// Nonce is random and new for each process start.
	Nonce    core.Nonce
	Clock    clock.Clock
	Redis    Caller
	Postgres Caller
	Broker   Caller
	Sink     Sink
	Seams    Seams
	Journal  Journal
}

// queued is how many announcements may wait for the sink. The core makes a
// handful per signal; a sink that is further behind than this is stuck.
const queued = 4096

// lastWords is how long the queue may take to empty when Run ends.
const lastWords = time.Second

// Driver runs a node. Make one with New, start it with Run.
type Driver struct {
	opt Options

	mu   sync.Mutex
	node core.Node
	// stepped is closed by the next step.
	stepped chan struct{}
	// effects belongs to the goroutine of Run.
	effects core.Effects

	inputs  chan core.Input
	events  chan Announcement
	dropped atomic.Int64
	turns   atomic.Uint64
	// made is when the driver was, and turned how long after that the loop last
	// took a turn; zero before Run.
	made   time.Time
	turned atomic.Int64
	calls  sync.WaitGroup
	// gone is closed once the node is stepped no more.
	gone chan struct{}
}

// New returns a driver of a node that knows nothing yet. The configuration
// must be valid and the nonce must not be zero.
func New(o Options) *Driver {
	now := o.Clock.Now()
	if o.Journal != nil {
		o.Journal.Start(o.Config, o.Nonce, now)
	}
	return &Driver{
		opt: o, node: core.New(o.Config, o.Nonce, now), made: time.Now(),
		inputs: make(chan core.Input), events: make(chan Announcement, queued),
		stepped: make(chan struct{}), gone: make(chan struct{}),
	}
}

// Run drives the node until the context ends, then waits for the calls that
// are under way. It is called once. It does not hand over: see Stop.
func (d *Driver) Run(ctx context.Context) {
	told := make(chan struct{})
	go d.tell(told)
	// Also when an assertion broke: what was announced is what explains it.
	defer func() {
		if d.opt.Journal != nil {
			d.opt.Journal.Flush()
		}
		close(d.events)
		select {
		case <-told:
		case <-time.After(lastWords):
		}
	}()
	d.loop(ctx)
	close(d.gone)
	d.calls.Wait()
}

// loop steps the node with every input and, at the latest at its wake, with
// TimePassed.
func (d *Driver) loop(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	in := core.Input{Kind: core.TimePassed}
	d.turn() // the first step may be the one that does not end
	for {
		wake := d.step(ctx, &in)
		in = core.Input{Kind: core.TimePassed}
		for waiting := true; waiting; {
			d.turn()
			timer.Reset(d.nap(wake))
			select {
			case <-ctx.Done():
				return
			case in = <-d.inputs:
				waiting = false
			case <-timer.C:
				waiting = d.opt.Clock.Now().Boot < wake
			}
		}
	}
}

// Turns counts how often the loop looked for an input or at the clock, which it
// does every margin at the least: a count that stands still is a driver that does.
func (d *Driver) Turns() uint64 { return d.turns.Load() }

// StandsFor is for how long the loop has taken no turn; zero while Run does not
// run. It waits for nothing, not even for a step that does not end. A machine that
// sleeps adds nothing to it.
func (d *Driver) StandsFor() time.Duration {
	select {
	case <-d.gone:
		return 0
	default:
	}
	turned := d.turned.Load()
	if turned == 0 {
		return 0
	}
	return time.Since(d.made) - time.Duration(turned)
}

// turn counts a turn of the loop and notes when it was.
func (d *Driver) turn() {
	d.turns.Add(1)
	d.turned.Store(int64(max(1, time.Since(d.made))))
}

// nap is how long to sleep before looking at the clock again. A timer of the
// runtime stands still in suspend and knows nothing of a clock that a test has
// moved: it is never trusted for longer than the margin.
func (d *Driver) nap(wake core.Time) time.Duration {
	return max(0, min(wake.Sub(d.opt.Clock.Now().Boot), d.opt.Config.Margin))
}

// step tells the node of one input and starts what it wants done. It returns
// the node's wake. At an announcement the node can be held: the sink has it by
// then, and what the node wants done after it waits.
func (d *Driver) step(ctx context.Context, in *core.Input) core.Time {
	now, wake := d.stepNode(in)
	if d.opt.Journal != nil {
		d.opt.Journal.RecordEffects(d.effects.All())
	}
	for _, e := range d.effects.All() {
		if e.Op == core.NoOp {
			d.announce(Announcement{Now: now, Effect: e})
			d.pass(ctx, "at:", e.Event.String())
			continue
		}
		d.calls.Go(func() { d.call(ctx, &e) })
	}
	return wake
}

// stepNode reads the clock under the lock, so that readings of two steps keep
// their order.
func (d *Driver) stepNode(in *core.Input) (now core.Now, wake core.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	now = d.opt.Clock.Now()
	if d.opt.Journal != nil {
		d.opt.Journal.RecordInput(now, in)
	}
	d.node.Step(now, in, &d.effects)
	close(d.stepped)
	d.stepped = make(chan struct{})
	return now, d.node.Wake()
}

// call carries out one effect. The end of Run does not cut it: it is bounded
// anyway, and a call that was cut may still be carried out later, behind the
// back of whoever tidies up.
func (d *Driver) call(ctx context.Context, e *core.Effect) {
	d.pass(ctx, "before:", e.Op.String())
	if ctx.Err() != nil {
		return
	}
	began := time.Now()
	var answers []core.Input
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), e.Timeout)
	err := d.caller(e.Op).Call(bounded, e, func(in *core.Input) { answers = append(answers, *in) })
	cancel()
	d.opt.Sink.Called(e.Op, time.Since(began), err)
	d.pass(ctx, "after:", e.Op.String())
	if err != nil {
		answers = append(answers, core.Input{Kind: core.OutcomeUnknown, Op: e.Op, Req: e.Req})
	}
	for _, in := range answers {
		d.Put(in)
	}
}

func (d *Driver) pass(ctx context.Context, side, name string) {
	if d.opt.Seams != nil {
		d.opt.Seams.Pass(ctx, side+name)
	}
}

func (d *Driver) caller(op core.Op) Caller {
	switch op.Store() {
	case core.Redis:
		return d.opt.Redis
	case core.Postgres:
		return d.opt.Postgres
	case core.Broker:
		return d.opt.Broker
	case core.NoStore:
		panic("driver: " + op.String() + " belongs to no store")
	default:
		panic("driver: " + op.String() + " belongs to no store")
	}
}

// Put tells the node of an input. It waits until the node's goroutine takes
// it, and does nothing once Run has ended.
func (d *Driver) Put(in core.Input) { _ = d.PutWithin(context.Background(), in) }

// PutWithin is Put for whoever cannot wait for ever: a node that is held at a
// point takes nothing. The error is the context's, or ErrEnded.
func (d *Driver) PutWithin(ctx context.Context, in core.Input) error {
	select {
	case d.inputs <- in:
		return nil
	case <-d.gone:
		return ErrEnded
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Stop asks the node to hand over and not to come back, and waits until it has
// nothing left to do. The error is that of Wait; Run goes on either way.
func (d *Driver) Stop(ctx context.Context) error {
	if err := d.PutWithin(ctx, core.Input{Kind: core.StopRequested}); err != nil {
		return err
	}
	return d.Wait(ctx, func(s core.Status) bool { return s.Idle })
}

// ErrEnded says that Run has ended and nothing will change any more.
var ErrEnded = errors.New("the node is no longer driven")

// Wait waits until what is asked for holds of the node's status. The error is
// the context's, or ErrEnded.
func (d *Driver) Wait(ctx context.Context, holds func(core.Status) bool) error {
	for {
		d.mu.Lock()
		status, stepped := d.node.Status(d.opt.Clock.Now().Boot), d.stepped
		d.mu.Unlock()
		if holds(status) {
			return nil
		}
		select {
		case <-stepped:
		case <-d.gone:
			return ErrEnded
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// Status returns what others may know of the node at this instant.
func (d *Driver) Status() core.Status {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.node.Status(d.opt.Clock.Now().Boot)
}

// Changes returns the node's status at this instant, and what the next step
// closes. After Run has ended it is never closed.
func (d *Driver) Changes() (status core.Status, stepped <-chan struct{}) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.node.Status(d.opt.Clock.Now().Boot), d.stepped
}

// MayTakeIn asks the node whether this instance may take in a signal at this
// instant, for the first or the second time.
func (d *Driver) MayTakeIn(second bool) (core.Reason, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.node.MayTakeIn(d.opt.Clock.Now().Boot, second)
}

// Dropped returns how many announcements were lost because the sink was stuck.
func (d *Driver) Dropped() int64 { return d.dropped.Load() }

// announce queues an announcement. A full queue drops it: the node does not
// wait for its log.
func (d *Driver) announce(a Announcement) {
	select {
	case d.events <- a:
	default:
		d.dropped.Add(1)
	}
}

// tell hands the announcements to the sink, in their order.
func (d *Driver) tell(done chan<- struct{}) {
	defer close(done)
	for a := range d.events {
		d.opt.Sink.Announce(&a)
	}
}
