package install

import (
	"bytes"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"quotad/daemon/hook"
)

// putOwn writes a file that is all ours.
func putOwn(text []byte, f hook.File) Edit {
	switch {
	case text == nil:
		return Edit{Text: []byte(f.Text), Reason: Installed}
	case string(text) == f.Text:
		return Edit{Text: text, Reason: Already}
	case !isOurs(text, f):
		return Edit{Text: text, Reason: Theirs, Hints: []string{"it is a file of yours; move it away and run it again"}}
	}
	return Edit{Text: []byte(f.Text), Reason: Updated}
}

// putScript writes a script where there is none. In one of the user's own our
// line has to stand, and only they can put it there.
func putScript(text []byte, f hook.File) Edit {
	if text == nil || isOurs(text, f) {
		return putOwn(text, f)
	}
	for _, command := range commandLines(text) {
		if hook.Calls(command) {
			return Edit{Text: text, Reason: Already}
		}
	}
	return Edit{Text: text, Reason: Theirs, Hints: []string{"it is a script of yours; add to it: " + strings.Join(commandLines([]byte(f.Text)), "; ")}}
}

func takeWhole(text []byte, f hook.File) Edit {
	switch {
	case text == nil:
		return Edit{Reason: Absent}
	case isOurs(text, f):
		return Edit{Reason: Removed, Gone: true}
	case f.Form == hook.Script && len(findWhole(text, f)) > 0:
		return Edit{Text: text, Reason: Theirs, Hints: []string{"take the line that calls quotad out of it"}}
	}
	return Edit{Text: text, Reason: Absent}
}

// findWhole is where a file of ours, or a line of the user's script, calls quotad.
func findWhole(text []byte, f hook.File) []Found {
	if f.Form == hook.OwnFile {
		if isOurs(text, f) {
			return []Found{{Command: programIn(text)}}
		}
		return nil
	}
	var found []Found
	for _, command := range commandLines(text) {
		if hook.Calls(command) {
			found = append(found, Found{Command: command, Mixed: !isOurs(text, f)})
		}
	}
	return found
}

// isOurs reports whether a file may be replaced. A script is ours where it does
// nothing but call quotad: a user's own with our line in it has our mark too.
func isOurs(text []byte, f hook.File) bool {
	if !bytes.Contains(text, []byte(hook.Mark)) {
		return false
	}
	if f.Form == hook.OwnFile {
		return true
	}
	for _, command := range commandLines(text) {
		if !hook.Ours(command) {
			return false
		}
	}
	return true
}

// commandLines are the lines of a shell script that are not blank or comments.
func commandLines(text []byte) []string {
	var lines []string
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			lines = append(lines, line)
		}
	}
	return lines
}

// programIn is how a program text or a settings file of ours calls quotad, as a
// command; "" where that cannot be told.
func programIn(text []byte) string {
	// Compiled here: hooks run in the same program, and wait for what it begins with.
	quoted := regexp.MustCompile(`"(?:[^"\\\n]|\\.)*"`)
	for _, lit := range quoted.FindAll(text, -1) {
		word, err := strconv.Unquote(string(lit))
		if err != nil {
			continue
		}
		if hook.Calls(word) {
			return word
		}
		if call := hook.JoinWords([]string{word, "hook"}); filepath.IsAbs(word) && hook.Calls(call) {
			return call
		}
	}
	return ""
}
