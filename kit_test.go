package fencepost_test

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"fencepost"
	"fencepost/core/order"
	"fencepost/internal/broker/paper"
	"fencepost/internal/config"
	"fencepost/internal/testbed"
	"fencepost/internal/testbed/redis"
	"fencepost/migrations"
)

func TestMain(m *testing.M) { testbed.Main(m) }

// patience is how long a test waits for what must come.
const patience = 30 * time.Second

// token is the path token of the tests' source.
const token = "a-token-for-the-tests"

// adminToken is what commands present.
const adminToken = "an-admin-token-for-tests"

// stage is a Redis, a migrated PostgreSQL and a paper broker of a test's own.
type stage struct {
	t     *testing.T
	redis *redis.Server
	dsn   string
	desk  *paper.Server
	url   string
}

func newStage(t *testing.T) *stage {
	t.Helper()
	s := &stage{t: t, redis: testbed.Redis(t), dsn: testbed.Postgres(t)}
	if _, err := migrations.Up(t.Context(), s.dsn); err != nil {
		t.Fatal(err)
	}
	s.desk = paper.NewServer(paper.Config{Class: order.ClassA})
	front := httptest.NewServer(s.desk)
	t.Cleanup(func() { s.desk.Close(); front.Close() })
	s.url = front.URL
	return s
}

// config returns settings for an instance with a ttl of one second.
func (s *stage) config(id string) fencepost.Config {
	c := fencepost.DefaultConfig()
	c.InstanceID, c.Production = id, false
	c.Postgres.DSN, c.Redis.Addr = fencepost.Secret(s.dsn), s.redis.Addr()
	c.Broker.URL, c.Broker.Class = s.url, "A"
	c.Lease.TTL, c.AdminToken = fencepost.Duration(time.Second), adminToken
	c.Webhook.Sources = map[string]fencepost.Source{"test": {Tokens: []fencepost.Secret{token}}}
	return c
}

// diary keeps an instance's log and shows it if the test failed.
type diary struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (d *diary) Write(p []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.text.Write(p)
}

func (d *diary) String() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.text.String()
}

// instance is a coordinator that runs until the test ends or stop is called.
type instance struct {
	*fencepost.Coordinator
	t    *testing.T
	name string
	log  *diary
	end  context.CancelFunc
	done chan error
	// public is the instance's handler for senders.
	public http.Handler
}

// start runs an instance; change, if not nil, alters its settings.
func (s *stage) start(id string, change func(*fencepost.Config)) *instance {
	s.t.Helper()
	return s.startWith(id, change)
}

// startWith is start with more options.
func (s *stage) startWith(id string, change func(*fencepost.Config), more ...fencepost.Option) *instance {
	s.t.Helper()
	return s.startLeading(id, nil, change, more...)
}

// startLeading is startWith, and calls lead while the instance leads.
func (s *stage) startLeading(
	id string, lead fencepost.Lead, change func(*fencepost.Config), more ...fencepost.Option,
) *instance {
	s.t.Helper()
	c := s.config(id)
	c.Log = config.Log{Format: config.FormatText, Level: config.LevelInfo}
	if change != nil {
		change(&c)
	}
	i := &instance{t: s.t, name: id, log: &diary{}, done: make(chan error, 1)}
	options := append(more, fencepost.WithLogger(fencepost.NewLogger(&c, i.log)))
	coordinator, err := fencepost.New(c, options...)
	if err != nil {
		s.t.Fatal(err)
	}
	i.Coordinator, i.public = coordinator, coordinator.PublicHandler()
	ctx, cancel := context.WithCancel(context.Background())
	i.end = cancel
	go func() { i.done <- i.Run(ctx, lead) }()
	s.t.Cleanup(func() {
		i.stop()
		if s.t.Failed() {
			s.t.Logf("log of %s:\n%s", id, i.log)
		}
	})
	return i
}

// stop asks the instance to hand over and waits until it has.
func (i *instance) stop() {
	i.t.Helper()
	if i.end == nil {
		return
	}
	i.end()
	i.end = nil
	select {
	case err := <-i.done:
		if err != nil && !strings.Contains(err.Error(), "good-bye") {
			i.t.Errorf("%s stopped with: %v", i.name, err)
		}
	case <-time.After(patience):
		i.t.Errorf("%s did not stop", i.name)
	}
}

// until waits until the claim holds.
func until(t *testing.T, claim string, holds func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	for !holds() {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			t.Fatalf("waited %v in vain for: %s", patience, claim)
		}
	}
}

// admin sends a command to the instance's admin handler.
func (i *instance) admin(method, path, body string) (int, string) {
	i.t.Helper()
	r := httptest.NewRequestWithContext(i.t.Context(), method, path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+adminToken)
	w := httptest.NewRecorder()
	i.AdminHandler().ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

// webhook sends a signal to the instance.
func (i *instance) webhook(body string) (int, string) {
	i.t.Helper()
	r := httptest.NewRequestWithContext(i.t.Context(), "POST", "/webhook/"+token, strings.NewReader(body))
	w := httptest.NewRecorder()
	i.public.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

// leads waits until the instance believes that it leads.
func (i *instance) leads() {
	i.t.Helper()
	until(i.t, i.name+" leads", i.IsLeader)
}
