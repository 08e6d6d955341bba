package transcript

import (
	"context"
	"fmt"
	"net/url"
	"path/filepath"

	"github.com/ncruces/go-sqlite3"

	"quotad/quota"
)

// database is a tool's database, opened to be read once.
type database struct {
	conn *sqlite3.Conn
	path string
}

// openDatabase opens a database so that the tool cannot notice. Where the tools'
// write-ahead log, FILE-wal, is missing or empty, SQLite would make one.
func openDatabase(ctx context.Context, path string, logged bool) (*database, error) {
	registerOnlooker()
	query, setting := "mode=ro&immutable=1", ""
	if logged {
		query, setting = "mode=ro&vfs="+onlookerVFS, "PRAGMA locking_mode=exclusive;"
	}
	dsn := url.URL{Scheme: "file", OmitHost: true, Path: path, RawQuery: query}
	conn, err := sqlite3.OpenFlags(dsn.String(), sqlite3.OPEN_READONLY|sqlite3.OPEN_URI)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	conn.SetInterrupt(ctx)
	db := &database{conn: conn, path: path}
	if err := conn.Exec("PRAGMA query_only=1; PRAGMA temp_store=memory;" + setting); err != nil {
		conn.Close()
		return nil, db.wrong(err)
	}
	return db, nil
}

// databaseFile is where a database really is, if it is a file.
func databaseFile(path string) (string, error) {
	f, err := openFile(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return "", err
	}
	return filepath.Abs(real)
}

func (db *database) close() { db.conn.Close() }

func (db *database) wrong(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", db.path, err)
}

// rows calls for each row of a question. Values are bound in their order.
func (db *database) rows(ask string, each func(*sqlite3.Stmt) error, values ...any) error {
	stmt, _, err := db.conn.Prepare(ask)
	if err != nil {
		return db.wrong(err)
	}
	defer stmt.Close()
	for i, v := range values {
		switch v := v.(type) {
		case string:
			err = stmt.BindText(i+1, v)
		case int64:
			err = stmt.BindInt64(i+1, v)
		}
		if err != nil {
			return db.wrong(err)
		}
	}
	for stmt.Step() {
		if err := each(stmt); err != nil {
			return err
		}
	}
	return db.wrong(stmt.Err())
}

// one is the one text that a question has for an answer, "" where there is none.
func (db *database) one(ask string, values ...any) (answer string, err error) {
	err = db.rows(ask, func(row *sqlite3.Stmt) error {
		answer = name(row, 0)
		return nil
	}, values...)
	return answer, err
}

// family reads the sessions that have parents.
func (db *database) family(ask string) (family, error) {
	parents := family{}
	err := db.rows(ask, func(row *sqlite3.Stmt) error {
		parents[row.ColumnText(0)] = row.ColumnText(1)
		return nil
	})
	return parents, err
}

// hasColumn tells the shapes of a table apart that versions of a tool had.
func (db *database) hasColumn(table, column string) bool {
	found, err := db.one("SELECT name FROM pragma_table_info(?) WHERE name = ?", table, column)
	return err == nil && found != ""
}

// name is a column that holds an id or the like.
func name(row *sqlite3.Stmt, column int) string { return clip(row.ColumnText(column), maxName) }

// sum adds up columns that hold figures.
func sum(row *sqlite3.Stmt, columns ...int) (all int64) {
	for _, c := range columns {
		all = min(all+min(max(0, row.ColumnInt64(c)), quota.MaxTokens), quota.MaxTokens)
	}
	return all
}
