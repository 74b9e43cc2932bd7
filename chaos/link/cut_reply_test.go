package link_test

import (
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"fencepost/chaos/link"
	"fencepost/core"
	"fencepost/core/order"
	"fencepost/internal/broker"
	"fencepost/internal/broker/paper"
	"fencepost/internal/clock"
	"fencepost/internal/identity"
	"fencepost/internal/pgledger"
	"fencepost/internal/redislease"
	"fencepost/internal/testbed"
	"fencepost/migrations"
	"fencepost/scenarios"
)

// rounds is how often a reply is cut in each test.
const rounds = 100

// cut begins to lose an operation's replies.
func cut(t testing.TB, l link.Link, op core.Op) {
	t.Helper()
	d := link.Damage{Effect: scenarios.CutReply, Arrow: scenarios.Both, On: op}
	if err := l.Damage(1, d); err != nil {
		t.Fatal(err)
	}
}

// counted compares what the link saw of an operation.
func counted(t testing.TB, l link.Link, op core.Op, cuts int64) {
	t.Helper()
	s := l.Stats()
	if s.RepliesCut != cuts || s.Towards.Ops[op] < cuts || s.Back.Ops[op] != cuts {
		t.Errorf("%d replies cut, %d requests and %d replies of %v seen, want %d", s.RepliesCut,
			s.Towards.Ops[op], s.Back.Ops[op], op, cuts)
	}
}

