package conformance_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"fencepost/chaos/link"
	"fencepost/core"
	"fencepost/internal/identity"
	"fencepost/internal/redislease"
	"fencepost/internal/testbed"
	"fencepost/internal/testbed/redis"
	"fencepost/sim/model"
)

// leaseTTL is an odd number of step halves, and time passes in whole steps: no
// test is ever near an expiry, however long its calls take.
const (
	step     = 10 * time.Minute
	leaseTTL = 15 * time.Minute
	slack    = time.Minute
)

// leaseStore is a lease under test.
type leaseStore interface {
	// call carries out one operation for a process that leads under that epoch,
	// or leads not.
	call(who process, op core.Op, token core.Token, epoch core.Epoch) (core.Input, error)
	// pass lets whole steps pass.
	pass(steps int) error
	// write puts a token of nobody's into the key, flush empties the server.
	write(token core.Token) error
	flush() error
	// holder returns the token in the key, and how long it will be there.
	holder() (core.Token, time.Duration, error)
	// seen returns the witness of the highest epoch.
	seen() (core.Epoch, error)
	// released returns how often "released" was published.
	released() (int, error)
}

// modelLease is the simulator's lease.
type modelLease struct {
	model.Redis
	now     core.Time
	records model.Records
	told    int
}

func newModelLease() *modelLease {
	m := &modelLease{now: began}
	m.Reset(&m.records)
	return m
}

func (m *modelLease) call(
	_ process, op core.Op, token core.Token, epoch core.Epoch,
) (core.Input, error) {
	var in core.Input
	switch op {
	case core.Acquire:
		in = m.Acquire(m.now, token, leaseTTL)
	case core.Renew:
		in = m.Renew(m.now, token, leaseTTL, epoch)
	case core.Release:
		in = m.Release(m.now, token)
	case core.Evict:
		in = m.Evict(m.now, token)
	default:
		return in, fmt.Errorf("%v: not an operation of the lease", op)
	}
	// Done is the model's word for "released was published".
	if in.Flags.Has(core.Done) {
		m.told++
	}
	return in, nil
}

func (m *modelLease) pass(steps int) error {
	m.now = m.now.Add(time.Duration(steps) * step)
	return nil
}

func (m *modelLease) write(token core.Token) error {
	m.SetLease(m.now, token, leaseTTL)
	return nil
}

func (m *modelLease) flush() error {
	m.Flush(m.now)
	return nil
}

func (m *modelLease) holder() (core.Token, time.Duration, error) {
	m.Expire(m.now)
	if m.NextExpiry() == core.Never {
		return core.Token{}, 0, nil
	}
	return m.Holder(), m.NextExpiry().Sub(m.now), nil
}

func (m *modelLease) seen() (core.Epoch, error) { return m.Witness(), nil }

func (m *modelLease) released() (int, error) { return m.told, nil }

// realLease is the service's lease on a server, over a link.
type realLease struct {
	ctx    context.Context
	server *redis.Server
	wire   proxy
	plain  *goredis.Client
	leases map[core.Nonce]*redislease.Lease
	heard  *goredis.PubSub
	told   int
	rounds int
}

// newRealLease returns the lease on the server.
func newRealLease(t testing.TB, server *redis.Server) *realLease {
	t.Helper()
	r := &realLease{
		ctx: context.WithoutCancel(t.Context()), server: server,
		wire:   newProxy(t, link.Redis, server.Addr()),
		plain:  goredis.NewClient(&goredis.Options{Addr: server.Addr()}),
		leases: map[core.Nonce]*redislease.Lease{},
	}
	t.Cleanup(func() { _ = r.plain.Close() })
	if err := r.listen(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.heard.Close() })
	for _, p := range processes {
		l, err := redislease.Open(redislease.Options{
			URL: r.wire.Addr(), Group: "test", Instance: p.name, TTL: leaseTTL, Timeout: 10 * time.Second,
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = l.Close() })
		r.leases[p.nonce] = l
	}
	return r
}

// listen subscribes to what is published.
func (r *realLease) listen() error {
	r.heard = r.plain.Subscribe(r.ctx, redislease.Channel("test"))
	_, err := r.heard.Receive(r.ctx)
	return err
}

func (r *realLease) call(
	who process, op core.Op, token core.Token, epoch core.Epoch,
) (core.Input, error) {
	in, err := r.leases[who.nonce].Call(r.ctx, &core.Effect{Op: op, Req: 7, Token: token, Epoch: epoch})
	if err == nil && in.Req != 7 {
		return in, fmt.Errorf("%v answers request %d", op, in.Req)
	}
	in.Req = 0
	return in, err
}

