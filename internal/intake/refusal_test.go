package intake_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"fencepost/core"
	"fencepost/core/event"
	"fencepost/core/inbox"
	"fencepost/internal/intake"
	"fencepost/internal/intake/payload"
	"fencepost/internal/pgledger"
)

func TestEveryRefusalIsAProblemThatNamesItsField(t *testing.T) {
	for _, c := range []struct {
		method, path, header, value, body string
		status                            int
		field                             string
		closes                            bool
	}{
		{"GET", "/webhook/" + token, "", "", "", 405, "method", true},
		{"PUT", "/webhook/" + token, "", "", entry, 405, "method", true},
		{"POST", "/", "", "", entry, 404, "path", true},
		{"POST", "/webhook", "", "", entry, 404, "path", true},
		{"POST", "/webhook/" + token + "/more", "", "", entry, 404, "path", true},
		{"POST", "/webhook/" + token + "x", "", "", entry, 404, "token", true},
		{"POST", "/webhook/" + token, "Content-Encoding", "gzip", entry, 415, "Content-Encoding", false},
		{"POST", "/webhook/" + token, "Content-Type", "text/html", entry, 415, "Content-Type", false},
		{"POST", "/webhook/" + token, "Content-Type", ";;", entry, 415, "Content-Type", false},
		{"POST", "/webhook/" + token, "Content-Type", "text/plain;charset=x", "", 415, "Content-Type", false},
		{"POST", "/webhook/" + token, "", "", strings.Repeat(" ", 64<<10+1), 413, "body", false},
		{"POST", "/webhook/" + token, "", "", "", 400, "body", false},
		{"POST", "/webhook/" + token, "", "", `{"type":"BUY"}`, 400, "type", false},
		{"POST", "/webhook/" + token, "", "", strings.Replace(entry, `2}`, `"2"}`, 1), 400, "lots", false},
	} {
		d := open(stubNode{})
		r := httptest.NewRequestWithContext(t.Context(), c.method, c.path, strings.NewReader(c.body))
		if c.header != "" {
			r.Header.Set(c.header, c.value)
		}
		got := d.do(t, r)
		got.expect(t, c.status, map[string]any{
			"status": float64(c.status), "field": c.field, "title": http.StatusText(c.status),
		})
		if got.header.Get("Content-Type") != "application/problem+json" || got.body["detail"] == "" {
			t.Errorf("%s %s: %v, %v", c.method, c.path, got.header, got.body)
		}
		if (got.header.Get("Connection") == "close") != c.closes {
			t.Errorf("%s %s: connection %q", c.method, c.path, got.header.Get("Connection"))
		}
		if len(d.seen) != 1 || d.seen[0].Field != c.field || d.seen[0].Problem == "" ||
			d.seen[0].Status != c.status || len(d.inbox.stored) != 0 {
			t.Errorf("%s %s was seen as %+v", c.method, c.path, d.seen)
		}
	}
}

// unread is a body that a stranger sends and nobody should read.
type unread struct{ t *testing.T }

func (u unread) Read([]byte) (int, error) {
	u.t.Error("the body was read")
	return 0, http.ErrBodyReadAfterClose
}

func TestStrangersBodyIsNotRead(t *testing.T) {
	known := false
	d := openWith(stubNode{}, func(o *intake.Options) { o.Known = func(context.Context) { known = true } })
	r := httptest.NewRequestWithContext(t.Context(), "POST", "/webhook/not-a-token-of-anybody", unread{t})
	d.do(t, r).expect(t, 404, nil)
	signed := signing(t, nil)
	r = httptest.NewRequestWithContext(t.Context(), "POST", "/webhook/"+token, unread{t})
	signed.do(t, r).expect(t, 401, nil)
	if known {
		t.Error("a stranger passes for known")
	}
}

func TestOddSignalIsToldAsTheLedgerTookIt(t *testing.T) {
	for _, c := range []struct {
		begins pgledger.Admitted
		status int
		fields map[string]any
		told   int
	}{
		{
			pgledger.Admitted{Signal: 8, State: core.Held, Doubt: inbox.Ahead},
			202,
			map[string]any{"status": "accepted", "state": "held", "reason": "ahead"},
			0,
		},
		{
			pgledger.Admitted{Signal: 8, State: core.Held, Doubt: inbox.Similar, SimilarTo: 7},
			202,
			map[string]any{"status": "accepted", "state": "held", "reason": "similar"},
			0,
		},
		{
			pgledger.Admitted{Signal: 8, State: core.Rejected, Doubt: inbox.Similar, SimilarTo: 7},
			200,
			map[string]any{"status": "rejected", "state": "rejected", "reason": "similar"},
			0,
		},
	} {
		d := open(stubNode{})
		d.inbox.begins = c.begins
		d.inbox.begins.Admission = inbox.Fresh
		d.post(t, entry).expect(t, c.status, c.fields)
		seen := d.seen[0]
		if d.told != c.told || seen.Event != event.SignalReceived || seen.Doubt != c.begins.Doubt ||
			seen.SimilarTo != c.begins.SimilarTo || seen.State != c.begins.State {
			t.Errorf("told %d, seen %+v", d.told, seen)
		}
	}
}

