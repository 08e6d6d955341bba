package hook

import (
	"path/filepath"
	"slices"
	"strings"
	"unicode"
)

// Ours reports whether a command in a tool's settings is an entry of ours, of
// this version or of an older one: it runs a program of that name with one of
// the words that tools call it by, and nothing else. A command in which that
// is one step among others is the user's.
func Ours(command string) bool {
	call, ok := findCall(command)
	return ok && call.alone
}

// Calls reports whether a command calls quotad for a tool, alone or among
// other things.
func Calls(command string) bool {
	_, ok := findCall(command)
	return ok
}

// JoinWords is a list of words as a shell command.
func JoinWords(words []string) string {
	quoted := make([]string, len(words))
	for i, word := range words {
		quoted[i] = quoteShell(word)
	}
	return strings.Join(quoted, " ")
}

// Called is what a command of ours says: the program that it runs and the
// words after it. Without a call both are empty.
func Called(command string) (program string, args []string) {
	call, _ := findCall(command)
	return call.program, call.args
}

// call is a call of quotad in a shell command.
type call struct {
	program string
	args    []string
	alone   bool // the command does nothing else
}

// findCall looks for the first one.
func findCall(command string) (call, bool) {
	steps := shellSteps(command)
	for i, step := range steps {
		c, ok := callIn(step)
		if !ok {
			continue
		}
		c.alone = c.alone && i == 0 && !slices.ContainsFunc(steps[1:], func(s []string) bool { return !idle(s) })
		return c, true
	}
	return call{}, false
}

// idle reports whether a step only sets the exit code.
func idle(step []string) bool {
	switch strings.Join(step, " ") {
	case "", "true", ":", "exit 0", "exit":
		return true
	}
	return false
}

// callIn looks for a call in one step, after assignments and programs that run
// others, and in the text that a shell is given.
func callIn(step []string) (call, bool) {
	for i, word := range step {
		if isQuotad(word) && calledFor(step[i+1:]) {
			plain := !slices.ContainsFunc(step[:i], func(w string) bool { return !strings.Contains(w, "=") })
			return call{word, step[i+1:], plain}, true
		}
		if i > 0 && strings.ContainsAny(word, " ") && strings.HasPrefix(step[i-1], "-") && strings.HasSuffix(step[i-1], "c") {
			if c, ok := findCall(word); ok {
				c.alone = c.alone && i == 2 && i == len(step)-1
				return c, true
			}
		}
	}
	return call{}, false
}

// isQuotad knows the program by its name, with a version or an ending behind it.
func isQuotad(path string) bool {
	rest, ok := strings.CutPrefix(filepath.Base(path), Mark)
	return ok && (rest == "" || strings.ContainsAny(rest[:1], "-._0123456789"))
}

// calledFor reports whether the first word that is no flag is one that tools
// call by.
func calledFor(args []string) bool {
	for i := 0; i < len(args); i++ {
		switch {
		case args[i] == "--socket", args[i] == "--state-dir", args[i] == "--config":
			i++
		case !strings.HasPrefix(args[i], "-"):
			return args[i] == "hook" || args[i] == "statusline"
		}
	}
	return false
}

// shellSteps splits a shell command at what joins simple commands, and these
// into words without their quotes. Redirections are left out. It is no shell:
// what it expands to is not looked at.
func shellSteps(command string) [][]string {
	s := splitter{}
	for _, r := range command {
		s.next(r)
	}
	s.endWord()
	return append(s.steps, s.step)
}

// splitter is the state of shellSteps.
type splitter struct {
	steps [][]string
	step  []string
	word  strings.Builder

	begun   bool // a word, if only an empty one in quotes
	quote   rune
	escaped bool
	target  bool // the next word is where a redirection goes
}

func (s *splitter) next(r rune) {
	switch {
	case s.escaped:
		s.put(r)
		s.escaped = false
	case r == '\\' && s.quote != '\'':
		s.escaped = true
	case s.quote != 0 && r == s.quote:
		s.quote = 0
	case s.quote != 0:
		s.put(r)
	case r == '\'' || r == '"':
		s.quote, s.begun = r, true
	case r == '>' || r == '<':
		s.redirect()
	case r == '&' && s.target && !s.begun: // as in 2>&1
	case strings.ContainsRune("|&;()\n", r):
		s.endStep()
	case unicode.IsSpace(r):
		s.endWord()
	default:
		s.put(r)
	}
}

func (s *splitter) put(r rune) {
	s.word.WriteRune(r)
	s.begun = true
}

// redirect begins the target of a redirection. A number right before it is the
// stream.
func (s *splitter) redirect() {
	if strings.Trim(s.word.String(), "0123456789") == "" {
		s.word.Reset()
		s.begun = false
	}
	s.endWord()
	s.target = true
}

func (s *splitter) endWord() {
	if !s.begun {
		return
	}
	if !s.target {
		s.step = append(s.step, s.word.String())
	}
	s.word.Reset()
	s.begun, s.target = false, false
}

func (s *splitter) endStep() {
	s.endWord()
	s.steps = append(s.steps, s.step)
	s.step = nil
}
