package templated_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"fencepost/core"
	"fencepost/core/order"
	"fencepost/internal/broker"
	"fencepost/internal/broker/templated"
	"fencepost/internal/clock"
)

const forever = core.Never

func serve(t *testing.T, handler http.Handler) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}

// config is one that works.
func config(class order.Class) templated.Config {
	return templated.Config{
		URL: "http://127.0.0.1:1", Settings: paperTongue(), Claim: class.Capability(), Clock: clock.System{},
		Secrets: map[string]string{"key": "hunter2"},
	}
}

func TestSettingThatCannotWorkIsRefusedByName(t *testing.T) {
	type c = templated.Config
	for says, spoil := range map[string]func(*c){
		"submit.path: not set": func(c *c) { c.Settings.Submit.Path = "" },
		"submit.path: must begin with a slash": func(c *c) {
			c.Settings.Submit.Path = "@evil.example/orders"
		},
		`submit.method "GET"`:   func(c *c) { c.Settings.Submit.Method = "GET" },
		`submit.encoding "xml"`: func(c *c) { c.Settings.Submit.Encoding = "xml" },
		"submit.body: template": func(c *c) { c.Settings.Submit.Body = "{{" },
		"submit.body: is not one JSON document": func(c *c) {
			c.Settings.Submit.Body = `{"id": {{.ClientOrderID}}}`
		},
		"can't evaluate field Qty": func(c *c) {
			c.Settings.Submit.Body = `{"id": {{json .Qty}}}`
		},
		"submit.body: broker.instruments is empty": func(c *c) {
			c.Settings.Submit.Body = `{"id": {{json .Symbol}}}`
		},
		`submit.body: broker.secret_files has no "k2"`: func(c *c) {
			c.Settings.Submit.Body = `{"id": {{secret "k2" | json}}}`
		},
		`function "secret" not defined`: func(c *c) { c.Settings.Submit.Path = `/o?key={{secret "key"}}` },
		"submit.body: is not one JSON document; a field stands there as it came": func(c *c) {
			c.Settings.Submit.Body = `{"id": "{{.Instrument}}"}`
		},
		"submit.path: must begin with a slash and lead to the broker; a field": func(c *c) {
			c.Settings.Submit.Path = "/orders?position={{.Position}}"
		},
		"headers.X-Desk: has a character": func(c *c) {
			c.Settings.Headers = map[string]string{"X-Desk": "{{.Position}}"}
		},
		"headers.X-Api-Key: has the value itself": func(c *c) {
			c.Settings.Headers = map[string]string{"X-Api-Key": "hunter2"}
		},
		"submit.answer.codes: 500 cannot": func(c *c) {
			c.Settings.Submit.Answer.Codes = []int{200, 500}
		},
		"submit.answer.codes: not set":       func(c *c) { c.Settings.Submit.Answer.Codes = nil },
		"submit.answer.status: not set":      func(c *c) { c.Settings.Submit.Answer.Status = "" },
		"submit.answer.order_id: not set":    func(c *c) { c.Settings.Submit.Answer.OrderID = "" },
		"submit.refusal.codes: 429 cannot":   func(c *c) { c.Settings.Submit.Refusal.Codes = []int{429} },
		"submit.refusal.codes: 200 cannot":   func(c *c) { c.Settings.Submit.Refusal.Codes = []int{200} },
		"lookup.path: not set":               func(c *c) { c.Settings.Lookup.Path = "" },
		"lookup.answer.client_order_id: not": func(c *c) { c.Settings.Lookup.Answer.ClientOrderID = "" },
		"lookup.path: has no client order id": func(c *c) {
			c.Settings.Lookup.Path, c.Settings.Lookup.List = "/o", ""
		},
		"words: none says": func(c *c) { c.Settings.Words = templated.Words{} },
		`words.rejected: "filled" is empty, or`: func(c *c) {
			c.Settings.Words.Rejected = []string{"filled"}
		},
		"late arrival bound 1ns": func(c *c) { c.Claim.LateArrivalBound = 1 },
		"broker url":             func(c *c) { c.URL = "x" },
		"broker.url: must be https, for secrets go there": func(c *c) { c.URL = "http://desk.example" },
		"broker.instruments.X.symbol": func(c *c) {
			c.Instruments = broker.Instruments{"X": {}}
		},
	} {
		config := config(order.ClassB)
		spoil(&config)
		_, err := templated.New(config)
		if err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%v\nwant %q", err, says)
		}
	}
	if _, err := templated.New(config(order.ClassB)); err != nil {
		t.Error(err)
	}
}

