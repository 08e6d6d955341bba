package systemd

import (
	_ "embed"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// Sandbox is the name of the drop-in that shuts the service off from what it
// does not need. Not every system allows it to a user, and so it is tried before:
// [Trial] gives what to try it with. By its number it comes before the override.conf
// of systemctl edit, which has the last word.
const Sandbox = Service + ".d/10-sandbox.conf"

// defaultState is the word of the drop-in that stands for the state folder.
const defaultState = "%h/.local/state/quotad"

//go:embed sandbox.conf
var sandbox string

// Places are the folders that the drop-in names, as absolute paths.
type Places struct {
	Home    string // %h
	Runtime string // %t
	State   string // of the database; it has to be writable
}

// SandboxDropIn gives the text of the drop-in. The error names the place that a
// unit file cannot carry.
func SandboxDropIn(p Places) ([]byte, error) {
	if p.State == filepath.Join(p.Home, ".local", "state", "quotad") {
		return []byte(sandbox), nil
	}
	if !filepath.IsAbs(p.State) {
		return nil, fmt.Errorf("the state folder %q is not an absolute path", p.State)
	}
	if strings.ContainsAny(p.State, `"'\`) {
		return nil, fmt.Errorf("the state folder %s has a quote or a backslash, and cannot be named in a list of paths", p.State)
	}
	return []byte(strings.ReplaceAll(sandbox, defaultState, quote(p.State))), carriable(p.State)
}

// Trial gives the hardening of the unit and of the drop-in as NAME=VALUE, the way
// systemd-run takes them: it knows no specifiers. What the unit runs is not among
// them.
func Trial(p Places) []string {
	var all []string
	for _, text := range []string{hardening(), sandbox} {
		for line := range strings.Lines(text) {
			name, value, set := strings.Cut(strings.TrimSpace(line), "=")
			if !set || strings.HasPrefix(name, "#") || strings.HasPrefix(name, "Exec") {
				continue
			}
			all = append(all, name+"="+p.words(value))
		}
	}
	return all
}

// hardening is the part of the unit that forbids.
func hardening() string {
	_, text, _ := strings.Cut(service, "\n# Hardening.")
	text, _, _ = strings.Cut(text, "\n# Left out, and why:")
	return text
}

// words puts the places in. Only with them does a word have to be quoted.
func (p Places) words(value string) string {
	put := strings.NewReplacer(defaultState, p.State, "%h", p.Home, "%t", p.Runtime)
	words := slices.Collect(strings.FieldsSeq(value))
	for i, word := range words {
		if with := put.Replace(word); strings.ContainsAny(with, " \t") {
			words[i] = `"` + with + `"`
		} else {
			words[i] = with
		}
	}
	return strings.Join(words, " ")
}
