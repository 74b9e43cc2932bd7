package sim

import (
	"fencepost/core"
	"fencepost/core/history"
	"fencepost/scenarios"
)

// step is the state of one step of the scenario in one run.
type step struct {
	seen  int32 // matching events so far
	nth   int32 // the occurrence that fires it
	fired bool
	// done: it took effect.
	done bool
	// active: the fault stands and must be healed.
	active bool
	ended  bool
	// breaks: it breaks open connections, again and again.
	breaks bool
	// cut: a reply was lost to it.
	cut bool
	// waits: it is among the words that PostgreSQL could not take when they were said.
	waits bool
	// hit are the nodes that it struck, at that instant; healed is when that was
	// over.
	hit            []int16
	struck, healed int64
	// stores are those to which it damaged the nodes' links; none if it did not.
	stores []core.Store
	// server is the one that an act upon Redis struck.
	server core.Store
	// saved is what healing puts back.
	saved int64
	// pulse is when a fault of the network does its harm, if it comes and goes.
	pulse pulse
}

// startSchedule draws the nemesis' plan and prepares the steps of a run.
func (w *World) startSchedule() {
	w.plan = w.plan[:0]
	if w.program.plan != nil {
		w.plan = DrawPlan(w.tape, w.program.plan, w.plan)
	}
	own := w.program.scenario.Steps
	w.steps = sized(w.steps, len(own)+len(w.plan))
	for i := range w.steps {
		hit := w.steps[i].hit[:0]
		w.steps[i] = step{hit: hit}
	}
	for i := range own {
		if t := &own[i].Trigger; t.Kind == scenarios.WhenTrigger {
			nth := t.When.Nth
			w.steps[i].nth = int32(between(w.draw(siteNth, i), int64(nth.Min), int64(nth.Max)))
		}
	}
}

// verb returns what a step of the file, or a fault of the plan, does.
func (w *World) verb(index int32) scenarios.Verb {
	if own := len(w.program.verbs); int(index) >= own {
		return w.plan[int(index)-own].verb(&w.scratch)
	}
	return w.program.verbs[index]
}

// Plan appends the faults of the last run's nemesis that took effect, each with
// the node that it struck where it went for the leader. Written out as steps
// behind the file's own, they make the same run.
func (w *World) Plan(into []Fault) []Fault {
	own := len(w.program.verbs)
	for i := range w.plan {
		if w.steps[own+i].done {
			into = append(into, w.plan[i])
		}
	}
	return into
}

// firstElection starts the scenario's clock: `at` counts from here, and so do
// the workload and the duration.
func (w *World) firstElection() {
	if w.begun {
		return
	}
	w.begun, w.elected = true, w.now
	w.agenda = w.agenda[:0]
	for _, i := range w.program.timed {
		w.appoint(w.now+max(w.spanOf(i, w.program.scenario.Steps[i].Trigger.At), 0), i)
	}
	for i := range w.plan {
		w.appoint(w.now+w.plan[i].At, int32(len(w.program.verbs)+i))
	}
	w.nextAppointment()
	w.startWorkload()
	w.schedule(runEnds, w.program.duration, 0)
}

// appointment is a step with a time of its own.
type appointment struct {
	at    int64
	index int32
}

// appoint adds a step to the agenda, which is in the order of time and, within
// an instant, of the file. The queue holds the next appointment only: it would
// not stay short otherwise.
func (w *World) appoint(at int64, index int32) {
	w.agenda = append(w.agenda, appointment{})
	i := len(w.agenda) - 1
	for i > 0 && w.agenda[i-1].at > at {
		w.agenda[i] = w.agenda[i-1]
		i--
	}
	w.agenda[i] = appointment{at, index}
}

// nextAppointment puts the agenda's next step into the queue.
func (w *World) nextAppointment() {
	if w.kept < len(w.agenda) {
		a := w.agenda[w.kept]
		w.kept++
		w.schedule(appointmentComes, a.at-w.now, a.index)
	}
}

// schedule plans a happening that belongs to no node.
func (w *World) schedule(kind what, delay int64, index int32) {
	i, s := w.slots.take(kind, history.None)
	s.index, s.life = index, 0
	w.queue.push(w.now+max(delay, 0), i)
}

