package doctor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"fencepost/internal/access"
	"fencepost/migrations"
)

// Postgres is what was read of a PostgreSQL.
type Postgres struct {
	// Node is which server it was, or what stands before it.
	Node Node
	// Version is server_version_num, like 150004.
	Version     int
	VersionText string
	Clock       Offset

	SynchronousCommit, Fsync, FullPageWrites string
	Isolation, ReadOnly, IdleInTransaction   string

	// MaxConns is how many connections an ordinary role may have: what the server,
	// the database and the role allow, without what is reserved. InUse is how many
	// client connections there are.
	MaxConns, InUse int

	InRecovery bool
	// SyncNames is synchronous_standby_names. Standbys counts those that follow,
	// and Synchronous those that commits wait for; it is -1 where the role may
	// not see that.
	SyncNames             string
	Standbys, Synchronous int

	// Schema is the newest migration that was applied, and -1 if none ever was.
	Schema int64
	// Hidden says that the role may not read the ledger's tables: neither Schema
	// nor Live are known then.
	Hidden bool
	// Block is the youngest seal over the ledger's events, zero if there is none, and
	// BlockEnd the transaction with which it ends. Horizon is the oldest transaction
	// that may still write.
	Block, BlockEnd, Horizon int64
	// Live are the processes of the group that were heard of lately.
	Live []Process
	// Lowest and Highest are the versions of the protocol that the group's authority
	// admits; zero and zero admit every one.
	Lowest, Highest int
	// Pooled says that something stands between here and the server, and
	// Transactions that it hands the server out anew for each transaction.
	Pooled, Transactions bool
}

// Process is one process that told the ledger that it lives.
type Process struct{ Instance, Nonce, Hostname string }

// settingsSQL reads what a server says of itself. An ordinary role may read it.
const settingsSQL = `
SELECT current_setting('server_version_num')::int, current_setting('server_version'),
       current_setting('synchronous_commit'), current_setting('fsync'), current_setting('full_page_writes'),
       current_setting('default_transaction_isolation'), current_setting('default_transaction_read_only'),
       current_setting('idle_in_transaction_session_timeout'),
       least(current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int,
             (SELECT NULLIF(rolconnlimit, -1) FROM pg_roles WHERE rolname = current_user),
             (SELECT NULLIF(datconnlimit, -1) FROM pg_database WHERE datname = current_database())),
       (SELECT count(*)::int FROM pg_stat_activity WHERE backend_type = 'client backend'),
       pg_is_in_recovery(), current_setting('synchronous_standby_names'),
       (SELECT count(*)::int FROM pg_stat_replication),
       (SELECT CASE WHEN bool_or(sync_state IS NULL) THEN -1
                    ELSE count(*) FILTER (WHERE sync_state IN ('sync', 'quorum'))::int END
        FROM pg_stat_replication),
       to_regclass('` + migrations.VersionTable + `') IS NOT NULL,
       to_regclass('instance_metadata') IS NOT NULL`

// The readings of tables, as far as they exist.
const (
	schemaSQL = `SELECT coalesce(max(version_id), 0) FROM ` + migrations.VersionTable + ` WHERE is_applied`
	sealSQL   = `
SELECT coalesce(max(number), 0), coalesce(max(upto_xid), 0),
       pg_snapshot_xmin(pg_current_snapshot())::text::bigint
FROM ledger_blocks WHERE group_name = $1`
	liveSQL = `
SELECT instance_id, nonce, hostname FROM instance_metadata
WHERE group_name = $1 AND status <> 'stopped'
  AND last_heartbeat > clock_timestamp() - $2::bigint * interval '1 microsecond'`
	admittedSQL = `
SELECT coalesce(min(protocol_min), 0), coalesce(max(protocol_max), 0) FROM authority WHERE group_name = $1`
)

