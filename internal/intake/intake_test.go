package intake_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"fencepost/core"
	"fencepost/core/event"
	"fencepost/core/inbox"
	"fencepost/internal/intake"
	"fencepost/internal/pgledger"
)

const (
	token = "abcdefghijklmnop"
	entry = `{"type":"BASE_ENTRY","instrument":"X","position":"Long_1","timestamp":"t",` +
		`"signal_id":"s-1","lots":2}`
)

// fakeInbox keeps signals in memory.
type fakeInbox struct {
	mu     sync.Mutex
	stored map[string]*pgledger.Offer
	// away makes every call wait until its time is up.
	away bool
	// hold, if set, is waited for before anything is stored; entered tells that
	// somebody does.
	hold    chan struct{}
	entered chan struct{}
	// calls counts the calls; begins says how a fresh signal begins, as received
	// unless it is set.
	calls  int
	begins pgledger.Admitted
}

func (f *fakeInbox) Admit(ctx context.Context, o *pgledger.Offer) (pgledger.Admitted, error) {
	if f.hold != nil {
		if f.entered != nil {
			f.entered <- struct{}{}
		}
		<-f.hold
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls++
	if f.away {
		f.mu.Unlock()
		<-ctx.Done()
		f.mu.Lock()
	}
	if err := ctx.Err(); err != nil {
		return pgledger.Admitted{}, err
	}
	first, known := f.stored[o.Key]
	switch {
	case !known:
		f.stored[o.Key] = o
		if f.begins.State != core.NoSignal {
			return f.begins, nil
		}
		return pgledger.Admitted{Admission: inbox.Fresh, Signal: 7, State: core.Received}, nil
	case string(first.Payload) == string(o.Payload):
		return pgledger.Admitted{Admission: inbox.Duplicate, Signal: 7, State: core.Executed}, nil
	default:
		return pgledger.Admitted{Admission: inbox.Clash, Signal: 7, State: core.Executed}, nil
	}
}

func (f *fakeInbox) setAway(away bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.away = away
}

// stubNode says what the test wants at the first and the second check.
type stubNode struct{ first, second core.Reason }

func (s stubNode) MayTakeIn(second bool) (core.Reason, bool) {
	if second {
		return s.second, s.second == core.NoReason
	}
	return s.first, s.first == core.NoReason
}

// door is a handler with its fakes.
type door struct {
	http.Handler
	inbox *fakeInbox
	mu    sync.Mutex
	seen  []intake.Seen
	told  int
}

func open(node intake.Node) *door { return openWith(node, func(*intake.Options) {}) }

// openWith is open with other options.
func openWith(node intake.Node, change func(*intake.Options)) *door {
	d := &door{inbox: &fakeInbox{stored: map[string]*pgledger.Offer{}}}
	mux := http.NewServeMux()
	o := intake.Options{
		Sources: map[string]intake.Source{
			"tv":   {Tokens: []string{token, "ponmlkjihgfedcba"}},
			"desk": {Tokens: []string{"a-third-live-token"}},
		},
		Inbox: d.inbox, Node: node,
		See: func(s *intake.Seen) {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.seen = append(d.seen, *s)
		},
		Stored: func() { d.told++ },
	}
	change(&o)
	h := intake.New(o)
	mux.Handle("/webhook/{token}", h)
	mux.Handle("/", h)
	d.Handler = mux
	return d
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   map[string]any
}

func (d *door) send(t *testing.T, path, contentType, body string) answer {
	t.Helper()
	request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, strings.NewReader(body))
	request.Header.Set("Content-Type", contentType)
	return d.do(t, request)
}

// do serves one request.
func (d *door) do(t *testing.T, request *http.Request) answer {
	t.Helper()
	recorder := httptest.NewRecorder()
	d.ServeHTTP(recorder, request)
	got := answer{status: recorder.Code, header: recorder.Header(), body: map[string]any{}}
	if err := json.Unmarshal(recorder.Body.Bytes(), &got.body); err != nil {
		t.Fatalf("%s: %v", recorder.Body, err)
	}
	return got
}

func (d *door) post(t *testing.T, body string) answer {
	t.Helper()
	return d.send(t, "/webhook/"+token, "application/json", body)
}

