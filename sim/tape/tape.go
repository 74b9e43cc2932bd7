package tape

import (
	"strconv"
)

// Name is the name of one draw.
type Name struct {
	Site  Site
	Actor Actor
	// Nth counts the draws of the site for the actor, from zero.
	Nth uint32
}

// Source answers draws that are asked for by name.
type Source interface {
	Draw(n Name) uint64
}

// Matcher is a Source that knows whether it fitted the run.
type Matcher interface {
	// Unmatched counts the entries that nobody asked for, and the draws that no
	// entry answered.
	Unmatched() (unused, unnamed int)
}

// Tape numbers the draws of a run and answers them from its source. The zero
// value is the tape of seed zero.
type Tape struct {
	seed   uint64
	mixed  uint64
	source Source // nil: the seed
	// asks: an answer takes more than the keyed hash.
	asks      bool
	recording bool
	recorded  []Entry

	nodes int
	sites []lane
	cells []cell
	// steps counts the draws for steps, stepSites for each of them. What stands
	// there is void unless it is of this run: few steps draw at all.
	steps     []tally
	stepSites int
	run       uint32
	ids       []string
}

// lane is where the cells of a site begin. A site of steps has the number of
// its cell within each step's.
type lane struct {
	base uint32
	size uint32
}

// tally counts the draws of one site for one step.
type tally struct {
	run uint32
	nth uint32
}

// cell counts the draws of one site for one actor. Its key is made of both.
type cell struct {
	key   uint64
	nth   uint32
	actor Actor
}

// Seeded returns the tape of the seed: every answer is a hash of the seed and
// the draw's name.
func Seeded(seed uint64) *Tape {
	t := &Tape{}
	t.Seed(seed)
	return t
}

// From returns a tape that answers from the source.
func From(source Source) *Tape { return &Tape{source: source, asks: true} }

// Seed turns the tape into the seed's. What it recorded is forgotten, and it
// records no longer; the memory is kept.
func (t *Tape) Seed(seed uint64) {
	t.seed, t.mixed, t.source = seed, mixedSeed(seed), nil
	t.asks, t.recording, t.recorded = false, false, t.recorded[:0]
}

// SeedOf returns the seed of a tape that answers from one alone.
func (t *Tape) SeedOf() (seed uint64, ok bool) { return t.seed, t.source == nil }

// Record keeps every draw and its answer from now on.
func (t *Tape) Record() { t.asks, t.recording = true, true }

// Recorded returns what was recorded as a list, which is the tape's no longer.
// Draws that it does not name are answered as this tape would answer them, if
// that is a seed.
func (t *Tape) Recorded() *List {
	l := &List{Entries: t.recorded}
	l.Seed, l.Seeded = t.SeedOf()
	t.recorded = nil
	return l
}

// Unmatched tells how badly the source fits what was asked for. It is zero for
// a seed.
func (t *Tape) Unmatched() (unused, unnamed int) {
	if m, ok := t.source.(Matcher); ok {
		return m.Unmatched()
	}
	return 0, 0
}

// Begin starts the counting of draws anew, for a run with so many nodes and
// with steps of those ids ("" where a step has none). The ids must not be
// changed while the tape is in use. What the source has given, and what was
// recorded, stays so: a generator may draw before the run does.
func (t *Tape) Begin(nodes int, ids []string) {
	t.ids = ids
	if len(t.sites) != len(sites) || t.nodes != nodes {
		t.layOut(nodes)
	}
	for i := range t.cells {
		t.cells[i].nth = 0
	}
	if t.run++; t.run == 0 {
		clear(t.steps)
		t.run++
	}
}

// layOut makes cells for everything but steps.
func (t *Tape) layOut(nodes int) {
	t.sites, t.cells, t.nodes = make([]lane, len(sites)), t.cells[:0], nodes
	t.steps, t.stepSites = t.steps[:0], 0
	for i, d := range sites {
		at := &t.sites[i]
		at.base = uint32(len(t.cells))
		switch d.kind {
		case World:
			at.size = 1
		case Nodes:
			at.size = uint32(nodes)
		case Steps:
			at.base = uint32(t.stepSites)
			t.stepSites++
		default:
		}
		for k := range int(at.size) {
			actor := actorOf(d.kind, k)
			t.cells = append(t.cells, cell{key: keyed(d.key, actor), actor: actor})
		}
	}
}

// nthOf counts a draw of the site for the step, and says how many came before.
func (t *Tape) nthOf(s Site, step int) uint32 {
	if more := (step+1)*t.stepSites - len(t.steps); more > 0 {
		t.steps = append(t.steps, make([]tally, more)...)
	}
	count := &t.steps[step*t.stepSites+int(t.sites[s].base)]
	if count.run != t.run {
		*count = tally{run: t.run}
	}
	count.nth++
	return count.nth - 1
}

// stepActor returns the actor of a step of this run.
func (t *Tape) stepActor(step int) Actor {
	if step < len(t.ids) && t.ids[step] != "" {
		return stepOf(t.ids[step])
	}
	return actorOf(Steps, step)
}

// Draw answers the next draw of the site: for nobody (index zero), or for the
// node or step with that index. It panics if the run has no such node.
func (t *Tape) Draw(s Site, index int) uint64 {
	if int(s) >= len(t.sites) || uint(index) >= uint(t.sites[s].size) {
		return t.drawWide(s, index)
	}
	at := &t.sites[s]
	c := &t.cells[int(at.base)+index]
	nth := c.nth
	c.nth = nth + 1
	if t.asks {
		return t.ask(Name{s, c.actor, nth}, index)
	}
	return scramble(t.mixed ^ c.key ^ uint64(nth))
}

// drawWide draws for a step, and before any run has begun.
func (t *Tape) drawWide(s Site, index int) uint64 {
	if len(t.sites) != len(sites) {
		t.Begin(0, nil)
	}
	if s.Kind() != Steps {
		if uint(index) >= uint(t.sites[s].size) {
			panic("tape: " + s.String() + " has no actor number " + strconv.Itoa(index))
		}
		return t.Draw(s, index)
	}
	return t.ask(Name{s, t.stepActor(index), t.nthOf(s, index)}, index)
}

// ask answers from the source and records.
func (t *Tape) ask(n Name, index int) uint64 {
	bits := uint64(0)
	if t.source == nil {
		bits = hashed(t.mixed, n)
	} else {
		bits = t.source.Draw(n)
	}
	if t.recording {
		t.recorded = append(t.recorded, Entry{
			Site: n.Site.String(), Actor: t.actorName(n, index), Nth: n.Nth, Bits: bits,
		})
	}
	return bits
}

// actorName is how the actor with that index is called.
func (t *Tape) actorName(n Name, index int) string {
	switch n.Site.Kind() {
	case Nodes:
		return "n" + strconv.Itoa(index+1)
	case Steps:
		if n.Actor&withID != 0 {
			return t.ids[index]
		}
		return strconv.Itoa(index + 1)
	case World:
		return nobody
	default:
		return nobody
	}
}

// mixedSeed spreads a seed over 64 bits.
func mixedSeed(seed uint64) uint64 { return scramble(seed ^ 0x6a09e667f3bcc909) }

// hashed is the answer of a seed.
func hashed(mixed uint64, n Name) uint64 {
	return scramble(mixed ^ keyed(sites[n.Site].key, n.Actor) ^ uint64(n.Nth))
}

// keyed is the key of a site's draws for the actor.
func keyed(site uint64, actor Actor) uint64 { return site ^ uint64(actor)<<32 }
