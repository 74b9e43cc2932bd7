package kills

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"fencepost/internal/cluster"
)

// file is where a batch is kept.
func (p Plan) file(batch int) string {
	return filepath.Join(p.Dir, fmt.Sprintf("batch-%d-%04d.json", p.Seed, batch))
}

// kept returns what the directory holds of a batch, or nil. One of another plan
// does not count.
func (p Plan) kept(batch int) (*Batch, error) {
	if p.Dir == "" {
		return nil, nil
	}
	text, err := os.ReadFile(p.file(batch))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read batch %d: %w", batch, err)
	}
	b := &Batch{}
	if err := json.Unmarshal(text, b); err != nil {
		return nil, fmt.Errorf("read batch %s: %w", p.file(batch), err)
	}
	if b.Seed != p.Seed || b.Batch != batch || b.Nodes != p.Nodes || b.Rate != p.Rate ||
		b.Kills != p.kills(batch) {
		return nil, nil
	}
	return b, nil
}

// keep writes what came of a batch. It is there whole or not at all.
func (p Plan) keep(b *Batch) error {
	if p.Dir == "" {
		return nil
	}
	text, err := json.MarshalIndent(b, "", "  ")
	if err != nil {
		return fmt.Errorf("keep batch %d: %w", b.Batch, err)
	}
	part := p.file(b.Batch) + ".part"
	err = os.WriteFile(part, append(text, '\n'), 0o644)
	if err == nil {
		err = os.Rename(part, p.file(b.Batch))
	}
	if err != nil {
		return fmt.Errorf("keep batch %d: %w", b.Batch, err)
	}
	return nil
}

// keepLogs copies what the nodes had to say to where the batch is kept: the
// cluster's own directory is removed with it.
func (p Plan) keepLogs(batch int, c *cluster.Cluster) error {
	if p.Dir == "" {
		return nil
	}
	dir := filepath.Join(p.Dir, fmt.Sprintf("logs-%d-%04d", p.Seed, batch))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("keep logs: %w", err)
	}
	for _, n := range c.Nodes() {
		text, err := os.ReadFile(n.LogPath())
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, n.ID()+".log"), text, 0o600)
		}
		if err != nil {
			return fmt.Errorf("keep logs: %w", err)
		}
	}
	return nil
}
