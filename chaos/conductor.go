package chaos

import (
	"context"
	"fmt"
	"time"

	"fencepost/core"
	"fencepost/core/event"
	"fencepost/scenarios"
)

// conductor carries a scenario out: everything that happens to a run happens on
// its goroutine, one thing after the other. What takes long is begun here and
// comes back through the inbox when it is done.
type conductor struct {
	inbox chan func()
	// living ends, by close, when nothing is taken from the inbox any more.
	living context.Context //nolint:containedctx // the run's own life, which no caller has
	close  context.CancelFunc

	begun, ended, done bool
	// failed is why the harness itself broke.
	failed error
	// late is by how much something happened later than it was to.
	late time.Duration

	leader  int16
	elected uint64
	// begunAt is when the scenario's clock began; elections and struck count the
	// leaders and the steps that took effect.
	begunAt           int64
	elections, struck int
	bound             map[string]int16
	steps             []step
}

// queued is how much may wait for the conductor before whoever hands it something
// has to wait as well: a node must never wait for its log to be read.
const queued = 1 << 16

// step is the state of one step of the file.
type step struct {
	seen, nth int
	fired     bool
	active    bool // the fault stands and must be healed
	ended     bool
	// until is when nobody looks any longer for whom the step names.
	until int64
	// hit are the nodes that it struck, from struck until healed; zero while it
	// lasts.
	hit            []int16
	struck, healed int64
	// account is what the links did that it damages.
	account account
	// undo puts right what the step broke; finished is called by it.
	undo func()
}

// post hands something to the conductor. It reports false if the run is over.
func (c *conductor) post(f func()) bool {
	select {
	case c.inbox <- f:
		return true
	case <-c.living.Done():
		return false
	}
}

// ask hands something to the conductor and waits until it is done, or for the
// bound: whoever asks holds something up meanwhile.
func (c *conductor) ask(bound time.Duration, f func()) {
	done := make(chan struct{})
	if !c.post(func() { f(); close(done) }) {
		return
	}
	timer := time.NewTimer(bound)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
	case <-c.living.Done():
	}
}

// after lets something happen later, and notes how much later than that it was.
func (c *conductor) after(d time.Duration, f func()) {
	due := time.Now().Add(max(d, 0))
	time.AfterFunc(max(d, 0), func() {
		c.post(func() {
			c.late = max(c.late, time.Since(due))
			f()
		})
	})
}

// broke ends the run: the harness does not do what it is told.
func (r *run) broke(err error) {
	if err == nil || r.done {
		return
	}
	r.failed, r.done = err, true
}

// conduct runs until the scenario is over.
func (r *run) conduct(ctx context.Context) {
	defer r.close()
	// A cluster that elects nobody still comes to an end.
	r.after(time.Duration(20*r.program.ttl), func() { r.done = r.done || !r.begun })
	r.armAll(ctx)
	r.sampleAgain(ctx, r.program.wanted())
	r.glanceAgain(ctx)
	halt := r.options.Halt
	for !r.done {
		select {
		case f := <-r.inbox:
			f()
		case <-halt:
			halt = nil
			r.wind(ctx)
		case <-ctx.Done():
			r.broke(fmt.Errorf("the run was given up: %w", context.Cause(ctx)))
		}
	}
}

// heard takes an announcement while the run goes on.
func (r *run) heard(ctx context.Context, s said) {
	n := s.node
	if s.life != len(n.lives)-1 {
		return // of a process that is gone
	}
	n.passed[s.event]++
	switch s.event {
	case event.LeaseAcquired:
		n.role = candidate
	case event.LeaderElected:
		n.role = leader
		r.elections++
		if s.epoch > r.elected {
			r.leader, r.elected = n.index, s.epoch
		}
	case event.AuthorityRegressed:
		r.paged = max(r.paged, core.Epoch(s.epoch))
	case event.LeaseReleased, event.LeaseLost:
		if n.role != leader {
			n.role = follower
		}
	default:
	}
	if s.event == event.LeaderElected && !r.begun {
		r.begin(ctx)
	}
	r.trigger(ctx, s.event, n.index)
	if s.event == event.LeaderSteppedDown && n.up {
		n.role = draining
	}
	if n.armed[s.event] == n.passed[s.event] && n.up && n.pauses == 0 {
		n.armed[s.event] = 0
		// One that is about to end may not listen any more.
		if err := n.letGo(ctx, s.event); err != nil && !n.stopping {
			r.broke(err)
		}
	}
	r.arm(ctx, s.event)
}

// begin starts the scenario's clock: `at` counts from here, and so do the
// workload and the duration.
func (r *run) begin(ctx context.Context) {
	r.begun, r.begunAt = true, r.clock.now()
	r.markPast(ctx)
	for i := range r.program.scenario.Steps {
		if t := &r.program.scenario.Steps[i].Trigger; t.Kind == scenarios.AtTrigger {
			r.after(time.Duration(r.chance.span(t.At, r.program.ttl)), func() { r.fire(ctx, i) })
		}
	}
	r.startTraffic(ctx)
	r.after(time.Duration(r.program.duration), func() { r.wind(ctx) })
}

// wind ends the scenario: nothing new befalls the cluster, what stands is healed,
// and it may settle. A run that has not begun is over.
func (r *run) wind(ctx context.Context) {
	if r.ended {
		return
	}
	r.ended = true
	if !r.begun {
		r.done = true
		return
	}
	r.healAll()
	r.sayWhatWaits(ctx)
	r.after(time.Duration(r.program.settle), func() { r.done = true })
}

