package migrations

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed *.sql
var files embed.FS

// FS returns the migration files, as they stand in the binary.
func FS() fs.FS { return files }

// VersionTable is where the ledger remembers which migrations were applied.
const VersionTable = "fencepost_migrations"

// Limits of one call. A migration waits for a table lock no longer than
// lockLimit: whoever waits for one holds up everybody behind it.
const (
	callLimit    = 2 * time.Minute
	connectLimit = 5 * time.Second
	lockLimit    = 5 * time.Second
	tryEvery     = 1  // seconds between two attempts to get the migrators' lock
	tryTimes     = 60 // attempts before giving up
)

// Prepare changes a connection that is about to be opened: it gives it a password
// that is read from a file, for example.
type Prepare = func(*pgx.ConnConfig) error

// Applied is one migration and whether the database has it.
type Applied struct {
	// Version is the number the file's name begins with.
	Version int64
	// Name is the file's name.
	Name string
	// At is when it was applied by the database's clock; zero if it was not.
	At time.Time
}

// Up applies every migration that is missing and returns those it applied, in
// order. It is safe when several instances start at once: one migrates, the
// others wait and find nothing to do. Without a deadline in ctx it gives up
// after two minutes.
func Up(ctx context.Context, dsn string, prepare ...Prepare) ([]Applied, error) {
	var done []Applied
	err := with(ctx, dsn, func(ctx context.Context, p *goose.Provider) error {
		results, err := p.Up(ctx)
		if err != nil {
			return fmt.Errorf("apply migrations: %w", err)
		}
		done = appliedOf(results...)
		return nil
	}, prepare)
	return done, err
}

// Down takes the newest migration back, or all of them if all is set, and
// returns those it took back, in order. What the tables held is lost.
func Down(ctx context.Context, dsn string, all bool, prepare ...Prepare) ([]Applied, error) {
	var done []Applied
	err := with(ctx, dsn, func(ctx context.Context, p *goose.Provider) error {
		if all {
			results, err := p.DownTo(ctx, 0)
			if err != nil {
				return fmt.Errorf("take all migrations back: %w", err)
			}
			done = appliedOf(results...)
			return nil
		}
		result, err := p.Down(ctx)
		if errors.Is(err, goose.ErrNoNextVersion) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("take the newest migration back: %w", err)
		}
		done = appliedOf(result)
		return nil
	}, prepare)
	return done, err
}

// Status lists every migration of this build, in order, and when the database
// got it. It changes nothing but the version table, which it creates.
func Status(ctx context.Context, dsn string, prepare ...Prepare) ([]Applied, error) {
	var list []Applied
	err := with(ctx, dsn, func(ctx context.Context, p *goose.Provider) error {
		states, err := p.Status(ctx)
		if err != nil {
			return fmt.Errorf("read applied migrations: %w", err)
		}
		for _, s := range states {
			list = append(list, Applied{Version: s.Source.Version, Name: s.Source.Path, At: s.AppliedAt})
		}
		return nil
	}, prepare)
	return list, err
}

// Print writes the SQL of every migration to w, in order, for those who apply
// it by hand.
func Print(w io.Writer) error {
	names, err := fs.Glob(files, "*.sql")
	if err != nil {
		return fmt.Errorf("list migrations: %w", err)
	}
	for i, name := range names {
		text, err := files.ReadFile(name)
		if err != nil {
			return fmt.Errorf("read migration %s: %w", name, err)
		}
		rule := strings.Repeat("\n", min(i, 1))
		if _, err := fmt.Fprintf(w, "%s-- %s\n%s", rule, name, text); err != nil {
			return fmt.Errorf("print migration %s: %w", name, err)
		}
	}
	return nil
}

// Latest returns the version of the newest migration in this build.
func Latest() int64 {
	names, err := fs.Glob(files, "*.sql")
	if err != nil || len(names) == 0 {
		return 0
	}
	number, _, _ := strings.Cut(names[len(names)-1], "_")
	version, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return 0 // goose refuses such a file as well
	}
	return version
}

// with opens the database, gives do a provider whose work is locked against
// other migrators, and closes everything again.
func with(
	ctx context.Context, dsn string, do func(context.Context, *goose.Provider) error, prepare []Prepare,
) (err error) {
	ctx, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	db, err := open(dsn, prepare)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(tryEvery, tryTimes))
	if err != nil {
		return fmt.Errorf("prepare the migrators' lock: %w", err)
	}
	p, err := goose.NewProvider(goose.DialectPostgres, db, files,
		goose.WithSessionLocker(locker), goose.WithTableName(VersionTable),
		goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	return do(ctx, p)
}

// open prepares a database handle whose sessions wait for no table lock longer
// than the limit.
func open(dsn string, prepare []Prepare) (*sql.DB, error) {
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, fmt.Errorf("parse PostgreSQL address: %w", err)
	}
	config.ConnectTimeout = connectLimit
	config.RuntimeParams["lock_timeout"] = fmt.Sprint(lockLimit.Milliseconds())
	config.RuntimeParams["application_name"] = "fencepost migrate"
	return stdlib.OpenDB(*config, stdlib.OptionBeforeConnect(
		func(_ context.Context, c *pgx.ConnConfig) error {
			for _, p := range prepare {
				if err := p(c); err != nil {
					return err
				}
			}
			return nil
		})), nil
}

// appliedOf keeps what callers need of goose's results.
func appliedOf(results ...*goose.MigrationResult) []Applied {
	list := make([]Applied, 0, len(results))
	for _, r := range results {
		list = append(list, Applied{Version: r.Source.Version, Name: r.Source.Path})
	}
	return list
}
