package page_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"fencepost/internal/httpapi"
	"fencepost/internal/page"
	"fencepost/internal/pgledger"
)

// stubSource answers what a page shows. While away is set the ledger does not
// answer.
type stubSource struct {
	away  atomic.Bool
	reads atomic.Int64
}

var errAway = errors.New("the ledger is away")

func (s *stubSource) fault() error {
	s.reads.Add(1)
	if s.away.Load() {
		return errAway
	}
	return nil
}

func (s *stubSource) Status() httpapi.Status { return httpapi.Status{InstanceID: "n1", Group: "desk"} }

func (s *stubSource) Leader(context.Context) httpapi.Leader {
	return httpapi.Leader{Errors: []string{"redis: refused", "postgres: silent"}}
}

func (s *stubSource) Instances(context.Context) ([]pgledger.Instance, error) {
	return []pgledger.Instance{{InstanceID: "n1"}, {InstanceID: "n2"}}, s.fault()
}

func (s *stubSource) StaleInstances(context.Context, time.Duration) ([]pgledger.StaleInstance, error) {
	return []pgledger.StaleInstance{{InstanceID: "n2"}}, s.fault()
}

func (s *stubSource) History(context.Context, int) ([]pgledger.Tenure, error) { return nil, s.fault() }

// Control tells of ages that are others each time.
func (s *stubSource) Control(context.Context) (httpapi.Control, error) {
	return httpapi.Control{Control: "halt", Open: []pgledger.OpenCount{
		{State: "received", Count: 3, OldestSeconds: float64(s.reads.Load())},
	}}, s.fault()
}

func (s *stubSource) InDoubt(context.Context, int) ([]httpapi.InDoubt, error) {
	return []httpapi.InDoubt{{Doubt: pgledger.Doubt{AgeSeconds: float64(s.reads.Load())}}}, s.fault()
}

func (s *stubSource) Signals(context.Context, pgledger.SignalFilter) ([]pgledger.Signal, error) {
	return nil, s.fault()
}

// serve serves a page that reads a hundred times a second.
func serve(t *testing.T) (*stubSource, *page.Page, string) {
	t.Helper()
	s := &stubSource{}
	p := page.New(page.Options{
		Source: s, TTL: time.Second, StaleAfter: 3 * time.Second, Every: 10 * time.Millisecond,
	})
	server := httptest.NewServer(p)
	t.Cleanup(func() { p.Close(); server.Close() })
	return s, p, server.URL
}

// get asks for a path. The answer ends with the test.
func get(t *testing.T, url string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { answer.Body.Close() })
	return answer
}

// told is one event of the stream, as far as the tests look at it.
type told struct {
	event    string
	Settings struct {
		ResumePhrase string `json:"resume_phrase"`
	} `json:"settings"`
	Parts map[string]struct {
		Version     uint64          `json:"version"`
		ConfirmedMS int64           `json:"confirmed_ms"`
		Fault       string          `json:"fault"`
		Data        json.RawMessage `json:"data"`
	} `json:"parts"`
}

// listen opens a stream and returns what reads its next event.
func listen(t *testing.T, url string) func() told {
	t.Helper()
	answer := get(t, url+"/page/stream")
	if kind := answer.Header.Get("Content-Type"); answer.StatusCode != 200 || kind != "text/event-stream" {
		t.Fatalf("the stream is answered by %s, %s", answer.Status, kind)
	}
	lines := bufio.NewScanner(answer.Body)
	lines.Buffer(nil, 1<<20)
	return func() (f told) {
		t.Helper()
		for lines.Scan() && lines.Text() != "" {
			if name, ok := strings.CutPrefix(lines.Text(), "event: "); ok {
				f.event = name
			}
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				if err := json.Unmarshal([]byte(data), &f); err != nil {
					t.Fatal(err)
				}
			}
		}
		return f
	}
}

