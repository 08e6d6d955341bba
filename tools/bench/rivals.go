package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/ncruces/go-sqlite3"
	"go.etcd.io/bbolt"
)

// rival is another way to keep an event: in this process, without a socket, a
// hook, a checksum, a fold or a notice. What it costs is what the disk asks for.
//
// There are two: a bare bbolt whose one writer drains what waits, and SQLite
// with a log, full synchronisation and one row a commit.
type rival interface {
	// keep returns once the event is durable. It may be called side by side.
	keep(i int) error
	close() error
}

// cost is what a rival takes.
type cost struct {
	one, many float64 // events a second, from 1 and from 64 senders
	bytes     float64 // written for a lone event
}

// rivalCost measures one rival. It begins with as many events as quotad has
// when its written bytes are counted.
func rivalCost(open func(string) (rival, error), dir string, n int) (c cost, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return c, err
	}
	r, err := open(dir)
	if err != nil {
		return c, err
	}
	defer r.close()
	if _, err := keepAll(r, 64, 0, alreadyThere); err != nil {
		return c, err
	}
	before, err := number("/proc/self/io", "write_bytes")
	if err != nil {
		return c, err
	}
	if c.one, err = keepAll(r, 1, 100_000, n/20); err != nil {
		return c, err
	}
	after, err := number("/proc/self/io", "write_bytes")
	if err != nil {
		return c, err
	}
	c.bytes = float64(after-before) / float64(n/20)
	c.many, err = keepAll(r, 64, 200_000, n)
	return c, err
}

// keepAll keeps n events from so many senders, each the next one once the one
// before is durable, and tells how many a second.
func keepAll(r rival, senders, from, n int) (float64, error) {
	var wg sync.WaitGroup
	errs := make(chan error, senders)
	begun := time.Now()
	for s := range senders {
		wg.Go(func() {
			for i := s; i < n; i += senders {
				if err := r.keep(from + i); err != nil {
					errs <- err
					return
				}
			}
		})
	}
	wg.Wait()
	spent := time.Since(begun)
	select {
	case err := <-errs:
		return 0, err
	default:
		return float64(n) / spent.Seconds(), nil
	}
}

// boltRival is a bucket of events and one of ids, as quotad needs them to know
// a repeat.
type boltRival struct {
	db    *bbolt.DB
	queue chan boltPut
	done  chan struct{}
}

type boltPut struct {
	i    int
	kept chan error
}

func openBolt(dir string) (rival, error) {
	db, err := bbolt.Open(filepath.Join(dir, "bare.db"), 0o600, &bbolt.Options{InitialMmapSize: 1 << 30})
	if err != nil {
		return nil, err
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		for _, name := range []string{"events", "ids"} {
			if _, err := tx.CreateBucket([]byte(name)); err != nil {
				return err
			}
		}
		return nil
	})
	r := &boltRival{db: db, queue: make(chan boltPut, 1024), done: make(chan struct{})}
	go r.drain()
	return r, err
}

func (r *boltRival) drain() {
	defer close(r.done)
	for first := range r.queue {
		batch := []boltPut{first}
		for len(r.queue) > 0 {
			batch = append(batch, <-r.queue)
		}
		err := r.db.Update(func(tx *bbolt.Tx) error {
			events, ids := tx.Bucket([]byte("events")), tx.Bucket([]byte("ids"))
			for _, p := range batch {
				at := time.Now()
				key := fmt.Appendf(nil, "%d b-%08d", at.UnixMilli(), p.i)
				if err := events.Put(key, event(p.i, at)); err != nil {
					return err
				}
				if err := ids.Put(fmt.Appendf(nil, "b-%08d", p.i), key); err != nil {
					return err
				}
			}
			return nil
		})
		for _, p := range batch {
			p.kept <- err
		}
	}
}

func (r *boltRival) keep(i int) error {
	p := boltPut{i, make(chan error, 1)}
	r.queue <- p
	return <-p.kept
}

func (r *boltRival) close() error {
	close(r.queue)
	<-r.done
	return r.db.Close()
}

// sqliteRival has a row for each event, and an index of the ids.
type sqliteRival struct {
	mu   sync.Mutex
	conn *sqlite3.Conn
	put  *sqlite3.Stmt
}

func openSQLite(dir string) (rival, error) {
	conn, err := sqlite3.Open(filepath.Join(dir, "rival.sqlite"))
	if err != nil {
		return nil, err
	}
	for _, statement := range []string{
		"PRAGMA journal_mode=wal", "PRAGMA synchronous=full",
		"CREATE TABLE events (at INTEGER, id TEXT, event TEXT, PRIMARY KEY (at, id)) WITHOUT ROWID", "CREATE UNIQUE INDEX ids ON events (id)",
	} {
		if err := conn.Exec(statement); err != nil {
			return nil, err
		}
	}
	put, _, err := conn.Prepare("INSERT INTO events VALUES (?, ?, ?)")
	return &sqliteRival{conn: conn, put: put}, err
}

func (r *sqliteRival) keep(i int) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	at := time.Now()
	if err := errors.Join(r.put.BindInt64(1, at.UnixMilli()), r.put.BindText(2, fmt.Sprintf("b-%08d", i)), r.put.BindText(3, string(event(i, at)))); err != nil {
		return err
	}
	r.put.Step()
	return r.put.Reset() // with the error of the step
}

func (r *sqliteRival) close() error {
	return r.conn.Close()
}
