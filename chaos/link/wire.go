package link

import (
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/Shopify/toxiproxy/v2"

	"fencepost/core"
	"fencepost/scenarios"
)

// errClosed says that a link or an engine is no more.
var errClosed = errors.New("closed")

// wire is a Link.
type wire struct {
	name     string
	protocol Protocol
	door     *door
	proxy    *toxiproxy.Proxy
	// middle is where toxiproxy listens, tap where it leads.
	middle string
	tap    net.Listener
	ways   [ways]*way
	// told is who is told of operations.
	told atomic.Pointer[func(core.Op, Phase)]
	// unheard is who is told of answers that were lost.
	unheard atomic.Pointer[func(Unheard)]
	cuts    atomic.Int64

	// turn is held while a connection is opened: toxiproxy does not say which
	// of its connections is which, so there is one at a time.
	turn    sync.Mutex
	opening atomic.Pointer[session]
	arrived chan *net.TCPConn

	// control is held while the faults change.
	control sync.Mutex
	faults  map[int]*fault

	mu       sync.Mutex
	upstream string
	sessions map[*session]bool
	opened   int
	done     bool

	closing chan struct{}
	work    sync.WaitGroup
}

func newWire(name string, protocol Protocol, upstream string) *wire {
	return &wire{
		name: name, protocol: protocol, upstream: upstream, arrived: make(chan *net.TCPConn),
		faults: map[int]*fault{}, sessions: map[*session]bool{}, closing: make(chan struct{}),
	}
}

// run starts taking what toxiproxy brings.
func (l *wire) run() {
	l.work.Add(1)
	go l.receive()
}

// Addr is where the near party dials.
func (l *wire) Addr() string { return l.door.addr }

// OnOperation sets who is told.
func (l *wire) OnOperation(told func(core.Op, Phase)) {
	if told == nil {
		l.told.Store(nil)
		return
	}
	l.told.Store(&told)
}

// OnUnheard sets who is told of answers that were lost.
func (l *wire) OnUnheard(told func(Unheard)) {
	if told == nil {
		l.unheard.Store(nil)
		return
	}
	l.unheard.Store(&told)
}

// target is where new connections lead.
func (l *wire) target() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.upstream
}

// Damage lays a fault on the link.
func (l *wire) Damage(id int, d Damage) error {
	if err := l.damage(id, d); err != nil {
		return fmt.Errorf("damage link %s: %w", l.name, err)
	}
	return nil
}

func (l *wire) damage(id int, d Damage) error {
	if err := d.check(); err != nil {
		return err
	}
	l.control.Lock()
	defer l.control.Unlock()
	if l.closed() {
		return errClosed
	}
	if l.faults[id] != nil {
		return fmt.Errorf("number %d is in use", id)
	}
	if d.Effect == scenarios.Reset && d.Interval == 0 {
		return l.breakAll()
	}
	f := &fault{id: id, damage: d, healed: make(chan struct{})}
	f.off.Store(d.Effect == scenarios.Flap)
	l.faults[id] = f
	for _, w := range l.struck(d) {
		w.lay(f)
	}
	if every := d.every(); every > 0 {
		l.work.Add(1)
		go l.repeat(f, every)
	}
	err := l.settle()
	if d.Effect == scenarios.Refuse || d.Effect == scenarios.Reset {
		err = errors.Join(err, l.breakAll())
	}
	return err
}

// Heal takes a fault off the link.
func (l *wire) Heal(id int) error {
	l.control.Lock()
	defer l.control.Unlock()
	f := l.faults[id]
	if f == nil {
		return nil
	}
	delete(l.faults, id)
	close(f.healed)
	for _, w := range l.struck(f.damage) {
		w.lift(f)
	}
	if err := l.settle(); err != nil {
		return fmt.Errorf("heal link %s: %w", l.name, err)
	}
	return nil
}

// struck lists the directions that a damage lies on.
func (l *wire) struck(d Damage) []*way {
	switch {
	case d.Arrow == scenarios.Both || d.Effect == scenarios.Reset:
		return l.ways[:]
	case d.Arrow == scenarios.Towards && d.Effect == scenarios.CutReply:
		return l.ways[:]
	case d.Arrow == scenarios.Towards:
		return l.ways[out:back]
	default:
		return l.ways[back:]
	}
}

// settle closes the door if the link refuses connections, and else opens it.
func (l *wire) settle() error {
	if l.closed() {
		return nil
	}
	if l.ways[out].now.Load().effect == scenarios.Refuse {
		l.door.shut()
		return nil
	}
	opened, err := l.door.open()
	if err != nil || opened == nil {
		return err
	}
	l.work.Add(1)
	go l.admit(opened)
	return nil
}

// repeat does what a fault does from time to time, until it is healed.
func (l *wire) repeat(f *fault, every time.Duration) {
	defer l.work.Done()
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
		case <-f.healed:
			return
		case <-l.closing:
			return
		}
		if f.damage.Effect == scenarios.Reset {
			// Nobody waits for it; what is late this time is done all the same.
			_ = l.breakAll()
			continue
		}
		f.off.Store(!f.off.Load())
		for _, w := range l.struck(f.damage) {
			w.refresh()
		}
	}
}

// Break resets every open connection.
func (l *wire) Break() error {
	err := errClosed
	if !l.closed() {
		err = l.breakAll()
	}
	if err != nil {
		return fmt.Errorf("break link %s: %w", l.name, err)
	}
	return nil
}

// breakAll resets every open connection, all at once: closing a socket waits
// until nobody is in the middle of reading or writing it.
func (l *wire) breakAll() error {
	l.mu.Lock()
	all := make([]*session, 0, len(l.sessions))
	for s := range l.sessions {
		all = append(all, s)
	}
	l.mu.Unlock()
	return within(func() error {
		var ends sync.WaitGroup
		for _, s := range all {
			ends.Go(func() { s.end(true) })
		}
		ends.Wait()
		return nil
	})
}

// Retarget makes new connections lead elsewhere.
func (l *wire) Retarget(upstream string) error {
	l.mu.Lock()
	l.upstream = upstream
	l.mu.Unlock()
	return l.Break()
}

// Stats returns what has passed.
func (l *wire) Stats() Stats {
	s := Stats{
		Towards: l.ways[out].traffic(), Back: l.ways[back].traffic(), RepliesCut: l.cuts.Load(),
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	s.Open, s.Opened = len(l.sessions), l.opened
	return s
}

// closed tells whether the link is no more.
func (l *wire) closed() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.done
}

// Close ends the link.
func (l *wire) Close() error {
	if !l.shut() {
		return nil
	}
	failed := []error{l.tap.Close()}
	if l.door != nil {
		failed = append(failed, l.door.close())
	}
	failed = append(failed, l.breakAll(),
		within(func() error { l.work.Wait(); return nil }),
		within(func() error { l.proxy.Stop(); return nil }))
	lines.remove(l)
	if err := errors.Join(failed...); err != nil {
		return fmt.Errorf("close link %s: %w", l.name, err)
	}
	return nil
}

// shut lets no fault and no connection in any more, and tells whether it is the
// first to say so.
func (l *wire) shut() bool {
	l.control.Lock()
	defer l.control.Unlock()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.done {
		return false
	}
	l.done = true
	close(l.closing)
	return true
}

// forget takes a connection off the list.
func (l *wire) forget(s *session) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.sessions, s)
}
