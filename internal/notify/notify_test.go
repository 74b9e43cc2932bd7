package notify

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"fencepost/internal/pgledger"
)

// fakeOutbox is an outbox in memory.
type fakeOutbox struct {
	waits []pgledger.Notice
	fails error

	mu   sync.Mutex
	told []pgledger.NoticeOutcome
}

func (f *fakeOutbox) ClaimNotices(_ context.Context, most int, _ time.Duration) ([]pgledger.Notice, error) {
	n := min(most, len(f.waits))
	taken := f.waits[:n]
	f.waits = f.waits[n:]
	return taken, f.fails
}

func (f *fakeOutbox) SettleNotice(_ context.Context, o pgledger.NoticeOutcome) (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.told = append(f.told, o)
	return "pending", nil
}

// post is one request that a receiver got.
type post struct {
	path   string
	header http.Header
	body   []byte
}

// receiver answers with that status and keeps what it got.
func receiver(t *testing.T, status int) (*httptest.Server, *[]post) {
	t.Helper()
	var (
		mu  sync.Mutex
		got []post
	)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		got = append(got, post{r.URL.Path, r.Header, body})
		mu.Unlock()
		if status >= 300 && status < 400 {
			w.Header().Set("Location", "/elsewhere")
		}
		w.WriteHeader(status)
	}))
	t.Cleanup(server.Close)
	return server, &got
}

func notice(id int64, kind string) pgledger.Notice {
	return pgledger.Notice{
		ID: id, Kind: kind, Subject: "17", Message: "signal 17 is in doubt", Attempts: 1,
		HappenedAt: time.Date(2026, 1, 5, 14, 0, 0, 0, time.UTC),
	}
}

// delivering runs one round and returns what came of it, and the log.
func delivering(t *testing.T, box *fakeOutbox, list ...Channel) ([]pgledger.NoticeOutcome, string, []string) {
	t.Helper()
	var log bytes.Buffer
	var counted []string
	NewCourier(box, Options{
		Group: "desk", Channels: list, Kinds: []string{"in_doubt"}, Timeout: 200 * time.Millisecond,
		Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Notified: func(channel string, delivered, _ bool) {
			counted = append(counted, channel+map[bool]string{true: " took it", false: " failed"}[delivered])
		},
	}).round(t.Context())
	return box.told, log.String(), counted
}

func TestEachShapeIsWhatItsReceiverTakes(t *testing.T) {
	server, got := receiver(t, 200)
	key := []byte("0123456789abcdef01234567")
	told, _, counted := delivering(t, &fakeOutbox{waits: []pgledger.Notice{notice(12, "in_doubt")}},
		Webhook("pager", server.URL+"/hook", key), Slack("room", server.URL+"/services/T/B/secret"),
		Telegram("bot", server.URL, "123:token", "-100"))
	if len(told) != 1 || !told[0].Ended || told[0].Unwanted || told[0].Error != "" ||
		!slices.Equal(told[0].Delivered, []string{"pager", "room", "bot"}) || len(counted) != 3 {
		t.Fatalf("%+v, counted %v", told, counted)
	}
	var fields []map[string]any
	paths := []string{"/hook", "/services/T/B/secret", "/bot123:token/sendMessage"}
	slices.SortFunc(*got, func(a, b post) int { // channels do not wait for each other
		return slices.Index(paths, a.path) - slices.Index(paths, b.path)
	})
	for i, path := range paths {
		var document map[string]any
		if err := json.Unmarshal((*got)[i].body, &document); err != nil {
			t.Fatal(err)
		}
		if (*got)[i].path != path || (*got)[i].header.Get("Content-Type") != "application/json" {
			t.Errorf("%+v", (*got)[i])
		}
		fields = append(fields, document)
	}
	if fields[0]["id"] != "fencepost-desk-12" || fields[0]["kind"] != "in_doubt" ||
		fields[0]["subject"] != "17" || fields[0]["happened_at"] != "2026-01-05T14:00:00Z" {
		t.Errorf("webhook: %v", fields[0])
	}
	text, _ := fields[1]["text"].(string)
	if !strings.Contains(text, "signal 17 is in doubt") || !strings.Contains(text, "notification 12") {
		t.Errorf("slack: %v", fields[1])
	}
	if fields[2]["chat_id"] != "-100" || fields[2]["text"] != text {
		t.Errorf("telegram: %v", fields[2])
	}
	h := (*got)[0].header
	sum := hmac.New(sha256.New, key)
	sum.Write([]byte(h.Get("webhook-id") + "." + h.Get("webhook-timestamp") + "." + string((*got)[0].body)))
	if want := "v1," + base64.StdEncoding.EncodeToString(sum.Sum(nil)); h.Get("webhook-signature") != want {
		t.Errorf("signature %q, want %q", h.Get("webhook-signature"), want)
	}
}

