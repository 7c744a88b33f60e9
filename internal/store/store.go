// Package store is bursar's memory: everything but the line items. It is SQL on SQLite, written so that PostgreSQL
// can serve it too; every query carries the workspace that it is for.
//
// All access is through a [Tx]: [Store.InTx] writes, [Store.View] reads one consistent state. When InTx returns without an
// error, the change is on disk.
package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/bursarhq/bursar"
	"modernc.org/sqlite" // the driver, and its error type
	sqlite3 "modernc.org/sqlite/lib"
)

//go:embed migration/*.sql
var migrations embed.FS

// Store holds the state of one installation.
type Store struct {
	write *sql.DB // one connection: SQLite has one writer
	read  *sql.DB

	watchers watchers

	// Now gives the time that a transaction stamps its changes with. Tests set it; nil is the clock.
	Now func() time.Time
}

// Tx is one transaction. Its methods are this package's whole vocabulary.
type Tx struct {
	tx  *sql.Tx
	ctx context.Context
	Now time.Time // frozen at the beginning, UTC

	origin         Origin
	wrote, audited bool
	judged         map[string]string          // accounts whose findings have changed, with their workspaces
	touched        map[string]map[string]bool // what has changed, by workspace
}

// Open opens the database file, creates it when absent, and brings its schema up to date. A file that a newer
// bursar has written is refused and left as it is.
func Open(ctx context.Context, path string) (*Store, error) {
	write, err := connect(path, "_txlock=immediate")
	if err != nil {
		return nil, err
	}
	write.SetMaxOpenConns(1)
	read, err := connect(path, "_pragma=query_only(1)")
	if err != nil {
		write.Close()
		return nil, err
	}
	s := &Store{write: write, read: read}
	if err := s.migrate(ctx); err != nil {
		s.Close()
		return nil, fmt.Errorf("opening the state database %s: %w", path, err)
	}
	return s, nil
}

// The pragmas are in the address because each pooled connection needs them. FULL: what is acknowledged survives a
// power cut.
func connect(path, extra string) (*sql.DB, error) {
	u := url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath()}
	u.RawQuery = "_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)&" + extra
	return sql.Open("sqlite", u.String())
}

// Close closes the database.
func (s *Store) Close() error { return errors.Join(s.write.Close(), s.read.Close()) }

// Ping says whether the database answers.
func (s *Store) Ping(ctx context.Context) error { return s.read.PingContext(ctx) }

// InTx runs f in a transaction that may change things. When f answers with an error nothing is changed.
func (s *Store) InTx(ctx context.Context, f func(*Tx) error) error { return s.do(ctx, s.write, f) }

// View runs f in a transaction that sees one consistent state and may not change it.
func (s *Store) View(ctx context.Context, f func(*Tx) error) error { return s.do(ctx, s.read, f) }

func (s *Store) do(ctx context.Context, db *sql.DB, f func(*Tx) error) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // after a commit it does nothing
	now := s.Now
	if now == nil {
		now = time.Now
	}
	t := &Tx{tx: tx, ctx: ctx, Now: now().UTC().Truncate(time.Microsecond), origin: OriginOf(ctx)}
	if err := f(t); err != nil {
		return err
	}
	if err := t.setStandings(); err != nil {
		return err
	}
	if db == s.write && t.wrote && !t.audited && t.origin.Operation != "" { // no change that somebody asked for is without its line in the audit log
		if err := t.Audit(Change{}); err != nil {
			return err
		}
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	s.watchers.tell(t.touched)
	return nil
}

// note remembers that the transaction changes something.
func (tx *Tx) note(query string) { tx.wrote = tx.wrote || !strings.HasPrefix(query, "SELECT") }

// migrate runs each migration that the database has not seen, in order, each in a transaction of its own.
func (s *Store) migrate(ctx context.Context) error {
	files, err := fs.Glob(migrations, "migration/*.sql")
	if err != nil {
		return err
	}
	at, err := s.schemaVersion(ctx)
	if err != nil {
		return err
	}
	if at > len(files) {
		return bursar.Errorf(bursar.Conflict, "it has schema %d, this bursar knows %d", at, len(files)).
			WithReason("schema_newer").WithHint("run the newer bursar that wrote it; nothing was changed")
	}
	for i, file := range files[at:] {
		if err := s.runMigration(ctx, file, at+i+1); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	return s.InTx(ctx, (*Tx).restand)
}

func (s *Store) schemaVersion(ctx context.Context) (int, error) {
	version := 0
	err := s.InTx(ctx, func(tx *Tx) error {
		if err := tx.exec(`CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL)`); err != nil {
			return err
		}
		err := tx.row(`SELECT coalesce(max(version), 0) FROM schema_version`).Scan(&version)
		return err
	})
	return version, err
}

func (s *Store) runMigration(ctx context.Context, file string, version int) error {
	number, _, _ := strings.Cut(strings.TrimPrefix(file, "migration/"), "_")
	if n, err := strconv.Atoi(number); err != nil || n != version {
		return fmt.Errorf("wants the number %04d", version)
	}
	text, err := migrations.ReadFile(file)
	if err != nil {
		return err
	}
	return s.InTx(ctx, func(tx *Tx) error {
		if err := tx.exec(string(text)); err != nil {
			return err
		}
		return tx.exec(`INSERT INTO schema_version (version) VALUES ($1)`, version)
	})
}

func (tx *Tx) exec(query string, args ...any) error {
	tx.note(query)
	_, err := tx.tx.ExecContext(tx.ctx, query, args...)
	return err
}

// change is exec for a statement that must hit exactly one row; it answers NotFound otherwise.
func (tx *Tx) change(what, query string, args ...any) error {
	tx.note(query)
	res, err := tx.tx.ExecContext(tx.ctx, query, args...)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n == 1 {
		return err
	}
	return notFound(what)
}

func (tx *Tx) row(query string, args ...any) *sql.Row {
	tx.note(query)
	return tx.tx.QueryRowContext(tx.ctx, query, args...)
}

// scanner is a row, of one or of many.
type scanner interface{ Scan(dest ...any) error }

// one scans a single row; it answers NotFound when there is none.
func one[T any](tx *Tx, what string, scan func(scanner) (T, error), query string, args ...any) (T, error) {
	v, err := scan(tx.row(query, args...))
	if errors.Is(err, sql.ErrNoRows) {
		err = notFound(what)
	}
	return v, err
}

// many scans every row of an answer.
func many[T any](tx *Tx, scan func(scanner) (T, error), query string, args ...any) ([]T, error) {
	tx.note(query)
	rows, err := tx.tx.QueryContext(tx.ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := []T{}
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, rows.Err()
}

func notFound(what string) error {
	return bursar.Errorf(bursar.NotFound, "there is no such %s in this workspace", what)
}

// violates says whether err is a broken uniqueness whose message names the given columns.
func violates(err error, columns string) bool {
	var e *sqlite.Error
	return errors.As(err, &e) && (e.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE || e.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY) &&
		strings.Contains(e.Error(), columns)
}

// stamp turns a time into what is stored: microseconds, 0 for no time.
func stamp(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func fromStamp(micros int64) time.Time {
	if micros == 0 {
		return time.Time{}
	}
	return time.UnixMicro(micros).UTC()
}
