package link

import (
	"math/rand/v2"
	"testing"

	"github.com/Shopify/toxiproxy/v2/stream"

	"fencepost/scenarios"
)

// TestWhatIsHeldIsLetGoAlsoIfMoreCameMeanwhile is about bytes that come after
// the heal, but before their passage has noticed it.
func TestWhatIsHeldIsLetGoAlsoIfMoreCameMeanwhile(t *testing.T) {
	l := newWire("test", Opaque, "")
	for dir := range l.ways {
		l.ways[dir] = newWay(rand.New(rand.NewPCG(1, 1)))
	}
	p := &passage{session: newSession(l, nil), way: l.ways[out], dir: out}
	f := &fault{damage: Damage{Effect: scenarios.Hold, Arrow: scenarios.Towards}}
	p.way.lay(f)
	p.arrive(&stream.StreamChunk{Data: []byte("held")})
	p.way.lift(f)
	p.arrive(&stream.StreamChunk{Data: []byte("fresh")})
	p.clear(p.way.now.Load(), l.ways[back].now.Load())
	kinds := []kind{piece, piece, finish}
	if len(p.queue) != len(kinds) || p.held != 4 {
		t.Fatalf("%d things wait, %d bytes were held", len(p.queue), p.held)
	}
	for i, what := range p.queue {
		if what.held || what.kind != kinds[i] {
			t.Errorf("at %d: %+v", i, what)
		}
	}
}
