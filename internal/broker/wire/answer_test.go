package wire_test

import (
	"strings"
	"testing"

	"fencepost/core/order"
	"fencepost/internal/broker/wire"
)

const (
	id  = "AAAABBBBCCCCDDDDEEEE"
	dup = "duplicate_client_order_id"
	// merit is a refusal of the order itself.
	merit = `{"status":"rejected","code":"risk_limit","client_order_id":"` + id + `"}`
)

// reply is what the broker says, and what it means.
type reply struct {
	name   string
	status int
	body   string
	want   order.Answer
}

// receipt is a broker's record of our order.
func receipt(status string) string {
	return `{"order_id":"7","client_order_id":"` + id + `","status":"` + status + `"}`
}

// refusal is merit with another code.
func refusal(code string) string { return strings.ReplaceAll(merit, "risk_limit", code) }

func judge(t *testing.T, replies []reply) {
	t.Helper()
	for _, r := range replies {
		came := wire.Reply{Status: r.status, Body: []byte(r.body)}
		got := wire.Submitted(order.ClassA.Capability(), id, came)
		if got.Answer != r.want {
			t.Errorf("%s: %v (%v), want %v", r.name, got.Answer, got.Err, r.want)
		}
		if (got.Err != nil) != (got.Answer == order.Unknown) {
			t.Errorf("%s: %v explained as %v", r.name, got.Answer, got.Err)
		}
	}
}

func TestClearAnswerIsTakenAtItsWord(t *testing.T) {
	judge(t, []reply{
		{"filled", 201, receipt("filled"), order.Filled},
		{"fields of the broker's own", 200, `{"desk":"x",` + receipt("accepted")[1:], order.Accepted},
		{"cancelled", 200, receipt("cancelled"), order.Cancelled},
		{"refused on its merits", 422, merit, order.Rejected},
		{"refused on its merits, other 4xx", 400, merit, order.Rejected},
		{"refused after it was taken", 200, receipt("rejected"), order.Rejected},
		{
			"duplicate with its order", 409,
			refusal(dup)[:len(refusal(dup))-1] + `,"order":` + receipt("filled") + `}`, order.Filled,
		},
	})
}

func TestUnclearAnswerIsNeverARefusal(t *testing.T) {
	other := strings.ReplaceAll(receipt("filled"), id, "x")
	replies := []reply{
		{name: "no answer"},
		{name: "refusal under a 5xx", status: 500, body: merit},
		{name: "gateway's 502", status: 502, body: "<html>bad gateway</html>"},
		{name: "receipt under a 503", status: 503, body: receipt("filled")},
		{name: "redirect", status: 307, body: merit},
		{name: "refusal under a 200", status: 200, body: merit},
		{
			name: "receipt without the broker's id", status: 201,
			body: `{"client_order_id":"` + id + `","status":"filled"}`,
		},
		{name: "no content", status: 204},
		{name: "accepted, not yet placed", status: 202, body: receipt("accepted")},
		{name: "empty 400", status: 400},
		{name: "proxy's 403", status: 403, body: `{"error":"forbidden"}`},
		{name: "wrong route", status: 404, body: `{"status":"rejected","message":"no such page"}`},
		{name: "400 although the order was placed", status: 400, body: receipt("accepted")},
		{name: "refusal of another order", status: 422, body: strings.ReplaceAll(merit, id, "another")},
		{name: "code that nobody knows", status: 422, body: refusal("moon_phase")},
		{name: "too many requests", status: 429, body: refusal("rate_limited")},
		{name: "late request", status: 400, body: refusal("request_too_late")},
		{name: "duplicate without its order", status: 409, body: refusal(dup)},
		{
			name: "duplicate with another order", status: 409,
			body: refusal(dup)[:len(refusal(dup))-1] + `,"order":` + other + `}`,
		},
		{name: "cut off", status: 201, body: receipt("filled")[:40]},
		{name: "two documents", status: 201, body: receipt("filled") + `{}`},
		{name: "receipt of another order", status: 201, body: other},
		{name: "status of another language", status: 201, body: receipt("ok")},
		{name: "wrong type", status: 201, body: `{"client_order_id":"` + id + `","status":7}`},
		{name: "not an object", status: 201, body: `"` + id + `"`},
		{name: "endless", status: 422, body: merit + strings.Repeat(" ", wire.MaxBody)},
	}
	judge(t, replies)
}

