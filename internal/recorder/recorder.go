package recorder

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"os"
	"sync"
	"time"

	"fencepost/core"
	"fencepost/core/journal"
)

// format is the version of the file's form.
const format = 1

// most is how many bytes may wait for the disk, and every how often they are
// written.
const (
	most  = 16 << 20
	every = time.Second
)

// header is the file's first line.
type header struct {
	Format  int         `json:"format"`
	Nonce   core.Nonce  `json:"nonce"`
	Config  core.Config `json:"config"`
	Started core.Now    `json:"started"`
}

// Recorder writes one file. It is safe for use by several goroutines.
type Recorder struct {
	file *os.File

	mu      sync.Mutex
	pending []byte
	spare   []byte
	failed  error

	stop chan struct{}
	done chan struct{}
}

// Create makes the file, in the place of an older one.
func Create(path string) (*Recorder, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("create journal: %w", err)
	}
	r := &Recorder{file: file, stop: make(chan struct{}), done: make(chan struct{})}
	go r.flushAgain()
	return r, nil
}

// Start records how the node began. It is called once, before Record.
func (r *Recorder) Start(config core.Config, nonce core.Nonce, now core.Now) {
	line, err := json.Marshal(header{Format: format, Nonce: nonce, Config: config, Started: now})
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		r.failed = fmt.Errorf("write journal: %w", err)
		return
	}
	r.pending = append(append(r.pending, line...), '\n')
}

// Record records one step. It does not wait for the disk.
func (r *Recorder) Record(now core.Now, in *core.Input, effects []core.Effect) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.failed != nil {
		return
	}
	if len(r.pending) > most {
		r.failed = fmt.Errorf("write journal: the disk is more than %d bytes behind; it ends here", most)
		return
	}
	r.pending = journal.AppendInput(r.pending, now, in)
	r.pending = binary.BigEndian.AppendUint64(r.pending, sum(effects))
}

// sum is the sum of the encoded effects.
func sum(effects []core.Effect) uint64 {
	h := fnv.New64a()
	var buf []byte
	for i := range effects {
		buf = journal.AppendEffect(buf[:0], &effects[i])
		h.Write(buf)
	}
	return h.Sum64()
}

// Err returns why the recording ended early, or nil.
func (r *Recorder) Err() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.failed
}

// Close writes what is left and closes the file.
func (r *Recorder) Close() error {
	close(r.stop)
	<-r.done
	if err := r.file.Close(); err != nil {
		return fmt.Errorf("close journal: %w", err)
	}
	return r.Err()
}

func (r *Recorder) flushAgain() {
	defer close(r.done)
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			r.flush()
		case <-r.stop:
			r.flush()
			return
		}
	}
}

// flush writes what is pending, without holding up who records.
func (r *Recorder) flush() {
	r.mu.Lock()
	full := r.pending
	r.pending, r.spare = r.spare[:0], nil
	r.mu.Unlock()
	_, err := r.file.Write(full)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.spare = full[:0]
	if err != nil && r.failed == nil {
		r.failed = fmt.Errorf("write journal: %w", err)
	}
}
