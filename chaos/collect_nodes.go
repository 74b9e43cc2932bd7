package chaos

import (
	"errors"
	"fmt"
	"os"

	"fencepost/core"
	"fencepost/core/history"
	"fencepost/internal/recorder"
	"fencepost/internal/replay"
)

// replayLife feeds a process's journal to the core again: what it believed and
// announced, and what it was refused. A journal that does not end with the same
// effects is a mistake of the build or of the recorder, and so is none of a process
// that has answered: its belief would not be judged.
func (r *run) replayLife(n *instance, l *life) error {
	j, err := recorder.Open(l.journal)
	if errors.Is(err, os.ErrNotExist) && l.nonce == 0 {
		return nil // it was killed before it began
	}
	if err != nil {
		return fmt.Errorf("%s: %w", n.name, err)
	}
	result := replay.Play(j, replay.Listener{
		When: func(shown core.Time) int64 {
			if shown == core.Never {
				return replay.Never
			}
			return r.clock.ofBoot(int64(l.trueBoot(shown)))
		},
		Node:   r.nodeOf,
		Record: func(h *history.Record) { r.book.add(h.At, *h) },
		Answered: func(a *replay.Answer) {
			switch a.Input.Kind {
			case core.PermitWasRefused, core.HeartbeatWasRefused, core.CloseWasRefused:
				if a.Call != nil {
					r.refusals = append(r.refusals, refused{n.index, a.At, a.Call.Effect, a.Input})
				}
			default:
			}
		},
	})
	switch {
	case result.Damage != nil:
		return fmt.Errorf("%s: %w", n.name, result.Damage)
	case result.Difference != nil:
		return fmt.Errorf("%s: %s: step %d has other effects when the core is told the same again; "+
			"drill verify-journal says more", n.name, l.journal, result.Difference.Step.Number)
	}
	if l.ended > 0 {
		r.book.add(l.ended, history.Record{Kind: history.BeliefEnded, Node: n.index})
		r.book.add(l.ended, history.Record{Kind: history.NodeDown, Node: n.index})
	}
	return nil
}

// refused is a call of a node that the ledger refused.
type refused struct {
	node  int16
	at    int64
	call  core.Effect
	input core.Input
}

// nodeOf returns the number of the node that a process ran on, or history.None.
func (r *run) nodeOf(nonce core.Nonce) int16 {
	for _, n := range r.nodes {
		for _, l := range n.lives {
			if l.nonce == nonce && nonce != 0 {
				return n.index
			}
		}
	}
	return history.None
}
