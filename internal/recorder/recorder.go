package recorder

import (
	"fmt"
	"os"
	"sync"
	"time"

	"fencepost/core"
	"fencepost/core/journal"
)

// DefaultFlush is the usual time between two writes.
const DefaultFlush = time.Second

// most is how many bytes may wait for the disk.
const most = 16 << 20

// Options says where a node is recorded, and who it is.
type Options struct {
	Path string
	// Flush is the time between two writes; zero writes each step before its
	// effects are started, which makes the node wait for the disk.
	Flush time.Duration
	// Group, Instance and Build are for whoever reads the file.
	Group    string
	Instance string
	Build    string
}

// Recorder writes one file. It is safe for use by several goroutines.
type Recorder struct {
	opt  Options
	file *os.File

	// disk is held while something is written, so that writes keep their order.
	disk sync.Mutex

	mu      sync.Mutex
	pending []byte
	spare   []byte
	scratch []byte
	// check is the checksum of everything recorded so far.
	check   uint32
	started bool
	failed  error

	stop chan struct{}
	done chan struct{}
}

// Create makes the file. An older one is kept under another name.
func Create(o Options) (*Recorder, error) {
	file, err := createNew(o.Path)
	if err != nil {
		return nil, err
	}
	r := &Recorder{opt: o, file: file, stop: make(chan struct{}), done: make(chan struct{})}
	if o.Flush > 0 {
		go r.flushAgain()
	} else {
		close(r.done)
	}
	return r, nil
}

// Start records how the node began, and writes it. It is called once, before
// anything else is recorded.
func (r *Recorder) Start(config core.Config, nonce core.Nonce, now core.Now) {
	h := Header{
		Core: journal.CoreVersion, Build: r.opt.Build, Group: r.opt.Group, Instance: r.opt.Instance,
		Nonce: nonce, Config: config, Started: now,
	}
	line, err := h.line()
	r.mu.Lock()
	if err != nil {
		r.failed = fmt.Errorf("write journal: %w", err)
	} else {
		r.check = lineCheck(line)
		r.pending, r.started = append(r.pending, line...), true
	}
	r.mu.Unlock()
	r.Flush()
}

// RecordInput records what the node is about to be told. It does not wait for
// the disk.
func (r *Recorder) RecordInput(now core.Now, in *core.Input) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.failed != nil {
		return
	}
	if len(r.pending) > most {
		r.failed = fmt.Errorf("write journal: the disk is more than %d bytes behind; it ends here", most)
		return
	}
	r.pending, r.scratch, r.check = appendInput(r.pending, r.scratch, r.check, now, in)
}

// RecordEffects records what the node wants done after the input that was
// recorded last. It waits for the disk only if every step is to be written
// before its effects are started.
func (r *Recorder) RecordEffects(effects []core.Effect) {
	r.mu.Lock()
	if r.failed == nil {
		r.pending, r.scratch, r.check = appendEffects(r.pending, r.scratch, r.check, effects)
	}
	r.mu.Unlock()
	if r.opt.Flush <= 0 {
		r.Flush()
	}
}

// Err returns why the recording ended early, or nil.
func (r *Recorder) Err() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.failed
}

// Close writes what is left and the end, and closes the file.
func (r *Recorder) Close() error {
	close(r.stop)
	<-r.done
	r.mu.Lock()
	if r.started && r.failed == nil {
		r.pending, r.check = appendEnd(r.pending, r.check)
	}
	r.mu.Unlock()
	r.Flush()
	if err := r.file.Close(); err != nil {
		return fmt.Errorf("close journal: %w", err)
	}
	return r.Err()
}

func (r *Recorder) flushAgain() {
	defer close(r.done)
	ticker := time.NewTicker(r.opt.Flush)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			r.Flush()
		case <-r.stop:
			return
		}
	}
}

// Flush writes what is pending, without holding up who records.
func (r *Recorder) Flush() {
	r.disk.Lock()
	defer r.disk.Unlock()
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
