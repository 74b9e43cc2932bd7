package verify

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"time"

	"github.com/jackc/pgx/v5"
)

// block is one row of ledger_blocks.
type block struct {
	number, from, upto, events int64
	at                         time.Time
	hash                       []byte
}

// sum is the hash that the block must have over events with that sum, after a
// block with that hash.
func (b *block) sum(group string, before, together []byte) []byte {
	return sumOf(hex.EncodeToString(before), named(group), number(b.number), number(b.from), number(b.upto),
		number(b.events), number(b.at.UnixMicro()), hex.EncodeToString(together))
}

// name names the block for a person.
func (b *block) name() string { return "block " + number(b.number) }

// blockPage is how many blocks are read at once.
const blockPage = 1000

const blocksSQL = `
SELECT number, from_xid, upto_xid, events, sealed_at, hash FROM ledger_blocks
WHERE group_name = $1 AND number > $2 ORDER BY number LIMIT $3`

// sealedSQL reads a page of events in the order in which blocks cover them.
const sealedSQL = `
SELECT xid, chain, number, happened_at, hash FROM ledger_events
WHERE group_name = $1 AND xid >= $2 AND (xid, chain, number) > ($2, $3, $4)
ORDER BY xid, chain, number LIMIT $5`

// sealed walks the events in the order of their transactions.
type sealed struct {
	w    *walk
	page []event
	next int
	last event
	done bool
}

// peek returns the next event, nil at the end.
func (s *sealed) peek(ctx context.Context) (*event, error) {
	if s.next < len(s.page) {
		return &s.page[s.next], nil
	}
	if s.done {
		return nil, nil
	}
	s.page, s.next = s.page[:0], 0
	n, err := s.w.rows(ctx, func(r pgx.Rows) error {
		var e event
		err := r.Scan(&e.xid, &e.chain, &e.number, &e.at, &e.hash)
		s.page = append(s.page, e)
		return err
	}, sealedSQL, s.w.opt.Group, s.last.xid, s.last.chain, s.last.number, eventPage)
	if err != nil {
		return nil, err
	}
	s.done = n < eventPage
	if n == 0 {
		return nil, nil
	}
	s.last = s.page[n-1]
	return &s.page[0], nil
}

// take adds the events before a transaction to a sum and counts them.
func (s *sealed) take(ctx context.Context, upto int64, together hash.Hash) (n int64, err error) {
	for {
		e, err := s.peek(ctx)
		if err != nil || e == nil || e.xid >= upto {
			return n, err
		}
		together.Write(e.hash)
		s.next++
		n++
	}
}

// blocks judges the blocks against the events they cover, and what no block
// covers yet.
func (w *walk) blocks(ctx context.Context) error {
	events := &sealed{w: w, last: event{chain: -1 << 62}}
	var last block
	anchored := w.opt.Anchor == nil
	for {
		var list []block
		n, err := w.rows(ctx, func(r pgx.Rows) error {
			var b block
			err := r.Scan(&b.number, &b.from, &b.upto, &b.events, &b.at, &b.hash)
			list = append(list, b)
			return err
		}, blocksSQL, w.opt.Group, last.number, blockPage)
		if err != nil {
			return err
		}
		for i := range list {
			b := &list[i]
			if err := w.block(ctx, b, &last, events); err != nil {
				return err
			}
			if a := w.opt.Anchor; a != nil && a.Block == b.number {
				anchored = true
				if !bytes.Equal(a.Hash, b.hash) {
					w.findf(BlocksUnbroken, b.name(), "hash "+short(a.Hash)+", as the anchor says", "%s",
						short(b.hash))
				}
			}
			last = *b
		}
		if n < blockPage {
			break
		}
	}
	if !anchored {
		w.findf(BlocksUnbroken, "blocks", "block "+number(w.opt.Anchor.Block)+", as the anchor says",
			"none beyond block %d", last.number)
	}
	if err := w.copied(ctx, &last); err != nil {
		return err
	}
	if last.number > 0 {
		w.report.Anchor = Anchor{Block: last.number, Hash: last.hash}.String()
	}
	return w.tail(ctx, events)
}

// block judges one block, which follows last.
func (w *walk) block(ctx context.Context, b, last *block, events *sealed) error {
	w.report.Blocks++
	if b.number != last.number+1 || b.from != last.upto {
		w.findf(BlocksUnbroken, b.name(), fmt.Sprintf("block %d, from transaction %d on", last.number+1,
			last.upto),
			"block %d, from %d", b.number, b.from)
	}
	if b.from > last.upto { // what lies between was covered by a block that is gone
		if _, err := events.take(ctx, b.from, sha256.New()); err != nil {
			return err
		}
	}
	together := sha256.New()
	n, err := events.take(ctx, b.upto, together)
	if err != nil {
		return err
	}
	if n != b.events {
		w.findf(BlocksUnbroken, b.name(), number(b.events)+" events, as it was sealed with", "%d", n)
	}
	if sum := b.sum(w.opt.Group, last.hash, together.Sum(nil)); !bytes.Equal(sum, b.hash) {
		w.findf(BlocksUnbroken, b.name(), "hash "+short(sum), "%s", short(b.hash))
	}
	return nil
}

// tail judges what no block covers.
func (w *walk) tail(ctx context.Context, events *sealed) error {
	var oldest time.Time
	for {
		e, err := events.peek(ctx)
		if err != nil {
			return err
		}
		if e == nil {
			break
		}
		if w.report.Unsealed == 0 || e.at.Before(oldest) {
			oldest = e.at
		}
		w.report.Unsealed++
		events.next++
	}
	if age := w.report.At.Sub(oldest); w.report.Unsealed > 0 && age > w.opt.Tail {
		w.findf(TailSealed, "the youngest events", fmt.Sprintf("a block over each within %v", w.opt.Tail),
			"%d unsealed, the oldest for %v", w.report.Unsealed, age.Round(time.Second))
	}
	return nil
}
