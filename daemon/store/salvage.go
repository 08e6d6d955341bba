package store

import (
	"encoding/binary"
	"fmt"
	"io"
	"io/fs"
	"os"

	"quotad/quota"
)

// salvage takes over from a damaged file into the one that was built what the
// latter lacks: events, whose order and number do not matter, and notices.
func (op *opening) salvage(path string) error {
	db, file, err := openFile(op.path(newName), false)
	if err != nil {
		return err
	}
	s := &Store{dir: op.dir, now: op.now, db: db, file: file, schema: op.known(), words: newDictionary()}
	defer s.drop()
	if err := inOrder(s.takeWaiting, func() error { return s.catchUp(op.steps) }); err != nil {
		return err
	}
	return op.takeOver(s, path, 1000)
}

// fillIn looks for what a file lacks that is whole and not the newest: what
// its newest transaction put, in pages that the other meta page does not know,
// and where it is behind the mark, what the newest backup has beyond it.
func (op *opening) fillIn(s *Store, found inspection) error {
	if !found.lone && found.behind == 0 {
		return nil
	}
	op.report.Damage = found.lacks()
	var err error
	if found.behind > 0 {
		err = op.lacksSinceNewest(s)
	}
	if err == nil {
		err = op.takeOver(s, s.Path(), 0)
	}
	if err == nil && found.behind > 0 {
		err = op.takeOverBackup(s)
	}
	nothing := func(*Tx) error { return nil } // but a commit writes one meta page, in turn
	commit := func() error { return s.Update(nothing) }
	return inOrder(func() error { return err }, commit, commit)
}

// lacks says why a file that is whole may lack something.
func (found inspection) lacks() string {
	switch n := found.behind; {
	case n == 0:
		return "one of its two meta pages was damaged, which may hide the newest transaction"
	case found.lone:
		return fmt.Sprintf("one of its two meta pages was damaged, and its newest transactions are not there: %d", n)
	default:
		return fmt.Sprintf("it is older than what was last written to it, by %d transactions: "+
			"an older copy took its place, or the disk lost what it had acknowledged", n)
	}
}

// takeOver puts what the file at path holds and s lacks.
func (op *opening) takeOver(s *Store, path string, batch int) error {
	src, err := os.Open(path)
	if err != nil {
		return diskError("reading "+path, err)
	}
	defer src.Close()
	n, err := s.salvage(src, batch)
	op.report.Salvaged += n
	return err
}

// takeOverBackup puts what the newest good backup holds and s lacks.
func (op *opening) takeOverBackup(s *Store) error {
	backups, err := listBackups(op.path(backupsName))
	if err != nil {
		return err
	}
	for _, b := range backups {
		if _, err := op.look(b.path, whole); err == nil {
			return op.takeOver(s, b.path, 1000)
		}
	}
	return nil
}

// source is a file that is read page by page.
type source interface {
	io.ReaderAt
	Stat() (fs.FileInfo, error)
}

// wreck is what was read from a file page by page, whatever its tree says.
type wreck struct {
	texts    map[uint64]string
	accounts map[uint64]account
	notices  map[string]NoticeRecord
	hours    map[wreckHour]hours
}

// salvage puts what src holds and s lacks, so many events in a transaction (0:
// all, read before the first is put, for src may be s itself).
func (s *Store) salvage(src source, batch int) (int, error) {
	w, err := s.readWreck(src)
	if err != nil {
		return 0, err
	}
	total := 0
	var lacking []quota.Event
	flush := func() error {
		if err := s.putHours(w); err != nil {
			return err
		}
		n, err := s.putLacking(lacking)
		total += n
		lacking = lacking[:0]
		return err
	}
	err = scan(src, func(tab table, key, body []byte) error {
		e, ok := w.event(tab, key, body)
		if !ok || s.has(e.ID) {
			return nil
		}
		lacking = append(lacking, e)
		if len(lacking) == batch {
			return flush()
		}
		return nil
	})
	if err == nil {
		err = inOrder(flush, func() error { return s.putNotices(w) })
	}
	return total, err
}

func (s *Store) has(id string) (ok bool) {
	s.View(func(t *Tx) error {
		_, ok, _ = t.find(packID(nil, id))
		return nil
	})
	return ok
}

// putLacking puts events, and has everything folded anew where one was new.
func (s *Store) putLacking(events []quota.Event) (n int, err error) {
	if len(events) == 0 {
		return 0, nil
	}
	err = s.Update(func(t *Tx) error {
		n = 0
		for _, e := range events {
			p, err := t.Put(e)
			if err != nil {
				return err
			}
			if p.Outcome == quota.Recorded {
				n++
			}
		}
		return t.DropStates()
	})
	return n, err
}