func TestOfferIsScreenedAndMappedAsItsSourceSays(t *testing.T) {
	india, err := time.LoadLocation("Asia/Kolkata")
	if err != nil {
		t.Fatal(err)
	}
	screen := pgledger.Screen{Similar: time.Minute, RefuseSimilar: true, Tolerance: 5 * time.Minute}
	d := openWith(stubNode{}, func(o *intake.Options) {
		s := o.Sources["tv"]
		s.Zone, s.Screen = india, screen
		s.Mapping = &payload.Mapping{
			Type: payload.Field{
				From: "order.action", Values: map[string]string{"buy": payload.BaseEntry},
			},
			Position: payload.Field{Constant: "Long_1"},
		}
		o.Sources["tv"] = s
	})
	d.post(t, `{"order":{"action":"buy"},"instrument":"X","timestamp":"2025-11-29T09:15:00",`+
		`"signal_id":"s-1"}`).
		expect(t, 202, nil)
	got := d.inbox.stored["s-1"]
	screen.SentAt = time.Date(2025, 11, 29, 9, 15, 0, 0, india)
	if got == nil || got.Type != "BASE_ENTRY" || got.Position != "Long_1" || got.Screen != screen ||
		got.Timestamp != "2025-11-29T09:15:00" {
		t.Errorf("%+v", got)
	}
	d.post(t, `{"order":{"action":"hold"},"instrument":"X","timestamp":"t"}`).
		expect(t, 400, map[string]any{"field": "type"})
	// A timestamp that is no instant is compared with no clock.
	d.post(t, `{"order":{"action":"buy"},"instrument":"X","timestamp":"t","signal_id":"s-2"}`).
		expect(t, 202, nil)
	if got := d.inbox.stored["s-2"]; !got.Screen.SentAt.IsZero() {
		t.Errorf("sent at %v", got.Screen.SentAt)
	}
}

// A sender may write its token anywhere; it is neither stored nor told.
func TestSecretInABodyIsRefusedAndNotTold(t *testing.T) {
	d := openWith(stubNode{}, func(o *intake.Options) {
		s := o.Sources["tv"]
		s.Private = []string{token, oldSecret}
		o.Sources["tv"] = s
	})
	escaped := `\u0061` + token[1:]
	for _, body := range []string{
		strings.Replace(entry, "s-1", token, 1),
		strings.Replace(entry, "s-1", "a "+escaped, 1),
		strings.Replace(entry, `"lots"`, `"note":{"mine":["`+oldSecret+`"]},"lots"`, 1),
		strings.Replace(entry, `"lots"`, `"`+escaped+`":1,"lots"`, 1),
		`{"` + token + `":`,
		`{"` + escaped + `":1,"` + escaped + `":2}`,
		`{"` + escaped + `": nothing}`,
	} {
		got := d.post(t, body)
		got.expect(t, 400, nil)
		seen := d.seen[len(d.seen)-1]
		if told := seen.Key + seen.Type + seen.Field + seen.Problem; strings.Contains(told, token) ||
			strings.Contains(told, oldSecret) || seen.Field == "" || seen.Err != nil {
			t.Errorf("%s is told as %+v", body, seen)
		}
	}
	if len(d.inbox.stored) != 0 {
		t.Errorf("stored %v", d.inbox.stored)
	}
}

// What is told of a request is one short line, whatever the sender wrote.
func TestWhatIsToldIsShortAndPlain(t *testing.T) {
	d := open(stubNode{})
	long := strings.Repeat("x", 10_000)
	for _, body := range []string{
		`{"` + long + `":1,"` + long + `":2}`,
		`{"a\nlevel=CRITICAL\u001b[2J\u2028":1,"a\nlevel=CRITICAL\u001b[2J\u2028":2}`,
		`{"type":"` + long + `"}`,
		"{\"type\":\"\x00\"}",
	} {
		d.post(t, body).expect(t, 400, nil)
		seen := d.seen[len(d.seen)-1]
		told := seen.Field + seen.Problem
		if len(told) > 600 || strings.ContainsAny(told, "\n\r\x1b\x00\u2028") {
			t.Errorf("told %q", told)
		}
	}
}
