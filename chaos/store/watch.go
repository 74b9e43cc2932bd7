package store

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"fencepost/core"
)

// Write is a change of the group's keys in one server, and what both keys held after it. An expiry is no
// write: it has its instant in Until.
type Write struct {
	// At is the server's wall clock in nanoseconds, exact to a microsecond.
	At int64
	// Server is the address of the server.
	Server string
	// Op is the service's operation; NoOp if somebody else wrote.
	Op core.Op
	// Raise tells that only the witness changed: it belongs to the write before.
	Raise bool
	// Found tells that nobody wrote this: it is what a server held when its writes became the group's,
	// after a start or a promotion; or that they are so no more, and then it holds nothing.
	Found bool
	Keys
}

// Watch holds the writes to the group's keys, of every server whose writes count: the primary's, and in a
// split those of both.
type Watch struct {
	mu     sync.Mutex
	writes []Write
	tails  []*tail
	err    error
}

// Writes returns the writes after the first so many, in the order in which they were seen; those of one
// server are in the order in which it carried them out.
func (w *Watch) Writes(after int) []Write {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.writes[min(after, len(w.writes)):])
}

// Err returns the first thing that kept the history from being complete, nil if there was none.
func (w *Watch) Err() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}

// Drain returns when every write that any server carried out before the call is in Writes. Of a server that
// is down, those are what it had told before it went. A server that is stalled makes it fail when ctx ends,
// or after five seconds. It also returns what Err returns.
func (w *Watch) Drain(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, redisActLimit)
	defer cancel()
	w.mu.Lock()
	tails := slices.Clone(w.tails)
	w.mu.Unlock()
	var err error
	for _, t := range tails {
		err = errors.Join(err, t.drain(ctx))
	}
	return errors.Join(err, w.Err())
}

// add takes a write into the history and into its server's past.
func (w *Watch) add(t *tail, write Write) {
	w.mu.Lock()
	defer w.mu.Unlock()
	write.Server = t.addr
	w.writes = append(w.writes, write)
	t.of.past.add(write)
}

// fail notes why the history is not complete.
func (w *Watch) fail(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err == nil {
		w.err = err
	}
}

// begin and end keep the list of tails.
func (w *Watch) begin(t *tail) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.tails = append(w.tails, t)
}

func (w *Watch) end(t *tail) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.tails = slices.DeleteFunc(w.tails, func(other *tail) bool { return other == t })
}

// tail reads what one server does, over a connection of its own.
type tail struct {
	watch *Watch
	of    *instance
	addr  string
	conn  net.Conn
	lines *bufio.Reader

	mu    sync.Mutex
	marks map[string]chan struct{} // closed when the mark is seen
	last  string                   // the mark at which the reading ends, if it must

	ended chan struct{}
}

// markNumber numbers the marks of this process.
var markNumber atomic.Uint64

func newMark() string { return "fencepost-mark-" + strconv.FormatUint(markNumber.Add(1), 10) }

// attachEvery is how often a server that is coming up is tried.
const attachEvery = time.Millisecond

// follow begins to watch a server, which may be coming up still, and takes what it finds into the history. No
// write is missed: whatever comes before the reading shows in what it found.
func (r *Redis) follow(ctx context.Context, i *instance) error {
	t := &tail{
		watch: r.watch, of: i, addr: i.server.Addr(), marks: map[string]chan struct{}{},
		ended: make(chan struct{}),
	}
	mark := newMark()
	found, err := t.begin(ctx, r.keys, mark)
	for tick := time.NewTicker(attachEvery); err != nil; found, err = t.begin(ctx, r.keys, mark) {
		select {
		case <-ctx.Done():
			return fmt.Errorf("watch redis at %s: %w", t.addr, errors.Join(ctx.Err(), err))
		case <-tick.C:
		}
	}
	i.tail = t
	r.watch.begin(t)
	begun := t.mark(mark)
	go t.run(&reading{keys: r.keys, now: found}, mark)
	select {
	case <-begun:
		return nil
	case <-t.ended:
		return fmt.Errorf("watch redis at %s: it ended", t.addr)
	case <-ctx.Done():
		return fmt.Errorf("watch redis at %s: %w", t.addr, ctx.Err())
	}
}

// begin opens the connection and reads the keys, with a mark. A server that loads its data answers only the
// one.
func (t *tail) begin(ctx context.Context, k keys, mark string) (Keys, error) {
	if err := t.attach(ctx); err != nil {
		return Keys{}, err
	}
	found, err := t.of.read(ctx, k, mark)
	if err != nil {
		return Keys{}, errors.Join(err, t.conn.Close())
	}
	return found, nil
}

