package verify

import (
	"context"
	"fmt"
	"math"

	"github.com/jackc/pgx/v5"
)

// signal is one row of the inbox with what belongs to it.
type signal struct {
	id                                            int64
	key, signalID, kind, instrument, position, at string
	state, decidedBy                              string
	version, attempt                              int64
	alerted, ended, payload, told                 bool
	differs                                       string
	attempts                                      []attempt
	decisions                                     map[int64]bool
	// events are what the chain tells of: the attempts and decisions, by their
	// numbers.
	events struct {
		any                 bool
		attempts, decisions map[int64]bool
	}
}

// attempt is one permit and what came of it.
type attempt struct {
	signal, number, epoch int64
	orderID, state        string
	outcome, late         *string
	recordedBy            string
	recorded, told        bool
	differs               string
}

// signalPage is how many signals are looked at together.
const signalPage = 400

// signalsSQL reads a page of signals. OFFSET 0 has each document made once, and
// not again for each of its columns.
const signalsSQL = `
SELECT s.id, s.key, s.signal_id, s.type, s.instrument, s.position, s."timestamp", s.state, s.decided_by,
       s.version, s.attempt, s.alerted_at IS NOT NULL, s.ended_at IS NOT NULL,
       sha256(s.payload) = s.payload_sha256, e.content IS NOT NULL, ` + differsSQL + `
FROM (SELECT * FROM signals WHERE group_name = $1 AND id > $2 ORDER BY group_name, id LIMIT $3) s
CROSS JOIN LATERAL (SELECT to_jsonb(s) - 'payload' AS doc OFFSET 0) r
LEFT JOIN LATERAL (SELECT content FROM ledger_events e
    WHERE e.group_name = s.group_name AND e.chain = s.id AND e.entity = 'signal'
    ORDER BY e.number DESC LIMIT 1) e ON true
ORDER BY s.id`

// attemptsSQL reads the attempts of the signals between two.
const attemptsSQL = `
SELECT a.signal, a.attempt, a.epoch, a.client_order_id, a.state, a.outcome, a.late_outcome, a.recorded_by,
       a.recorded_at IS NOT NULL, e.content IS NOT NULL, ` + differsSQL + `
FROM attempts a
CROSS JOIN LATERAL (SELECT to_jsonb(a) AS doc OFFSET 0) r
LEFT JOIN LATERAL (SELECT content FROM ledger_events e
    WHERE e.group_name = a.group_name AND e.chain = a.signal AND e.entity = 'attempt'
      AND e.entity_id = a.attempt
    ORDER BY e.number DESC LIMIT 1) e ON true
WHERE a.group_name = $1 AND a.signal BETWEEN $2 AND $3 ORDER BY a.signal, a.attempt`

// decisionsSQL reads the decisions about the signals between two.
const decisionsSQL = `
SELECT d.signal, d.id, e.content IS NOT NULL, ` + differsSQL + `
FROM decisions d
CROSS JOIN LATERAL (SELECT to_jsonb(d) AS doc OFFSET 0) r
LEFT JOIN LATERAL (SELECT content FROM ledger_events e
    WHERE e.group_name = d.group_name AND e.chain = d.signal AND e.entity = 'decision' AND e.entity_id = d.id
    ORDER BY e.number DESC LIMIT 1) e ON true
WHERE d.group_name = $1 AND d.signal BETWEEN $2 AND $3 ORDER BY d.signal, d.id`

// page is some signals that follow each other, by their ids. What belongs to an
// id that is not among them belongs to a signal that is gone.
type page struct {
	signals map[int64]*signal
	order   []int64
	gone    map[int64]bool
}

// of returns the signal, or notes that it is gone.
func (p *page) of(id int64) *signal {
	if s, ok := p.signals[id]; ok {
		return s
	}
	p.gone[id] = true
	return &signal{}
}

// signals judges every signal with its attempts, decisions and events.
func (w *walk) signals(ctx context.Context) error {
	for after := int64(0); ; {
		p := &page{signals: map[int64]*signal{}, gone: map[int64]bool{}}
		_, err := w.rows(ctx, func(r pgx.Rows) error { return p.scanSignal(r) }, signalsSQL, w.opt.Group,
			after,
			signalPage)
		if err != nil {
			return err
		}
		upTo := int64(math.MaxInt64)
		if len(p.order) == signalPage {
			upTo = p.order[signalPage-1]
		}
		if err := w.belongings(ctx, p, after+1, upTo); err != nil {
			return err
		}
		for _, id := range p.order {
			w.judge(p.signals[id])
		}
		for id := range p.gone {
			w.findf(NoLostSignal, "signal "+number(id), "a row for what its events or attempts tell of",
				"none")
		}
		if len(p.order) < signalPage {
			return nil
		}
		after = upTo
	}
}

// scanSignal reads one row.
func (p *page) scanSignal(r pgx.Rows) error {
	s := &signal{decisions: map[int64]bool{}}
	s.events.attempts, s.events.decisions = map[int64]bool{}, map[int64]bool{}
	err := r.Scan(&s.id, &s.key, &s.signalID, &s.kind, &s.instrument, &s.position, &s.at, &s.state,
		&s.decidedBy,
		&s.version, &s.attempt, &s.alerted, &s.ended, &s.payload, &s.told, &s.differs)
	p.signals[s.id], p.order = s, append(p.order, s.id)
	return err
}

// belongings reads what belongs to the signals between two ids.
func (w *walk) belongings(ctx context.Context, p *page, from, to int64) error {
	_, err := w.rows(ctx, func(r pgx.Rows) error {
		var a attempt
		err := r.Scan(&a.signal, &a.number, &a.epoch, &a.orderID, &a.state, &a.outcome, &a.late,
			&a.recordedBy,
			&a.recorded, &a.told, &a.differs)
		s := p.of(a.signal)
		s.attempts = append(s.attempts, a)
		return err
	}, attemptsSQL, w.opt.Group, from, to)
	if err != nil {
		return err
	}
	_, err = w.rows(ctx, func(r pgx.Rows) error {
		var (
			id, decision int64
			told         bool
			differs      string
		)
		if err := r.Scan(&id, &decision, &told, &differs); err != nil {
			return err
		}
		w.agrees(fmt.Sprintf("signal %d, decision %d", id, decision), told, differs)
		if s := p.of(id); s.decisions != nil {
			s.decisions[decision] = true
		}
		return nil
	}, decisionsSQL, w.opt.Group, from, to)
	if err != nil {
		return err
	}
	return w.chains(ctx, from, to, func(e *event) {
		s := p.of(e.chain)
		s.events.any = true
		switch {
		case s.decisions == nil: // gone
		case e.entity == "attempt":
			s.events.attempts[e.id] = true
		case e.entity == "decision":
			s.events.decisions[e.id] = true
		}
	})
}
