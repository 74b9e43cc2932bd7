package pgledger

import "time"

// The bounds of working on signals together. Of permits, and of outcomes, one
// transaction is under way, and another one for as long as workCrowd of them wait: a
// leader that has thousands of signals to execute takes no more of the server than
// workCrews, and what comes in meanwhile is stored between them. A signal that is
// stored late is given up by its sender; an order that leaves a little later is as
// good.
const (
	workCrews = 3
	workCrowd = 4
)

// The rest between two transactions of a kind, or two lists of work, while signals come
// in: a signal counts as coming in for as long as comesInFor.
const (
	longestRest = 50 * time.Millisecond
	comesInFor  = 100 * time.Millisecond
)

// CameIn tells that a signal came in, here or at another instance. Execution makes
// room for it.
func (l *Ledger) CameIn() { l.cameIn.Store(time.Now().UnixNano()) }

// restAfter is for how long permits, or outcomes, gather after a transaction that
// took so long: not at all, unless signals come in meanwhile. On a server that has
// time it is a few milliseconds. On one that has none a transaction takes long, and
// so does the rest: then more go into the next one, and more of the server is left
// to the storing.
func (l *Ledger) restAfter(took time.Duration) time.Duration {
	if time.Now().UnixNano()-l.cameIn.Load() > int64(comesInFor) {
		return 0
	}
	return min(2*took, longestRest)
}
