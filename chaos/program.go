package chaos

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"fencepost/core"
	"fencepost/core/check"
	"fencepost/core/order"
	"fencepost/internal/config"
	"fencepost/scenarios"
)

// Program is a scenario compiled for real processes: every length resolved,
// every default filled in. It is never changed by a run.
type Program struct {
	// scenario is what is played, file what is judged: without what a nemesis drew.
	scenario, file *scenarios.Scenario
	config         core.Config
	checks         check.Config
	ttl            int64
	nodes          int
	own            int // steps of the file; what a nemesis drew stands behind them

	duration, settle int64
	stall            int64 // longest standstill of the harness
	traffic          traffic

	class      order.Class
	ack        scenarios.Span
	fillAfter  time.Duration
	settings   map[string]any
	oneOpen    bool  // one signal of an instrument at a time, exits before entries
	rewinds    int64 // how far back the ledger may go
	replicated bool
}

// traffic is what senders do.
type traffic struct {
	interval, intervalMax int64 // between two signals; zero offers none
	steady                bool
	count                 int // of signals; zero is no limit
	duplicates            scenarios.Percent
	reorder               int64
	to                    scenarios.Target
	instruments           int
	exits                 scenarios.Percent
	timeout               int64
	attempts              int
	validFor              time.Duration
}

// defaultStall is how long the harness may stand still, in parts of a ttl,
// where the file does not say.
const defaultStall = 4

// Compile turns a scenario into a program. What real processes cannot do, or
// the service would refuse, is refused with its place in the file.
func Compile(file *scenarios.Scenario) (*Program, error) {
	if !file.Plays(scenarios.RealTier) {
		return nil, file.Refuse(file.Place.Of("tiers"), "", nil,
			"this file is not for real processes: "+file.TierReason)
	}
	s := file.WithDefaults()
	ttl := s.TTL()
	p := &Program{
		scenario: s, file: s, ttl: ttl, nodes: s.Cluster.Nodes,
		duration: s.Run.Duration.Resolve(ttl), settle: s.Run.Settle.Resolve(ttl),
		stall:      s.Assume.HarnessStall.Resolve(ttl),
		ack:        s.Cluster.Broker.Ack,
		replicated: s.Cluster.Redis.Mode == scenarios.ReplicatedRedis,
	}
	if p.stall == 0 {
		p.stall = ttl / defaultStall
	}
	p.compileTraffic(s)
	if err := p.compileSettings(s); err != nil {
		return nil, err
	}
	if err := refuseReplicaLinks(s); err != nil {
		return nil, err
	}
	p.own = len(s.Steps)
	p.rewinds = rewindReach(s)
	p.checks = check.For(&p.config, p.nodes)
	p.checks.RecoverSignals += p.fillAfter
	p.checks.HarnessStall, p.checks.OneOpen = time.Duration(p.stall), p.oneOpen
	return p, nil
}

// refuseReplicaLinks refuses what has no wire here: a node reaches the replica of
// Redis only once it is the primary, over the link that it has to Redis.
func refuseReplicaLinks(s *scenarios.Scenario) error {
	for i := range s.Steps {
		v, ok := s.Steps[i].Verb.(scenarios.Net)
		if ok && v.Link.Far.Kind == scenarios.ReplicaParty && !v.Link.Near.IsStore() {
			return s.Refuse(s.Steps[i].Place.Of("net.link"), v.Link.String(), nil,
				"on real processes only Redis itself has a link to its replica")
		}
	}
	return nil
}

// With returns the program with further steps behind the file's own: what a
// nemesis drew. Where one of them finds nobody to strike, nothing is struck.
func (p *Program) With(drawn []scenarios.Step) *Program {
	longer, s := *p, *p.scenario
	s.Steps = append(slices.Clone(s.Steps[:p.own]), drawn...)
	longer.scenario = s.WithDefaults()
	longer.rewinds = rewindReach(longer.scenario)
	return &longer
}

// rewindReach is how far back the scenario's rewinds go at the most; zero if
// there are none.
func rewindReach(s *scenarios.Scenario) int64 {
	reach := int64(0)
	for i := range s.Steps {
		if v, ok := s.Steps[i].Verb.(scenarios.Postgres); ok && v.Act == scenarios.PostgresRewind {
			_, most := v.By.Resolve(s.TTL())
			reach = max(reach, most)
		}
	}
	return reach
}

// compileTraffic works out when signals come.
func (p *Program) compileTraffic(s *scenarios.Scenario) {
	w := &s.Workload
	t := &p.traffic
	*t = traffic{
		interval: w.Signals.Rate.Interval(p.ttl), duplicates: w.Duplicates, reorder: w.Reorder.Resolve(p.ttl),
		to: w.To, instruments: w.Instruments, exits: w.Exits, timeout: w.Retry.Timeout.Resolve(p.ttl),
		attempts: w.Retry.Attempts, validFor: time.Duration(w.ValidFor.Resolve(p.ttl)),
	}
	if w.Signals.Count > 0 {
		t.count, t.steady = w.Signals.Count, true
		t.interval, t.intervalMax = w.Every.Resolve(p.ttl)
		if t.interval == 0 {
			t.interval = max(p.duration/int64(w.Signals.Count+1), 1)
		}
	}
}

// fillAfterName is a name of `cluster.config` that is the paper broker's: how long
// an order stays open.
const fillAfterName = "paper.fill_after"

