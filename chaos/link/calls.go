package link

import (
	"bytes"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"fencepost/core"
)

// errCut ends a connection whose reply was to be lost.
var errCut = errors.New("the reply was cut")

// shape is what a parser has to know of a request to read its reply.
type shape uint8

const (
	plain   shape = iota
	oneByte       // PostgreSQL's answer to a request for encryption
	noBody        // HTTP's answer to HEAD
	opaque        // from here on the bytes are not understood
)

// call is a request that waits for its reply.
type call struct {
	op    core.Op
	shape shape
	// claim is the token that it presents, and failed whether it was answered with
	// an error, as far as the protocol's parser looks for them.
	claim  core.Token
	failed bool
	since  time.Time
}

// calls are the requests of one connection that wait for their replies, the
// oldest first.
type calls struct {
	wire *wire
	// muted: nobody hears the replies.
	muted *atomic.Bool
	mu    sync.Mutex
	list  []call
}

// asked notes a request, which is about to be handed on.
func (c *calls) asked(next call) {
	next.since = time.Now()
	c.mu.Lock()
	c.list = append(c.list, next)
	c.mu.Unlock()
	c.tell(next.op, RequestSeen)
}

// none tells whether every request has its reply.
func (c *calls) none() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.list) == 0
}

// begin returns the request that a reply is to whose first byte has come. If
// that reply is to be lost, the tape keeps it.
func (c *calls) begin(t *tape) (call, bool, error) {
	c.mu.Lock()
	if len(c.list) == 0 {
		c.mu.Unlock()
		return call{}, false, nil
	}
	first := c.list[0]
	c.mu.Unlock()
	if first.op != core.NoOp && c.wire.ways[back].now.Load().cut == first.op {
		return first, true, t.keep()
	}
	return first, true, nil
}

// answered notes that the oldest request's reply is complete. The error is
// errCut if it was kept.
func (c *calls) answered(t *tape) error {
	answered := c.pop()
	c.tell(answered.op, ReplySeen)
	if t.keeping || c.muted.Load() {
		c.lose(&answered)
	}
	if t.keeping {
		c.wire.cuts.Add(1)
		return errCut
	}
	return nil
}

// declined notes that the oldest request was answered, but not carried out.
func (c *calls) declined(t *tape) error {
	c.pop()
	if err := t.flush(); err != nil {
		return err
	}
	return t.free()
}

func (c *calls) pop() call {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.list) == 0 {
		return call{}
	}
	first := c.list[0]
	c.list = c.list[1:]
	return first
}

// fail notes that the oldest request is being answered with an error.
func (c *calls) fail() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.list) > 0 {
		c.list[0].failed = true
	}
}

// lose tells of an answer that does not reach its asker.
func (c *calls) lose(answered *call) {
	told := c.wire.unheard.Load()
	if told == nil || answered.op == core.NoOp {
		return
	}
	(*told)(Unheard{
		Op: answered.op, Claim: answered.claim, Failed: answered.failed, Took: time.Since(answered.since),
	})
}

// tell counts an operation and tells of it.
func (c *calls) tell(op core.Op, phase Phase) {
	if op == core.NoOp {
		return
	}
	dir := out
	if phase == ReplySeen {
		dir = back
	}
	c.wire.ways[dir].ops[op].Add(1)
	if told := c.wire.told.Load(); told != nil {
		(*told)(op, phase)
	}
}

// markLimit is how many bytes of a text are looked at for a mark.
const markLimit = 32

// marked returns the operation whose mark, such as `/* renew */`, the text
// begins with.
func marked(text []byte) core.Op {
	name, ok := bytes.CutPrefix(text, []byte("/* "))
	if !ok {
		return core.NoOp
	}
	name, _, ok = bytes.Cut(name, []byte(" */"))
	if !ok {
		return core.NoOp
	}
	op, _ := core.ParseOp(string(name))
	return op
}
