package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"fencepost/internal/testbed/postgres"
	"fencepost/internal/testbed/rundir"
)

// timeMachine leads a server's data directory back to an earlier instant: to a copy of it, and the log up to
// there. That is what a restored backup is, at any instant, without a copy for each.
type timeMachine struct {
	server *postgres.Server
	dir    *rundir.Dir
	// label is what stands in backup_label of the copy; empty if there is no copy.
	label string
	marks []mark
	// rewound: the server has not been up since.
	rewound bool
}

// mark is a place in the log at an instant of the server's clock.
type mark struct {
	at       int64  // nanoseconds
	lsn      uint64 // where the next record goes
	timeline string // of the log that was being written, as its files are named
}

// segmentSize is the size of a file of the log.
const segmentSize = 16 << 20

func newTimeMachine(server *postgres.Server) (*timeMachine, error) {
	dir, err := rundir.New("past")
	if err != nil {
		return nil, err
	}
	return &timeMachine{server: server, dir: dir}, nil
}

func (m *timeMachine) remove() error { return m.dir.Remove() }

func (m *timeMachine) base() string { return filepath.Join(m.dir.Path(), "base") }

// Mark remembers this instant as one that Rewind may lead back to. The first mark, and the first after a
// rewind, copies the data directory, which takes some tenths of a second, while the server goes on. It does
// nothing without PostgresOptions.Rewinds.
func (p *Postgres) Mark(ctx context.Context) error {
	if p.past == nil {
		return nil
	}
	ctx, done := p.act(ctx, pgDownLimit)
	defer done()
	if p.past.rewound {
		return errors.New("mark postgres: it is being rewound")
	}
	err := p.admin.do(ctx, func(conn *pgx.Conn) error {
		if p.past.label == "" {
			if err := p.past.copy(ctx, conn); err != nil {
				return err
			}
		}
		return p.past.mark(ctx, conn)
	})
	if err != nil {
		return fmt.Errorf("mark postgres: %w", err)
	}
	return nil
}

// mark notes where the log is.
func (m *timeMachine) mark(ctx context.Context, conn *pgx.Conn) error {
	var next mark
	var micros, lsn int64
	err := conn.QueryRow(ctx, `SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint,
		(pg_current_wal_insert_lsn() - '0/0')::bigint, left(pg_walfile_name(pg_current_wal_insert_lsn()), 8)`,
	).Scan(&micros, &lsn, &next.timeline)
	if err != nil {
		return err
	}
	next.at, next.lsn = micros*int64(time.Microsecond), uint64(lsn)
	m.marks = append(m.marks, next)
	return nil
}

// copy copies the data directory of the running server, as an online backup does.
func (m *timeMachine) copy(ctx context.Context, conn *pgx.Conn) error {
	if err := os.RemoveAll(m.base()); err != nil {
		return err
	}
	if _, err := conn.Exec(ctx, "SELECT pg_backup_start('rewind', true)"); err != nil {
		return fmt.Errorf("begin copy: %w", err)
	}
	copied := copyData(m.server.DataPath(), m.base())
	var label string
	err := conn.QueryRow(ctx, "SELECT labelfile FROM pg_backup_stop(false)").Scan(&label)
	if err := errors.Join(copied, err); err != nil {
		return fmt.Errorf("copy data directory: %w", err)
	}
	m.label, m.marks = label, nil
	return nil
}

// leftBehind is what a copy does without: what is of the running server only, and the log, which is taken as
// it is when it is needed.
func leftBehind(path string) bool {
	dir, name := filepath.Split(path)
	switch filepath.Clean(dir) {
	case "pg_wal":
		return name != "archive_status"
	case "pg_dynshmem", "pg_stat_tmp", "pg_notify", "pg_serial", "pg_snapshots", "pg_subtrans", "pg_replslot":
		return true
	default:
		return strings.HasPrefix(name, "postmaster.")
	}
}

// copyData copies a data directory. A file that goes away meanwhile is in the log.
func copyData(from, to string) error {
	return filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		if entry.IsDir() {
			return os.Mkdir(filepath.Join(to, rel), 0o700)
		}
		if leftBehind(rel) || !entry.Type().IsRegular() {
			return nil
		}
		text, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, rel), text, 0o600)
	})
}

