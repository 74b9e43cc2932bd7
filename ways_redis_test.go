package fencepost_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"fencepost"
	"fencepost/core"
	"fencepost/internal/doctor"
	"fencepost/internal/testbed"
	"fencepost/internal/testbed/certs"
	"fencepost/internal/testbed/redis"
)

// secretFile writes a secret that only its owner may read, and returns where.
func secretFile(t *testing.T, secret string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte(secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// checkOf returns what doctor found under that name.
func checkOf(t *testing.T, c fencepost.Config, name string) fencepost.Check {
	t.Helper()
	checks := fencepost.Examine(t.Context(), c, "")
	at := slices.IndexFunc(checks, func(c fencepost.Check) bool { return c.Name == name })
	if at < 0 {
		t.Fatalf("doctor says nothing of %s: %+v", name, checks)
	}
	return checks[at]
}

// redisOver returns a Redis that is reached encrypted, and where.
func redisOver(t *testing.T, authority *certs.Authority) string {
	t.Helper()
	server, port := authority.Vouch("localhost"), testbed.FreePort(t)
	testbed.OwnRedis(t, redis.Options{Settings: map[string]string{
		"tls-port": strconv.Itoa(port), "tls-cert-file": server.Cert, "tls-key-file": server.Key,
		"tls-ca-cert-file": authority.File, // it wants a certificate of its clients
	}})
	return fmt.Sprintf("localhost:%d", port)
}

func TestRedisOverTLSElectsAndAnotherAuthorityIsRefused(t *testing.T) {
	s, authority := newStage(t), certs.New(t)
	addr, client := redisOver(t, authority), authority.Vouch("client")
	encrypted := func(c *fencepost.Config) {
		c.Redis.Addr, c.Redis.TLS, c.Redis.TLSCAFile = addr, true, authority.File
		c.Redis.TLSCertFile, c.Redis.TLSKeyFile = client.Cert, client.Key
	}
	s.start("blue-1", encrypted).leads()

	c := s.config("green-1")
	encrypted(&c)
	if check := checkOf(t, c, "redis.tls"); check.Level != doctor.OK || check.Found != "on" {
		t.Errorf("%+v", check)
	}
	for says, change := range map[string]func(){
		"unknown authority":    func() { c.Redis.TLSCAFile = certs.New(t).File },
		"not other.example":    func() { c.Redis.TLSServerName = "other.example" },
		"certificate required": func() { c.Redis.TLSCertFile, c.Redis.TLSKeyFile = "", "" },
	} {
		encrypted(&c)
		c.Redis.TLSServerName = ""
		change()
		r, err := fencepost.NewReader(c)
		if err != nil {
			t.Fatal(err)
		}
		found := r.Leader(t.Context())
		text := strings.Join(found.Errors, "; ")
		if found.RedisLeader != nil || !strings.Contains(text, says) {
			t.Errorf("want %q: %+v", says, found)
		}
		_ = r.Close()
	}
}

func TestRotatedPasswordOfRedisIsReadAtTheNextConnection(t *testing.T) {
	s := newStage(t)
	ask := goredis.NewClient(&goredis.Options{Addr: s.redis.Addr(), Password: "first-word"})
	defer ask.Close()
	word := func(to string) {
		t.Helper()
		if err := ask.ConfigSet(t.Context(), "requirepass", to).Err(); err != nil {
			t.Fatal(err)
		}
	}
	open := goredis.NewClient(&goredis.Options{Addr: s.redis.Addr()})
	if err := open.ConfigSet(t.Context(), "requirepass", "first-word").Err(); err != nil {
		t.Fatal(err)
	}
	_ = open.Close()
	file := secretFile(t, "first-word")
	leader := s.start("blue-1", func(c *fencepost.Config) { c.Redis.PasswordFile = file })
	leader.leads()
	epoch := leader.Status().Epoch

	word("second-word")
	if err := os.WriteFile(file, []byte("second-word\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	// Whoever is connected stays so; every connection is cut, so that each shows
	// the password again.
	if err := ask.Do(t.Context(), "CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes").Err(); err != nil {
		t.Fatal(err)
	}
	second := goredis.NewClient(&goredis.Options{Addr: s.redis.Addr(), Password: "second-word"})
	defer second.Close()
	until(t, "renewals go on with the new password", func() bool {
		left, err := second.PTTL(t.Context(), "fencepost:{default}:lease").Result()
		return err == nil && left > 700*time.Millisecond && leader.IsLeader()
	})
	if now := leader.Status().Epoch; now > epoch+1 {
		t.Errorf("epoch %d, then %d", epoch, now)
	}

	c := s.config("green-1")
	c.Redis.PasswordFile = file
	if err := os.Chmod(file, 0o604); err != nil {
		t.Fatal(err)
	}
	r, err := fencepost.NewReader(c)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if text := strings.Join(r.Leader(t.Context()).Errors, "; "); !strings.Contains(text, file) ||
		!strings.Contains(text, "everybody") || strings.Contains(text, "second-word") {
		t.Errorf("a password that everybody can read: %q", text)
	}
}

// watched is a primary with a replica, and three Sentinels that watch them.
func watched(t *testing.T) (primary *redis.Server, sentinels []string) {
	t.Helper()
	primary = testbed.Redis(t)
	replica := testbed.OwnRedis(t, redis.Options{Settings: map[string]string{
		"replicaof": strings.ReplaceAll(primary.Addr(), ":", " "),
	}})
	for range 3 {
		sentinels = append(sentinels, testbed.OwnRedis(t, redis.Options{Sentinel: &redis.Sentinel{
			Master: "lease", Addr: primary.Addr(), Quorum: 2, DownAfter: 500 * time.Millisecond,
		}}).Addr())
	}
	for _, addr := range sentinels {
		ask := goredis.NewSentinelClient(&goredis.Options{Addr: addr})
		defer ask.Close()
		until(t, "the Sentinels know each other and the replica", func() bool {
			found, err := ask.Master(t.Context(), "lease").Result()
			return err == nil && found["num-slaves"] == "1" && found["num-other-sentinels"] == "2"
		})
	}
	follows := goredis.NewClient(&goredis.Options{Addr: replica.Addr()})
	defer follows.Close()
	until(t, "the replica follows", func() bool {
		text, err := follows.Info(t.Context(), "replication").Result()
		return err == nil && strings.Contains(text, "master_link_status:up")
	})
	return primary, sentinels
}

func TestSentinelFailoverLeavesOneLeader(t *testing.T) {
	s := newStage(t)
	primary, sentinels := watched(t)
	through := func(c *fencepost.Config) {
		c.Redis.Addr, c.Redis.Sentinels, c.Redis.SentinelMaster = "", sentinels, "lease"
		c.Lease.TTL = fencepost.Duration(3 * time.Second)
	}
	nodes := []*instance{s.start("blue-1", through), s.start("green-1", through)}
	leading := func() (leaders []*instance) {
		for _, n := range nodes {
			if n.IsLeader() {
				leaders = append(leaders, n)
			}
		}
		if len(leaders) > 1 {
			t.Fatal("two instances lead")
		}
		return leaders
	}
	until(t, "one leads", func() bool { return len(leading()) == 1 })
	c := s.config("doctor")
	through(&c)
	if check := checkOf(t, c, "redis.node"); check.Found != primary.Addr() {
		t.Errorf("doctor speaks to %q, want %s", check.Found, primary.Addr())
	}
	if err := primary.Kill(); err != nil {
		t.Fatal(err)
	}
	ask := goredis.NewFailoverClient(&goredis.FailoverOptions{
		MasterName: "lease", SentinelAddrs: sentinels,
	})
	defer ask.Close()
	until(t, "one leads by the lease of the new primary", func() bool {
		leaders := leading()
		if len(leaders) != 1 {
			return false
		}
		holder, err := ask.Get(t.Context(), "fencepost:{default}:lease").Result()
		if errors.Is(err, goredis.Nil) && leaders[0].Leader(t.Context()).Tenure == core.TenurePG.String() {
			// A failover that took longer than a ttl; the lease comes back with the next
			// handover.
			_ = leaders[0].Resign(t.Context())
		}
		return err == nil && strings.HasPrefix(holder, leaders[0].name+"|")
	})
	// One Sentinel may name the old primary a little longer than the others.
	until(t, "doctor speaks to the new primary", func() bool {
		checks := fencepost.Examine(t.Context(), c, "")
		elsewhere := func(c fencepost.Check) bool {
			return c.Name == "redis.node" && c.Found != primary.Addr()
		}
		fit := func(c fencepost.Check) bool { return c.Name == "redis.role" && c.Level == doctor.OK }
		return slices.ContainsFunc(checks, elsewhere) && slices.ContainsFunc(checks, fit)
	})
}

func TestRedisClusterElectsOneAfterTheOther(t *testing.T) {
	s := newStage(t)
	members := testbed.RedisCluster(t, 3)
	through := func(c *fencepost.Config) {
		c.Redis.Addr, c.Redis.Cluster = "", members
		c.Lease.TTL = fencepost.Duration(3 * time.Second)
	}
	first := s.start("blue-1", through)
	first.leads()
	second := s.start("green-1", through)
	until(t, "the second is ready", func() bool { return second.Status().Ready })
	if second.IsLeader() {
		t.Fatal("two instances lead")
	}
	c := s.config("doctor")
	through(&c)
	if check := checkOf(t, c, "redis.node"); !slices.Contains(members, check.Found) {
		t.Errorf("doctor speaks to %q, which is none of %v", check.Found, members)
	}
	if check := checkOf(t, c, "redis.scripts"); check.Level != doctor.OK {
		t.Errorf("%+v", check)
	}
	first.stop()
	second.leads()
}