// harnessSettings are those that each node gets from the harness, each with all
// that stands below it. Orders go to the harness's own broker in its own words:
// what is said of another's would do nothing.
var harnessSettings = []string{
	"instance_id", "listen", "admin_listen", "admin_token", "admin_token_file", "postgres.dsn",
	"postgres.dsn_file", "redis.addr", "redis.db", "redis.tls", "redis.username", "redis.password",
	"redis.password_file", "redis.sentinels", "redis.cluster", "postgres.password_file",
	"broker.adapter", "broker.url", "broker.secret", "broker.secret_file",
	"broker.secrets", "broker.secret_files", "broker.instruments", "broker.template", "broker.alpaca",
	"journal", "journal_flush", "lease.profile", "postgres.conns",
}

// reconcileName is the setting that lets a leader halt the group by itself. Unless a
// file sets it, no leader does: the simulator has no reconciler, and in a scenario that
// doubles orders, or takes the ledger back, the rest of the run would be a halt.
const reconcileName = "reconcile.interval"

// isHarness reports whether the setting is the harness's.
func isHarness(name string) bool {
	return slices.ContainsFunc(harnessSettings, func(ours string) bool {
		return name == ours || strings.HasPrefix(name, ours+".")
	})
}

// compileSettings derives the service's settings, and the protocol's
// configuration from them as the service itself does.
func (p *Program) compileSettings(s *scenarios.Scenario) error {
	class, err := config.ParseClass(string(s.Cluster.Broker.Class))
	if err != nil {
		return s.Refuse(s.Place.Of("cluster.broker"), string(s.Cluster.Broker.Class), nil, err.Error())
	}
	p.class = class
	p.settings = map[string]any{
		"group": group, "production": false, "unsafe_test_seams": true,
		"lease.ttl": time.Duration(p.ttl).String(), "intake": string(s.Cluster.Intake),
		"broker.class": string(s.Cluster.Broker.Class), "log.level": "debug", "log.format": "json",
		"stale_after":      time.Duration(s.Cluster.StaleAfter.Resolve(p.ttl)).String(),
		"lease.renew":      time.Duration(s.Cluster.Lease.Renew.Resolve(p.ttl)).String(),
		"shutdown_timeout": (10 * time.Duration(p.ttl)).String(),
	}
	if s.Cluster.Postgres.Pool > 0 {
		p.settings["postgres.conns"] = s.Cluster.Postgres.Pool
	}
	for _, given := range s.Cluster.Config {
		if given.Name == fillAfterName {
			if p.fillAfter, err = time.ParseDuration(given.Value); err != nil {
				return s.Refuse(s.Place.Of("cluster.config"), given.Value, nil,
					fillAfterName+": "+err.Error())
			}
			continue
		}
		if _, ours := p.settings[given.Name]; ours || isHarness(given.Name) {
			return s.Refuse(s.Place.Of("cluster.config"), given.Name, nil,
				"the setting "+given.Name+" is the harness's, or has a field of its own in the file")
		}
		if !slices.Contains(config.Settings(), given.Name) {
			return s.Refuse(s.Place.Of("cluster.config"), given.Name, config.Settings(),
				"the service does not know the setting "+given.Name)
		}
		p.settings[given.Name] = given.Value
		if yes := given.Value == "true"; yes || given.Value == "false" {
			p.settings[given.Name] = yes // a word in quotes is no answer to yes or no
		}
	}
	if _, given := p.settings[reconcileName]; !given {
		p.settings[reconcileName] = "0s"
	}
	if _, given := p.settings[scenarios.OneOpenSetting]; !given {
		p.settings[scenarios.OneOpenSetting] = false
	}
	c, err := p.load()
	if err != nil {
		return s.Refuse(s.Place.Of("cluster"), "", nil, "the service would refuse this: "+err.Error())
	}
	p.config, p.oneOpen = c.Protocol(), c.Execution.OneOpenPerInstrument
	return nil
}

// load reads the settings as the service will, with addresses that nobody
// listens on.
func (p *Program) load() (*config.Config, error) {
	dir, err := os.MkdirTemp("", "fencepost-settings-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	all := map[string]any{
		"instance_id": "n1", "postgres.dsn": "postgres://nobody@127.0.0.1/none", "redis.addr": "127.0.0.1:1",
		"broker.url": "http://127.0.0.1:1", "admin_token": strings.Repeat("x", 32),
		"webhook.sources.drill.tokens": []string{strings.Repeat("x", 32)},
	}
	for name, value := range p.settings {
		all[name] = value
	}
	path := filepath.Join(dir, "n1.yaml")
	if err := writeSettings(path, all); err != nil {
		return nil, err
	}
	c, err := config.Load(path, nil)
	if err != nil {
		return nil, err
	}
	return c, c.Validate()
}

// writeSettings writes a configuration file. It holds secrets and is the
// owner's alone.
func writeSettings(path string, flat map[string]any) error {
	root := map[string]any{}
	for name, value := range flat {
		words := strings.Split(name, ".")
		at := root
		for _, word := range words[:len(words)-1] {
			section, ok := at[word].(map[string]any)
			if !ok {
				section = map[string]any{}
				at[word] = section
			}
			at = section
		}
		at[words[len(words)-1]] = value
	}
	text, err := yaml.Marshal(root)
	if err != nil {
		return fmt.Errorf("write settings: %w", err)
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		return fmt.Errorf("write settings: %w", err)
	}
	return nil
}
