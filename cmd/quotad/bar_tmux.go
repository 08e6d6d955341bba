package main

import "strings"

// drawTmux draws a line for #(...) in tmux's status line. What is well has the
// bar's own colours, which are black on green unless the user chose others; the
// rest brings its ground along. Colours have names: in "#E5C07B" tmux would take
// "#E" for a variable.
func drawTmux(g *glance) string {
	return joined(g.parts(lengthUsual), func(p part) string {
		style := [...]string{"", "#[fg=black,bg=yellow]", "#[fg=white,bg=red]", "#[fg=white,bg=brightblack]"}[p.level]
		if style == "" {
			return escapeTmux(p.text)
		}
		return style + escapeTmux(p.text) + "#[default]"
	}) + "\n"
}

// escapeTmux makes text stand for itself: what begins with # is a variable, a
// command to run or a style.
func escapeTmux(text string) string { return strings.ReplaceAll(text, "#", "##") }
