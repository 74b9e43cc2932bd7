package intake_test

import (
	"context"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"fencepost/core"
	"fencepost/core/event"
	"fencepost/internal/intake"
	"fencepost/internal/intake/origin"
	"fencepost/internal/intake/signature"
)

// The secrets of a source that signs; one replaces the other.
const (
	oldSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	newSecret = "whsec_b2xkIHNlY3JldHMgYXJlIHJlcGxhY2VkIGJ5IG5ldw=="
)

// now is the time of the tests' clock.
var now = time.Unix(1_764_408_900, 0)

func secret(t testing.TB, text string) signature.Secret {
	t.Helper()
	s, err := signature.ParseSecret(text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// signing returns a door whose source signs with either secret.
func signing(t *testing.T, change func(*intake.Options)) *door {
	t.Helper()
	return openWith(stubNode{}, func(o *intake.Options) {
		o.Now = func() time.Time { return now }
		s := o.Sources["tv"]
		s.Secrets = []signature.Secret{secret(t, oldSecret), secret(t, newSecret)}
		s.SignedWithin, s.Private = 5*time.Minute, []string{token, oldSecret, newSecret}
		o.Sources["tv"] = s
		if change != nil {
			change(o)
		}
	})
}

// signed sends a body that was signed with that secret at that time.
func (d *door) signed(t *testing.T, with, id string, at time.Time, body string) answer {
	t.Helper()
	return d.request(t, body, map[string]string{
		"webhook-id": id, "webhook-timestamp": signature.Timestamp(at),
		"webhook-signature": signature.Sign(secret(t, with), id, at, []byte(body)),
	})
}

// request posts a body with these headers.
func (d *door) request(t *testing.T, body string, headers map[string]string) answer {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), "POST", "/webhook/"+token, strings.NewReader(body))
	for name, value := range headers {
		r.Header.Set(name, value)
	}
	return d.do(t, r)
}

func TestEitherLiveSecretSigns(t *testing.T) {
	d := signing(t, nil)
	d.signed(t, oldSecret, "m-1", now, entry).expect(t, 202, nil)
	other := strings.Replace(entry, "s-1", "s-2", 1)
	d.signed(t, newSecret, "m-2", now.Add(-4*time.Minute), other).expect(t, 202, nil)
}

func TestWebhookThatIsNotSignedRightIsRefusedByTheHeadersName(t *testing.T) {
	d := signing(t, nil)
	good := signature.Sign(secret(t, oldSecret), "m-1", now, []byte(entry))
	at := signature.Timestamp(now)
	for _, c := range []struct{ id, at, signed, field string }{
		{"", at, good, "webhook-id"},
		{"m-1", "", good, "webhook-timestamp"},
		{"m-1", "soon", good, "webhook-timestamp"},
		{"m-1", signature.Timestamp(now.Add(-6 * time.Minute)), good, "webhook-timestamp"},
		{"m-1", signature.Timestamp(now.Add(6 * time.Minute)), good, "webhook-timestamp"},
		{"m-1", at, "", "webhook-signature"},
		{"m-1", at, "v1,AAAA", "webhook-signature"},
		{"m-2", at, good, "webhook-signature"},
		{"m-1", signature.Timestamp(now.Add(time.Second)), good, "webhook-signature"},
	} {
		got := d.request(t, entry, map[string]string{
			"webhook-id": c.id, "webhook-timestamp": c.at, "webhook-signature": c.signed,
		})
		got.expect(t, 401, map[string]any{"field": c.field})
		if got.header.Get("WWW-Authenticate") == "" {
			t.Error("401 without WWW-Authenticate")
		}
	}
	if len(d.inbox.stored) != 0 {
		t.Error("stored")
	}
	// A source that signs nothing is not asked to.
	d.send(t, "/webhook/a-third-live-token", "", entry).expect(t, 202, nil)
}

