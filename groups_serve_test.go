package fencepost_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	goredis "github.com/redis/go-redis/v9"

	"fencepost"
	"fencepost/internal/config"
	"fencepost/internal/testbed"
)

// crowd is a process with two groups, each with a broker of its own, that runs until
// the test ends or stop is called.
type crowd struct {
	*fencepost.Groups
	t    *testing.T
	log  *diary
	end  context.CancelFunc
	done chan error
}

// desks returns settings of one instance in two groups that take signals in.
func (s *stage) desks(id string) []fencepost.Config {
	other := httptest.NewServer(s.desk)
	s.t.Cleanup(other.Close)
	configs := s.grouped(id)
	for i, url := range []string{s.url, other.URL} {
		c := &configs[i]
		c.Webhook.Sources = map[string]fencepost.Source{"test": {Tokens: []fencepost.Secret{token}}}
		c.Broker.URL, c.Broker.Class = url, "A"
		c.Log = config.Log{Format: config.FormatText, Level: config.LevelInfo}
	}
	return configs
}

// gather makes and runs such a process.
func (s *stage) gather(
	configs []fencepost.Config, run func(context.Context, *fencepost.Groups) error,
) *crowd {
	s.t.Helper()
	c := &crowd{t: s.t, log: &diary{}, done: make(chan error, 1)}
	var err error
	if c.Groups, err = fencepost.NewGroups(configs,
		fencepost.WithLogger(fencepost.NewLogger(&configs[0], c.log))); err != nil {
		s.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	c.end = cancel
	go func() { c.done <- run(ctx, c.Groups) }()
	s.t.Cleanup(func() {
		cancel()
		if err := <-c.done; err != nil {
			s.t.Errorf("stopped with: %v", err)
		}
		if s.t.Failed() {
			s.t.Logf("log:\n%s", c.log)
		}
	})
	return c
}

// lead is Groups.Run of groups whose only work is that of the service.
func lead(ctx context.Context, g *fencepost.Groups) error { return g.Run(ctx, nil) }

// ask sends a request to a handler of the process.
func (c *crowd) ask(h http.Handler, method, path, body string) (int, string) {
	c.t.Helper()
	r := httptest.NewRequestWithContext(c.t.Context(), method, path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+adminToken)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

// admin sends a request to the process's admin handler.
func (c *crowd) admin(method, path, body string) (int, string) {
	c.t.Helper()
	return c.ask(c.AdminHandler(), method, path, body)
}

// The witness is the group's own: one whose ledger seems to have gone back says
// nothing about the other, whose signals are to be taken in.
func TestGroupThatIsBarredAloneKeepsNoSignalOfAnotherOut(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	client := goredis.NewClient(&goredis.Options{Addr: s.redis.Addr()})
	defer client.Close()
	if err := client.Set(t.Context(), "fencepost:{two}:witness", "99", 0).Err(); err != nil {
		t.Fatal(err)
	}
	c := s.gather(s.desks("blue-1"), lead)
	until(t, "one leads, and two lacks nothing but a person's word", func() bool {
		one, two := c.Group("one").Status(), c.Group("two").Status()
		return one.IsLeader && one.Ready && slices.Equal(two.NotReady, []string{"barred"})
	})
	for path, want := range map[string]struct {
		code int
		says string
	}{
		"/readyz":            {200, `"missing":{"two":["barred"]}`},
		"/groups/one/readyz": {200, `"ready":true`},
		"/groups/two/readyz": {503, `"barred"`},
	} {
		for _, h := range []http.Handler{c.AdminHandler(), c.PublicHandler()} {
			code, body := c.ask(h, "GET", path, "")
			if code != want.code || !strings.Contains(body, want.says) {
				t.Errorf("%s: %d %s", path, code, body)
			}
		}
	}
	code, body := c.ask(c.PublicHandler(), "POST", "/groups/one/webhook/"+token, entry("s-1"))
	if code != 202 {
		t.Errorf("a signal of the group that is well: %d %s", code, body)
	}
	c.end()
	until(t, "it says that it stops", func() bool {
		code, _ := c.admin("GET", "/readyz", "")
		return code == 503
	})
}

// What a supervisor may end the process for: a node that stands still, of whichever
// group, and no store that is away.
func TestProcessIsLiveWhileTheNodesOfAllItsGroupsAreDriven(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	configs := s.desks("blue-1")
	for i := range configs {
		configs[i].UnsafeTestSeams = true
	}
	c := s.gather(configs, lead)
	until(t, "two leads", func() bool { return c.Group("two").IsLeader() })
	const held = `{"point":"at:leader.stepped_down"}`
	if code, body := c.admin("POST", "/groups/two/test/hold", held); code != 200 {
		t.Fatal(body)
	}
	go c.admin("POST", "/groups/two/v1/leader/step-down", "") // it waits for the node
	until(t, "it says that two stands still", func() bool {
		code, body := c.admin("GET", "/livez", "")
		return code == 503 && strings.Contains(body, `"standing_still":["two"]`)
	})
	for path, want := range map[string]int{"/groups/one/livez": 200, "/groups/two/livez": 503} {
		if code, body := c.admin("GET", path, ""); code != want {
			t.Errorf("%s: %d %s", path, code, body)
		}
	}
	if code, body := c.admin("DELETE", "/groups/two/test/hold", ""); code != 200 {
		t.Fatal(body)
	}
	until(t, "it lives again", func() bool {
		code, _ := c.admin("GET", "/livez", "")
		return code == 200
	})
}

// A rule sees only what is scraped, and one job scrapes the process.
func TestScrapeOfAProcessHasAllItsGroupsAndTheProcessOnce(t *testing.T) {
	t.Parallel()
	configs := make([]fencepost.Config, 2)
	for i, group := range []string{"one", "two"} {
		c := fencepost.DefaultConfig()
		c.InstanceID, c.Group, c.Production = "n1", group, false
		c.Postgres.DSN, c.Redis.Addr = "postgres://nobody@127.0.0.1:1/none", "127.0.0.1:1"
		c.Broker.URL, c.Broker.Class = fmt.Sprintf("http://127.0.0.1:%d", i+1), "A"
		c.Webhook.Sources = map[string]fencepost.Source{"desk": {Tokens: []fencepost.Secret{token}}}
		configs[i] = c
	}
	g, err := fencepost.NewGroups(configs)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = g.Close() })
	w := httptest.NewRecorder()
	g.AdminHandler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", "/metrics", nil))
	for line, want := range map[string]int{
		"\nfencepost_is_leader{group=\"one\",instance_id=\"n1\"} 0\n": 1,
		"\nfencepost_is_leader{group=\"two\",instance_id=\"n1\"} 0\n": 1,
		"\ngo_goroutines{": 1,
		// A source that fails before it has ever been heard of is to be noticed.
		"source=\"desk\",status=\"503\"} 0\n": 2,
	} {
		if got := strings.Count(w.Body.String(), line); w.Code != 200 || got != want {
			t.Errorf("%d: %q stands there %d times, want %d", w.Code, line, got, want)
		}
	}
}

