package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"fencepost/core"
	"fencepost/internal/redislease"
	"fencepost/internal/testbed/redis"
	"fencepost/scenarios"
)

// Limits of the acts upon Redis, whatever the context allows.
const (
	redisStartLimit = 4 * time.Minute // a first start may have to fetch the program
	redisActLimit   = 5 * time.Second
)

// RedisOptions says what kind of Redis to start.
type RedisOptions struct {
	// Group is the group whose keys are watched; empty means "default".
	Group string
	// Replicated adds a second server that follows the first.
	Replicated bool
	// Durability is what outlives a crash; empty means none. With none a server comes back empty; with
	// the other two it has everything that was written, for what a crash of the machine would lose is a
	// Loss.
	Durability scenarios.Durability
	// Link returns the address at which a replica reaches that primary, such as a proxy's, so that the
	// caller can cut the replication. It is called each time a server begins to follow another. Nil
	// means the primary's own address.
	Link func(primary string) (string, error)
	// Log receives the servers' logs when they stop; nil discards them.
	Log io.Writer
}

// Redis is a primary, and a replica if asked for. Its methods may be called from several goroutines; acts are
// carried out one after the other.
type Redis struct {
	options RedisOptions
	keys    keys
	watch   *Watch

	acts sync.Mutex // held by each act from its beginning to its end

	// mu guards what follows, which only acts change, but for stalled: a server is woken whatever else
	// waits for it.
	mu      sync.Mutex
	primary *instance
	other   *instance // the replica, in a split the old primary, after a failover who is gone; nil if single
	split   bool
	stalled *instance
}

// instance is one server.
type instance struct {
	server *redis.Server
	client *goredis.Client
	tail   *tail // while its writes are the group's
	past   past
	went   int64 // when it was taken down, in nanoseconds of the wall clock
}

// keys are the group's keys in Redis.
type keys struct{ lease, witness string }

// StartRedis starts the server, or both, and returns when the replica has caught up. An error leaves nothing
// behind; on a machine without redis-server it holds the command that installs it.
func StartRedis(ctx context.Context, options RedisOptions) (*Redis, error) {
	if options.Group == "" {
		options.Group = "default"
	}
	ctx, cancel := context.WithTimeout(ctx, redisStartLimit)
	defer cancel()
	r := &Redis{
		options: options, watch: &Watch{},
		keys: keys{lease: redislease.Key(options.Group), witness: redislease.WitnessKey(options.Group)},
	}
	if err := r.start(ctx); err != nil {
		return nil, errors.Join(err, r.Stop())
	}
	return r, nil
}

func (r *Redis) start(ctx context.Context) error {
	primary, err := r.launch(ctx)
	if err != nil {
		return err
	}
	r.reign(primary, nil, false)
	if err := r.follow(ctx, primary); err != nil || !r.options.Replicated {
		return err
	}
	replica, err := r.launch(ctx)
	if err != nil {
		return err
	}
	r.reign(primary, replica, false)
	if err := r.enslave(ctx, replica, primary); err != nil {
		return err
	}
	return r.Synced(ctx)
}

// launch starts one server. It always keeps an append-only file; where nothing is to outlive a crash, the
// file is removed before the server comes back.
func (r *Redis) launch(ctx context.Context) (*instance, error) {
	fsync := "no"
	switch r.options.Durability {
	case scenarios.AOFAlways:
		fsync = "always"
	case scenarios.AOFEverySec:
		fsync = "everysec"
	case scenarios.NoDurability, "":
	default:
		return nil, fmt.Errorf("durability %q is not known", r.options.Durability)
	}
	server, err := redis.Start(ctx, redis.Options{
		AppendOnly: true, Log: r.options.Log, Settings: map[string]string{
			"appendfsync": fsync,
			// A replica that begins anew is served at once, rather than at the next turn of a
			// clock of one second.
			"repl-diskless-sync":       "no",
			"repl-ping-replica-period": "1",
		},
	})
	if err != nil {
		return nil, err
	}
	return &instance{server: server, client: newRedisClient(server.Addr())}, nil
}

// newRedisClient returns a client that asks once and waits no longer than an act may take.
func newRedisClient(addr string) *goredis.Client {
	return goredis.NewClient(&goredis.Options{
		Addr: addr, MaxRetries: -1, DialerRetries: 1, ContextTimeoutEnabled: true, DisableIdentity: true,
		DialTimeout: redisActLimit, ReadTimeout: redisActLimit, WriteTimeout: redisActLimit,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	})
}

// Addr is the address of the primary: in a split, and after a failover, of the server that was promoted.
func (r *Redis) Addr() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.primary.server.Addr()
}

// ReplicaAddr is the address of the other server, and in a split that of the old primary. It is empty if
// Redis is not replicated.
func (r *Redis) ReplicaAddr() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.other == nil {
		return ""
	}
	return r.other.server.Addr()
}

