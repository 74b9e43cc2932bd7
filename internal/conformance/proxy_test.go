package conformance_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"fencepost/chaos/link"
	"fencepost/core"
	"fencepost/scenarios"
)

// silence is how long a process waits for the answer to a request that was
// dropped. No length is too short: the request never arrives.
const silence = 10 * time.Millisecond

// mishap is what becomes of a request or of its answer on the way.
type mishap uint8

// The mishaps: the operation is carried out and its answer lost, or the
// request never arrives. Either way the process knows nothing.
const (
	answerLost mishap = iota
	requestLost
)

// String says what happened.
func (m mishap) String() string {
	if m == requestLost {
		return "the request is dropped"
	}
	return "the answer is lost"
}

// proxy is the link between the processes and the server under test.
type proxy struct{ link.Link }

// newProxy leads to a server that speaks that protocol.
func newProxy(t testing.TB, speaks link.Protocol, upstream string) proxy {
	t.Helper()
	e := link.New(1)
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	l, err := e.Open(speaks.String(), speaks, upstream)
	if err != nil {
		t.Fatal(err)
	}
	return proxy{l}
}

// lose makes a call fail in that way, and confirms that it was in that way. The
// call is given the time that it may take, zero for its own.
func (w proxy) lose(how mishap, op core.Op, call func(limit time.Duration) error) error {
	if how == answerLost {
		before := w.Stats().RepliesCut
		d := link.Damage{Effect: scenarios.CutReply, Arrow: scenarios.Both, On: op}
		failed, err := w.during(d, func() error { return call(0) })
		cut := w.Stats().RepliesCut - before
		// A broker may still be answering somebody who is gone.
		toBroker := op == core.Submit || op == core.Lookup
		if err == nil && (cut == 0 || cut > 1 && !toBroker) {
			return errors.Join(fmt.Errorf("%v: %d answers were cut, not one", op, cut), failed)
		}
		return err
	}
	// A process that hardly runs may give up before it has sent anything.
	for limit := silence; ; limit *= 2 {
		before := w.Stats().Towards.Lost
		d := link.Damage{Effect: scenarios.Drop, Arrow: scenarios.Towards}
		failed, err := w.during(d, func() error { return call(limit) })
		switch {
		case err != nil || w.Stats().Towards.Lost > before:
			return err
		case limit > time.Second:
			return errors.Join(fmt.Errorf("%v: no byte was dropped", op), failed)
		}
	}
}

// during makes a call that must fail while the link is damaged.
func (w proxy) during(d link.Damage, call func() error) (failed, err error) {
	const id = 1
	if err := w.Damage(id, d); err != nil {
		return nil, err
	}
	failed = call()
	if failed == nil {
		err = fmt.Errorf("%v on the link, and yet there was an answer", d.Effect)
	}
	return failed, errors.Join(err, w.Heal(id))
}

// calm asks until there is an answer: connections that a mishap broke are found
// out by those who use them.
func calm(ask func() error) error {
	const bound = 20 * time.Second
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for begun := time.Now(); ; <-tick.C {
		err := ask()
		if err == nil {
			return nil
		}
		if time.Since(begun) > bound {
			return fmt.Errorf("no answer within %v: %w", bound, err)
		}
	}
}
