package main

// i3blocksUrgent is the exit code that marks a block as urgent.
const i3blocksUrgent = 33

// drawI3blocks draws three lines: the text, the text where room is short, and
// the colour (i3blocks(1)).
func drawI3blocks(g *glance) string {
	return joined(g.parts(lengthUsual), bare) + "\n" + joined(g.parts(lengthLeast), bare) + "\n" + barColour(g.level()) + "\n"
}
