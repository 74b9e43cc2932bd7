package store

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// syncPoll is how often a replica is asked how far it is.
const syncPoll = 2 * time.Millisecond

// errSingle is the answer to what needs a second server.
var errSingle = errors.New("redis is not replicated")

// errSplit is the answer to what cannot be done while two servers serve.
var errSplit = errors.New("redis is split")

// enslave makes a server follow another, over the link.
func (r *Redis) enslave(ctx context.Context, i, primary *instance) error {
	addr := primary.server.Addr()
	if r.options.Link != nil {
		var err error
		if addr, err = r.options.Link(addr); err != nil {
			return fmt.Errorf("link to the primary: %w", err)
		}
	}
	host, port, err := splitAddr(addr)
	if err != nil {
		return err
	}
	if i.tail == nil {
		return i.client.Do(ctx, "REPLICAOF", host, port).Err()
	}
	// The mark is carried out in the same breath: what MONITOR shows before it was written by clients,
	// what it shows afterwards comes from the primary.
	mark := newMark()
	i.tail.endAt(mark)
	pipe := i.client.Pipeline()
	pipe.Do(ctx, "REPLICAOF", host, port)
	pipe.Echo(ctx, mark)
	if _, err := pipe.Exec(ctx); err != nil {
		return err
	}
	i.endTail()
	return nil
}

// endAt makes the reading end at a mark.
func (t *tail) endAt(mark string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.last = mark
}

// Synced returns when the replica has every write that the primary had at the time of the call. It fails when
// ctx ends, or after five seconds: the link may be cut.
func (r *Redis) Synced(ctx context.Context) error {
	ctx, done := r.act(ctx)
	defer done()
	if r.other == nil {
		return errSingle
	}
	if r.split {
		return errSplit
	}
	want, _, err := r.primary.offset(ctx, "master_repl_offset")
	if err != nil {
		return fmt.Errorf("ask how far redis is: %w", err)
	}
	tick := time.NewTicker(syncPoll)
	defer tick.Stop()
	for {
		// While it loads what it missed a replica refuses to answer.
		has, linked, err := r.other.offset(ctx, "slave_repl_offset")
		if err == nil && linked && has >= want {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for the replica: at %d of %d: %w", has, want, errors.Join(ctx.Err(), err))
		case <-tick.C:
		}
	}
}

// offset reads a place in the stream of replication, and whether a replica is up with it.
func (i *instance) offset(ctx context.Context, name string) (at int64, linked bool, err error) {
	text, err := i.client.Info(ctx, "replication").Result()
	if err != nil {
		return 0, false, err
	}
	for field := range strings.FieldsSeq(text) {
		if number, ok := strings.CutPrefix(field, name+":"); ok {
			if at, err = strconv.ParseInt(number, 10, 64); err != nil {
				return 0, false, fmt.Errorf("place in the replication: %w", err)
			}
		}
	}
	return at, strings.Contains(text, "master_link_status:up"), nil
}

// Failover promotes the replica in place of the primary, which is killed if it still runs, and returns the
// address of the new one. The replica has what had reached it over the link; the loss takes further writes
// from it. Bring the other server back with Rejoin, once no client is led to it any more.
func (r *Redis) Failover(ctx context.Context, loss Loss) (string, error) {
	ctx, done := r.act(ctx)
	defer done()
	if err := r.mayPromote(); err != nil {
		return "", fmt.Errorf("fail redis over: %w", err)
	}
	if err := r.takeDown(ctx, Crash); err != nil {
		return "", fmt.Errorf("fail redis over: %w", err)
	}
	if err := r.promote(ctx, loss, r.primary.went); err != nil {
		return "", fmt.Errorf("fail redis over: %w", err)
	}
	return r.primary.server.Addr(), nil
}

// Split promotes the replica while the old primary, which has not noticed, serves on; each acknowledges
// writes that the other does not have. It returns the address of the new primary: acts upon Redis strike
// that one. The loss is as with Failover. It lasts until Unsplit.
func (r *Redis) Split(ctx context.Context, loss Loss) (string, error) {
	ctx, done := r.act(ctx)
	defer done()
	if err := r.mayPromote(); err != nil {
		return "", fmt.Errorf("split redis: %w", err)
	}
	if r.primary.server.PID() == 0 {
		return "", errors.New("split redis: the primary is down")
	}
	if err := r.promote(ctx, loss, time.Now().UnixNano()); err != nil {
		return "", fmt.Errorf("split redis: %w", err)
	}
	r.reign(r.primary, r.other, true)
	return r.primary.server.Addr(), nil
}

