package broker_test

import (
	"encoding/json"
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"fencepost/internal/broker"
)

// table is how a desk orders three instruments.
var table = broker.Instruments{
	"BANKNIFTY": {Symbol: "BNF", Entry: broker.Buy, LotSize: "15"},
	"GOLD":      {Symbol: "XAU", Entry: broker.Sell, LotSize: "0.1", Step: "0.01"},
	"PLAIN":     {Symbol: "P", Entry: broker.Buy},
}

func TestOrderIsExpressedInTheBrokersWords(t *testing.T) {
	for _, c := range []struct {
		instrument, action, lots string
		want                     broker.Ticket
	}{
		{"BANKNIFTY", "BASE_ENTRY", "2", broker.Ticket{Symbol: "BNF", Side: broker.Buy, Quantity: "30"}},
		{"BANKNIFTY", "PYRAMID", "2.0", broker.Ticket{Symbol: "BNF", Side: broker.Buy, Quantity: "30"}},
		{"BANKNIFTY", "EXIT", "12", broker.Ticket{Symbol: "BNF", Side: broker.Sell, Quantity: "180"}},
		{"GOLD", "BASE_ENTRY", "0.3", broker.Ticket{Symbol: "XAU", Side: broker.Sell, Quantity: "0.03"}},
		{"GOLD", "EXIT", "10", broker.Ticket{Symbol: "XAU", Side: broker.Buy, Quantity: "1"}},
		{"PLAIN", "EXIT", "100", broker.Ticket{Symbol: "P", Side: broker.Sell, Quantity: "100"}},
	} {
		order := broker.Order{Instrument: c.instrument, Action: c.action, Lots: json.Number(c.lots)}
		if got, err := table.Express(order); err != nil || got != c.want {
			t.Errorf("%+v: %+v, %v", order, got, err)
		}
	}
}

func TestOrderThatCannotBeExpressedIsRefusedWithItsReason(t *testing.T) {
	for says, order := range map[string]broker.Order{
		`instrument "SILVER"`:        {Instrument: "SILVER", Action: "EXIT", Lots: "1"},
		`action "HEARTBEAT"`:         {Instrument: "PLAIN", Action: "HEARTBEAT", Lots: "1"},
		"has no lots":                {Instrument: "PLAIN", Action: "EXIT"},
		"0 lots are no quantity":     {Instrument: "PLAIN", Action: "EXIT", Lots: "0"},
		"-1 lots are no quantity":    {Instrument: "PLAIN", Action: "EXIT", Lots: "-1"},
		"no multiple of 1":           {Instrument: "PLAIN", Action: "EXIT", Lots: "0.5"},
		"0.1 lots are 0.01 units":    {Instrument: "GOLD2", Action: "EXIT", Lots: "0.1"},
		`"1/3" is no decimal number`: {Instrument: "PLAIN", Action: "EXIT", Lots: "1/3"},
		`"1e9" is no decimal number`: {Instrument: "PLAIN", Action: "EXIT", Lots: "1e9"},
		`"0x10" is no decimal`:       {Instrument: "PLAIN", Action: "EXIT", Lots: "0x10"},
	} {
		wider := broker.Instruments{"GOLD2": {Symbol: "X", Entry: broker.Buy, LotSize: "0.1", Step: "0.1"}}
		for name, instrument := range table {
			wider[name] = instrument
		}
		got, err := wider.Express(order)
		if err == nil || !strings.Contains(err.Error(), says) || got != (broker.Ticket{}) {
			t.Errorf("%+v: %+v, %v, want %q", order, got, err, says)
		}
	}
}

func TestTableIsRefusedWithTheSettingsName(t *testing.T) {
	for says, instrument := range map[string]broker.Instrument{
		"X.symbol":         {Entry: broker.Buy},
		`X.entry ""`:       {Symbol: "S"},
		`X.entry "long"`:   {Symbol: "S", Entry: "long"},
		`X.lot_size "0"`:   {Symbol: "S", Entry: broker.Buy, LotSize: "0"},
		`X.lot_size "1/2"`: {Symbol: "S", Entry: broker.Buy, LotSize: "1/2"},
		`X.step "-1"`:      {Symbol: "S", Entry: broker.Buy, Step: "-1"},
	} {
		err := broker.Instruments{"X": instrument}.Check()
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%+v: %v, want %q", instrument, err, says)
		}
	}
	if err := table.Check(); err != nil {
		t.Error(err)
	}
}

// Whatever the numbers: a quantity is lots times the lot's size, to the last
// decimal, or there is none.
func TestQuantityIsExact(t *testing.T) {
	number := rapid.StringMatching(`[0-9]{1,6}(\.[0-9]{1,9})?`)
	rapid.Check(t, func(t *rapid.T) {
		lots, size := number.Draw(t, "lots"), number.Draw(t, "size")
		desk := broker.Instruments{"X": {
			Symbol: "X", Entry: broker.Buy, LotSize: size, Step: "0.000000000000000001",
		}}
		ticket, err := desk.Express(broker.Order{Instrument: "X", Action: "EXIT", Lots: json.Number(lots)})
		a, _ := new(big.Rat).SetString(lots)
		b, _ := new(big.Rat).SetString(size)
		product := a.Mul(a, b)
		if product.Sign() == 0 {
			if err == nil {
				t.Fatalf("%s lots of %s are nothing, and became %s", lots, size, ticket.Quantity)
			}
			return
		}
		got, ok := new(big.Rat).SetString(ticket.Quantity)
		if err != nil || !ok || got.Cmp(product) != 0 || strings.ContainsAny(ticket.Quantity, "eE/") {
			t.Fatalf("%s lots of %s: %q, %v", lots, size, ticket.Quantity, err)
		}
	})
}
