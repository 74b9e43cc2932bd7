package store

import (
	"context"
	"errors"
	"testing"
	"time"

	"fencepost/core"
	"fencepost/scenarios"
)

// keysOf reads what the primary holds.
func keysOf(t *testing.T, r *Redis) Keys {
	t.Helper()
	k, err := r.Keys(t.Context())
	must(t, err)
	return k
}

// writesOf drains the watch and returns everything that it has.
func writesOf(t *testing.T, r *Redis) []Write {
	t.Helper()
	must(t, r.Watch().Drain(t.Context()))
	return r.Watch().Writes(0)
}

// holdThrough makes the node acquire the lease and renew it under so many epochs.
func (n *node) holdThrough(epochs core.Epoch) {
	n.t.Helper()
	n.redis(core.Acquire, 0)
	for e := core.Epoch(1); e <= epochs; e++ {
		n.redis(core.Renew, e)
	}
}

func TestRestartLeavesWhatTheDurabilityKeeps(t *testing.T) {
	for durability, kept := range map[scenarios.Durability]bool{
		"": false, scenarios.NoDurability: false, scenarios.AOFEverySec: true, scenarios.AOFAlways: true,
	} {
		for _, way := range []Way{Orderly, Crash} {
			r := startRedis(t, RedisOptions{Durability: durability})
			n := nodeAt(t, r.Addr(), "", 1)
			n.holdThrough(3)
			before := keysOf(t, r)
			must(t, r.Down(t.Context(), way), r.Down(t.Context(), way), r.Up(t.Context(), Loss{}))
			want := Keys{}
			if kept {
				want = before
			}
			if after := keysOf(t, r); !after.same(want) {
				t.Errorf("%q, %v: %+v is left, want %+v", durability, way, after, want)
			}
			writes := writesOf(t, r)
			if last := writes[len(writes)-1]; !last.Found || !last.same(want) {
				t.Errorf("%q, %v: the history ends with %+v, want what was found", durability, way, last)
			}
			must(t, r.Stop())
		}
	}
}

func TestNothingIsLeftWhereDataIsLost(t *testing.T) {
	r := startRedis(t, RedisOptions{Durability: scenarios.AOFAlways})
	nodeAt(t, r.Addr(), "", 1).holdThrough(2)
	must(t, r.Down(t.Context(), Crash), r.Up(t.Context(), Loss{All: true}))
	if left := keysOf(t, r); left != (Keys{}) {
		t.Errorf("%+v is left", left)
	}
}

func TestLastWritesAreLostWhateverTheDurability(t *testing.T) {
	for _, durability := range []scenarios.Durability{scenarios.NoDurability, scenarios.AOFAlways} {
		r := startRedis(t, RedisOptions{Durability: durability})
		n := nodeAt(t, r.Addr(), "", 1)
		n.holdThrough(4) // five writes
		must(t, r.Down(t.Context(), Crash), r.Up(t.Context(), Loss{Writes: 2}))
		if left := keysOf(t, r); left.Holder != n.text() || left.Witness != 2 {
			t.Errorf("%v: %+v is left, want the second renewal's", durability, left)
		}
		n.redis(core.Renew, 7)
		// What came back counts as it was written, and so does what was written since.
		must(t, r.Down(t.Context(), Crash), r.Up(t.Context(), Loss{Writes: 2}))
		if left := keysOf(t, r); left.Holder != n.text() || left.Witness != 1 {
			t.Errorf("%v: %+v is left, want the first renewal's", durability, left)
		}
		must(t, r.Down(t.Context(), Crash), r.Up(t.Context(), Loss{Writes: 9}))
		if left := keysOf(t, r); left != (Keys{}) {
			t.Errorf("%v: %+v is left of fewer writes than were lost", durability, left)
		}
		must(t, r.Stop())
	}
}

func TestWritesOfAWindowAreLost(t *testing.T) {
	r := startRedis(t, RedisOptions{Durability: scenarios.AOFEverySec})
	n := nodeAt(t, r.Addr(), "", 1)
	n.holdThrough(2)
	<-time.After(300 * time.Millisecond)
	n.redis(core.Renew, 3)
	n.redis(core.Release, 0)
	must(t, r.Down(t.Context(), Crash), r.Up(t.Context(), Loss{Window: 200 * time.Millisecond}))
	if left := keysOf(t, r); left.Holder != n.text() || left.Witness != 2 {
		t.Errorf("%+v is left, want what was written before the window", left)
	}
}

// replicated starts two servers with a link between them that can be cut.
func replicated(t *testing.T) (*Redis, *[]*relay) {
	t.Helper()
	var links []*relay
	r := startRedis(t, RedisOptions{Replicated: true, Link: func(primary string) (string, error) {
		links = append(links, newRelay(t, primary))
		return links[len(links)-1].addr(), nil
	}})
	return r, &links
}

