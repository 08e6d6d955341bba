package api

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Drained counts, in files, what a drain did. One of which a part was set aside
// is among those.
type Drained struct {
	Taken, SetAside, Kept int
	Waiting               int // may still be written to, and are not read yet
}

// Bounds of one chunk of a drain; the last file may exceed them. A hook that has
// something to tell meanwhile waits for one, so they are small.
const (
	chunkLines = 250
	chunkBytes = 4 << 20
)

// SettleTime is how long a file has to be as it is before it is read, where its
// name does not tell that it was written whole.
const SettleTime = time.Second

// staleTemp is the age at which a half-written file is nobody's any more.
const staleTemp = time.Hour

// Drain offers what is in the spool to take, in the order of time, in chunks,
// and then does to each file what take says, one Settled for each Item. It
// ends at the first error of take, of whose chunk nothing is touched; a file that
// cannot be cleared away holds up no other. What is no regular file of ours is set
// aside unread; what is named other than *.json is left alone.
func (s Spool) Drain(take func([]Item) ([]Settled, error)) (Drained, error) {
	d := drain{Spool: s}
	names, err := d.list()
	if err != nil {
		return Drained{}, err
	}
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
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		*count++
		return
	}
	d.fault(err)
}

func (d *drain) fault(err error) {
	if d.failed == nil {
		d.failed = fmt.Errorf("cannot clear the spool: %w", err)
	}
}

// list gives the names of spooled files, oldest first, and sweeps away what a
// writer that died left half-written.
func (d *drain) list() ([]string, error) {
	entries, err := os.ReadDir(d.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read the spool: %w", err)
	}
	var names []string
	for _, e := range entries {
		name := e.Name()
		if strings.HasPrefix(name, spoolTemp) {
			d.sweep(e)
		}
		if strings.HasPrefix(name, ".") || !strings.HasSuffix(name, spoolSuffix) {
			continue
		}
		if _, ours := spoolTime(name); !ours {
			name = d.claim(e)
		}
		if name != "" {
			names = append(names, name)
		}
	}
	slices.Sort(names) // and so by time
	return names, nil
}

// claim renames a file that somebody put there under a name of their own, and
// gives the new name; "" where it is to be left for now. From then on the events
// in it keep the IDs that they get by its name, and what is written under the
// old one is another file.
func (d *drain) claim(e fs.DirEntry) string {
	info, err := e.Info()
	if err != nil {
		return ""
	}
	now, at := d.now(), info.ModTime()
	if age := now.Sub(at); strange(info) == "" && 0 <= age && age < SettleTime {
		d.done.Waiting++
		return ""
	}
	if at.After(now) || at.Year() < 2000 { // no time that a file was written at
		at = now
	}
	name := claimedName(at, e.Name())
	if _, err := os.Lstat(filepath.Join(d.Dir, name)); err == nil {
		d.done.Waiting++ // for the one before it, which has this name
		return ""
	}
	if err := os.Rename(filepath.Join(d.Dir, e.Name()), filepath.Join(d.Dir, name)); err != nil {
		d.fault(err)
		return ""
	}
	return name
}

func (s Spool) sweep(e fs.DirEntry) {
	info, err := e.Info()
	if err == nil && info.Mode().IsRegular() && s.now().Sub(info.ModTime()) > staleTemp {
		os.Remove(filepath.Join(s.Dir, e.Name()))
	}
}

// load reads the next chunk, and sets aside what is too large to be an event.
func (d *drain) load(names []string) (chunk []Item, rest []string) {
	size, lines := 0, 0
	for len(names) > 0 && lines < chunkLines && size < chunkBytes {
		name := names[0]
		names = names[1:]
		line, reason := readSpooled(filepath.Join(d.Dir, name))
		switch {
		case reason != "":
			d.cleared(&d.done.SetAside, d.setAside(name, Settled{Reason: reason}))
		case line != nil:
			at, _ := spoolTime(name)
			chunk = append(chunk, Item{name, at, line})
			size, lines = size+len(line), lines+bytes.Count(line, []byte{'\n'})+1
		}
	}
	return chunk, names
}

// readSpooled reads a regular file of ours. A reason says why its content can
// be no event; nil and no reason, that it is left alone.
func readSpooled(path string) (line []byte, reason string) {
	before, err := os.Lstat(path)
	if err != nil {
		return nil, ""
	}
	if reason := strange(before); reason != "" {
		return nil, reason
	}
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, ""
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || strange(info) != "" {
		return nil, "" // it was changed just now
	}
	line, err = io.ReadAll(io.LimitReader(f, maxSpooled+1))
	switch {
	case err != nil:
		return nil, ""
	case len(line) > maxSpooled:
		return nil, fmt.Sprintf("larger than %d bytes, which no event is; \"quotad import\" takes files of any size", maxSpooled)
	}
	return line, ""
}

// strange says what a file is that no hook and no person left as an event: it
// is not opened, for a pipe may wait, a link lead anywhere, and another user
// may have put it there. "" where it is a plain file of ours.
func strange(info fs.FileInfo) string {
	switch mode := info.Mode(); {
	case mode&fs.ModeSymlink != 0:
		return "a symbolic link, which is not followed"
	case mode.IsDir():
		return "a folder; a file was expected"
	case !mode.IsRegular():
		return "no plain file"
	case owner(info) != os.Geteuid():
		return fmt.Sprintf("the file belongs to another user (uid %d)", owner(info))
	}
	return ""
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
			d.cleared(&d.done.SetAside, d.setAside(item.Name, settled[i]))
		default:
			d.done.Kept++
		}
	}
	return nil
}

// setAside moves a file, or the part of it that is of no use, into the folder
// bad, and writes the reason beside it.
func (s Spool) setAside(name string, why Settled) error {
	bad := filepath.Join(s.Dir, spoolBad)
	if err := privateDir(bad); err != nil {
		return err
	}
	to := filepath.Join(bad, asideName(name))
	if err := writeWhole(to+spoolReason, []byte(why.Reason+"\n")); err != nil {
		return err
	}
	if why.Part == nil {
		return os.Rename(filepath.Join(s.Dir, name), to)
	}
	if err := writeWhole(to, why.Part); err != nil {
		return err
	}
	return os.Remove(filepath.Join(s.Dir, name))
}

// writeWhole writes a file that is there whole or not at all.
func writeWhole(path string, data []byte) error {
	temp, err := writeTemp(filepath.Dir(path), data, true)
	if err != nil {
		return err
	}
	return os.Rename(temp, path)
}
