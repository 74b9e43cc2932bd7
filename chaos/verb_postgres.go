package chaos

import (
	"context"
	"fmt"
	"time"

	"fencepost/chaos/link"
	"fencepost/chaos/store"
	"fencepost/core"
	"fencepost/core/history"
	"fencepost/internal/pgledger"
	"fencepost/scenarios"
)

// startPostgres starts PostgreSQL with the ledger's tables and the audit beside
// them.
func (r *run) startPostgres(ctx context.Context) error {
	var err error
	o := store.PostgresOptions{
		Group: group, Rewinds: r.program.rewinds > 0,
		Connections: max(store.DefaultConnections, r.program.nodes*connectionsEach),
	}
	r.postgres, err = store.StartPostgres(ctx, o)
	if err != nil {
		return err
	}
	limits := pgledger.DefaultLimits()
	limits.Lock = min(limits.Lock, time.Duration(r.program.ttl/8)) // what else is due must not be late
	r.ledger, err = pgledger.Open(pgledger.Options{
		DSN: r.postgres.DeskDSN(), Group: group, TTL: r.program.config.TTL,
		SendBy: r.program.config.SendBy, Limits: limits,
	})
	return err
}

// connectionsEach is as many connections as one node ever opens, and some that the
// server has not noticed the end of yet.
const connectionsEach = 16

// The acts of which several may go on at once: the first begins it, and the last
// ends it.
const (
	postgresDown  = "postgres down"
	postgresStall = "postgres " + string(scenarios.PostgresStall)
	postgresHang  = "postgres " + string(scenarios.PostgresHangPostmaster)
)

// strikePostgres disturbs PostgreSQL, if it can be disturbed so now.
func (r *run) strikePostgres(ctx context.Context, index int, v scenarios.Postgres) (bool, error) {
	if !r.postgresTakes(v.Act) {
		return false, nil
	}
	return true, r.hitPostgres(ctx, index, v)
}

// postgresTakes tells whether an act can strike PostgreSQL now. Whoever is being told
// something must be able to answer.
func (r *run) postgresTakes(act scenarios.PostgresAct) bool {
	if r.telling[core.Postgres] {
		return act == scenarios.PostgresSlow
	}
	switch act {
	case scenarios.PostgresKillBackends:
		return r.postgresAnswers()
	case scenarios.PostgresRewind:
		return r.postgresAnswers() && r.marked
	case scenarios.PostgresStall, scenarios.PostgresHangPostmaster:
		return r.postgresIsUp()
	case scenarios.PostgresReadOnly, scenarios.PostgresExhaust, scenarios.PostgresLockRows:
		// Below a hung postmaster sessions live on and would notice.
		return r.count(postgresHang, 0) == 0
	case scenarios.PostgresRestart, scenarios.PostgresCrash, scenarios.PostgresSlow:
		return true
	default:
		return true // and refused
	}
}

// postgresIsUp tells whether PostgreSQL has processes, and is not just coming up.
func (r *run) postgresIsUp() bool { return r.count(postgresDown, 0) == 0 && r.shut[core.Postgres] == 0 }

// postgresAnswers tells whether PostgreSQL can be told anything by whoever has to
// connect first.
func (r *run) postgresAnswers() bool { return r.postgresIsUp() && !r.postgresIsKept() }

// postgresRuns tells whether PostgreSQL serves those who are connected.
func (r *run) postgresRuns() bool { return r.postgresIsUp() && r.count(postgresStall, 0) == 0 }

// postgresIsKept tells whether a fault keeps PostgreSQL from answering. It may be
// called beside the conductor.
func (r *run) postgresIsKept() bool {
	return r.count(postgresDown, 0) > 0 || r.count(postgresStall, 0) > 0 || r.count(postgresHang, 0) > 0
}

