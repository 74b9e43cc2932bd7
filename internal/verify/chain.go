package verify

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// event is one row of ledger_events.
type event struct {
	chain, number, id, epoch, xid int64
	entity, what, content         string
	at                            time.Time
	hash                          []byte
}

// sum is the hash that the event must have after one with that hash.
func (e *event) sum(group string, before []byte) []byte {
	return sumOf(hex.EncodeToString(before), named(group), number(e.chain), number(e.number), e.entity,
		number(e.id), e.what, number(e.epoch), number(e.at.UnixMicro()), number(e.xid), e.content)
}

// sumOf hashes lines.
func sumOf(lines ...string) []byte {
	sum := sha256.Sum256([]byte(strings.Join(lines, "\n")))
	return sum[:]
}

// named writes a group so that it cannot be taken for anything that follows.
func named(group string) string { return strconv.Itoa(len(group)) + ":" + group }

func number(n int64) string { return strconv.FormatInt(n, 10) }

// eventPage is how many events are read at once.
const eventPage = 2000

// eventsSQL reads a page of the chains between two.
const eventsSQL = `
SELECT chain, number, entity, entity_id, what, content::text, epoch, happened_at, xid, hash
FROM ledger_events
WHERE group_name = $1 AND chain BETWEEN $2 AND $3 AND (chain, number) > ($4, $5)
ORDER BY chain, number LIMIT $6`

// chains follows all chains between two, both included, and hands each event to
// see.
func (w *walk) chains(ctx context.Context, from, to int64, see func(*event)) error {
	last := event{chain: from}
	var before []byte
	for {
		n, err := w.rows(ctx, func(r pgx.Rows) error {
			var e event
			err := r.Scan(&e.chain, &e.number, &e.entity, &e.id, &e.what, &e.content, &e.epoch, &e.at, &e.xid,
				&e.hash)
			if err != nil {
				return err
			}
			if e.chain != last.chain || last.number == 0 {
				last, before = event{chain: e.chain}, nil
			}
			w.link(&e, last.number, before)
			last, before = e, e.hash
			see(&e)
			return nil
		}, eventsSQL, w.opt.Group, from, to, last.chain, last.number, eventPage)
		if err != nil || n < eventPage {
			return err
		}
	}
}

// link judges one event and its place in the chain.
func (w *walk) link(e *event, last int64, before []byte) {
	w.report.Events++
	if e.number != last+1 {
		w.findf(ChainUnbroken, e.place(), "event "+number(last+1)+" of "+chainName(e.chain), "the next is %d",
			e.number)
		return // what it follows is not there
	}
	if sum := e.sum(w.opt.Group, before); !bytes.Equal(sum, e.hash) {
		w.findf(ChainUnbroken, e.place(), "hash "+short(sum), "%s", short(e.hash))
	}
}

// place names the event for a person.
func (e *event) place() string {
	return fmt.Sprintf("%s, event %d (%s %d %s)", chainName(e.chain), e.number, e.entity, e.id, e.what)
}

// chainName names a chain for a person.
func chainName(chain int64) string {
	switch {
	case chain > 0:
		return "signal " + number(chain)
	case chain < 0:
		return "refusal " + number(-chain)
	default:
		return "leadership"
	}
}

// short writes the beginning of a hash.
func short(hash []byte) string {
	text := hex.EncodeToString(hash)
	return text[:min(len(text), 12)]
}
