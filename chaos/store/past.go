package store

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Loss is what Redis has lost when it comes back. The zero value is nothing beyond what the durability loses.
type Loss struct {
	// All: nothing is left.
	All bool
	// Window: the writes of so much time before it went are lost. Writes: the last so many are lost.
	// Both are zero if the durability decides. A write is one operation on the lease, with the witness
	// that it raised.
	Window time.Duration
	Writes int
}

// And is the loss of a server that is down for two reasons: the greater of the two.
func (l Loss) And(other Loss) Loss {
	return Loss{
		All: l.All || other.All, Window: max(l.Window, other.Window), Writes: max(l.Writes, other.Writes),
	}
}

// some tells that the loss names writes.
func (l Loss) some() bool { return l.Window > 0 || l.Writes > 0 }

// past is what a server's keys were after each write to the lease, as far back as it was watched.
type past struct{ list []then }

// then is both keys after a write at that instant.
type then struct {
	at int64
	Keys
}

// expiryError is how far two readings of one expiry may lie apart: either counts whole milliseconds from a
// clock that it read itself.
const expiryError = 2 * int64(time.Millisecond)

// same reports whether both tell of the same keys.
func (k Keys) same(other Keys) bool {
	apart := max(k.Until, other.Until) - min(k.Until, other.Until)
	return k.Holder == other.Holder && k.Witness == other.Witness && apart <= expiryError
}

// Lost reports whether a later reading lacks something that these keys held: a lease, a renewal of it, or
// the witness. What ran out by now, an instant of the wall clock in nanoseconds, is not lost.
func (k Keys) Lost(later Keys, now int64) bool {
	was, is := k.lapsed(now), later.lapsed(now)
	return was.Holder != is.Holder || was.Witness != is.Witness || is.Until < was.Until-expiryError
}

// lapsed is the keys without a lease whose time has come.
func (k Keys) lapsed(now int64) Keys {
	if k.Until != 0 && k.Until <= now {
		k.Holder, k.Until = "", 0
	}
	return k
}

// add remembers a write. A raised witness belongs to the write that raised it, and what a server is found
// with is nothing new if it is what it had.
func (p *past) add(w Write) {
	if n := len(p.list); n > 0 {
		last := &p.list[n-1]
		if w.Raise || w.Found && last.lapsed(w.At).same(w.Keys) {
			last.Witness = w.Witness
			return
		}
	}
	p.list = append(p.list, then{at: w.At, Keys: w.Keys})
}

// reached returns how many writes made the keys what they are, looking back from the last; all if none of
// them did.
func (p *past) reached(now Keys, at int64) int {
	for n := len(p.list); n > 0; n-- {
		if p.list[n-1].lapsed(at).same(now) {
			return n
		}
	}
	return len(p.list)
}

// without returns how many of the first so many writes are left after the loss, which is counted from the
// instant at which the server went.
func (p *past) without(kept int, l Loss, went int64) int {
	kept -= min(l.Writes, kept)
	for l.Window > 0 && kept > 0 && p.list[kept-1].at > went-int64(l.Window) {
		kept--
	}
	return kept
}

// cut forgets all but the first so many writes and returns the keys after them.
func (p *past) cut(kept int) Keys {
	p.list = slices.Clip(p.list[:kept])
	if kept == 0 {
		return Keys{}
	}
	return p.list[kept-1].Keys
}

// writeAppendOnly replaces a server's append-only file by one that leads to these keys. The server must be
// down. A file of that name, in the form that was used before Redis 7, is read by every version.
func writeAppendOnly(dir string, k keys, held Keys) error {
	plain := filepath.Join(dir, "appendonly.aof")
	for _, old := range []string{plain, filepath.Join(dir, "appendonlydir")} {
		if err := os.RemoveAll(old); err != nil {
			return fmt.Errorf("remove append-only file: %w", err)
		}
	}
	var text strings.Builder
	put := func(words ...string) {
		fmt.Fprintf(&text, "*%d\r\n", len(words))
		for _, word := range words {
			fmt.Fprintf(&text, "$%d\r\n%s\r\n", len(word), word)
		}
	}
	if held.Holder != "" {
		put("SET", k.lease, held.Holder)
		if held.Until != 0 {
			put("PEXPIREAT", k.lease, strconv.FormatInt(held.Until/int64(time.Millisecond), 10))
		}
	}
	if held.Witness != 0 {
		put("SET", k.witness, strconv.FormatUint(uint64(held.Witness), 10))
	}
	if text.Len() == 0 {
		return nil
	}
	if err := os.WriteFile(plain, []byte(text.String()), 0o600); err != nil {
		return fmt.Errorf("write append-only file: %w", err)
	}
	return nil
}
