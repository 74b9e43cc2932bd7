package templated

import (
	"testing"

	"fencepost/core/order"
	"fencepost/internal/broker/wire"
	"fencepost/internal/clock"
)

const ours = "AAAABBBBCCCCDDDDEEEE"

// desk speaks a language in which an order's state stands in data.order, and a
// refusal's in error.code.
func desk(t testing.TB, list string, changes ...func(*Config)) *Adapter {
	t.Helper()
	receipt := Reading{
		Codes: []int{200, 201}, Status: "data.state", OrderID: "data.no", ClientOrderID: "data.tag",
	}
	asked := receipt
	if list != "" {
		asked = Reading{Codes: []int{200}, Status: "state", OrderID: "no", ClientOrderID: "tag"}
	}
	config := Config{
		URL: "http://127.0.0.1:1", Clock: clock.System{}, Claim: order.ClassA.Capability(),
		Settings: Settings{
			Submit: Submit{
				Path: "/o", Body: `{"tag": {{json .ClientOrderID}}}`, Answer: receipt,
				Refusal: Reading{Codes: []int{400, 409}, Status: "error.code", ClientOrderID: "error.tag"},
			},
			Lookup: Lookup{
				Path: "/o?tag={{query .ClientOrderID}}", List: list, Answer: asked,
				Absent: Reading{Codes: []int{404}, Status: "error.code"},
			},
			Words: Words{
				Accepted: []string{"OPEN", "true"}, Filled: []string{"DONE"}, Rejected: []string{"NO", "17"},
				Cancelled: []string{"GONE"}, Duplicate: []string{"TWICE"}, Absent: []string{"NONE"},
			},
		},
	}
	for _, change := range changes {
		change(&config)
	}
	a, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	return a
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

// data is an order's document, refused the body of a refusal.
func data(state string) string {
	return `{"data":{"state":` + state + `,"no":7,"tag":"` + ours + `"}}`
}

func refused(code, tag string) string {
	return `{"error":{"code":` + code + `,"tag":"` + tag + `"}}`
}

func TestAnswerToAnOrderIsTakenAtItsWord(t *testing.T) {
	judge(t, desk(t, "").submitted, []reply{
		{"taken", 201, data(`"OPEN"`), order.Accepted},
		{"a word that is none in JSON", 200, data(`true`), order.Accepted},
		{"executed", 200, data(`"DONE"`), order.Filled},
		{"cancelled", 200, data(`"GONE"`), order.Cancelled},
		{"refused after it was taken", 200, data(`"NO"`), order.Rejected},
		{"refused", 400, refused(`"NO"`, ours), order.Rejected},
		{"refused by number", 409, refused(`17`, ours), order.Rejected},

		{"refused, and no such order", 400, refused(`"NONE"`, ours), order.Unknown},
		{"refused as a duplicate", 409, refused(`"TWICE"`, ours), order.Unknown},
		{"refused with an order's word", 400, refused(`"OPEN"`, ours), order.Unknown},
		{"refusal of another", 400, refused(`"NO"`, "other"), order.Unknown},
		{"refusal of nothing", 400, `{"error":{"code":"NO"}}`, order.Unknown},
		{"refusal under 422", 422, refused(`"NO"`, ours), order.Unknown},
		{"refusal under 500", 500, refused(`"NO"`, ours), order.Unknown},
		{"refusal under 200", 200, refused(`"NO"`, ours), order.Unknown},
		{"order under 400", 400, data(`"OPEN"`), order.Unknown},
		{"order under 503", 503, data(`"OPEN"`), order.Unknown},
		{"word in no list", 200, data(`"open"`), order.Unknown},
		{"no word", 200, data(`null`), order.Unknown},
		{"word that is a list", 200, data(`["OPEN"]`), order.Unknown},
		{"absent", 200, data(`"NONE"`), order.Unknown},
		{"another order", 200, `{"data":{"state":"OPEN","no":7,"tag":"x"}}`, order.Unknown},
		{"no id of the broker's", 200, `{"data":{"state":"OPEN","tag":"` + ours + `"}}`, order.Unknown},
		{"two documents", 200, data(`"OPEN"`) + data(`"OPEN"`), order.Unknown},
	})
}

func TestAnswerToAQuestionIsTakenAtItsWord(t *testing.T) {
	judge(t, desk(t, "").lookedUp, []reply{
		{"found", 200, data(`"DONE"`), order.Filled},
		{"refused since", 200, data(`"NO"`), order.Rejected},
		{"absent", 404, refused(`"NONE"`, ""), order.Absent},
		{"absent in a page", 404, `not found`, order.Unknown},
		{"no such route", 404, `{"error":{"code":"ROUTE"}}`, order.Unknown},
		{"order under 404", 404, refused(`"OPEN"`, ours), order.Unknown},
		{"another order", 200, `{"data":{"state":"DONE","no":7,"tag":"x"}}`, order.Unknown},
		{"down", 503, data(`"DONE"`), order.Unknown},
	})
}

func TestListIsSearchedForTheOneOrder(t *testing.T) {
	row := func(state, tag string) string { return `{"state":"` + state + `","no":"7","tag":"` + tag + `"}` }
	list := func(rows string) string { return `{"data":{"orders":[` + rows + `]}}` }
	judge(t, desk(t, "data.orders").lookedUp, []reply{
		{"found", 200, list(row("OPEN", "x") + "," + row("DONE", ours)), order.Filled},
		{"found twice", 200, list(row("GONE", ours) + "," + row("DONE", ours)), order.Filled},
		{"found twice, once unclear", 200, list(row("DONE", ours) + "," + row("?", ours)), order.Unknown},
		{"found among others", 200, list(row("DONE", ours) + "," + row("?", "x")), order.Filled},
		{"found, and one without an id", 200, list(row("DONE", ours) + `,{"state":"OPEN"}`), order.Filled},
		{"others only", 200, list(row("DONE", "x")), order.Unknown},
		{"empty", 200, list(""), order.Absent},
		{"no list", 200, `{"data":{}}`, order.Unknown},
		{"list is null", 200, `{"data":{"orders":null}}`, order.Unknown},
		{"list of nothing", 200, list(`null`), order.Unknown},
		{"others that are unclear", 200, list(row("?", "x")), order.Unknown},
		{"one without an id", 200, list(`{"state":"DONE","no":"7"}`), order.Unknown},
		{"absent by code", 404, refused(`"NONE"`, ""), order.Absent},
	})
	whole := desk(t, "")
	whole.config.Settings.Lookup.List = "."
	judge(t, whole.lookedUp, []reply{{"the document is the list", 200, `[]`, order.Absent}})
	dayBook := desk(t, "data.orders", func(c *Config) { c.Settings.Lookup.Path = "/today" })
	judge(t, dayBook.lookedUp, []reply{
		{"others only", 200, list(row("DONE", "x")), order.Absent},
		{"others that are unclear", 200, list(row("?", "x")), order.Absent},
		{"found", 200, list(row("OPEN", "x") + "," + row("DONE", ours)), order.Filled},
		{"one without an id", 200, list(row("DONE", "x") + `,{"state":"DONE","no":"7"}`), order.Unknown},
		{"one with an empty id", 200, list(row("DONE", "")), order.Unknown},
		{"one with a list as its id", 200, list(`{"state":"DONE","no":"7","tag":["x"]}`), order.Unknown},
	})
}

// A word for absence is no more than any other if the answer names another order.
func TestAbsenceOfAnotherOrderIsNoneOfOurs(t *testing.T) {
	named := desk(t, "", func(c *Config) { c.Settings.Lookup.Absent.ClientOrderID = "error.tag" })
	judge(t, named.lookedUp, []reply{
		{"absent", 404, refused(`"NONE"`, ours), order.Absent},
		{"another is absent", 404, refused(`"NONE"`, "other"), order.Unknown},
		{"nobody is absent", 404, `{"error":{"code":"NONE"}}`, order.Unknown},
		{"absent under 200", 200, data(`"NONE"`), order.Absent},
		{"another is absent under 200", 200, `{"data":{"state":"NONE","tag":"x"}}`, order.Unknown},
	})
}

// FuzzSubmitted looks for an answer that is taken for more than it says.
func FuzzSubmitted(f *testing.F) {
	a := desk(f, "")
	f.Add(200, data(`"OPEN"`))
	f.Add(400, refused(`"NO"`, ours))
	f.Add(409, refused(`"TWICE"`, ours))
	f.Fuzz(func(t *testing.T, status int, body string) {
		got := a.submitted(ours, wire.Reply{Status: status, Body: []byte(body)})
		switch {
		case got.Answer == order.Absent:
			t.Fatal("an answer to a submission never proves absence")
		case got.Answer == order.Unknown && got.Err == nil:
			t.Fatal("unknown without a reason")
		case got.Answer != order.Unknown && status != 200 && status != 201 && status != 400 && status != 409:
			t.Fatalf("status %d was taken for %v", status, got.Answer)
		case status >= 400 && got.Answer != order.Unknown && got.Answer != order.Rejected:
			t.Fatalf("status %d was taken for %v", status, got.Answer)
		}
	})
}
