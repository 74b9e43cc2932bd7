package chaos

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// usage adds up for how long the harness and the processes of its runs have used a
// processor: those that live, by their own clocks, and those that ended, by the
// account of who waited for them. A server that was there for a moment between two
// looks is in that account too; a sum over the threads that are there would miss
// it, and call it somebody else's.
type usage struct {
	families map[int]time.Duration // by the process that this one started: what those below it had used
	// inherited is what had been used below founders that ended: nobody waits for a
	// backend whose postmaster was killed. Where somebody did, it counts twice, once:
	// the window in which a server is shut down in order says less of others.
	inherited time.Duration
}

// steadyLooks is how often a look is made that a process spoiled by ending.
const steadyLooks = 5

// now returns the sum so far; only its growth has a meaning. While processes end
// faster than it looks, nothing is known.
func (u *usage) now() (time.Duration, bool) {
	for range steadyLooks {
		founders := watchedChildren()
		before, known := waitedFor(founders)
		if !known {
			return 0, false
		}
		sum, families := living(founders)
		if after, known := waitedFor(founders); !known || after != before {
			continue // who ended meanwhile may be in both sums, or in none
		}
		for founder, below := range u.families {
			if _, lives := families[founder]; !lives {
				u.inherited += below // its own time is in the account of this process
			}
		}
		u.families = families
		return before + sum + u.inherited, true
	}
	return 0, false
}

// watchedChildren lists the processes of runs that this process has started.
func watchedChildren() []int {
	var all []int
	for _, pid := range children(os.Getpid()) {
		if _, ours := watchedName(pid); ours {
			all = append(all, pid)
		}
	}
	return all
}

// living returns what this process, the founders and those below them have used,
// and for each founder what those below it have.
func living(founders []int) (sum time.Duration, families map[int]time.Duration) {
	families = make(map[int]time.Duration, len(founders))
	sum = ran(os.Getpid())
	for _, founder := range founders {
		var below time.Duration
		for _, pid := range kin(founder) {
			below += ran(pid)
		}
		families[founder] = below
		sum += ran(founder) + below
	}
	return sum, families
}

// ran returns for how long a process has run, all its threads; zero for one that
// was waited for. Linux makes the id of a process's clock from the process's:
// clock_getcpuclockid(3).
func ran(pid int) time.Duration {
	const processClock = 2 // what the scheduler counts, in nanoseconds
	var at unix.Timespec
	if err := unix.ClockGettime(int32(^pid)<<3|processClock, &at); err != nil {
		return 0
	}
	return time.Duration(at.Nano())
}

// waitedFor returns what processes had used that ended and for which this process
// or one of the founders has waited; compilers that this process ran are among them.
func waitedFor(founders []int) (time.Duration, bool) {
	var use syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_CHILDREN, &use); err != nil {
		return 0, false
	}
	sum := time.Duration(use.Utime.Nano() + use.Stime.Nano())
	for _, pid := range founders {
		text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
		if err != nil {
			continue // gone: what it waited for is in this process's account
		}
		one, _ := waitedForOf(text)
		sum += one
	}
	return sum, true
}

// waitedForOf reads from a process's stat file what the children had used for which
// it has waited: cutime and cstime, the 16th and 17th field. The second is a name in
// brackets, which may hold anything.
func waitedForOf(stat []byte) (time.Duration, bool) {
	const first = 3 // of the fields behind the name
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(fields) <= 17-first {
		return 0, false
	}
	return ticks(fields, 16-first, 17-first)
}