func TestRepeatedWebhookIsAnsweredWithoutTheLedger(t *testing.T) {
	d := signing(t, nil)
	d.signed(t, oldSecret, "m-1", now, entry).expect(t, 202, map[string]any{"status": "accepted"})
	d.inbox.setAway(true)
	// As it was, and signed once more by its sender.
	for _, at := range []time.Time{now, now.Add(time.Minute)} {
		d.signed(t, newSecret, "m-1", at, entry).expect(t, 200, map[string]any{
			"status": "duplicate", "signal_id": "s-1", "state": "received", "id": 7.0,
		})
	}
	if d.inbox.calls != 1 || d.seen[1].Event != event.SignalDuplicate || d.told != 1 {
		t.Errorf("%d calls, %+v, told %d", d.inbox.calls, d.seen[1], d.told)
	}
	other := strings.Replace(entry, `"lots":2`, `"lots":3`, 1)
	d.signed(t, oldSecret, "m-1", now, other).expect(t, 409, map[string]any{
		"field": "webhook-id", "reason": "conflict",
	})
	if seen := d.seen[3]; seen.Event != event.AlertRaised || seen.Reason != core.Conflict ||
		seen.Signal != 7 {
		t.Errorf("%+v", seen)
	}
}

func TestWebhookWithoutAnAnswerMayBeSentAgain(t *testing.T) {
	d := signing(t, nil)
	d.inbox.setAway(true)
	d.signed(t, oldSecret, "m-1", now, entry).expect(t, 503, nil)
	d.inbox.setAway(false)
	d.signed(t, oldSecret, "m-1", now, entry).expect(t, 202, nil)
	// One that comes while the first is being stored is told to come again.
	other := strings.Replace(entry, "s-1", "s-2", 1)
	d.inbox.entered, d.inbox.hold = make(chan struct{}, 2), make(chan struct{})
	first := make(chan answer)
	go func() { first <- d.signed(t, oldSecret, "m-2", now, other) }()
	<-d.inbox.entered
	d.signed(t, oldSecret, "m-2", now, other).expect(t, 503, map[string]any{"reason": "unavailable"})
	close(d.inbox.hold)
	if got := <-first; got.status != 202 {
		t.Errorf("the first got %d", got.status)
	}
}

func TestSourceIsHeardFromItsAddressesOnly(t *testing.T) {
	list := func(texts ...string) origin.List {
		l, err := origin.ParseList(texts)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	known := 0
	d := openWith(stubNode{}, func(o *intake.Options) {
		s := o.Sources["tv"]
		s.Addresses, o.Trusted = list("52.89.214.238"), list("10.0.0.0/8")
		o.Sources["tv"] = s
		o.Known = func(context.Context) { known++ }
	})
	for _, c := range []struct {
		remote, forwarded string
		status            int
	}{
		{"52.89.214.238:4711", "", 202},
		{"203.0.113.7:4711", "", 403},
		{"203.0.113.7:4711", "52.89.214.238", 403},
		{"10.0.0.1:4711", "52.89.214.238", 200},
		{"10.0.0.1:4711", "52.89.214.238, 203.0.113.7", 403},
		{"10.0.0.1:4711", "52.89.214.238, nobody", 403},
		{"10.0.0.1:4711", "", 403},
	} {
		r := httptest.NewRequestWithContext(t.Context(), "POST", "/webhook/"+token, strings.NewReader(entry))
		r.RemoteAddr = c.remote
		if c.forwarded != "" {
			r.Header.Set("X-Forwarded-For", c.forwarded)
		}
		field := map[string]any{}
		if c.status == 403 {
			field["field"] = "address"
		}
		d.do(t, r).expect(t, c.status, field)
	}
	if known != 2 {
		t.Errorf("%d requests were a source's", known)
	}
	if seen := d.seen[4]; seen.Address != netip.MustParseAddr("203.0.113.7") || seen.Field != "address" {
		t.Errorf("%+v", seen)
	}
}
