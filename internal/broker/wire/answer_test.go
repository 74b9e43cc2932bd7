package wire_test

import (
	"strings"
	"testing"

	"fencepost/core"
	"fencepost/internal/broker/wire"
)

const (
	id  = "AAAABBBBCCCCDDDDEEEE"
	dup = "duplicate_client_order_id"
	// merit is a refusal of the order itself.
	merit = `{"status":"rejected","code":"risk_limit","client_order_id":"` + id + `"}`
)

func TestAnswerIsRejectedOnlyWhenTheBrokerRefusedThisOrder(t *testing.T) {
	reject := `{"status":"rejected","code":"insufficient_funds","client_order_id":"` + id + `"}`
	receipt := func(status string) string {
		return `{"order_id":"7","client_order_id":"` + id + `","status":"` + status + `"}`
	}
	for _, c := range []struct {
		name   string
		status int
		body   string
		want   core.Answer
	}{
		{"filled", 201, receipt("filled"), core.AnswerFilled},
		{"accepted with fields of the broker's own", 200,
			strings.Replace(receipt("accepted"), "{", `{"desk":"x",`, 1), core.AnswerAccepted},
		{"cancelled", 200, receipt("cancelled"), core.AnswerCancelled},
		{"refused on its merits", 422, reject, core.AnswerRejected},
		{"refused on its merits, other 4xx", 400, reject, core.AnswerRejected},

		{"no answer", 0, "", core.AnswerUnknown},
		{"refusal under a 5xx", 500, reject, core.AnswerUnknown},
		{"gateway's 502", 502, "<html>bad gateway</html>", core.AnswerUnknown},
		{"receipt under a 503", 503, receipt("filled"), core.AnswerUnknown},
		{"redirect", 307, reject, core.AnswerUnknown},
		{"refusal under a 200", 200, reject, core.AnswerUnknown},
		{"receipt of an order that was refused later", 200, receipt("rejected"), core.AnswerRejected},
		{"receipt without the broker's id", 201, `{"client_order_id":"` + id + `","status":"filled"}`,
			core.AnswerUnknown},
		{"no content", 204, "", core.AnswerUnknown},
		{"accepted, not yet placed", 202, receipt("accepted"), core.AnswerUnknown},
		{"empty 400", 400, "", core.AnswerUnknown},
		{"proxy's 403", 403, `{"error":"forbidden"}`, core.AnswerUnknown},
		{"wrong route", 404, `{"status":"rejected","message":"no such page"}`, core.AnswerUnknown},
		{"400 although the order was placed", 400,
			`{"client_order_id":"` + id + `","status":"accepted"}`, core.AnswerUnknown},
		{"refusal of another order", 422, strings.ReplaceAll(reject, id, "another"), core.AnswerUnknown},
		{"code that nobody knows", 422, strings.ReplaceAll(reject, "insufficient_funds", "moon_phase"),
			core.AnswerUnknown},
		{"too many requests", 429, strings.ReplaceAll(reject, "insufficient_funds", "rate_limited"),
			core.AnswerUnknown},
		{"late request", 400, strings.ReplaceAll(reject, "insufficient_funds", "request_too_late"),
			core.AnswerUnknown},
		{"duplicate without its order", 409, strings.ReplaceAll(reject, "insufficient_funds", dup),
			core.AnswerUnknown},
		{"duplicate with its order", 409, `{"status":"rejected","code":"` + dup + `",` +
			`"client_order_id":"` + id + `","order":{"client_order_id":"` + id + `","status":"filled"}}`,
			core.AnswerFilled},
		{"duplicate with another order", 409, `{"status":"rejected","code":"` + dup + `",` +
			`"client_order_id":"` + id + `","order":{"client_order_id":"x","status":"filled"}}`,
			core.AnswerUnknown},
		{"cut off", 201, `{"client_order_id":"` + id + `","sta`, core.AnswerUnknown},
		{"two documents", 201, receipt("filled") + `{}`, core.AnswerUnknown},
		{"receipt of another order", 201, strings.ReplaceAll(receipt("filled"), id, "x"), core.AnswerUnknown},
		{"status of another language", 201, receipt("ok"), core.AnswerUnknown},
		{"wrong type", 201, `{"client_order_id":"` + id + `","status":7}`, core.AnswerUnknown},
		{"not an object", 201, `"` + id + `"`, core.AnswerUnknown},
		{"endless", 422, reject + strings.Repeat(" ", wire.MaxBody), core.AnswerUnknown},
	} {
		reply := wire.Reply{Status: c.status, Body: []byte(c.body)}
		meaning := wire.Submitted(core.ClassA.Capability(), id, reply)
		got, err := meaning.Answer, meaning.Err
		if got != c.want {
			t.Errorf("%s: %v (%v), want %v", c.name, got, err, c.want)
		}
		if (err != nil) != (got == core.AnswerUnknown) {
			t.Errorf("%s: %v explained as %v", c.name, got, err)
		}
	}
}

