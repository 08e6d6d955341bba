package main

import (
	"slices"
	"strings"
)

// table sets rows in columns. Where it is too wide for the screen it leaves
// columns out, and then cuts one.
type table struct {
	screen
	head   []string
	spare  []int // columns to leave out, in this order
	flex   int   // column to cut
	tail   bool  // of which the end is kept, as of a path
	right  []int // columns that are set to the right
	widths []int // 0: left out
}

// leastFlex is what is left at least of a column that is cut.
const leastFlex = 8

// tableScreen is as wide as the terminal; in a pipe nothing is left out.
func (a *app) tableScreen() screen {
	s := a.screen()
	if !isTerminal(a.stdout) && a.env("COLUMNS") == "" {
		s.width = mostWidth
	}
	return s
}

// layout finds the widths for rows like these. A column that is empty in all of
// them is left out.
func (t *table) layout(rows [][]string) {
	t.widths = make([]int, len(t.head))
	for _, row := range rows {
		for i, text := range row {
			if n := cells(text); n > 0 {
				t.widths[i] = max(t.widths[i], n, cells(t.head[i]))
			}
		}
	}
	for _, i := range t.spare {
		if t.width >= t.taken() {
			return
		}
		t.widths[i] = 0
	}
	if over := t.taken() - t.width; over > 0 {
		t.widths[t.flex] = max(t.widths[t.flex]-over, leastFlex)
	}
}

func (t *table) cut(text string, width int) string {
	if t.tail {
		return t.fitTail(text, width)
	}
	return t.fit(text, width)
}

func (t *table) taken() int {
	n := -gap
	for _, w := range t.widths {
		if w > 0 {
			n += gap + w
		}
	}
	return n
}

// line is a row as it is drawn, its newline included.
func (t *table) line(row []string, with style) string {
	var texts []string
	for i, text := range row {
		switch {
		case t.widths[i] == 0:
			continue
		case i == t.flex && t.width < mostWidth:
			text = t.cut(text, t.widths[i])
		}
		if slices.Contains(t.right, i) {
			texts = append(texts, padLeft(text, t.widths[i]))
		} else {
			texts = append(texts, padRight(text, t.widths[i]))
		}
	}
	return t.paint(strings.TrimRight(strings.Join(texts, strings.Repeat(" ", gap)), " "), with) + "\n"
}

// draw is all of a table at once.
func (t *table) draw(rows [][]string) string {
	t.layout(rows)
	var b strings.Builder
	b.WriteString(t.line(t.head, bold))
	for _, row := range rows {
		b.WriteString(t.line(row, plain))
	}
	return b.String()
}
