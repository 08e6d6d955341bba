package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// How long looking over and opening may take before the disk is said to hang,
// and for how many bytes a second more: what is damaged is read several times.
const (
	openLimit  = 60 * time.Second
	slowestPer = 2 << 20
)

// smallFile is up to what size everything is looked at before each opening, for
// that is done in a moment; above it is left to [Store.Scrub].
const smallFile = 8 << 20

// depthOf is how deep a file of a size is looked at, at least so deep.
func depthOf(size int64, least depth) depth {
	if size <= smallFile {
		return whole
	}
	return least
}

// patience is how long a database of a size may take to open.
func patience(path string) time.Duration {
	info, err := os.Stat(path)
	if err != nil {
		return openLimit
	}
	return openLimit + time.Duration(info.Size()/slowestPer)*time.Second
}

// Report says what Open found and did; its zero value: all was well.
type Report struct {
	Fresh    bool      // there was nothing: a first run
	Damage   string    // what was wrong with the database that was found
	Aside    string    // where that was moved
	Vanished bool      // the database of an earlier run was not there
	Restored string    // the backup that took its place; "": an empty one did
	Lacks    time.Time // since when events may be missing, as this or an earlier Open found; zero: none are; see Refilled
	Salvaged int       // events that were taken over from the damaged file
	From, To int       // the schema it was migrated from and to
	Backup   string    // made before the migration
	Notes    []string
}

// Lost reports whether events may be missing: the caller says so to the user.
func (r Report) Lost() bool { return r.Damage != "" || r.Vanished }

// Lines says it in sentences, for the log and for the user; none where all was
// well.
func (r Report) Lines() []string {
	var lines []string
	say := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	if r.Damage != "" {
		say("the database was damaged: %s", r.Damage)
	}
	if r.Aside != "" {
		say("the damaged file was kept as %s", r.Aside)
	}
	if r.Vanished {
		say("the database of an earlier run was not there any more")
	}
	switch {
	case r.Restored != "":
		say("the backup %s took its place", r.Restored)
	case r.Vanished || r.Aside != "":
		say("no good backup was found: a new, empty database took its place; quotad import --from all records what coding tools have kept")
	}
	switch {
	case r.Salvaged == 1:
		say("1 event was taken over that it lacked")
	case r.Salvaged > 1:
		say("%d events were taken over that it lacked", r.Salvaged)
	}
	if r.From != 0 {
		say("the database was migrated from schema %d to %d; the one before is kept as %s", r.From, r.To, r.Backup)
	}
	return append(lines, r.Notes...)
}

// Open takes the state folder for this process and opens the database in it. A
// missing one is made; a damaged one is moved aside and replaced by the newest
// good backup, with what can still be read from the damaged one. Errors are of
// the codes Locked, Newer, Folder, NoSpace, Unavailable and Stuck.
func Open(o Options) (*Store, Report, error) { return openWith(o, migrations()) }

func openWith(o Options, steps []migration) (*Store, Report, error) {
	op := opening{dir: o.Dir, now: clock(o.Now), steps: steps}
	if err := ensureFolder(o.Dir); err != nil {
		return nil, Report{}, err
	}
	lock, err := takeLock(o.Dir, o.LockTimeout)
	if err != nil {
		return nil, Report{}, err
	}
	s := &Store{dir: o.Dir, now: op.now, lock: lock, schema: op.known(), words: newDictionary(), limits: usualLimits(), damage: make(chan error, 1)}
	if err := within(patience(op.path(fileName)), "opening the database", func() error { return op.open(s) }); err != nil {
		lock.Close()
		return nil, op.report, err
	}
	return s, op.report, nil
}

func clock(now func() time.Time) func() time.Time {
	if now == nil {
		return time.Now
	}
	return now
}

// opening is one call of Open.
type opening struct {
	dir    string
	now    func() time.Time
	steps  []migration
	report Report

	distrusted bool // everything is to be looked at
}

func (op *opening) path(name string) string { return filepath.Join(op.dir, name) }

func (op *opening) known() uint64 { return schemaOf(op.steps) }

func (op *opening) open(s *Store) error {
	op.sweep()
	op.distrusted = exists(op.path(distrustName))
	found, err := op.ready()
	if err != nil {
		return err
	}
	if err := op.anchor(); err != nil {
		return err
	}
	if err = s.attach(); errors.Is(err, ErrDamaged) { // what waits cannot be taken up
		s.drop()
		if found, err = op.another(err); err == nil {
			err = s.attach()
		}
	}
	if err != nil {
		s.drop()
		return err
	}
	s.proven.Store(found.deep == whole)
	err = inOrder(
		func() error { return op.upgrade(s, found.schema) },
		func() error { return op.fillIn(s, found) },
		func() error { return op.begin(s) },
		op.mark,
		op.trust,
	)
	if err != nil {
		s.mark.close()
		s.drop()
	}
	s.cleared = op.distrusted && !op.report.Lost()
	op.report.Lacks = readLacking(op.path(lackingName))
	return err
}

// begin begins the mark of what was opened. A database from before there were
// lines gets one.
func (op *opening) begin(s *Store) (err error) {
	var m mark
	read := func() error { return s.View(func(t *Tx) (err error) { m, err = t.marked(); return err }) }
	if err = read(); err == nil && m.line == "" {
		err = inOrder(func() error { return s.Update(func(t *Tx) error { return t.put(tabMeta, metaLine, newLine()) }) }, read)
	}
	if err == nil {
		s.mark = openMarker(op.path(markName), m)
	}
	return err
}

