package recorder_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fencepost/core"
	"fencepost/internal/recorder"
)

// life is a node that is recorded while the test plays the world around it.
type life struct {
	t       testing.TB
	r       *recorder.Recorder
	path    string
	now     core.Now
	node    core.Node
	effects core.Effects
}

func begin(t testing.TB, path string, flush time.Duration) *life {
	t.Helper()
	r, err := recorder.Create(recorder.Options{
		Path: path, Flush: flush, Group: "desk", Instance: "n1", Build: "v0",
	})
	if err != nil {
		t.Fatal(err)
	}
	l := &life{t: t, r: r, path: path, now: core.Now{Boot: 1e9, Mono: 1e9, Wall: 1e18}}
	l.node = core.New(core.Default(), 7, l.now)
	r.Start(core.Default(), 7, l.now)
	return l
}

// tell is one recorded step after some time.
func (l *life) tell(in core.Input) { l.tellAfter(700*time.Millisecond, in) }

func (l *life) tellAfter(d time.Duration, in core.Input) {
	for _, clock := range []*core.Time{&l.now.Boot, &l.now.Mono, &l.now.Wall} {
		*clock = clock.Add(d)
	}
	l.r.RecordInput(l.now, &in)
	l.node.Step(l.now, &in, &l.effects)
	l.r.RecordEffects(l.effects.All())
}

func (l *life) text() []byte {
	l.t.Helper()
	text, err := os.ReadFile(l.path)
	if err != nil {
		l.t.Fatal(err)
	}
	return text
}

func (l *life) close() {
	l.t.Helper()
	if err := l.r.Close(); err != nil {
		l.t.Fatal(err)
	}
}

// recorded is the journal of a node that nobody answers.
func recorded(t *testing.T, steps int) []byte {
	t.Helper()
	l := begin(t, filepath.Join(t.TempDir(), "journal"), recorder.DefaultFlush)
	for range steps {
		l.tell(core.Input{Kind: core.TimePassed})
	}
	l.close()
	return l.text()
}

func verify(t *testing.T, text []byte) *recorder.Result {
	t.Helper()
	j, err := recorder.Read(text)
	if err != nil {
		t.Fatal(err)
	}
	return recorder.Verify(j)
}

func TestRecordedStepsHaveTheSameEffectsAgain(t *testing.T) {
	text := recorded(t, 100)
	r := verify(t, text)
	if r.Steps != 100 || r.Difference != nil || r.Damage != nil || !r.End.Closed || r.EndedIn.Number != 0 {
		t.Errorf("%+v", r)
	}
	if span := r.Last.Boot.Sub(r.First.Boot); span != 99*700*time.Millisecond {
		t.Errorf("the steps lie %v apart", span)
	}
	j, err := recorder.Read(text)
	if err != nil {
		t.Fatal(err)
	}
	if h := j.Header(); h.Nonce != 7 || h.Instance != "n1" || h.Group != "desk" || h.Build != "v0" ||
		h.Config != core.Default() || h.Started.Boot != 1e9 || h.Core == 0 {
		t.Errorf("header %+v", h)
	}
}

func TestJournalOfAKilledProcessIsReadAsFarAsItGoes(t *testing.T) {
	text := recorded(t, 100)
	last := 0
	for cut := range text {
		r := verify(t, text[:cut])
		if r.Damage != nil || r.Difference != nil || r.End.Closed || r.Steps < last || r.Steps > last+1 {
			t.Fatalf("cut at %d of %d: %+v after %d", cut, len(text), r, last)
		}
		last = r.Steps
	}
	if last != 100 {
		t.Errorf("%d steps before the last byte", last)
	}
}

func TestZerosOfAMachineWithoutPowerAreATornEnd(t *testing.T) {
	text := recorded(t, 20)
	ends := ends(t, text)
	for cut := ends[8]; cut <= ends[9]; cut++ {
		r := verify(t, append(bytes.Clone(text[:cut]), make([]byte, 5000)...))
		if r.Damage != nil || r.Difference != nil || r.End.Torn < 5000 || r.Steps < 9 || r.Steps > 10 {
			t.Errorf("cut at %d, between %d and %d: %+v", cut, ends[8], ends[9], r)
		}
	}
}

