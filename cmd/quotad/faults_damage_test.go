package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"quotad/quota"
)

// A daemon never begins with an empty database in silence where there was one
// with events.
func TestDamagedDatabase(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		harm func([]byte) []byte
	}{
		{"it is empty", func([]byte) []byte { return nil }},
		{"it is cut off", func(b []byte) []byte { return b[:5*4096] }},
		{"it is something else", func(b []byte) []byte { return []byte(strings.Repeat("not a database\n", 1000)) }},
		{"both meta pages are zeroed", func(b []byte) []byte { clear(b[:8192]); return b }},
		{"all pages but these are zeroed", func(b []byte) []byte { clear(b[8192:]); return b }},
		{"a page in its middle is garbage", garbledPages},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for _, backed := range []bool{true, false} {
				h := newDaemonHome(t)
				p := h.start()
				kept := prompts("kept", 200)
				h.post(kept...).accepted(t)
				if backed {
					h.backup()
				}
				h.post(prompts("since", 50)...).accepted(t)
				p.stop()
				if !backed { // the daemon makes its own, too
					os.RemoveAll(filepath.Join(h.state, "backups"))
				}
				h.harm(c.harm)
				h.startsDamaged(backed, kept)
			}
		})
	}
}

// An older copy is whole and not the newest: that is told, and what the backup
// has beyond it is taken over.
func TestOlderDatabase(t *testing.T) {
	t.Parallel()
	h := newDaemonHome(t)
	p := h.start()
	kept := prompts("kept", 20)
	h.post(kept...).accepted(t)
	p.stop()
	old, err := os.ReadFile(h.database())
	h.must(err)
	p = h.start()
	since := prompts("since", 20)
	h.post(since...).accepted(t)
	h.backup()
	h.post(prompts("lost", 5)...).accepted(t)
	p.stop()
	h.must(os.WriteFile(h.database(), old, 0o600))
	p = h.start()
	if said := p.said.String(); !strings.Contains(said, "older than what was last written") || !strings.Contains(said, "20 events were taken over") {
		t.Errorf("it says:\n%s", said)
	}
	if lost := h.lost(append(kept, since...)); len(lost) > 0 {
		t.Error(lost)
	}
	h.checkCounters()
	h.verify()
	p.stop()
	if p = h.start(); strings.Contains(p.said.String(), "older") {
		t.Errorf("told again:\n%s", p.said)
	}
}

// A database that was there and is gone is not taken for a first start.
func TestMissingDatabase(t *testing.T) {
	t.Parallel()
	h := newDaemonHome(t)
	p := h.start()
	kept := prompts("kept", 20)
	h.post(kept...).accepted(t)
	h.backup()
	p.stop()
	h.must(os.Remove(h.database()))
	p = h.start()
	if said := p.said.String(); !strings.Contains(said, "was not there any more") || !strings.Contains(said, "the backup") {
		t.Errorf("with a backup it says:\n%s", said)
	}
	if lost := h.lost(kept); len(lost) > 0 {
		t.Error(lost)
	}
	p.stop()
	h.must(os.Remove(h.database()), os.RemoveAll(filepath.Join(h.state, "backups")))
	p = h.start()
	if said := p.said.String(); !strings.Contains(said, "was not there any more") || !strings.Contains(said, "no good backup was found") {
		t.Errorf("without a backup it says:\n%s", said)
	}
}

// A place of the database that the disk cannot read keeps nobody from starting:
// it is damage like any other. What can be read is taken over.
func TestASectorThatCannotBeRead(t *testing.T) {
	t.Parallel()
	for _, backed := range []bool{true, false} {
		kept, since := prompts("kept", 200), prompts("since", 50)
		all := append(kept, since...)
		h, said := unreadable(t, all, func(h *daemonHome) {
			p := h.start()
			h.post(kept...).accepted(t)
			if backed {
				h.backup()
			}
			h.post(since...).accepted(t)
			p.stop()
			if !backed {
				h.must(os.RemoveAll(filepath.Join(h.state, "backups")))
			}
		})
		for _, text := range []string{"the damaged file was kept as", "events were taken over"} {
			if !strings.Contains(said, text) {
				t.Errorf("it does not say %q:\n%s", text, said)
			}
		}
		if lost := h.lost(all); len(lost) > 0 {
			t.Error(lost)
		}
		if aside, _ := filepath.Glob(h.database() + ".damaged-*"); len(aside) == 0 {
			t.Error("the damaged file was not kept")
		}
		h.checkCounters()
		h.verify()
	}
}

// unreadable prepares a home with these events and starts a daemon there for
// which a page of the database cannot be read, and gives what that and the next
// start said. strace counts the calls of each thread, so that two of them may fail,
// and again where they try again. What stood in a page of which both happened only
// the kept file has: such a home is no example, and another one is made.
func unreadable(t *testing.T, all []quota.Event, prepare func(*daemonHome)) (h *daemonHome, said string) {
	t.Helper()
	for range 10 {
		h = newDaemonHome(t)
		prepare(h)
		p := h.traced("pread64:error=EIO:when=5..6")
		eventually(t, startLimit, "it is ready, or ended", func() bool {
			a, err := callDaemon(h.client, http.MethodGet, "/healthz", "", nil)
			return err == nil && a.status == http.StatusOK || p.hasEnded()
		})
		p.kill()
		again := h.start()
		said = p.said.String()
		unread := strings.Contains(said, "page") && strings.Contains(said, "cannot be read: input/output error")
		if unread && (h.failedTwice() < 2 || len(h.lost(all)) == 0) {
			return h, said + again.said.String()
		}
		again.stop()
	}
	t.Fatal("never was it a page alone that could not be read")
	return nil, ""
}

