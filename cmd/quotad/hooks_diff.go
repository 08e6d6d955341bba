package main

import (
	"strings"

	"github.com/rogpeppe/go-internal/diff"

	"quotad/daemon/hook/install"
)

// paintDiff shows what a step changes in its file.
func paintDiff(s screen, step install.Step) string {
	from, to := step.Path, step.Path
	if step.Was == nil {
		from = "/dev/null"
	}
	if step.After() == nil {
		to = "/dev/null"
	}
	_, hunks, _ := strings.Cut(string(diff.Diff(from, step.Was, to, step.After())), "\n") // after its title
	var b strings.Builder
	for line := range strings.Lines(hunks) {
		text, end := strings.CutSuffix(line, "\n")
		b.WriteString(s.paint(clean(text), diffStyle(text)))
		if end {
			b.WriteString("\n")
		}
	}
	return b.String()
}

func diffStyle(line string) style {
	switch {
	case strings.HasPrefix(line, "+++"), strings.HasPrefix(line, "---"):
		return bold
	case strings.HasPrefix(line, "+"):
		return good
	case strings.HasPrefix(line, "-"):
		return bad
	case strings.HasPrefix(line, "@@"):
		return dim
	}
	return plain
}
