package assault

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// What a process may hold more than before: at most while it is attacked, and when
// it is over.
const (
	moreMemory      = 192 << 20
	moreDescriptors = 48
	moreGoroutines  = 96
	// sampleEvery is how often processes are looked at, and calmBound how long they
	// may take to let go of what the assault made them hold.
	sampleEvery = 250 * time.Millisecond
	calmBound   = 20 * time.Second
)

// processes are the nodes' processes, and what they held before.
type processes struct {
	place *Place
	stop  context.CancelFunc
	done  sync.WaitGroup

	mu  sync.Mutex
	all []Process
}

// watchProcesses looks at what processes hold until it is stopped.
func watchProcesses(ctx context.Context, place *Place) (*processes, error) {
	w := &processes{place: place}
	for i := range place.Nodes {
		if place.Nodes[i].Admin == "" {
			continue
		}
		h, err := place.Nodes[i].holds(ctx)
		if err != nil {
			return nil, err
		}
		w.all = append(w.all, Process{Node: place.Nodes[i].ID, Before: h, Peak: h, After: h})
	}
	looking, stop := context.WithCancel(context.WithoutCancel(ctx))
	w.stop = stop
	w.done.Go(func() {
		tick := time.NewTicker(sampleEvery)
		defer tick.Stop()
		for {
			select {
			case <-looking.Done():
				return
			case <-tick.C:
				w.look(looking)
			}
		}
	})
	return w, nil
}

// look reads what every process holds now. One that does not answer holds what it
// held.
func (w *processes) look(ctx context.Context) {
	for i := range w.all {
		for n := range w.place.Nodes {
			if w.place.Nodes[n].ID != w.all[i].Node {
				continue
			}
			h, err := w.place.Nodes[n].holds(ctx)
			if err != nil {
				continue
			}
			w.mu.Lock()
			p := &w.all[i]
			p.After = h
			p.Peak.Memory, p.Peak.Heap = max(p.Peak.Memory, h.Memory), max(p.Peak.Heap, h.Heap)
			p.Peak.Descriptors = max(p.Peak.Descriptors, h.Descriptors)
			p.Peak.Goroutines = max(p.Peak.Goroutines, h.Goroutines)
			w.mu.Unlock()
		}
	}
}

// end waits until the processes have let go, and says what they did not.
func (w *processes) end(ctx context.Context) (all []Process, broken []string) {
	w.stop()
	w.done.Wait()
	deadline := time.Now().Add(calmBound)
	tick := time.NewTicker(sampleEvery)
	defer tick.Stop()
	for w.look(ctx); ; w.look(ctx) {
		broken = nil
		for i := range w.all {
			broken = append(broken, w.all[i].grown()...)
		}
		if len(broken) == 0 || time.Now().After(deadline) {
			return w.all, broken
		}
		<-tick.C
	}
}

// grown says what a process holds beyond the bounds.
func (p *Process) grown() []string {
	var broken []string
	if p.Peak.Memory > p.Before.Memory+moreMemory {
		broken = append(broken,
			fmt.Sprintf("%s had %d MB resident before and %d at most: that is more than %d more",
				p.Node, p.Before.Memory>>20, p.Peak.Memory>>20, moreMemory>>20))
	}
	if p.After.Descriptors > p.Before.Descriptors+moreDescriptors {
		broken = append(broken,
			fmt.Sprintf("%s had %d descriptors before and has %d: that is more than %d more",
				p.Node, p.Before.Descriptors, p.After.Descriptors, moreDescriptors))
	}
	if p.After.Goroutines > p.Before.Goroutines+moreGoroutines {
		broken = append(broken,
			fmt.Sprintf("%s had %d goroutines before and has %d: that is more than %d more",
				p.Node, p.Before.Goroutines, p.After.Goroutines, moreGoroutines))
	}
	return broken
}

// stored counts the signals of the ledger, zero where there is none to look into.
func (s *siege) stored(ctx context.Context) (int, error) {
	if s.place.Ledger == nil {
		return 0, nil
	}
	counts, err := s.place.Ledger.Counts(ctx)
	if err != nil {
		return 0, err
	}
	sum := 0
	for _, n := range counts {
		sum += n
	}
	return sum, nil
}

func (s *siege) breakf(format string, args ...any) {
	s.report.Broken = append(s.report.Broken, fmt.Sprintf(format, args...))
}

// judge looks at everything that the families do not see.
func (s *siege) judge(ctx context.Context, watch *processes, before int) error {
	r := s.report
	var broken []string
	r.Processes, broken = watch.end(ctx)
	r.Broken = append(r.Broken, broken...)
	for i := range s.place.Nodes {
		n := &s.place.Nodes[i]
		if n.Lives != nil && !n.Lives() {
			s.breakf("%s does not live any more", n.ID)
		}
		if err := n.ready(ctx); err != nil {
			s.breakf("%v", err)
		}
	}
	if g := &r.Genuine; g.Acknowledged != g.Sent || g.Sent == 0 && s.plan.Shot < 0 {
		s.breakf("the genuine source sent %d signals, and %d were acknowledged", g.Sent, g.Acknowledged)
	}
	if err := s.judgeLedger(ctx, before); err != nil {
		return err
	}
	if s.log != nil {
		if _, err := s.log.turn(); err != nil {
			return err
		}
		r.Log = &s.log.seen
		if len(r.Log.Unsafe) > 0 {
			s.breakf("lines of the logs have in them %s", r.Log.Unsafe[0])
		}
	}
	r.Held = len(r.Broken) == 0 && r.Inputs > 0
	for i := range r.Families {
		r.Held = r.Held && r.Families[i].Held()
	}
	return nil
}

// judgeLedger looks for what does not belong into the ledger.
func (s *siege) judgeLedger(ctx context.Context, before int) error {
	if s.place.Ledger == nil {
		return nil
	}
	l := &LedgerSeen{Before: before, Bent: []string{}, Owed: s.report.Genuine.Acknowledged + len(s.texts)}
	s.report.Ledger = l
	var err error
	if l.Marked, err = s.place.Ledger.Bearing(ctx, MarkOf(s.plan.Seed)); err != nil {
		return err
	}
	if l.After, err = s.stored(ctx); err != nil {
		return err
	}
	unsure := s.report.Genuine.Sent - s.report.Genuine.Acknowledged
	if more := l.After - before; more < l.Owed || more > l.Owed+unsure {
		s.breakf("the ledger has %d signals more than before; %d were acknowledged", more, l.Owed)
	}
	if len(l.Marked) > 0 {
		s.breakf("%d signals of the assault are in the ledger, %s among them", len(l.Marked), l.Marked[0])
	}
	keys := make([]string, 0, len(s.texts))
	for key := range s.texts {
		keys = append(keys, key)
	}
	kept, err := s.place.Ledger.Instruments(ctx, keys)
	if err != nil {
		return err
	}
	for key, text := range s.texts {
		if kept[key] == text {
			l.Texts++
			continue
		}
		l.Bent = append(l.Bent, fmt.Sprintf("%s is %q and was %q", key, kept[key], text))
	}
	if len(l.Bent) > 0 {
		s.breakf("a text was changed on its way into the ledger: %s", l.Bent[0])
	}
	return nil
}