// Rewound is what came of a rewind.
type Rewound struct {
	// At is the instant to which the ledger went back, in nanoseconds of the database's wall clock.
	At int64
	// Rows are the last changes before it, which no later reading of the audit returns.
	Rows []Row
}

// Rewind takes the server down and puts an older state of it in place: that of the youngest mark not younger
// than the instant, in nanoseconds of the database's wall clock, or of the oldest mark there is. The
// service's sessions are ended first, so that the audit can be read to its end. With a branch the state is
// recovered to that point in time and gets a timeline of its own; without, it is as if the files had been
// put back. Up starts it. Marks that are younger are forgotten; so are older ones, for the next mark copies
// what there is then.
func (p *Postgres) Rewind(ctx context.Context, notYoungerThan int64, branch bool) (Rewound, error) {
	ctx, done := p.act(ctx, pgDownLimit)
	defer done()
	if p.past == nil || len(p.past.marks) == 0 {
		return Rewound{}, errors.New("rewind postgres: there is no mark to go back to")
	}
	to := p.past.marks[0]
	for _, m := range p.past.marks {
		if m.at <= notYoungerThan {
			to = m
		}
	}
	result := Rewound{At: to.at}
	err := p.admin.do(ctx, func(conn *pgx.Conn) error {
		if err := p.letIn(ctx, conn, false); err != nil {
			return err
		}
		return endSessions(ctx, conn, "true")
	})
	if err == nil {
		result.Rows, err = p.audit.Drain(ctx)
	}
	if err == nil {
		err = p.takeDown(ctx, Crash)
	}
	if err == nil {
		err = p.past.restore(to, branch)
	}
	if err != nil {
		return result, fmt.Errorf("rewind postgres: %w", err)
	}
	return result, nil
}

// restore replaces the data directory of a server that is down by the copy and the log up to the mark.
func (m *timeMachine) restore(to mark, branch bool) error {
	data := m.server.DataPath()
	old := data + ".old"
	if err := os.Rename(data, old); err != nil {
		return err
	}
	if err := copyData(m.base(), data); err != nil {
		return fmt.Errorf("copy data directory back: %w", err)
	}
	if err := cutLog(filepath.Join(old, "pg_wal"), filepath.Join(data, "pg_wal"), to); err != nil {
		return fmt.Errorf("cut log: %w", err)
	}
	// The label says where in the log recovery begins. Recovery of an archive, which the signal asks
	// for, ends with a timeline of its own; that of a crash goes on with the one it has.
	err := os.WriteFile(filepath.Join(data, "backup_label"), []byte(m.label), 0o600)
	if err == nil && branch {
		err = os.WriteFile(filepath.Join(data, "recovery.signal"), nil, 0o600)
	}
	if err := errors.Join(err, m.server.Own(data), os.RemoveAll(old)); err != nil {
		return err
	}
	m.label, m.marks, m.rewound = "", nil, true
	return nil
}

// cutLog moves the log up to the mark from one directory to another. Behind the mark there is nothing.
func cutLog(from, to string, at mark) error {
	files, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	number := at.lsn / segmentSize
	const perID = 1 << 32 / segmentSize
	last := fmt.Sprintf("%s%08X%08X", at.timeline, number/perID, number%perID)
	for _, file := range files {
		name := file.Name()
		history := strings.HasSuffix(name, ".history")
		if file.IsDir() || !history && (len(name) != len(last) || name > last) {
			continue
		}
		if err := os.Rename(filepath.Join(from, name), filepath.Join(to, name)); err != nil {
			return err
		}
	}
	path := filepath.Join(to, last)
	// A file of the log has its full size, whatever is in it. There is none yet if the next record
	// begins one.
	err = errors.Join(os.Truncate(path, int64(at.lsn%segmentSize)), os.Truncate(path, segmentSize))
	if errors.Is(err, fs.ErrNotExist) && at.lsn%segmentSize == 0 {
		return nil
	}
	return err
}
