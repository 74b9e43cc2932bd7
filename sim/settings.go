package sim

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"fencepost/core"
	"fencepost/scenarios"
)

// setting is one name of `cluster.config` that the simulator knows: the same as
// in the service's configuration, and of the paper broker's two that have no
// place there.
type setting struct {
	name string
	set  func(p *Program, c *core.Config, text string) bool
}

// settings lists what a scenario may set besides the cluster's own fields.
var settings = []setting{
	{"lease.heartbeat", duration(func(c *core.Config) *time.Duration { return &c.Heartbeat })},
	{"lease.margin", duration(func(c *core.Config) *time.Duration { return &c.Margin })},
	{"lease.retry", duration(func(c *core.Config) *time.Duration { return &c.Retry })},
	{"lease.retry_jitter", duration(func(c *core.Config) *time.Duration { return &c.RetryJitter })},
	{"lease.store_timeout", duration(func(c *core.Config) *time.Duration { return &c.StoreTimeout })},
	{"lease.candidate_budget", duration(func(c *core.Config) *time.Duration { return &c.CandidateBudget })},
	{"lease.send_by", duration(func(c *core.Config) *time.Duration { return &c.SendBy })},
	{"lease.sweep", duration(func(c *core.Config) *time.Duration { return &c.Sweep })},
	{"lease.review", duration(func(c *core.Config) *time.Duration { return &c.Review })},
	{"broker.timeout", duration(func(c *core.Config) *time.Duration { return &c.BrokerTimeout })},
	{
		"broker.late_arrival_bound",
		duration(func(c *core.Config) *time.Duration { return &c.Broker.LateArrivalBound }),
	},
	{scenarios.OneOpenSetting, func(p *Program, _ *core.Config, text string) bool {
		on, err := strconv.ParseBool(text)
		p.oneOpen = on
		return err == nil
	}},
	{"paper.fill_after", func(p *Program, _ *core.Config, text string) bool {
		d, err := time.ParseDuration(text)
		p.fillAfter = d
		return err == nil && d >= 0
	}},
	{"paper.unfilled", func(p *Program, _ *core.Config, text string) bool {
		share, ok := strings.CutSuffix(text, "%")
		percent, err := strconv.ParseFloat(share, 64)
		p.unfilled = int64(math.Round(percent * float64(scenarios.OnePercent)))
		return ok && err == nil && percent >= 0 && percent <= 100
	}},
}

// duration returns what sets a length of time.
func duration(field func(*core.Config) *time.Duration) func(*Program, *core.Config, string) bool {
	return func(_ *Program, c *core.Config, text string) bool {
		d, err := time.ParseDuration(text)
		*field(c) = d
		return err == nil && d >= 0
	}
}

// settingNames lists the settings that the simulator knows.
func settingNames() []string {
	names := make([]string, len(settings))
	for i := range settings {
		names[i] = settings[i].name
	}
	return names
}

// applySettings takes over what the file sets by name.
func (p *Program) applySettings(s *scenarios.Scenario, c *core.Config) error {
	for _, given := range s.Cluster.Config {
		at := slices.IndexFunc(settings, func(known setting) bool { return known.name == given.Name })
		if at < 0 {
			return s.Refuse(s.Place.Of("cluster.config"), given.Name, settingNames(),
				"the simulator does not know the setting "+given.Name)
		}
		if !settings[at].set(p, c, given.Value) {
			return s.Refuse(s.Place.Of("cluster.config"), given.Value, nil,
				"the setting "+given.Name+" cannot be "+strconv.Quote(given.Value))
		}
	}
	return nil
}
