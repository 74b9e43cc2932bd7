package alpaca

import (
	"strings"
	"testing"

	"fencepost/core/order"
	"fencepost/internal/broker/wire"
)

const ours = "AAAABBBBCCCCDDDDEEEE"

// object is an order object of ours.
func object(status, filled string) string {
	return `{"id":"61e6","client_order_id":"` + ours + `","status":"` + status +
		`","symbol":"AAPL","qty":"10","filled_qty":"` + filled + `","limit_price":null,"legs":null}`
}

func refusal(code, message string) string {
	return `{"code":` + code + `,"message":"` + message + `","buying_power":"0"}`
}

type reply struct {
	name   string
	status int
	body   string
	want   order.Answer
}

func judge(t *testing.T, meaning func(string, wire.Reply) wire.Meaning, replies []reply) {
	t.Helper()
	for _, r := range replies {
		got := meaning(ours, wire.Reply{Status: r.status, Body: []byte(r.body)})
		if got.Answer != r.want || (got.Err != nil) != (got.Answer == order.Unknown) {
			t.Errorf("%s: %v (%v), want %v", r.name, got.Answer, got.Err, r.want)
		}
	}
}

func TestStatusOfAnOrderIsTranslated(t *testing.T) {
	wants := map[string]order.Answer{
		"new": order.Accepted, "accepted": order.Accepted, "pending_new": order.Accepted,
		"accepted_for_bidding": order.Accepted, "partially_filled": order.Accepted,
		"done_for_day": order.Accepted, "stopped": order.Accepted, "suspended": order.Accepted,
		"calculated": order.Accepted, "held": order.Accepted, "pending_cancel": order.Accepted,
		"pending_replace": order.Accepted, "filled": order.Filled, "canceled": order.Cancelled,
		"expired": order.Cancelled, "rejected": order.Rejected, "replaced": order.Unknown,
		"": order.Unknown, "ACCEPTED": order.Unknown, "liquidated": order.Unknown,
	}
	for status, want := range wants {
		replies := []reply{{status, 200, object(status, "0"), want}}
		judge(t, submitted, replies)
		judge(t, lookedUp, replies)
	}
}

func TestOrderThatEndedWithAPartExecutedIsFilledAndSaysSo(t *testing.T) {
	for _, status := range []string{"canceled", "expired", "rejected"} {
		got := lookedUp(ours, wire.Reply{Status: 200, Body: []byte(object(status, "4"))})
		if got.Answer != order.Filled || !strings.Contains(got.Note, "only 4") {
			t.Errorf("%s with 4 of 10: %+v", status, got)
		}
		for _, filled := range []string{"", "-1", "1e9", "all", "0x4"} {
			got := lookedUp(ours, wire.Reply{Status: 200, Body: []byte(object(status, filled))})
			if got.Answer != order.Unknown {
				t.Errorf("%s with %q: %+v", status, filled, got)
			}
		}
	}
}

func TestRefusalOfTheOrderIsProof(t *testing.T) {
	judge(t, submitted, []reply{
		{"money", 403, refusal("40310000", "insufficient buying power"), order.Rejected},
		{"shares", 403, refusal("40310000", "insufficient qty available for order"), order.Rejected},
		{"fields", 422, refusal("40010001", "qty must be > 0"), order.Rejected},
		{"price", 422, refusal("42210000", "sub-penny increment"), order.Rejected},
	})
	got := submitted(ours, wire.Reply{Status: 403, Body: []byte(refusal("40310000", "no money"))})
	if got.Note != "no money" {
		t.Errorf("the reason is %q", got.Note)
	}
}

func TestEverythingElseIsNoRefusal(t *testing.T) {
	judge(t, submitted, []reply{
		{"duplicate", 422, refusal("40010001", "client_order_id must be unique"), order.Unknown},
		{"duplicate, other words", 422, refusal("40010001", "Client order id already exists"), order.Unknown},
		{"duplicate, other code", 403, refusal("40310000", "clientOrderId is taken"), order.Unknown},
		{"keys", 401, `{"message":"unauthorized."}`, order.Unknown},
		{"keys, 403", 403, refusal("40110000", "request is not authorized"), order.Unknown},
		{"gateway", 403, `<html>forbidden</html>`, order.Unknown},
		{"no message", 403, `{"code":40310000}`, order.Unknown},
		{"no code", 422, `{"message":"qty must be > 0"}`, order.Unknown},
		{"code in words", 422, `{"code":"bad","message":"x"}`, order.Unknown},
		{"code of another kind", 422, refusal("50010000", "internal server error occurred"), order.Unknown},
		{"limit", 429, refusal("42910000", "rate limit exceeded"), order.Unknown},
		{"money under 400", 400, refusal("40310000", "insufficient buying power"), order.Unknown},
		{"money under 200", 200, refusal("40310000", "insufficient buying power"), order.Unknown},
		{"money under 500", 500, refusal("40310000", "insufficient buying power"), order.Unknown},
		{"order under 201", 201, object("new", "0"), order.Unknown},
		{"order under 422", 422, object("rejected", "0"), order.Unknown},
		{"order under 504", 504, object("filled", "10"), order.Unknown},
		{"another order", 200, strings.ReplaceAll(object("new", "0"), ours, "x"), order.Unknown},
		{"no id", 200, strings.ReplaceAll(object("new", "0"), "61e6", ""), order.Unknown},
		{"two orders", 200, object("new", "0") + object("new", "0"), order.Unknown},
		{"too long", 200, object("new", "0") + strings.Repeat(" ", wire.MaxBody), order.Unknown},
	})
}

func TestOnlyTheBrokersOwnWordIsAbsence(t *testing.T) {
	judge(t, lookedUp, []reply{
		{"not found", 404, refusal("40410000", "order not found"), order.Absent},
		{"no route", 404, `404 page not found`, order.Unknown},
		{"no route, in JSON", 404, `{"message":"endpoint not found."}`, order.Unknown},
		{"money", 403, refusal("40310000", "insufficient buying power"), order.Unknown},
		{"fields", 422, refusal("40010001", "client_order_id is missing"), order.Unknown},
		{"down", 503, ``, order.Unknown},
	})
}

// FuzzSubmitted looks for an answer that is taken for more than it says.
func FuzzSubmitted(f *testing.F) {
	f.Add(200, object("new", "0"))
	f.Add(200, object("canceled", "4"))
	f.Add(403, refusal("40310000", "insufficient buying power"))
	f.Add(422, refusal("40010001", "client_order_id must be unique"))
	f.Fuzz(func(t *testing.T, status int, body string) {
		got := submitted(ours, wire.Reply{Status: status, Body: []byte(body)})
		switch got.Answer {
		case order.Unknown:
			if got.Err == nil {
				t.Fatal("unknown without a reason")
			}
			return
		case order.Absent:
			t.Fatal("an answer to a submission never proves absence")
		case order.Rejected:
			if status != 200 && status != 403 && status != 422 {
				t.Fatalf("status %d was taken for a refusal", status)
			}
		case order.Accepted, order.Filled, order.Cancelled:
			if status != 200 {
				t.Fatalf("status %d was taken for an order", status)
			}
		}
		if status == 200 && !strings.Contains(body, ours) && !strings.Contains(body, `\u`) {
			t.Fatal("an order that does not bear our id was taken for ours")
		}
	})
}
