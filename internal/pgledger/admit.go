package pgledger

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/jackc/pgx/v5"

	"fencepost/core"
	"fencepost/core/inbox"
)

// lockMeaningSQL keeps two signals that say the same from being screened at the
// same time: neither would see the other. The lock has two numbers, so that it is
// never the group's, and is a statement of its own, so that the screening's
// snapshot is younger.
const lockMeaningSQL = `SELECT pg_advisory_xact_lock(@meaning_high::integer, @meaning_low::integer)`

// admitSQL screens the signals and stores those whose keys are free. The order
// of the cases is that of inbox.Screening. They are stored in the order of their
// keys, so that two who store the same ones wait for each other in one direction.
const (
	admitSQL = screenSQL + `
        SELECT s.id FROM signals s
        WHERE o.similar_for > 0 AND s.group_name = @group::text AND s.instrument = o.instrument
          AND s.type = o.type AND s.position = o."position"
          AND s.received_at > clock_timestamp() - o.similar_for * interval '1 microsecond'
          AND NOT (s.state = 'rejected' AND s.attempt = 0)
        ORDER BY s.received_at DESC LIMIT 1
    ` + storeSQL
	// admitAnySQL is for signals of which none is compared with others: what looks
	// for similar ones would be planned for nothing.
	admitAnySQL = screenSQL + `SELECT NULL::bigint AS id` + storeSQL
)

// screenSQL and storeSQL are what stands before and behind the look for similar
// ones.
const (
	screenSQL = `
WITH offered AS MATERIALIZED (
    SELECT o.*, similar_one.id AS similar_to,
           coalesce(NULLIF(o.sent_at, @unknown::bigint) * interval '1 microsecond' + to_timestamp(0)
               > clock_timestamp() + o.tolerance * interval '1 microsecond', false) AS ahead
    FROM unnest(@keys::text[], @signal_id::text[], @type::text[], @instrument::text[], @position::text[],
        @timestamp::text[], @price::text[], @stop::text[], @lots::text[], @atr::text[], @er::text[],
        @supertrend::text[], @roc::text[], @reason::text[], @payload::bytea[], @source::text[],
        @state::text[], @state_reason::text[], @valid_for::bigint[], @similar::bigint[], @refuse::boolean[],
        @sent_at::bigint[], @tolerance::bigint[])
        AS o (key, signal_id, type, instrument, "position", "timestamp", price, stop, lots, atr, er,
        supertrend, roc, reason, payload, source, state, state_reason, valid_for, similar_for, refuse,
        sent_at, tolerance)
    LEFT JOIN LATERAL (`
	storeSQL = `) similar_one ON true
), judged AS MATERIALIZED (
    SELECT o.*, CASE WHEN o.state <> 'received' THEN 'none' WHEN o.similar_to IS NOT NULL THEN 'similar'
        WHEN o.ahead THEN 'ahead' ELSE 'none' END AS doubt
    FROM offered o
), begun AS MATERIALIZED (
    SELECT j.*, CASE WHEN j.doubt = 'none' THEN j.state
        WHEN j.doubt = 'similar' AND j.refuse THEN 'rejected' ELSE 'held' END AS begins
    FROM judged j
), stored AS (
    INSERT INTO signals (group_name, key, signal_id, type, instrument, position, "timestamp",
        price, stop, lots, atr, er, supertrend, roc, reason, payload, source, state, state_reason,
        received_by, received_at, valid_until, ended_at, alerted_at, alert_reason)
    SELECT @group::text, b.key, b.signal_id, b.type, b.instrument, b."position", b."timestamp",
        NULLIF(b.price, '')::numeric, NULLIF(b.stop, '')::numeric, NULLIF(b.lots, '')::numeric,
        NULLIF(b.atr, '')::numeric, NULLIF(b.er, '')::numeric, NULLIF(b.supertrend, '')::numeric,
        NULLIF(b.roc, '')::numeric, b.reason, b.payload, b.source, b.begins,
        CASE b.doubt WHEN 'none' THEN b.state_reason ELSE b.doubt END, @received_by::text, clock_timestamp(),
        clock_timestamp() + NULLIF(b.valid_for, 0) * interval '1 microsecond',
        CASE b.begins WHEN 'rejected' THEN clock_timestamp() END,
        CASE WHEN b.begins = 'held' AND b.doubt <> 'none' THEN clock_timestamp() END,
        CASE WHEN b.begins <> 'held' OR b.doubt = 'none' THEN ''
             WHEN b.doubt = 'similar' THEN 'similar to signal ' || b.similar_to
             ELSE 'the sender''s time is ahead of the database''s' END
    FROM begun b ORDER BY b.key
    ON CONFLICT (group_name, key) DO NOTHING
    RETURNING key, id, state, received_at
)
SELECT b.key, b.doubt, coalesce(b.similar_to, 0), t.id, t.state, t.received_at
FROM begun b JOIN stored t ON t.key = b.key`
)

