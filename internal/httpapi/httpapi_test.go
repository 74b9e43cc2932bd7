package httpapi_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"fencepost/core"
	"fencepost/internal/clock"
	"fencepost/internal/httpapi"
	"fencepost/internal/observe"
	"fencepost/internal/pgledger"
	"fencepost/internal/seam"
)

// stubService answers what the test wants.
type stubService struct {
	stubOperator
	status httpapi.Status
	leader httpapi.Leader
	err    error
	// still: nobody drives the node.
	still bool
	// asked is the timeout of the last question for stale instances.
	asked time.Duration
	limit int
	// authority is what the stores know, accepted the last acceptance.
	authority httpapi.Authority
	accepted  httpapi.Acceptance
}

func (s *stubService) Status() httpapi.Status { return s.status }
func (s *stubService) Live() bool             { return !s.still }
func (s *stubService) Metrics() observe.CoordinatorMetrics {
	return observe.CoordinatorMetrics{ThisInstance: "blue-1"}
}
func (s *stubService) Leader(context.Context) httpapi.Leader { return s.leader }
func (s *stubService) Instances(context.Context) ([]pgledger.Instance, error) {
	return nil, s.err
}

func (s *stubService) StaleInstances(
	_ context.Context, timeout time.Duration,
) ([]pgledger.StaleInstance, error) {
	s.asked = timeout
	return []pgledger.StaleInstance{{InstanceID: "red-1", SecondsStale: 60}}, s.err
}

func (s *stubService) History(_ context.Context, limit int) ([]pgledger.Tenure, error) {
	s.limit = limit
	return []pgledger.Tenure{{Epoch: 3}}, s.err
}

func (s *stubService) Led(context.Context, time.Time, time.Time) ([]pgledger.Led, error) {
	return nil, s.err
}
func (s *stubService) Resign(context.Context) error                { return s.err }
func (s *stubService) Authority(context.Context) httpapi.Authority { return s.authority }
func (s *stubService) AcceptAuthority(
	_ context.Context, a httpapi.Acceptance,
) (pgledger.Accepted, error) {
	s.accepted = a
	return pgledger.Accepted{Found: 3, Epoch: core.Epoch(a.Epoch), Count: 1}, s.err
}

const token = "an-admin-token-of-some-length"

// ask sends one request and returns the status and the body.
func ask(t *testing.T, h http.Handler, method, path, bearer, body string) (int, string) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
	if bearer != "" {
		r.Header.Set("Authorization", "Bearer "+bearer)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	plain := w.Code == http.StatusNotFound || w.Code == http.StatusMethodNotAllowed
	if !plain && !json.Valid(w.Body.Bytes()) {
		t.Errorf("%s %s: no JSON: %s", method, path, w.Body)
	}
	return w.Code, w.Body.String()
}

func admin(s *stubService, o httpapi.AdminOptions) http.Handler {
	o.Metrics = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		answer := []byte("{}")
		_, _ = w.Write(answer)
	})
	return httpapi.Admin(s, o)
}

func TestReadinessIsNoMatterOfLeading(t *testing.T) {
	for _, leads := range []bool{true, false} {
		for _, ready := range []bool{true, false} {
			s := &stubService{status: httpapi.Status{IsLeader: leads, Ready: ready}}
			want := map[bool]int{true: 200, false: 503}
			inside, outside := admin(s, httpapi.AdminOptions{}), httpapi.Public(s, http.NotFoundHandler())
			for _, h := range []http.Handler{inside, outside} {
				if got, body := ask(t, h, "GET", "/readyz", "", ""); got != want[ready] {
					t.Errorf("leads %v, ready %v: %d %s", leads, ready, got, body)
				}
				if got, _ := ask(t, h, "GET", "/livez", "", ""); got != 200 {
					t.Errorf("livez: %d", got)
				}
			}
			if got, _ := ask(t, inside, "GET", "/leader", "", ""); got != want[leads] {
				t.Errorf("leads %v: /leader says %d", leads, got)
			}
		}
	}
}

func TestLivenessIsAMatterOfTheNodeAlone(t *testing.T) {
	for still, want := range map[bool]int{false: 200, true: 503} {
		s := &stubService{still: still, status: httpapi.Status{Ready: still}}
		for _, h := range []http.Handler{
			admin(s, httpapi.AdminOptions{}), httpapi.Public(s, http.NotFoundHandler()),
		} {
			if got, body := ask(t, h, "GET", "/livez", "", ""); got != want {
				t.Errorf("still %v: %d %s", still, got, body)
			}
		}
	}
}