func TestRefusalProvesNothingWithoutThePromise(t *testing.T) {
	promise := order.Capability{IDScope: order.ScopeForever, Lookup: order.LookupExact}
	body := []byte(merit)
	refused := wire.Reply{Status: 422, Body: body}
	if got := wire.Submitted(promise, id, refused).Answer; got != order.Unknown {
		t.Errorf("refusal: %v", got)
	}
	book := []byte(`{"orders":[{"client_order_id":"` + id + `","status":"rejected"}]}`)
	found := wire.Reply{Status: 200, Body: book}
	if got := wire.LookedUp(promise, id, found).Answer; got != order.Unknown {
		t.Errorf("look-up: %v", got)
	}
}

func TestLookupIsAbsentOnlyWhenTheWholeBookWasRead(t *testing.T) {
	row := func(id, status string) string {
		return `{"client_order_id":"` + id + `","status":"` + status + `"}`
	}
	for _, c := range []struct {
		name   string
		status int
		body   string
		want   order.Answer
	}{
		{"empty book", 200, `{"orders":[]}`, order.Absent},
		{"others only", 200, `{"orders":[` + row("x", "filled") + `]}`, order.Absent},
		{
			"found", 200, `{"orders":[` + row("x", "filled") + `,` + row(id, "accepted") + `]}`,
			order.Accepted,
		},
		{"found twice", 200, `{"orders":[` + row(id, "rejected") + `,` + row(id, "filled") + `,` +
			row(id, "cancelled") + `]}`, order.Filled},
		{"cut off", 200, `{"orders":[],"truncated":true}`, order.Unknown},
		{
			"cut off, but found", 200, `{"orders":[` + row(id, "filled") + `],"truncated":true}`,
			order.Filled,
		},
		{"no book", 200, `{}`, order.Unknown},
		{"null book", 200, `{"orders":null}`, order.Unknown},
		{"not found", 404, `{"orders":[]}`, order.Unknown},
		{"down", 503, ``, order.Unknown},
		{"no answer", 0, ``, order.Unknown},
		{"page", 200, `<html>`, order.Unknown},
		{"unreadable status", 200, `{"orders":[` + row(id, "?") + `]}`, order.Unknown},
	} {
		reply := wire.Reply{Status: c.status, Body: []byte(c.body)}
		meaning := wire.LookedUp(order.ClassC.Capability(), id, reply)
		got, err := meaning.Answer, meaning.Err
		if got != c.want {
			t.Errorf("%s: %v (%v), want %v", c.name, got, err, c.want)
		}
	}
	empty := wire.Reply{Status: 200, Body: []byte(`{"orders":[]}`)}
	got := wire.LookedUp(order.ClassD.Capability(), id, empty).Answer
	if got != order.Unknown {
		t.Errorf("class D: %v", got)
	}
}

// Who asked for one order and was told of others was not answered; and an order
// without an id may be ours.
func TestAnswerAboutOthersIsNoProofOfAbsence(t *testing.T) {
	const others = `{"orders":[{"client_order_id":"x","status":"filled"}]}`
	const nameless = `{"orders":[{"client_order_id":"x","status":"filled"},{"status":"filled"}]}`
	for _, c := range []struct {
		lookup order.LookupKind
		body   string
		want   order.Answer
	}{
		{order.LookupExact, others, order.Unknown},
		{order.LookupExact, nameless, order.Unknown},
		{order.LookupExact, `{"orders":[]}`, order.Absent},
		{order.LookupDayBook, others, order.Absent},
		{order.LookupDayBook, nameless, order.Unknown},
	} {
		reply := wire.Reply{Status: 200, Body: []byte(c.body)}
		got := wire.LookedUp(order.Capability{Lookup: c.lookup}, id, reply)
		if got.Answer != c.want || (got.Err != nil) != (c.want == order.Unknown) {
			t.Errorf("look-up %v, %s: %v (%v), want %v", c.lookup, c.body, got.Answer, got.Err, c.want)
		}
	}
}

// FuzzSubmitted looks for a body that is taken for a refusal without being one.
func FuzzSubmitted(f *testing.F) {
	f.Add(422, merit)
	f.Add(409, strings.ReplaceAll(merit, "risk_limit", dup))
	f.Add(201, `{"client_order_id":"`+id+`","status":"filled"}`)
	f.Fuzz(func(t *testing.T, status int, body string) {
		reply := wire.Reply{Status: status, Body: []byte(body)}
		answer := wire.Submitted(order.ClassA.Capability(), id, reply).Answer
		if answer == order.Absent {
			t.Fatal("an answer to a submission never proves absence")
		}
		definitive := answer != order.Unknown
		if definitive && (status < 200 || status >= 500 || status/100 == 3) {
			t.Fatalf("status %d was taken for %v", status, answer)
		}
		escaped := strings.Contains(body, `\u`)
		if answer == order.Rejected && status >= 400 && !escaped && !strings.Contains(body, id) {
			t.Fatal("a refusal that does not name our order was taken for ours")
		}
	})
}
