package intake_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"fencepost/internal/intake"
	"fencepost/internal/intake/signature"
)

// FuzzHandler: whatever a sender writes is answered, by a document, and never by
// a 5xx: a sender that is repeated to would write it for ever. What is refused
// has a field, and what is told of it is short.
func FuzzHandler(f *testing.F) {
	good := signature.Sign(secret(f, oldSecret), "m-1", now, []byte(entry))
	f.Add("POST", token, "application/json", "m-1", "1764408900", good, "", []byte(entry))
	f.Add("POST", "a-third-live-token", "", "", "", "", "10.0.0.1, x", []byte(entry))
	f.Add("GET", "?", "text/plain", "m 1", "-1", "v1,", "::1", []byte(`{"type":"EXIT"}`))
	f.Fuzz(func(t *testing.T, method, path, kind, id, at, signed, forwarded string, body []byte) {
		d := signing(t, func(o *intake.Options) { o.Now = func() time.Time { return now } })
		target, err := url.Parse("http://x/webhook/" + url.PathEscape(path))
		if err != nil || !plain(method) || method == http.MethodConnect {
			return
		}
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", bytes.NewReader(body))
		r.Method, r.URL = method, target
		for name, value := range map[string]string{
			"Content-Type": kind, "webhook-id": id, "webhook-timestamp": at, "webhook-signature": signed,
			"X-Forwarded-For": forwarded,
		} {
			if value != "" {
				r.Header.Set(name, value)
			}
		}
		w := httptest.NewRecorder()
		d.ServeHTTP(w, r)
		if w.Code >= 300 && w.Code < 400 {
			return // the multiplexer cleans a path
		}
		if w.Code < 200 || w.Code >= 500 || len(d.seen) != 1 || d.seen[0].Status != w.Code {
			t.Fatalf("%d for %s, seen %+v", w.Code, body, d.seen)
		}
		var said map[string]any
		if err := json.Unmarshal(w.Body.Bytes(), &said); err != nil {
			t.Fatalf("%d: %v: %s", w.Code, err, w.Body)
		}
		refused := w.Code >= 400
		if refused != (said["field"] != nil) || refused != (d.seen[0].Problem != "") {
			t.Fatalf("%d: %s", w.Code, w.Body)
		}
		told := d.seen[0].Field + d.seen[0].Problem
		if len(told) > 2000 || strings.ContainsAny(told, "\n\r\x1b") {
			t.Fatalf("told %q", told)
		}
		if len(d.inbox.stored) > 0 && path != "a-third-live-token" && signed != good {
			t.Fatal("stored without a signature")
		}
	})
}

// plain reports whether a text can stand in the first line of a request.
func plain(text string) bool {
	return text != "" && !strings.ContainsFunc(text, func(c rune) bool { return c < 'A' || c > 'Z' })
}
