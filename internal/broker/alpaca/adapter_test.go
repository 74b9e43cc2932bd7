package alpaca_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"fencepost/core"
	"fencepost/core/order"
	"fencepost/internal/broker"
	"fencepost/internal/broker/alpaca"
	"fencepost/internal/clock"
)

// desk is an account and an adapter that orders there.
func desk(t *testing.T, power int64, change func(*alpaca.Config)) (*alpaca.Adapter, account) {
	t.Helper()
	there := newAccount("accepted", power)
	server := httptest.NewServer(there)
	t.Cleanup(server.Close)
	config := settings(server.URL, clock.System{})
	change(&config)
	return adapter(t, config), there
}

func unchanged(*alpaca.Config) {}

func TestOrderReachesTheAccountInItsWords(t *testing.T) {
	a, there := desk(t, 1000, unchanged)
	exit := broker.Order{ClientOrderID: "EXIT", Instrument: "SPIES", Action: "EXIT", Lots: "2"}
	for _, o := range []broker.Order{buy, exit} {
		if got := a.Submit(t.Context(), o, core.Never); got.Answer != order.Accepted {
			t.Fatalf("%+v", got)
		}
	}
	got := there.Orders()
	if o := got[0]; o.Symbol != "AAPL" || o.Qty != "3" || o.Side != "buy" || o.Type != "market" ||
		o.TimeInForce != "day" || o.ClientOrderID != id || o.LimitPrice != nil {
		t.Errorf("entry: %+v", o)
	}
	if o := got[1]; o.Symbol != "SPY" || o.Qty != "20" || o.Side != "buy" {
		t.Errorf("exit of what is entered by selling: %+v", o)
	}
}

func TestLimitOrderHasTheSignalsPriceOrIsRefused(t *testing.T) {
	a, there := desk(t, 1000, func(c *alpaca.Config) { c.OrderType, c.TimeInForce = "limit", "gtc" })
	if got := a.Submit(t.Context(), buy, core.Never); got.Answer != order.Accepted {
		t.Fatalf("%+v", got)
	}
	if o := there.Orders()[0]; o.LimitPrice == nil || *o.LimitPrice != "190.5" || o.TimeInForce != "gtc" {
		t.Errorf("%+v", o)
	}
	unpriced := buy
	unpriced.Price = ""
	got := a.Submit(t.Context(), unpriced, core.Never)
	if got.Answer != order.Rejected || !strings.Contains(got.Note, "needs a price") {
		t.Errorf("%+v", got)
	}
}

func TestRefusalBringsItsReason(t *testing.T) {
	a, there := desk(t, 2, unchanged)
	got := a.Submit(t.Context(), buy, core.Never)
	if got.Answer != order.Rejected || got.Note != "insufficient buying power" || len(there.Orders()) != 0 {
		t.Errorf("%+v, %d orders", got, len(there.Orders()))
	}
	if got := a.Lookup(t.Context(), id); got.Answer != order.Absent {
		t.Errorf("%+v", got)
	}
}

func TestOrderTravelsOverTLSToTheRightHostAlone(t *testing.T) {
	there := newAccount("accepted", 1000)
	server := httptest.NewTLSServer(there)
	t.Cleanup(server.Close)
	config := settings(server.URL, clock.System{})
	known := x509.NewCertPool()
	known.AddCert(server.Certificate())
	config.TLS = &tls.Config{RootCAs: known, MinVersion: tls.VersionTLS12}
	trusting := adapter(t, config)
	if got := trusting.Submit(t.Context(), buy, core.Never); got.Answer != order.Accepted {
		t.Errorf("%+v", got)
	}
	if got := trusting.Lookup(t.Context(), id); got.Answer != order.Accepted {
		t.Errorf("%+v", got)
	}
	config.TLS = nil
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	got := adapter(t, config).Submit(ctx, buy, core.Never)
	if !got.Withheld || len(there.Orders()) != 1 {
		t.Errorf("a certificate of nobody: %+v, %d orders", got, len(there.Orders()))
	}
}

func TestWrongKeysProveNothing(t *testing.T) {
	a, there := desk(t, 1000, func(c *alpaca.Config) { c.SecretKey = "of-another-account" })
	got := a.Submit(t.Context(), buy, core.Never)
	asked := a.Lookup(t.Context(), id)
	if got.Answer != order.Unknown || asked.Answer != order.Unknown || len(there.Orders()) != 0 {
		t.Errorf("submit %+v, look-up %+v", got, asked)
	}
	for _, err := range []error{got.Err, asked.Err} {
		if strings.Contains(err.Error(), "of-another-account") || strings.Contains(err.Error(), key) {
			t.Errorf("a key was printed: %v", err)
		}
	}
}

func TestEveryOrderOfTheAccountIsListedOrNone(t *testing.T) {
	a, there := desk(t, 1000, unchanged)
	for n := range 499 {
		o := buy
		o.ClientOrderID, o.Lots = fmt.Sprintf("N%d", n), "1"
		if got := a.Submit(t.Context(), o, core.Never); got.Answer != order.Accepted {
			t.Fatalf("%+v", got)
		}
	}
	there.Move("N7", "filled", "1")
	open, err := a.Open(t.Context())
	if err != nil || len(open) != 498 || open[0].ClientOrderID != "N498" || open[0].Symbol != "AAPL" {
		t.Fatalf("%d orders, %v", len(open), err)
	}
	for n := range 2 {
		o := buy
		o.ClientOrderID, o.Lots = fmt.Sprintf("M%d", n), "1"
		a.Submit(t.Context(), o, core.Never)
	}
	if open, err := a.Open(t.Context()); err == nil {
		t.Errorf("a list that may be cut off was taken for whole: %d", len(open))
	}
}

func TestAdapterStatesWhatItKeeps(t *testing.T) {
	a, _ := desk(t, 1, unchanged)
	promise := a.Promise()
	if promise.Class() != order.ClassA || promise.LongestID != 128 || !promise.Lists {
		t.Errorf("%+v", promise)
	}
	if err := promise.Check(order.ClassB.Capability()); err == nil {
		t.Error("nobody at this broker refuses a late request, and class B was taken")
	}
}

func TestSettingsThatCannotWorkAreRefusedByName(t *testing.T) {
	for says, spoil := range map[string]func(*alpaca.Config){
		"alpaca.key_id: not set":             func(c *alpaca.Config) { c.KeyID = "" },
		"alpaca.secret_key: has a character": func(c *alpaca.Config) { c.SecretKey = "hunter2\r\nX: y" },
		`alpaca.order_type "stop"`:           func(c *alpaca.Config) { c.OrderType = "stop" },
		`alpaca.time_in_force ""`:            func(c *alpaca.Config) { c.TimeInForce = "" },
		"url: must be https":                 func(c *alpaca.Config) { c.URL = "http://api.example" },
		"broker url":                         func(c *alpaca.Config) { c.URL = "api.example" },
		"broker.instruments: empty":          func(c *alpaca.Config) { c.Instruments = nil },
		`instruments.X.entry "": must be buy`: func(c *alpaca.Config) {
			c.Instruments["X"] = broker.Instrument{Symbol: "X"}
		},
	} {
		config := settings("http://127.0.0.1:1", clock.System{})
		spoil(&config)
		_, err := alpaca.New(config)
		if err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%v, want %q", err, says)
		}
	}
	config := settings("https://paper-api.alpaca.markets", clock.System{})
	if _, err := alpaca.New(config); err != nil {
		t.Error(err)
	}
}
