package chaos

import (
	"slices"
	"sync"

	"fencepost/chaos/link"
	"fencepost/core"
	"fencepost/core/history"
)

// unheard are the permits that the ledger has answered, and whose askers do not
// know: they came too late, or the answer was cut.
type unheard struct {
	mu   sync.Mutex
	list []unheardPermit
}

// unheardPermit is one of them: who asked under which token, and between which
// instants the ledger dealt with it.
type unheardPermit struct {
	node            int16
	claim           core.Token
	asked, answered int64
}

// add takes what a link tells. An error says nothing about the fence.
func (u *unheard) add(node int16, seen link.Unheard, now int64) {
	if seen.Op != core.Permit || seen.Claim.IsZero() || seen.Failed {
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.list = append(u.list, unheardPermit{node, seen.Claim, now - int64(seen.Took), now})
}

// tenures are the epochs in the order in which they began.
type tenures []history.Record

// of returns the epoch that was taken with a token.
func (t tenures) of(token core.Token) (core.Epoch, bool) {
	i := slices.IndexFunc(t, func(r history.Record) bool { return r.Token == token })
	if i < 0 {
		return 0, false
	}
	return t[i].Epoch, true
}

// at returns the epoch that stood at an instant.
func (t tenures) at(when int64) core.Epoch {
	epoch := core.Epoch(0)
	for i := range t {
		if t[i].At < when {
			epoch = max(epoch, t[i].Epoch)
		}
	}
	return epoch
}

// collectUnheard tells of permits that were dealt with under a superseded epoch
// and left neither a refusal nor an attempt behind. Those that were granted are
// judged by their attempts. logged counts the refusals that nobody has answered
// for yet.
//
// Counter-example: a ledger that refuses a late permit because its signal has
// moved on, and does not look at the epoch. It is right this time, and would
// grant the next one.
//
// In a ledger that went back in time epochs are taken twice, and which of two is
// the younger the order of their numbers does not tell.
func (r *run) collectUnheard(logged map[refusal]int) {
	if len(r.rewound) > 0 {
		return
	}
	var begun tenures
	granted := map[core.Token]int{}
	for i := range r.book.entries {
		e := &r.book.entries[i].record
		switch {
		case r.book.entries[i].tell != nil:
		case e.Kind == history.TenureOpened:
			begun = append(begun, *e)
		case e.Kind == history.Permitted && e.Current.Supersedes(e.Epoch):
			granted[e.Token]++
		default:
		}
	}
	r.unheard.mu.Lock()
	defer r.unheard.mu.Unlock()
	for _, u := range r.unheard.list {
		epoch, known := begun.of(u.claim)
		current := begun.at(u.asked)
		if !known || !current.Supersedes(epoch) {
			continue
		}
		what := refusal{core.Permit, epoch, u.claim}
		if logged[what]--; logged[what] >= 0 {
			continue
		}
		if granted[u.claim]--; granted[u.claim] >= 0 {
			continue
		}
		r.book.add(u.answered, history.Record{
			Kind: history.EffectRefused, Node: u.node, Subject: history.None, Op: core.Permit,
			Epoch: epoch, Current: current, Token: u.claim, Reason: core.StateChanged,
		})
	}
}
