package tape

import (
	"testing"

	"pgregory.net/rapid"
)

// Sites of these tests.
var (
	siteWorld = New("test.world", World)
	siteNode  = New("test.node", Nodes)
	siteStep  = New("test.step", Steps)
)

// drawAll draws a little of everything.
func drawAll(t *Tape) []uint64 {
	t.Begin(3, []string{"", "freeze"})
	var all []uint64
	for range 3 {
		all = append(all, t.Draw(siteWorld, 0))
		for index := range 3 {
			all = append(all, t.Draw(siteNode, index), t.Draw(siteStep, index))
		}
	}
	return all
}

func equal(a, b []uint64) bool {
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return len(a) == len(b)
}

func TestAnswersOfASeedDependOnNamesAlone(t *testing.T) {
	// These figures are the meaning of every seed that was ever written down.
	for _, want := range []struct {
		name Name
		bits uint64
	}{
		{Of(siteWorld, 0, 0), 0x8a436e82e7ffbe03},
		{Of(siteNode, 2, 1), 0xdd69d32f6355289b},
		{Of(siteStep, 0, 0), 0xb86512ecbfe02ba3},
		{Name{siteStep, stepOf("freeze"), 0}, 0x82aa9c0df70661f9},
	} {
		if got := Seed(7).Draw(want.name); got != want.bits {
			t.Errorf("%v: %#x, not %#x", want.name, got, want.bits)
		}
	}
}

func TestATapeAndItsSeedAsASourceAgree(t *testing.T) {
	for seed := range uint64(20) {
		want := drawAll(Seeded(seed))
		if !equal(drawAll(From(Seed(seed))), want) {
			t.Errorf("seed %d: the source differs from the tape", seed)
		}
		again := Seeded(seed + 1)
		drawAll(again)
		again.Seed(seed)
		if !equal(drawAll(again), want) {
			t.Errorf("seed %d: a used tape differs from a new one", seed)
		}
	}
}

func TestADrawMovesNoOther(t *testing.T) {
	plain, busy := Seeded(3), Seeded(3)
	plain.Begin(2, nil)
	busy.Begin(5, []string{"", "", ""})
	for range 10 {
		busy.Draw(siteWorld, 0)
		busy.Draw(siteStep, 1)
		busy.Draw(siteNode, 4)
	}
	for range 5 {
		if a, b := plain.Draw(siteNode, 1), busy.Draw(siteNode, 1); a != b {
			t.Fatalf("%#x became %#x because others drew, too", a, b)
		}
	}
}

func TestAStepWithAnIDKeepsItsDrawsWhereverItStands(t *testing.T) {
	a, b := Seeded(3), Seeded(3)
	a.Begin(1, []string{"freeze"})
	b.Begin(1, []string{"", "", "freeze"})
	if x, y := a.Draw(siteStep, 0), b.Draw(siteStep, 2); x != y {
		t.Errorf("%#x first, %#x as the third", x, y)
	}
}

func TestABenignTapeIsAllZero(t *testing.T) {
	for _, bits := range drawAll(From(Benign{})) {
		if bits != 0 {
			t.Errorf("%#x", bits)
		}
	}
}

func TestBytesAreTakenInOrderAndZeroFollows(t *testing.T) {
	b := OfBytes([]byte{1, 2, 0, 0, 0xff}, 2)
	tape := From(b)
	want := []uint64{0x0201, 0, 0xff, 0, 0}
	for i, bits := range want {
		if got := tape.Draw(siteWorld, 0); got&0xffff != bits || bits == 0 && got != 0 {
			t.Errorf("draw %d: %#x, not %#x", i, got, bits)
		}
	}
	if b.Left() != 0 {
		t.Errorf("%d bytes are left", b.Left())
	}
	whole := From(OfBytes([]byte{1, 2, 3, 4, 5, 6, 7, 8, 9}, 8))
	if got := whole.Draw(siteWorld, 0); got != 0x0807060504030201 {
		t.Errorf("eight bytes are %#x", got)
	}
}

func TestARecordingPlaysAgain(t *testing.T) {
	tape := Seeded(11)
	tape.Record()
	want := drawAll(tape)
	list := tape.Recorded()
	list.Seeded = false // the entries alone
	source := list.Source(nil)
	if !equal(drawAll(From(source)), want) {
		t.Error("the recording answers otherwise")
	}
	if unused, unnamed := source.Unmatched(); unused != 0 || unnamed != 0 {
		t.Errorf("%d entries were not asked for, %d draws not named", unused, unnamed)
	}
}

