package cluster

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// State says where everything of a cluster is, for programs.
type State struct {
	Nodes []NodeState `json:"nodes"`
	// Redis is HOST:PORT.
	Redis       string `json:"redis"`
	PostgresDSN string `json:"postgres_dsn"`
	BrokerURL   string `json:"broker_url"`
	// WebhookToken is the path token of the one source of signals; AdminToken is
	// the bearer token of commands.
	WebhookToken string `json:"webhook_token"`
	AdminToken   string `json:"admin_token"`
	// Program is the service's program, and PID the process that runs the cluster.
	Program string `json:"program"`
	PID     int    `json:"pid"`
}

// NodeState is where one node is.
type NodeState struct {
	ID       string `json:"id"`
	URL      string `json:"url"`
	AdminURL string `json:"admin_url"`
	// PID is the process that was started last, whether or not it still runs.
	PID int `json:"pid"`
	// Config is the node's configuration file.
	Config string `json:"config"`
}

// State returns where everything is now.
func (c *Cluster) State() State {
	s := State{
		Redis: c.redis.Addr(), PostgresDSN: c.dsn, BrokerURL: c.broker.URL(),
		WebhookToken: c.webhookToken, AdminToken: c.adminToken,
		Program: c.program, PID: os.Getpid(),
	}
	for _, n := range c.nodes {
		s.Nodes = append(s.Nodes, NodeState{
			ID: n.id, URL: n.URL(), AdminURL: n.AdminURL(), PID: n.PID(), Config: n.config,
		})
	}
	return s
}

// Write writes the state to a file in one step, so that nobody reads half of
// it. It holds tokens and a password and is the owner's alone.
func (s State) Write(path string) error {
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return fmt.Errorf("write state: %w", err)
	}
	return replace(path, append(text, '\n'))
}

// replace writes a file in one step.
func replace(path string, text []byte) error {
	file, err := os.CreateTemp(filepath.Dir(path), ".state-*")
	if err != nil {
		return fmt.Errorf("write state: %w", err)
	}
	_, err = file.Write(text)
	if err = errors.Join(err, file.Close()); err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write state: %w", err), os.Remove(file.Name()))
	}
	return nil
}
