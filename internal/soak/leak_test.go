package soak

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"fencepost/chaos"
)

// held makes a series of so many quiet points, a round apart.
func held(points int, amount func(i int) float64) []Point {
	list := make([]Point, points)
	for i := range list {
		list[i] = Point{At: time.Duration(i+1) * 40 * time.Second, Amount: amount(i)}
	}
	return list
}

// growth is what one party holds, round by round, and whether that is a leak.
type growth struct {
	name     string
	resource chaos.Resource
	party    string
	points   int
	amount   func(int) float64
	leaks    bool
}

// growths are series as they are, and with a leak in them.
func growths() []growth {
	noise := rand.New(rand.NewPCG(1, 2))
	wobble := func(base, by float64) func(int) float64 {
		return func(int) float64 { return base + by*(2*noise.Float64()-1) }
	}
	const points = 45
	return []growth{
		{"steady goroutines", chaos.Goroutines, "n1", points, wobble(40, 6), false},
		{
			"a goroutine a round", chaos.Goroutines, "n1", points,
			func(i int) float64 { return wobble(40, 6)(i) + float64(i) }, true,
		},
		{
			"a descriptor a round", chaos.Descriptors, "n1", points,
			func(i int) float64 { return wobble(25, 3)(i) + float64(i) }, true,
		},
		{
			"one descriptor in ten rounds", chaos.Descriptors, "n1", points,
			func(i int) float64 { return 25 + float64(i/10) }, false,
		},
		{
			"a connection in two rounds", chaos.Connections, "redis", points,
			func(i int) float64 { return wobble(20, 2)(i) + float64(i)/2 }, true,
		},
		{
			"a pool that fills in the warm-up", chaos.Connections, "postgres", points,
			func(i int) float64 {
				if i < warmUp {
					return 6
				}
				return 30
			}, false,
		},
		{
			"one outlier at the end", chaos.Descriptors, "n1", points,
			func(i int) float64 {
				if i == points-1 {
					return 400
				}
				return 25
			}, false,
		},
		{"a heap that breathes", chaos.Heap, "n1", points, wobble(12<<20, 3<<20), false},
		{
			"half a megabyte a round", chaos.Heap, "n1", points,
			func(i int) float64 { return wobble(12<<20, 3<<20)(i) + float64(i)*(1<<19) }, true,
		},
		{
			"a history of 200 signals a round", chaos.Heap, chaos.HarnessParty, points,
			func(i int) float64 { return 20<<20 + float64(i)*200*4096 }, false,
		},
		{
			"a harness that keeps more than that", chaos.Heap, chaos.HarnessParty, points,
			func(i int) float64 { return 20<<20 + float64(i)*200*65536 }, true,
		},
		{
			"a leak over the fewest points", chaos.Goroutines, "n1", LeastRounds,
			func(i int) float64 { return 40 + float64(i)*20 }, true,
		},
	}
}

func TestWhatGrowsIsALeakAndWhatOnlyVariesIsNone(t *testing.T) {
	t.Parallel()
	for _, c := range growths() {
		trend, judged := judge(key{c.party, 1, c.resource}, held(c.points, c.amount), 200*c.points)
		if !judged {
			t.Errorf("%s: not judged", c.name)
		} else if trend.Leaks != c.leaks {
			t.Errorf("%s: leaks is %v: %s", c.name, trend.Leaks, &trend)
		}
	}
}

// TestTooFewPointsAreNotJudged: warm-up, and two points in each third, or nothing.
func TestTooFewPointsAreNotJudged(t *testing.T) {
	t.Parallel()
	rising := func(i int) float64 { return float64(i) * 1000 }
	if _, judged := judge(key{"n1", 1, chaos.Goroutines}, held(LeastRounds-1, rising), 0); judged {
		t.Error("a series that is too short was judged")
	}
}

// look is a glance at which every party of the plan holds the same.
func look(p *Plan, at time.Duration, amount float64) *chaos.Glance {
	g := &chaos.Glance{At: at, Offered: int(at / time.Second)}
	for _, party := range p.parties() {
		for _, r := range []chaos.Resource{
			chaos.Heap, chaos.Resident, chaos.Descriptors, chaos.Goroutines, chaos.Connections,
		} {
			g.Holdings = append(g.Holdings, chaos.Holding{Party: party, Life: 1, Resource: r, Amount: amount})
		}
	}
	return g
}

// TestOnlyTheEndOfACalmIsLookedAt: what is held in a storm, and while the cluster
// is still getting well, is nobody's leak.
func TestOnlyTheEndOfACalmIsLookedAt(t *testing.T) {
	t.Parallel()
	p := Plan{For: time.Hour, Nodes: 3, TTL: time.Second}
	s := newSeries(&p)
	points := 0
	for at := time.Second; at <= 8*p.Round(); at += time.Second {
		amount := 1e6
		if into := at % p.Round(); at > 0 && (into >= 17*time.Second || into == 0) {
			amount = 10
		}
		if s.add(look(&p, at, amount)) {
			points++
		}
	}
	s.close()
	of := key{"n1", 1, chaos.Descriptors}
	if len(s.points[of]) < 8 || points < 7 {
		t.Fatalf("8 rounds made %d points", len(s.points[of]))
	}
	for _, point := range s.points[of][:8] {
		if point.Amount != 10 {
			t.Errorf("at %v, %v descriptors were read in a storm", point.At, point.Amount)
		}
	}
	if unseen := s.unseen(s.trends()); unseen != "" {
		t.Errorf("everybody was seen, but not %s", unseen)
	}
}

// TestAPartyThatWasNotSeenIsNotTakenForSteady: a soak that could not read a process
// says nothing.
func TestAPartyThatWasNotSeenIsNotTakenForSteady(t *testing.T) {
	t.Parallel()
	p := Plan{For: time.Hour, Nodes: 3, TTL: time.Second}
	for _, party := range p.parties() {
		s := newSeries(&p)
		for at := time.Second; at <= 8*p.Round(); at += time.Second {
			g := look(&p, at, 10)
			kept := g.Holdings[:0]
			for _, h := range g.Holdings {
				if h.Party != party {
					kept = append(kept, h)
				}
			}
			g.Holdings = kept
			s.add(g)
		}
		s.close()
		r := Report{Trends: s.trends()}
		r.judge(s)
		if !strings.HasPrefix(r.Unseen, party) {
			t.Errorf("%s was never seen, and the report says %q", party, r.Unseen)
		}
	}
}

// TestAPartyThatFellSilentIsNotJudgedByItsBeginning: what leaks until it answers
// nobody has enough points from before.
func TestAPartyThatFellSilentIsNotJudgedByItsBeginning(t *testing.T) {
	t.Parallel()
	p := Plan{For: time.Hour, Nodes: 3, TTL: time.Second}
	for _, party := range p.parties() {
		s := newSeries(&p)
		for at := time.Second; at <= 20*p.Round(); at += time.Second {
			g := look(&p, at, 10)
			g.Holdings = slices.DeleteFunc(g.Holdings, func(h chaos.Holding) bool {
				return h.Party == party && at > (LeastRounds+1)*p.Round()
			})
			s.add(g)
		}
		s.close()
		if unseen := s.unseen(s.trends()); !strings.HasPrefix(unseen, party+"'s") {
			t.Errorf("%s answered for %d of 20 rounds, and unseen is %q", party, LeastRounds, unseen)
		}
	}
}
