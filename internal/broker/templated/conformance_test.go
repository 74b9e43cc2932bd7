package templated_test

import (
	"io"
	"net/http"
	"net/url"
	"testing"
	"time"

	"fencepost/core/order"
	"fencepost/internal/broker"
	"fencepost/internal/broker/alpaca/standin"
	"fencepost/internal/broker/brokertest"
	"fencepost/internal/broker/paper"
	"fencepost/internal/broker/templated"
	"fencepost/internal/clock"
)

const id = "AAAABBBBCCCCDDDDEEEE"

var entry = broker.Order{
	ClientOrderID: id, Instrument: "APPLE", Action: "BASE_ENTRY", Position: "Long_1",
	Lots: "3", Price: "190.5",
}

// paperTongue is the protocol of the paper broker as a template.
func paperTongue() templated.Settings {
	return templated.Settings{
		Submit: templated.Submit{
			Path: "/orders",
			Body: `{"client_order_id": {{json .ClientOrderID}}, "instrument": {{json .Instrument}},
				"action": {{json .Action}}, "position": {{json .Position}}, "lots": {{number .Lots}}
				{{if .Price}}, "price": {{number .Price}}{{end}},
				"timestamp": {{.Timestamp}}, "recv_window": {{.RecvWindow}}}`,
			Answer: templated.Reading{
				Codes: []int{201}, Status: "status", OrderID: "order_id", ClientOrderID: "client_order_id",
			},
			Refusal: templated.Reading{
				Codes: []int{400, 409, 422}, Status: "code", ClientOrderID: "client_order_id",
			},
		},
		Lookup: templated.Lookup{
			Path: "/orders?client_order_id={{query .ClientOrderID}}", List: "orders",
			Answer: templated.Reading{
				Codes: []int{200}, Status: "status", OrderID: "order_id", ClientOrderID: "client_order_id",
			},
		},
		Words: templated.Words{
			Accepted: []string{"accepted"}, Filled: []string{"filled"}, Cancelled: []string{"cancelled"},
			Rejected:  []string{"rejected", "risk_limit", "invalid_order"},
			Duplicate: []string{"duplicate_client_order_id"},
		},
	}
}

// alpacaTongue is another broker's.
func alpacaTongue() templated.Settings {
	return templated.Settings{
		Headers: map[string]string{
			"APCA-API-KEY-ID": `{{secret "key"}}`, "APCA-API-SECRET-KEY": `{{secret "word"}}`,
		},
		Submit: templated.Submit{
			Path: "/v2/orders",
			Body: `{"symbol": {{json .Symbol}}, "qty": {{json .Quantity}}, "side": {{json .Side}},
				"type": "market", "time_in_force": "day", "client_order_id": {{json .ClientOrderID}}}`,
			Answer: templated.Reading{
				Codes: []int{200}, Status: "status", OrderID: "id", ClientOrderID: "client_order_id",
			},
			Refusal: templated.Reading{Codes: []int{403, 422}, Status: "code"},
		},
		Lookup: templated.Lookup{
			Path: "/v2/orders:by_client_order_id?client_order_id={{query .ClientOrderID}}",
			Answer: templated.Reading{
				Codes: []int{200}, Status: "status", OrderID: "id", ClientOrderID: "client_order_id",
			},
			Absent: templated.Reading{Codes: []int{404}, Status: "code"},
		},
		Words: templated.Words{
			Accepted: []string{"accepted", "new"}, Filled: []string{"filled"},
			Cancelled: []string{"canceled"},
			Rejected:  []string{"rejected", "40310000", "42210000"}, Absent: []string{"40410000"},
		},
	}
}

func adapter(t *testing.T, config templated.Config) *templated.Adapter {
	t.Helper()
	a, err := templated.New(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Close)
	return a
}

type book struct{ *paper.Server }

func (b book) Count(clientOrderID string) int { return len(b.Book.Find(clientOrderID)) }

func TestPaperTongueKeepsTheContract(t *testing.T) {
	for _, class := range []order.Class{order.ClassA, order.ClassB, order.ClassC, order.ClassD} {
		settings := paperTongue()
		if class == order.ClassD {
			settings.Lookup = templated.Lookup{}
		}
		t.Run(class.String(), func(t *testing.T) {
			brokertest.Run(t, brokertest.Subject{
				New: func(t *testing.T, url string, now clock.Clock) broker.Adapter {
					t.Helper()
					return adapter(t, templated.Config{
						URL: url, Settings: settings, Claim: class.Capability(), Clock: now,
					})
				},
				Desk: func(t *testing.T) brokertest.Desk {
					t.Helper()
					server := paper.NewServer(paper.Config{Class: class, FillAfter: time.Minute})
					t.Cleanup(server.Close)
					return book{server}
				},
				Order:         entry,
				Inexpressible: []broker.Order{{Instrument: "APPLE", Action: "EXIT"}},
			})
		})
	}
}

type account struct{ *standin.Server }

func (a account) Count(clientOrderID string) int {
	n := 0
	for _, o := range a.Orders() {
		if o.ClientOrderID == clientOrderID {
			n++
		}
	}
	return n
}

