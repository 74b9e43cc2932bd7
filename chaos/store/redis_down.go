package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"fencepost/scenarios"
)

// Way is how a server goes down.
type Way int

// The ways. The zero value is an orderly shutdown.
const (
	Orderly Way = iota // it is asked to end, and ends its sessions
	Crash              // kill -9 of every process, without a word to anybody
)

// String names the way.
func (w Way) String() string {
	switch w {
	case Orderly:
		return "orderly"
	case Crash:
		return "crash"
	}
	return fmt.Sprintf("Way(%d)", int(w))
}

// Down takes the primary down, until Up or Failover. A server that is down stays so.
func (r *Redis) Down(ctx context.Context, way Way) error {
	ctx, done := r.act(ctx)
	defer done()
	if err := r.takeDown(ctx, way); err != nil {
		return fmt.Errorf("take redis down: %w", err)
	}
	return nil
}

func (r *Redis) takeDown(ctx context.Context, way Way) error {
	i := r.primary
	if i.server.PID() == 0 {
		return nil
	}
	r.mu.Lock()
	stalled := r.stalled == i
	if stalled {
		r.stalled = nil
	}
	r.mu.Unlock()
	if !stalled {
		i.settle(ctx)
	}
	var err error
	if way == Crash {
		err = i.server.Kill()
	} else {
		err = i.server.Shutdown(ctx)
	}
	i.went = time.Now().UnixNano()
	i.endTail()
	return err
}

// settleLimit is how long a server that is about to go down may take to tell what it did.
const settleLimit = 200 * time.Millisecond

// settle lets the watch catch up with a server that is about to be killed, while no client can write. A
// server answers a client before it tells MONITOR; killed in between it would have acknowledged what nobody
// saw. To the clients it is as if it had died a moment earlier. A server that is stalled has nothing to
// tell, and must not be asked.
func (i *instance) settle(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, settleLimit)
	defer cancel()
	if i.tail == nil {
		return
	}
	pause := i.client.Do(ctx, "CLIENT", "PAUSE", redisActLimit.Milliseconds(), "WRITE")
	if pause.Err() == nil {
		_ = i.tail.drain(ctx) // whoever does not answer now is killed all the same
	}
}

// Up brings the primary back on its address, with what the loss and the durability leave, and returns when it
// answers and is watched again. A loss that names writes overrides the durability, as does All. It may be
// called only while the primary is down.
func (r *Redis) Up(ctx context.Context, loss Loss) error {
	ctx, done := r.act(ctx)
	defer done()
	i := r.primary
	if i.server.PID() != 0 {
		return errors.New("bring redis up: it is not down")
	}
	if err := r.lose(i, loss); err != nil {
		return fmt.Errorf("bring redis up: %w", err)
	}
	if err := r.restart(ctx, i, true); err != nil {
		return fmt.Errorf("bring redis up: %w", err)
	}
	return nil
}

// lose prepares the file that a server which is down will read.
func (r *Redis) lose(i *instance, loss Loss) error {
	none := r.options.Durability == scenarios.NoDurability || r.options.Durability == ""
	switch {
	case loss.some() && !loss.All:
		r.watch.mu.Lock()
		held := i.past.cut(i.past.without(len(i.past.list), loss, i.went))
		r.watch.mu.Unlock()
		return writeAppendOnly(i.server.Dir(), r.keys, held)
	case loss.All || none:
		return writeAppendOnly(i.server.Dir(), r.keys, Keys{})
	default:
		return nil
	}
}

// restart starts a server that is down. If its writes are the group's, it is tried for from the first moment,
// before any client can have found it.
func (r *Redis) restart(ctx context.Context, i *instance, watched bool) error {
	if !watched {
		return i.server.Restart(ctx)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	followed := make(chan error, 1)
	go func() { followed <- r.follow(ctx, i) }()
	if err := i.server.Restart(ctx); err != nil {
		cancel()
		return errors.Join(err, <-followed)
	}
	return <-followed
}
