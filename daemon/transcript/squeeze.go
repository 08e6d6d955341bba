package transcript

const (
	squeezedString = 1 << 10 // bytes of a string that are kept
	squeezedLine   = 1 << 20 // bytes of a line that are kept at most
)

// squeezer cuts the strings of a JSON text that is too long to be held: nobody
// here needs more than the beginning of one. What comes out has the same
// structure, and is JSON where the text was.
type squeezer struct {
	out    []byte
	over   bool // more than is kept even so
	quoted bool // within a string
	length int  // of the string so far
	escape int  // bytes to come of an escape in it
	cut    bool // the rest of the string is dropped
}

func (s *squeezer) reset() { *s = squeezer{out: s.out[:0]} }

// bytes is what was kept, or nil where that is not all of the structure.
func (s *squeezer) bytes() []byte {
	if s.over {
		return nil
	}
	return s.out
}

func (s *squeezer) write(piece []byte) {
	for len(piece) > 0 {
		if s.cut && s.quoted && s.escape == 0 { // over to what may end it
			if piece = piece[plain(piece):]; len(piece) == 0 {
				return
			}
		}
		if s.keeps(piece[0]) {
			s.keep(piece[0])
		}
		piece = piece[1:]
	}
}

// plain is how many bytes there are before a quote or a backslash.
func plain(piece []byte) int {
	for i, c := range piece {
		if c == '"' || c == '\\' {
			return i
		}
	}
	return len(piece)
}

func (s *squeezer) keep(c byte) {
	if len(s.out) == squeezedLine {
		s.over = true
		return
	}
	s.out = append(s.out, c)
}

// keeps says whether the next byte is kept. A string is cut between two
// characters of JSON, never within an escape.
func (s *squeezer) keeps(c byte) bool {
	switch {
	case !s.quoted:
		s.quoted, s.length, s.cut = c == '"', 0, false
		return true
	case s.escape == 2: // the character after the backslash
		s.escape = 0
		if c == 'u' {
			s.escape = -4
		}
	case s.escape < 0:
		s.escape++
	case c == '"':
		s.quoted = false
		return true
	default:
		s.cut = s.cut || s.length >= squeezedString
		if c == '\\' {
			s.escape = 2
		}
	}
	s.length++
	return !s.cut
}
