package pgledger

import (
	"context"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
)

// keeping tells whether connections keep their statements prepared on the server.
// One that is not kept is read and planned anew each time that it is carried out,
// which is most of what a small transaction costs. But a pooler may hand one
// connection's transactions to several of the server's processes, and a statement
// is known only to the process that prepared it. So nothing is kept until a
// transaction was answered by the very process that the connection began with,
// which a pooler does not name.
type keeping struct{ direct atomic.Bool }

// mostKept is how many statements a connection keeps: more than there are.
const mostKept = 256

// keeps is under what a connection notes that it keeps its statements.
const keeps = "fencepost.keeps"

// grant says how a connection that is to be made treats statements.
func (k *keeping) grant(c *pgx.ConnConfig) {
	c.DefaultQueryExecMode, c.StatementCacheCapacity = pgx.QueryExecModeExec, 0
	if k.direct.Load() {
		c.DefaultQueryExecMode, c.StatementCacheCapacity = pgx.QueryExecModeCacheStatement, mostKept
	}
}

// connected notes on a new connection what grant has said.
func (k *keeping) connected(_ context.Context, conn *pgx.Conn) error {
	kept := conn.Config().DefaultQueryExecMode == pgx.QueryExecModeCacheStatement
	conn.PgConn().CustomData()[keeps] = kept
	return nil
}

// learn takes which process of the server answered. A connection for work that was
// made under another assumption is closed, and its pool makes one that fits when it
// needs it. One for leadership goes only if it keeps statements where nothing may be
// kept: a server that has no place for a new one must not cost the lease.
func (k *keeping) learn(ctx context.Context, conn *pgx.Conn, server uint32, work bool) {
	direct := server == conn.PgConn().PID()
	k.direct.Store(direct)
	if kept := conn.PgConn().CustomData()[keeps] == true; kept != direct && (work || kept) {
		_ = conn.Close(ctx)
	}
}
