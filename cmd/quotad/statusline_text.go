package main

import "strconv"

// segment is our part of a status line.
type segment struct {
	screen screen
	glance *glance // nil: nothing is shown
}

// longest is the one with the most words that takes at most so many columns,
// in colour; ok is false where even the fewest are too many.
func (l segment) longest(width int) (text string, ok bool) {
	for n := range lengths {
		parts := l.glance.parts(n)
		if cells(joined(parts, bare)) <= width {
			return joined(parts, l.paint), true
		}
	}
	return "", false
}

// within is one of at most so many columns: where not all accounts fit, the
// worst, and how many there are besides; where that does not, what does of it.
func (l segment) within(width int) string {
	if text, ok := l.longest(width); ok {
		return text
	}
	p := part{l.glance.absent(), l.glance.level()}
	if w := l.glance.worst(); w != nil {
		p.text = w.texts[lengthLeast]
		if more := len(l.glance.briefs) - 1; more > 0 {
			p.text += " +" + strconv.Itoa(more)
		}
	}
	p.text = l.screen.fit(p.text, width)
	return l.paint(p)
}

func (l segment) paint(p part) string {
	return l.screen.paint(p.text, [...]style{good, warned, alarm, dim}[p.level])
}
