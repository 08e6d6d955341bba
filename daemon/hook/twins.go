package hook

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"quotad/quota"
)

// twinGap is how far apart the runs of a hook that is registered twice can
// begin: the tool starts them side by side. What a person types again, word
// for word, comes later.
const twinGap = 300 * time.Millisecond

// longestGap is the most that an adapter may ask for, whose tool tells prompts
// apart by less than others do.
const longestGap = 5 * time.Second

// late is how long after it began a run may come to the file: many times as long
// as a hook may take at all. Until then the others keep what it may be a twin of.
const late = time.Second

// Twins lets the runs of a hook that a tool fires more than once for one
// prompt agree on one event, so that whichever of them is heard, and were it
// all of them, the prompt counts once.
//
// They meet in a file, under its lock, that holds what came lately, and nothing
// of before once a twin of none of it can come: a salted hash of the prompt with its
// surroundings, the ID, the time. Nobody without the salt can tell the prompt
// from it.
type Twins struct {
	Dirs []string               // where the file may be; the first that can be written is used
	Salt func() ([]byte, error) // see SaltIn
}

// SaltIn is Salt, whose file is read once: when it is first asked for.
func SaltIn(stateDir string) func() ([]byte, error) {
	return sync.OnceValues(func() ([]byte, error) { return Salt(stateDir) })
}

// Run is one run of a hook that has an event to tell.
type Run struct {
	ID string    // of the event
	At time.Time // when it began
}

// First is the first of the runs for one prompt: mine, which twins to come
// will find, or the one that mine is a twin of, begun within gap of it.
func (t Twins) First(same [][]byte, gap time.Duration, mine Run) (Run, error) {
	f, err := openShared(t.Dirs, "hook.recent")
	if err != nil {
		return mine, err
	}
	defer f.Close() // releases the lock
	salt, err := t.Salt()
	if err != nil {
		return mine, err
	}
	me := sighting{key: mark(salt, same), run: mine, gap: gap}
	recent := readRecent(f)
	if first, ok := recent.twinOf(me); ok {
		return first, nil
	}
	return mine, recent.add(f, me)
}

// openShared opens a file that the runs of hooks share, in the first folder that
// takes it, and locks it until it is closed.
func openShared(dirs []string, name string) (*os.File, error) {
	failed := errors.New("no folder to meet in")
	for _, dir := range dirs {
		f, err := openOwn(filepath.Join(dir, name))
		if errors.Is(err, os.ErrNotExist) {
			_ = os.Mkdir(dir, 0o700) // the folder above it is not ours to make
			f, err = openOwn(filepath.Join(dir, name))
		}
		if err != nil {
			failed = err
			continue
		}
		if err := lock(f); err != nil {
			f.Close()
			return nil, err
		}
		return f, nil
	}
	return nil, failed
}

