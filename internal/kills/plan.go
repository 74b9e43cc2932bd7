package kills

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"fencepost/core"
)

// The sizes of a plan.
const (
	DefaultKills = 1000
	DefaultBatch = 10
	DefaultRate  = 50
	mostKills    = 1_000_000
)

// The times of a batch. A wait is shorter than a takeover now and then, so that a
// kill may meet a cluster without a leader.
const (
	leastWait = 50 * time.Millisecond
	mostWait  = time.Second
	// pointBound is how long a victim is watched for something to come to the point
	// at which it is to die; it dies then anyway.
	pointBound = 1500 * time.Millisecond
)

// Plan says how many kills there are, and how they are spread.
type Plan struct {
	Kills int
	// Batch is how many are played on one cluster.
	Batch int
	Seed  uint64
	Nodes int
	// Rate is how many signals a second are sent.
	Rate int
	// Dir keeps what was played; nothing is kept if it is empty.
	Dir string
}

// Check says what is wrong with the plan.
func (p Plan) Check() error {
	switch {
	case p.Kills < 1 || p.Kills > mostKills:
		return fmt.Errorf("--count %d: give 1 to %d kills", p.Kills, mostKills)
	case p.Batch < 1 || p.Batch > 100:
		return fmt.Errorf("--batch %d: give 1 to 100 kills a cluster", p.Batch)
	case p.Nodes < 2 || p.Nodes > 9:
		return fmt.Errorf("--nodes %d: give 2 to 9", p.Nodes)
	case p.Rate < 1 || p.Rate > 1000:
		return fmt.Errorf("--rate %d: give 1 to 1000 signals a second", p.Rate)
	case p.Seed == 0:
		return errors.New("--seed 0: seeds begin at 1")
	default:
		return nil
	}
}

// Batches is how many clusters it takes.
func (p Plan) Batches() int { return (p.Kills + p.Batch - 1) / p.Batch }

// kills is how many the batch has; batches count from one.
func (p Plan) kills(batch int) int { return min(p.Batch, p.Kills-(batch-1)*p.Batch) }

// Strike is one kill: whom it strikes and when.
type Strike struct {
	// Node is the victim's number, from zero; Leader waits for somebody to lead, and
	// strikes that one instead.
	Node   int
	Leader bool
	// Wait is how long it is from the last victim's return.
	Wait time.Duration
	// Point is where the victim is when it dies, "" for wherever it is.
	Point string
}

// points are the moments at which a death leaves the most open: each has a place
// between what was done and what is known of it. Those of the second list are
// passed by the leader alone.
var (
	anybodysPoints = points(core.Admit)
	leadersPoints  = points(core.Permit, core.Submit, core.Record, core.Heartbeat, core.Renew)
)

func points(ops ...core.Op) []string {
	var list []string
	for _, op := range ops {
		list = append(list, "before:"+op.String(), "after:"+op.String())
	}
	return list
}

// Strikes draws a batch.
func (p Plan) Strikes(batch int) []Strike {
	chance := rand.New(rand.NewPCG(p.Seed, uint64(batch)))
	list := make([]Strike, p.kills(batch))
	for i := range list {
		s := &list[i]
		s.Node = chance.IntN(p.Nodes)
		s.Wait = leastWait + time.Duration(chance.Int64N(int64(mostWait-leastWait)))
		switch chance.IntN(10) {
		case 0:
			s.Point = anybodysPoints[chance.IntN(len(anybodysPoints))]
		case 1, 2:
			s.Point, s.Leader = leadersPoints[chance.IntN(len(leadersPoints))], true
		case 3:
			s.Leader = true
		default:
		}
	}
	return list
}