// admittedSQL reads the rows that had the keys before. It is a transaction of its
// own, which only duplicates need: the insertion has waited for whoever was storing
// the same, so that the row is there by now, and stays. What the body of an archived
// signal was stands in its first event.
const admittedSQL = `
SELECT key, id, state, CASE WHEN octet_length(payload) > 0 THEN payload_sha256 ELSE coalesce(
           (SELECT (e.content->>'payload_sha256')::bytea FROM ledger_events e
            WHERE e.group_name = s.group_name AND e.chain = s.id AND e.number = 1), payload_sha256) END,
       received_at
FROM signals s
WHERE group_name = @group::text AND key = ANY (@keys::text[])`

// offers are signals that are stored together.
type offers = together[*Offer, Admitted]

// The bounds of storing together. Crews are not many: with more of them each has
// less to do, and the server more.
const (
	admitCrews = 3
	admitCrowd = 24
)

// longestGathering bounds the rest of those who store.
const longestGathering = 4 * time.Millisecond

// gather is for how long signals gather after a transaction that took so long. The
// senders that were answered just then have sent their next ones by the time that it
// is over, and these go along. A signal that comes alone never waits for it.
func gather(took time.Duration) time.Duration { return min(took, longestGathering) }

// Admit stores the signal durably, once for each key. Only an answer without
// an error may be acknowledged to the sender. Signals that come while others are
// being stored are stored together.
func (l *Ledger) Admit(ctx context.Context, o *Offer) (Admitted, error) {
	l.CameIn()
	if o.Screen.Similar > 0 {
		// It waits for signals that say the same; others should not.
		alone := &question[*Offer, Admitted]{ctx: ctx, ask: o}
		if err := l.store(ctx, []*question[*Offer, Admitted]{alone}); err != nil {
			return Admitted{}, err
		}
		return alone.answer, alone.err
	}
	return l.admits.add(ctx, o, l.store)
}

// store stores offers in one transaction, and says of each what became of it. Of
// those that have the same key the first is stored, and the others find it there.
func (l *Ledger) store(ctx context.Context, all []*question[*Offer, Admitted]) error {
	t := l.beginPlanned(core.Admit.String(), durably, planOnce)
	sql := admitAnySQL
	if o := all[0].ask; o.Screen.Similar > 0 {
		t, sql = l.begin(core.Admit.String(), durably), admitSQL
		high, low := l.meaning(o)
		t.add(lockMeaningSQL, args{"meaning_high": high, "meaning_low": low})
	}
	fresh := map[string]Admitted{}
	t.add(sql, l.offered(firsts(all))).Query(func(rows pgx.Rows) error { return readFresh(rows, fresh) })
	if err := l.run(ctx, l.work, t); err != nil {
		return err
	}
	var known []*question[*Offer, Admitted]
	for _, one := range all {
		admitted, isFresh := fresh[one.ask.Key]
		if one.answer = admitted; !isFresh {
			known = append(known, one)
		}
		delete(fresh, one.ask.Key)
	}
	l.recognize(ctx, known)
	return nil
}

// firsts are the first offers of every key, in their order.
func firsts(all []*question[*Offer, Admitted]) []*question[*Offer, Admitted] {
	seen := make(map[string]bool, len(all))
	list := make([]*question[*Offer, Admitted], 0, len(all))
	for _, one := range all {
		if key := one.ask.Key; !seen[key] {
			seen[key] = true
			list = append(list, one)
		}
	}
	return list
}

// recognize says of offers whose keys were there before what stands under them.
func (l *Ledger) recognize(ctx context.Context, all []*question[*Offer, Admitted]) {
	if len(all) == 0 {
		return
	}
	keys := make([]string, 0, len(all))
	for _, one := range all {
		keys = append(keys, one.ask.Key)
	}
	rows := map[string]storedRow{}
	t := l.begin(core.Admit.String(), durably)
	t.add(admittedSQL, args{"group": l.opt.Group, "keys": keys}).Query(func(found pgx.Rows) error {
		return readStored(found, rows)
	})
	err := l.run(ctx, l.work, t)
	for _, one := range all {
		if one.err = err; err == nil {
			one.answer, one.err = tell(one.ask, rows)
		}
	}
}

// unknownTime stands for a sender's time that is not known.
const unknownTime = math.MinInt64

