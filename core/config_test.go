package core_test

import (
	"strings"
	"testing"
	"time"

	"fencepost/core"
)

// PROTOCOL 4.3.8: every interval is a part of the ttl.
func TestProfilesScaleWithTheTTL(t *testing.T) {
	d, f := core.Default(), core.Fast()
	if d.TTL != 10*time.Second || f.TTL != 3*time.Second {
		t.Fatalf("ttl %v and %v", d.TTL, f.TTL)
	}
	type config = core.Config
	for _, c := range []struct {
		name  string
		value func(*config) time.Duration
		want  time.Duration
	}{
		{"renew", func(c *config) time.Duration { return c.Renew }, 3 * time.Second},
		{"heartbeat", func(c *config) time.Duration { return c.Heartbeat }, 3 * time.Second},
		{"margin", func(c *config) time.Duration { return c.Margin }, 500 * time.Millisecond},
		{"retry", func(c *config) time.Duration { return c.Retry }, 2 * time.Second},
		{"retry jitter", func(c *config) time.Duration { return c.RetryJitter }, time.Second},
		{"store timeout", func(c *config) time.Duration { return c.StoreTimeout }, 2500 * time.Millisecond},
		{"candidate budget", func(c *config) time.Duration { return c.CandidateBudget }, 3 * time.Second},
		{"send by", func(c *config) time.Duration { return c.SendBy }, 2500 * time.Millisecond},
		{"stale after", func(c *config) time.Duration { return c.StaleAfter }, 30 * time.Second},
	} {
		if got := c.value(&d); got != c.want {
			t.Errorf("%s %v, want %v", c.name, got, c.want)
		}
		if got, want := c.value(&f), c.want*3/10; got != want {
			t.Errorf("%s %v in the fast profile, want %v", c.name, got, want)
		}
	}
}

// PROTOCOL 4.3.9: the profiles are valid for every ttl that is admitted.
func TestProfilesAreValidForEveryTTL(t *testing.T) {
	for _, ttl := range []time.Duration{
		100 * time.Millisecond, 101 * time.Millisecond, time.Second, 3 * time.Second, 10 * time.Second,
		time.Hour,
	} {
		if cfg := core.ForTTL(ttl); cfg.Validate() != nil {
			t.Errorf("ttl %v: %v", ttl, cfg.Validate())
		}
	}
}

// PROTOCOL 4.3.9: what would break a promise is refused, by name.
func TestConfigurationThatBreaksAPromiseIsRefused(t *testing.T) {
	type config = core.Config
	for name, c := range map[string]struct {
		set  func(*config)
		want string
	}{
		"no ttl":            {func(c *config) { c.TTL = 0 }, "ttl 0s: must lie between 100ms and 1h"},
		"long ttl":          {func(c *config) { c.TTL = 2 * time.Hour }, "ttl 2h0m0s: must lie between"},
		"slow heartbeat":    {func(c *config) { c.Heartbeat = 4 * time.Second }, "heartbeat 4s: two"},
		"slow store":        {func(c *config) { c.StoreTimeout = 5 * time.Second }, "one time-out of 5s"},
		"negative drift":    {func(c *config) { c.DriftPPM = -1 }, "clock drift of -1 ppm"},
		"wild drift":        {func(c *config) { c.DriftPPM = 100_001 }, "clock drift of 100001 ppm"},
		"no retry":          {func(c *config) { c.Retry = 0 }, "retry 0s: must be at least 1ms"},
		"busy retry":        {func(c *config) { c.Retry = 1 }, "retry 1ns: must be at least 1ms"},
		"no sweep":          {func(c *config) { c.Sweep = 0 }, "sweep 0s: must be at least 1ms"},
		"negative jitter":   {func(c *config) { c.RetryJitter = -1 }, "retry 2s plus jitter -1ns"},
		"lazy retry":        {func(c *config) { c.Retry = 5 * time.Second }, "at most half a ttl (5s)"},
		"patient candidate": {func(c *config) { c.CandidateBudget = c.Window() }, "candidate_budget 9.4s"},
		"long send":         {func(c *config) { c.SendBy = c.Window() }, "send_by 9.4s"},
		"hasty peer":        {func(c *config) { c.StaleAfter = 2*c.TTL - 1 }, "at least two ttl (20s)"},
		"no version":        {func(c *config) { c.Protocol = 0 }, "protocol version 0"},
	} {
		cfg := core.Default()
		c.set(&cfg)
		before := cfg
		err := cfg.Validate()
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; want %q", name, err, c.want)
		}
		if cfg != before {
			t.Errorf("%s: the configuration was changed", name)
		}
	}
}

// PROTOCOL 4.3.9: the renewal every five seconds of a ten-second lease, which
// one lost reply turns into a lost leadership, is refused with what would do.
func TestRenewalOfFiveSecondsIsRefusedNamingThree(t *testing.T) {
	cfg := core.Default()
	cfg.Renew = 5 * time.Second
	err := cfg.Validate()
	if err == nil || !strings.Contains(err.Error(), "renew 5s") || !strings.Contains(err.Error(), "3s") {
		t.Fatalf("%v", err)
	}
}

// PROTOCOL 4.3.9: every fault is told at once.
func TestEveryFaultIsTold(t *testing.T) {
	cfg := core.Default()
	cfg.Renew, cfg.SendBy, cfg.Protocol = -1, time.Hour, 0
	err := cfg.Validate()
	for _, want := range []string{"renew -1ns", "send_by 1h0m0s", "protocol version 0"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v; want %q", err, want)
		}
	}
}

// PROTOCOL 3.6: a node does not start with a configuration that is refused, or
// without a name.
func TestNodeDoesNotStartWithoutAValidConfiguration(t *testing.T) {
	cfg := core.Default()
	mustPanic(t, "a valid configuration", func() {
		bad := cfg
		bad.TTL = 0
		core.New(bad, self, core.Now{})
	})
	mustPanic(t, "a nonce is not zero", func() { core.New(cfg, 0, core.Now{}) })
}

// mustPanic fails unless f breaks that assumption of the core.
func mustPanic(t *testing.T, claim string, f func()) {
	t.Helper()
	defer func() {
		t.Helper()
		text, _ := recover().(string)
		if !strings.Contains(text, claim) {
			t.Errorf("panic %q, want %q", text, claim)
		}
	}()
	f()
}
