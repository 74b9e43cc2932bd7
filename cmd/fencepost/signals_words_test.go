package main

import (
	"encoding/json"
	"io"
	"slices"
	"strings"
	"testing"

	"fencepost"
	"fencepost/internal/intake/payload"
)

func TestASignalIsSentInTheWordsOfItsSource(t *testing.T) {
	source := fencepost.Source{Fields: payload.Mapping{
		Type:       payload.Field{From: "side", Values: map[string]string{"flat": "EXIT"}},
		Instrument: payload.Field{From: "ticker"},
		Lots:       payload.Field{From: "order.size"},
	}}
	f := sendFlags{kind: "EXIT", instrument: "NIFTY", position: "long", at: "2026-01-05T09:15:00Z", lots: "2"}
	body, err := f.body(&source)
	if err != nil {
		t.Fatal(err)
	}
	var written struct {
		Side, Ticker string
		Order        struct{ Size json.Number }
	}
	if err := json.Unmarshal(body, &written); err != nil || written.Side != "flat" ||
		written.Ticker != "NIFTY" || written.Order.Size != "2" {
		t.Errorf("%s, %v", body, err)
	}
	source.Fields.Type = payload.Field{Constant: "BASE_ENTRY"}
	if body, err := f.body(&source); err == nil || !strings.Contains(err.Error(), "--source") {
		t.Errorf("%s, %v", body, err)
	}
}

func TestTablesShowWhatATerminalWouldObeyAsNumbers(t *testing.T) {
	var out strings.Builder
	a := &app{out: &out, errs: io.Discard, format: formatTable}
	if err := a.print(nil, []string{"A", "B"}, [][]string{{"x\u202ey\x1b[2J", "1\n2\tforged"}}); err != nil {
		t.Fatal(err)
	}
	want := []string{"A", "B", `x\u202ey\u001b[2J`, `1\u000a2\u0009forged`}
	if got := strings.Fields(out.String()); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}