func TestSecretsTravelEncryptedOrNotAtAll(t *testing.T) {
	for _, url := range []string{
		"https://desk.example", "http://localhost:1", "http://[::1]:1", "http://127.8.0.1",
	} {
		config := config(order.ClassC)
		config.URL = url
		if _, err := templated.New(config); err != nil {
			t.Errorf("%s: %v", url, err)
		}
	}
	open := config(order.ClassC)
	open.URL, open.Secrets = "http://desk.example", nil
	if _, err := templated.New(open); err != nil {
		t.Errorf("nothing to keep secret: %v", err)
	}
}

func TestHeaderThatIsNotTheOperatorsIsRefused(t *testing.T) {
	for _, name := range []string{"Host", "content-length", "Content-Type", "Expect", "X Y", "X\r\n", ""} {
		config := config(order.ClassD)
		config.Settings.Headers = map[string]string{name: "x"}
		if _, err := templated.New(config); err == nil || !strings.Contains(err.Error(), "headers: ") {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// A field that leaves its place by one way alone is found too.
func TestFieldThatCouldAddOthersIsRefused(t *testing.T) {
	for _, c := range []struct{ encoding, path, body string }{
		{"", "/o", `{"a": "{{.Position}}"}`},
		{"", "/o", `{"a": {{printf "%q" .Position}}, "b": "{{.Instrument}}"}`},
		{"form", "/o", `id={{.ClientOrderID}}&a={{.Position}}`},
		{"form", "/o", `id={{.ClientOrderID}}&a={{.Instrument}}`},
		{"", "/o?a={{.Position}}", `{}`},
		{"", "/o/{{.Instrument}}", `{}`},
		{"", "/o", `{"a": {{if .Price}}{{json .Position}}{{else}}"{{.Position}}"{{end}}}`},
		{"", "/o", `{"a": {{if .Lots}}1{{else}}"{{.Position}}"{{end}}}`},
		{"", "/o", `{"a": {{if .Stop}}1{{else}}{{if eq .Action "PYRAMID"}}"{{.Instrument}}"{{end}}{{end}}}`},
	} {
		config := config(order.ClassD)
		s := &config.Settings
		s.Submit.Encoding, s.Submit.Path, s.Submit.Body = c.encoding, c.path, c.body
		if _, err := templated.New(config); err == nil || !strings.Contains(err.Error(), "submit.") {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

func TestPromiseIsWhatTheTemplatesCarry(t *testing.T) {
	type s = templated.Settings
	for name, c := range map[string]struct {
		claim order.Class
		spoil func(*s)
		want  order.Class
	}{
		"all of A":            {order.ClassA, func(*s) {}, order.ClassA},
		"all of B":            {order.ClassB, func(*s) {}, order.ClassB},
		"A without a look-up": {order.ClassA, func(s *s) { s.Lookup = templated.Lookup{} }, order.ClassD},
		"A without an id": {order.ClassA, func(s *s) {
			s.Submit.Body = `{"i": {{json .Instrument}}}`
		}, order.ClassD},
		"A with the day's book": {order.ClassA, func(s *s) { s.Lookup.Path = "/orders" }, order.ClassC},
		"B without an instant": {order.ClassB, func(s *s) {
			s.Submit.Body = `{"i": {{json .ClientOrderID}}}`
		}, order.ClassC},
		"A with an id in priced orders only": {order.ClassA, func(s *s) {
			s.Submit.Body = `{"i": {{if .Price}}{{json .ClientOrderID}}{{else}}0{{end}}}`
		}, order.ClassD},
		"A with an id in unstopped orders only": {order.ClassA, func(s *s) {
			s.Submit.Body = `{"i": {{if .Stop}}0{{else}}{{json .ClientOrderID}}{{end}}}`
		}, order.ClassD},
		"A with an id in exits only": {order.ClassA, func(s *s) {
			s.Submit.Body = `{"i": {{if eq .Action "EXIT"}}{{json .ClientOrderID}}{{else}}0{{end}}}`
		}, order.ClassD},
		"A where only orders with lots can be written": {order.ClassA, func(s *s) {
			s.Submit.Body = `{"n": {{number .Lots}}{{if .Lots}}, "i": {{json .ClientOrderID}}{{end}}}`
		}, order.ClassA},
		"B with an instant in entries only": {order.ClassB, func(s *s) {
			s.Submit.Body = `{"i": {{json .ClientOrderID}}, "w": {{.RecvWindow}}
				{{if ne .Action "EXIT"}}, "t": {{.Timestamp}}{{end}}}`
		}, order.ClassC},
		"B with an instant in priced orders only": {order.ClassB, func(s *s) {
			s.Submit.Body = `{"i": {{json .ClientOrderID}}, "w": {{.RecvWindow}}
				{{if .Price}}, "t": {{.Timestamp}}{{end}}}`
		}, order.ClassC},
		"B with the day's book": {order.ClassB, func(s *s) { s.Lookup.Path = "/orders" }, order.ClassC},
	} {
		config := config(c.claim)
		c.spoil(&config.Settings)
		a := adapter(t, config)
		promise := a.Promise()
		if promise.Class() != c.want {
			t.Errorf("%s: promises class %v, want %v", name, promise.Class(), c.want)
		}
		if err := promise.Check(c.claim.Capability()); (err == nil) != (c.claim == c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestPromiseHoldsForBothSides(t *testing.T) {
	for side, want := range map[string]order.Class{
		"buy": order.ClassD, "sell": order.ClassD, "either": order.ClassA,
	} {
		config := config(order.ClassA)
		config.Instruments = broker.Instruments{"X": {Symbol: "Y", Entry: broker.Sell}}
		config.Settings.Submit.Body = `{"i":
			{{if eq .Side "` + side + `"}}0{{else}}{{json .ClientOrderID}}{{end}}}`
		promise := adapter(t, config).Promise()
		if promise.Class() != want {
			t.Errorf("without an id if the side is %s: class %v, want %v", side, promise.Class(), want)
		}
	}
}

// Who does not tell the broker when to stop accepting an order leaves to it by how
// much it lets a clock run ahead: the bound that was claimed is then too short.
func TestBoundWithoutItsWindowIsTooShort(t *testing.T) {
	for body, want := range map[string]bool{
		`{"i": {{json .ClientOrderID}}, "t": {{.Timestamp}}, "w": {{.RecvWindow}}}`: true,
		`{"i": {{json .ClientOrderID}}, "t": {{.Timestamp}}}`:                       false,
		`{"i": {{json .ClientOrderID}}, "t": {{.Timestamp}}
			{{if .Price}}, "w": {{.RecvWindow}}{{end}}}`: false,
	} {
		config := config(order.ClassB)
		config.Settings.Submit.Body = body
		promise, asked := adapter(t, config).Promise(), config.Claim
		if err := promise.Check(asked); (err == nil) != want {
			t.Errorf("%s: %v", body, err)
		}
		asked.LateArrivalBound += broker.ClockTolerance
		if err := promise.Check(asked); err != nil {
			t.Errorf("%s: a bound with the tolerance in it: %v", body, err)
		}
	}
}
