package chaos

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"runtime/metrics"
	"strconv"
	"strings"
	"time"

	"fencepost/core"
	"fencepost/core/history"
	"fencepost/scenarios"
)

// Glance is a look at a run while it goes on: how far it is, and what its parties
// hold.
type Glance struct {
	// At is for how long the scenario's clock has run; zero before the first leader.
	At time.Duration
	// Leader is the node that was elected last and Epoch what it was elected under;
	// "" and zero before anybody was. Elections counts all of them.
	Leader    string
	Epoch     uint64
	Elections int
	// Struck counts the steps that have taken effect, Standing those that are not
	// healed yet.
	Struck, Standing int
	// Offered counts the signals, Answered those that an instance has acknowledged.
	Offered, Answered int
	// Processes counts the service's, those included that have ended.
	Processes int
	// Holdings are what could be read just now: a process that stands still shows
	// nothing, nor do stores while a fault stands.
	Holdings []Holding
}

// Holding is how much of a resource one party holds.
type Holding struct {
	// Party is the name of a node, HarnessParty, or the name of a store.
	Party string
	// Life tells the processes of one node apart, from 1; zero for everybody else.
	Life     int
	Resource Resource
	Amount   float64
}

// HarnessParty is this process: the conductor, the links and the paper broker.
const HarnessParty = "harness"

// Resource is something that a process must not hold more and more of.
type Resource string

// The resources. Heap is the size at which the next collection of garbage begins,
// about twice what lives; it is read in bytes, as Resident is.
const (
	Heap        Resource = "heap"
	Resident    Resource = "resident memory"
	Descriptors Resource = "descriptors"
	Goroutines  Resource = "goroutines"
	Connections Resource = "connections"
)

// glanceEvery is how long it is from one look to the next, unless the ttl is short:
// there are two in each.
const glanceEvery = time.Second

// glanceAgain looks at the run and hands it to whoever watches, until it is over.
func (r *run) glanceAgain(ctx context.Context) {
	if r.options.Watch == nil || r.done {
		return
	}
	g := r.overview()
	var open []*instance
	var lives []*life
	for _, n := range r.nodes {
		if n.up && n.pauses == 0 {
			open, lives = append(open, n), append(lives, n.lives[len(n.lives)-1])
		}
	}
	stores := g.Standing == 0
	r.aside.Go(func() {
		for i, n := range open {
			g.Holdings = append(g.Holdings, n.holds(ctx, lives[i])...)
		}
		g.Holdings = append(g.Holdings, harnessHolds()...)
		if stores {
			g.Holdings = append(g.Holdings, r.storesHold(ctx)...)
		}
		r.options.Watch(g)
		every := min(glanceEvery, time.Duration(r.program.ttl/2))
		r.post(func() { r.after(every, func() { r.glanceAgain(ctx) }) })
	})
}

// overview is what the conductor knows.
func (r *run) overview() Glance {
	g := Glance{
		Epoch: r.elected, Elections: r.elections, Struck: r.struck, Offered: len(r.signals),
	}
	if r.begun {
		g.At = time.Duration(r.clock.now() - r.begunAt)
	}
	if r.leader != history.None {
		g.Leader = scenarios.NodeName(r.leader)
	}
	for i := range r.steps {
		if st := &r.steps[i]; st.active && !st.ended {
			g.Standing++
		}
	}
	for _, s := range r.signals {
		if s.answered {
			g.Answered++
		}
	}
	for _, n := range r.nodes {
		g.Processes += len(n.lives)
	}
	return g
}

// holds reads what a process of the service holds. One that ended meanwhile shows
// nothing, and one that does not answer what the kernel knows of it.
func (n *instance) holds(ctx context.Context, l *life) []Holding {
	const goroutines, heap = "go_goroutines", "go_memstats_next_gc_bytes"
	list := processHolds(n.name, strconv.Itoa(l.process.PID()))
	values, err := n.scrape(ctx, []string{goroutines, heap})
	if err != nil {
		values = nil
	}
	for _, of := range []struct {
		metric   string
		resource Resource
	}{{goroutines, Goroutines}, {heap, Heap}} {
		if value, ok := values[of.metric]; ok {
			list = append(list, Holding{Party: n.name, Resource: of.resource, Amount: value})
		}
	}
	for i := range list {
		list[i].Life = l.number + 1
	}
	return list
}

// harnessHolds reads what this process holds.
func harnessHolds() []Holding {
	goal := []metrics.Sample{{Name: "/gc/heap/goal:bytes"}}
	metrics.Read(goal)
	return append(processHolds(HarnessParty, "self"),
		Holding{Party: HarnessParty, Resource: Goroutines, Amount: float64(runtime.NumGoroutine())},
		Holding{Party: HarnessParty, Resource: Heap, Amount: float64(goal[0].Value.Uint64())})
}

// processHolds reads what the kernel says of a process: nothing of one that has
// ended.
func processHolds(party, pid string) []Holding {
	open, err := os.ReadDir(filepath.Join("/proc", pid, "fd"))
	if err != nil {
		return nil
	}
	list := []Holding{{Party: party, Resource: Descriptors, Amount: float64(len(open))}}
	text, err := os.ReadFile(filepath.Join("/proc", pid, "statm"))
	if err != nil {
		return list
	}
	if words := strings.Fields(string(text)); len(words) > 1 {
		if pages, err := strconv.Atoi(words[1]); err == nil {
			size := float64(pages * os.Getpagesize())
			list = append(list, Holding{Party: party, Resource: Resident, Amount: size})
		}
	}
	return list
}

// storesHold reads how many connections of the cluster each store has.
func (r *run) storesHold(ctx context.Context) []Holding {
	ctx, cancel := context.WithTimeout(ctx, askBound)
	defer cancel()
	var list []Holding
	for _, of := range []struct {
		store core.Store
		count func(context.Context) (int, error)
	}{{core.Redis, r.redis.Connections}, {core.Postgres, r.postgres.Connections}} {
		if n, err := of.count(ctx); err == nil {
			list = append(list, Holding{Party: of.store.String(), Resource: Connections, Amount: float64(n)})
		}
	}
	return list
}
