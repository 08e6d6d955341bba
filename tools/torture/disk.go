package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// never is when something becomes durable that no sync covers.
const never = math.MaxInt

// span is when a change was begun and ended, as lines of the trace.
type span struct{ start, end int }

// change is one change of a file's content. It is durable once a sync of the
// file has ended that began after it.
type change struct {
	span
	size    int64 // the file is cut or grown to this; -1: data is written
	off     int64
	data    string
	fresh   bool // it went to where the file held nothing yet
	durable int
}

// file is an inode. What it held before the trace is durable.
type file struct {
	before  []byte
	changes []change
	written int64 // up to where it was ever written
}

func (f *file) put(c change) {
	if c.size < 0 {
		c.fresh = c.off >= f.written
		f.written = max(f.written, c.off+int64(len(c.data)))
	}
	f.changes = append(f.changes, c)
}

// content is what the file holds with the changes that keep returns, each
// perhaps in part.
func (f *file) content(keep func(change) []change) []byte {
	b := bytes.Clone(f.before)
	for _, w := range f.changes {
		for _, c := range keep(w) {
			b = c.apply(b)
		}
	}
	return b
}

func (c change) apply(b []byte) []byte {
	end := c.size
	if end < 0 {
		end = max(int64(len(b)), c.off+int64(len(c.data)))
	}
	if end < int64(len(b)) {
		b = b[:end]
	} else {
		b = append(b, make([]byte, end-int64(len(b)))...)
	}
	if c.size < 0 {
		copy(b[c.off:], c.data)
	}
	return b
}

// entryKind is what became of names.
type entryKind int

const (
	made    entryKind = iota // a file or a folder got a name
	renamed                  // from another one
	removed
)

func (k entryKind) String() string { return [...]string{"made", "renamed", "removed"}[k] }

// entry is one change of names. POSIX promises it once its folder was synced;
// a journal writes such changes in order, and all of them at any sync.
type entry struct {
	span
	kind      entryKind
	file      *file // nil: a folder
	name      string
	from      string
	durable   int
	journaled int
}

func (e entry) apply(names map[string]*file) {
	switch e.kind {
	case made:
		names[e.name] = e.file
	case renamed:
		if names[e.from] == e.file {
			delete(names, e.from)
		}
		names[e.name] = e.file
	case removed:
		delete(names, e.name)
	}
}

// ack is an answer that told ids to be recorded.
type ack struct {
	line int
	ids  []string
}

// disk is what a run did to the files below root, in the order in which it did
// it. Paths are relative to root.
type disk struct {
	root    string
	names   map[string]*file // as the programs see them; nil: a folder
	before  map[string]*file
	files   []*file
	entries []entry
	acks    []ack
	syncs   []span
	lines   int // of all traces so far
	dropped int // syncs that strace kept from happening
}

// newDisk begins with what is below root, all of it durable.
func newDisk(root string) (*disk, error) {
	d := &disk{root: root, names: map[string]*file{}}
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.inside(path)
		if e.IsDir() {
			d.names[name] = nil
			return nil
		}
		if !e.Type().IsRegular() {
			return nil
		}
		b, err := os.ReadFile(path)
		f := &file{before: b, written: int64(len(b))}
		d.names[name], d.files = f, append(d.files, f)
		return err
	})
	d.before = maps.Clone(d.names)
	return d, err
}

// inside is a path relative to root, "." for root itself; "" where it is not
// below.
func (d *disk) inside(path string) string {
	name, err := filepath.Rel(d.root, path)
	if err != nil || !filepath.IsLocal(name) {
		return ""
	}
	return name
}

// descriptor is an open file or folder of one process.
type descriptor struct {
	file *file
	name string // of a folder
	pos  int64
}

// replay takes over what one process did.
type replay struct {
	*disk
	open map[int64]*descriptor
}

// take reads a trace of one process to the end.
func (d *disk) take(trace string) error {
	calls, next, err := readTrace(trace, d.lines)
	if err != nil {
		return err
	}
	d.lines = next
	r := replay{d, map[int64]*descriptor{}}
	for _, c := range calls {
		if err := r.call(c); err != nil {
			return fmt.Errorf("%s at line %d: %w", c.name, c.start, err)
		}
	}
	return nil
}

func (r replay) call(c call) error {
	at := span{c.start, c.end}
	fd := r.open[c.number(0)]
	if c.result < 0 && !strings.Contains(c.name, "write") {
		return nil // it failed, or the process was killed before it
	}
	switch c.name {
	case "openat":
		r.openat(c)
	case "close":
		delete(r.open, c.number(0))
	case "lseek":
		if fd != nil {
			fd.pos = c.result
		}
	case "write", "pwrite64":
		r.write(c, fd)
	case "ftruncate":
		if fd != nil && fd.file != nil {
			fd.file.put(change{span: at, size: c.number(1), durable: never})
		}
	case "copy_file_range":
		return r.copy(c, fd, r.open[c.number(2)])
	case "fsync", "fdatasync":
		r.sync(c, fd)
	case "renameat", "renameat2":
		r.rename(at, r.path(c, 0), r.path(c, 2))
	case "linkat":
		if f := r.names[r.path(c, 0)]; f != nil {
			r.entry(entry{span: at, kind: made, file: f, name: r.path(c, 2)})
		}
	case "unlinkat":
		r.entry(entry{span: at, kind: removed, name: r.path(c, 0)})
	case "mkdirat":
		r.entry(entry{span: at, kind: made, name: r.path(c, 0)})
	case "exit_group":
	default:
		if fd != nil {
			return fmt.Errorf("what it does to a file is not modelled")
		}
	}
	return nil
}