// Watch returns the history of the group's keys. It is the same over every act.
func (r *Redis) Watch() *Watch { return r.watch }

// Stop ends the servers and removes their files. It may be called again.
func (r *Redis) Stop() error {
	r.acts.Lock()
	defer r.acts.Unlock()
	var err error
	for _, i := range []*instance{r.primary, r.other} {
		if i == nil {
			continue
		}
		err = errors.Join(err, i.server.Stop())
		if closed := i.client.Close(); !errors.Is(closed, goredis.ErrClosed) {
			err = errors.Join(err, closed)
		}
		i.endTail()
	}
	return err
}

// act begins an act: one at a time, and each bounded.
func (r *Redis) act(ctx context.Context) (context.Context, func()) {
	r.acts.Lock()
	ctx, cancel := context.WithTimeout(ctx, redisActLimit)
	return ctx, func() {
		cancel()
		r.acts.Unlock()
	}
}

// reign says which server is the primary, and whether the other one serves as well.
func (r *Redis) reign(primary, other *instance, split bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.primary, r.other, r.split = primary, other, split
}

// Flush deletes every key of the primary.
func (r *Redis) Flush(ctx context.Context) error {
	ctx, done := r.act(ctx)
	defer done()
	if err := r.primary.client.FlushAll(ctx).Err(); err != nil {
		return fmt.Errorf("flush redis: %w", err)
	}
	return nil
}

// Stall suspends the primary: connections stay open and nothing answers, while leases run out. It lasts until
// Resume.
func (r *Redis) Stall() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.primary.server.Pause(); err != nil {
		return fmt.Errorf("stall redis: %w", err)
	}
	r.stalled = r.primary
	return nil
}

// Resume lets the server that was stalled go on. One that was taken down meanwhile has nothing to resume.
func (r *Redis) Resume() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	i := r.stalled
	r.stalled = nil
	if i == nil || i.server.PID() == 0 {
		return nil
	}
	if err := i.server.Resume(); err != nil {
		return fmt.Errorf("resume redis: %w", err)
	}
	return nil
}

// shiftLua changes the time that every key has left; one that has none stays.
const shiftLua = `
for _, key in ipairs(redis.call('KEYS', '*')) do
    local left = redis.call('PTTL', key)
    if left >= 0 and left + ARGV[1] > 0 then
        redis.call('PEXPIRE', key, left + ARGV[1])
    elseif left >= 0 then
        redis.call('DEL', key)
    end
end
return 0`

// ShiftTTL changes the time that every key of the primary has left, in whole milliseconds, as if its clock
// had jumped: a negative one brings the lapse nearer, or about at once.
func (r *Redis) ShiftTTL(ctx context.Context, by time.Duration) error {
	ctx, done := r.act(ctx)
	defer done()
	if err := r.primary.client.Eval(ctx, shiftLua, nil, by.Milliseconds()).Err(); err != nil {
		return fmt.Errorf("shift ttls of redis: %w", err)
	}
	return nil
}

// SetLease writes a token's text into the lease, whoever has it, for a ttl in whole milliseconds: what a
// person or a bug might do.
func (r *Redis) SetLease(ctx context.Context, token string, ttl time.Duration) error {
	ctx, done := r.act(ctx)
	defer done()
	if err := r.primary.client.Set(ctx, r.keys.lease, token, ttl).Err(); err != nil {
		return fmt.Errorf("set lease in redis: %w", err)
	}
	return nil
}

// Keys is what the group's keys held at one instant.
type Keys struct {
	// Holder is the lease's value, empty if the key is absent; Until its expiry in nanoseconds of the
	// server's wall clock, exact to a millisecond, zero without one.
	Holder string
	Until  int64
	// Witness is the highest epoch that a leader reported, zero if the key is absent.
	Witness core.Epoch
}

// Keys reads what the primary holds now.
func (r *Redis) Keys(ctx context.Context) (Keys, error) {
	ctx, done := r.act(ctx)
	defer done()
	return r.primary.read(ctx, r.keys, "")
}

// Seen returns what the primary held when it was last seen to change, without asking it: it may stand still.
func (r *Redis) Seen() Keys {
	r.mu.Lock()
	primary := r.primary
	r.mu.Unlock()
	r.watch.mu.Lock()
	defer r.watch.mu.Unlock()
	list := primary.past.list
	if len(list) == 0 {
		return Keys{}
	}
	return list[len(list)-1].Keys
}

// splitAddr returns the parts of an address.
func splitAddr(addr string) (host, port string, err error) {
	if host, port, err = net.SplitHostPort(addr); err != nil {
		return "", "", fmt.Errorf("address of the primary: %w", err)
	}
	return host, port, nil
}