func TestRefusalProvesNothingWithoutThePromise(t *testing.T) {
	promise := core.Capability{IDScope: core.ScopeForever, Lookup: core.LookupExact}
	body := []byte(merit)
	refused := wire.Reply{Status: 422, Body: body}
	if got := wire.Submitted(promise, id, refused).Answer; got != core.AnswerUnknown {
		t.Errorf("refusal: %v", got)
	}
	book := []byte(`{"orders":[{"client_order_id":"` + id + `","status":"rejected"}]}`)
	found := wire.Reply{Status: 200, Body: book}
	if got := wire.LookedUp(promise, id, found).Answer; got != core.AnswerUnknown {
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
		want   core.Answer
	}{
		{"empty book", 200, `{"orders":[]}`, core.AnswerAbsent},
		{"others only", 200, `{"orders":[` + row("x", "filled") + `]}`, core.AnswerAbsent},
		{"found", 200, `{"orders":[` + row("x", "filled") + `,` + row(id, "accepted") + `]}`,
			core.AnswerAccepted},
		{"found twice", 200, `{"orders":[` + row(id, "rejected") + `,` + row(id, "filled") + `,` +
			row(id, "cancelled") + `]}`, core.AnswerFilled},
		{"cut off", 200, `{"orders":[],"truncated":true}`, core.AnswerUnknown},
		{"cut off, but found", 200, `{"orders":[` + row(id, "filled") + `],"truncated":true}`,
			core.AnswerFilled},
		{"no book", 200, `{}`, core.AnswerUnknown},
		{"null book", 200, `{"orders":null}`, core.AnswerUnknown},
		{"not found", 404, `{"orders":[]}`, core.AnswerUnknown},
		{"down", 503, ``, core.AnswerUnknown},
		{"no answer", 0, ``, core.AnswerUnknown},
		{"page", 200, `<html>`, core.AnswerUnknown},
		{"unreadable status", 200, `{"orders":[` + row(id, "?") + `]}`, core.AnswerUnknown},
	} {
		reply := wire.Reply{Status: c.status, Body: []byte(c.body)}
		meaning := wire.LookedUp(core.ClassC.Capability(), id, reply)
		got, err := meaning.Answer, meaning.Err
		if got != c.want {
			t.Errorf("%s: %v (%v), want %v", c.name, got, err, c.want)
		}
	}
	empty := wire.Reply{Status: 200, Body: []byte(`{"orders":[]}`)}
	got := wire.LookedUp(core.ClassD.Capability(), id, empty).Answer
	if got != core.AnswerUnknown {
		t.Errorf("class D: %v", got)
	}
}

// FuzzSubmitted looks for a body that is taken for a refusal without being one.
func FuzzSubmitted(f *testing.F) {
	f.Add(422, merit)
	f.Add(409, strings.ReplaceAll(merit, "risk_limit", dup))
	f.Add(201, `{"client_order_id":"`+id+`","status":"filled"}`)
	f.Fuzz(func(t *testing.T, status int, body string) {
		reply := wire.Reply{Status: status, Body: []byte(body)}
		answer := wire.Submitted(core.ClassA.Capability(), id, reply).Answer
		if answer == core.AnswerAbsent {
			t.Fatal("an answer to a submission never proves absence")
		}
		definitive := answer != core.AnswerUnknown
		if definitive && (status < 200 || status >= 500 || status/100 == 3) {
			t.Fatalf("status %d was taken for %v", status, answer)
		}
		escaped := strings.Contains(body, `\u`)
		if answer == core.AnswerRejected && status >= 400 && !escaped && !strings.Contains(body, id) {
			t.Fatal("a refusal that does not name our order was taken for ours")
		}
	})
}