// passScript shortens what the key has left, as if the time had passed.
const passScript = `
local left = redis.call('PTTL', KEYS[1])
if left < 0 then return 0 end
if left <= tonumber(ARGV[1]) then return redis.call('DEL', KEYS[1]) end
return redis.call('PEXPIRE', KEYS[1], left - ARGV[1])`

func (r *realLease) pass(steps int) error {
	d := time.Duration(steps) * step
	return r.plain.Eval(r.ctx, passScript, []string{redislease.Key("test")}, d.Milliseconds()).Err()
}

func (r *realLease) write(token core.Token) error {
	return r.plain.Set(r.ctx, redislease.Key("test"), identity.Text("ghost", token), leaseTTL).Err()
}

func (r *realLease) flush() error { return r.plain.FlushAll(r.ctx).Err() }

// mishap carries out an operation of which the process learns nothing.
func (r *realLease) mishap(how mishap, who process, op core.Op, token core.Token, epoch core.Epoch) error {
	err := r.wire.lose(how, op, func(limit time.Duration) error {
		e := core.Effect{Op: op, Token: token, Epoch: epoch, Timeout: limit}
		_, err := r.leases[who.nonce].Call(r.ctx, &e)
		return err
	})
	return errors.Join(err, r.calm())
}

// restart takes the server down and brings it up again, with what it had or
// empty. Whoever listened has to subscribe again.
func (r *realLease) restart(kill, keep bool) error {
	if _, err := r.released(); err != nil {
		return err
	}
	_ = r.heard.Close() // it is about to break
	if !keep && r.server.Dir() == "" {
		if err := r.server.Flush(r.ctx); err != nil {
			return err
		}
	}
	down := r.server.Kill
	if !kill {
		down = func() error { return r.server.Shutdown(r.ctx) }
	}
	if err := down(); err != nil {
		return err
	}
	if !keep && r.server.Dir() != "" {
		if err := os.RemoveAll(filepath.Join(r.server.Dir(), "appendonlydir")); err != nil {
			return err
		}
	}
	if err := r.server.Restart(r.ctx); err != nil {
		return err
	}
	if err := calm(func() error { return r.plain.Ping(r.ctx).Err() }); err != nil {
		return err
	}
	return errors.Join(r.listen(), r.calm())
}

// calm returns when every process reaches the server.
func (r *realLease) calm() error {
	for _, l := range r.leases {
		err := calm(func() error {
			_, err := l.Leader(r.ctx)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *realLease) holder() (core.Token, time.Duration, error) {
	h, err := r.leases[n1.nonce].Leader(r.ctx)
	if err != nil || h == nil {
		return core.Token{}, 0, err
	}
	return h.Token, h.Left, nil
}

func (r *realLease) seen() (core.Epoch, error) { return r.leases[n1.nonce].Witness(r.ctx) }

// released publishes a word of its own and counts what was heard before it.
func (r *realLease) released() (int, error) {
	r.rounds++
	mark := fmt.Sprint("round ", r.rounds)
	if err := r.plain.Publish(r.ctx, redislease.Channel("test"), mark).Err(); err != nil {
		return 0, err
	}
	for {
		m, err := r.heard.ReceiveMessage(r.ctx)
		switch {
		case err != nil:
			return 0, err
		case m.Payload == mark:
			return r.told, nil
		case m.Payload != "released":
			return 0, fmt.Errorf("%q was published", m.Payload)
		}
		r.told++
	}
}

// servers are where the real lease is tried: the server, and what stands in
// for it where there is none. Either keeps what it has over a restart.
var servers = map[string]func(testing.TB) *redis.Server{
	"redis": func(t testing.TB) *redis.Server {
		return testbed.OwnRedis(t, redis.Options{AppendOnly: true})
	},
	"miniredis": func(t testing.TB) *redis.Server {
		// A machine without Redis, and without a way to fetch it.
		t.Setenv("PATH", t.TempDir())
		t.Setenv("FENCEPOST_CACHE", filepath.Join(t.TempDir(), "cache"))
		t.Setenv("FENCEPOST_REDIS_SERVER", "")
		server := testbed.OwnRedis(t, redis.Options{AppendOnly: true, Fallback: redis.FallbackMiniredis})
		if server.Kind() != "miniredis" {
			t.Fatalf("%s, not an imitation", server.Kind())
		}
		return server
	},
}

// eachLease runs a clause against every lease.
func eachLease(t *testing.T, clause func(*testing.T, *leaseUnderTest)) {
	t.Helper()
	t.Run("model", func(t *testing.T) { clause(t, &leaseUnderTest{newModelLease(), t}) })
	for name, start := range servers {
		t.Run(name, func(t *testing.T) { clause(t, &leaseUnderTest{newRealLease(t, start(t)), t}) })
	}
}