// failedTwice is how many places strace has made fail more than once.
func (h *daemonHome) failedTwice() (n int) {
	h.t.Helper()
	text, err := os.ReadFile(h.calls())
	h.must(err)
	failed := map[string]int{}
	for line := range strings.Lines(string(text)) {
		if call, _, made := strings.Cut(line, ") = -1 EIO"); made {
			place := call[strings.LastIndexByte(call, ' ')+1:]
			if failed[place]++; failed[place] == 2 {
				n++
			}
		}
	}
	return n
}

// An empty database takes no place as long as there is something that the disk
// cannot read now: another try may give all of it.
func TestADiskThatReadsNothing(t *testing.T) {
	t.Parallel()
	type kept struct{ database, backup string }
	const unreadable, damaged, gone = "unreadable", "damaged", "gone"
	for _, c := range []struct {
		name string
		is   kept
		says string
	}{
		{"neither the database nor its backup", kept{unreadable, unreadable}, "quotad.db nor the backup "},
		{"the database, of which there is no backup", kept{unreadable, gone}, "quotad.db, wherever in it, and there is no good backup"},
		{"the database, whose backup is damaged", kept{unreadable, damaged}, "quotad.db, wherever in it, and there is no good backup"},
		{"the backup of a database that is gone", kept{gone, unreadable}, "quotad.db is not there any more, and the disk cannot read the backup "},
		{"the backup of a database that is damaged", kept{damaged, unreadable}, "quotad.db is damaged, and the disk cannot read the backup "},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h := newDaemonHome(t)
			p := h.start()
			sent := prompts("kept", 200)
			h.post(sent...).accepted(t)
			h.backup()
			p.stop()
			backups, _ := filepath.Glob(filepath.Join(h.state, "backups", "*.db"))
			var meddle []string
			harm := func(how string, files ...string) {
				for _, path := range files {
					switch how {
					case unreadable:
						meddle = append(meddle, path)
					case damaged:
						h.must(os.WriteFile(path, []byte(strings.Repeat("nothing of a database\n", 1000)), 0o600))
					case gone:
						h.must(os.Remove(path))
					}
				}
			}
			harm(c.is.database, h.database())
			harm(c.is.backup, backups...)
			before := h.tree()
			p = h.meddled("pread64:error=EIO", meddle...)
			code := p.end(startLimit)
			if said := p.said.String(); code != 1 || !strings.Contains(said, c.says) || !strings.Contains(said, "nothing was changed: input/output error") || !strings.Contains(said, "dmesg") {
				t.Errorf("it ended with %d and says:\n%s", code, said)
			}
			if after := h.tree(); after != before {
				t.Errorf("the state folder was\n%sand is\n%s", before, after)
			}
			h.start() // the disk reads again
			if lost := h.lost(sent); len(lost) > 0 {
				t.Error(lost)
			}
			h.verify()
		})
	}
}

// tree lists the databases of the state folder with their sizes.
func (h *daemonHome) tree() string {
	h.t.Helper()
	var list strings.Builder
	h.must(filepath.WalkDir(h.state, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.Contains(d.Name(), ".db") {
			return err
		}
		info, err := d.Info()
		if err == nil {
			fmt.Fprintln(&list, path, info.Size())
		}
		return err
	}))
	return list.String()
}

func (p *process) hasEnded() bool {
	select {
	case <-p.ended:
		return true
	default:
		return false
	}
}

func (h *daemonHome) harm(how func([]byte) []byte) {
	h.t.Helper()
	data, err := os.ReadFile(h.database())
	if err == nil {
		err = os.WriteFile(h.database(), how(data), 0o600)
	}
	if err != nil {
		h.t.Fatal(err)
	}
}

// garbledPages spoils the pages that hold the name of a session.
func garbledPages(b []byte) []byte {
	for page := range slices.Chunk(b, 4096) {
		if bytes.Contains(page, []byte(sessionName)) {
			copy(page[16:], strings.Repeat("\xa5", 1000))
		}
	}
	return b
}

// startsDamaged expects that the daemon says what it found and where the file
// went, and has what the backup has.
func (h *daemonHome) startsDamaged(backed bool, kept []quota.Event) {
	t := h.t
	t.Helper()
	p := h.start()
	want := []string{"the database was damaged", "the damaged file was kept as"}
	if backed {
		want = append(want, "the backup")
		if lost := h.lost(kept); len(lost) > 0 {
			t.Errorf("with a backup: %v", lost)
		}
	} else if len(h.events()) == 0 {
		want = append(want, "no good backup was found")
	}
	for _, text := range want {
		if !strings.Contains(p.said.String(), text) {
			t.Errorf("it does not say %q:\n%s", text, p.said)
		}
	}
	if aside, _ := filepath.Glob(h.database() + ".damaged-*"); len(aside) != 1 {
		t.Errorf("the damaged file was kept as %v", aside)
	}
	h.post(prompts("more", 10)...).accepted(t)
	h.checkCounters()
	h.verify()
	p.stop()
}