// anchor sees to it that the database is found where it is after a power cut
// too: a process that was killed may have given it its name, or have made its
// folder, and not have synced that. Once the marker stands the folder does.
func (op *opening) anchor() error {
	if err := syncDir(op.dir); err != nil {
		return diskError("syncing "+op.dir, err)
	}
	if exists(op.path(markerName)) {
		return nil
	}
	return diskError("syncing the folders above "+op.dir, syncAbove(op.dir))
}

// sweep removes what was being written when a process ended.
func (op *opening) sweep() {
	os.Remove(op.path(newName))
	for _, dir := range []string{op.dir, op.path(backupsName)} {
		left, _ := fs.Glob(os.DirFS(dir), "*.part") // not filepath.Glob, to which the folder's name is a pattern too
		for _, name := range left {
			os.Remove(filepath.Join(dir, name))
		}
	}
}

// ready sees to it that there is a good file to open.
func (op *opening) ready() (inspection, error) {
	least := glance
	if op.distrusted {
		least = whole
	}
	found, err := op.look(op.path(fileName), least)
	switch {
	case err == nil:
		found.behind = readMark(op.path(markName)).ahead(found)
		return found, nil
	case errors.Is(err, fs.ErrNotExist):
		err = op.missing()
	case errors.Is(err, ErrDamaged):
		return op.another(err)
	case errors.Is(err, ErrNewer):
		err = op.refuse(err)
	}
	if err != nil {
		return inspection{}, err
	}
	return op.look(op.path(fileName), glance)
}

// another puts a good file in the place of a damaged one.
func (op *opening) another(damage error) (inspection, error) {
	if err := op.replace(damage); err != nil {
		return inspection{}, err
	}
	return op.look(op.path(fileName), glance)
}

// look inspects a database file that no one else may be using, at least so deep.
func (op *opening) look(path string, least depth) (inspection, error) {
	f, err := openPlain(path, os.O_RDONLY)
	if err != nil {
		return inspection{}, err
	}
	defer f.Close()
	if err := flock(f, 0); err != nil {
		return inspection{}, inUse(path, 0)
	}
	info, err := f.Stat()
	if err != nil {
		return inspection{}, diskError("reading "+path, err)
	}
	if info.Size() == 0 {
		return inspection{}, damaged("%s is empty", path)
	}
	return inspect(f, info.Size(), depthOf(info.Size(), least), op.known())
}

// missing makes a database where there is none, or brings a lost one back.
func (op *opening) missing() error {
	backups, err := listBackups(op.path(backupsName))
	if err != nil {
		return err
	}
	op.report.Vanished = len(backups) > 0 || exists(op.path(markerName))
	op.report.Fresh = !op.report.Vanished
	if err := op.build(backups, nil); err != nil {
		return err
	}
	return op.install()
}

// replace puts a good database in the place of a damaged one.
func (op *opening) replace(damage error) error {
	path := op.path(fileName)
	op.report.Damage = damage.Error()
	backups, err := listBackups(op.path(backupsName))
	if err != nil {
		return err
	}
	if err := op.build(backups, damage); err != nil {
		return err
	}
	if err := op.salvage(path); err != nil {
		return err
	}
	if op.report.Aside, err = setAside(path, "damaged", op.now()); err != nil {
		return folderError(path, "cannot be moved aside", err)
	}
	return op.install()
}

// build makes the file that is to be the database, under another name: of the
// newest good backup, or empty, unless the disk fails. No damage: the one before
// is gone.
func (op *opening) build(backups []backupFile, damage error) error {
	fresh := op.path(newName)
	var passed []passedOver
	for _, b := range backups {
		if _, err := op.look(b.path, whole); err != nil {
			passed = append(passed, op.passOver(b, err))
			continue
		}
		op.report.Restored = filepath.Base(b.path)
		return inOrder(
			func() error { return op.lacks(b.at) },
			func() error {
				return diskError("restoring "+b.path, writeWhole(fresh, fresh+".part", copyInto(b.path)))
			},
		)
	}
	if err := op.refusal(damage, passed); err != nil {
		return err
	}
	return createFile(fresh, op.known())
}

// install gives the file that was built its name. The mark of the one before would
// call it older than it should be: it is durably gone before.
func (op *opening) install() error {
	if err := op.dropMark(); err != nil {
		return err
	}
	if err := os.Rename(op.path(newName), op.path(fileName)); err != nil {
		return folderError(op.path(fileName), "cannot be put in place", err)
	}
	return diskError("syncing "+op.dir, syncDir(op.dir))
}

func (op *opening) dropMark() error {
	err := os.Remove(op.path(markName))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return folderError(op.path(markName), "cannot be removed", err)
	}
	return diskError("syncing "+op.dir, syncDir(op.dir))
}

// upgrade runs the migrations that are due, after a backup.
func (op *opening) upgrade(s *Store, schema uint64) error {
	if schema >= op.known() {
		return nil
	}
	name := fmt.Sprintf("%s-schema%d.db", backupStem(op.now()), schema)
	if err := s.backupNamed(name); err != nil {
		return err
	}
	if err := s.migrate(op.steps, schema); err != nil {
		return err
	}
	op.report.From, op.report.To, op.report.Backup = int(schema), int(op.known()), name
	return nil
}

// mark leaves word that there is a database.
func (op *opening) mark() error {
	path := op.path(markerName)
	if exists(path) {
		return nil
	}
	err := writeWhole(path, path+".part", func(f *os.File) error {
		_, err := fmt.Fprintf(f, "A database was made here at %s. Should it vanish, quotad looks for a backup.\n",
			op.now().UTC().Format(time.RFC3339))
		return err
	})
	return diskError("writing "+path, err)
}