// expect checks the status and some fields of the answer.
func (a answer) expect(t *testing.T, status int, fields map[string]any) {
	t.Helper()
	if a.status != status {
		t.Errorf("status %d, want %d: %v", a.status, status, a.body)
	}
	for name, want := range fields {
		if a.body[name] != want {
			t.Errorf("%s is %v, want %v", name, a.body[name], want)
		}
	}
}

func TestSignalIsAcknowledgedOnceItIsStored(t *testing.T) {
	d := open(stubNode{})
	d.post(t, entry).expect(t, 202,
		map[string]any{"status": "accepted", "signal_id": "s-1", "state": "received"})
	if d.inbox.stored["s-1"] == nil || string(d.inbox.stored["s-1"].Payload) != entry || d.told != 1 {
		t.Fatalf("stored %+v, told %d", d.inbox.stored, d.told)
	}
	d.post(t, entry).expect(t, 200,
		map[string]any{"status": "duplicate", "signal_id": "s-1", "state": "executed"})
	other := strings.Replace(entry, `"lots":2`, `"lots":3`, 1)
	clash := d.post(t, other)
	clash.expect(t, 409, map[string]any{"field": "signal_id", "reason": "conflict", "signal_id": "s-1"})
	if got := clash.header.Get("Content-Type"); got != "application/problem+json" {
		t.Errorf("content type %q", got)
	}
	want := []event.Event{event.SignalReceived, event.SignalDuplicate, event.AlertRaised}
	for i, event := range want {
		if d.seen[i].Event != event || d.seen[i].Source != "tv" {
			t.Errorf("request %d was seen as %v of %q, want %v", i, d.seen[i].Event, d.seen[i].Source, event)
		}
	}
	if d.told != 1 {
		t.Errorf("told of %d new signals", d.told)
	}
}

func TestSignalWithoutAnIDIsNamedByWhatItSays(t *testing.T) {
	d := open(stubNode{})
	body := strings.Replace(entry, `"signal_id":"s-1",`, "", 1)
	key := inbox.SignalKey("", "X", "BASE_ENTRY", "Long_1", "t")
	d.post(t, body).expect(t, 202, map[string]any{"signal_id": key})
	d.post(t, body).expect(t, 200, map[string]any{"status": "duplicate", "signal_id": key})
}

// A canary has to travel the whole way, so it is stored like anything else, and
// refused like anything else.
func TestHeartbeatIsStoredLikeAnySignal(t *testing.T) {
	body := strings.Replace(entry, "BASE_ENTRY", "HEARTBEAT", 1)
	d := open(stubNode{})
	d.post(t, body).expect(t, 202,
		map[string]any{"status": "accepted", "state": "received", "signal_id": "s-1"})
	d.post(t, body).expect(t, 200, map[string]any{"status": "duplicate"})
	if len(d.inbox.stored) != 1 || d.told != 1 {
		t.Errorf("%d heartbeats were stored, %d told of", len(d.inbox.stored), d.told)
	}
	d = open(stubNode{first: core.NotLeader})
	d.post(t, body).expect(t, 200, map[string]any{"status": "rejected", "state": "none"})
	if len(d.inbox.stored) != 0 {
		t.Error("a heartbeat was stored by an instance that takes no signals in")
	}
}

func TestLeaderOnlyIntakeLeavesNoKeyBehind(t *testing.T) {
	for node, reason := range map[stubNode]string{
		{first: core.NotLeader}:       "not_leader",
		{second: core.LostLeadership}: "lost_leadership",
	} {
		d := open(node)
		d.post(t, entry).expect(t, 200,
			map[string]any{"status": "rejected", "reason": reason, "state": "none"})
		if len(d.inbox.stored) != 0 || d.told != 0 {
			t.Errorf("%s: the refused signal was stored", reason)
		}
	}
}

