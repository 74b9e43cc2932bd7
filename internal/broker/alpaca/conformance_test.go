package alpaca_test

import (
	"testing"

	"fencepost/internal/broker"
	"fencepost/internal/broker/alpaca"
	"fencepost/internal/broker/alpaca/standin"
	"fencepost/internal/broker/brokertest"
	"fencepost/internal/clock"
)

const (
	key    = "PKTESTKEY"
	secret = "secret-of-the-account"
	id     = "AAAABBBBCCCCDDDDEEEE"
)

// settings are those of a desk that orders one share for each lot, and ten for
// another.
func settings(url string, now clock.Clock) alpaca.Config {
	return alpaca.Config{
		URL: url, KeyID: key, SecretKey: secret, OrderType: "market", TimeInForce: "day", Clock: now,
		Instruments: broker.Instruments{
			"APPLE": {Symbol: "AAPL", Entry: broker.Buy},
			"SPIES": {Symbol: "SPY", Entry: broker.Sell, LotSize: "10"},
		},
	}
}

func adapter(t *testing.T, config alpaca.Config) *alpaca.Adapter {
	t.Helper()
	a, err := alpaca.New(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Close)
	return a
}

// account is the stand-in with what the suite asks of it.
type account struct{ *standin.Server }

func newAccount(status string, power int64) account {
	return account{standin.New(standin.Config{
		KeyID: key, SecretKey: secret, Symbols: []string{"AAPL", "SPY"}, BuyingPower: power, Status: status,
	})}
}

func (a account) Count(clientOrderID string) int {
	n := 0
	for _, o := range a.Orders() {
		if o.ClientOrderID == clientOrderID {
			n++
		}
	}
	return n
}

var buy = broker.Order{
	ClientOrderID: id, Instrument: "APPLE", Action: "BASE_ENTRY", Position: "Long_1",
	Lots: "3", Price: "190.5",
}

func TestAdapterKeepsTheContract(t *testing.T) {
	for _, status := range []string{"accepted", "filled"} {
		t.Run(status, func(t *testing.T) {
			brokertest.Run(t, brokertest.Subject{
				New: func(t *testing.T, url string, now clock.Clock) broker.Adapter {
					t.Helper()
					return adapter(t, settings(url, now))
				},
				Desk:  func(*testing.T) brokertest.Desk { return newAccount(status, 1000) },
				Order: buy,
				Inexpressible: []broker.Order{
					{Instrument: "GOLD", Action: "EXIT", Lots: "1"},
					{Instrument: "APPLE", Action: "HEARTBEAT", Lots: "1"},
					{Instrument: "APPLE", Action: "EXIT"},
					{Instrument: "APPLE", Action: "EXIT", Lots: "0.5"},
				},
			})
		})
	}
}