func TestThePageAdmitsNothingButItself(t *testing.T) {
	_, _, url := serve(t)
	for path, kind := range map[string]string{
		"/": "text/html", "/page/page.css": "text/css", "/page/page.js": "text/javascript",
		"/page/live.js": "text/javascript", "/page/icon.svg": "image/svg+xml",
	} {
		answer := get(t, url+path)
		text, err := io.ReadAll(answer.Body)
		is := answer.Header.Get("Content-Type")
		if err != nil || answer.StatusCode != 200 || !strings.HasPrefix(is, kind) {
			t.Errorf("%s is answered by %s, %s; %v", path, answer.Status, is, err)
		}
		for _, foreign := range []string{
			"http://", "https://", "innerHTML", "eval(", "localStorage", "<script>",
		} {
			if kind != "image/svg+xml" && strings.Contains(string(text), foreign) {
				t.Errorf("%s has %q in it", path, foreign)
			}
		}
		policy := answer.Header.Get("Content-Security-Policy")
		for _, word := range []string{"default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"} {
			if !strings.Contains(policy, word) {
				t.Errorf("%s: the policy %q lacks %s", path, policy, word)
			}
		}
		if strings.Contains(policy, "unsafe") {
			t.Errorf("%s: the policy is %q", path, policy)
		}
	}
	for _, path := range []string{"/page/", "/page/doc.go", "/page/..%2fpage.go", "/other"} {
		if answer := get(t, url+path); answer.StatusCode != http.StatusNotFound {
			t.Errorf("%s is answered by %s", path, answer.Status)
		}
	}
}

func TestAStreamTellsEverythingOnceAndThenWhatChanged(t *testing.T) {
	_, _, url := serve(t)
	next := listen(t, url)
	first := next()
	if len(first.Parts) != 6 || first.Settings.ResumePhrase != "resume desk" {
		t.Fatalf("%+v", first)
	}
	for name, p := range first.Parts {
		if p.Data == nil {
			t.Errorf("%s is not told at first", name)
		}
	}
	if data := string(first.Parts["instances"].Data); !strings.Contains(data, `"n2"`) ||
		strings.Count(data, `"stale":true`) != 1 {
		t.Errorf("who is stale is not told: %s", data)
	}
	if data := string(first.Parts["leader"].Data); !strings.Contains(data, `"redis_fault":"refused"`) ||
		!strings.Contains(data, `"postgres_fault":"silent"`) {
		t.Errorf("which store is away is not told: %s", data)
	}
	for range 3 {
		for name, p := range next().Parts {
			if p.Data != nil {
				t.Errorf("%s is told again, though only ages changed: %s", name, p.Data)
			}
		}
	}
}

// until reads events until one holds.
func until(next func() told, holds func(told) bool) told {
	for {
		if f := next(); holds(f) {
			return f
		}
	}
}

func TestWhatCannotBeReadIsTheOldDataAndSaysSo(t *testing.T) {
	s, _, url := serve(t)
	next := listen(t, url)
	next()
	s.away.Store(true)
	f := until(next, func(f told) bool { return f.Parts["history"].Fault != "" })
	before := f.Parts["history"].ConfirmedMS
	f = until(next, func(f told) bool { return f.Parts["history"].ConfirmedMS > before })
	if p := f.Parts["history"]; p.Version != 1 || p.Fault != errAway.Error() {
		t.Errorf("%+v", p)
	}
	whole := listen(t, url)()
	if p := whole.Parts["history"]; p.Data == nil || p.Fault == "" || p.ConfirmedMS < before {
		t.Errorf("who comes later is told %+v", p)
	}
	s.away.Store(false)
	until(next, func(f told) bool { return f.Parts["history"].Fault == "" })
}

func TestStreamsAreBoundedAndEndWithThePage(t *testing.T) {
	s, p, url := serve(t)
	var streams []func() told
	for range 16 {
		streams = append(streams, listen(t, url))
	}
	answer := get(t, url+"/page/stream")
	if answer.StatusCode != 503 || answer.Header.Get("Retry-After") == "" {
		t.Errorf("one stream too many is answered by %s", answer.Status)
	}
	p.Close()
	for _, next := range streams {
		f := next()
		for f.event == "state" {
			f = next()
		}
		if f.event != "end" {
			t.Errorf("a stream ends with %q", f.event)
		}
	}
	if answer := get(t, url+"/page/stream"); answer.StatusCode != 503 {
		t.Errorf("a closed page is answered by %s", answer.Status)
	}
	if s.reads.Load() == 0 {
		t.Error("nothing was read")
	}
}

func TestNothingIsReadWhileNobodyLooks(t *testing.T) {
	s := &stubSource{}
	p := page.New(page.Options{Source: s})
	defer p.Close()
	w := httptest.NewRecorder()
	p.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil))
	if n := s.reads.Load(); w.Code != 200 || n != 0 {
		t.Errorf("%d, and %d readings", w.Code, n)
	}
}
