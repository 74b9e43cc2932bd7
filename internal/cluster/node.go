package cluster

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"fencepost/internal/testbed/child"
)

// stopBound is the longest a node may take to hand over before it is killed.
const stopBound = 25 * time.Second

// ErrRuns reports that a node was to be started that runs already.
var ErrRuns = errors.New("it runs already")

// Node is one instance of the service. It keeps its id, its addresses and its
// configuration from start to start.
type Node struct {
	cluster *Cluster
	id      string
	config  string
	log     string
	public  string
	admin   string

	mu      sync.Mutex
	process *child.Process
}

// Status is what a node says of itself, as far as the cluster looks at it.
type Status struct {
	InstanceID string   `json:"instance_id"`
	Role       string   `json:"role"`
	IsLeader   bool     `json:"is_leader"`
	Epoch      uint64   `json:"epoch"`
	Ready      bool     `json:"ready"`
	NotReady   []string `json:"not_ready"`
	Degraded   []string `json:"degraded"`
}

// newNode lays a node out.
func (c *Cluster) newNode(number int) *Node {
	id := fmt.Sprintf("n%d", number)
	return &Node{
		cluster: c, id: id,
		config: filepath.Join(c.dir.Path(), id+".yaml"), log: filepath.Join(c.dir.Path(), id+".log"),
	}
}

// ID is the node's instance id: n1, n2 and so on.
func (n *Node) ID() string { return n.id }

// URL is where the node takes signals in.
func (n *Node) URL() string { return "http://" + n.public }

// AdminURL is where the node answers operators.
func (n *Node) AdminURL() string { return "http://" + n.admin }

// ConfigPath is the node's configuration file.
func (n *Node) ConfigPath() string { return n.config }

// LogPath is the node's log, of all its starts. It is removed with the cluster.
func (n *Node) LogPath() string { return n.log }

// current returns the process that was started last, or nil.
func (n *Node) current() *child.Process {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.process
}

// PID is the process that was started last, zero if none was.
func (n *Node) PID() int {
	if p := n.current(); p != nil {
		return p.PID()
	}
	return 0
}

// Running tells whether the node's process lives.
func (n *Node) Running() bool {
	p := n.current()
	return p != nil && p.Running()
}

// Ended is closed when the process that was started last has ended. It is nil,
// and blocks for ever, for a node that was never started.
func (n *Node) Ended() <-chan struct{} {
	if p := n.current(); p != nil {
		return p.Ended()
	}
	return nil
}

// Start starts the node, the first time or again, and returns when it answers.
func (n *Node) Start(ctx context.Context) error {
	if n.Running() {
		return fmt.Errorf("start %s: %w", n.id, ErrRuns)
	}
	err := n.launch(ctx)
	if err != nil {
		return fmt.Errorf("start %s: %w", n.id, err)
	}
	return nil
}

// launchFirst starts the node on ports that are free, and writes them into its
// configuration.
func (n *Node) launchFirst(ctx context.Context) error {
	err := child.OnFreePorts(2, n.log, func(addrs []string) error {
		n.public, n.admin = addrs[0], addrs[1]
		if err := n.cluster.configure(n); err != nil {
			return err
		}
		return n.launch(ctx)
	})
	if err != nil {
		return fmt.Errorf("start %s: %w", n.id, err)
	}
	return nil
}

func (n *Node) launch(ctx context.Context) error {
	p, err := child.Spawn(n.cluster.dir, n.log, n.cluster.program, "serve", "--config", n.config)
	if err != nil {
		return err
	}
	n.mu.Lock()
	n.process = p
	n.mu.Unlock()
	return p.AwaitAnswer(ctx, func(ctx context.Context) error {
		_, err := n.Status(ctx)
		return err
	})
}

// Status asks the node about itself.
func (n *Node) Status(ctx context.Context) (Status, error) {
	var s Status
	if _, err := get(ctx, n.AdminURL()+"/v1/status", &s); err != nil {
		return s, fmt.Errorf("ask %s: %w", n.id, err)
	}
	if s.InstanceID != n.id {
		return s, fmt.Errorf("ask %s: %q answers", n.id, s.InstanceID)
	}
	return s, nil
}

// AwaitReady returns when the node says that both stores answer it, and fails
// after the bound.
func (n *Node) AwaitReady(ctx context.Context, bound time.Duration) error {
	var last error
	err := child.Poll(ctx, bound, answerPoll, func(ctx context.Context) (bool, error) {
		var s Status
		s, last = n.Status(ctx)
		if last == nil && (!s.Ready || len(s.Degraded) > 0) {
			last = fmt.Errorf("%s misses %v", n.id, append(s.NotReady, s.Degraded...))
		}
		return last == nil, nil
	})
	if err != nil {
		return errors.Join(fmt.Errorf("%s is not ready: %w", n.id, err), last)
	}
	return nil
}

// Kill ends the node by SIGKILL. It stays down until Start.
func (n *Node) Kill() error {
	if p := n.current(); p != nil {
		return p.Kill()
	}
	return nil
}

// Signal sends a signal to the node, unless it has ended.
func (n *Node) Signal(sig syscall.Signal) error {
	if p := n.current(); p != nil {
		return p.Signal(sig)
	}
	return nil
}

// Stop lets the node hand over and end.
func (n *Node) Stop(ctx context.Context) error {
	p := n.current()
	if p == nil || !p.Running() {
		return nil
	}
	if err := p.Stop(ctx, stopBound); err != nil {
		return fmt.Errorf("stop %s: %w", n.id, err)
	}
	return nil
}

// LogTail returns the last lines of the node's log, at most so many.
func (n *Node) LogTail(lines int) string { return child.Tail(n.log, lines) }