// The listeners are open until the groups have handed over, and what comes through
// them is stored.
func TestWebhookThatComesWhileSeveralGroupsHandOverIsStored(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	configs := s.desks("blue-1")
	public, admin := testbed.FreeAddr(t), testbed.FreeAddr(t)
	for i := range configs {
		configs[i].Listen, configs[i].AdminListen, configs[i].UnsafeTestSeams = public, admin, true
	}
	c := s.gather(configs, func(ctx context.Context, g *fencepost.Groups) error { return g.Serve(ctx) })
	until(t, "both lead", func() bool { return c.Group("one").IsLeader() && c.Group("two").IsLeader() })
	if code, body := c.admin("POST", "/groups/two/test/hold", `{"point":"before:admit"}`); code != 200 {
		t.Fatal(body)
	}
	answered := make(chan string, 1)
	go func() {
		url := "http://" + public + "/groups/two/webhook/" + token
		r, err := http.Post(url, "application/json", strings.NewReader(entry("s-1")))
		if err != nil {
			answered <- err.Error()
			return
		}
		var body bytes.Buffer
		_, _ = body.ReadFrom(r.Body)
		_ = r.Body.Close()
		answered <- r.Status + " " + body.String()
	}()
	until(t, "the webhook waits", func() bool {
		_, body := c.admin("GET", "/groups/two/test/points", "")
		return strings.Contains(body, `"point":"before:admit","passed":1,"waiting":1`)
	})
	c.end()
	until(t, "the groups have handed over", func() bool {
		conn, err := net.Dial("tcp", public)
		if err == nil {
			_ = conn.Close()
		}
		return err != nil
	})
	if code, body := c.admin("DELETE", "/groups/two/test/hold", ""); code != 200 {
		t.Fatal(body)
	}
	if got := <-answered; !strings.HasPrefix(got, "202 ") {
		t.Errorf("answered %s", got)
	}
}
