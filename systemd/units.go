// Package systemd holds the units of the user service.
//
// As they lie here the two files are for a package that puts the program at
// /usr/bin/quotad and them into /usr/lib/systemd/user. [Units] makes the ones
// that `quotad service install` writes for a single user. The drop-in of
// [SandboxDropIn] is for those who ask for it.
package systemd

import (
	_ "embed"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Names of the units.
const (
	Service = "quotad.service"
	Socket  = "quotad.socket"
)

// What Units puts other values in for.
const (
	execLine   = "\nExecStart=/usr/bin/quotad run\n"
	listenLine = "\nListenStream=%t/quotad/quotad.sock\n"
)

var (
	//go:embed quotad.service
	service string
	//go:embed quotad.socket
	socket string
)

// Command is what the service runs.
type Command struct {
	Binary string   // absolute path
	Args   []string // after "run"
	Socket string   // absolute path; "" is quotad/quotad.sock in the runtime folder
}

// Units gives the text of each unit file by its name. The error names the value
// that a unit file cannot carry.
func Units(c Command) (map[string][]byte, error) {
	if !filepath.IsAbs(c.Binary) {
		return nil, fmt.Errorf("the program %q is not an absolute path", c.Binary)
	}
	if strings.ContainsAny(c.Binary, `"'\`) {
		return nil, fmt.Errorf("the path %s has a quote or a backslash, and systemd starts no such program", c.Binary)
	}
	exec, err := execStart(c.Binary, c.Args)
	if err != nil {
		return nil, err
	}
	listen, err := listenStream(c.Socket)
	if err != nil {
		return nil, err
	}
	return map[string][]byte{
		Service: []byte(strings.Replace(service, execLine, "\n"+exec+"\n", 1)),
		Socket:  []byte(strings.Replace(socket, listenLine, "\n"+listen+"\n", 1)),
	}, nil
}

// execStart writes the command line. The colon turns the expansion of $ off,
// which could not be quoted in the path of the program.
func execStart(binary string, args []string) (string, error) {
	words := []string{"ExecStart=:" + quote(binary), "run"}
	for _, arg := range args {
		words = append(words, quote(arg))
	}
	for _, word := range append([]string{binary}, args...) {
		if err := carriable(word); err != nil {
			return "", err
		}
	}
	return strings.Join(words, " "), nil
}

// listenStream writes the socket's path. There is no quoting here: the value is
// the rest of the line.
func listenStream(path string) (string, error) {
	if path == "" {
		return strings.TrimSpace(listenLine), nil
	}
	if !filepath.IsAbs(path) {
		return "", fmt.Errorf("the socket %q is not an absolute path", path)
	}
	if strings.TrimSpace(path) != path || strings.HasSuffix(path, `\`) {
		return "", fmt.Errorf("the socket %q ends in a character that a unit file cannot carry", path)
	}
	return "ListenStream=" + strings.ReplaceAll(path, "%", "%%"), carriable(path)
}

// quote writes a word of a command line; plain ones stay as they are.
func quote(word string) string {
	plain := func(r rune) bool {
		return unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("/._-+=:,@~", r)
	}
	if word != "" && strings.IndexFunc(word, func(r rune) bool { return !plain(r) }) < 0 {
		return word
	}
	quoting := strings.NewReplacer("%", "%%", `\`, `\\`, `"`, `\"`)
	return `"` + quoting.Replace(word) + `"`
}

func carriable(word string) error {
	switch {
	case !utf8.ValidString(word):
		return fmt.Errorf("%q is not UTF-8, and a unit file has to be", word)
	case strings.IndexFunc(word, unicode.IsControl) >= 0:
		return fmt.Errorf("%q has a control character, which a unit file cannot carry", word)
	case word == "":
		return errors.New("an empty word in the command line of the service")
	}
	return nil
}
