package sim

import (
	"slices"

	"fencepost/core"
	"fencepost/core/check"
	"fencepost/core/event"
	"fencepost/core/history"
	"fencepost/scenarios"
	"fencepost/sim/model"
	"fencepost/sim/tape"
)

// World is one simulated cluster with everything around it. It belongs to one
// goroutine and is used again from run to run, so that a run in the steady
// state allocates nothing.
type World struct {
	program *Program
	tape    *tape.Tape
	seeded  tape.Tape // the tape of Run
	queue   queue
	slots   slots
	now     int64

	hosts   []host
	wakes   []int64 // the true instants at which the nodes want a turn
	soonest int64   // the first of them
	links   []link  // by node and store
	servers [storeCount]server

	redis    model.Redis
	replica  replica
	ledger   ledger
	postgres model.Postgres
	broker   model.Broker
	records  model.Records
	drained  int // how many of the records were told
	// draining: some are being told, and the list must stand.
	draining bool
	answer   model.Reply
	effects  core.Effects

	listener func(history.Record)
	// mute are the announcements that nobody reads in this run.
	mute [event.Total]bool

	suite check.Suite
	judge scenarios.Judge
	trace trace

	steps  []step
	agenda []appointment
	kept   int              // how many appointments were put into the queue
	bound  map[string]int16 // looked up by name, never walked
	// plan holds the faults of the nemesis, whose steps lie behind the file's own.
	plan    []Fault
	scratch verbs

	drifts []drifting
	// words are the steps that wait for PostgreSQL to hear them, in their order.
	words []int32

	signals []sent
	offers  []offer
	keyOf   []int32
	planned int

	// begun: the first leader was elected; ended: the faults are healed and
	// the world settles; done: the run is over.
	begun, ended, done bool
	owed               bool
	elected            int64 // when the first leader was
	leader             int16
	// acting is the step that is being carried out: chance is drawn for it.
	acting int32
	// hitter is the node whose announcement is firing a step.
	hitter int16
	// busy counts the happenings of the present instant.
	busy     int
	released int64
	// redisCalls counts what Redis has answered.
	redisCalls int64

	events int64
	hash   uint64
	counts [event.Total]int64
	marks  marker
}

// Result is what one run came to.
type Result struct {
	Seed    uint64 // zero if the tape was no seed's
	Verdict scenarios.RunVerdict
	// Unused counts the entries of the tape that the run did not ask for, Unnamed
	// the draws that no entry named: both are zero for a run that its tape fits.
	Unused, Unnamed int
	// Hash is the rolling hash over every input and every store operation.
	Hash uint64
	// Events counts inputs to nodes, to the stores and to the broker.
	Events   int64
	SimNanos int64
	Failure  *scenarios.Failure
	Excused  int
	Counts   [event.Total]int64
	Offered  int64
	// Marks counts the sometimes points that the run came by.
	Marks Marks
}

// NewWorld returns a world for the program.
func NewWorld(p *Program) *World {
	w := &World{bound: make(map[string]int16)}
	w.Load(p)
	return w
}

// Load makes the world one of another program; the memory is used again. What
// the world knows of its last run, its trace included, is void from then on.
func (w *World) Load(p *Program) {
	w.program = p
	w.hosts = sized(w.hosts, p.nodes)
	w.wakes = sized(w.wakes, p.nodes)
	w.links = sized(w.links, p.nodes*storeCount)
	w.trace = trace{lines: w.trace.lines}
}

// sized returns the slice with that length; elements that were there keep the
// memory that they own.
func sized[T any](list []T, length int) []T {
	list = list[:cap(list)]
	if more := length - len(list); more > 0 {
		list = append(list, make([]T, more)...)
	}
	return list[:length]
}

// Run plays the program once under the seed.
func (w *World) Run(seed uint64) Result {
	w.seeded.Seed(seed)
	return w.Play(&w.seeded)
}

// Play plays the program once with what the tape leaves to chance. The counting
// of its draws begins anew, as Tape.Begin says; what was drawn from its source
// before is not given back.
func (w *World) Play(t *tape.Tape) Result {
	w.tape = t
	w.trace.begin(t.SeedOf())
	return w.play()
}

// play plays the program once with the tape that lies in.
func (w *World) play() Result {
	w.reset()
	for !w.done {
		w.advance()
		if w.suite.Broken() {
			break
		}
	}
	return w.conclusion()
}

// draw leaves something to chance: for nobody (index zero), or for the node or
// the step with that index.
func (w *World) draw(s tape.Site, index int) uint64 { return w.tape.Draw(s, index) }

