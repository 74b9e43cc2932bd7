package redislease_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"fencepost/core"
	"fencepost/internal/redislease"
	"fencepost/internal/testbed"
	"fencepost/internal/testbed/redis"
)

func TestMain(m *testing.M) { testbed.Main(m) }

// process is one instance's lease.
type process struct {
	*redislease.Lease
	t     testing.TB
	token core.Token
}

// start opens a lease of a minute for an instance.
func start(t testing.TB, addr, name string, nonce core.Nonce) *process {
	t.Helper()
	l, err := redislease.Open(redislease.Options{
		URL: addr, Group: "test", Instance: name, TTL: time.Minute, Timeout: 5 * time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return &process{Lease: l, t: t, token: core.Token{Nonce: nonce, Acquisition: 1}}
}

// call carries out an operation under the process's token.
func (p *process) call(op core.Op) core.Input { p.t.Helper(); return p.callFor(op, p.token) }

// callFor carries out an operation about a token, and leaves the server's
// clock out of the answer.
func (p *process) callFor(op core.Op, token core.Token) core.Input {
	p.t.Helper()
	in, err := p.Call(p.t.Context(), &core.Effect{Op: op, Req: 7, Token: token})
	if err != nil {
		p.t.Fatal(err)
	}
	if in.Req != 7 {
		p.t.Errorf("%v answers request %d", op, in.Req)
	}
	if off := time.Since(time.Unix(0, int64(in.Server))).Abs(); off > time.Minute {
		p.t.Errorf("%v: the server's clock is off by %v", op, off)
	}
	in.Req, in.Server = 0, 0
	return in
}

// plain opens a client of its own to look at the server.
func plain(t testing.TB, s *redis.Server) *goredis.Client {
	t.Helper()
	c := goredis.NewClient(&goredis.Options{Addr: s.Addr()})
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// left returns how long the lease lasts.
func left(t testing.TB, c *goredis.Client) time.Duration {
	t.Helper()
	d, err := c.PTTL(t.Context(), redislease.Key("test")).Result()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestAbsentLeaseIsAcquiredForItsFullLength(t *testing.T) {
	s := testbed.Redis(t)
	n1, c := start(t, s.Addr(), "n1", 0xa), plain(t, s)
	if in := n1.call(core.Acquire); in != (core.Input{Kind: core.LeaseAcquired, Token: n1.token}) {
		t.Fatalf("acquire: %+v", in)
	}
	if got := c.Get(t.Context(), "fencepost:{test}:lease").Val(); got != "n1|000000000000000a|1" {
		t.Errorf("the key holds %q", got)
	}
	if d := left(t, c); d <= 50*time.Second || d > time.Minute {
		t.Errorf("the lease lasts %v", d)
	}
}

func TestAcquiringAgainAfterALostReplySetsTheFullLengthAgain(t *testing.T) {
	s := testbed.Redis(t)
	n1, c := start(t, s.Addr(), "n1", 0xa), plain(t, s)
	n1.call(core.Acquire)
	c.PExpire(t.Context(), redislease.Key("test"), time.Second)
	if in := n1.call(core.Acquire); in.Kind != core.LeaseAcquired {
		t.Fatalf("acquire again: %+v", in)
	}
	if d := left(t, c); d <= 50*time.Second {
		t.Errorf("the lease lasts %v", d)
	}
}

func TestHeldLeaseIsDeniedToOthersAndToOtherClaimsOfTheHolder(t *testing.T) {
	s := testbed.Redis(t)
	n1, n2 := start(t, s.Addr(), "n1", 0xa), start(t, s.Addr(), "n2", 0xb)
	twin := start(t, s.Addr(), "n1", 0xc)
	n1.call(core.Acquire)
	for _, p := range []*process{n2, twin} {
		in := p.call(core.Acquire)
		if in.Kind != core.LeaseDenied || in.Token != n1.token || in.Age <= 50*time.Second ||
			in.Age > time.Minute {
			t.Errorf("acquire: %+v", in)
		}
	}
	if in := n1.callFor(core.Acquire, core.Token{Nonce: 0xa, Acquisition: 2}); in.Kind != core.LeaseDenied {
		t.Errorf("a second acquisition of the same process: %+v", in)
	}
}

func TestRenewalNeverCreatesTheKey(t *testing.T) {
	s := testbed.Redis(t)
	n1, n2, c := start(t, s.Addr(), "n1", 0xa), start(t, s.Addr(), "n2", 0xb), plain(t, s)
	if in := n1.call(core.Renew); in != (core.Input{Kind: core.LeaseWasLost}) {
		t.Errorf("renew of an absent key: %+v", in)
	}
	if n := c.Exists(t.Context(), redislease.Key("test")).Val(); n != 0 {
		t.Error("the renewal created the key")
	}
	n2.call(core.Acquire)
	c.PExpire(t.Context(), redislease.Key("test"), 30*time.Second)
	if in := n1.call(core.Renew); in != (core.Input{Kind: core.LeaseWasLost, Token: n2.token}) {
		t.Errorf("renew of another's: %+v", in)
	}
	if d := left(t, c); d > 30*time.Second {
		t.Errorf("another's renewal left the lease %v", d)
	}
	if in := n2.call(core.Renew); in != (core.Input{Kind: core.LeaseRenewed, Token: n2.token}) {
		t.Errorf("renew: %+v", in)
	}
	if d := left(t, c); d <= 50*time.Second {
		t.Errorf("the renewed lease lasts %v", d)
	}
}

func TestReleaseComparesTheToken(t *testing.T) {
	s := testbed.Redis(t)
	n1, n2, c := start(t, s.Addr(), "n1", 0xa), start(t, s.Addr(), "n2", 0xb), plain(t, s)
	n1.call(core.Acquire)
	if in := n2.call(core.Release); in != (core.Input{Kind: core.LeaseWasReleased}) {
		t.Errorf("release of another's: %+v", in)
	}
	if in := n1.callFor(core.Release, core.Token{Nonce: 0xa, Acquisition: 9}); in.Flags.Has(core.Done) {
		t.Errorf("release of another acquisition: %+v", in)
	}
	if c.Exists(t.Context(), redislease.Key("test")).Val() != 1 {
		t.Fatal("somebody else's release deleted the key")
	}
	if in := n1.call(core.Release); in != (core.Input{Kind: core.LeaseWasReleased, Flags: core.Done}) {
		t.Errorf("release: %+v", in)
	}
	if in := n1.call(core.Release); in != (core.Input{Kind: core.LeaseWasReleased}) {
		t.Errorf("release again: %+v", in)
	}
	if in := n2.call(core.Acquire); in.Kind != core.LeaseAcquired {
		t.Errorf("acquire after the release: %+v", in)
	}
}

func TestEvictionTakesTheNamedClaimOnly(t *testing.T) {
	s := testbed.Redis(t)
	stale, peer, c := start(t, s.Addr(), "stale", 0xa), start(t, s.Addr(), "peer", 0xb), plain(t, s)
	stale.call(core.Acquire)
	candidate := core.Token{Nonce: 0xa, Acquisition: 2}
	for _, other := range []core.Token{peer.token, candidate, {Nonce: 0xa, Acquisition: 11}} {
		if in := peer.callFor(core.Evict, other); in != (core.Input{Kind: core.LeaseWasEvicted}) {
			t.Errorf("evict %v: %+v", other, in)
		}
	}
	if c.Exists(t.Context(), redislease.Key("test")).Val() != 1 {
		t.Fatal("an eviction took a claim that was not named")
	}
	evicted := core.Input{Kind: core.LeaseWasEvicted, Flags: core.Done}
	if in := peer.callFor(core.Evict, stale.token); in != evicted {
		t.Errorf("evict: %+v", in)
	}
	if c.Exists(t.Context(), redislease.Key("test")).Val() != 0 {
		t.Error("the stale lease is still there")
	}
}

func TestForeignValueIsSomebody(t *testing.T) {
	s := testbed.Redis(t)
	n1, c := start(t, s.Addr(), "n1", 0xa), plain(t, s)
	c.Set(t.Context(), redislease.Key("test"), "set by hand", 0)
	denied := n1.call(core.Acquire)
	if denied.Kind != core.LeaseDenied || denied.Token.IsZero() || denied.Age < time.Hour {
		t.Errorf("acquire: %+v", denied)
	}
	if lost := n1.call(core.Renew); lost.Kind != core.LeaseWasLost || lost.Token != denied.Token {
		t.Errorf("renew: %+v, denied by %+v", lost, denied.Token)
	}
	holder, err := n1.Leader(t.Context())
	if err != nil || holder == nil || holder.InstanceID != "set by hand" {
		t.Errorf("leader %+v, %v", holder, err)
	}
}

func TestLeaderIsWhoHoldsTheKey(t *testing.T) {
	s := testbed.Redis(t)
	n1, n2 := start(t, s.Addr(), "n1", 0xa), start(t, s.Addr(), "n2", 0xb)
	if holder, err := n2.Leader(t.Context()); err != nil || holder != nil {
		t.Errorf("leader of an absent key: %+v, %v", holder, err)
	}
	n1.call(core.Acquire)
	holder, err := n2.Leader(t.Context())
	if err != nil || holder == nil || holder.InstanceID != "n1" || holder.Token != n1.token ||
		holder.Left <= 50*time.Second {
		t.Errorf("leader %+v, %v", holder, err)
	}
}

func TestScriptsAreSentAgainToAServerThatForgotThem(t *testing.T) {
	s := testbed.Redis(t)
	n1, c := start(t, s.Addr(), "n1", 0xa), plain(t, s)
	n1.call(core.Acquire)
	if err := c.ScriptFlush(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	if in := n1.call(core.Renew); in.Kind != core.LeaseRenewed {
		t.Errorf("renew: %+v", in)
	}
}

func TestOfManyClaimantsOneAcquires(t *testing.T) {
	s := testbed.Redis(t)
	const nodes = 16
	won := make([]bool, nodes)
	var wg sync.WaitGroup
	for i := range nodes {
		p := start(t, s.Addr(), "n", core.Nonce(i+1))
		wg.Go(func() { won[i] = p.call(core.Acquire).Kind == core.LeaseAcquired })
	}
	wg.Wait()
	count := 0
	for _, w := range won {
		if w {
			count++
		}
	}
	if count != 1 {
		t.Errorf("%d of %d hold the lease", count, nodes)
	}
}

func TestAServerThatStandsStillIsGivenUpInTime(t *testing.T) {
	s := testbed.OwnRedis(t, redis.Options{})
	l, err := redislease.Open(redislease.Options{URL: "redis://" + s.Addr(), Group: "test", Instance: "n1"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	e := core.Effect{
		Op: core.Acquire, Token: core.Token{Nonce: 1, Acquisition: 1}, Timeout: 300 * time.Millisecond,
	}
	if _, err := l.Call(t.Context(), &e); err != nil {
		t.Fatal(err)
	}
	if err := s.Pause(); err != nil {
		t.Fatal(err)
	}
	started := time.Now()
	in, err := l.Call(context.WithoutCancel(t.Context()), &e)
	if took := time.Since(started); err == nil || took > 2*time.Second {
		t.Errorf("a stopped server answered %+v, %v after %v", in, err, took)
	}
	if err := s.Resume(); err != nil {
		t.Fatal(err)
	}
	e.Timeout = 5 * time.Second
	if _, err := l.Call(t.Context(), &e); err != nil {
		t.Errorf("after the server went on: %v", err)
	}
}

func TestWrongUseIsRefused(t *testing.T) {
	for _, o := range []redislease.Options{
		{URL: "http://nowhere"},
		{URL: "localhost:1", Instance: "a|b"},
		{URL: "localhost:1", TTL: time.Microsecond},
		{URL: "localhost:1", PoolSize: -1},
		{URL: "localhost:1", Timeout: -1},
	} {
		if l, err := redislease.Open(o); err == nil {
			t.Errorf("opened %+v", o)
			_ = l.Close()
		}
	}
	_, err := redislease.Open(redislease.Options{URL: "redis://u:hunter2@localhost:6379x/0"})
	if err == nil || !strings.Contains(err.Error(), "invalid port") ||
		strings.Contains(err.Error(), "hunter2") {
		t.Errorf("a wrong port beside a password: %v", err)
	}
	n1 := start(t, "localhost:1", "n1", 0xa)
	if _, err := n1.Call(t.Context(), &core.Effect{Op: core.Permit}); err == nil ||
		!strings.Contains(err.Error(), "permit: not an operation of the lease") {
		t.Errorf("permit from Redis: %v", err)
	}
	reader, err := redislease.Open(redislease.Options{URL: "localhost:1"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = reader.Close() })
	if _, err := reader.Call(t.Context(), &core.Effect{Op: core.Acquire}); err == nil {
		t.Error("a reader without a name acquired the lease")
	}
}
