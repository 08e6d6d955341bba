package daemon

import (
	"io"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sys/unix"
)

// NewLog writes for whoever reads stderr: with colour and times on a terminal,
// with the priorities of the journal and no times under systemd, as plain
// lines elsewhere. The level is one of config.LogLevels.
func NewLog(stderr io.Writer, env func(string) string, level string) zerolog.Logger {
	lvl, err := zerolog.ParseLevel(level)
	if err != nil {
		lvl = zerolog.InfoLevel
	}
	if f, ok := stderr.(*os.File); ok && inJournal(f, env) {
		return zerolog.New(journal{f}).Level(lvl)
	}
	w := zerolog.ConsoleWriter{Out: stderr, TimeFormat: time.DateTime, NoColor: env("NO_COLOR") != "" || !isTerminal(stderr)}
	return zerolog.New(w).Level(lvl).With().Timestamp().Logger()
}

// ErrorMark goes in front of each line of an error that is written to stderr
// without a log: under systemd the priority that has the journal show it as one,
// "" elsewhere.
func ErrorMark(stderr io.Writer, env func(string) string) string {
	if f, ok := stderr.(*os.File); ok && inJournal(f, env) {
		return priority(zerolog.ErrorLevel)
	}
	return ""
}

// inJournal reports whether f is the stream that systemd said goes to the
// journal.
func inJournal(f *os.File, env func(string) string) bool {
	dev, ino, ok := strings.Cut(env("JOURNAL_STREAM"), ":")
	if !ok {
		return false
	}
	info, err := f.Stat()
	if err != nil {
		return false
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && strconv.FormatUint(st.Dev, 10) == dev && strconv.FormatUint(st.Ino, 10) == ino
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	_, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	return err == nil
}

// journal writes lines with the priority in front that journald files them by.
type journal struct{ out io.Writer }

// priority is the one of syslog(3).
func priority(l zerolog.Level) string {
	switch l {
	case zerolog.TraceLevel, zerolog.DebugLevel:
		return "<7>"
	case zerolog.WarnLevel:
		return "<4>"
	case zerolog.ErrorLevel:
		return "<3>"
	case zerolog.FatalLevel, zerolog.PanicLevel:
		return "<2>"
	}
	return "<6>"
}

// Write implements io.Writer.
func (j journal) Write(p []byte) (int, error) { return j.WriteLevel(zerolog.NoLevel, p) }

// WriteLevel implements zerolog.LevelWriter.
func (j journal) WriteLevel(l zerolog.Level, p []byte) (int, error) {
	var line strings.Builder
	line.WriteString(priority(l))
	text := zerolog.ConsoleWriter{Out: &line, NoColor: true, PartsExclude: []string{zerolog.TimestampFieldName, zerolog.LevelFieldName}}
	if _, err := text.Write(p); err != nil {
		return 0, err
	}
	if _, err := io.WriteString(j.out, line.String()); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Of what may come about again and again, however often it does, a day has at
// most so many lines of one kind, and of repeats of any kind.
const (
	linesOfKind  = 4
	errorsOfKind = 2 // whatever else fills the day
	repeatsADay  = 6
	kindsADay    = 24 // that are told apart
)

// sparing is a log for such lines. That of a day stays short even where a
// network, a desktop or a disk comes and goes all day, or a tool has records that
// cannot be read; but the first line of each kind is written, whatever others are.
// All that share the log share the day.
func sparing(log zerolog.Logger) zerolog.Logger { return log.Hook(&spare{}) }

// spare drops lines that were written often enough. Its methods are safe for
// concurrent use.
type spare struct {
	mu      sync.Mutex
	since   time.Time
	kinds   map[string]int // lines of each, by their message
	repeats int
}

// Run implements zerolog.Hook. Who asks for more than info has the disk for it.
func (s *spare) Run(e *zerolog.Event, level zerolog.Level, msg string) {
	if level >= zerolog.InfoLevel && !s.lets(time.Now(), level, msg) {
		e.Discard()
	}
}

func (s *spare) lets(now time.Time, level zerolog.Level, kind string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.kinds == nil || now.Sub(s.since) >= 24*time.Hour {
		s.since, s.kinds, s.repeats = now, map[string]int{}, 0
	}
	n, known := s.kinds[kind]
	switch {
	case !known && len(s.kinds) < kindsADay:
	case n < errorsOfKind && level >= zerolog.ErrorLevel:
	case n < linesOfKind && s.repeats < repeatsADay:
		s.repeats++
	default:
		return false
	}
	if known || len(s.kinds) < kindsADay {
		s.kinds[kind] = n + 1
	}
	return true
}
