package transcript

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/ncruces/go-sqlite3"

	"quotad/quota"
)

// patience is how long a reading waits for a tool that is changing its files.
const patience = 2 * time.Second

// access is how a database can be read so that the tool does not notice.
type access int

// The ways. The tools keep their databases with a write-ahead log, FILE-wal,
// and where they run FILE-shm beside it; SQLite would make both anew.
const (
	shared access = iota // a tool has it open: its reader among others
	still                // nobody has, and all is in the file itself
	lone                 // a tool ended without putting its log into the file
)

func (a access) String() string { return [...]string{"shared", "still", "lone"}[a] }

func accessOf(path string) access {
	_, shm := sizeOf(path + "-shm")
	log, wal := sizeOf(path + "-wal")
	_, journal := sizeOf(path + "-journal")
	switch {
	case wal && shm, journal:
		return shared
	case log > 0:
		return lone
	}
	return still
}

func sizeOf(path string) (size int64, there bool) {
	info, err := os.Stat(path)
	if err != nil {
		return 0, false
	}
	return info.Size(), true
}

// dsn is the name that SQLite opens a database by.
func (a access) dsn(path string) string {
	query := map[access]string{shared: "mode=ro", still: "mode=ro&immutable=1", lone: "mode=ro&vfs=" + loneVFS}[a]
	return (&url.URL{Scheme: "file", OmitHost: true, Path: path, RawQuery: query}).String()
}

// database is a tool's database, opened to be read once.
type database struct {
	conn *sqlite3.Conn
	path string
}

func openDatabase(ctx context.Context, path string) (*database, error) {
	path, err := databaseFile(path)
	if err != nil {
		return nil, err
	}
	way := accessOf(path)
	if way == lone {
		registerLone()
	}
	conn, err := sqlite3.OpenFlags(way.dsn(path), sqlite3.OPEN_READONLY|sqlite3.OPEN_URI)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	conn.SetInterrupt(ctx)
	db := &database{conn: conn, path: path}
	setting := "PRAGMA query_only=1; PRAGMA temp_store=memory;"
	if way == lone {
		setting += "PRAGMA locking_mode=exclusive;"
	}
	if err := db.settle(setting); err != nil {
		conn.Close()
		return nil, err
	}
	return db, nil
}

func (db *database) settle(setting string) error {
	if err := db.conn.BusyTimeout(patience); err != nil {
		return db.wrong(err)
	}
	return db.wrong(db.conn.Exec(setting))
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