// hitPostgres carries out an act upon PostgreSQL.
func (r *run) hitPostgres(ctx context.Context, index int, v scenarios.Postgres) error {
	at := r.clock.now()
	r.fault(history.PostgresFault, true, history.None, at)
	r.started(ctx, index, at)
	r.awayNow(core.Postgres, 1)
	switch v.Act {
	case scenarios.PostgresRestart, scenarios.PostgresCrash:
		way := store.Orderly
		if v.Act == scenarios.PostgresCrash {
			way = store.Crash
		}
		if err := r.enter(postgresDown, func() error { return r.postgres.Down(ctx, way) }); err != nil {
			return err
		}
		r.healLater(index, r.downOf(v.Down), func() { r.postgresUp(ctx, index) })
		return nil
	case scenarios.PostgresRewind:
		return r.rewind(ctx, index, v)
	case scenarios.PostgresKillBackends:
		if err := r.postgres.KillBackends(ctx, r.chance.IntN(2) == 1); err != nil {
			return err
		}
		r.keepOut(core.Postgres)
		r.background(func() error { return r.awaitPostgres(ctx) }, func() { r.postgresServes(ctx, index) })
		r.steps[index].active = true
		return nil
	case scenarios.PostgresSlow:
		return r.slow(ctx, index, v)
	default:
		return r.hinder(ctx, index, v)
	}
}

// hinder carries out an act that lasts.
func (r *run) hinder(ctx context.Context, index int, v scenarios.Postgres) error {
	begin, end, err := r.hindrance(ctx, v.Act)
	if err != nil {
		return err
	}
	name := "postgres " + string(v.Act)
	do := func(e errand) { r.onceAnswers(core.Postgres, e) }
	if v.Act == scenarios.PostgresStall || v.Act == scenarios.PostgresHangPostmaster {
		do = func(e errand) { r.broke(e.tell()); e.then() } // a signal to its processes
	}
	do(errand{tell: func() error { return r.enter(name, begin) }, then: func() {}})
	r.healLater(index, v.For, func() {
		var at int64
		do(errand{
			tell: func() error { at = r.clock.now(); return r.leave(name, end) },
			then: func() { r.postgresBack(ctx, index, at); r.tell(core.Postgres) },
		})
	})
	return nil
}

// awaitPostgres returns when the server lets somebody in again. While another fault
// keeps it from that, it is not late.
func (r *run) awaitPostgres(ctx context.Context) error {
	for {
		kept := r.postgresIsKept()
		err := r.postgres.Await(ctx)
		if err == nil || ctx.Err() != nil || !kept && !r.postgresIsKept() {
			return err
		}
		select {
		case <-r.living.Done():
			return err
		default:
		}
	}
}

// hindrance returns how an act that lasts begins and how it ends.
func (r *run) hindrance(ctx context.Context, act scenarios.PostgresAct) (begin, end func() error, err error) {
	p := r.postgres
	switch act {
	case scenarios.PostgresStall:
		return p.Stall, p.Resume, nil
	case scenarios.PostgresHangPostmaster:
		return p.HangPostmaster, p.ResumePostmaster, nil
	case scenarios.PostgresReadOnly:
		return func() error { return p.ReadOnly(ctx, true) },
			func() error { return p.ReadOnly(ctx, false) }, nil
	case scenarios.PostgresExhaust:
		return func() error { return p.Exhaust(ctx) }, func() error { return p.Release(ctx) }, nil
	case scenarios.PostgresLockRows:
		return func() error { return p.LockRows(ctx) }, func() error { p.UnlockRows(); return nil }, nil
	default:
		return nil, nil, fmt.Errorf("postgres %s: real processes know no such act", act)
	}
}

// slow makes every statement take longer: it reaches the server later.
func (r *run) slow(ctx context.Context, index int, v scenarios.Postgres) error {
	by := r.chance.span(v.By, r.program.ttl)
	r.slower.Add(by)
	r.healLater(index, v.For, func() {
		at := r.clock.now()
		r.slower.Add(-by)
		r.postgresBack(ctx, index, at)
	})
	return nil
}

// slowDown holds a statement up before it reaches the server, for as long as the
// server is slow. What opens a connection is no statement.
func (r *run) slowDown(_ core.Op, phase link.Phase) {
	by := time.Duration(r.slower.Load())
	if phase != link.RequestSeen || by <= 0 {
		return
	}
	timer := time.NewTimer(by)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.living.Done():
	}
}

