package scenarios

import (
	"testing"

	"fencepost/core"
	"fencepost/core/history"
)

func TestATriggerConcernsWhomItsPartyMeans(t *testing.T) {
	t.Parallel()
	bound := map[string]int16{"old": 1}
	leads := func(kind PartyKind, node int16) bool { return kind == LeaderParty && node == 2 }
	for _, c := range []struct {
		party    Party
		node     int16
		concerns bool
	}{
		{Party{}, 0, true},
		{Party{}, history.None, true},
		{Party{Kind: AnyParty}, history.None, true},
		{Party{Kind: NodeParty, Index: 1}, 0, true},
		{Party{Kind: NodeParty, Index: 1}, 1, false},
		{Party{Kind: NodeParty, Index: 1}, history.None, false},
		{Party{Kind: BoundParty, Name: "old"}, 1, true},
		{Party{Kind: BoundParty, Name: "old"}, 2, false},
		{Party{Kind: BoundParty, Name: "new"}, 0, false},
		{Party{Kind: LeaderParty}, 2, true},
		{Party{Kind: LeaderParty}, 1, false},
		{Party{Kind: LeaderParty}, history.None, false},
	} {
		if got := c.party.Concerns(c.node, bound, leads); got != c.concerns {
			t.Errorf("%q and node %d: %v", c.party, c.node, got)
		}
	}
}

func TestStoresOfALinkAreThoseOfTheProtocol(t *testing.T) {
	t.Parallel()
	want := map[PartyKind]core.Store{
		RedisParty: core.Redis, PostgresParty: core.Postgres, BrokerParty: core.Broker,
	}
	for kind := NoParty; kind <= ReplicaParty; kind++ {
		if got := kind.Store(); got != want[kind] {
			t.Errorf("%v is %v, want %v", Party{Kind: kind}, got, want[kind])
		}
	}
}
