package redislease_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"fencepost/core"
	"fencepost/internal/access"
	"fencepost/internal/redislease"
	"fencepost/internal/testbed"
)

// farAway is a dialer to servers of which one's answers take a while.
type farAway struct {
	delay atomic.Int64
	// only is the address of that one; empty means that each server is far away.
	only string
}

// slow is a connection to it.
type slow struct {
	net.Conn
	far      *farAway
	deadline atomic.Int64
}

func (f *farAway) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	if f.only != "" && address != f.only {
		return conn, nil
	}
	return &slow{Conn: conn, far: f}, nil
}

func (c *slow) SetDeadline(t time.Time) error {
	c.deadline.Store(t.UnixNano())
	return c.Conn.SetDeadline(t)
}

func (c *slow) SetReadDeadline(t time.Time) error {
	c.deadline.Store(t.UnixNano())
	return c.Conn.SetReadDeadline(t)
}

// Read waits for an answer, at most until the deadline.
func (c *slow) Read(p []byte) (int, error) {
	delay, left := time.Duration(c.far.delay.Load()), time.Until(time.Unix(0, c.deadline.Load()))
	if delay > left {
		<-time.After(left)
		return 0, os.ErrDeadlineExceeded
	}
	<-time.After(delay)
	return c.Conn.Read(p)
}

// TestOnASlowLinkALostConnectionIsReplaced: a call and the greeting of a new
// connection together take longer than a call may take, so with nobody to
// prepare the connection no call would ever succeed again.
func TestOnASlowLinkALostConnectionIsReplaced(t *testing.T) {
	const timeout, delay = 500 * time.Millisecond, 300 * time.Millisecond
	const inARow, limit = 4, 30 * time.Second
	far := &farAway{}
	l, err := redislease.Open(redislease.Options{
		URL: testbed.Redis(t).Addr(), Group: "test", Instance: "n1", Timeout: timeout, Dialer: far.dial,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	claim := core.Effect{Op: core.Acquire, Token: core.Token{Nonce: 1, Acquisition: 1}}
	ask := func(what string) bool {
		_, err := l.Call(t.Context(), &claim)
		t.Logf("%s: %v", what, err)
		return err == nil
	}
	if !ask("a near server") {
		t.Fatal("the server is not there")
	}
	for round := range 3 {
		far.delay.Store(int64(2 * timeout))
		if ask("an answer that comes too late") {
			t.Fatalf("round %d: the delay has no effect", round)
		}
		far.delay.Store(int64(delay))
		row, begun := 0, time.Now()
		for row < inARow && time.Since(begun) < limit {
			if row++; !ask("a slow server") {
				row = 0
			}
		}
		if row < inARow {
			t.Errorf("round %d: %v after an answer was too late calls still fail", round, limit)
		}
	}
}

// TestSlowMemberOfAClusterIsPreparedForTheGroupThatLivesThere: two groups of one
// process live on two members of a cluster. That the member of the one answers says
// nothing of the way to the other's.
func TestSlowMemberOfAClusterIsPreparedForTheGroupThatLivesThere(t *testing.T) {
	const timeout, delay = 500 * time.Millisecond, 300 * time.Millisecond
	const inARow, most, limit = 4, 8, 15 * time.Second
	members := testbed.RedisCluster(t, 2)
	near, far := groupOn(t, members, 0), groupOn(t, members, 1)
	link := &farAway{only: members[1]}
	first, err := redislease.Open(redislease.Options{
		Access: access.Redis{Cluster: members}, Group: near, Instance: "n1", Timeout: timeout,
		Dialer: link.dial,
	})
	if err != nil {
		t.Fatal(err)
	}
	second, err := first.Beside(redislease.Options{Group: far, Instance: "n1"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = second.Close(), first.Close() })
	claim := core.Effect{Op: core.Acquire, Token: core.Token{Nonce: 1, Acquisition: 1}}
	ask := func(l *redislease.Lease) bool {
		_, err := l.Call(t.Context(), &claim)
		return err == nil
	}
	for begun := time.Now(); !ask(first) || !ask(second); {
		if time.Since(begun) > limit {
			t.Fatal("the cluster is not there")
		}
	}
	for round := range 3 {
		link.delay.Store(int64(2 * timeout))
		if ask(second) {
			t.Fatalf("round %d: the delay has no effect", round)
		}
		link.delay.Store(int64(delay))
		row, failed := 0, 0
		for row < inARow && failed < most {
			ask(first)
			if row++; !ask(second) {
				row, failed = 0, failed+1
			}
		}
		if row < inARow {
			t.Errorf("round %d: %d calls of the second group failed after one was too late", round, failed)
		}
	}
}

// groupOn returns a group whose lease lives on that member of a cluster.
func groupOn(t *testing.T, members []string, member int) string {
	t.Helper()
	for i := range 100 {
		group := fmt.Sprintf("group-%d", i)
		at, err := access.Redis{Cluster: members}.Locate(t.Context(), redislease.Key(group),
			access.RedisLimits{Aside: 10 * time.Second, Pool: 10 * time.Second, PoolSize: 1})
		if err != nil {
			t.Fatal(err)
		}
		if at.Addr == members[member] {
			return group
		}
	}
	t.Fatalf("no group lives on %s", members[member])
	return ""
}
