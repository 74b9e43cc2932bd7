package conformance_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"fencepost/core"
	"fencepost/sim/model"
)

// question is something to ask about a signal that stands in a situation.
type question struct {
	what string
	ask  func(l ledgerStore, signal core.SignalID) (string, error)
}

// effectQuestion asks with an effect.
func effectQuestion(e core.Effect) question {
	who := processOf(e.Token)
	return question{describe(who, e), func(l ledgerStore, signal core.SignalID) (string, error) {
		e := e
		e.Signal = signal
		inputs, err := l.do(who, e)
		for i := range inputs {
			inputs[i].Signal = 0
		}
		return fmt.Sprintf("%+v", inputs), err
	}}
}

func TestTableOfOutcomes(t *testing.T) {
	eachSituation(t, func(m *modelLedger) (list []question) {
		s := m.Row(1)
		for n := range s.Attempt + 2 {
			for outcome := core.NoSignal; outcome <= core.Void; outcome++ {
				for _, e := range recordings(m, n, outcome) {
					list = append(list, effectQuestion(e))
				}
			}
		}
		return list
	})
}

// recordings are the ways to record an outcome of an attempt: by its sender
// and by another, as a fact and as a judgement, rightly and wrongly read, with
// and without an alert. What is no outcome is asked less about.
func recordings(m *modelLedger, number uint32, outcome core.SignalState) (list []core.Effect) {
	version := m.Row(1).Version
	a, exists := m.AttemptRow(1, number)
	own, other := n1.token(1), n2.token(1)
	if exists {
		own = a.Token
	}
	add := func(token core.Token, version uint32, alert bool) {
		list = append(list, core.Effect{
			Op: core.Record, Attempt: number, State: outcome, Version: version, Token: token, Alert: alert,
		})
	}
	add(own, 0, false)
	add(own, version, true)
	if number == 0 {
		add(own, version+1, false)
	}
	if exists && !slices.Contains(nonsense, outcome) {
		add(own, 0, true)
		add(own, version+1, false)
		add(own, version, false)
		add(other, 0, false)
		add(other, version, false)
		add(other, version-1, true)
	}
	return list
}

func TestTableOfPermits(t *testing.T) {
	eachSituation(t, func(m *modelLedger) (list []question) {
		s, a := m.Row(1), m.Authority()
		for n := range s.Attempt + 2 {
			for _, version := range []uint32{s.Version, s.Version - 1} {
				e := permit(processOf(a.Token), a.Epoch, 1, n, version)
				list = append(list, effectQuestion(e))
				e.Resend = true
				list = append(list, effectQuestion(e))
			}
		}
		return list
	})
}

func TestTableOfDecisions(t *testing.T) {
	eachSituation(t, func(*modelLedger) (list []question) {
		for outcome := core.NoSignal; outcome <= core.Void; outcome++ {
			list = append(list, question{
				"a person: " + outcome.String(),
				func(l ledgerStore, signal core.SignalID) (string, error) {
					done, err := l.decide(signal, outcome)
					return fmt.Sprint(done), err
				},
			})
		}
		return list
	})
}

// eachSituation asks all questions in every situation: at the last instant at
// which the newest attempt may be sent, if it still may, and right after it.
func eachSituation(t *testing.T, questions func(*modelLedger) []question) {
	t.Helper()
	b := sharedBed(t)
	for _, where := range situations {
		t.Run(where.name, func(t *testing.T) {
			p := newPair(t, b, map[string]int{})
			p.admit(alone(1, 1, time.Minute))
			p.do(n1, take(n1, 0))
			where.come(story{p})
			p.compare()
			p.pass(sendBy)
			if sending(p.model) {
				askAll(t, p, "at send_by", questions(p.model))
			}
			p.pass(µs)
			askAll(t, p, "after send_by", questions(p.model))
		})
	}
}

// sending reports whether an attempt of the signal may still be sent.
func sending(m *modelLedger) bool {
	a, ok := m.AttemptRow(1, m.Row(1).Attempt)
	return ok && a.State == core.Submitting
}

// askersAtOnce is how many questions are under way at a time. Each is about a
// signal of its own.
const askersAtOnce = 8

// askAll asks each question about a copy of the situation, and compares the
// answers and what became of the copies.
func askAll(t *testing.T, p *pair, when string, questions []question) {
	t.Helper()
	copies, err := p.real.copies(1, len(questions))
	if err != nil {
		t.Fatal(err)
	}
	want := make([]rows, len(questions))
	var askers sync.WaitGroup
	for k := range askersAtOnce {
		askers.Go(func() {
			for i := k; i < len(questions); i += askersAtOnce {
				q, m := questions[i], copyOf(p.model)
				answer, _ := q.ask(m, 1)
				got, err := q.ask(p.real, copies[i])
				if err != nil || got != answer {
					t.Errorf("%s, %s:\n  model: %s\n  real:  %s %v", when, q.what, answer, got, err)
				}
				want[i], _ = m.read()
			}
		})
	}
	askers.Wait()
	all, err := p.real.read()
	if err != nil {
		t.Fatal(err)
	}
	for i, q := range questions {
		if d := difference(only(want[i], 1), only(all, copies[i])); d != "" {
			t.Errorf("%s, %s:\n%s", when, q.what, d)
		}
	}
}

// copyOf returns a ledger that stands where the model stands.
func copyOf(m *modelLedger) *modelLedger {
	c := &modelLedger{now: m.now}
	c.Reset(model.PostgresConfig{TTL: ledgerTTL, SendBy: sendBy, OneOpen: true}, &c.records)
	c.CopyFrom(&m.Postgres)
	return c
}

// only returns the rows of one signal, with its number and its places taken
// out.
func only(r rows, signal core.SignalID) rows {
	var found rows
	for _, s := range r.Signals {
		if s.ID == signal {
			s.ID = 0
			found.Signals = append(found.Signals, s)
		}
	}
	for _, a := range r.Attempts {
		if a.Signal == signal {
			a.Signal, a.Order = 0, 0
			found.Attempts = append(found.Attempts, a)
		}
	}
	return found
}
