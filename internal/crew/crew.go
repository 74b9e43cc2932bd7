package crew

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// Share returns what lets do run once for each job, on that many workers, and
// comes back when all jobs are done. It names the worker: a hand has one job at a
// time, and there are no more hands than jobs. Zero workers are as many as there
// are cores.
func Share(workers int) func(jobs int, do func(hand, job int)) {
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	return func(jobs int, do func(hand, job int)) {
		var next atomic.Int64
		var done sync.WaitGroup
		for hand := range min(workers, jobs) {
			done.Go(func() {
				for job := next.Add(1) - 1; job < int64(jobs); job = next.Add(1) - 1 {
					do(hand, int(job))
				}
			})
		}
		done.Wait()
	}
}
