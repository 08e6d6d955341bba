package api

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"quotad/quota"
)

// Item is one spooled event.
type Item struct {
	Name string    // of its file
	At   time.Time // when it was spooled
	Line []byte
}

// Disposition says what is to become of an Item.
type Disposition int

// The dispositions. The zero one loses nothing.
const (
	Keep     Disposition = iota // not settled: it is offered again next time
	Taken                       // durable elsewhere: its file is deleted
	SetAside                    // will never be taken: moved into the folder bad
)

// Settled is a Disposition and, for SetAside, the reason.
type Settled struct {
	Disposition Disposition
	Reason      string
}

// Drained counts what a drain did.
type Drained struct{ Taken, SetAside, Kept int }

// Bounds of one chunk of a drain.
const (
	chunkItems = 1000
	chunkBytes = 4 << 20
)

// staleTemp is the age at which a half-written file is nobody's any more.
const staleTemp = time.Hour

// Drain offers what is in the spool to take, in the order of time, in chunks,
// and then does to each file what take says, one Settled for each Item. It
// ends at the first error of take, of whose chunk nothing is touched; a file that
// cannot be cleared away holds up no other. What is no regular file of ours, or
// has no name of ours, is left alone.
func (s Spool) Drain(take func([]Item) ([]Settled, error)) (Drained, error) {
	names, err := s.list()
	if err != nil {
		return Drained{}, err
	}
	d := drain{Spool: s}
	for len(names) > 0 {
		var chunk []Item
		chunk, names = d.load(names)
		if len(chunk) == 0 {
			continue
		}
		if err = d.settle(chunk, take); err != nil {
			break
		}
	}
	if d.done.Taken+d.done.SetAside > 0 {
		d.failed = errors.Join(d.failed, syncDir(s.Dir))
	}
	return d.done, errors.Join(err, d.failed)
}

// drain is one drain at work.
type drain struct {
	Spool
	done   Drained
	failed error // the first file that could not be cleared away; the rest go on
}

// cleared counts a file that was cleared away, or notes why it was not. It then
// is offered again next time, which does no harm.
func (d *drain) cleared(count *int, err error) {
	switch {
	case err == nil || errors.Is(err, fs.ErrNotExist):
		*count++
	case d.failed == nil:
		d.failed = fmt.Errorf("cannot clear the spool: %w", err)
	}
}

// Deliver drains the spool into submit, which records events as
// Backend.Submit does. An event that cannot be read, or is rejected, is set
// aside with the reason.
func (s Spool) Deliver(submit func([]quota.Event) ([]Result, error)) (Drained, error) {
	return s.Drain(func(items []Item) ([]Settled, error) {
		settled := make([]Settled, len(items))
		var events []quota.Event
		var place []int
		for i, item := range items {
			e, bad := item.Event()
			if bad != nil {
				settled[i] = Settled{SetAside, bad.Error()}
				continue
			}
			events, place = append(events, e), append(place, i)
		}
		if len(events) == 0 {
			return settled, nil
		}
		results, err := submit(events)
		if err != nil {
			return nil, err
		}
		if len(results) != len(events) {
			return nil, fmt.Errorf("%d results for %d spooled events", len(results), len(events))
		}
		for i, r := range results {
			settled[place[i]] = settledBy(r)
		}
		return settled, nil
	})
}

// Event reads the item. One without an ID gets it from the file's name, so that
// it stays the same event if it is offered again.
func (i Item) Event() (quota.Event, *Error) {
	e, bad := DecodeEvent(i.Line, i.At)
	if bad == nil && e.ID == "" {
		e.ID = "spool-" + strings.TrimSuffix(i.Name, spoolSuffix)
	}
	return e, bad
}

func settledBy(r Result) Settled {
	switch r.Status {
	case quota.Recorded, quota.Duplicate:
		return Settled{Disposition: Taken}
	case quota.Rejected:
		return Settled{SetAside, errorOr(r.Error, 0).Error()}
	}
	return Settled{}
}

// list gives the names of spooled files, oldest first, and sweeps away what a
// writer that died left half-written.
func (s Spool) list() ([]string, error) {
	entries, err := os.ReadDir(s.Dir) // sorted, and so by time
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read the spool: %w", err)
	}
	var names []string
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), spoolTemp) {
			s.sweep(e)
			continue
		}
		if _, ok := spoolTime(e.Name()); ok {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

func (s Spool) sweep(e fs.DirEntry) {
	info, err := e.Info()
	if err == nil && info.Mode().IsRegular() && s.now().Sub(info.ModTime()) > staleTemp {
		os.Remove(filepath.Join(s.Dir, e.Name()))
	}
}

// load reads the next chunk, and sets aside what is too large to be an event.
func (d *drain) load(names []string) (chunk []Item, rest []string) {
	size := 0
	for len(names) > 0 && len(chunk) < chunkItems && size < chunkBytes {
		name := names[0]
		names = names[1:]
		line, reason := readSpooled(filepath.Join(d.Dir, name))
		switch {
		case reason != "":
			d.cleared(&d.done.SetAside, d.setAside(name, reason))
		case line != nil:
			at, _ := spoolTime(name)
			chunk, size = append(chunk, Item{name, at, line}), size+len(line)
		}
	}
	return chunk, names
}

// readSpooled reads a regular file of ours. A reason says why its content can
// be no event; nil and no reason, that it is left alone.
func readSpooled(path string) (line []byte, reason string) {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, ""
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() || owner(info) != os.Geteuid() {
		return nil, ""
	}
	line, err = io.ReadAll(io.LimitReader(f, maxSpooled+1))
	switch {
	case err != nil:
		return nil, ""
	case len(line) > maxSpooled:
		return nil, fmt.Sprintf("larger than %d bytes", maxSpooled)
	}
	return line, ""
}

// settle offers a chunk and does what is said of each of its items.
func (d *drain) settle(chunk []Item, take func([]Item) ([]Settled, error)) error {
	settled, err := take(chunk)
	if err != nil {
		return err
	}
	if len(settled) != len(chunk) {
		return fmt.Errorf("%d of %d spooled events were settled", len(settled), len(chunk))
	}
	for i, item := range chunk {
		switch settled[i].Disposition {
		case Taken:
			d.cleared(&d.done.Taken, os.Remove(filepath.Join(d.Dir, item.Name)))
		case SetAside:
			d.cleared(&d.done.SetAside, d.setAside(item.Name, settled[i].Reason))
		default:
			d.done.Kept++
		}
	}
	return nil
}

// setAside moves a file into the folder bad, and writes the reason beside it.
func (s Spool) setAside(name, reason string) error {
	bad := filepath.Join(s.Dir, spoolBad)
	if err := privateDir(bad); err != nil {
		return err
	}
	temp, err := writeTemp(bad, []byte(reason+"\n"), true)
	if err != nil {
		return err
	}
	if err := os.Rename(temp, filepath.Join(bad, name+".reason")); err != nil {
		return err
	}
	return os.Rename(filepath.Join(s.Dir, name), filepath.Join(bad, name))
}
