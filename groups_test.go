package fencepost_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"fencepost"
)

// grouped returns the settings of an instance that only leads, for two groups.
func (s *stage) grouped(id string) []fencepost.Config {
	one := s.config(id)
	leadsOnly(&one)
	// With a ttl of a second a machine that is busy loses a tenure now and then.
	one.Lease.TTL = fencepost.Duration(5 * time.Second)
	two := one
	one.Group, two.Group = "one", "two"
	return []fencepost.Config{one, two}
}

func TestTwoGroupsOfOneProcessLeadUnderEpochsOfTheirOwn(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	g, err := fencepost.NewGroups(s.grouped("blue-1"), fencepost.WithoutBroker())
	if err != nil {
		t.Fatal(err)
	}
	thrones := map[string]*throne{"one": newThrone(), "two": newThrone()}
	ctx, end := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- g.Run(ctx, map[string]fencepost.Lead{
			"one": thrones["one"].lead, "two": thrones["two"].lead,
		})
	}()
	one, two := thrones["one"].next(t), thrones["two"].next(t)
	go func() { thrones["one"].leave <- nil }()
	if err := g.Group("one").Resign(t.Context()); err != nil {
		t.Error(err)
	}
	again := thrones["one"].next(t)
	if one.Valid() || again.Epoch() != 2 || !two.Valid() || two.Epoch() != 1 {
		t.Errorf("one %v then epoch %d, two %v under epoch %d", one.Valid(), again.Epoch(), two.Valid(),
			two.Epoch())
	}
	n := s.count(`SELECT count(*) FROM pg_stat_activity
		WHERE datname = current_database() AND application_name = 'fencepost'`)
	if most := int64(5 + 8); n < 1 || n > most {
		t.Errorf("two groups have %d connections, at most %d", n, most)
	}
	end()
	close(thrones["one"].leave)
	close(thrones["two"].leave)
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestGroupsThatCannotShareAProcessAreRefused(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	const elsewhere = "http://127.0.0.1:1"
	for says, change := range map[string]func(two *fencepost.Config){
		"named twice":         func(two *fencepost.Config) { two.Group = "one" },
		"instance_id":         func(two *fencepost.Config) { two.InstanceID = "green-1" },
		"postgres":            func(two *fencepost.Config) { two.Postgres.DSN += "&x=y" },
		"redis":               func(two *fencepost.Config) { two.Redis.DB = 1 },
		"listen":              func(two *fencepost.Config) { two.Listen = "127.0.0.1:1" },
		"admin_token":         func(two *fencepost.Config) { two.AdminToken = "another-token-that-is-long" },
		"account of group":    func(*fencepost.Config) {},
		"journal":             func(two *fencepost.Config) { two.Broker.URL, two.Journal = elsewhere, "/x" },
		"lower-case letters,": func(two *fencepost.Config) { two.Broker.URL, two.Group = elsewhere, "No" },
	} {
		one := s.config("blue-1")
		one.Group, one.Journal = "one", ""
		two := one
		two.Group = "two"
		change(&two)
		if two.Journal != "" {
			one.Journal = t.TempDir() + "/j"
			two.Journal = one.Journal
		}
		_, err := fencepost.NewGroups([]fencepost.Config{one, two})
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", says, err)
		}
	}
	if _, err := fencepost.NewGroups(nil); err == nil {
		t.Error("took no group at all")
	}
}

func TestPlacementSpreadsGroupsAndMovesNoMoreThanItMust(t *testing.T) {
	t.Parallel()
	ids := []string{"n1", "n2", "n3"}
	led, moved := map[string]int{}, 0
	const groups = 300
	for i := range groups {
		group := "group-" + strings.Repeat("x", i)
		order := fencepost.Placement(group, ids)
		led[order[0]]++
		without := fencepost.Placement(group, []string{"n3", "n1"})
		if order[0] != "n2" && without[0] != order[0] {
			moved++
		}
	}
	for _, id := range ids {
		if led[id] < groups/6 {
			t.Errorf("%s leads %d of %d", id, led[id], groups)
		}
	}
	if moved != 0 {
		t.Errorf("%d leaderships moved between instances that stayed", moved)
	}
}