// openOwn opens a plain file of ours, made where it is missing. The folder may
// be anybody's to write: a pipe in it would hold up the hook for ever, to another
// user's file nothing is told, and what has a second name may be dear elsewhere.
func openOwn(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0o600)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil {
		if st, ok := info.Sys().(*syscall.Stat_t); !ok || !info.Mode().IsRegular() || int(st.Uid) != os.Geteuid() || st.Nlink > 1 {
			err = fmt.Errorf("%s is not a plain file of ours", path)
		}
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// lock takes the file's lock. A twin holds it for well under a millisecond; one
// that was stopped meanwhile must not stop the others.
func lock(f *os.File) error {
	var err error
	for range 50 {
		if err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err == nil {
			return nil
		}
		time.Sleep(time.Millisecond)
	}
	return fmt.Errorf("lock %s: %w", f.Name(), err)
}

// sighting is one line of the file.
type sighting struct {
	key string
	run Run
	gap time.Duration // within which a twin of it can come
}

// young reports whether a twin of the sighting can still come at an instant.
func (s sighting) young(at time.Time) bool {
	return apart(s.run, Run{At: at}) <= min(s.gap, longestGap)+late && len(s.run.ID) <= quota.MaxID
}

// recent is the text of the file: a sighting in each line, as they came.
type recent struct {
	text  []byte
	whole bool // all of it was read
}

// readRecent reads the file as far as it can be of use; what cannot be read is
// as good as nothing.
func readRecent(f *os.File) recent {
	const most = 1 << 20
	info, err := f.Stat()
	if err != nil {
		return recent{}
	}
	text := make([]byte, min(info.Size(), most))
	n, err := io.ReadFull(f, text)
	return recent{text[:n], err == nil && info.Size() <= most}
}

// twinOf is the run that a sighting is the twin of. Only lines with its key are
// looked into: while many prompts come at once there are many of others.
func (r recent) twinOf(me sighting) (first Run, ok bool) {
	key := []byte(me.key + " ")
	for rest := r.text; ; {
		i := bytes.Index(rest, key)
		if i < 0 {
			return Run{}, false
		}
		begins := i == 0 || rest[i-1] == '\n'
		line, after, _ := bytes.Cut(rest[i:], []byte{'\n'})
		if s, reads := parseSighting(string(line)); begins && reads && s.young(me.run.At) && apart(s.run, me.run) <= me.gap {
			return s.run, true
		}
		rest = after
	}
}

// add adds a sighting to the file. It is the only one there where all others
// are of no more use, as is nearly always so; while many come at once those of
// no more use are dropped when the file has grown.
func (r recent) add(f *os.File, me sighting) error {
	const grown = 64 << 10
	if r.whole && len(r.text) < grown && r.last().young(me.run.At) {
		_, err := f.WriteAt(me.line(nil), int64(len(r.text)))
		return err
	}
	kept := make([]byte, 0, 256)
	for line := range bytes.Lines(r.text) {
		if s, reads := parseSighting(string(bytes.TrimSuffix(line, []byte{'\n'}))); reads && s.young(me.run.At) {
			kept = s.line(kept)
		}
	}
	return overwrite(f, me.line(kept))
}

// last is the sighting that came last; none where the file does not end with one.
func (r recent) last() sighting {
	text, ended := bytes.CutSuffix(r.text, []byte{'\n'})
	s, reads := parseSighting(string(text[bytes.LastIndexByte(text, '\n')+1:]))
	if !ended || !reads {
		return sighting{}
	}
	return s
}

// parseSighting reads a line. One that does not read is as good as none.
func parseSighting(line string) (s sighting, ok bool) {
	key, rest, _ := strings.Cut(line, " ")
	id, rest, _ := strings.Cut(rest, " ")
	at, gap, _ := strings.Cut(rest, " ")
	ms, noTime := strconv.ParseInt(at, 10, 64)
	long, noGap := strconv.ParseInt(gap, 10, 32)
	s = sighting{key: key, run: Run{ID: id, At: time.UnixMilli(ms).UTC()}, gap: time.Duration(long) * time.Millisecond}
	return s, noTime == nil && noGap == nil && key != "" && id != ""
}

// apart is how far apart two runs began.
func apart(a, b Run) time.Duration { return quota.Milli(a.At).Sub(quota.Milli(b.At)).Abs() }

// line adds the line of a sighting to a text.
func (s sighting) line(text []byte) []byte {
	text = append(append(append(append(text, s.key...), ' '), s.run.ID...), ' ')
	text = append(strconv.AppendInt(text, s.run.At.UnixMilli(), 10), ' ')
	return append(strconv.AppendInt(text, s.gap.Milliseconds(), 10), '\n')
}

// overwrite puts a text in the place of what the file held. It is cut after
// that, not emptied before: a file system may write out a file at once that was
// emptied and written again, and a coding tool waits here.
func overwrite(f *os.File, text []byte) error {
	if _, err := f.WriteAt(text, 0); err != nil {
		return err
	}
	return f.Truncate(int64(len(text)))
}

// mark is a salted hash of the parts, each with its length, so that no two
// lists of parts look alike.
func mark(salt []byte, parts [][]byte) string {
	h := hmac.New(sha256.New, salt)
	for _, p := range parts {
		h.Write(binary.LittleEndian.AppendUint64(nil, uint64(len(p))))
		h.Write(p)
	}
	return hex.EncodeToString(h.Sum(nil))
}

const saltLength = 32

// SaltFile is where the salt of this machine is, in the state folder.
func SaltFile(stateDir string) string { return filepath.Join(stateDir, "hook.salt") }

// Salt is the salt of this machine, by which hashes tell things apart that must
// not be kept. It is made where there is none.
func Salt(stateDir string) ([]byte, error) { return readSalt(SaltFile(stateDir)) }

// readSalt reads the salt, and makes it where there is none, or where it is not
// whole, as a power cut can leave a new file.
func readSalt(path string) ([]byte, error) {
	salt, err := ReadSmall(path)
	if err == nil && len(salt) != saltLength {
		if err = os.Remove(path); err == nil {
			err = os.ErrNotExist
		}
	}
	if errors.Is(err, os.ErrNotExist) {
		if err = makeSalt(path); err == nil {
			salt, err = ReadSmall(path)
		}
	}
	if err == nil && len(salt) != saltLength {
		err = fmt.Errorf("%s: %d bytes, expected %d", path, len(salt), saltLength)
	}
	return salt, err
}

// makeSalt puts the salt there whole or not at all; the first run wins.
func makeSalt(path string) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".salt-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	salt := make([]byte, saltLength)
	_, _ = rand.Read(salt) // never fails
	_, err = f.Write(salt)
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := os.Link(f.Name(), path); !errors.Is(err, os.ErrExist) {
		return err
	}
	return nil
}
