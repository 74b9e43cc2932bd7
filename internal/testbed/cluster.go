package testbed

import (
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"fencepost/internal/testbed/redis"
)

// clusterSlots is how many slots a Redis Cluster has.
const clusterSlots = 16384

// RedisCluster starts a Redis Cluster of so many primaries for one test, with the slots shared out in their
// order, and returns the members' addresses once all know of each other.
func RedisCluster(t testing.TB, primaries int) (members []string) {
	t.Helper()
	clients := make([]*goredis.Client, primaries)
	for i := range clients {
		bus := strconv.Itoa(FreePort(t))
		server := OwnRedis(t, redis.Options{Settings: map[string]string{
			"cluster-enabled": "yes", "cluster-node-timeout": "2000", "cluster-port": bus,
		}})
		members = append(members, server.Addr())
		clients[i] = goredis.NewClient(&goredis.Options{Addr: server.Addr()})
		t.Cleanup(func() { _ = clients[i].Close() })
		first, last := i*clusterSlots/primaries, (i+1)*clusterSlots/primaries-1
		if err := clients[i].ClusterAddSlotsRange(t.Context(), first, last).Err(); err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			continue
		}
		host, port, err := net.SplitHostPort(members[i])
		if err == nil {
			err = clients[0].Do(t.Context(), "CLUSTER", "MEET", host, port, bus).Err()
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for i := range clients {
		awaitWhole(t, clients[i], primaries)
	}
	return members
}

// awaitWhole waits until a member of a cluster serves all slots and knows the others.
func awaitWhole(t testing.TB, member *goredis.Client, members int) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	var text string
	for deadline := time.Now().Add(stopBound); time.Now().Before(deadline); <-tick.C {
		var err error
		text, err = member.ClusterInfo(t.Context()).Result()
		if err == nil && strings.Contains(text, "cluster_state:ok") &&
			strings.Contains(text, "cluster_known_nodes:"+strconv.Itoa(members)) {
			return
		}
	}
	t.Fatalf("the cluster is not whole: %s", text)
}
