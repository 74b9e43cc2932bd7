package link_test

import (
	"errors"
	"io"
	"net"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"fencepost/chaos/link"
	"fencepost/core"
	"fencepost/scenarios"
)

// controlBound is the longest that a control call may take, on a machine that
// is busy and under the race detector: what every call is bounded by.
const controlBound = 2 * time.Second

// startFlood writes to every connection as fast as it can, and reads nothing.
func startFlood(t testing.TB) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var work sync.WaitGroup
	var mu sync.Mutex
	open := map[net.Conn]bool{}
	work.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			open[c] = true
			mu.Unlock()
			work.Go(func() {
				for page := make([]byte, 64<<10); ; {
					if _, err := c.Write(page); err != nil {
						_ = c.Close()
						return
					}
				}
			})
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		mu.Lock()
		for c := range open {
			_ = c.Close()
		}
		mu.Unlock()
		work.Wait()
	})
	return l
}

// stuff fills a connection's way out until nothing more goes in.
func stuff(c net.Conn) {
	page := make([]byte, 256<<10)
	for {
		_ = c.SetWriteDeadline(time.Now().Add(20 * time.Millisecond))
		if _, err := c.Write(page); err != nil {
			return
		}
	}
}

// kill ends a connection as the death of its process does.
func kill(c net.Conn) {
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = c.Close()
}

// stopwatch remembers the longest of the calls that it times.
type stopwatch struct{ worst time.Duration }

func (w *stopwatch) time(t testing.TB, what string, call func() error) {
	t.Helper()
	begin := time.Now()
	err := call()
	took := time.Since(begin)
	w.worst = max(w.worst, took)
	if err != nil || took > controlBound {
		t.Fatalf("%s: %v after %v", what, err, took)
	}
}

func TestHealingNeverWaitsForClientsThatDoNotReadOrAreKilled(t *testing.T) {
	const turns = 200
	server := startFlood(t)
	l := open(t, link.Opaque, server.Addr().String())
	effects := []scenarios.Effect{
		scenarios.Drop, scenarios.Hold, scenarios.Latency, scenarios.Refuse, scenarios.Flap,
	}
	arrows := []scenarios.Arrow{scenarios.Both, scenarios.Towards, scenarios.Back}
	deaf := dial(t, l)
	stuff(deaf)
	var watch stopwatch
	for i := range turns {
		victim, err := net.Dial("tcp4", l.Addr())
		if err != nil {
			t.Fatal(err)
		}
		d := link.Damage{Effect: effects[i%5], Arrow: arrows[i%3], Delay: time.Millisecond}
		watch.time(t, "damage", func() error { return l.Damage(i, d) })
		killed := make(chan struct{})
		go func() { kill(victim); close(killed) }()
		watch.time(t, "heal", func() error { return l.Heal(i) })
		<-killed
		if i%50 == 49 {
			watch.time(t, "break", l.Break)
			deaf = dial(t, l)
			stuff(deaf)
		}
	}
	t.Logf("%d rounds, the slowest call took %v", turns, watch.worst)
	fresh := dial(t, l)
	_ = fresh.SetReadDeadline(time.Now().Add(patience))
	if _, err := io.ReadFull(fresh, make([]byte, 1<<20)); err != nil {
		t.Errorf("after all that: %v", err)
	}
}

func TestNoControlCallWaitsForABlockedClient(t *testing.T) {
	server := startFlood(t)
	e := link.New(1)
	l, err := e.Open("blocked", link.Redis, server.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	var watch stopwatch
	for id, effect := range []scenarios.Effect{
		scenarios.Drop, scenarios.Hold, scenarios.Latency, scenarios.Bandwidth, scenarios.Flap,
		scenarios.CutReply, scenarios.Reset, scenarios.Refuse,
	} {
		stuff(dial(t, l))
		d := link.Damage{
			Effect: effect, Arrow: scenarios.Both, Delay: time.Hour, Interval: time.Hour, On: core.Renew,
		}
		watch.time(t, "damage "+string(effect), func() error { return l.Damage(id, d) })
		watch.time(t, "heal "+string(effect), func() error { return l.Heal(id) })
	}
	stuff(dial(t, l))
	watch.time(t, "retarget", func() error { return l.Retarget(server.Addr().String()) })
	stuff(dial(t, l))
	watch.time(t, "break", l.Break)
	stuff(dial(t, l))
	if s := l.Stats(); s.Open == 0 {
		t.Error("no connection is open")
	}
	watch.time(t, "close", e.Close)
	t.Logf("the slowest call took %v", watch.worst)
}

func TestClosingGivesUpOnAnObserverThatNeverReturns(t *testing.T) {
	lang := languages()[0]
	s := startSpeaker(t, lang)
	e := link.New(1)
	l, err := e.Open("stuck", lang.protocol, s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	stuck, release := make(chan struct{}), make(chan struct{})
	l.OnOperation(func(core.Op, link.Phase) {
		close(stuck)
		<-release
	})
	dial(t, l).say(lang.named.ask)
	<-stuck
	begin := time.Now()
	if err := e.Close(); err == nil || time.Since(begin) > patience {
		t.Errorf("closed with %v after %v", err, time.Since(begin))
	}
	close(release)
}

func TestNothingIsLeftBehind(t *testing.T) {
	server := startFlood(t)
	s := startSpeaker(t, languages()[1])
	goroutines, sockets := runtime.NumGoroutine(), openSockets(t)
	e := link.New(1)
	var clients []*client
	for i, effect := range []scenarios.Effect{
		scenarios.Drop, scenarios.Hold, scenarios.Latency, scenarios.Flap,
	} {
		for _, arrow := range []scenarios.Arrow{scenarios.Both, scenarios.Towards, scenarios.Back} {
			name := string(effect) + arrow.String()
			flooded, err := e.Open(name+" flood", link.HTTP, server.Addr().String())
			spoken, err2 := e.Open(name+" speech", link.Postgres, s.Addr().String())
			if err := errors.Join(err, err2); err != nil {
				t.Fatal(err)
			}
			speech := s.enter(t, spoken)
			dead := dial(t, flooded)
			d := link.Damage{Effect: effect, Arrow: arrow, Delay: time.Hour}
			if err := errors.Join(flooded.Damage(i, d), spoken.Damage(i, d)); err != nil {
				t.Fatal(err)
			}
			if arrow == scenarios.Both {
				full := dial(t, flooded)
				clients = append(clients, full)
				stuff(full)
			}
			kill(dead)
			speech.say(s.named.ask)
			_ = speech.Close()
		}
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			stacks := make([]byte, 1<<20)
			t.Log(string(stacks[:runtime.Stack(stacks, true)]))
		}
	})
	for _, c := range clients {
		_ = c.Close()
	}
	until(t, "only what was there before", func() bool {
		return runtime.NumGoroutine() <= goroutines && openSockets(t) <= sockets
	})
}

// openSockets counts this process's sockets.
func openSockets(t testing.TB) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for _, entry := range entries {
		where, err := os.Readlink("/proc/self/fd/" + entry.Name())
		if err == nil && strings.HasPrefix(where, "socket:") {
			count++
		}
	}
	return count
}
