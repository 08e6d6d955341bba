package main

import (
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
)

func TestLines(t *testing.T) {
	long := strings.Repeat("x", longestLine+1)
	most := strings.Repeat("y", longestLine-1)
	for _, c := range []struct {
		name, text string
		want       []string // "number:text", or "number!" where it is too long
	}{
		{"nothing", "", nil},
		{"blank lines are passed over, and counted", "a\n\n  \nb\n", []string{"1:a", "4:b"}},
		{"the last line needs no end", "a\nb", []string{"1:a", "2:b"}},
		{"lines of another system", "a\r\nb\r\n", []string{"1:a", "2:b"}},
		{"a byte order mark is no part of it", "\ufeffa\n\ufeffb", []string{"1:a", "2:\ufeffb"}},
		{"a line that is too long spoils no other", "a\n" + long + "\nb\n", []string{"1:a", "2!", "3:b"}},
		{"too long to its end", long, []string{"1!"}},
		{"as long as can be", most + "\nb", []string{"1:" + most, "2:b"}},
	} {
		f := &eventFile{in: io.NopCloser(strings.NewReader(c.text))}
		var got []string
		for l, err := range f.lines() {
			switch {
			case err != nil:
				t.Errorf("%s: %v", c.name, err)
			case l.err != nil:
				got = append(got, strconv.Itoa(l.number)+"!")
			default:
				got = append(got, strconv.Itoa(l.number)+":"+string(l.text))
			}
		}
		if !slices.Equal(got, c.want) || f.read != int64(len(c.text)) {
			t.Errorf("%s: %.60q of %d bytes, want %.60q", c.name, got, f.read, c.want)
		}
	}
}

func TestLinesBroken(t *testing.T) {
	broken := errors.New("broken")
	f := &eventFile{in: io.NopCloser(io.MultiReader(strings.NewReader("a\nb"), iotest.ErrReader(broken)))}
	var numbers []int
	var last error
	for l, err := range f.lines() {
		if last = err; err == nil {
			numbers = append(numbers, l.number)
		}
	}
	if !slices.Equal(numbers, []int{1}) || !errors.Is(last, broken) {
		t.Errorf("lines %v, then %v", numbers, last)
	}
}
