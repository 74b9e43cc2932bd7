package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"fencepost"
)

// listener is where notifications go. It keeps what it got; while it is deaf it holds
// each request without an answer.
type listener struct {
	*httptest.Server
	mu   sync.Mutex
	got  []string
	kind []string
	deaf chan struct{}
}

func newListener(t *testing.T) *listener {
	t.Helper()
	l := &listener{deaf: make(chan struct{})}
	l.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var said struct{ ID, Kind string }
		if err := json.NewDecoder(r.Body).Decode(&said); err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		l.mu.Lock()
		l.got, l.kind = append(l.got, said.ID), append(l.kind, said.Kind)
		l.mu.Unlock()
		select {
		case <-l.deaf:
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(func() { l.hear(); l.Close() })
	return l
}

// hear answers, from now on and what is held.
func (l *listener) hear() {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-l.deaf:
	default:
		close(l.deaf)
	}
}

// ids are the notifications of a kind that arrived, repetitions included.
func (l *listener) ids(kind string) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var list []string
	for i, id := range l.got {
		if l.kind[i] == kind {
			list = append(list, id)
		}
	}
	return list
}

// notices asks the command for the notifications of a kind.
func notices(t *testing.T, file, kind string) []fencepost.Notice {
	t.Helper()
	code, out, errs := command(t, "notifications", "list", "--state", "pending,delivered,given_up",
		"--limit", "100", "--config", file, "-o", "json")
	var list, kept []fencepost.Notice
	if err := json.Unmarshal([]byte(out), &list); code != 0 || err != nil {
		t.Fatalf("notifications list: exit %d, %v\n%s", code, err, errs)
	}
	for i := range list {
		if list[i].Kind == kind {
			kept = append(kept, list[i])
		}
	}
	return kept
}

// The process is killed after the fact was committed and before the receiver said that
// it has it: another instance tells it again, under the same id.
func TestNotificationOutlivesAKillBetweenCommitAndSend(t *testing.T) {
	l := newListener(t)
	c := newCluster(t)
	hook := filepath.Join(t.TempDir(), "hook")
	if err := os.WriteFile(hook, []byte(l.URL+"/a-secret-path\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c.more = "notify: {poll: 100ms, timeout: 500ms, " +
		"channels: {pager: {type: webhook, url_file: " + hook + "}}}\n"
	first := c.serve("blue-1", nil)
	if code, out, errs := command(t, "migrate", "up", "--config", first.file); code != 0 {
		t.Fatalf("migrate: exit %d\n%s\n%s", code, out, errs)
	}
	within(t, patience, "the first leads", first.leads)
	if code, _, errs := command(t, "halt", "--reason", "drill", "--config", first.file); code != 0 {
		t.Fatalf("halt: exit %d: %s", code, errs)
	}
	within(t, patience, "the send is under way", func() bool { return len(l.ids("halt")) > 0 })
	first.kill()
	waits := notices(t, first.file, "halt")
	if len(waits) != 1 || waits[0].State != "pending" || waits[0].Attempts < 1 ||
		len(waits[0].DeliveredTo) != 0 {
		t.Fatalf("after the kill: %+v", waits)
	}
	l.hear()
	second := c.serve("green-1", nil)
	within(t, patience, "the other tells it", func() bool {
		list := notices(t, second.file, "halt")
		return len(list) == 1 && list[0].State == "delivered" && len(list[0].DeliveredTo) == 1
	})
	told := l.ids("halt")
	if len(told) < 2 || told[0] != told[len(told)-1] {
		t.Errorf("told %v, want one id again", told)
	}
	if n := len(l.ids("leader_changed")); n != 0 {
		t.Errorf("%d changes of leadership were told, which nobody asked for", n)
	}
	for _, log := range []string{first.text(), second.text()} {
		if strings.Contains(log, "a-secret-path") {
			t.Error("the log holds the receiver's address")
		}
	}
}

func TestCommandsOfNotificationsSayWhatCameOfThem(t *testing.T) {
	l := newListener(t)
	l.hear()
	c := newCluster(t)
	i := &instance{file: filepath.Join(t.TempDir(), "n.yaml"), public: "127.0.0.1:1", admin: "127.0.0.1:2"}
	c.more = "notify: {channels: {pager: {type: webhook, url: \"" + l.URL + "/x\"}}}\n"
	c.write(i, "n1")
	if code, _, errs := command(t, "migrate", "up", "--config", i.file); code != 0 {
		t.Fatal(errs)
	}
	if code, out, errs := command(t, "notifications", "test", "--config", i.file); code != 0 ||
		!strings.Contains(out, "took it") || len(l.ids("test")) != 1 {
		t.Errorf("test: exit %d\n%s%s", code, out, errs)
	}
	if code, _, errs := command(t, "pause", "--reason", "drill", "--config", i.file); code != 0 {
		t.Fatal(errs)
	}
	if list := notices(t, i.file, "halt"); len(list) != 1 || list[0].Subject != "pause" ||
		time.Since(list[0].HappenedAt) > time.Hour {
		t.Errorf("%+v", list)
	}
	for _, want := range []struct {
		code int
		says string
		args []string
	}{
		{0, `"retried": 1`, []string{"retry", "1", "-o", "json"}},
		{0, `"retried": 1`, []string{"retry", "--all", "-o", "json"}},
		{2, "no such notification", []string{"retry", "4711"}},
		{64, "say one ID, or --all", []string{"retry"}},
		{64, "say one ID, or --all", []string{"retry", "1", "--all"}},
		{64, "want the number", []string{"retry", "one"}},
		{64, "pending, given_up", []string{"list", "--state", "lost"}},
	} {
		code, out, errs := command(t, append([]string{"notifications", "--config", i.file}, want.args...)...)
		if code != want.code || !strings.Contains(out+errs, want.says) {
			t.Errorf("%v: exit %d, want %d: %s%s", want.args, code, want.code, out, errs)
		}
	}
	l.Close()
	if code, out, _ := command(t, "notifications", "test", "--config", i.file); code != 1 ||
		!strings.Contains(out, "cannot be reached") || strings.Contains(out, l.URL) {
		t.Errorf("a receiver that is gone: exit %d\n%s", code, out)
	}
	c.more = ""
	c.write(i, "n1")
	if code, _, errs := command(t, "notifications", "test", "--config", i.file); code != 64 ||
		!strings.Contains(errs, "there is none") {
		t.Errorf("without a channel: exit %d %s", code, errs)
	}
}