func (r *Redis) mayPromote() error {
	switch {
	case r.other == nil:
		return errSingle
	case r.split:
		return errSplit
	case r.other.server.PID() == 0:
		return errors.New("there is no replica to promote; it has not rejoined")
	}
	return nil
}

// promote makes the replica the primary. What it missed beyond what the link kept from it is taken away
// before anybody is led to it.
func (r *Redis) promote(ctx context.Context, loss Loss, went int64) error {
	old, next := r.primary, r.other
	if err := next.client.Do(ctx, "REPLICAOF", "NO", "ONE").Err(); err != nil {
		return fmt.Errorf("promote the replica: %w", err)
	}
	if err := next.durable(ctx); err != nil {
		return fmt.Errorf("promote the replica: %w", err)
	}
	held, err := next.read(ctx, r.keys, "")
	if err != nil {
		return err
	}
	r.watch.mu.Lock()
	// Its past is the primary's, as far as it got; before a start none was watched.
	next.past.list = append([]then(nil), old.past.list...)
	kept := next.past.reached(held, time.Now().UnixNano())
	left := kept
	if loss.All {
		left = 0
	} else if loss.some() {
		left = next.past.without(kept, loss, went)
	}
	want := next.past.cut(left)
	r.watch.mu.Unlock()
	if left < kept || loss.All {
		if err := next.put(ctx, r.keys, want); err != nil {
			return err
		}
	}
	if err := r.follow(ctx, next); err != nil {
		return err
	}
	r.reign(next, old, false)
	return nil
}

// durable returns when the server reads after a crash what it writes now. A
// replica that has loaded the primary's data writes its append-only file anew,
// aside, and until that is done a crash takes it back to the old one.
func (i *instance) durable(ctx context.Context) error {
	tick := time.NewTicker(syncPoll)
	defer tick.Stop()
	for {
		text, err := i.client.Info(ctx, "persistence").Result()
		if err != nil {
			return err
		}
		if strings.Contains(text, "aof_rewrite_in_progress:0") &&
			strings.Contains(text, "aof_rewrite_scheduled:0") {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for its append-only file: %w", ctx.Err())
		case <-tick.C:
		}
	}
}

// putLua makes both keys what they were. An expiry that has passed lets the key go.
const putLua = `
redis.call('DEL', KEYS[1], KEYS[2])
if ARGV[1] ~= '' then redis.call('SET', KEYS[1], ARGV[1]) end
if ARGV[2] ~= '0' then redis.call('PEXPIREAT', KEYS[1], ARGV[2]) end
if ARGV[3] ~= '0' then redis.call('SET', KEYS[2], ARGV[3]) end
return 0`

// put makes a server hold these keys.
func (i *instance) put(ctx context.Context, k keys, want Keys) error {
	err := i.client.Eval(ctx, putLua, []string{k.lease, k.witness},
		want.Holder, want.Until/int64(time.Millisecond), uint64(want.Witness)).Err()
	if err != nil {
		return fmt.Errorf("take writes from the replica: %w", err)
	}
	return nil
}

// Rejoin starts the server that a failover killed again, as a replica of the new primary. It does not wait
// until it has caught up, see Synced. A server that follows already is left alone.
func (r *Redis) Rejoin(ctx context.Context) error {
	ctx, done := r.act(ctx)
	defer done()
	switch {
	case r.other == nil:
		return fmt.Errorf("rejoin redis: %w", errSingle)
	case r.other.server.PID() != 0:
		return nil
	}
	// What it had is replaced by the primary's; should the link be cut, it has nothing.
	err := writeAppendOnly(r.other.server.Dir(), r.keys, Keys{})
	if err == nil {
		err = r.restart(ctx, r.other, false)
	}
	if err == nil {
		err = r.enslave(ctx, r.other, r.primary)
	}
	if err != nil {
		return fmt.Errorf("rejoin redis: %w", err)
	}
	return nil
}

// Unsplit ends the old primary's reign: it follows the new one, and what it acknowledged meanwhile is gone.
// The caller leads the clients to the new one first, or those of the old one will meet a read-only server.
func (r *Redis) Unsplit(ctx context.Context) error {
	ctx, done := r.act(ctx)
	defer done()
	if !r.split {
		return errors.New("unsplit redis: it is not split")
	}
	r.reign(r.primary, r.other, false)
	if r.other.server.PID() == 0 {
		return nil
	}
	if err := r.enslave(ctx, r.other, r.primary); err != nil {
		return fmt.Errorf("unsplit redis: %w", err)
	}
	return nil
}
