package kills

import (
	"reflect"
	"slices"
	"testing"
)

func good() Plan { return Plan{Kills: 95, Batch: 10, Seed: 1, Nodes: 3, Rate: 50} }

// TestEveryKindOfKillIsDrawnAndTheSameSeedIsTheSameAttack: points of the leader's are
// meant for the leader.
func TestEveryKindOfKillIsDrawnAndTheSameSeedIsTheSameAttack(t *testing.T) {
	t.Parallel()
	p := good()
	points, victims, leaders, total := map[string]int{}, map[int]int{}, 0, 0
	for batch := 1; batch <= 200; batch++ {
		p.Kills = 2000
		strikes := p.Strikes(batch)
		if !reflect.DeepEqual(strikes, p.Strikes(batch)) {
			t.Fatalf("batch %d differs from itself", batch)
		}
		total += len(strikes)
		for _, s := range strikes {
			victims[s.Node]++
			if s.Wait < leastWait || s.Wait >= mostWait {
				t.Errorf("a wait of %v", s.Wait)
			}
			if s.Leader {
				leaders++
			}
			if s.Point != "" {
				points[s.Point]++
				if slices.Contains(leadersPoints, s.Point) != s.Leader {
					t.Errorf("%+v: the point is the leader's alone, or anybody's", s)
				}
			}
		}
	}
	if total != 2000 || len(victims) != 3 || leaders < total/5 || leaders > total/2 {
		t.Errorf("%d kills of %d nodes, %d of them meant for the leader", total, len(victims), leaders)
	}
	for _, point := range append(slices.Clone(anybodysPoints), leadersPoints...) {
		if points[point] == 0 {
			t.Errorf("nobody dies at %s", point)
		}
	}
	other := good()
	other.Seed = 2
	if reflect.DeepEqual(good().Strikes(1), other.Strikes(1)) {
		t.Error("two seeds are the same attack")
	}
}

// TestTheLastBatchHasWhatIsLeft: as many kills are played as were asked for.
func TestTheLastBatchHasWhatIsLeft(t *testing.T) {
	t.Parallel()
	p, sum := good(), 0
	for batch := 1; batch <= p.Batches(); batch++ {
		sum += len(p.Strikes(batch))
	}
	if p.Batches() != 10 || sum != p.Kills || len(p.Strikes(10)) != 5 {
		t.Errorf("%d batches of %d kills, the last of %d", p.Batches(), sum, len(p.Strikes(10)))
	}
}

// TestAPlanThatMakesNoSenseIsRefused: before anything is started.
func TestAPlanThatMakesNoSenseIsRefused(t *testing.T) {
	t.Parallel()
	if err := good().Check(); err != nil {
		t.Fatal(err)
	}
	for _, spoil := range []func(*Plan){
		func(p *Plan) { p.Kills = 0 }, func(p *Plan) { p.Batch = 0 }, func(p *Plan) { p.Batch = 101 },
		func(p *Plan) { p.Nodes = 1 }, func(p *Plan) { p.Nodes = 10 }, func(p *Plan) { p.Rate = 0 },
		func(p *Plan) { p.Seed = 0 }, func(p *Plan) { p.Kills = mostKills + 1 },
	} {
		p := good()
		spoil(&p)
		if p.Check() == nil {
			t.Errorf("%+v is taken", p)
		}
	}
}

// TestABatchOfAnotherPlanIsNotTakenForThisOne: nor is one that is cut off.
func TestABatchOfAnotherPlanIsNotTakenForThisOne(t *testing.T) {
	t.Parallel()
	p := good()
	p.Dir = t.TempDir()
	kept := &Batch{Batch: 2, Seed: 1, Nodes: 3, Rate: 50, Kills: 10, Held: true}
	if err := p.keep(kept); err != nil {
		t.Fatal(err)
	}
	if b, err := p.kept(2); err != nil || b == nil || !b.Held {
		t.Errorf("what was kept is read as %+v, %v", b, err)
	}
	for _, other := range []func(*Plan){
		func(p *Plan) { p.Nodes = 2 }, func(p *Plan) { p.Rate = 51 }, func(p *Plan) { p.Batch = 9 },
		func(p *Plan) { p.Kills = 12 },
	} {
		q := p
		other(&q)
		if b, err := q.kept(2); err != nil || b != nil {
			t.Errorf("%+v takes %+v, %v", q, b, err)
		}
	}
	if b, err := p.kept(1); err != nil || b != nil {
		t.Errorf("a batch that was never played is %+v, %v", b, err)
	}
}
