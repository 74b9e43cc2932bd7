package fencepost

import (
	"strings"
	"testing"

	"fencepost/core/order"
	"fencepost/internal/broker"
	"fencepost/internal/broker/templated"
	"fencepost/internal/clock"
	"fencepost/internal/config"
)

// startable returns settings with which an instance can be made. No server is
// asked for that.
func startable() Config {
	c := DefaultConfig()
	c.InstanceID, c.Redis.Addr = "blue-1", "127.0.0.1:1"
	c.Postgres.DSN, c.Broker.URL = "postgres://u@127.0.0.1:1/x", "http://127.0.0.1:1"
	return c
}

func alpacaAccount(c *Config) {
	c.Broker.Adapter = config.AdapterAlpaca
	c.Broker.Alpaca.KeyID, c.Broker.Alpaca.SecretKey = "K", "hunter2"
	c.Broker.Instruments = broker.Instruments{"X": {Symbol: "Y", Entry: broker.Buy}}
}

func ownLanguage(c *Config) {
	c.Broker.Adapter = config.AdapterTemplate
	c.Broker.Template = templated.Settings{
		Submit: templated.Submit{
			Path: "/orders", Body: `{"id": {{json .ClientOrderID}}}`,
			Answer: templated.Reading{Codes: []int{200}, Status: "state", OrderID: "id"},
		},
		Words: templated.Words{Accepted: []string{"OPEN"}},
	}
}

func TestInstanceIsMadeForEveryAdapter(t *testing.T) {
	for name, c := range map[string]struct {
		settings func(*Config)
		class    order.Class
	}{
		"paper":    {func(c *Config) { c.Broker.Class = "B" }, order.ClassB},
		"template": {ownLanguage, order.ClassD},
		"alpaca":   {alpacaAccount, order.ClassA},
	} {
		settings := startable()
		c.settings(&settings)
		k, err := New(settings)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := k.protocol.Broker.Class(); got != c.class {
			t.Errorf("%s: works by class %v, want %v", name, got, c.class)
		}
		if err := k.Close(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestClassThatTheAdapterCannotKeepIsRefusedAtTheStart(t *testing.T) {
	for says, settings := range map[string]func(*Config){
		"broker.class: class B: the adapter promises class A": func(c *Config) {
			alpacaAccount(c)
			c.Broker.Class = "B"
		},
		"broker.class: class A: the adapter promises class D": func(c *Config) {
			ownLanguage(c)
			c.Broker.Class = "A"
		},
		"broker.class: class C: the adapter promises class D, and C needs a look-up": func(c *Config) {
			ownLanguage(c)
			c.Broker.Class = "C"
		},
		"broker.alpaca.secret_key: not set": func(c *Config) {
			alpacaAccount(c)
			c.Broker.Alpaca.SecretKey = ""
		},
		"can't evaluate field Nothing": func(c *Config) {
			ownLanguage(c)
			c.Broker.Template.Submit.Body = `{"id": {{json .Nothing}}}`
		},
	} {
		c := startable()
		settings(&c)
		_, err := New(c)
		if err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%v\nwant %q", err, says)
		}
	}
}

func TestBrokerOfAnotherProgramIsHeldToItsPromiseToo(t *testing.T) {
	c := startable()
	c.Broker.Class = "A"
	_, err := New(c, WithBroker(&stubBroker{}))
	if err == nil || !strings.Contains(err.Error(), "class A: the adapter promises class D") {
		t.Errorf("%v", err)
	}
}

func TestAdapterHasTheNodesClock(t *testing.T) {
	b := startable().Broker
	b.URL = "http://127.0.0.1:1"
	adapter, err := openBroker(&b, clock.System{})
	if err != nil {
		t.Fatal(err)
	}
	defer adapter.Close()
	if got := adapter.Submit(t.Context(), Order{}, -1); !got.Withheld {
		t.Errorf("an instant that has passed let an order out: %+v", got)
	}
}
