package link

import (
	"sync"
	"time"

	"github.com/Shopify/toxiproxy/v2/stream"
	"github.com/Shopify/toxiproxy/v2/toxics"

	"fencepost/scenarios"
)

// toxicType is what our toxic is called in toxiproxy's registry.
const toxicType = "fencepost_weather"

func init() { toxics.Register(toxicType, new(toxic)) }

// toxic carries out a direction's weather. It is on its proxy before the first
// connection and is never changed or removed: toxiproxy would wait for every
// connection to take notice, and one whose client does not read never does.
type toxic struct {
	// Line is the direction's number in the list of lines, since toxiproxy makes
	// a toxic from nothing but JSON.
	Line int `json:"line"`
}

// NewState finds the connection that is being opened. The door opens one at a
// time.
func (t *toxic) NewState() any {
	l, dir := lines.find(t.Line)
	s := l.opening.Load()
	if s == nil {
		return nil
	}
	p := &passage{session: s, way: l.ways[dir], dir: dir}
	select {
	case s.piped <- struct{}{}:
		return p
	default:
		return nil
	}
}

// Pipe carries one direction of one connection to its end.
func (t *toxic) Pipe(stub *toxics.ToxicStub) {
	// One that our door did not open is a stranger's, who took the proxy's port
	// for something else.
	if p, ok := stub.State.(*passage); ok {
		p.carry(stub)
	}
	// Whoever is about to hand over more must not wait for ever.
	stub.Close()
	for range stub.Input {
	}
}

// lineList numbers the directions of all links of this process.
type lineList struct {
	mu   sync.Mutex
	last int
	by   map[int]line
}

type line struct {
	wire *wire
	dir  int
}

var lines = lineList{by: map[int]line{}}

func (n *lineList) add(l *wire, dir int) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.last++
	n.by[n.last] = line{l, dir}
	return n.last
}

func (n *lineList) find(number int) (*wire, int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.by[number].wire, n.by[number].dir
}

func (n *lineList) remove(l *wire) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for number, known := range n.by {
		if known.wire == l {
			delete(n.by, number)
		}
	}
}

// queueLimit is how many bytes wait in one direction of a connection before
// its sender has to.
const queueLimit = 1 << 20

// kind is what waits in a passage.
type kind uint8

const (
	piece   kind = iota // bytes
	ending              // the sender has closed
	finish              // the end of what was held: the connection ends after it
	rupture             // the connection is reset
)

// item is one thing on its way.
type item struct {
	kind  kind
	chunk *stream.StreamChunk
	due   time.Time
	held  bool
}

// passage is one direction of one connection. Its fields belong to the
// goroutine of Pipe.
type passage struct {
	session *session
	way     *way
	dir     int

	queue []item
	size  int
	// last is when the youngest item is due; none may overtake it.
	last time.Time
	// ended: the sender has closed, nothing more will come.
	ended bool
	// waiting tells that something in the queue is held.
	waiting bool
	// hole: bytes were lost, or the news that the sender has closed.
	hole bool
	// sent and held count the bytes that were handed on, and those among them
	// that a heal let go.
	sent, held int64
}

// carry moves what comes to where it goes, as the weather has it.
func (p *passage) carry(stub *toxics.ToxicStub) {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		state, other := p.way.now.Load(), p.session.wire.ways[1-p.dir].now.Load()
		p.clear(state, other)
		input := stub.Input
		if p.ended || p.size >= queueLimit {
			input = nil
		}
		var output chan<- *stream.StreamChunk
		var next *stream.StreamChunk
		var ripe <-chan time.Time
		if len(p.queue) > 0 && !p.queue[0].held {
			head := &p.queue[0]
			switch wait := time.Until(head.due); {
			case wait > 0:
				timer.Reset(wait)
				ripe = timer.C
			case head.kind == piece:
				output, next = stub.Output, head.chunk
			default:
				if p.act(head.kind) {
					return
				}
				continue
			}
		}
		select {
		case chunk := <-input:
			p.arrive(chunk)
		case output <- next:
			p.shift()
		case <-ripe:
		case <-state.changed:
		case <-other.changed:
		case <-p.session.living.Done():
			return
		}
	}
}

// arrive decides what becomes of bytes, or of the news that there are no more.
// It is decided once: weather that comes later does not catch up with them.
func (p *passage) arrive(chunk *stream.StreamChunk) {
	size := 0
	what := item{kind: ending}
	if chunk == nil {
		p.ended = true
	} else {
		size = len(chunk.Data)
		what = item{kind: piece, chunk: chunk}
	}
	state := p.way.now.Load()
	switch {
	case p.hole || state.effect == scenarios.Drop:
		p.hole = true
		p.way.lost.Add(int64(size))
		return
	case state.effect == scenarios.Refuse:
		what = item{kind: rupture}
	case state.effect == scenarios.Hold:
		what.held, p.waiting = true, true
		p.session.holding[p.dir].Store(size > 0 || p.session.holding[p.dir].Load())
	default:
	}
	what.due = p.way.due(state, time.Now(), size)
	p.push(what)
}

// push puts something at the end of the queue.
func (p *passage) push(what item) {
	if what.due.Before(p.last) {
		what.due = p.last
	}
	p.last = what.due
	if what.chunk != nil {
		p.size += len(what.chunk.Data)
	}
	p.queue = append(p.queue, what)
}

// shift takes the bytes at the head off the queue.
func (p *passage) shift() {
	head := p.queue[0]
	p.queue[0] = item{}
	p.queue = p.queue[1:]
	p.size -= len(head.chunk.Data)
	p.sent += int64(len(head.chunk.Data))
}

// clear does what better weather allows: it lets go of what was held, and ends
// a connection with a hole once both sides can hear of it.
func (p *passage) clear(state, other *weather) {
	if p.hole && len(p.queue) == 0 && !state.silent() && !other.silent() {
		p.queue = append(p.queue, item{kind: rupture})
		return
	}
	if !state.passes() || !p.waiting {
		return
	}
	p.waiting = false
	if p.dir == out && p.session.holding[out].Load() {
		p.session.muted.Store(true)
	}
	for i := range p.queue {
		if p.queue[i].held && p.queue[i].kind == piece {
			p.held += int64(len(p.queue[i].chunk.Data))
		}
		p.queue[i].held = false
	}
	end, youngest := item{kind: finish, due: p.last}, &p.queue[len(p.queue)-1]
	switch {
	case p.held == 0:
		// Only the news that the sender has closed was held.
	case youngest.kind == ending:
		*youngest = end
	default:
		p.queue = append(p.queue, end)
	}
}

// act does what stands at the head of the queue, and tells whether the passage
// is at its end.
func (p *passage) act(what kind) bool {
	p.queue = p.queue[1:]
	switch what {
	case ending:
		return true
	case rupture:
		p.session.end(true)
		return true
	case finish:
		p.session.finishAfter(p.dir, p.sent, p.held)
		p.held = 0
		return false
	default:
		panic("link: bytes are handed on, not acted on")
	}
}