// offered are the arguments of the statement that stores: an array for each column.
func (l *Ledger) offered(all []*question[*Offer, Admitted]) args {
	texts := func(of func(*Offer) string) []string {
		list := make([]string, len(all))
		for i := range all {
			list[i] = of(all[i].ask)
		}
		return list
	}
	numbers := func(of func(*Offer) int64) []int64 {
		list := make([]int64, len(all))
		for i := range all {
			list[i] = of(all[i].ask)
		}
		return list
	}
	payloads, refuse := make([][]byte, len(all)), make([]bool, len(all))
	for i := range all {
		payloads[i], refuse[i] = payload(all[i].ask.Payload), all[i].ask.Screen.RefuseSimilar
	}
	return args{
		"group": l.opt.Group, "received_by": l.opt.Instance, "unknown": int64(unknownTime),
		"keys":         texts(func(o *Offer) string { return o.Key }),
		"signal_id":    texts(func(o *Offer) string { return o.SignalID }),
		"type":         texts(func(o *Offer) string { return o.Type }),
		"instrument":   texts(func(o *Offer) string { return o.Instrument }),
		"position":     texts(func(o *Offer) string { return o.Position }),
		"timestamp":    texts(func(o *Offer) string { return o.Timestamp }),
		"price":        texts(func(o *Offer) string { return o.Price }),
		"stop":         texts(func(o *Offer) string { return o.Stop }),
		"lots":         texts(func(o *Offer) string { return o.Lots }),
		"atr":          texts(func(o *Offer) string { return o.ATR }),
		"er":           texts(func(o *Offer) string { return o.ER }),
		"supertrend":   texts(func(o *Offer) string { return o.Supertrend }),
		"roc":          texts(func(o *Offer) string { return o.ROC }),
		"reason":       texts(func(o *Offer) string { return o.Reason }),
		"payload":      payloads,
		"source":       texts(func(o *Offer) string { return o.Source }),
		"state":        texts(func(o *Offer) string { return o.begins().String() }),
		"state_reason": texts(func(o *Offer) string { return o.StateReason }),
		"valid_for":    numbers(func(o *Offer) int64 { return o.ValidFor.Microseconds() }),
		"similar":      numbers(func(o *Offer) int64 { return o.Screen.Similar.Microseconds() }),
		"refuse":       refuse,
		"sent_at":      numbers(func(o *Offer) int64 { return sentAt(o.Screen.SentAt) }),
		"tolerance":    numbers(func(o *Offer) int64 { return o.Screen.Tolerance.Microseconds() }),
	}
}

// storedRow is what stands under a key.
type storedRow struct {
	id         int64
	word       string
	sum        []byte
	receivedAt time.Time
}

// readFresh reads which offers were stored now.
func readFresh(rows pgx.Rows, fresh map[string]Admitted) error {
	var (
		key, doubt, word string
		similarTo, id    int64
		at               time.Time
	)
	into := []any{&key, &doubt, &similarTo, &id, &word, &at}
	_, err := pgx.ForEachRow(rows, into, func() error {
		state, err := parseState(word)
		if err != nil {
			return err
		}
		one := Admitted{
			Admission: inbox.Fresh, Signal: core.SignalID(id), State: state, ReceivedAt: at,
			SimilarTo: core.SignalID(similarTo),
		}
		// The word is one of ours, or none.
		one.Doubt, _ = inbox.ParseDoubt(doubt)
		fresh[key] = one
		return nil
	})
	return err
}

// readStored reads what stands under keys.
func readStored(rows pgx.Rows, found map[string]storedRow) error {
	for rows.Next() {
		var (
			key string
			one storedRow
		)
		if err := rows.Scan(&key, &one.id, &one.word, &one.sum, &one.receivedAt); err != nil {
			return err
		}
		found[key] = one
	}
	return rows.Err()
}

// tell says what an offer is whose key was there before.
func tell(o *Offer, rows map[string]storedRow) (Admitted, error) {
	row, ok := rows[o.Key]
	if !ok {
		return Admitted{}, errors.New("admit: the signal is not there after it was stored")
	}
	state, err := parseState(row.word)
	if err != nil {
		return Admitted{}, fmt.Errorf("admit: %w", err)
	}
	admitted := Admitted{
		Admission: inbox.Clash, Signal: core.SignalID(row.id), State: state, ReceivedAt: row.receivedAt,
	}
	if offered := sha256.Sum256(o.Payload); bytes.Equal(row.sum, offered[:]) {
		admitted.Admission = inbox.Duplicate
	}
	return admitted, nil
}

// payload returns the body as a value that is never NULL.
func payload(body []byte) []byte {
	if body == nil {
		return []byte{}
	}
	return body
}

// sentAt returns the sender's time in microseconds since 1970.
func sentAt(t time.Time) int64 {
	if t.IsZero() {
		return unknownTime
	}
	return t.UnixMicro()
}

// meaning names the lock of all signals that say the same as the offer.
func (l *Ledger) meaning(o *Offer) (high, low int32) {
	sum := sha256.New()
	for _, part := range []string{"fencepost:similar", l.opt.Group, o.Instrument, o.Type, o.Position} {
		// The lengths keep two meanings from becoming one text.
		sum.Write(binary.BigEndian.AppendUint32(nil, uint32(len(part))))
		sum.Write([]byte(part))
	}
	first := sum.Sum(nil)
	return int32(binary.BigEndian.Uint32(first)), int32(binary.BigEndian.Uint32(first[4:]))
}