func TestReadingsAnswer(t *testing.T) {
	s := &stubService{}
	h := admin(s, httpapi.AdminOptions{})
	for path, says := range map[string]string{
		"/coordinator/metrics":             `"this_instance":"blue-1"`,
		"/coordinator/leader":              `"redis_leader":null`,
		"/metrics":                         `{}`,
		"/v1/status":                       `"role"`,
		"/v1/instances":                    `[]`,
		"/v1/instances?stale=30s":          `"seconds_stale":60`,
		"/v1/leadership-history?limit=100": `"epoch":3`,
	} {
		if got, body := ask(t, h, "GET", path, "", ""); got != 200 || !strings.Contains(body, says) {
			t.Errorf("%s: %d %s", path, got, body)
		}
	}
	if s.asked != 30*time.Second || s.limit != 100 {
		t.Errorf("asked for %v and %d", s.asked, s.limit)
	}
	for _, path := range []string{
		"/v1/instances?stale=30", "/v1/instances?stale=", "/v1/instances?stale=-1s",
		"/v1/leadership-history?limit=0",
	} {
		if got, _ := ask(t, h, "GET", path, "", ""); got != 400 {
			t.Errorf("%s: %d", path, got)
		}
	}
	s.err = errors.New("no answer")
	for _, path := range []string{"/v1/instances", "/v1/instances?stale=1s", "/v1/leadership-history"} {
		if got, _ := ask(t, h, "GET", path, "", ""); got != 503 {
			t.Errorf("%s while the ledger is away: %d", path, got)
		}
	}
}

func TestLeaderIsUnavailableOnlyIfNoStoreAnswers(t *testing.T) {
	name := "blue-1"
	for want, leader := range map[int]httpapi.Leader{
		200: {RedisLeader: &name, Errors: []string{"postgres: away"}},
		503: {Errors: []string{"postgres: away", "redis: away"}},
	} {
		h := admin(&stubService{leader: leader}, httpapi.AdminOptions{})
		if got, _ := ask(t, h, "GET", "/coordinator/leader", "", ""); got != want {
			t.Errorf("%+v: %d, want %d", leader, got, want)
		}
	}
}

func TestAuthorityIsShownAsLongAsOneStoreAnswers(t *testing.T) {
	witness := uint64(7)
	for _, c := range []struct {
		authority httpapi.Authority
		want      int
		says      string
	}{
		{httpapi.Authority{Ledger: &pgledger.Authority{Group: "g"}, Witness: &witness}, 200, `"witness":7`},
		{httpapi.Authority{Witness: &witness, Errors: []string{"postgres: away"}}, 200, `"ledger":null`},
		{httpapi.Authority{Errors: []string{"redis: away", "postgres: away"}}, 503, "away"},
	} {
		h := admin(&stubService{authority: c.authority}, httpapi.AdminOptions{})
		got, body := ask(t, h, "GET", "/v1/authority", "", "")
		if got != c.want || !strings.Contains(body, c.says) {
			t.Errorf("%+v: %d %s", c.authority, got, body)
		}
	}
}

func TestAcceptanceIsACommandWithANameAndAReason(t *testing.T) {
	s := &stubService{}
	h := admin(s, httpapi.AdminOptions{Token: token})
	const path, word = "/v1/authority/accept", `{"by":"ops","reason":"restored","epoch":9}`
	if got, _ := ask(t, h, "POST", path, "", word); got != 401 || s.accepted != (httpapi.Acceptance{}) {
		t.Errorf("without the token: %d", got)
	}
	if got, body := ask(t, h, "POST", path, token, word); got != 200 || !strings.Contains(body, `"epoch":9`) {
		t.Errorf("%d %s", got, body)
	}
	if want := (httpapi.Acceptance{By: "ops", Reason: "restored", Epoch: 9}); s.accepted != want {
		t.Errorf("accepted %+v", s.accepted)
	}
	got, body := ask(t, h, "POST", path, token, `{"why":"x"}`)
	if got != 400 || !strings.Contains(body, "why") {
		t.Errorf("an unknown field: %d %s", got, body)
	}
	for want, err := range map[int]error{400: httpapi.ErrAcceptance, 503: errors.New("no answer")} {
		s.err = err
		if got, _ := ask(t, h, "POST", path, token, word); got != want {
			t.Errorf("%v: %d, want %d", err, got, want)
		}
	}
}

func TestCommandsNeedTheToken(t *testing.T) {
	s := &stubService{}
	const path = "/v1/leader/step-down"
	if got, _ := ask(t, admin(s, httpapi.AdminOptions{}), "POST", path, token, ""); got != 403 {
		t.Errorf("without a configured token: %d", got)
	}
	h := admin(s, httpapi.AdminOptions{Token: token})
	for bearer, want := range map[string]int{"": 401, "wrong": 401, token + "x": 401, token: 200} {
		if got, _ := ask(t, h, "POST", path, bearer, ""); got != want {
			t.Errorf("bearer %q: %d, want %d", bearer, got, want)
		}
	}
	s.err = httpapi.ErrNotLeader
	if got, _ := ask(t, h, "POST", path, token, ""); got != 409 {
		t.Errorf("on a follower: %d", got)
	}
	s.err = context.DeadlineExceeded
	if got, _ := ask(t, h, "POST", path, token, ""); got != 504 {
		t.Errorf("unfinished: %d", got)
	}
	if got, _ := ask(t, h, "GET", path, token, ""); got != 405 {
		t.Errorf("GET of a command: %d", got)
	}
}

