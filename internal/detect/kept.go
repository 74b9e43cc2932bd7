package detect

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// keptName is the file of a directory in which runs are kept.
const keptName = "samples.jsonl"

// Kept are runs that outlive the command that played them, a line of JSON each.
// A run is there whole or not at all.
type Kept struct {
	Runs []Run
	path string
}

// OpenKept reads the runs that the directory keeps, and makes it if it is not
// there. A last line without an end is that of a command that was killed as it
// wrote, and is taken away. Without a directory nothing is kept.
func OpenKept(dir string) (*Kept, error) {
	if dir == "" {
		return &Kept{}, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("keep samples: %w", err)
	}
	k := &Kept{path: filepath.Join(dir, keptName)}
	text, err := os.ReadFile(k.path)
	if errors.Is(err, fs.ErrNotExist) {
		return k, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read samples: %w", err)
	}
	whole := bytes.LastIndexByte(text, '\n') + 1
	if whole < len(text) {
		if err := os.Truncate(k.path, int64(whole)); err != nil {
			return nil, fmt.Errorf("mend samples: %w", err)
		}
	}
	for number, line := range bytes.Split(text[:whole], []byte("\n")) {
		if len(line) == 0 {
			continue
		}
		var r Run
		if err := json.Unmarshal(line, &r); err != nil {
			return nil, fmt.Errorf("read samples: %s:%d: %w", k.path, number+1, err)
		}
		k.Runs = append(k.Runs, r)
	}
	return k, nil
}

// Add keeps one more run.
func (k *Kept) Add(r *Run) error {
	k.Runs = append(k.Runs, *r)
	if k.path == "" {
		return nil
	}
	line, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("keep samples: %w", err)
	}
	file, err := os.OpenFile(k.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("keep samples: %w", err)
	}
	_, err = file.Write(append(line, '\n'))
	if err := errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("keep samples: %w", err)
	}
	return nil
}

// Of tells how many occurrences of the kind are kept, and which seed comes next.
func (k *Kept) Of(kind *Kind) (occurrences int, next uint64) {
	next = 1
	for i := range k.Runs {
		if r := &k.Runs[i]; r.Kind == kind.Name {
			occurrences += len(r.Occurrences)
			next = max(next, r.Seed+1)
		}
	}
	return occurrences, next
}
