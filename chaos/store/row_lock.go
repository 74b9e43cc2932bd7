package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// rowLock keeps the rows of signals locked, over every restart of the server.
type rowLock struct {
	dsn   string
	group string
	end   context.CancelFunc
	first chan struct{} // closed when the rows were locked once
	ended chan struct{}
}

// lockRowsEvery is how often it is looked for signals that are new, or were passed over.
const lockRowsEvery = 5 * time.Millisecond

// lockRowsSQL locks what nobody is about to change and is not locked yet, and returns it.
const lockRowsSQL = `
SELECT id FROM signals WHERE group_name = $1 AND ended_at IS NULL AND NOT id = ANY ($2)
FOR UPDATE SKIP LOCKED`

// run locks until the context ends. A session that breaks has lost its locks, and is followed by another.
func (l *rowLock) run(ctx context.Context) {
	defer close(l.ended)
	s := session{dsn: l.dsn}
	for ctx.Err() == nil {
		// What ends it, but for the context, is that the server went away.
		_ = s.do(ctx, func(conn *pgx.Conn) error { return l.hold(ctx, conn) })
		s.close()
	}
}

// hold locks, in one transaction that ends with its session.
func (l *rowLock) hold(ctx context.Context, conn *pgx.Conn) error {
	tx, err := conn.Begin(ctx)
	if err != nil {
		return err
	}
	locked := []int64{}
	tick := time.NewTicker(lockRowsEvery)
	defer tick.Stop()
	for {
		rows, err := tx.Query(ctx, lockRowsSQL, l.group, locked)
		if err != nil {
			return err
		}
		more, err := pgx.CollectRows(rows, pgx.RowTo[int64])
		if err != nil {
			return err
		}
		locked = append(locked, more...)
		select {
		case <-l.first:
		default:
			close(l.first)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}
