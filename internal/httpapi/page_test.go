package httpapi_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"fencepost/core"
	"fencepost/internal/httpapi"
)

// fromBrowser is a command as a browser sends it for a page of that origin.
func fromBrowser(t *testing.T, h http.Handler, site, origin, body string) (int, string) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), "POST", "http://127.0.0.1:8081/v1/control/resume",
		strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+token)
	if site != "" {
		r.Header.Set("Sec-Fetch-Site", site)
	}
	if origin != "" {
		r.Header.Set("Origin", origin)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

func TestACommandForAnotherSiteIsRefusedEvenWithTheToken(t *testing.T) {
	s := &stubService{}
	h := admin(s, httpapi.AdminOptions{Token: token})
	const word = `{"by": "ann", "reason": "done", "seen": 9}`
	for _, c := range []struct{ site, origin string }{
		{"cross-site", "http://evil.example"},
		{"same-site", "http://127.0.0.1:9999"},
		{"", "http://evil.example"},
		{"", "null"},
	} {
		if code, text := fromBrowser(t, h, c.site, c.origin, word); code != http.StatusForbidden {
			t.Errorf("%+v: %d %s", c, code, text)
		}
	}
	if s.changes != 0 {
		t.Fatal("another site changed the mode")
	}
	for _, c := range []struct{ site, origin string }{
		{"same-origin", "http://127.0.0.1:8081"}, {"", "http://127.0.0.1:8081"}, {"", ""},
	} {
		if code, text := fromBrowser(t, h, c.site, c.origin, word); code != http.StatusOK {
			t.Errorf("%+v: %d %s", c, code, text)
		}
	}
}

func TestAPhraseThatIsGivenMustBeTheWholeOfIt(t *testing.T) {
	s := &stubService{status: httpapi.Status{Group: "desk"}}
	h := admin(s, httpapi.AdminOptions{Token: token})
	for _, phrase := range []string{"", "resume", "resume other", "Resume desk", "resume desk "} {
		word := `{"by": "a", "reason": "b", "seen": 9, "confirm": "` + phrase + `"}`
		code, text := fromBrowser(t, h, "", "", word)
		if code != http.StatusBadRequest || !strings.Contains(text, `"field":"confirm"`) {
			t.Errorf("%q: %d %s", phrase, code, text)
		}
	}
	if s.changes != 0 {
		t.Fatal("a wrong phrase changed the mode")
	}
	code, text := fromBrowser(t, h, "", "", `{"by": "a", "reason": "b", "seen": 9, "confirm": "resume desk"}`)
	if code != http.StatusOK || s.change.Mode != core.Run {
		t.Errorf("%d %s", code, text)
	}
}

func TestThePageIsServedAtTheRootAlone(t *testing.T) {
	page := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusTeapot)
	})
	h := admin(&stubService{}, httpapi.AdminOptions{Token: token, Page: page})
	for path, want := range map[string]int{"/": 418, "/page/x": 418, "/other": 404, "/livez": 200} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", path, nil))
		if w.Code != want {
			t.Errorf("%s: %d, want %d", path, w.Code, want)
		}
	}
}
