package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// OpenToRead opens a database file that is there, and changes nothing in it: neither its schema nor anything else. Another process may be
// writing to it. What is in it can be read only when [Store.Schema] says that both numbers are the same.
func OpenToRead(path string) (*Store, error) {
	if _, err := os.Stat(path); err != nil {
		return nil, err
	}
	db, err := connect(path, "_pragma=query_only(1)")
	if err != nil {
		return nil, err
	}
	return &Store{write: db, read: db}, nil
}

// Schema tells which schema the database has, and which this bursar knows.
func (s *Store) Schema(ctx context.Context) (has, knows int, err error) {
	files, err := fs.Glob(migrations, "migration/*.sql")
	if err != nil {
		return 0, 0, err
	}
	err = s.View(ctx, func(tx *Tx) error { return tx.row(`SELECT coalesce(max(version), 0) FROM schema_version`).Scan(&has) })
	return has, len(files), err
}

// Copy writes one consistent state of the database file at path to another file, which must not be there yet. Another process may be
// writing meanwhile: it is not held up, and what it has committed before is in the copy.
func Copy(ctx context.Context, path, to string) error {
	if _, err := os.Stat(path); err != nil {
		return err
	}
	db, err := connect(path, "_txlock=deferred")
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, `VACUUM INTO $1`, to) // https://sqlite.org/lang_vacuum.html#vacuuminto
	if err := errors.Join(err, db.Close()); err != nil {
		return fmt.Errorf("copying the state database: %w", err)
	}
	return os.Chmod(to, 0o600)
}
