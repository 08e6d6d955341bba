package main

import (
	"slices"
	"strings"
)

// aligned makes lines of rows, their columns two spaces apart. Columns whose
// numbers are named are set to the right; the last one is not filled up, and a
// column that is empty in all rows is left out.
func aligned(rows [][]string, right ...int) []string {
	var widths []int
	for _, row := range rows {
		for i, text := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], cells(text))
		}
	}
	lines := make([]string, len(rows))
	for n, row := range rows {
		var parts []string
		for i, text := range row {
			switch {
			case widths[i] == 0:
			case slices.Contains(right, i):
				parts = append(parts, padLeft(text, widths[i]))
			default:
				parts = append(parts, padRight(text, widths[i]))
			}
		}
		lines[n] = strings.TrimRight(strings.Join(parts, strings.Repeat(" ", gap)), " ")
	}
	return lines
}

// leastFold is what a column that is broken has at least: a date is not.
const leastFold = 10

// folded breaks the texts of one column over further rows, where the rows would
// be wider than the screen.
func folded(rows [][]string, column, width int) [][]string {
	widest, at := -gap, 0
	for i := range rows[0] {
		n := 0
		for _, row := range rows {
			n = max(n, cells(row[i]))
		}
		if i == column {
			at = n
		}
		if n > 0 {
			widest += gap + n
		}
	}
	if widest <= width {
		return rows
	}
	var out [][]string
	for _, row := range rows {
		for i, line := range wrap(row[column], max(at-(widest-width), leastFold)) {
			if i > 0 {
				row = make([]string, len(row))
			}
			row = slices.Clone(row)
			row[column] = line
			out = append(out, row)
		}
	}
	return out
}

// hanging breaks text after a head into lines that are indented as far.
func hanging(head, text string, width int) []string {
	lines := wrap(text, max(width-cells(head), leastWidth))
	for i := range lines {
		lines[i] = head + lines[i]
		head = strings.Repeat(" ", cells(head))
	}
	return lines
}
