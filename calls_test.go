package fencepost

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"fencepost/core"
	"fencepost/core/inbox"
	"fencepost/core/order"
	brokers "fencepost/internal/broker"
	"fencepost/internal/clock"
	"fencepost/internal/pgledger"
)

// stubOrders knows one order, or fails.
type stubOrders struct {
	err   error
	notes []pgledger.BrokerNote
}

func (s *stubOrders) Order(_ context.Context, signal core.SignalID) (pgledger.Order, error) {
	return pgledger.Order{Signal: signal, Key: "s-1", Type: "EXIT", Instrument: "X", Lots: "2"}, s.err
}

func (s *stubOrders) Note(_ core.SignalID, _ uint32, note pgledger.BrokerNote) {
	s.notes = append(s.notes, note)
}

// stubBroker answers what the test wants and keeps what it was sent.
type stubBroker struct {
	result BrokerResult
	sent   []Order
	asked  []string
}

func (*stubBroker) Promise() BrokerPromise { return BrokerPromise{} }

func (s *stubBroker) Submit(_ context.Context, o Order, _ core.Time) BrokerResult {
	s.sent = append(s.sent, o)
	return s.result
}

func (s *stubBroker) Lookup(_ context.Context, id string) BrokerResult {
	s.asked = append(s.asked, id)
	return s.result
}

// call carries out one effect and returns its one answer.
func call(t *testing.T, orders *stubOrders, broker *stubBroker, op core.Op) core.Input {
	t.Helper()
	d := &desk{
		orders: orders, failed: func(core.Op, core.SignalID, error) {},
		called: func(*core.Effect, string, time.Time) {},
		broker: brokers.NewWithoutCanaries(broker, clock.System{}, func() {}),
	}
	var answers []core.Input
	effect := core.Effect{Op: op, Req: 9, Signal: 5, Attempt: 2}
	err := d.Call(t.Context(), &effect, func(in *core.Input) { answers = append(answers, *in) })
	if err != nil || len(answers) != 1 {
		t.Fatalf("%v: %v, %+v", op, err, answers)
	}
	if got := answers[0]; got.Req != 9 || got.Signal != 5 || got.Attempt != 2 {
		t.Fatalf("%v: %+v", op, got)
	}
	return answers[0]
}

func TestOrderThatCannotBeReadIsNotSent(t *testing.T) {
	broker := &stubBroker{result: BrokerResult{Answer: order.Filled}}
	orders := &stubOrders{err: errors.New("away")}
	if got := call(t, orders, broker, core.Submit); got.Kind != core.OrderWithheld {
		t.Errorf("submit: %v", got.Kind)
	}
	got := call(t, orders, broker, core.Lookup)
	if got.Kind != core.OrderLookedUp || got.Answer != order.Unknown {
		t.Errorf("look-up: %v %v", got.Kind, got.Answer)
	}
	if len(broker.sent) != 0 || len(broker.asked) != 0 {
		t.Errorf("the broker was sent %v and asked %v", broker.sent, broker.asked)
	}
}

func TestBrokersAnswerReachesTheNodeAsItIs(t *testing.T) {
	id := inbox.ClientOrderID("s-1", 2)
	for _, c := range []struct {
		result BrokerResult
		kind   core.InputKind
	}{
		{BrokerResult{Answer: order.Filled, OrderID: "P1"}, core.OrderAnswered},
		{BrokerResult{Answer: order.Rejected}, core.OrderAnswered},
		{BrokerResult{Err: errors.New("cut")}, core.OrderAnswered},
		{BrokerResult{Withheld: true, Err: errors.New("late")}, core.OrderWithheld},
	} {
		orders, broker := &stubOrders{}, &stubBroker{result: c.result}
		got := call(t, orders, broker, core.Submit)
		if got.Kind != c.kind || got.Answer != c.result.Answer {
			t.Errorf("%+v: %v %v", c.result, got.Kind, got.Answer)
		}
		if len(broker.sent) != 1 || broker.sent[0].ClientOrderID != id || broker.sent[0].Lots != "2" {
			t.Errorf("sent %+v", broker.sent)
		}
		if noted := len(orders.notes) == 1; noted != (c.result.OrderID != "" || c.result.Err != nil) {
			t.Errorf("%+v left the notes %+v", c.result, orders.notes)
		}
	}
	broker := &stubBroker{result: BrokerResult{Answer: order.Absent}}
	got := call(t, &stubOrders{}, broker, core.Lookup)
	if got.Kind != core.OrderLookedUp || got.Answer != order.Absent || broker.asked[0] != id {
		t.Errorf("look-up: %+v, asked %v", got, broker.asked)
	}
}

// PostgreSQL takes no zero byte and no broken character into a text; an outcome
// that comes with one would be refused for ever.
func TestNoteIsPlainTextWhateverTheBrokerSays(t *testing.T) {
	for _, said := range []string{"a\x00b", "a\xffb", "a\nb", "a\u202eb", strings.Repeat("é", 4000)} {
		orders := &stubOrders{}
		result := BrokerResult{Answer: order.Filled, OrderID: said, Note: said}
		call(t, orders, &stubBroker{result: result}, core.Submit)
		call(t, orders, &stubBroker{result: BrokerResult{Err: errors.New(said)}}, core.Lookup)
		for _, note := range orders.notes {
			for _, text := range []string{note.OrderID, note.Detail} {
				if strings.ContainsAny(text, "\x00\n\u202e") || !utf8.ValidString(text) || len(text) > 510 {
					t.Errorf("%.20q became %.40q of %d bytes", said, text, len(text))
				}
			}
		}
		if len(orders.notes) != 2 {
			t.Errorf("%d notes", len(orders.notes))
		}
	}
}
