package main

import (
	"bytes"
	"testing"
)

// envOf is an environment of these variables alone.
func envOf(pairs ...string) func(string) string {
	return func(name string) string {
		for i := 0; i+1 < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1]
			}
		}
		return ""
	}
}

func TestScreen(t *testing.T) {
	for _, c := range []struct {
		name string
		env  []string
		want screen
	}{
		{"without a word the screen is usual", nil, screen{width: usualWidth}},
		{"COLUMNS decides the width", []string{"COLUMNS", "132"}, screen{width: 132}},
		{"a width that is no number is not believed", []string{"COLUMNS", "wide"}, screen{width: usualWidth}},
		{"a width below zero is not believed", []string{"COLUMNS", "-3"}, screen{width: usualWidth}},
		{"a width of one is not believed", []string{"COLUMNS", "1"}, screen{width: leastWidth}},
		{"a huge width is not believed", []string{"COLUMNS", "999999999"}, screen{width: mostWidth}},
		{"a locale of UTF-8 shows blocks", []string{"LANG", "de_DE.UTF-8"}, screen{width: usualWidth, blocks: true}},
		{"a locale of utf8 shows blocks", []string{"LC_CTYPE", "C.utf8"}, screen{width: usualWidth, blocks: true}},
		{"LC_ALL wins", []string{"LC_ALL", "C", "LANG", "de_DE.UTF-8"}, screen{width: usualWidth}},
		{"what is no terminal has no colour", []string{"TERM", "xterm"}, screen{width: usualWidth}},
	} {
		a := &app{stdout: new(bytes.Buffer), env: envOf(c.env...)}
		if got := a.screen(); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}

func TestBar(t *testing.T) {
	for _, c := range []struct {
		name    string
		percent float64
		blocks  bool
		want    string
	}{
		{"nothing used is empty", 0, true, "░░░░░░░░░░"},
		{"the least use shows", 0.01, true, "█░░░░░░░░░"},
		{"a half is half", 50, true, "█████░░░░░"},
		{"while there is room it is not full", 99.9, true, "█████████░"},
		{"all used is full", 100, true, "██████████"},
		{"more than all is full", 250, true, "██████████"},
		{"ASCII has a frame", 50, false, "[####----]"},
		{"ASCII is empty too", 0, false, "[--------]"},
	} {
		if got := (screen{blocks: c.blocks}).bar(c.percent, 10, good); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestPaint(t *testing.T) {
	if got := (screen{}).paint("x", alarm); got != "x" {
		t.Errorf("without colour: %q", got)
	}
	s := screen{colour: true}
	if got := s.paint("x", alarm); got != "\x1b[1;31mx\x1b[0m" {
		t.Errorf("with colour: %q", got)
	}
	if got := s.paint("", alarm) + s.paint("x", plain); got != "x" {
		t.Errorf("nothing to paint: %q", got)
	}
}

func TestTable(t *testing.T) {
	rows := [][]string{{"1", "a long description of it", "spare", "ID1"}, {"22", "short", "", "ID2"}}
	empty := table{screen: screen{width: 80}, head: []string{"A", "B", "C"}}
	if got := empty.draw([][]string{{"1", "", "3"}}); got != "A  C\n1  3\n" {
		t.Errorf("a column that nothing stands in is left out: %q", got)
	}
	draw := func(width int) string {
		tab := table{screen: screen{width: width, blocks: true}, head: []string{"N", "WHAT", "MORE", "ID"}, spare: []int{2}, flex: 1}
		return tab.draw(rows)
	}
	for _, c := range []struct {
		name  string
		width int
		want  string
	}{
		{"all fits on a wide screen", 80, "N   WHAT                      MORE   ID\n1   a long description of it  spare  ID1\n22  short                            ID2\n"},
		{"what just fits is all there", 40, "N   WHAT                      MORE   ID\n1   a long description of it  spare  ID1\n22  short                            ID2\n"},
		{"a spare column goes first", 39, "N   WHAT                      ID\n1   a long description of it  ID1\n22  short                     ID2\n"},
		{"then one is cut", 20, "N   WHAT         ID\n1   a long des…  ID1\n22  short        ID2\n"},
	} {
		if got := draw(c.width); got != c.want {
			t.Errorf("%s:\n%s\nwant\n%s", c.name, got, c.want)
		}
	}
}