// postgresUp starts PostgreSQL again, beside the conductor, unless another act
// keeps it down still. What a rewind has left of the ledger is read before anybody
// else reads it.
func (r *run) postgresUp(ctx context.Context, index int) {
	r.keepOut(core.Postgres)
	gone := r.past
	if gone != nil {
		gone.at = r.clock.toWall(r.clock.now())
	}
	isUp := false
	r.background(func() error {
		return r.leave(postgresDown, func() error {
			isUp = true
			if err := r.postgres.Up(ctx); err != nil || gone == nil {
				return err
			}
			return gone.read(ctx, r.postgres)
		})
	}, func() {
		if isUp && gone != nil {
			r.past, r.rewound = nil, append(r.rewound, *gone)
			if mode, ok := core.ParseControl(gone.left.Authority.ControlMode); ok {
				r.controlIs(mode)
			}
		}
		r.postgresServes(ctx, index)
	})
}

// postgresServes lets the nodes in to a server that has come up. It stands still if
// that is wanted yet.
func (r *run) postgresServes(ctx context.Context, index int) {
	isBack := r.count(postgresDown, 0) == 0
	if isBack && r.count(postgresStall, 0) > 0 {
		r.broke(r.postgres.Stall())
	}
	if isBack && r.count(postgresHang, 0) > 0 {
		r.broke(r.postgres.HangPostmaster())
	}
	r.postgresBack(ctx, index, r.clock.now())
	r.letIn(core.Postgres)
	r.tell(core.Postgres)
}

// postgresBack notes that PostgreSQL does what it is asked again.
func (r *run) postgresBack(ctx context.Context, index int, at int64) {
	r.fault(history.PostgresFault, false, history.None, at)
	r.awayNow(core.Postgres, -1)
	r.finished(ctx, index, at)
}

// rewind puts an older copy of the ledger in place. Nobody is told but by the
// ledger itself; the checkers hear that rows were lost until a person accepts
// what is left, or the run heals.
func (r *run) rewind(ctx context.Context, index int, v scenarios.Postgres) error {
	by := r.chance.span(v.By, r.program.ttl)
	branch := r.chance.IntN(2) == 0
	wanted := r.clock.toWall(r.clock.now() - by)
	r.marked = false
	var back store.Rewound
	r.background(func() error {
		return r.enter(postgresDown, func() error {
			var err error
			back, err = r.postgres.Rewind(ctx, wanted, branch)
			return err
		})
	}, func() {
		// From here on rows are missing; until now everything was as it seemed.
		r.fault(history.PostgresLoss, true, history.None, r.clock.now())
		r.losses++
		r.marked = false // by a mark of what was lost
		r.past = &rewound{rows: back.Rows}
		r.healLater(index, r.downOf(v.Down), func() { r.postgresUp(ctx, index) })
	})
	return nil
}

// markPast remembers instants that a rewind may lead back to, a tenth of a ttl
// apart.
func (r *run) markPast(ctx context.Context) {
	if r.program.rewinds == 0 || r.ended || r.done {
		return
	}
	gap := time.Duration(max(r.program.ttl/10, r.program.rewinds/mostMarks))
	again := func() { r.after(gap, func() { r.markPast(ctx) }) }
	if r.down[core.Postgres] > 0 {
		again()
		return
	}
	var failed error
	r.background(func() error { failed = r.postgres.Mark(ctx); return nil }, func() {
		if failed != nil && r.down[core.Postgres] == 0 {
			r.broke(failed)
		}
		r.marked = r.marked || failed == nil
		again()
	})
}

// mostMarks bounds how many instants are remembered.
const mostMarks = 128

// acceptLoss ends what the checkers excuse because of lost rows.
func (r *run) acceptLoss() {
	for ; r.losses > 0; r.losses-- {
		r.fault(history.PostgresLoss, false, history.None, r.clock.now())
	}
}

// acceptAuthority is the person who looks at a ledger that went back in time,
// enters the epochs up to the highest that anybody knows of, and lets nodes
// stand again.
func (r *run) acceptAuthority(ctx context.Context) error {
	keys, err := r.redis.Seen(), error(nil) // with a Redis that does not answer, as it was
	if r.redisAnswers() {
		keys, err = r.redis.Keys(ctx)
	}
	if err != nil {
		return err
	}
	_, err = r.ledger.AcceptAuthority(ctx, pgledger.Acceptance{
		Witness: max(keys.Witness, r.paged), By: who, Reason: why,
	})
	if err != nil {
		return err
	}
	r.acceptLoss()
	return nil
}