func TestAnotherBrokersTongueKeepsTheContract(t *testing.T) {
	brokertest.Run(t, brokertest.Subject{
		New: func(t *testing.T, url string, now clock.Clock) broker.Adapter {
			t.Helper()
			return adapter(t, templated.Config{
				URL: url, Settings: alpacaTongue(), Claim: order.ClassA.Capability(), Clock: now,
				Secrets:     map[string]string{"key": "k", "word": "w"},
				Instruments: broker.Instruments{"APPLE": {Symbol: "AAPL", Entry: broker.Buy}},
			})
		},
		Desk: func(*testing.T) brokertest.Desk {
			return account{standin.New(standin.Config{
				KeyID: "k", SecretKey: "w", Symbols: []string{"AAPL"}, BuyingPower: 1000,
			})}
		},
		Order: entry,
		Inexpressible: []broker.Order{
			{Instrument: "GOLD", Action: "EXIT", Lots: "1"},
			{Instrument: "APPLE", Action: "EXIT", Lots: "0.5"},
		},
	})
}

// formDesk is a broker that reads forms, names orders by a tag, wraps its
// answers, and lists the day's book.
type formDesk struct{ orders url.Values }

func (f *formDesk) Count(clientOrderID string) int { return len(f.orders[clientOrderID]) }

func (f *formDesk) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPut {
		if r.ParseForm() != nil || r.PostForm.Get("key") != "k&y" || r.URL.Path != "/api/orders/regular" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		f.orders.Add(r.PostForm.Get("tag"), r.PostForm.Get("sym"))
		_, _ = io.WriteString(w, `{"status":"success","data":{"order":[{"no":17}]}}`)
		return
	}
	text := `{"data":[`
	for tag := range f.orders {
		text += `{"tag":"` + tag + `","state":"COMPLETE","no":17},`
	}
	_, _ = io.WriteString(w, text+`{"tag":"by hand","state":"OPEN","no":1}]}`)
}

func TestFormAndDayBookAreSpoken(t *testing.T) {
	desk := &formDesk{orders: url.Values{}}
	server := serve(t, desk)
	a := adapter(t, templated.Config{
		URL: server + "/api", Claim: order.ClassC.Capability(), Clock: clock.System{},
		Secrets: map[string]string{"key": "k&y"},
		Settings: templated.Settings{
			Submit: templated.Submit{
				Method: "PUT", Path: "/orders/regular", Encoding: "form",
				Body:   `tag={{query .ClientOrderID}}&sym={{query .Instrument}}&key={{secret "key" | query}}`,
				Answer: templated.Reading{Codes: []int{200}, Status: "status", OrderID: "data.order.0.no"},
			},
			Lookup: templated.Lookup{
				Path: "/orders", List: "data",
				Answer: templated.Reading{
					Codes: []int{200}, Status: "state", OrderID: "no", ClientOrderID: "tag",
				},
			},
			Words: templated.Words{Accepted: []string{"success", "OPEN"}, Filled: []string{"COMPLETE"}},
		},
	})
	o := entry
	o.Instrument = `A&B="C`
	if got := a.Submit(t.Context(), o, forever); got.Answer != order.Accepted || got.OrderID != "17" {
		t.Errorf("submit: %+v", got)
	}
	if got := desk.orders.Get(id); got != o.Instrument {
		t.Errorf("instrument arrived as %q", got)
	}
	if got := a.Lookup(t.Context(), id); got.Answer != order.Filled || got.OrderID != "17" {
		t.Errorf("look-up: %+v", got)
	}
	if got := a.Lookup(t.Context(), "OTHER"); got.Answer != order.Absent {
		t.Errorf("look-up of another: %+v", got)
	}
	if got := a.Promise(); got.Class() != order.ClassC || got.Lookup != order.LookupDayBook {
		t.Errorf("%+v", got)
	}
}

func TestRefusalThatIsNotDefinitiveIsUnknown(t *testing.T) {
	const body = `"client_order_id":"` + id + `","order_id":"7"`
	url := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			_, _ = io.WriteString(w, `{"orders":[{"status":"rejected",`+body+`}]}`)
			return
		}
		w.WriteHeader(http.StatusUnprocessableEntity)
		_, _ = io.WriteString(w, `{"code":"risk_limit",`+body+`}`)
	}))
	for _, want := range []order.Answer{order.Rejected, order.Unknown} {
		claim := order.ClassA.Capability()
		claim.DefinitiveReject = want == order.Rejected
		a := adapter(t, templated.Config{
			URL: url, Settings: paperTongue(), Claim: claim, Clock: clock.System{},
		})
		for name, got := range map[string]broker.Result{
			"submit": a.Submit(t.Context(), entry, forever), "look-up": a.Lookup(t.Context(), id),
		} {
			if got.Answer != want || (got.Err != nil) != (want == order.Unknown) {
				t.Errorf("%s, definitive %v: %+v", name, claim.DefinitiveReject, got)
			}
		}
	}
}
