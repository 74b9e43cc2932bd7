package crew

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// Share returns what lets do run once for each job, on that many workers, and
// comes back when all jobs are done. Zero workers are as many as there are cores.
func Share(workers int) func(jobs int, do func(job int)) {
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	return func(jobs int, do func(job int)) {
		var next atomic.Int64
		var done sync.WaitGroup
		for range min(workers, jobs) {
			done.Go(func() {
				for job := next.Add(1) - 1; job < int64(jobs); job = next.Add(1) - 1 {
					do(int(job))
				}
			})
		}
		done.Wait()
	}
}
