package main

import (
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// screen is what text for people is drawn on.
type screen struct {
	width  int  // in columns
	colour bool // escape sequences are understood, and wanted
	blocks bool // characters beyond ASCII can be shown
}

// Bounds of a screen's width; what says otherwise is not believed.
const (
	usualWidth = 80
	leastWidth = 20
	mostWidth  = 1000
)

// screen looks at where standard output goes.
func (a *app) screen() screen {
	term := a.env("TERM")
	return screen{
		width:  a.columns(),
		colour: isTerminal(a.stdout) && a.env("NO_COLOR") == "" && term != "" && term != "dumb",
		blocks: unicodeLocale(a.env),
	}
}

// columns is how wide lines may be: COLUMNS where the user exports it, else as
// the terminal says.
func (a *app) columns() int {
	width, err := strconv.Atoi(a.env("COLUMNS"))
	if err != nil || width <= 0 {
		width = usualWidth
		if size := a.terminal(); size.Col > 0 {
			width = int(size.Col)
		}
	}
	return min(max(width, leastWidth), mostWidth)
}

// terminal is the size of the one that standard output is; zeros where it is none,
// or does not say.
func (a *app) terminal() unix.Winsize {
	if f, ok := a.stdout.(*os.File); ok {
		if size, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ); err == nil {
			return *size
		}
	}
	return unix.Winsize{}
}

// unicodeLocale reports whether the locale's characters are UTF-8. The first
// variable that is set decides, as in the C library.
func unicodeLocale(env func(string) string) bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if locale := strings.ToLower(env(name)); locale != "" {
			return strings.Contains(locale, "utf-8") || strings.Contains(locale, "utf8")
		}
	}
	return false
}

// style is the parameters of an SGR escape sequence; "" is plain.
type style string

// The styles in use.
const (
	plain  style = ""
	bold   style = "1"
	dim    style = "2"
	good   style = "32"
	warned style = "33"
	bad    style = "31"
	alarm  style = "1;31"
)

// paint puts text in a style, where the screen shows any.
func (s screen) paint(text string, with style) string {
	if !s.colour || with == plain || text == "" {
		return text
	}
	return "\x1b[" + string(with) + "m" + text + "\x1b[0m"
}

// bar draws percent in so many columns. It is only empty where nothing is
// used, and only full where nothing is left.
func (s screen) bar(percent float64, width int, with style) string {
	open, full, empty, end := "", "█", "░", ""
	if !s.blocks {
		open, full, empty, end = "[", "#", "-", "]"
		width -= 2
	}
	n := int(percent / 100 * float64(width))
	switch {
	case percent >= 100:
		n = width
	case percent > 0:
		n = min(max(n, 1), width-1)
	default:
		n = 0
	}
	return open + s.paint(strings.Repeat(full, n), with) + s.paint(strings.Repeat(empty, width-n), dim) + end
}

// dot stands between things said on one line.
func (s screen) dot() string {
	if s.blocks {
		return " · "
	}
	return " - "
}