// ReadPostgres asks the server at that address. The processes that were heard
// of within fresh are those that live.
func ReadPostgres(
	ctx context.Context, dsn string, enter access.Postgres, group string, fresh time.Duration,
) (*Postgres, error) {
	ctx, cancel := context.WithTimeout(ctx, bound)
	defer cancel()
	conn, err := dial(ctx, dsn, enter)
	if err != nil {
		return nil, err
	}
	defer hangUp(conn)
	p := &Postgres{Schema: -1, Node: postgresNode(conn)}
	var migrated, peopled bool
	err = conn.QueryRow(ctx, settingsSQL).Scan(&p.Version, &p.VersionText, &p.SynchronousCommit, &p.Fsync,
		&p.FullPageWrites, &p.Isolation, &p.ReadOnly, &p.IdleInTransaction, &p.MaxConns, &p.InUse,
		&p.InRecovery, &p.SyncNames, &p.Standbys, &p.Synchronous, &migrated, &peopled)
	if err != nil {
		return nil, fmt.Errorf("read settings: %w", err)
	}
	if p.Clock, err = measure(func() (at time.Time, err error) {
		err = conn.QueryRow(ctx, `SELECT clock_timestamp()`).Scan(&at)
		return at, err
	}); err != nil {
		return nil, fmt.Errorf("read clock: %w", err)
	}
	if migrated && peopled {
		if err := p.readLedger(ctx, conn, group, fresh); err != nil {
			return nil, err
		}
	}
	if err := p.lookForPooler(ctx, conn, dsn, enter); err != nil {
		return nil, fmt.Errorf("look for a pooler: %w", err)
	}
	return p, nil
}

// sealedSince is the migration with which events are sealed.
const sealedSince = 10

// forbidden is PostgreSQL's word for what a role may not read.
const forbidden = "42501"

// readLedger reads the ledger's tables, as far as the role may.
func (p *Postgres) readLedger(ctx context.Context, conn *pgx.Conn, group string, fresh time.Duration) error {
	err := conn.QueryRow(ctx, schemaSQL).Scan(&p.Schema)
	if err == nil && p.Schema >= sealedSince {
		err = conn.QueryRow(ctx, sealSQL, group).Scan(&p.Block, &p.BlockEnd, &p.Horizon)
	}
	if err == nil {
		var rows pgx.Rows
		if rows, err = conn.Query(ctx, liveSQL, group, fresh.Microseconds()); err == nil {
			p.Live, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Process])
		}
	}
	if err == nil {
		err = conn.QueryRow(ctx, admittedSQL, group).Scan(&p.Lowest, &p.Highest)
	}
	var refused *pgconn.PgError
	if errors.As(err, &refused) && refused.Code == forbidden {
		p.Hidden = true
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the ledger's tables: %w", err)
	}
	return nil
}

// lookForPooler compares who the connection said that it would serve with who
// does. A pooler names itself; and one that hands servers out for each
// transaction serves two idle clients by the same one.
func (p *Postgres) lookForPooler(
	ctx context.Context, first *pgx.Conn, dsn string, enter access.Postgres,
) error {
	one, err := backend(ctx, first)
	if err != nil {
		return err
	}
	p.Pooled = uint32(one) != first.PgConn().PID()
	if !p.Pooled {
		return nil
	}
	second, err := dial(ctx, dsn, enter)
	if err != nil {
		return err
	}
	defer hangUp(second)
	other, err := backend(ctx, second)
	p.Transactions = one == other
	return err
}

// backend is the process that serves the connection.
func backend(ctx context.Context, conn *pgx.Conn) (pid int, err error) {
	err = conn.QueryRow(ctx, `SELECT pg_backend_pid()`).Scan(&pid)
	return pid, err
}

// dial opens one connection, which works through a pooler too.
func dial(ctx context.Context, dsn string, enter access.Postgres) (*pgx.Conn, error) {
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		// The library's error may print the address, which may hold a password.
		return nil, errors.New("postgres.dsn: not an address of PostgreSQL")
	}
	config.DefaultQueryExecMode = pgx.QueryExecModeExec
	config.StatementCacheCapacity, config.DescriptionCacheCapacity = 0, 0
	config.RuntimeParams["application_name"] = "fencepost doctor"
	if err := enter.Prepare(config); err != nil {
		return nil, err
	}
	return pgx.ConnectConfig(ctx, config)
}

// hangUp closes a connection, also where the examination's time is over.
func hangUp(conn *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = conn.Close(ctx)
}
