package fencepost

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"sync"
)

// Groups are the instances of one process in several groups: each group has a lease
// and an epoch of its own, and all share their connections to the stores. Make them
// with NewGroups.
type Groups struct{ list []*Coordinator }

// NewGroups makes one instance for each configuration. They must differ in their
// group and agree in the instance id, the addresses of the stores and the addresses
// that are listened on. Two groups must not send to one account at a broker, where
// their orders could not be told apart. The first configuration's connections serve
// all. The options are for each of them.
func NewGroups(configs []Config, list ...Option) (*Groups, error) {
	if len(configs) == 0 {
		return nil, errors.New("configuration: no group")
	}
	if applied(list).broker != nil && len(configs) > 1 {
		return nil, errors.New(
			"configuration: one broker for several groups, whose orders it could not tell apart")
	}
	g := &Groups{}
	for i := range configs {
		err := g.agree(&configs[i])
		if err == nil {
			err = g.join(configs[i], list, len(configs))
		}
		if err != nil {
			return nil, errors.Join(fmt.Errorf("group %s: %w", configs[i].Group, err), g.Close())
		}
	}
	first := g.list[0]
	first.together = g.list
	for _, k := range g.list[1:] {
		first.senders.listed = slices.Concat(first.senders.listed, k.senders.listed)
	}
	return g, nil
}

// join makes the instance of one more group.
func (g *Groups) join(c Config, list []Option, groups int) error {
	k, err := New(c, append(slices.Clone(list), func(o *options) {
		o.groups = groups
		if len(g.list) > 0 {
			o.beside, o.supervisor = g.list[0].Reader, nil // the first speaks for all
		}
	})...)
	if err == nil {
		g.list = append(g.list, k)
	}
	return err
}

// agree judges a configuration against those before it.
func (g *Groups) agree(c *Config) error {
	var faults []error
	for _, k := range g.list {
		before := &k.config
		for _, s := range []struct {
			name string
			same bool
		}{
			{"instance_id", c.InstanceID == before.InstanceID},
			{"postgres", reflect.DeepEqual(c.Postgres, before.Postgres)},
			{"redis", reflect.DeepEqual(c.Redis, before.Redis)},
			{"listen", c.Listen == before.Listen},
			{"admin_listen", c.AdminListen == before.AdminListen},
			{"admin_token", c.AdminToken == before.AdminToken},
		} {
			if !s.same {
				faults = append(faults, fmt.Errorf("%s: not the same as of group %s", s.name, before.Group))
			}
		}
		if c.Group == before.Group {
			faults = append(faults, errors.New("named twice"))
		}
		if c.Journal != "" && c.Journal == before.Journal {
			faults = append(faults, fmt.Errorf("journal: the same as of group %s", before.Group))
		}
		if c.Broker.URL != "" && account(c) == account(before) {
			faults = append(faults, fmt.Errorf(
				"broker: the account of group %s, which could not tell the orders apart", before.Group))
		}
	}
	return errors.Join(faults...)
}

// account is what tells one account at a broker from another, however the two
// configurations spell it: the address, and the secrets whatever they are called.
func account(c *Config) string {
	secrets := []string{c.Broker.Secret.Reveal(), c.Broker.Alpaca.KeyID.Reveal()}
	for _, secret := range c.Broker.Secrets {
		secrets = append(secrets, secret.Reveal())
	}
	slices.Sort(secrets)
	return strings.Join(append(slices.Compact(secrets), place(c.Broker.URL)), "\x00")
}

// place is where an address leads to, spelled in one way.
func place(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address // the configuration is refused for it
	}
	scheme := strings.ToLower(u.Scheme)
	host, port := strings.TrimSuffix(strings.ToLower(u.Hostname()), "."), u.Port()
	switch {
	case port != "":
	case scheme == "https":
		port = "443"
	case scheme == "http":
		port = "80"
	}
	return scheme + "://" + net.JoinHostPort(host, port) + strings.TrimRight(u.Path, "/") + "?" + u.RawQuery
}

// All returns the instances, in the order of their configurations.
func (g *Groups) All() []*Coordinator { return slices.Clone(g.list) }

// Group returns the instance in a group, or nil.
func (g *Groups) Group(name string) *Coordinator {
	for _, k := range g.list {
		if k.config.Group == name {
			return k
		}
	}
	return nil
}

// Run is Coordinator.Run for all groups at once; leads are the functions that lead,
// by group. An instance that ends with an error ends the others in order.
func (g *Groups) Run(ctx context.Context, leads map[string]Lead) error {
	for name := range leads {
		if g.Group(name) == nil {
			return errors.Join(fmt.Errorf("lead group %s: no such group", name), g.Close())
		}
	}
	if err := g.start(); err != nil {
		return err
	}
	return errors.Join(g.run(ctx, leads), g.close())
}

// start claims all instances for one run. If one of them was run before, the
// connections of the others are given back.
func (g *Groups) start() error {
	var fresh []*Coordinator
	for _, k := range g.list {
		if !k.started.Swap(true) {
			fresh = append(fresh, k)
		}
	}
	if len(fresh) == len(g.list) {
		return nil
	}
	return errors.Join(errRunsOnce, (&Groups{fresh}).close())
}

// run runs all with the stores left open.
func (g *Groups) run(ctx context.Context, leads map[string]Lead) error {
	ctx, end := context.WithCancel(ctx)
	defer end()
	faults := make([]error, len(g.list))
	var running sync.WaitGroup
	for i, k := range g.list {
		running.Go(func() {
			if faults[i] = k.run(ctx, leads[k.config.Group]); faults[i] != nil {
				faults[i] = fmt.Errorf("group %s: %w", k.config.Group, faults[i])
				end()
			}
		})
	}
	running.Wait()
	return errors.Join(faults...)
}

// Serve is Run, and answers HTTP on the configured addresses: the routes of each
// group stand below /groups/NAME, and those of the first without it as well. The
// stores are closed after the last answer: a webhook that comes while the process
// hands over is stored.
func (g *Groups) Serve(ctx context.Context) error {
	if err := g.start(); err != nil {
		return err
	}
	run := func(ctx context.Context) error { return g.run(ctx, nil) }
	return errors.Join(g.list[0].answer(ctx, g.PublicHandler(), g.AdminHandler(), run), g.close())
}

// Close gives back the connections of instances that were never run.
func (g *Groups) Close() error {
	var faults []error
	for _, k := range g.list {
		faults = append(faults, k.Close())
	}
	return errors.Join(faults...)
}

// close gives the connections of all back.
func (g *Groups) close() error {
	var faults []error
	for _, k := range g.list {
		faults = append(faults, k.close())
	}
	return errors.Join(faults...)
}
