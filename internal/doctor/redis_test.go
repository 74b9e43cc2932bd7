package doctor_test

import (
	"strings"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"fencepost/core/order"
	"fencepost/internal/access"
	"fencepost/internal/doctor"
	"fencepost/internal/testbed"
	"fencepost/internal/testbed/redis"
)

func contains(text, part string) bool { return strings.Contains(text, part) }

func readRedis(t *testing.T, server *redis.Server) *doctor.Redis {
	t.Helper()
	r, err := doctor.ReadRedis(t.Context(), access.Redis{Addr: server.Addr()}, "desk")
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestRedisThatIsSetUpRightNeedsNothing(t *testing.T) {
	server := testbed.OwnRedis(t, redis.Options{AppendOnly: true, Settings: map[string]string{
		"maxmemory": "100mb", "maxmemory-policy": "noeviction",
	}})
	r := readRedis(t, server)
	levels(t, doctor.JudgeRedis(r, order.ClassB), nil)
	if r.Clock.Ahead.Abs() > time.Second || r.Clock.Uncertainty <= 0 || r.MaxMemory != 100<<20 ||
		r.Used == 0 {
		t.Errorf("%+v", r)
	}
}

func TestRedisThatIsSetUpWrongIsToldSettingBySetting(t *testing.T) {
	primary := testbed.Redis(t)
	host, port, _ := strings.Cut(primary.Addr(), ":")
	for _, c := range []struct {
		settings map[string]string
		want     map[string]doctor.Level
	}{
		{
			map[string]string{"maxmemory": "100mb", "maxmemory-policy": "allkeys-lru"},
			map[string]doctor.Level{"redis.maxmemory-policy": doctor.Fail},
		},
		{
			map[string]string{"maxmemory-policy": "volatile-ttl"},
			map[string]doctor.Level{"redis.maxmemory-policy": doctor.Warn},
		},
		{
			map[string]string{"min-replicas-to-write": "1"},
			map[string]doctor.Level{"redis.replicas": doctor.Fail},
		},
		{
			map[string]string{"replicaof": host + " " + port},
			map[string]doctor.Level{"redis.role": doctor.Fail},
		},
		{
			map[string]string{"cluster-enabled": "yes"},
			map[string]doctor.Level{"redis.scripts": doctor.Fail},
		},
	} {
		// Nothing is kept on disk by any of them.
		c.want["redis.persistence"] = doctor.Warn
		server := testbed.OwnRedis(t, redis.Options{Settings: c.settings})
		levels(t, doctor.JudgeRedis(readRedis(t, server), order.ClassC), c.want)
	}
}

// A role for the lease alone may not ask how the server is.
func TestRoleOfTheLeaseAloneIsToldWhatItCannotSee(t *testing.T) {
	server := testbed.Redis(t)
	client := goredis.NewClient(&goredis.Options{Addr: server.Addr()})
	defer client.Close()
	if err := client.Do(t.Context(), "ACL", "SETUSER", "lease", "on", ">word", "~fencepost:*", "&*", "+eval",
		"+exists", "+time", "+hello").Err(); err != nil {
		t.Fatal(err)
	}
	role := access.Redis{Addr: server.Addr(), Username: "lease", Password: "word"}
	r, err := doctor.ReadRedis(t.Context(), role, "desk")
	if err != nil {
		t.Fatal(err)
	}
	levels(t, doctor.JudgeRedis(r, order.ClassC), map[string]doctor.Level{"redis.info": doctor.Warn})
	if err := client.Do(t.Context(), "ACL", "SETUSER", "lease", "-eval").Err(); err != nil {
		t.Fatal(err)
	}
	r, err = doctor.ReadRedis(t.Context(), role, "desk")
	if err != nil {
		t.Fatal(err)
	}
	levels(t, doctor.JudgeRedis(r, order.ClassC), map[string]doctor.Level{
		"redis.info": doctor.Warn, "redis.scripts": doctor.Fail,
	})
}

func TestRedisThatIsAwayIsAFailedCheckAndTellsNoPassword(t *testing.T) {
	for _, address := range []string{
		"127.0.0.1:1", "127.0.0.1:port",
	} {
		_, err := doctor.ReadRedis(t.Context(),
			access.Redis{Addr: address, Username: "u", Password: "hunter2"}, "desk")
		if err == nil {
			t.Fatalf("%q was read", address)
		}
		checks := doctor.AwayRedis(err)
		levels(t, checks, map[string]doctor.Level{"redis": doctor.Fail})
		if contains(checks[0].Found, "hunter2") {
			t.Errorf("tells the password: %s", checks[0].Found)
		}
	}
}

// A server that stands still answers nothing; the examination ends all the same.
func TestStoreThatIsSilentIsBoundedInTime(t *testing.T) {
	server := testbed.Redis(t)
	if err := server.Pause(); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	_, err := doctor.ReadRedis(t.Context(), access.Redis{Addr: server.Addr()}, "desk")
	if took := time.Since(began); err == nil || took > 10*time.Second {
		t.Errorf("%v after %v", err, took)
	}
	if err := server.Resume(); err != nil {
		t.Fatal(err)
	}
}

func TestRedisIsJudgedByItsReading(t *testing.T) {
	right := func() *doctor.Redis {
		return &doctor.Redis{
			Version: "7.0.15", Role: "master", Policy: "noeviction", AppendOnly: true, Fsync: "everysec",
			MaxMemory: 1000, Used: 100,
		}
	}
	levels(t, doctor.JudgeRedis(right(), order.ClassC), nil)
	for _, c := range []struct {
		name  string
		level doctor.Level
		wrong func(*doctor.Redis)
	}{
		{"redis.version", doctor.Fail, func(r *doctor.Redis) { r.Version = "4.0.9" }},
		{"redis.version", doctor.Warn, func(r *doctor.Redis) { r.Version = "" }},
		{"redis.maxmemory", doctor.Warn, func(r *doctor.Redis) { r.Used = 800 }},
		{"redis.maxmemory", doctor.Fail, func(r *doctor.Redis) { r.Used = 950 }},
		{"redis.maxmemory", doctor.OK, func(r *doctor.Redis) { r.MaxMemory = 0 }},
		{"redis.persistence", doctor.Warn, func(r *doctor.Redis) { r.Fsync = "no" }},
		{"redis.persistence", doctor.Fail, func(r *doctor.Redis) { r.WriteFailed = true }},
		{"redis.role", doctor.Fail, func(r *doctor.Redis) { r.Loading = true }},
		{"redis.replicas", doctor.Warn, func(r *doctor.Redis) { r.Replicas, r.Lagging = 2, 1 }},
		{"redis.replicas", doctor.OK, func(r *doctor.Redis) {
			r.Replicas, r.MinReplicas, r.GoodReplicas = 2, 1, 2
		}},
	} {
		r := right()
		c.wrong(r)
		levels(t, doctor.JudgeRedis(r, order.ClassC), map[string]doctor.Level{c.name: c.level})
	}
	r := right()
	r.Cluster = true
	if c := find(t, doctor.JudgeRedis(r, order.ClassC), "redis.cluster"); c.Level != doctor.Warn {
		t.Errorf("%+v", c)
	}
}
