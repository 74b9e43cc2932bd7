package link

import (
	"bytes"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"net"
	"sync"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
)

// loopback asks the kernel for a port.
const loopback = "127.0.0.1:0"

// controlLimit is the longest that a control call waits for anything.
const controlLimit = 2 * time.Second

// errLate says that a control call gave up.
var errLate = fmt.Errorf("not done within %v", controlLimit)

// within runs a piece of work and waits for it, but not for ever. Work that
// does not end in time goes on alone.
func within(work func() error) error {
	done := make(chan error, 1)
	go func() { done <- work() }()
	timer := time.NewTimer(controlLimit)
	defer timer.Stop()
	select {
	case err := <-done:
		return err
	case <-timer.C:
		return errLate
	}
}

// Engine holds the links of one run.
type Engine struct {
	server *toxiproxy.ApiServer
	seed   uint64

	mu    sync.Mutex
	links []*wire
	names map[string]bool
	done  bool
}

// New returns an engine without links. Jitter is drawn from the seed, for each
// direction of each link apart.
func New(seed uint64) *Engine {
	metrics := toxiproxy.NewMetricsContainer(prometheus.NewRegistry())
	return &Engine{
		server: toxiproxy.NewServer(metrics, zerolog.Nop()), seed: seed, names: map[string]bool{},
	}
}

// Open makes a link to an address. The name is the link's alone.
func (e *Engine) Open(name string, protocol Protocol, upstream string) (Link, error) {
	if err := e.take(name); err != nil {
		return nil, fmt.Errorf("open link %s: %w", name, err)
	}
	l, err := e.build(name, protocol, upstream)
	if err != nil {
		return nil, fmt.Errorf("open link %s: %w", name, err)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.done {
		return nil, errors.Join(fmt.Errorf("open link %s: %w", name, errClosed), l.Close())
	}
	e.links = append(e.links, l)
	return l, nil
}

// take reserves a name.
func (e *Engine) take(name string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.done {
		return errClosed
	}
	if e.names[name] {
		return errors.New("the name is taken")
	}
	e.names[name] = true
	return nil
}

// build makes a link's three relays, the last one first.
func (e *Engine) build(name string, protocol Protocol, upstream string) (*wire, error) {
	l := newWire(name, protocol, upstream)
	for dir := range l.ways {
		l.ways[dir] = newWay(rand.New(rand.NewPCG(e.seed, nameHash(name, dir))))
	}
	tap, err := net.Listen("tcp4", loopback)
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	l.tap = tap
	proxy, err := e.pipe(l, tap.Addr().String())
	if err != nil {
		lines.remove(l)
		return nil, errors.Join(err, tap.Close())
	}
	l.proxy, l.middle = proxy, proxy.Listen
	l.door, err = newDoor()
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	l.run()
	if err := l.settle(); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

// pipe starts a proxy that carries our toxic in both directions.
func (e *Engine) pipe(l *wire, upstream string) (*toxiproxy.Proxy, error) {
	proxy := toxiproxy.NewProxy(e.server, l.name, loopback, upstream)
	for dir := range l.ways {
		spec := fmt.Sprintf(`{"type": %q, "stream": %q, "attributes": {"line": %d}}`,
			toxicType, streams[dir], lines.add(l, dir))
		if _, err := proxy.Toxics.AddToxicJson(bytes.NewBufferString(spec)); err != nil {
			return nil, fmt.Errorf("add toxic: %w", err)
		}
	}
	if err := within(func() error { return e.server.Collection.Add(proxy, true) }); err != nil {
		return nil, fmt.Errorf("start proxy: %w", err)
	}
	return proxy, nil
}

// Close ends every link. The error tells of what did not end in time.
func (e *Engine) Close() error {
	e.mu.Lock()
	links := e.links
	e.links, e.done = nil, true
	e.mu.Unlock()
	failed := make([]error, len(links))
	var closing sync.WaitGroup
	for i, l := range links {
		closing.Go(func() { failed[i] = l.Close() })
	}
	closing.Wait()
	return errors.Join(failed...)
}

// nameHash gives each direction of each link a stream of chance of its own.
func nameHash(name string, dir int) uint64 {
	h := fnv.New64a()
	_, _ = fmt.Fprintf(h, "%s/%d", name, dir)
	return h.Sum64()
}