func TestWrongRequestIsRefusedForGood(t *testing.T) {
	d := open(stubNode{})
	for _, c := range []struct {
		path, contentType, body string
		status                  int
		field                   any
	}{
		{"/webhook/wrong-token-wrong-token", "application/json", entry, 404, "token"},
		{"/webhook/" + token, "application/x-www-form-urlencoded", entry, 415, "Content-Type"},
		{"/webhook/" + token, "application/json", `{"type":"EXIT"}`, 400, "instrument"},
		{"/webhook/" + token, "application/json", `buy`, 400, "body"},
		{"/webhook/" + token, "application/json", entry + strings.Repeat(" ", 64<<10), 413, "body"},
	} {
		got := d.send(t, c.path, c.contentType, c.body)
		got.expect(t, c.status, map[string]any{"field": c.field, "status": float64(c.status)})
		if !strings.HasPrefix(got.header.Get("Content-Type"), "application/problem+json") {
			t.Errorf("%d: content type %q", c.status, got.header.Get("Content-Type"))
		}
	}
	if len(d.inbox.stored) != 0 {
		t.Error("a wrong request was stored")
	}
}

func TestEveryLiveTokenAndBothContentTypesAreTaken(t *testing.T) {
	for path, contentType := range map[string]string{
		token: "text/plain; charset=utf-8", "ponmlkjihgfedcba": "application/json; charset=utf-8",
		"a-third-live-token": "",
	} {
		open(stubNode{}).send(t, "/webhook/"+path, contentType, entry).expect(t, 202, nil)
	}
}

func TestUnansweredLedgerIsNeverAnAcknowledgement(t *testing.T) {
	d := open(stubNode{})
	d.inbox.setAway(true)
	began := time.Now()
	got := d.post(t, entry)
	got.expect(t, 503, map[string]any{"reason": "unavailable", "signal_id": "s-1"})
	if got.header.Get("Retry-After") == "" || time.Since(began) > 2*time.Second {
		t.Errorf("Retry-After %q after %v", got.header.Get("Retry-After"), time.Since(began))
	}
	if d.told != 0 || d.seen[0].Event != event.OutcomeUnknown || d.seen[0].Err == nil {
		t.Errorf("told %d, seen %+v", d.told, d.seen)
	}
}

func TestSendersAreTurnedAwayAtOnceWhileTheLedgerIsAway(t *testing.T) {
	d := open(stubNode{})
	d.inbox.setAway(true)
	d.post(t, entry).expect(t, 503, nil)
	d.inbox.setAway(false)
	d.inbox.entered, d.inbox.hold = make(chan struct{}, 2), make(chan struct{})
	probing := make(chan answer)
	go func() { probing <- d.post(t, entry) }()
	<-d.inbox.entered
	// The one that tries holds the ledger; nobody else waits for it.
	d.post(t, entry).expect(t, 503, map[string]any{"reason": "unavailable"})
	close(d.inbox.hold)
	if got := <-probing; got.status != 202 {
		t.Errorf("the one that tried got %d", got.status)
	}
	d.post(t, entry).expect(t, 200, map[string]any{"status": "duplicate"})
}

func TestSenderThatLeavesDoesNotTakeItsSignalWithIt(t *testing.T) {
	d := open(stubNode{})
	d.inbox.hold = make(chan struct{})
	ctx, leave := context.WithCancel(t.Context())
	body := strings.NewReader(entry)
	request := httptest.NewRequestWithContext(ctx, http.MethodPost, "/webhook/"+token, body)
	done := make(chan struct{})
	go func() {
		d.ServeHTTP(httptest.NewRecorder(), request)
		close(done)
	}()
	leave()
	close(d.inbox.hold)
	<-done
	if d.inbox.stored["s-1"] == nil {
		t.Error("the signal left with its sender")
	}
}

func TestSlowBodyIsNotWaitedFor(t *testing.T) {
	server := httptest.NewServer(open(stubNode{}))
	defer server.Close()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	began := time.Now()
	head := "POST /webhook/" + token + " HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"
	if _, err := io.WriteString(conn, head); err != nil {
		t.Fatal(err)
	}
	_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	reply, err := io.ReadAll(conn)
	if err != nil && !errors.Is(err, net.ErrClosed) {
		t.Fatal(err)
	}
	if !strings.HasPrefix(string(reply), "HTTP/1.1 408") || time.Since(began) > 2*time.Second {
		t.Errorf("after %v: %.60s", time.Since(began), reply)
	}
}