// One that fails does not keep the others from being told, and is tried again alone.
func TestChannelThatFailsIsTriedAgainAlone(t *testing.T) {
	good, _ := receiver(t, 204)
	for name, bad := range map[string]int{"an error": 500, "a refusal": 403, "a redirection": 307} {
		broken, asked := receiver(t, bad)
		box := &fakeOutbox{waits: []pgledger.Notice{notice(1, "in_doubt")}}
		told, log, counted := delivering(t, box, Slack("bad", broken.URL), Slack("good", good.URL))
		if len(told) != 1 || told[0].Ended || !slices.Equal(told[0].Delivered, []string{"good"}) ||
			!strings.HasPrefix(told[0].Error, "bad: the receiver answered with status") ||
			told[0].Again < 750*time.Millisecond || told[0].Again > time.Second || len(*asked) != 1 {
			t.Errorf("%s: %+v after %d requests\n%s", name, told, len(*asked), log)
		}
		if !slices.Equal(counted, []string{"good took it", "bad failed"}) {
			t.Errorf("%s: %v", name, counted)
		}
	}
	already := notice(1, "in_doubt")
	already.DeliveredTo = []string{"good"}
	told, _, counted := delivering(t, &fakeOutbox{waits: []pgledger.Notice{already}}, Slack("good", good.URL))
	if len(told) != 1 || !told[0].Ended || len(told[0].Delivered) != 0 || len(counted) != 0 {
		t.Errorf("%+v, %v", told, counted)
	}
}

// deaf is a receiver that does not answer before it is let go, and when it was asked.
func deaf(t *testing.T) (server *httptest.Server, asked chan struct{}, letGo func()) {
	t.Helper()
	asked, over := make(chan struct{}, 99), make(chan struct{})
	server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		asked <- struct{}{}
		select {
		case <-over:
		case <-r.Context().Done():
		}
	}))
	letGo = sync.OnceFunc(func() { close(over) })
	t.Cleanup(func() { letGo(); server.Close() })
	return server, asked, letGo
}

// A channel that takes requests and does not answer keeps no notification from another:
// that one has them all, in their order, while the first of them is still under way.
func TestSilentChannelDelaysNoOther(t *testing.T) {
	silent, asked, letGo := deaf(t)
	var got []string
	all := make(chan struct{})
	good := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got = append(got, string(body))
		if len(got) == 3 {
			close(all)
		}
	}))
	t.Cleanup(good.Close)
	box := &fakeOutbox{}
	for id := range int64(3) {
		box.waits = append(box.waits, notice(id+1, "in_doubt"))
	}
	c := NewCourier(box, Options{
		Channels: []Channel{Slack("silent", silent.URL), Slack("good", good.URL)},
		Kinds:    []string{"in_doubt"}, Timeout: time.Hour,
		Log: slog.New(slog.DiscardHandler), Notified: func(string, bool, bool) {},
	})
	ended := make(chan int, 1)
	go func() { ended <- c.round(t.Context()) }()
	for _, wait := range []<-chan struct{}{asked, all} {
		select {
		case <-wait:
		case <-time.After(20 * time.Second):
			t.Fatal("a channel waits for one that is silent")
		}
	}
	letGo()
	<-ended
	for i, body := range got {
		if want := fmt.Sprintf("notification %d", i+1); !strings.Contains(body, want) {
			t.Errorf("at place %d: %s", i+1, body)
		}
	}
	for _, o := range box.told {
		if !o.Ended || len(o.Delivered) != 2 {
			t.Errorf("%+v", o)
		}
	}
}