func TestCommandsOfATestExistOnlyWhereTheyAreOpened(t *testing.T) {
	closed := admin(&stubService{}, httpapi.AdminOptions{Token: token})
	if got, _ := ask(t, closed, "POST", "/test/clock", token, `{}`); got != 404 {
		t.Errorf("closed: %d", got)
	}
	seams, shifted := seam.New(), clock.NewShifted(clock.System{})
	seams.Pass(t.Context(), "after:renew")
	h := admin(&stubService{}, httpapi.AdminOptions{Token: token, Seams: seams, Clock: shifted})
	for _, c := range []struct {
		method, path, body string
		want               int
	}{
		{"POST", "/test/hold", `{"point":"before:permit","skip":1,"count":1,"for":"2s"}`, 200},
		{"POST", "/test/hold", `{"point":"before:lunch"}`, 400},
		{"POST", "/test/hold", `{"pont":"before:permit"}`, 400},
		{"POST", "/test/hold", `{"point":"before:permit","for":2}`, 400},
		{"POST", "/test/hold", `{"point":"at:permit.requested","nth":1}`, 200},
		{"GET", "/test/points", ``, 200},
		{"GET", "/test/clock", ``, 200},
		{"DELETE", "/test/hold?point=before:permit", ``, 200},
		{"DELETE", "/test/hold", ``, 200},
		{"POST", "/test/clock", `{"jump":"-1h","drift_ppm":50000,"suspend":"3s"}`, 200},
		{"POST", "/test/clock", `{"jump":1}`, 400},
		{"POST", "/test/hold", `{"point":"after:renew","nth":1}`, 409},
	} {
		if got, body := ask(t, h, c.method, c.path, token, c.body); got != c.want {
			t.Errorf("%s %s %s: %d %s", c.method, c.path, c.body, got, body)
		}
	}
	if behind := time.Since(time.Unix(0, int64(shifted.Now().Wall))); behind < 59*time.Minute {
		t.Errorf("the wall clock is only %v behind", behind)
	}
	if got, _ := ask(t, h, "POST", "/test/hold", "", `{}`); got != 401 {
		t.Errorf("without the token: %d", got)
	}
}

// A harness converts the node's instants into true ones by what the clock
// answers: both readings of now, and those of the last change.
func TestClockTellsTheTrueReadingsWithItsOwn(t *testing.T) {
	shifted := clock.NewShifted(clock.System{})
	h := admin(&stubService{}, httpapi.AdminOptions{Token: token, Seams: seam.New(), Clock: shifted})
	type readings struct{ Boot, Mono, Wall int64 }
	type line struct {
		readings
		True readings
	}
	var moved, later struct {
		line
		DriftPPM int64 `json:"drift_ppm"`
		Since    line
	}
	_, body := ask(t, h, "POST", "/test/clock", token, `{"suspend":"3s","drift_ppm":-700}`)
	if err := json.Unmarshal([]byte(body), &moved); err != nil {
		t.Fatal(err)
	}
	_, body = ask(t, h, "GET", "/test/clock", "", "")
	if err := json.Unmarshal([]byte(body), &later); err != nil {
		t.Fatal(err)
	}
	since, _ := shifted.Reading()
	if moved.DriftPPM != -700 || moved.Since.Boot-moved.Since.True.Boot != 3e9 ||
		moved.Since.Boot != int64(since.Shown.Boot) {
		t.Errorf("after the move: %+v", moved)
	}
	if later.Since != moved.Since || later.DriftPPM != -700 || later.True.Boot < moved.True.Boot ||
		later.Boot < moved.Boot {
		t.Errorf("reading has moved the clock: %+v, before %+v", later, moved)
	}
}

func TestWebhooksAreForTheOutsideAndReadingsAreNot(t *testing.T) {
	reached := false
	webhook := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		reached = r.PathValue("token") == "abc"
		w.WriteHeader(http.StatusNotFound)
	})
	s := &stubService{}
	public := httpapi.Public(s, webhook)
	ask(t, public, "POST", "/webhook/abc", "", "")
	if !reached {
		t.Error("the webhook was not reached")
	}
	for _, path := range []string{"/v1/status", "/metrics", "/coordinator/metrics", "/leader"} {
		if got, _ := ask(t, public, "GET", path, "", ""); got != 404 {
			t.Errorf("%s is open to the outside: %d", path, got)
		}
	}
}
