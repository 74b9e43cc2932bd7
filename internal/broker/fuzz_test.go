package broker_test

import (
	"encoding/json"
	"math/big"
	"strings"
	"testing"

	"fencepost/internal/broker"
)

// FuzzExpress: an order is put into the broker's words exactly, or refused; nothing
// is rounded, and no number that a table or a signal holds ends the process.
func FuzzExpress(f *testing.F) {
	f.Add("2", "15", "1")
	f.Add("0.5", "", "")
	f.Add("1e3", "0.000001", "0.000001")
	f.Add("1E400000000", "1", "1")
	f.Add("-1", "1/3", "0x10")
	f.Add("999999999999999999", "999999999999999999.999999999999999999", "0.1")
	f.Fuzz(func(t *testing.T, lots, size, step string) {
		table := broker.Instruments{"X": {Symbol: "x", Entry: broker.Buy, LotSize: size, Step: step}}
		if table.Check() != nil || lots != "" && !json.Valid([]byte(lots)) {
			return // neither gets as far as an order
		}
		ticket, err := table.Express(broker.Order{
			Instrument: "X", Action: "EXIT", Lots: json.Number(lots),
		})
		if err != nil {
			return
		}
		got, ok := new(big.Rat).SetString(ticket.Quantity)
		if !ok || strings.ContainsAny(ticket.Quantity,
			"eE/") || got.Sign() <= 0 || ticket.Side != broker.Sell {
			t.Fatalf("%q lots of %q are %+v", lots, size, ticket)
		}
		want := number(t, lots)
		if size != "" {
			want.Mul(want, number(t, size))
		}
		if got.Cmp(want) != 0 {
			t.Errorf("%q lots of %q are %s", lots, size, ticket.Quantity)
		}
		if step != "" && !new(big.Rat).Quo(got, number(t, step)).IsInt() {
			t.Errorf("%s is no multiple of %q", ticket.Quantity, step)
		}
	})
}

func number(t *testing.T, text string) *big.Rat {
	t.Helper()
	n, ok := new(big.Rat).SetString(text)
	if !ok {
		t.Fatalf("%q was taken for a number", text)
	}
	return n
}
