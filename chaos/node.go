package chaos

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"

	"fencepost/core"
	"fencepost/core/event"
	"fencepost/internal/clock"
	"fencepost/internal/testbed/child"
	"fencepost/internal/testbed/rundir"
)

// group is the name of the one group of a run.
const group = "default"

// The limits of one exchange with a node, and of its way down. A machine that is
// slow makes the run invalid, and not the harness break.
const (
	askBound  = 5 * time.Second
	stopBound = 20 * time.Second
)

// instance is one node of the cluster: its machine, on which one process runs
// after the other. The conductor alone changes it.
type instance struct {
	index  int16
	name   string
	dir    *rundir.Dir
	config string
	log    string
	public string
	admin  string
	// webhook is the address of senders, with its secret.
	webhook string
	token   string // of the admin listener

	program  string
	settings map[string]any
	process  *child.Process
	lives    []*life
	client   *http.Client
	readers  sync.WaitGroup

	// starting: a process was prepared and does not answer yet.
	up, starting bool
	pauses       int // how many steps keep it paused
	downs        int // how many steps keep it down
	role         role
	reach        uint8
	// told: reach was told to the checkers.
	told     bool
	stopping bool
	machine  machine
	// passed counts the announcements of this process, by event; armed is the
	// number at which it stands still, zero if it does not.
	passed, armed [event.Total]int
}

// life is one process of an instance.
type life struct {
	number  int
	journal string
	nonce   core.Nonce
	process *child.Process // nil until it was started
	// started is when it was launched, ended when it had ended; zero while it
	// lives.
	started, ended int64
	// asked: the harness has asked it to stop, or killed it.
	asked, killed bool
	// how is how it ended; nil while it lives.
	how *os.ProcessState
	// lines are those on which its clock ran, one for each change, in order.
	lines []clock.Line
}

// role is what a node last said of itself.
type role uint8

// The roles, as announcements tell them.
const (
	follower role = iota
	candidate
	leader
	draining
)

// said is one announcement, as it is heard while a run goes on.
type said struct {
	node  *instance
	life  int
	event event.Event
	epoch uint64
}

// newInstance lays a node out.
func newInstance(index int, dir *rundir.Dir, program string) *instance {
	name := fmt.Sprintf("n%d", index+1)
	return &instance{
		index: int16(index), name: name, dir: dir, program: program,
		config: filepath.Join(dir.Path(), name+".yaml"), log: filepath.Join(dir.Path(), name+".log"),
		client: askingClient(),
	}
}

// askingClient is who asks a node. No connection is kept: whoever was asked may be
// killed next.
func askingClient() *http.Client {
	return &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DisableCompression: true}}
}

// prepare makes the next process the node's. It is called by the conductor; what
// launch does may go on beside it.
func (n *instance) prepare(now int64) *life {
	number := len(n.lives) + 1
	l := &life{
		number: number - 1, started: now,
		journal: filepath.Join(n.dir.Path(), fmt.Sprintf("%s-%d.journal", n.name, number)),
	}
	n.lives, n.starting = append(n.lives, l), true
	n.passed, n.armed = [event.Total]int{}, [event.Total]int{}
	n.settings["journal"] = l.journal
	n.machine.toldJump, n.machine.toldPPM, n.machine.slept = 0, 0, 0
	return l
}

// launch starts the process that was prepared and returns when it answers. What
// it announces is handed to hear as long as it lives.
func (n *instance) launch(ctx context.Context, l *life, hear func(said)) error {
	if err := writeSettings(n.config, n.settings); err != nil {
		return fmt.Errorf("start %s: %w", n.name, err)
	}
	log, err := os.OpenFile(n.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("start %s: %w", n.name, err)
	}
	out, in, err := os.Pipe()
	if err != nil {
		return errors.Join(fmt.Errorf("start %s: %w", n.name, err), log.Close())
	}
	l.process, err = child.SpawnInto(n.dir, in, n.program, "serve", "--config", n.config)
	if err := errors.Join(err, in.Close()); err != nil {
		return errors.Join(fmt.Errorf("start %s: %w", n.name, err), out.Close(), log.Close())
	}
	n.readers.Go(func() { n.follow(out, log, l.number, hear) })
	answers := func(ctx context.Context) error { return n.answers(ctx, l) }
	if err := l.process.AwaitAnswer(ctx, answers); err != nil {
		return fmt.Errorf("start %s: %w\n%s", n.name, err, child.Tail(n.log, 10))
	}
	return nil
}

// answers asks the node about itself.
func (n *instance) answers(ctx context.Context, l *life) error {
	var status struct {
		InstanceID string `json:"instance_id"`
		Nonce      string `json:"nonce"`
	}
	if err := n.ask(ctx, http.MethodGet, "/v1/status", nil, &status); err != nil {
		return err
	}
	if status.InstanceID != n.name {
		return fmt.Errorf("%q answers in the place of %s", status.InstanceID, n.name)
	}
	nonce, err := strconv.ParseUint(status.Nonce, 16, 64)
	if err != nil {
		return fmt.Errorf("ask %s: nonce: %w", n.name, err)
	}
	l.nonce = core.Nonce(nonce)
	return nil
}