// What the end of the process cuts is no failure: it is anybody's at once, is counted
// against no channel, and is not given up for it.
func TestWhatTheEndCutsIsNoFailure(t *testing.T) {
	silent, asked, _ := deaf(t)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-asked; cancel() }()
	box := &fakeOutbox{waits: []pgledger.Notice{notice(1, "in_doubt")}}
	var log bytes.Buffer
	NewCourier(box, Options{
		Channels: []Channel{Slack("silent", silent.URL)}, Kinds: []string{"in_doubt"}, Timeout: time.Hour,
		Log:      slog.New(slog.NewTextHandler(&log, nil)),
		Notified: func(string, bool, bool) { t.Error("counted as a failure") },
	}).round(ctx)
	if len(box.told) != 1 || log.Len() != 0 {
		t.Fatalf("%+v\n%s", box.told, &log)
	}
	if o := box.told[0]; o.Ended || o.Again != 0 || o.GiveUpAfter < 24*time.Hour {
		t.Errorf("%+v", o)
	}
}

func TestKindThatNobodyWantsIsSettledAsUnwanted(t *testing.T) {
	server, got := receiver(t, 200)
	box := &fakeOutbox{waits: []pgledger.Notice{notice(1, "leader_changed")}}
	told, _, _ := delivering(t, box, Slack("room", server.URL))
	if len(told) != 1 || !told[0].Ended || !told[0].Unwanted || len(*got) != 0 {
		t.Errorf("%+v, %d requests", told, len(*got))
	}
}

// The library writes addresses into its errors, and an address is a secret.
func TestNoErrorHoldsAnyPartOfAnAddress(t *testing.T) {
	silent := make(chan struct{})
	slow := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-silent:
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(func() { close(silent); slow.Close() })
	for name, address := range map[string]string{
		"nobody listens": "http://127.0.0.1:1", "no such host": "http://secret-host.invalid",
		"silent": slow.URL, "no address": "http://127.0.0.1:secret",
	} {
		told, log, _ := delivering(t, &fakeOutbox{waits: []pgledger.Notice{notice(1, "in_doubt")}},
			Telegram("bot", address, "123:secret", "1"))
		if len(told) != 1 || told[0].Error == "" || told[0].Ended {
			t.Fatalf("%s: %+v", name, told)
		}
		for _, text := range []string{told[0].Error, log} {
			if strings.Contains(text, "secret") || strings.Contains(text, "127.0.0.1") {
				t.Errorf("%s: %s", name, text)
			}
		}
	}
}

func TestOutboxThatCannotBeReadIsTriedAgain(t *testing.T) {
	told, log, _ := delivering(t, &fakeOutbox{fails: errors.New("away")}, Slack("room", "http://127.0.0.1:1"))
	if len(told) != 0 || !strings.Contains(log, "not read") {
		t.Errorf("%+v\n%s", told, log)
	}
}

func TestAttemptsFollowEverMoreSlowlyUpToABound(t *testing.T) {
	for attempts, want := range map[int64]time.Duration{
		0: time.Second, 1: time.Second, 2: 2 * time.Second, 5: 16 * time.Second, 9: 256 * time.Second,
		10: 5 * time.Minute, 1 << 40: 5 * time.Minute,
	} {
		for range 50 {
			if got := Again(attempts); got > want || got < want*3/4 {
				t.Errorf("after %d attempts: %v, want up to %v", attempts, got, want)
			}
		}
	}
	if spread := maps.Collect(func(yield func(time.Duration, bool) bool) {
		for range 20 {
			if !yield(Again(9), true) {
				return
			}
		}
	}); len(spread) < 2 {
		t.Error("several come at once")
	}
}
