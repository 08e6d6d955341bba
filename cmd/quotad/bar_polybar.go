package main

import "strings"

// drawPolybar draws a line with polybar's formatting tags.
func drawPolybar(g *glance) string {
	return joined(g.parts(lengthUsual), func(p part) string {
		return "%{F" + barColour(p.level) + "}" + escapePolybar(p.text) + "%{F-}"
	}) + "\n"
}

// escapePolybar keeps text from opening a tag. Polybar has no escape for it; a
// lone % stands for itself.
func escapePolybar(text string) string { return strings.ReplaceAll(text, "%{", "% {") }
