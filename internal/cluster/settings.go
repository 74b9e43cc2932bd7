package cluster

import (
	"fmt"
	"os"
	"strings"

	"github.com/goccy/go-yaml"
)

// group is the name of the one group of a cluster.
const group = "default"

// settings are a node's settings, by their names in the file.
func (c *Cluster) settings(n *Node) map[string]any {
	all := map[string]any{
		"instance_id": n.id, "group": group,
		"listen": n.public, "admin_listen": n.admin, "admin_token": c.adminToken,
		"postgres.dsn": c.dsn, "redis.addr": c.redis.Addr(),
		"broker.url": c.broker.URL(), "broker.class": c.options.Class,
		"lease.profile": "fast", "webhook.sources.demo.tokens": []string{c.webhookToken},
	}
	if c.options.Settings != nil {
		c.options.Settings(n.id, all)
	}
	return all
}

// configure writes a node's configuration file. It holds secrets and is the
// owner's alone.
func (c *Cluster) configure(n *Node) error {
	text, err := yaml.Marshal(nest(c.settings(n)))
	if err != nil {
		return fmt.Errorf("configure %s: %w", n.id, err)
	}
	if err := os.WriteFile(n.config, text, 0o600); err != nil {
		return fmt.Errorf("configure %s: %w", n.id, err)
	}
	return nil
}

// nest turns names with dots into sections.
func nest(flat map[string]any) map[string]any {
	root := map[string]any{}
	for name, value := range flat {
		path := strings.Split(name, ".")
		at := root
		for _, word := range path[:len(path)-1] {
			section, ok := at[word].(map[string]any)
			if !ok {
				section = map[string]any{}
				at[word] = section
			}
			at = section
		}
		at[path[len(path)-1]] = value
	}
	return root
}