// Also where no end shows that the file was whole.
func TestChangedBitInTheMiddleOfATornFileIsDamage(t *testing.T) {
	text := recorded(t, 20)
	ends := ends(t, text)
	for at := ends[8]; at < ends[9]; at++ {
		spoilt := bytes.Clone(text[:ends[19]-3])
		spoilt[at] ^= 2
		if r := verify(t, spoilt); r.Damage == nil || r.Steps != 9 {
			t.Errorf("byte %d: %+v", at, r)
		}
	}
}

// A bit that the disk turned round is never taken for another decision.
func TestOneChangedBitIsDamageAtItsStep(t *testing.T) {
	text := recorded(t, 20)
	ends := ends(t, text)
	for at := bytes.IndexByte(text, '\n') + 1; at < len(text); at++ {
		want := 1
		for want <= len(ends) && at >= ends[want-1] {
			want++
		}
		for bit := range 8 {
			spoilt := bytes.Clone(text)
			spoilt[at] ^= 1 << bit
			var damaged *recorder.DamagedError
			r := verify(t, spoilt)
			if !errors.As(r.Damage, &damaged) || damaged.Step != want || r.Difference != nil {
				t.Fatalf("bit %d of byte %d, of step %d: %+v", bit, at, want, r)
			}
		}
	}
}

// ends returns where each step ends in the file.
func ends(t *testing.T, text []byte) []int {
	t.Helper()
	var list []int
	steps := 0
	for cut := range text {
		if r := verify(t, text[:cut]); r.Steps > steps {
			list, steps = append(list, cut), r.Steps
		}
	}
	return list
}

func TestChangedFirstLineIsRefusedOrDamage(t *testing.T) {
	text := recorded(t, 20)
	for _, change := range [][2]string{
		{`"StoreTimeout":25`, `"StoreTimeout":24`},
		{`"nonce":"0000000000000007"`, `"nonce":"0000000000000008"`},
		{`"instance":"n1"`, `"instance":"n2"`},
	} {
		other := bytes.Replace(text, []byte(change[0]), []byte(change[1]), 1)
		if r := verify(t, other); bytes.Equal(other, text) || r.Damage == nil {
			t.Errorf("%s: %+v", change[1], r)
		}
	}
}

// The process ended in a step: its input is the last thing in the file.
func TestStepThatBreaksAnAssertionIsHeld(t *testing.T) {
	l := begin(t, filepath.Join(t.TempDir(), "journal"), time.Hour)
	asked := l.until(core.Observe)
	l.tell(core.Input{Kind: core.AuthorityObserved, Req: asked.Req, Control: core.Run})
	asked = l.until(core.Acquire)
	l.tell(core.Input{Kind: core.LeaseAcquired, Req: asked.Req, Token: asked.Token})
	asked = l.until(core.Observe)
	l.tell(core.Input{Kind: core.AuthorityObserved, Req: asked.Req, Control: core.Run})
	asked = l.until(core.TakeEpoch)
	func() {
		defer func() {
			if recover() == nil {
				t.Error("a leader without an epoch broke no assertion")
			}
			l.r.Flush()
		}()
		l.tell(core.Input{Kind: core.EpochWasTaken, Req: asked.Req, Epoch: 0, Control: core.Run})
	}()
	r := verify(t, l.text())
	if r.EndedIn.Input.Kind != core.EpochWasTaken || !strings.Contains(r.Assertion, "has an epoch") ||
		r.EndedIn.Number != r.Steps+1 || r.Difference != nil || r.Damage != nil || r.End.Torn != 0 {
		t.Errorf("%+v", r)
	}
	l.close()
}

// until steps the node until it wants that operation.
func (l *life) until(op core.Op) core.Effect {
	l.t.Helper()
	for range 100 {
		for _, e := range l.effects.All() {
			if e.Op == op {
				return e
			}
		}
		l.tell(core.Input{Kind: core.TimePassed})
	}
	l.t.Fatalf("the node never wants %v", op)
	return core.Effect{}
}