// path is the argument at i, a folder's descriptor, and the name after it.
func (r replay) path(c call, i int) string {
	name := c.arg(i + 1)
	if fd := r.open[c.number(i)]; fd != nil && !filepath.IsAbs(name) {
		return filepath.Join(fd.name, name)
	}
	return r.inside(name)
}

func (r replay) openat(c call) {
	name := r.path(c, 0)
	if name == "" {
		delete(r.open, c.result)
		return
	}
	f, known := r.names[name]
	at := span{c.start, c.end}
	flags := c.arg(2)
	switch {
	case !known && strings.Contains(flags, "O_CREAT"):
		f = &file{}
		r.files = append(r.files, f)
		r.entry(entry{span: at, kind: made, file: f, name: name})
	case f != nil && strings.Contains(flags, "O_TRUNC"):
		f.put(change{span: at, durable: never})
	}
	r.open[c.result] = &descriptor{file: f, name: name}
}

// acknowledged is how the daemon tells what became of an event.
var acknowledged = regexp.MustCompile(`"id":"([^"]+)","status":"(?:recorded|duplicate)"`)

// write is of a file, or an answer to a client. A process that was killed in
// it may have written all the same.
func (r replay) write(c call, fd *descriptor) {
	data := c.arg(1)
	if fd == nil {
		var a ack
		for _, m := range acknowledged.FindAllStringSubmatch(data, -1) {
			a.ids = append(a.ids, m[1])
		}
		if a.line = c.start; a.ids != nil && c.result > 0 {
			r.acks = append(r.acks, a)
		}
		return
	}
	if fd.file == nil || c.result == 0 || c.result < 0 {
		return
	}
	data = data[:min(int64(len(data)), c.result)]
	off := fd.pos
	if c.name == "pwrite64" {
		off = c.number(3)
	} else {
		fd.pos += c.result
	}
	fd.file.put(change{span: span{c.start, c.end}, size: -1, off: off, data: data, durable: never})
}

// copy is of one file into another, each from where it is.
func (r replay) copy(c call, from, to *descriptor) error {
	if from == nil || to == nil || from.file == nil || to.file == nil || c.arg(1) != "NULL" || c.arg(3) != "NULL" {
		return fmt.Errorf("copying with offsets, or from elsewhere, is not modelled")
	}
	b := from.file.content(whole)
	if from.pos+c.result > int64(len(b)) {
		return fmt.Errorf("copies beyond the end of a file")
	}
	data := string(b[from.pos : from.pos+c.result])
	to.file.put(change{span: span{c.start, c.end}, size: -1, off: to.pos, data: data, durable: never})
	from.pos += c.result
	to.pos += c.result
	return nil
}

// whole keeps a change as it is.
func whole(c change) []change { return []change{c} }

// sync makes durable what had ended when it began.
func (r replay) sync(c call, fd *descriptor) {
	if fd == nil {
		return
	}
	if c.injected {
		r.dropped++
		return
	}
	r.syncs = append(r.syncs, span{c.start, c.end})
	if fd.file != nil {
		for i := range fd.file.changes {
			if w := &fd.file.changes[i]; w.end < c.start {
				w.durable = min(w.durable, c.end)
			}
		}
	}
	for i := range r.entries {
		e := &r.entries[i]
		if e.end >= c.start {
			continue
		}
		e.journaled = min(e.journaled, c.end)
		if fd.file == nil && filepath.Dir(e.name) == filepath.Clean(fd.name) {
			e.durable = min(e.durable, c.end)
		}
	}
}

func (r replay) rename(at span, from, to string) {
	f, known := r.names[from]
	if !known || to == "" {
		return
	}
	r.entry(entry{span: at, kind: renamed, file: f, name: to, from: from})
}

// entry notes a change of names below root.
func (r replay) entry(e entry) {
	if e.name == "" {
		return
	}
	e.durable, e.journaled = never, never
	r.entries = append(r.entries, e)
	e.apply(r.names)
}

// understood holds the model against the files that are really there: a trace
// that was misread must not pass for a test.
func (d *disk) understood() error {
	for _, name := range slices.Sorted(maps.Keys(d.names)) {
		f := d.names[name]
		if f == nil {
			continue
		}
		got, err := os.ReadFile(filepath.Join(d.root, name))
		if err != nil {
			return fmt.Errorf("the trace was misread: %w", err)
		}
		if want := f.content(whole); !bytes.Equal(got, want) {
			return fmt.Errorf("the trace was misread: %s has %d bytes, the model %d, or others", name, len(got), len(want))
		}
	}
	return nil
}
