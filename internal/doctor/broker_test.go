package doctor_test

import (
	"context"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"fencepost/core"
	"fencepost/core/order"
	"fencepost/internal/broker"
	"fencepost/internal/broker/paper"
	"fencepost/internal/clock"
	"fencepost/internal/config"
	"fencepost/internal/doctor"
	"fencepost/internal/testbed"
)

// adapter is the paper broker's, for a broker of that class at that address.
func adapter(t *testing.T, class order.Class, address string) broker.Adapter {
	t.Helper()
	b, err := broker.NewHTTP(broker.HTTPConfig{
		URL: address, Promise: class.Capability(), Clock: clock.System{},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}

func TestBrokerOfEachClassIsReachedWithoutAnOrder(t *testing.T) {
	for class := order.ClassD; class <= order.ClassA; class++ {
		desk := paper.NewServer(paper.Config{Class: class})
		server := httptest.NewServer(desk)
		b := adapter(t, class, server.URL)
		levels(t, doctor.Broker(t.Context(), b, server.URL, class.Capability(), time.Second), nil)
		server.Close()
		desk.Close()
		levels(t, doctor.Broker(t.Context(), b, server.URL, class.Capability(), time.Second),
			map[string]doctor.Level{"broker.reached": doctor.Fail})
	}
}

func TestBrokerThatKeepsLessThanItsClassFails(t *testing.T) {
	address := "http://" + testbed.FreeAddr(t)
	checks := doctor.Broker(t.Context(), adapter(t, order.ClassC, address), address,
		order.ClassA.Capability(), time.Second)
	levels(t, checks, map[string]doctor.Level{"broker.class": doctor.Fail, "broker.reached": doctor.Fail})
}

// stubBroker answers every look-up alike.
type stubBroker struct {
	broker.Adapter
	answer order.Answer
}

// Lookup answers.
func (s stubBroker) Lookup(context.Context, string) broker.Result {
	return broker.Result{Answer: s.answer}
}

// Promise is that of class A.
func (stubBroker) Promise() broker.Promise {
	return broker.Promise{Capability: order.ClassA.Capability()}
}

// Submit must not be called: an examination sends nothing.
func (stubBroker) Submit(context.Context, broker.Order, core.Time) broker.Result {
	panic("an order was sent")
}

func TestBrokerThatKnowsAnOrderNobodySentFails(t *testing.T) {
	for answer := order.Unknown; answer <= order.Absent; answer++ {
		want := doctor.Fail
		if answer == order.Absent {
			want = doctor.OK
		}
		checks := doctor.Broker(t.Context(), stubBroker{answer: answer}, "", order.ClassA.Capability(),
			time.Second)
		levels(t, checks, map[string]doctor.Level{"broker.reached": want})
	}
}

func TestSettingsAreJudgedOneByOne(t *testing.T) {
	c := config.Default()
	c.InstanceID, c.Postgres.DSN, c.Redis.Addr, c.Broker.URL = "blue-1", "postgres://x/y", "x:1", "http://x"
	c.AdminToken = "a-token-of-some-length"
	levels(t, doctor.Settings(&c), nil)
	c.AdminToken, c.Production = "", false
	levels(t, doctor.Settings(&c), map[string]doctor.Level{
		"admin_token": doctor.Warn,
		"production":  doctor.Warn,
	})
	c.Lease.Renew = config.Duration(5 * time.Second)
	c.Listen = "nowhere"
	levels(t, doctor.Settings(&c), map[string]doctor.Level{
		"admin_token": doctor.Warn, "production": doctor.Warn, "lease": doctor.Fail,
		"configuration": doctor.Fail,
	})
}

func TestFilesWithSecretsAreTheirOwnersAlone(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string, mode os.FileMode) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	c := config.Default()
	c.AdminToken, c.AdminTokenFile = "a-token-of-some-length", write("admin", "a-token-of-some-length", 0o600)
	c.Postgres.DSNFile = write("dsn", "postgres://x/y", 0o640)
	c.Redis.PasswordFile = write("redis", "pw", 0o604)
	c.Broker.SecretFile = filepath.Join(dir, "none")
	plain := write("plain.yaml", "group: desk\n", 0o644)
	levels(t, doctor.Files(&c, plain), map[string]doctor.Level{
		"postgres.dsn_file": doctor.Warn, "redis.password_file": doctor.Fail,
		"broker.secret_file": doctor.Fail,
	})
	c = config.Default()
	c.AdminToken = "a-token-of-some-length"
	open := write("open.yaml", "admin_token: a-token-of-some-length\n", 0o644)
	levels(t, doctor.Files(&c, open), map[string]doctor.Level{"configuration file": doctor.Fail})
	levels(t, doctor.Files(&c, filepath.Join(dir, "no.yaml")),
		map[string]doctor.Level{"configuration file": doctor.Fail})
}