func TestWhatDoesNotMatchIsCounted(t *testing.T) {
	list := &List{Seed: 5, Seeded: true, Entries: []Entry{
		{"test.node", "n2", 1, 42}, // asked for
		{"test.node", "n9", 0, 1},  // no such node
		{"test.world", "n1", 0, 1}, // never an actor of this site
		{"test.gone", "-", 0, 1},   // no such site
		{"test.step", "freeze", 2, 7},
	}}
	tape := From(list.Source(nil))
	got, want := drawAll(tape), drawAll(Seeded(5))
	changed := 0
	for i := range got {
		if got[i] != want[i] {
			changed++
		}
	}
	if changed != 2 {
		t.Errorf("%d draws were changed by two entries", changed)
	}
	if unused, unnamed := tape.Unmatched(); unused != 3 || unnamed != len(got)-2 {
		t.Errorf("%d unused, %d unnamed of %d", unused, unnamed, len(got))
	}
}

func TestAnOdometerTriesEveryCombinationOnce(t *testing.T) {
	o := NewOdometer(Seed(9),
		Dial{Of(siteNode, 0, 0), 3}, Dial{Of(siteWorld, 0, 0), 2}, Dial{Of(siteNode, 2, 1), 4})
	seen := map[[3]uint64]bool{}
	for more := true; more; more = o.Next() {
		tape := From(o)
		tape.Begin(3, nil)
		c := [3]uint64{tape.Draw(siteNode, 0), tape.Draw(siteWorld, 0), 0}
		tape.Draw(siteNode, 2)
		c[2] = tape.Draw(siteNode, 2)
		if seen[c] {
			t.Fatalf("%v came twice", c)
		}
		seen[c] = true
		if got := tape.Draw(siteNode, 1); got != Seed(9).Draw(Of(siteNode, 1, 0)) {
			t.Fatal("another draw was turned, too")
		}
	}
	if len(seen) != 24 {
		t.Errorf("%d combinations", len(seen))
	}
}

// TestAnOdometerTurnsNothingInVain asks for one dial only where another shows a
// certain digit, in both orders.
func TestAnOdometerTurnsNothingInVain(t *testing.T) {
	a, b := Of(siteNode, 0, 0), Of(siteNode, 1, 0)
	for _, when := range []uint64{0, 1, 2} {
		for _, ask := range [][2]Name{{a, b}, {b, a}} {
			o := NewOdometer(nil, Dial{a, 3}, Dial{b, 3})
			seen, runs := map[[2]uint64]bool{}, 0
			for more := true; more; more = o.Next() {
				runs++
				c := [2]uint64{o.Draw(ask[0]), 99}
				if c[0] == when {
					c[1] = o.Draw(ask[1])
				}
				seen[c] = true
			}
			if len(seen) != 5 || runs > 9 {
				t.Errorf("%d different runs of 5, in %d", len(seen), runs)
			}
		}
	}
}

func TestRapidMayBeASource(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		bits := rapid.Uint64()
		tape := From(Func(func(n Name) uint64 { return bits.Draw(r, n.Site.String()) }))
		tape.Record()
		want := drawAll(tape)
		if !equal(drawAll(From(tape.Recorded().Source(nil))), want) {
			r.Fatal("the recording answers otherwise")
		}
	})
}

func TestASplitSourceAsksWhoIsInCharge(t *testing.T) {
	tape := From(Split{Chosen: func(s Site) bool { return s == siteNode }, From: Benign{}, Else: Seed(2)})
	tape.Begin(1, nil)
	if tape.Draw(siteNode, 0) != 0 || tape.Draw(siteWorld, 0) != Seed(2).Draw(Of(siteWorld, 0, 0)) {
		t.Error("a source was asked for what is not its own")
	}
}

func TestASeededTapeAllocatesNothing(t *testing.T) {
	tape := Seeded(1)
	ids := []string{"", "freeze"}
	seed := uint64(0)
	if n := testing.AllocsPerRun(100, func() {
		seed++
		tape.Seed(seed)
		tape.Begin(3, ids)
		for range 10 {
			tape.Draw(siteWorld, 0)
			tape.Draw(siteNode, 2)
			tape.Draw(siteStep, 5)
		}
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestASiteHasANameOfItsOwn(t *testing.T) {
	for _, name := range []string{"", "two words", "Upper", "rest", "test.world", "a#b"} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%q was declared", name)
				}
			}()
			New(name, World)
		}()
	}
}

func BenchmarkDraw(b *testing.B) {
	t := Seeded(1)
	t.Begin(3, nil)
	sum := uint64(0)
	for b.Loop() {
		sum += t.Draw(siteNode, 1)
	}
	_ = sum
}
