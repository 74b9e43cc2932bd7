package httpapi_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"fencepost/core"
	"fencepost/internal/clock"
	"fencepost/internal/httpapi"
	"fencepost/internal/seam"
)

// resigning counts the commands that were carried out.
type resigning struct {
	*stubService

	resigned int
}

// Resign counts.
func (r *resigning) Resign(context.Context) error { r.resigned++; return nil }

// FuzzAdmin: whatever an operator, or somebody who is none, asks of the admin
// listener is answered in its form; nothing is carried out without the token, and no
// question makes the service fail.
func FuzzAdmin(f *testing.F) {
	for _, c := range [][4]string{
		{"GET", "/v1/instances?stale=30s", "", ""},
		{"GET", "/v1/leadership-history?limit=1001", "", ""},
		{"POST", "/v1/leader/step-down", "Bearer " + token, ""},
		{"POST", "/v1/leader/step-down", "bearer x", ""},
		{"POST", "/v1/authority/accept", "Bearer " + token, `{"by":"a","reason":"b","epoch":3}`},
		{"POST", "/v1/authority/accept", "Bearer " + token, `{"epoch":-1}`},
		{"POST", "/test/hold", "Bearer " + token, `{"point":"before:permit","count":1,"for":"1s"}`},
		{"DELETE", "/test/hold?point=x", "Bearer " + token, ""},
		{"POST", "/test/clock", "Bearer " + token, `{"jump":"1h"}`},
		{"POST", "/test/clock", "Bearer " + token + " ", `{"drift_ppm":9223372036854775807}`},
		{"HEAD", "/readyz", "", ""},
		{"GET", "/../v1/status", "", ""},
		{"PUT", "/metrics", "", "x"},
		{"GET", "/v1/instances?stale=%zz&stale=1s", "", ""},
	} {
		f.Add(c[0], c[1], c[2], []byte(c[3]))
	}
	f.Fuzz(func(t *testing.T, method, target, authorization string, body []byte) {
		where, err := url.ParseRequestURI(target)
		if err != nil || method == http.MethodConnect {
			return // net/http answers it
		}
		s := &resigning{stubService: &stubService{status: httpapi.Status{Ready: true, IsLeader: true}}}
		switches, shifted := seam.New(), clock.NewShifted(clock.System{})
		h := httpapi.Admin(s, httpapi.AdminOptions{
			Token: token, Seams: switches, Clock: shifted, Metrics: http.NotFoundHandler(),
		})
		before := shifted.Now()
		r := &http.Request{
			Method: method, URL: where, RequestURI: target, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
			Header: http.Header{"Authorization": {authorization}}, Host: "h",
			Body: http.NoBody, ContentLength: int64(len(body)),
		}
		r = r.WithContext(t.Context())
		r.Body = httptest.NewRequest(http.MethodPost, "/", strings.NewReader(string(body))).Body
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code >= 500 {
			t.Errorf("%s %s is answered by %d %s", method, target, w.Code, w.Body)
		}
		if strings.HasSuffix(w.Header().Get("Content-Type"), "json") && !json.Valid(w.Body.Bytes()) {
			t.Errorf("%s %s: no JSON: %s", method, target, w.Body)
		}
		if authorization == "Bearer "+token {
			return
		}
		moved := shifted.Now().Wall - before.Wall
		held := len(switches.Passages()) > 0
		if s.resigned > 0 || !reflect.DeepEqual(s.accepted,
			httpapi.Acceptance{}) || held || moved > core.Time(60e9) {
			t.Errorf("%s %s was carried out without the token: %d", method, target, w.Code)
		}
	})
}
