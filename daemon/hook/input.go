package hook

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// Bounds on the tool's input. Prompts of 1 MiB arrive whole from the tools.
const (
	maxInput  = 8 << 20  // beyond this it is only drained
	someInput = 4 << 10  // what is mostly enough
	maxWhole  = 16 << 10 // a longer string is kept as its beginning and a digest of the rest
)

var (
	errTooLong = errors.New("the value is longer than is read")
	errCut     = errors.New("the input ended within the value")
)

// readValue reads one JSON object or array and stops at its last byte: some
// tools leave their end of the pipe open. What exceeds most bytes is read and
// thrown away up to the end of the value, because some tools take a failed
// write for a failed hook.
func readValue(r io.Reader, most int) ([]byte, error) {
	in := input{kept: make([]byte, 0, someInput)}
	piece := make([]byte, 16<<10)
	for {
		n, err := r.Read(piece)
		whole := in.take(piece[:n])
		if in.size > most {
			in.kept, in.deaf = nil, true
		}
		switch {
		case in.deaf && (whole || err != nil):
			return nil, errTooLong
		case whole:
			return in.kept, nil
		case err != nil:
			return nil, errCut
		}
	}
}

// input is a JSON value that is coming in. It is told from what follows it by
// its brackets and strings alone; whether it is valid is for the decoder to
// say. Prompts can be long, and nobody here needs more of one than its
// beginning and a means to tell it from others: so a long string is neither
// kept nor decoded whole, and costs next to no time.
type input struct {
	kept []byte
	size int
	deaf bool // nothing is kept any more

	depth  int       // of the brackets that are open
	quoted bool      // within a string
	escape int       // bytes to come of an escape in it
	length int       // of the string so far
	rest   hash.Hash // of what is not kept of the string; nil: all is
}

// take takes the next piece and reports whether the value ends in it.
func (in *input) take(piece []byte) bool {
	in.size += len(piece)
	for len(piece) > 0 {
		n := 1
		if in.quoted {
			n = in.text(piece)
		} else if in.structure(piece[0]) {
			return true
		}
		piece = piece[n:]
	}
	return false
}

// structure takes a byte outside of strings and reports whether it ends the
// value.
func (in *input) structure(c byte) bool {
	in.keep([]byte{c})
	switch c {
	case '"':
		in.quoted, in.length = true, 0
	case '{', '[':
		in.depth++
	case '}', ']':
		in.depth--
		return in.depth <= 0
	}
	return false
}

// text takes what comes next of a string and tells how much that is.
func (in *input) text(piece []byte) int {
	if in.escape == 0 && piece[0] == '"' {
		in.endText()
		return 1
	}
	if in.escape == 0 && in.length >= maxWhole && in.rest == nil {
		in.rest = sha256.New()
	}
	n := in.span(piece)
	in.length += n
	if in.rest != nil {
		in.rest.Write(piece[:n])
	} else {
		in.keep(piece[:n])
	}
	return n
}

// anEscape is how long an escape can be after its backslash.
const anEscape = len("uD83D")

// span is how much of the piece there is up to the end of the string, or up to
// the character from which on it is not kept.
func (in *input) span(piece []byte) int {
	for i, c := range piece {
		switch {
		case in.escape == 0 && (c == '"' || in.rest == nil && in.length+i >= maxWhole):
			return i
		case in.escape == 0 && c == '\\':
			in.escape = anEscape
		case in.escape == anEscape && c != 'u':
			in.escape = 0
		case in.escape > 0:
			in.escape--
		}
	}
	return len(piece)
}

func (in *input) endText() {
	if in.rest != nil {
		in.keep(hex.AppendEncode(nil, in.rest.Sum(nil)))
		in.rest = nil
	}
	in.keep([]byte{'"'})
	in.quoted = false
}

func (in *input) keep(b []byte) {
	if !in.deaf {
		in.kept = append(in.kept, b...)
	}
}

// ReadSmall reads a plain file of at most 1 MiB: a tool's settings. What hangs,
// or never ends, is none.
func ReadSmall(name string) ([]byte, error) {
	f, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() || info.Size() > maxSettings {
		return nil, fmt.Errorf("%s is not a plain file of at most %d bytes", name, maxSettings)
	}
	return io.ReadAll(io.LimitReader(f, maxSettings))
}

// below reads a file of a tool's settings in a folder; without a home there is
// none, and the folder that the tool works in is not to be taken for it.
func (in Input) below(dir string, path ...string) ([]byte, error) {
	if !filepath.IsAbs(dir) {
		return nil, fs.ErrNotExist
	}
	return in.ReadFile(filepath.Join(append([]string{dir}, path...)...))
}

// maxSettings is how much of a tool's settings is read.
const maxSettings = 1 << 20