func openLease(t testing.TB, addr, name string) *redislease.Lease {
	t.Helper()
	l, err := redislease.Open(redislease.Options{
		URL: addr, Group: "test", Instance: name, TTL: time.Minute, Timeout: patience,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func TestACutAcquisitionIsAppliedEveryTimeAndItsReplyLost(t *testing.T) {
	server := testbed.Redis(t)
	l := open(t, link.Redis, server.Addr())
	victim, bystander := openLease(t, l.Addr(), "victim"), openLease(t, l.Addr(), "bystander")
	plain := goredis.NewClient(&goredis.Options{Addr: server.Addr()})
	t.Cleanup(func() { _ = plain.Close() })
	ask := func(from *redislease.Lease, op core.Op, token core.Token) (core.Input, error) {
		return from.Call(t.Context(), &core.Effect{Op: op, Token: token})
	}
	cut(t, l, core.Acquire)
	for i := range rounds {
		token := core.Token{Nonce: 7, Acquisition: uint32(i) + 1}
		if in, err := ask(victim, core.Acquire, token); err == nil {
			t.Fatalf("round %d: the reply %v arrived", i, in.Kind)
		}
		held, err := plain.GetDel(t.Context(), redislease.Key("test")).Result()
		if err != nil || held != identity.Text("victim", token) {
			t.Fatalf("round %d: the lease is held by %q (%v)", i, held, err)
		}
		if in, err := ask(bystander, core.Renew, token); err != nil || in.Kind != core.LeaseWasLost {
			t.Fatalf("round %d: a bystander's renewal: %v, %v", i, in.Kind, err)
		}
	}
	counted(t, l, core.Acquire, rounds)
	heal(t, l, 1)
	in, err := ask(victim, core.Acquire, core.Token{Nonce: 7})
	if err != nil || in.Kind != core.LeaseAcquired {
		t.Errorf("after healing: %v, %v", in.Kind, err)
	}
}

func openLedger(t testing.TB, dsn, name string, nonce core.Nonce) *pgledger.Ledger {
	t.Helper()
	l, err := pgledger.Open(pgledger.Options{
		DSN: dsn, Group: "test", Instance: name, Nonce: nonce, Hostname: "h", Port: 1, Version: "1",
		// The machine may be busy; a call that is given up was not cut.
		Limits: pgledger.Limits{
			Connect: 10 * time.Second, Ping: 5 * time.Second, Read: 10 * time.Second,
			Statement: 9 * time.Second, Lock: 8 * time.Second, Idle: 10 * time.Second, Call: 30 * time.Second,
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	return l
}

// asks carries out an effect that has one answer.
func asks(t testing.TB, from *pgledger.Ledger, e core.Effect) (core.Input, error) {
	t.Helper()
	var answer core.Input
	err := from.Call(t.Context(), &e, func(in *core.Input) { answer = *in })
	return answer, err
}

func TestACutTakeoverIsCommittedEveryTimeAndItsReplyLost(t *testing.T) {
	dsn := testbed.Postgres(t)
	if _, err := migrations.Up(t.Context(), dsn); err != nil {
		t.Fatal(err)
	}
	server := testbed.PostgresServer(t).Addr()
	l := open(t, link.Postgres, server)
	through := strings.Replace(dsn, server, l.Addr(), 1)
	if through == dsn {
		t.Fatalf("%s does not name %s", dsn, server)
	}
	victim, bystander := openLedger(t, through, "victim", 7), openLedger(t, through, "bystander", 8)
	direct := openLedger(t, dsn, "direct", 9)
	cut(t, l, core.TakeEpoch)
	lost := make(chan link.Unheard, rounds)
	l.OnUnheard(func(u link.Unheard) { lost <- u })
	for i := range rounds {
		token := core.Token{Nonce: 7, Acquisition: uint32(i) + 1}
		in, err := asks(t, victim, core.Effect{Op: core.TakeEpoch, Epoch: core.Epoch(i), Token: token})
		if err == nil {
			t.Fatalf("round %d: the reply %v arrived", i, in.Kind)
		}
		if u := <-lost; u.Op != core.TakeEpoch || u.Claim != token || u.Failed || u.Took <= 0 {
			t.Fatalf("round %d: the link tells of %+v", i, u)
		}
		stands, err := asks(t, direct, core.Effect{Op: core.Observe})
		if err != nil || stands.Epoch != core.Epoch(i)+1 || stands.Token != token {
			t.Fatalf("round %d: the ledger has epoch %d of %v (%v)", i, stands.Epoch, stands.Token, err)
		}
		if _, err := asks(t, bystander, core.Effect{Op: core.Observe}); err != nil {
			t.Fatalf("round %d: a bystander's reading: %v", i, err)
		}
	}
	counted(t, l, core.TakeEpoch, rounds)
	heal(t, l, 1)
	token := core.Token{Nonce: 7, Acquisition: rounds + 1}
	in, err := asks(t, victim, core.Effect{Op: core.TakeEpoch, Epoch: rounds, Token: token})
	if err != nil || in.Kind != core.EpochWasTaken {
		t.Errorf("after healing: %v, %v", in.Kind, err)
	}
}

func TestACutSubmissionIsAcceptedEveryTimeAndItsReplyLost(t *testing.T) {
	market := paper.NewServer(paper.Config{Class: order.ClassA})
	server := httptest.NewServer(market)
	t.Cleanup(func() { market.Close(); server.Close() })
	l := open(t, link.HTTP, server.Listener.Addr().String())
	adapter, err := broker.NewHTTP(broker.HTTPConfig{
		URL: "http://" + l.Addr(), Promise: order.ClassA.Capability(), Clock: clock.System{},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(adapter.Close)
	cut(t, l, core.Submit)
	for i := range rounds {
		id := "ORDER" + strconv.Itoa(i)
		asked := broker.Order{
			ClientOrderID: id, Instrument: "I", Action: "BASE_ENTRY", Position: "Long_1", Lots: "1",
		}
		limit := clock.System{}.Now().Boot.Add(patience)
		if r := adapter.Submit(t.Context(), asked, limit); r.Err == nil || r.Withheld {
			t.Fatalf("round %d: %+v", i, r)
		}
		if found := market.Book.Find(id); len(found) != 1 {
			t.Fatalf("round %d: %d orders", i, len(found))
		}
		if r := adapter.Lookup(t.Context(), id); r.Err != nil || r.OrderID == "" {
			t.Fatalf("round %d: the look-up says %+v", i, r)
		}
	}
	counted(t, l, core.Submit, rounds)
}