// trigger fires the steps that wait for this event.
func (w *World) trigger(r *history.Record) {
	for _, i := range w.program.waits[r.Event] {
		st := &w.steps[i]
		if st.fired || w.ended {
			continue
		}
		t := &w.program.scenario.Steps[i].Trigger
		if !t.When.Node.Concerns(r.Node, w.bound, w.hasSaid) {
			continue
		}
		st.seen++
		if st.seen == st.nth {
			w.hitter = r.Node
			w.fire(i)
			w.hitter = history.None
		}
	}
}

// after fires the steps that follow a moment of another.
func (w *World) after(index int32, end bool) {
	if w.program.follows == nil {
		return
	}
	moment := onStart
	if end {
		moment = onEnd
	}
	for _, i := range w.program.follows[index][moment] {
		if !w.ended {
			w.schedule(stepFires, w.spanOf(i, w.program.scenario.Steps[i].Trigger.Plus), i)
		}
	}
}

// fire lets a step happen.
func (w *World) fire(index int32) {
	st := &w.steps[index]
	if st.fired || w.ended {
		return
	}
	if w.isWord(index) && !w.heard(index) {
		w.schedule(stepFires, w.program.ttl/20, index) // until another fault has ended
		return
	}
	own := int(index) < len(w.program.verbs)
	if !own {
		w.plan[int(index)-len(w.program.verbs)].settle(w.leader, w.program.plan.Protect)
	}
	if w.carry(index, st) || !own {
		return
	}
	// Nobody holds the role now: try again for up to a ttl.
	st.fired = false
	if st.saved == 0 {
		st.saved = w.now + w.program.ttl
	}
	if w.now < st.saved {
		w.schedule(stepFires, w.program.ttl/20, index)
		return
	}
	w.judge.Unmet(int(index), w.now, "for a ttl nobody held the role that the step names")
}

// isWord reports whether a step is what a person says to PostgreSQL.
func (w *World) isWord(index int32) bool {
	switch w.verb(index).(type) {
	case *scenarios.Control, *scenarios.Operator:
		return true
	default:
		return false
	}
}

// heard reports whether PostgreSQL takes a person's word now. It takes none while it
// does not serve, and afterwards one after the other, as they were said.
func (w *World) heard(index int32) bool {
	st := &w.steps[index]
	if w.servers[core.Postgres].up() && (len(w.words) == 0 || w.words[0] == index) {
		if st.waits {
			w.words = w.words[:copy(w.words, w.words[1:])]
		}
		return true
	}
	if !st.waits {
		st.waits, w.words = true, append(w.words, index)
	}
	return false
}

// sayWhatWaits lets PostgreSQL hear at the end what it could not take before: what was
// said may be what ends an earlier fault.
func (w *World) sayWhatWaits() {
	for len(w.words) > 0 && w.servers[core.Postgres].up() {
		index := w.words[0]
		w.words = w.words[:copy(w.words, w.words[1:])]
		w.carry(index, &w.steps[index])
	}
}

// carry carries a step out, and reports false if nobody holds the role that it names.
func (w *World) carry(index int32, st *step) bool {
	st.fired = true
	w.traceStep(index, tracedStep)
	acting := w.acting
	w.acting = index
	done := w.strike(index, st)
	w.acting = acting
	return done
}

// started tells the judge that the fault took effect.
func (w *World) started(index int32) {
	w.steps[index].done, w.steps[index].struck = true, w.now
	if own := len(w.program.verbs); int(index) >= own {
		f := &w.plan[int(index)-own]
		w.marks.struck(wordOfKind[f.Kind], f.Cut)
		return
	}
	w.marks.struck(w.program.words[index], w.program.cuts[index])
	w.judge.Started(int(index), w.now)
	w.after(index, false)
}

// finished tells the judge that it is healed.
func (w *World) finished(index int32) {
	st := &w.steps[index]
	if st.ended {
		return
	}
	st.ended, st.active, st.healed = true, false, w.now
	w.traceStep(index, tracedHeal)
	if int(index) < len(w.program.verbs) {
		w.judge.Ended(int(index), w.now)
		w.after(index, true)
	}
}

// healLater plans the end of a fault; without a length the harness heals at
// the end of the run.
func (w *World) healLater(index int32, length scenarios.Span) {
	w.steps[index].active = true
	if !length.IsZero() {
		w.schedule(stepHeals, w.span(length), index)
	}
}
