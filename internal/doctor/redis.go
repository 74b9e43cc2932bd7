package doctor

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"fencepost/core/order"
	"fencepost/internal/access"
	"fencepost/internal/redislease"
)

// Redis is what was read of a Redis.
type Redis struct {
	// Node is which server it was.
	Node    Node
	Version string
	Clock   Offset
	Role    string
	// Hidden is what it said to a role that may not ask how it is: nothing but its
	// clock and Refused is known then.
	Hidden string
	// Cluster says that it is a member of a cluster. Refused is what it said to a
	// question about the group's keys, empty if it answered.
	Cluster bool
	Refused string
	// Followed says that the keys are looked for wherever the cluster has them.
	Followed bool

	// Policy is maxmemory-policy, MaxMemory the limit in bytes, zero for none, and
	// Used what is used of it.
	Policy          string
	MaxMemory, Used int64

	// AppendOnly and Fsync describe the append-only file; Fsync is empty where the
	// server does not tell. Save are the rules of snapshots, empty for none.
	AppendOnly  bool
	Fsync, Save string
	// WriteFailed says that the last append or snapshot failed.
	WriteFailed bool
	Loading     bool

	// Replicas are those that follow, and Lagging those of them that are not
	// online. MinReplicas is how many a write needs, and GoodReplicas how many
	// there are.
	Replicas, Lagging         int
	MinReplicas, GoodReplicas int
}

// ReadRedis asks the server there that has the group's lease.
func ReadRedis(ctx context.Context, where access.Redis, group string) (*Redis, error) {
	ctx, cancel := context.WithTimeout(ctx, bound)
	defer cancel()
	limits := access.RedisLimits{Aside: bound, Pool: bound, PoolSize: 2}
	alone, err := where.Locate(ctx, redislease.Key(group), limits)
	if err != nil {
		return nil, err
	}
	client := alone.Client(limits)
	defer client.Close()
	text, err := client.Info(ctx).Result()
	r := readInfo(text)
	r.Node, r.Followed = redisNode(&alone), len(where.Cluster) > 0
	switch {
	case err != nil && strings.HasPrefix(err.Error(), forbiddenInRedis):
		r.Hidden = err.Error()
	case err != nil:
		return nil, fmt.Errorf("ask for INFO: %w", err)
	}
	if r.Clock, err = measure(func() (time.Time, error) { return client.Time(ctx).Result() }); err != nil {
		return nil, fmt.Errorf("ask for TIME: %w", err)
	}
	// A managed server keeps its settings to itself; INFO has told the most.
	if kept, err := client.ConfigGet(ctx, "*").Result(); err == nil {
		r.Fsync, r.Save = kept["appendfsync"], kept["save"]
		r.MinReplicas, _ = strconv.Atoi(kept["min-replicas-to-write"])
	}
	const script = `return redis.call('EXISTS', KEYS[1])`
	if err := client.Eval(ctx, script, []string{redislease.Key(group)}).Err(); err != nil {
		r.Refused = err.Error()
	}
	return r, nil
}

// forbiddenInRedis begins the answer to what a role may not ask.
const forbiddenInRedis = "NOPERM"

// readInfo reads the answer to INFO.
func readInfo(text string) *Redis {
	said := map[string]string{}
	r := &Redis{Save: unknown}
	for line := range strings.Lines(text) {
		name, value, pair := strings.Cut(strings.TrimSpace(line), ":")
		if !pair {
			continue
		}
		said[name] = value
		number := strings.TrimPrefix(name, "slave")
		if _, err := strconv.Atoi(number); err == nil && number != name &&
			!strings.Contains(value, "state=online") {
			r.Lagging++
		}
	}
	count := func(name string) int64 {
		n, _ := strconv.ParseInt(said[name], 10, 64)
		return n
	}
	r.Version, r.Role, r.Policy = said["redis_version"], said["role"], said["maxmemory_policy"]
	r.Cluster, r.Loading = said["cluster_enabled"] == "1", said["loading"] == "1"
	r.MaxMemory, r.Used = count("maxmemory"), count("used_memory")
	r.AppendOnly = said["aof_enabled"] == "1"
	r.WriteFailed = said["rdb_last_bgsave_status"] == "err" || said["aof_last_write_status"] == "err"
	r.Replicas, r.GoodReplicas = int(count("connected_slaves")), int(count("min_slaves_good_slaves"))
	return r
}

// unknown stands for what the server did not tell.
const unknown = "?"

// JudgeRedis judges what was read.
func JudgeRedis(r *Redis, class order.Class) []Check {
	var l list
	judgeClock(&l, "redis.clock", r.Clock, class)
	r.Node.judge(&l, "redis")
	r.judgeScripts(&l)
	if r.Hidden != "" {
		l.warn("redis.info", r.Hidden, "whether the server is set up for a lease cannot be told",
			"let the role ask for INFO, or look at the server with another")
		return l
	}
	r.judgeServer(&l)
	r.judgeMemory(&l)
	r.judgePersistence(&l)
	r.judgeReplicas(&l)
	return l
}

// leastRedis is the oldest version that replicates the effects of a script, and
// not the script: the lease asks for the time in one.
const leastRedis = 5

