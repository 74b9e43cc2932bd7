package store

import (
	"cmp"
	"maps"
	"slices"

	"fencepost/core"
	"fencepost/core/history"
	"fencepost/internal/identity"
)

// LeaseHistory puts writes into the words of the checkers: LeaseSet, and LeaseGone when a token is
// overwritten, deleted or has expired by the instant end, in nanoseconds of the servers' wall clock. Each
// server is a line of its own, as in the simulator. Clock translates an instant of that clock into one of
// the run; nodeOf returns the number of the node that a process runs on, history.None if it is nobody's. The
// records are in the order of time.
func LeaseHistory(
	writes []Write, end int64, clock func(int64) int64, nodeOf func(core.Nonce) int16,
) []history.Record {
	var list []history.Record
	tell := func(kind history.Kind, at, until int64, text string) *history.Record {
		token := identity.Read(text)
		list = append(list, history.Record{
			Kind: kind, At: clock(at), Until: clock(until), Token: token, Node: nodeOf(token.Nonce),
			Subject: history.None,
		})
		return &list[len(list)-1]
	}
	held := map[string]Keys{} // by server
	lapse := func(server string, now int64) {
		k := held[server]
		if after := k.lapsed(now); after != k {
			tell(history.LeaseGone, k.Until, k.Until, k.Holder)
			held[server] = after
		}
	}
	for i := range writes {
		w := &writes[i]
		lapse(w.Server, w.At)
		before := held[w.Server]
		if before.Holder != "" && before.Holder != w.Holder {
			gone := tell(history.LeaseGone, w.At, w.At, before.Holder)
			if w.Op == core.Release || w.Op == core.Evict {
				gone.Op = w.Op
			}
		}
		changed := before.Holder != w.Holder || before.Until != w.Until
		if w.Holder != "" && changed && (!w.Found || !before.same(w.Keys)) {
			tell(history.LeaseSet, w.At, w.Until, w.Holder)
		}
		held[w.Server] = w.Keys
	}
	for _, server := range slices.Sorted(maps.Keys(held)) {
		lapse(server, end)
	}
	slices.SortStableFunc(list, func(a, b history.Record) int { return cmp.Compare(a.At, b.At) })
	return list
}