// nonce is that of the process that was started last.
func (n *instance) nonce() core.Nonce { return n.lives[len(n.lives)-1].nonce }

// follow copies the log and hears what is announced in it.
func (n *instance) follow(out *os.File, log *os.File, life int, hear func(said)) {
	defer out.Close()
	defer log.Close()
	lines := bufio.NewReaderSize(out, 64<<10)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			_, _ = log.Write(line) // a log that cannot be kept is missed by people alone
			if s, ok := announced(line); ok {
				s.node, s.life = n, life
				hear(s)
			}
		}
		if err != nil {
			return
		}
	}
}

// announced reads a line of a node's log.
func announced(line []byte) (said, bool) {
	if !bytes.Contains(line, []byte(`"event":"`)) {
		return said{}, false
	}
	var text struct {
		Event string `json:"event"`
		Epoch uint64 `json:"epoch"`
	}
	if json.Unmarshal(line, &text) != nil {
		return said{}, false
	}
	what, ok := event.Parse(text.Event)
	return said{event: what, epoch: text.Epoch}, ok
}

// ask sends a request to the admin listener and reads the answer into into.
func (n *instance) ask(ctx context.Context, method, path string, body, into any) error {
	ctx, cancel := context.WithTimeout(ctx, askBound)
	defer cancel()
	var text io.Reader = http.NoBody
	if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			return fmt.Errorf("ask %s: %w", n.name, err)
		}
		text = bytes.NewReader(encoded)
	}
	request, err := http.NewRequestWithContext(ctx, method, "http://"+n.admin+path, text)
	if err != nil {
		return fmt.Errorf("ask %s: %w", n.name, err)
	}
	request.Header.Set("Authorization", "Bearer "+n.token)
	response, err := n.client.Do(request)
	if err != nil {
		return fmt.Errorf("ask %s: %w", n.name, err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		return fmt.Errorf("ask %s: %w", n.name, err)
	}
	if response.StatusCode > 299 {
		return fmt.Errorf("ask %s: %s %s: %s: %s", n.name, method, path, response.Status,
			bytes.TrimSpace(answer))
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(answer, into); err != nil {
		return fmt.Errorf("ask %s: %w", n.name, err)
	}
	return nil
}

// hold makes the node stand still at its nth announcement of the event since
// its process started, after it was heard and before the calls that follow it
// leave. It fails if the node is past it.
func (n *instance) hold(ctx context.Context, what event.Event, nth int, most time.Duration) error {
	return n.ask(ctx, http.MethodPost, "/test/hold", map[string]any{
		"point": "at:" + what.String(), "nth": nth, "count": 1, "for": most.String(),
	}, nil)
}

// listens tells whether the process can be told anything.
func (n *instance) listens() bool { return n.up && n.pauses == 0 && !n.stopping }

// letGo ends the hold at an event.
func (n *instance) letGo(ctx context.Context, what event.Event) error {
	return n.ask(ctx, http.MethodDelete, "/test/hold?point=at:"+what.String(), nil, nil)
}

// kill ends the process without warning.
func (n *instance) kill() error {
	if n.process == nil {
		return nil
	}
	n.asked()
	n.lives[len(n.lives)-1].killed = true
	if err := n.process.Kill(); err != nil {
		return fmt.Errorf("kill %s: %w", n.name, err)
	}
	return nil
}

// asked notes that the end of the process is the harness's will, unless it has
// come already.
func (n *instance) asked() {
	if n.process.Running() {
		n.lives[len(n.lives)-1].asked = true
	}
}

// stop asks the process to hand over and to end. It does not wait.
func (n *instance) stop() error {
	n.asked()
	if err := n.process.Signal(syscall.SIGTERM); err != nil {
		return fmt.Errorf("stop %s: %w", n.name, err)
	}
	return nil
}

// suspend makes the process stand still, and returns when it does.
func (n *instance) suspend(ctx context.Context) error {
	if err := n.process.Signal(syscall.SIGSTOP); err != nil {
		return fmt.Errorf("pause %s: %w", n.name, err)
	}
	err := child.Poll(ctx, askBound, time.Millisecond, func(context.Context) (bool, error) {
		return standsStill(n.process.PID()), nil
	})
	if err != nil {
		return fmt.Errorf("pause %s: it goes on: %w", n.name, err)
	}
	return nil
}

// standsStill reports whether every thread of the process is stopped.
func standsStill(pid int) bool {
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
	if err != nil || len(threads) == 0 {
		return false
	}
	for _, path := range threads {
		text, err := os.ReadFile(path)
		at := bytes.LastIndexByte(text, ')')
		if err != nil || at < 0 || at+2 >= len(text) || text[at+2] != 'T' {
			return false
		}
	}
	return true
}

// wake lets a suspended process go on.
func (n *instance) wake() error {
	if err := n.process.Signal(syscall.SIGCONT); err != nil {
		return fmt.Errorf("wake %s: %w", n.name, err)
	}
	return nil
}