// putNotices adds the notices that s lacks, so that none is told again.
func (s *Store) putNotices(w *wreck) error {
	if len(w.notices) == 0 {
		return nil
	}
	return s.Update(func(t *Tx) error {
		for _, r := range w.notices {
			old, ok, err := t.noticeNamed(r.Key)
			if err != nil {
				return err
			}
			if ok && !old.UpdatedAt.Before(r.UpdatedAt) {
				continue
			}
			r.ID = old.ID
			if _, err := t.PutNotice(r); err != nil {
				return err
			}
		}
		return nil
	})
}

// readWreck gathers what events refer to. What src cannot tell, s may know: it
// is of the same line.
func (s *Store) readWreck(src source) (*wreck, error) {
	w := &wreck{texts: map[uint64]string{}, accounts: map[uint64]account{}, notices: map[string]NoticeRecord{}, hours: map[wreckHour]hours{}}
	err := s.View(func(t *Tx) error {
		as, err := t.loadAccounts()
		if err != nil {
			return err
		}
		for no, a := range as.byNo {
			w.accounts[no] = *a
		}
		return t.records(tabTexts, nil, nil, func(key, body []byte) error {
			w.text(key, body)
			return nil
		})
	})
	if err != nil {
		return nil, err
	}
	err = scan(src, func(tab table, key, body []byte) error {
		switch tab {
		case tabTexts:
			w.text(key, body)
		case tabAccounts:
			w.account(key, body)
		case tabNotices:
			w.notice(key, body)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	err = scan(src, func(tab table, key, body []byte) error { // once all texts are known
		if tab == tabHours {
			w.hour(key, body)
		}
		return nil
	})
	w.forgot()
	return w, err
}

func (w *wreck) text(key, body []byte) {
	if _, n := binary.Uvarint(body); n > 0 && len(key) == 8 {
		w.texts[binary.BigEndian.Uint64(key)] = string(body[n:])
	}
}

func (w *wreck) account(key, body []byte) {
	if a, err := readAccount(key, body); err == nil {
		a.pruned = max(a.pruned, w.accounts[a.no].pruned)
		w.accounts[a.no] = a
	}
}

func (w *wreck) notice(key, body []byte) {
	r, err := readNotice(key, body)
	if old, ok := w.notices[r.Key]; err == nil && (!ok || old.UpdatedAt.Before(r.UpdatedAt)) {
		w.notices[r.Key] = r
	}
}

// event is the event that a record holds, unless it was pruned. A text that
// cannot be found is left out: the event counts all the same.
func (w *wreck) event(tab table, key, body []byte) (quota.Event, bool) {
	if tab == tabRecent {
		r, err := readRecent(key, body)
		if err != nil {
			return quota.Event{}, false
		}
		tab, key, body = tabEvents, r.key(), r.body
	}
	p, ok := splitPlace(key)
	if tab != tabEvents || !ok {
		return quota.Event{}, false
	}
	a, ok := w.accounts[p.account]
	if !ok || p.at < a.pruned {
		return quota.Event{}, false
	}
	e := quota.Entry{Event: quota.Event{Account: a.name, At: p.time()}}
	id, err := unpackID(p.id)
	if err != nil {
		return quota.Event{}, false
	}
	e.ID = id
	_, err = readEvent(body, &e, func(no uint64) (string, error) { return w.texts[no], nil })
	return e.Event, err == nil
}

// scan reads a file page by page and yields every record whose checksum is
// right, of whatever age. Of a failing disk it reads what it can.
func scan(src source, fn func(tab table, key, body []byte) error) error {
	info, err := src.Stat()
	if err != nil {
		return diskError("reading the damaged database", err)
	}
	m := fileMeta{pageSize: uint64(os.Getpagesize())}
	if found, _, err := readMetas(src); err == nil {
		m = found
	}
	m.pages = uint64(info.Size()) / m.pageSize
	var buf []byte
	for id := uint64(2); id < m.pages; id++ {
		p, err := readPage(src, m, id, buf)
		if err != nil || p.flags() != flagLeaf {
			continue
		}
		buf = p
		if err := scanLeaf(p, 0, fn); err != nil {
			return err
		}
	}
	return nil
}

// scanLeaf yields the records of a leaf page. Which table the page belongs to
// is told by the checksums.
func scanLeaf(p page, tab table, fn func(tab table, key, body []byte) error) error {
	for i := range p.count() {
		flags, key, value, err := p.leaf(i)
		if err != nil {
			return nil
		}
		if flags&elementBucket != 0 {
			if in, _, err := inline(value); err == nil && in != nil && tab == 0 {
				if err := scanLeaf(in, tableNamed(key), fn); err != nil {
					return err
				}
			}
			continue
		}
		for _, t := range []table{tabEvents, tabRecent, tabTexts, tabAccounts, tabNotices, tabHours} {
			if body, err := unseal(t, key, value); err == nil {
				if err := fn(t, key, body); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
