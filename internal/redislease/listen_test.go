package redislease_test

import (
	"context"
	"testing"
	"time"

	"fencepost/core"
	"fencepost/internal/redislease"
	"fencepost/internal/testbed"
	"fencepost/internal/testbed/redis"
)

// listen starts listening and returns what is heard. It waits until the server
// has the subscription.
func listen(t *testing.T, s *redis.Server, p *process) <-chan core.InputKind {
	t.Helper()
	heard := make(chan core.InputKind, 64)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		p.Listen(ctx, func(k core.InputKind) { heard <- k })
	}()
	t.Cleanup(func() {
		stop()
		select {
		case <-ended:
		case <-time.After(10 * time.Second):
			t.Error("listening did not end with its context")
		}
	})
	waitForSubscriber(t, s)
	return heard
}

// waitForSubscriber asks the server until somebody has subscribed.
func waitForSubscriber(t *testing.T, s *redis.Server) {
	t.Helper()
	c := plain(t, s)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); <-tick.C {
		channel := redislease.Channel("test")
		if n := c.PubSubNumSub(t.Context(), channel).Val()[channel]; n > 0 {
			return
		}
	}
	t.Fatal("nobody subscribed")
}

// expect waits for one hint.
func expect(t *testing.T, heard <-chan core.InputKind, want core.InputKind) {
	t.Helper()
	select {
	case got := <-heard:
		if got != want {
			t.Errorf("heard %v, want %v", got, want)
		}
	case <-time.After(20 * time.Second):
		t.Fatalf("did not hear %v", want)
	}
}

func TestReleaseAndWorkAreHeard(t *testing.T) {
	s := testbed.Redis(t)
	n1, n2 := start(t, s.Addr(), "n1", 0xa), start(t, s.Addr(), "n2", 0xb)
	heard := listen(t, s, n2)
	n1.call(core.Acquire)
	n2.call(core.Release)
	n1.call(core.Release)
	expect(t, heard, core.ReleaseHeard)
	if err := n1.PublishWork(t.Context()); err != nil {
		t.Fatal(err)
	}
	expect(t, heard, core.WorkHeard)
	n1.call(core.Acquire)
	n2.callFor(core.Evict, n1.token)
	expect(t, heard, core.ReleaseHeard)
}

func TestListeningGoesOnAfterARestart(t *testing.T) {
	s := testbed.OwnRedis(t, redis.Options{})
	n1, n2 := start(t, s.Addr(), "n1", 0xa), start(t, s.Addr(), "n2", 0xb)
	heard := listen(t, s, n2)
	if err := s.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := s.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	waitForSubscriber(t, s)
	expect(t, heard, core.ReleaseHeard)
	expect(t, heard, core.WorkHeard)
	n1.call(core.Acquire)
	n1.call(core.Release)
	expect(t, heard, core.ReleaseHeard)
}

func TestASilentSubscriptionIsGivenUp(t *testing.T) {
	s := testbed.OwnRedis(t, redis.Options{})
	l, err := redislease.Open(redislease.Options{
		URL: s.Addr(), Group: "test", Instance: "n2", Patience: 100 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	heard := listen(t, s, &process{Lease: l, t: t})
	if err := s.Pause(); err != nil {
		t.Fatal(err)
	}
	// The kernel still accepts connections for the stopped server; the client
	// comes back only once the server answers.
	time.AfterFunc(time.Second, func() { _ = s.Resume() })
	expect(t, heard, core.ReleaseHeard)
	expect(t, heard, core.WorkHeard)
}