// trigger fires the steps that wait for this event.
func (r *run) trigger(ctx context.Context, what event.Event, node int16) {
	for i := range r.steps {
		st, t := &r.steps[i], &r.program.scenario.Steps[i].Trigger
		if t.Kind != scenarios.WhenTrigger || t.When.Event != what || st.fired || r.ended ||
			!t.When.Node.Concerns(node, r.bound, r.hasRole) {
			continue
		}
		st.seen++
		if st.seen == st.nth {
			r.fire(ctx, i)
		}
	}
}

// armAll has the nodes stand still at what steps wait for.
func (r *run) armAll(ctx context.Context) {
	for i := range r.program.scenario.Steps {
		if t := &r.program.scenario.Steps[i].Trigger; t.Kind == scenarios.WhenTrigger {
			r.arm(ctx, t.When.Event)
		}
	}
}

// holdAtMost bounds for how long a node is held at an announcement: a process
// that was stopped meanwhile goes on as soon as it wakes.
const holdAtMost = 2 * time.Second

// arm has each node that runs stand still when its next announcements of the
// event reach the number that a step waits for.
func (r *run) arm(ctx context.Context, what event.Event) {
	missing := 0
	for i := range r.steps {
		st, t := &r.steps[i], &r.program.scenario.Steps[i].Trigger
		if t.Kind != scenarios.WhenTrigger || t.When.Event != what || st.fired || r.ended {
			continue
		}
		if left := st.nth - st.seen; missing == 0 || left < missing {
			missing = left
		}
	}
	if missing <= 0 {
		return
	}
	for _, n := range r.nodes {
		wanted := n.passed[what] + missing
		if !n.listens() || n.armed[what] == wanted {
			continue
		}
		if n.hold(ctx, what, wanted, holdAtMost) == nil {
			n.armed[what] = wanted
		}
		// A node that is past it, or goes down just now, is not held; the step
		// strikes when the announcement is heard.
	}
}

// fire lets a step happen.
func (r *run) fire(ctx context.Context, index int) {
	st := &r.steps[index]
	if st.fired || r.ended || r.done {
		return
	}
	hits, err := r.strike(ctx, index)
	switch {
	case err != nil:
		r.broke(fmt.Errorf("step %s: %w", r.stepName(index), err))
		return
	case hits || index >= r.program.own:
		st.fired = true
		return
	}
	again := func() { r.after(time.Duration(r.program.ttl/20), func() { r.fire(ctx, index) }) }
	if r.cannotBeTold(r.program.scenario.Steps[index].Verb) {
		st.until = 0
		again() // until another fault has ended
		return
	}
	// Nobody holds the role now: try again for up to a ttl.
	now := r.clock.now()
	if st.until == 0 {
		st.until = now + r.program.ttl
	}
	if now < st.until {
		again()
		return
	}
	r.unmet(index, "for a ttl nobody held the role that the step names")
}

// cannotBeTold tells whether a step has to tell something to a server that another
// fault keeps from answering.
func (r *run) cannotBeTold(v scenarios.Verb) bool {
	switch v := v.(type) {
	case scenarios.Postgres:
		return !r.postgresTakes(v.Act)
	case scenarios.Control, scenarios.Operator:
		return true // else it would have been told
	case scenarios.Redis:
		return !r.redisTakes(v.Act)
	default:
		return false
	}
}

// unmet notes that the run says nothing.
func (r *run) unmet(index int, why string) {
	r.book.tell(r.clock.now(), func(j *scenarios.Judge, at int64) { j.Unmet(index, at, why) })
}

// started notes that the step took effect at that instant, and plans what
// follows it.
func (r *run) started(ctx context.Context, index int, at int64) {
	r.steps[index].struck = at
	r.struck++
	if index < r.program.own {
		r.book.tell(at, func(j *scenarios.Judge, at int64) { j.Started(index, at) })
	}
	r.followers(ctx, index, false)
}

// finished notes that the step is healed.
func (r *run) finished(ctx context.Context, index int, at int64) {
	st := &r.steps[index]
	if st.ended {
		return
	}
	st.ended, st.active, st.healed = true, false, at
	if index < r.program.own {
		r.book.tell(at, func(j *scenarios.Judge, at int64) { j.Ended(index, at) })
	}
	r.followers(ctx, index, true)
}

// followers plans the steps that follow a moment of this one.
func (r *run) followers(ctx context.Context, index int, end bool) {
	moment := scenarios.Moment{Step: r.program.scenario.Steps[index].ID, End: end}
	for i := range r.program.scenario.Steps {
		t := &r.program.scenario.Steps[i].Trigger
		if t.Kind == scenarios.AfterTrigger && t.After == moment && !r.ended {
			r.after(time.Duration(r.chance.span(t.Plus, r.program.ttl)), func() { r.fire(ctx, i) })
		}
	}
}

// healLater plans the end of a fault; without a length the harness heals at the
// end of the run.
func (r *run) healLater(index int, length scenarios.Span, undo func()) {
	st := &r.steps[index]
	st.active, st.undo = true, undo
	if !length.IsZero() {
		r.after(time.Duration(r.chance.span(length, r.program.ttl)), func() { r.heal(index) })
	}
}

// heal puts right what a step broke.
func (r *run) heal(index int) {
	st := &r.steps[index]
	if !st.active || st.undo == nil {
		return
	}
	undo := st.undo
	st.undo = nil
	undo()
}

// healAll ends every fault: the harness heals at the end.
func (r *run) healAll() {
	for i := range r.steps {
		if r.program.scenario.Steps[i].Heals != scenarios.HealsNever {
			r.heal(i)
		}
	}
	r.acceptLoss()
}

// stepName is what a step is called in messages.
func (r *run) stepName(index int) string {
	s := &r.program.scenario.Steps[index]
	if s.ID != "" {
		return s.ID
	}
	return fmt.Sprintf("%d (%s)", index+1, s.Verb.Word())
}