func TestFailoverLosesWhatTheLinkKept(t *testing.T) {
	r, links := replicated(t)
	before, n := r.Addr(), nodeAt(t, r.Addr(), "", 1)
	n.holdThrough(2)
	must(t, r.Synced(t.Context()))
	(*links)[0].cut()
	n.redis(core.Renew, 3)
	n.redis(core.Release, 0)
	pid := r.primary.server.PID()
	addr, err := r.Failover(t.Context(), Loss{})
	must(t, err)
	if !ended(pid) || addr == before || r.Addr() != addr || r.ReplicaAddr() != before {
		t.Errorf("process %d, primary %s then %s", pid, before, addr)
	}
	if left := keysOf(t, r); left.Holder != n.text() || left.Witness != 2 {
		t.Errorf("%+v is left, want what had reached the replica", left)
	}
	must(t, r.Rejoin(t.Context()), r.Synced(t.Context()))
	// And back again, with nothing lost.
	nodeAt(t, addr, "", 1).redis(core.Renew, 5)
	must(t, r.Synced(t.Context()))
	back, err := r.Failover(t.Context(), Loss{})
	must(t, err)
	if left := keysOf(t, r); back != before || left.Witness != 5 {
		t.Errorf("%+v is left at %s", left, back)
	}
}

func TestFailoverTakesAwayWhatItIsTold(t *testing.T) {
	r, _ := replicated(t)
	n := nodeAt(t, r.Addr(), "", 1)
	n.holdThrough(4)
	must(t, r.Synced(t.Context()), r.Down(t.Context(), Crash))
	_, err := r.Failover(t.Context(), Loss{Writes: 3})
	must(t, err)
	if left := keysOf(t, r); left.Holder != n.text() || left.Witness != 1 {
		t.Errorf("%+v is left, want the first renewal's", left)
	}
	for _, w := range writesOf(t, r) {
		if w.Server == r.Addr() && w.Witness > 1 {
			t.Errorf("somebody was shown %+v before it was taken away", w)
		}
	}
}

func TestFailoverLosesEverythingIfItIsTold(t *testing.T) {
	r, _ := replicated(t)
	nodeAt(t, r.Addr(), "", 1).holdThrough(4)
	must(t, r.Synced(t.Context()))
	_, err := r.Failover(t.Context(), Loss{All: true})
	must(t, err)
	if left := keysOf(t, r); left != (Keys{}) {
		t.Errorf("%+v is left", left)
	}
}

func TestSplitServersAcknowledgeApartAndAreBothWatched(t *testing.T) {
	r, _ := replicated(t)
	old, first := r.Addr(), nodeAt(t, r.Addr(), "", 1)
	first.holdThrough(1)
	must(t, r.Synced(t.Context()))
	addr, err := r.Split(t.Context(), Loss{Writes: 2})
	must(t, err)
	second := nodeAt(t, addr, "", 2)
	if in := second.redis(core.Acquire, 0); in.Kind != core.LeaseAcquired {
		t.Fatalf("the new primary answered %v", in.Kind)
	}
	if in := first.redis(core.Renew, 1); in.Kind != core.LeaseRenewed {
		t.Fatalf("the old primary answered %v", in.Kind)
	}
	if _, err := r.Split(t.Context(), Loss{}); !errors.Is(err, errSplit) {
		t.Errorf("a second split: %v", err)
	}
	held := map[string]string{}
	for _, w := range writesOf(t, r) {
		held[w.Server] = w.Holder
	}
	if held[old] != first.text() || held[addr] != second.text() {
		t.Errorf("the history has %v", held)
	}
	must(t, r.Unsplit(t.Context()), r.Synced(t.Context()))
	second.redis(core.Renew, 4)
	must(t, r.Synced(t.Context()))
	writes := writesOf(t, r)
	for _, w := range writes {
		held[w.Server] = w.Holder
	}
	if held[old] != "" || held[addr] != second.text() {
		t.Errorf("after the split the history has %v", held)
	}
	if last := writes[len(writes)-1]; last.Server != addr || last.Witness != 4 {
		t.Errorf("the last write is %+v; what is replicated is nobody's write", last)
	}
	if err := r.other.client.Set(t.Context(), r.keys.lease, "x", 0).Err(); err == nil {
		t.Error("the old primary serves on")
	}
}

func TestStalledServerAnswersNobodyUntilItIsResumed(t *testing.T) {
	r := startRedis(t, RedisOptions{})
	must(t, r.Stall())
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if k, err := r.Keys(ctx); err == nil {
		t.Errorf("a stalled server answers %+v", k)
	}
	flushed := make(chan error, 1)
	go func() { flushed <- r.Flush(t.Context()) }()
	// An act that waits for the server must not keep it from being resumed.
	must(t, r.Resume(), <-flushed, r.Resume())
	must(t, r.Stall(), r.Down(t.Context(), Crash), r.Resume(), r.Up(t.Context(), Loss{}))
	keysOf(t, r)
}

func TestSingleServerHasNobodyToPromote(t *testing.T) {
	r := startRedis(t, RedisOptions{})
	_, failover := r.Failover(t.Context(), Loss{})
	_, split := r.Split(t.Context(), Loss{})
	for _, err := range []error{failover, split, r.Rejoin(t.Context()), r.Synced(t.Context())} {
		if !errors.Is(err, errSingle) {
			t.Errorf("error %v, want %v", err, errSingle)
		}
	}
	if err := r.Up(t.Context(), Loss{}); err == nil {
		t.Error("a server that is up was started")
	}
}