// reset makes the world new.
func (w *World) reset() {
	p := w.program
	w.tape.Begin(p.nodes, p.ids)
	w.queue.reset()
	w.slots.reset()
	w.now, w.events, w.hash = 0, 0, 0
	w.counts = [event.Total]int64{}
	w.marks.reset()
	w.begun, w.ended, w.done, w.owed = false, false, false, true
	w.elected, w.leader, w.hitter, w.planned, w.kept = 0, history.None, history.None, 0, 0
	w.released, w.busy, w.redisCalls = 0, 0, 0
	w.signals, w.offers, w.keyOf = w.signals[:0], w.offers[:0], w.keyOf[:0]
	clear(w.bound)
	w.drifts, w.words = w.drifts[:0], w.words[:0]
	w.records.Reset()
	w.drained, w.draining = 0, false
	w.resetModels()
	w.suite.Reset(p.checks)
	w.judge.Reset(p.scenario, p.ttl)
	w.trace.count = 0
	w.muteEvents()
	for i := range w.servers {
		w.servers[i] = server{waiting: w.servers[i].waiting[:0]}
	}
	for i := range w.links {
		l := &w.links[i]
		l.dir[out], l.dir[back], l.held = l.dir[out][:0], l.dir[back][:0], l.held[:0]
	}
	for node := range w.hosts {
		w.resetHost(int16(node))
	}
	w.findSoonest()
	w.startSchedule()
	// A cluster that elects nobody still comes to an end.
	w.schedule(runEnds, 20*p.ttl, 1)
}

// resetHost sets up one machine: its clocks show something of their own, and
// run a little fast or slow.
func (w *World) resetHost(node int16) {
	h := &w.hosts[node]
	*h = host{inbox: h.inbox[:0], deferred: h.deferred[:0]}
	w.wakes[node] = never
	const halfSecond = 500_000_000
	h.clock = clock{
		base:  core.Time(between(w.draw(siteClockBase, int(node)), 1_000_000_000, 1_000_000_000_000)),
		drift: around(w.draw(siteClockDrift, int(node)), w.program.drift),
		wall:  core.Time(1_700_000_000_000_000_000 + around(w.draw(siteClockWall, int(node)), halfSecond)),
	}
	delay := between(w.draw(siteStart, int(node)), 0, w.program.ttl/10)
	i, s := w.slots.take(nodeStarts, node)
	s.index, s.life = -1, 0
	w.queue.push(delay, i)
}

// advance lets the next thing happen.
func (w *World) advance() {
	at := w.queue.next()
	wakes := w.soonest < at
	if wakes {
		at = w.soonest
	}
	w.suite.Advance(at)
	w.rest(at)
	w.now = at
	if expiry := w.redis.NextExpiry(); int64(expiry) <= at {
		w.lapseLease()
	}
	if wakes {
		waker := int16(slices.Index(w.wakes, at))
		h := &w.hosts[waker]
		w.step(waker, h, &core.Input{Kind: core.TimePassed})
		w.leaveIfIdle(waker, h)
		return
	}
	w.happen(w.queue.pop())
}

// mostAtOnce is how many things may happen at one instant: many more than a
// cluster of ninety-nine nodes needs.
const mostAtOnce = 100_000

// rest stops a world whose time has ceased to pass.
func (w *World) rest(at int64) {
	if at > w.now {
		w.busy = 0
		return
	}
	w.busy++
	if w.busy > mostAtOnce {
		panic("sim: time stands still: a node or a fault does not come to rest")
	}
}

// happen carries out one slot and frees it.
func (w *World) happen(i int32) {
	s := w.slots.list[i]
	switch s.what {
	case requestArrives:
		w.serve(i, s)
	case replyArrives, hintArrives:
		w.arrive(i, s)
	case orderWaits:
		w.dialAgain(i, s)
	case offerArrives:
		w.takeIn(i)
	case answerArrives:
		w.answered(i)
	case offerTimesOut:
		w.timedOut(i)
	default:
		kind, index, node := s.what, s.index, s.node
		w.slots.give(i)
		w.turnWorld(kind, index, node)
	}
}

// turnWorld carries out what belongs to no message.
func (w *World) turnWorld(kind what, index int32, node int16) {
	switch kind {
	case signalOffered:
		w.nextSignal()
	case appointmentComes:
		w.nextAppointment()
		w.fire(index)
	case stepFires:
		w.fire(index)
	case stepHeals:
		w.heal(index)
	case nodeStarts:
		if index >= 0 {
			w.revive(node)
		} else {
			w.start(node)
		}
	case stepTurns:
		w.acting = index
		w.turnStep(index)
	case storeReady:
		w.storeTurn(index, node)
	case runEnds:
		w.endRun(index)
	default:
		panic("sim: a happening has a known kind")
	}
}

// arrive gives a node what came for it.
func (w *World) arrive(i int32, s *slot) {
	h := &w.hosts[s.node]
	if !h.up || s.life != h.life {
		w.slots.give(i)
		return
	}
	if h.paused {
		h.inbox = append(h.inbox, i)
		return
	}
	if s.what == replyArrives && s.op == core.Admit {
		w.admitted(i)
		return
	}
	// The slot is the input's until the node has read it.
	node := s.node
	w.step(node, h, &s.input)
	w.slots.give(i)
	w.leaveIfIdle(node, h)
}

// endRun comes three times: a cluster that never elected anybody is given up
// (index 1), the faults are healed (0), the world has settled (2).
func (w *World) endRun(index int32) {
	switch index {
	case 1:
		if !w.begun {
			w.done = true
		}
	case 0:
		w.ended = true
		w.healAll()
		w.sayWhatWaits()
		w.schedule(runEnds, w.program.settle, 2)
	default:
		w.done = true
	}
}

// mixIn folds an input into the rolling hash.
func (w *World) mixIn(who uint64, in *core.Input) {
	w.hash = in.Hash(w.hash ^ uint64(w.now) ^ who<<48)
}
