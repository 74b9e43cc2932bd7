package conformance_test

import (
	"fmt"
	"slices"
	"time"

	"fencepost/core"
)

// tb is what a pair needs of a test, which may be one of many walks.
type tb interface {
	Helper()
	Fatalf(format string, args ...any)
}

// pair asks both ledgers the same and ends the test when they part.
type pair struct {
	t     tb
	model *modelLedger
	real  *realLedger
	// asked is what was asked so far.
	asked []string
	// seen counts the kinds of answers, with their reasons.
	seen map[string]int
	// before is done before each operation, if anything is.
	before func()
	// told hears every answer, if anybody wants to.
	told func(core.Input)
	// armed is a mishap that the next operation meets, and mishap carries it out.
	armed  *mishap
	mishap func(how mishap, op core.Op, at func(*disturbedBed) error)
}

// newPair returns two empty ledgers, the real one in that bed.
func newPair(t tb, b *bed, seen map[string]int) *pair {
	t.Helper()
	real, err := b.empty()
	if err != nil {
		t.Fatalf("%v", err)
	}
	return &pair{t: t, model: newModelLedger(), real: real, seen: seen}
}

// letSeveralBeOpen sets both up without the rule that one signal of an instrument is
// open at a time.
func (p *pair) letSeveralBeOpen() {
	p.model, p.real.several = modelLedgerWith(false), true
	p.asked = append(p.asked, "several signals of an instrument may be open")
	p.seen["several may be open"]++
}

// do asks both and returns the answers that they agree on.
func (p *pair) do(who process, e core.Effect) []core.Input {
	p.t.Helper()
	if p.before != nil {
		p.before()
	}
	if p.armed != nil {
		p.doInVain(who, e)
		return nil
	}
	p.asked = append(p.asked, describe(who, e))
	want, _ := p.model.do(who, e)
	got, err := p.real.do(who, e)
	if err != nil {
		p.part("%+v\n  real:  error %v", want, err)
	}
	if !slices.Equal(want, got) {
		p.part("%+v\n  real:  %+v", want, got)
	}
	for _, in := range got {
		what := in.Kind.String()
		if in.Reason != core.NoReason {
			what += ": " + in.Reason.String()
		}
		p.seen[what]++
		if p.told != nil {
			p.told(in)
		}
	}
	return got
}

// part ends the test with everything that was asked.
func (p *pair) part(format string, args ...any) {
	p.t.Helper()
	text := ""
	for _, line := range p.asked {
		text += "  " + line + "\n"
	}
	p.t.Fatalf("the ledgers part after\n%s  model: %s", text, fmt.Sprintf(format, args...))
}

// both does the same to both and compares what comes of it.
func both[T comparable](p *pair, what string, do func(ledgerStore) (T, error)) T {
	p.t.Helper()
	p.asked = append(p.asked, what)
	want, _ := do(p.model)
	got, err := do(p.real)
	if err != nil {
		p.part("%+v\n  real:  error %v", want, err)
	}
	if got != want {
		p.part("%+v\n  real:  %+v", want, got)
	}
	return got
}

// done makes a step without an answer one that has one.
func done(err error) (bool, error) { return err == nil, err }

func (p *pair) admit(o offer) admitted {
	p.t.Helper()
	what := fmt.Sprintf("admit key=%d payload=%d valid_for=%v instrument=%d exit=%v",
		o.key, o.payload, o.validFor, o.instrument, o.exit)
	if p.armed != nil {
		p.admitInVain(what, o)
		return admitted{}
	}
	return both(p, what, func(l ledgerStore) (admitted, error) { return l.admit(o) })
}

func (p *pair) setControl(mode core.Control) {
	p.t.Helper()
	both(p, "control "+mode.String(), func(l ledgerStore) (bool, error) { return done(l.setControl(mode)) })
}

func (p *pair) setProtocol(lowest, highest uint16) {
	p.t.Helper()
	what := fmt.Sprintf("versions %d to %d", lowest, highest)
	both(p, what, func(l ledgerStore) (bool, error) { return done(l.setProtocol(lowest, highest)) })
}

func (p *pair) decide(signal core.SignalID, outcome core.SignalState) bool {
	p.t.Helper()
	what := fmt.Sprintf("decide signal=%d outcome=%v", signal, outcome)
	return both(p, what, func(l ledgerStore) (bool, error) { return l.decide(signal, outcome) })
}

func (p *pair) acceptAuthority(witness core.Epoch) {
	p.t.Helper()
	what := fmt.Sprintf("accept authority witness=%d", witness)
	both(p, what, func(l ledgerStore) (bool, error) { return done(l.acceptAuthority(witness)) })
}

func (p *pair) pass(d time.Duration) {
	p.t.Helper()
	both(p, fmt.Sprintf("%v passes", d), func(l ledgerStore) (bool, error) { return done(l.pass(d)) })
}

func (p *pair) restart() {
	p.t.Helper()
	both(p, "the server restarts", func(l ledgerStore) (bool, error) { return done(l.restart()) })
}

func (p *pair) branch() {
	p.t.Helper()
	both(p, "another server comes up", func(l ledgerStore) (bool, error) { return done(l.branch()) })
}

// compare compares the rows.
func (p *pair) compare() {
	p.t.Helper()
	want, _ := p.model.read()
	got, err := p.real.read()
	if err != nil {
		p.t.Fatalf("%v", err)
	}
	if d := difference(want, got); d != "" {
		p.part("rows:\n%s", d)
	}
	if n := p.model.Refusals(); n != uint64(len(want.Refusals)) {
		p.part("counts %d refusals and told of %d", n, len(want.Refusals))
	}
}
