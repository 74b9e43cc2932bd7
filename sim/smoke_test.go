package sim

import (
	"os"
	"testing"
)

func TestSmoke(t *testing.T) {
	p, err := Compile(denseFaults())
	if err != nil {
		t.Fatal(err)
	}
	w := NewWorld(p)
	for seed := uint64(1); seed <= 200; seed++ {
		r := w.Run(seed)
		if r.Failure != nil {
			t.Logf("seed %d %v events %d sim %d", seed, r.Failure, r.Events, r.SimNanos)
			if seed == 1 {
				w.WriteTrace(os.Stdout, 60)
			}
		} else {
			t.Logf("seed %d ok events %d hash %x elected %d executed %d", seed, r.Events, r.Hash, r.Counts[5], r.Counts[21])
		}
	}
}
