package load

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"fencepost/internal/cluster"
)

// Cost is how much processor time the parties of a measurement took for each signal
// that was acknowledged, orders that were executed meanwhile included. It is zero on
// systems that do not tell.
//
// Rates and delays say how a machine was that had other things to do as well; the
// cost hardly depends on that. Cores divided by the cost is the rate that can be had.
type Cost struct {
	Sender    Took `json:"sender_ms"`
	Instances Took `json:"instances_ms"`
	Postgres  Took `json:"postgres_ms"`
	Redis     Took `json:"redis_ms"`
	Broker    Took `json:"broker_ms"`
}

// Whole is that of all parties.
func (c Cost) Whole() Took { return c.Sender + c.Instances + c.Postgres + c.Redis + c.Broker }

// String names the parties.
func (c Cost) String() string {
	ms := func(t Took) float64 { return time.Duration(t).Seconds() * 1e3 }
	return fmt.Sprintf("%.2f ms = sender %.2f, instances %.2f, PostgreSQL %.2f, Redis %.2f, broker %.2f",
		ms(c.Whole()), ms(c.Sender), ms(c.Instances), ms(c.Postgres), ms(c.Redis), ms(c.Broker))
}

// used is the processor time of each process by now.
type used map[int]time.Duration

// meter knows the parties of a cluster.
type meter struct{ c *cluster.Cluster }

// parties lists the processes of each party.
func (m meter) parties() (sender, instances, postgres, redis, broker []int) {
	for _, n := range m.c.Nodes() {
		instances = append(instances, n.PID())
	}
	return []int{os.Getpid()}, instances, m.c.Postgres().PIDs(), []int{m.c.Redis().PID()},
		[]int{m.c.Broker().PID()}
}

// read reads what all processes have used. One that has ended counts no more.
func (m meter) read() used {
	u := used{}
	sender, instances, postgres, redis, broker := m.parties()
	for _, list := range [][]int{sender, instances, postgres, redis, broker} {
		for _, pid := range list {
			u[pid] = processorTime(pid)
		}
	}
	return u
}

// since says what a signal cost since then, if so many were acknowledged.
func (m meter) since(before used, acknowledged int) Cost {
	now := m.read()
	sum := func(list []int) Took {
		var all time.Duration
		for _, pid := range list {
			all += now[pid] - before[pid]
		}
		return Took(all / time.Duration(max(acknowledged, 1)))
	}
	sender, instances, postgres, redis, broker := m.parties()
	return Cost{
		Sender: sum(sender), Instances: sum(instances), Postgres: sum(postgres), Redis: sum(redis),
		Broker: sum(broker),
	}
}

// tick is the unit in which Linux counts processor time for programs.
const tick = 10 * time.Millisecond

// processorTime is what a process has used, in its own code and in the kernel's.
func processorTime(pid int) time.Duration {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	// The name, in brackets, may hold anything; the fields follow it.
	_, behind, _ := strings.Cut(string(text), ") ")
	fields := strings.Fields(behind)
	const user, kernel = 11, 12
	if len(fields) <= kernel {
		return 0
	}
	var all time.Duration
	for _, field := range fields[user : kernel+1] {
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return 0
		}
		all += time.Duration(n) * tick
	}
	return all
}