// attach opens the connection and asks for MONITOR.
func (t *tail) attach(ctx context.Context) error {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", t.addr)
	if err != nil {
		return err
	}
	if deadline, ok := ctx.Deadline(); ok {
		err = conn.SetDeadline(deadline)
	}
	lines := bufio.NewReaderSize(conn, 64<<10)
	if err == nil {
		_, err = io.WriteString(conn, "MONITOR\r\n")
	}
	var answer string
	if err == nil {
		answer, err = lines.ReadString('\n')
	}
	if err == nil && answer != "+OK\r\n" {
		err = fmt.Errorf("answer to MONITOR: %q", strings.TrimSpace(answer))
	}
	if err == nil {
		err = conn.SetDeadline(time.Time{})
	}
	if err != nil {
		return errors.Join(err, conn.Close())
	}
	t.conn, t.lines = conn, lines
	return nil
}

// run reads until the connection ends, from the mark on that came with the reading of the keys.
func (t *tail) run(r *reading, from string) {
	defer close(t.ended)
	defer t.watch.end(t)
	defer t.conn.Close()
	begun := false
	for {
		text, err := t.lines.ReadString('\n')
		if err != nil {
			return // the server has gone, or this is the end
		}
		l, err := parseLine(strings.TrimPrefix(strings.TrimRight(text, "\r\n"), "+"))
		if err != nil {
			t.watch.fail(fmt.Errorf("watch redis at %s: %w", t.addr, err))
			return
		}
		if mark := l.words[len(l.words)-1]; !l.lua && strings.HasPrefix(mark, "fencepost-mark-") {
			if mark == from {
				begun = true
				t.watch.add(t, Write{At: l.at, Found: true, Keys: r.now})
			}
			if t.seen(mark) {
				t.watch.add(t, Write{At: l.at, Found: true})
				return
			}
			continue
		}
		if !begun {
			continue
		}
		wrote, err := r.take(l)
		if err != nil {
			t.watch.fail(fmt.Errorf("watch redis at %s: %w", t.addr, err))
		}
		if wrote {
			t.watch.add(t, Write{At: l.at, Op: r.op, Raise: r.raise, Keys: r.now})
		}
	}
}

// mark returns a channel that is closed when the mark is seen.
func (t *tail) mark(mark string) chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	seen := make(chan struct{})
	t.marks[mark] = seen
	return seen
}

// seen notes that a mark was met, and reports whether it is the last.
func (t *tail) seen(mark string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if seen, ok := t.marks[mark]; ok {
		close(seen)
		delete(t.marks, mark)
	}
	return mark == t.last
}

// drain sends a mark and waits until it comes by, or the server is gone.
func (t *tail) drain(ctx context.Context) error {
	mark := newMark()
	seen := t.mark(mark)
	// Of a server that is going down the answer is an error, and the end of the tail the barrier.
	go t.of.client.Echo(ctx, mark)
	select {
	case <-seen:
		return nil
	case <-t.ended:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("drain redis at %s: %w", t.addr, ctx.Err())
	}
}

// endTail waits for the end of what a server said that was killed.
func (i *instance) endTail() {
	if i.tail != nil {
		_ = i.tail.conn.SetReadDeadline(time.Now().Add(redisActLimit))
		<-i.tail.ended
		i.tail = nil
	}
}

// readLua reads both keys at once, and the instant at which the lease expires: -1 without an expiry, -2
// without a lease. What TTLs are counted from stands still while a script runs and TIME does not, so the two
// are added only where the server cannot tell the instant itself. The mark behind the arguments shows when.
const readLua = `
local expiry = redis.pcall('PEXPIRETIME', KEYS[1])
if type(expiry) ~= 'number' then -- before Redis 7
    local now = redis.call('TIME')
    expiry = redis.call('PTTL', KEYS[1])
    if expiry >= 0 then
        expiry = expiry + now[1] * 1000 + math.floor(now[2] / 1000)
    end
end
return {redis.call('GET', KEYS[1]) or '', expiry, redis.call('GET', KEYS[2]) or '0'}`

// read returns what the server holds.
func (i *instance) read(ctx context.Context, k keys, mark string) (Keys, error) {
	list, err := i.client.Eval(ctx, readLua, []string{k.lease, k.witness}, mark).Slice()
	if err != nil {
		return Keys{}, fmt.Errorf("read keys of redis: %w", err)
	}
	holder, ok1 := list[0].(string)
	expiry, ok2 := list[1].(int64)
	text, ok3 := list[2].(string)
	if !ok1 || !ok2 || !ok3 {
		return Keys{}, fmt.Errorf("read keys of redis: answer %v", list)
	}
	witness, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return Keys{}, fmt.Errorf("read keys of redis: witness: %w", err)
	}
	found := Keys{Holder: holder, Witness: core.Epoch(witness)}
	if expiry >= 0 {
		found.Until = expiry * int64(time.Millisecond)
	}
	return found, nil
}
