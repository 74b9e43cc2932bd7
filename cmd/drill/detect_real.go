package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"fencepost/internal/detect"
	"fencepost/scenarios"
)

// mostVain is how many runs of one type may measure nothing, as they are invalid or
// all of their faults are lost, before the command gives up.
const mostVain = 5

// errTimeIsUp ends a measurement that was bounded.
var errTimeIsUp = errors.New("the time for runs on real processes is up")

// measuring plays runs on real processes until enough are kept.
type measuring struct {
	options *detectOptions
	stage   detect.Stage
	say     func(string)
	due     time.Time // when no run is begun any more; zero for never

	mu   sync.Mutex
	kept *detect.Kept
	// given is the last seed of each type that is being played or was, underWay how
	// many of its runs have not ended, vain how many of this command's measured nothing.
	given          map[string]uint64
	underWay, vain map[string]int
	failed         error
}

// all plays what is missing, and comes back when every run that was begun has
// ended.
func (m *measuring) all(ctx context.Context) error {
	m.given, m.underWay, m.vain = map[string]uint64{}, map[string]int{}, map[string]int{}
	var group sync.WaitGroup
	for range m.options.workers {
		group.Go(func() {
			for {
				k, seed := m.next(ctx)
				if k == nil {
					return
				}
				run, err := m.stage.Play(ctx, k, seed)
				m.ended(k, &run, err)
			}
		})
	}
	group.Wait()
	return m.failed
}

// next is the next run that is missing, or nil if there is none, or none is to be
// begun any more.
func (m *measuring) next(ctx context.Context) (*detect.Kind, uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.failed == nil {
		m.failed = ctx.Err()
	}
	if m.failed != nil {
		return nil, 0
	}
	for _, k := range m.options.kinds {
		have, seed := m.kept.Of(k)
		if have+detect.PerRun*m.underWay[k.Name] >= m.options.count {
			continue
		}
		if !m.due.IsZero() && time.Now().After(m.due) {
			m.failed = errTimeIsUp
			return nil, 0
		}
		seed = max(seed, m.options.seed, m.given[k.Name]+1)
		m.given[k.Name] = seed
		m.underWay[k.Name]++
		return k, seed
	}
	return nil, 0
}

// ended keeps a run.
func (m *measuring) ended(k *detect.Kind, run *detect.Run, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.underWay[k.Name]--
	if err == nil {
		err = m.kept.Add(run)
	}
	if err == nil {
		m.say(run.String())
		if run.Verdict == scenarios.Invalid || len(run.Occurrences) == 0 {
			m.vain[k.Name]++
		}
		if n := m.vain[k.Name]; n > mostVain {
			err = fmt.Errorf("%s: %d runs measured nothing: they were invalid, or no fault struck a leader",
				k.Name, n)
		}
	}
	if m.failed == nil {
		m.failed = err
	}
}