func (r *Redis) judgeServer(l *list) {
	major, _, _ := strings.Cut(r.Version, ".")
	switch n, err := strconv.Atoi(major); {
	case err != nil:
		l.warn("redis.version", or(r.Version, "not told"), "it cannot be judged",
			"look at what answers at redis.addr")
	case n < leastRedis:
		l.fail("redis.version", r.Version, "scripts that ask for the time cannot be replicated",
			"upgrade Redis to 6 or newer")
	default:
		l.ok("redis.version", r.Version, "a version that fencepost works with")
	}
	switch {
	case r.Loading:
		l.fail("redis.role", r.Role+", loading", "it answers nothing until its file is read", "wait")
	case r.Role != "master":
		l.fail("redis.role", r.Role, "a replica takes no lease: nobody is elected through it",
			"name the primary in redis.addr")
	default:
		l.ok("redis.role", "primary", "it can be written")
	}
}

func (r *Redis) judgeScripts(l *list) {
	switch {
	case r.Refused != "":
		l.fail("redis.scripts", r.Refused,
			"the lease is one script for each operation; none would be carried out",
			"let the role run EVAL and EVALSHA on fencepost:*, on the server that holds these keys")
	case r.Cluster && !r.Followed:
		l.warn("redis.cluster", "member of a cluster",
			"fencepost speaks to one server and follows nobody: if the keys move to another, nobody is "+
				"elected through Redis", "name its members in redis.cluster instead of redis.addr")
	default:
		l.ok("redis.scripts", "carried out", "the lease can be asked for")
	}
}

// How full the memory may be, in parts of a hundred.
const (
	tightMemory = 80
	fullMemory  = 95
)

func (r *Redis) judgeMemory(l *list) {
	const policy = "set maxmemory-policy noeviction"
	switch {
	case r.Policy == "noeviction":
		l.ok("redis.maxmemory-policy", r.Policy, "no key is dropped for want of memory")
	case r.MaxMemory > 0:
		l.fail("redis.maxmemory-policy", r.Policy,
			"the lease or the witness may be dropped at any moment: leaders lose their lease without a "+
				"fault, and a ledger that goes back in time is not noticed", policy)
	default:
		l.warn("redis.maxmemory-policy", r.Policy,
			"nothing is dropped as long as maxmemory is not set; once it is, the lease may be", policy)
	}
	if r.MaxMemory == 0 {
		l.ok("redis.maxmemory", "not set", "the machine's memory is the limit")
		return
	}
	part := r.Used * 100 / r.MaxMemory
	found := fmt.Sprintf("%d %% of %d MiB used", part, r.MaxMemory>>20)
	const do = "raise maxmemory, or give the lease a server of its own"
	switch {
	case part >= fullMemory:
		l.fail("redis.maxmemory", found, "when it is full no lease is granted", do)
	case part >= tightMemory:
		l.warn("redis.maxmemory", found, "when it is full no lease is granted", do)
	default:
		l.ok("redis.maxmemory", found, "there is room")
	}
}

func (r *Redis) judgePersistence(l *list) {
	found := "appendonly no"
	if r.AppendOnly {
		found = "appendonly yes, appendfsync " + or(r.Fsync, unknown)
	}
	found += ", save " + or(r.Save, "none")
	const do = "set appendonly yes"
	switch {
	case r.WriteFailed:
		l.fail("redis.persistence", found, "the last write to disk failed; Redis may refuse every write",
			"look at the server's log and its disk")
	case r.AppendOnly && r.Fsync != "no":
		l.ok("redis.persistence", found, "a crash loses a second at most; the epochs hold what it loses")
	case r.AppendOnly:
		l.warn("redis.persistence", found,
			"a crash of the machine may lose the witness, and with it one way to notice a ledger that "+
				"went back in time", "set appendfsync everysec")
	default:
		l.warn("redis.persistence", found,
			"a restart forgets the lease, which costs an election, and the witness, and with it one way "+
				"to notice a ledger that went back in time", do)
	}
}

func (r *Redis) judgeReplicas(l *list) {
	found := fmt.Sprintf("%d replicas, %d not online; a write needs %d", r.Replicas, r.Lagging, r.MinReplicas)
	switch {
	case r.MinReplicas > 0 && r.GoodReplicas < r.MinReplicas:
		l.fail("redis.replicas", found,
			"too few replicas are good: every write is refused, and nobody is elected through Redis",
			"bring the replicas back, or lower min-replicas-to-write")
	case r.Lagging > 0:
		l.warn("redis.replicas", found, "a failover to one that lags forgets the lease and the witness",
			"look at the replicas")
	default:
		l.ok("redis.replicas", found, "what follows is up to date as far as the server knows")
	}
}

// or returns the text, or what stands for a missing one.
func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

// AwayRedis is the judgement of a Redis that could not be read.
func AwayRedis(err error) []Check {
	var l list
	l.fail("redis", err.Error(),
		"nobody is elected through it; after a ttl the group leads through PostgreSQL alone",
		"look at the server, the address in redis.addr, and the way there")
	return l
}
