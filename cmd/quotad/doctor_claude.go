package main

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode"
)

// mendHooks shows what belongs in the settings of a coding tool.
const mendHooks = "quotad setup --hooks --no-service"

// claudeCode looks at whether Claude Code calls the hook.
func (x *examination) claudeCode() {
	file := claudeSettings(x.env)
	text, err := os.ReadFile(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if _, err := os.Stat(filepath.Dir(file)); err != nil {
			x.ok("not here (no %s)", filepath.Dir(file))
		} else {
			x.warn(mendHooks, "its prompts are not counted: there is no %s", file)
		}
		return
	case err != nil:
		x.warn("ls -l "+file, "%v", err)
		return
	}
	var settings struct {
		Hooks    map[string][]claudeMatcher `json:"hooks"`
		Disabled bool                       `json:"disableAllHooks"`
	}
	if err := json.Unmarshal(text, &settings); err != nil {
		x.warn("jq . "+file, "%s cannot be read: %v", file, err)
		return
	}
	if settings.Disabled {
		x.warn("take disableAllHooks out of "+file, "its prompts are not counted: all of its hooks are switched off")
		return
	}
	x.claudeCalls(file, settings.Hooks)
}

// claudeCalls looks at each event's calls of the hook.
func (x *examination) claudeCalls(file string, hooks map[string][]claudeMatcher) {
	for _, event := range claudeEvents {
		calls := hookCalls(hooks[event])
		switch {
		case len(calls) == 0 && event == "UserPromptSubmit":
			x.warn(mendHooks, "its prompts are not counted: %s has no hook of quotad", file)
		case len(calls) == 0:
			x.warn(mendHooks, "that the provider said stop is not noticed: %s has no hook of quotad for %s", file, event)
		case len(calls) > 1:
			x.warn("take all but one out of "+file, "%s calls quotad %d times for %s", file, len(calls), event)
		default:
			x.claudeProgram(event, calls[0])
		}
	}
}

// claudeProgram looks at whether the program that is called is there.
func (x *examination) claudeProgram(event, call string) {
	program := firstWord(call)
	if !strings.Contains(program, "/") {
		x.ok("%s calls %s, which PATH has to find", event, program)
		return
	}
	if info, err := os.Stat(program); err != nil || info.IsDir() || info.Mode()&0o111 == 0 {
		x.fault(mendHooks, "%s calls %s, which is no program", event, program)
		return
	}
	x.ok("%s calls %s", event, program)
}

// hookCalls are the commands that call quotad's hook.
func hookCalls(matchers []claudeMatcher) []string {
	var calls []string
	for _, m := range matchers {
		for _, h := range m.Hooks {
			if strings.Contains(h.Command, "quotad") && strings.Contains(h.Command, "hook claude-code") {
				calls = append(calls, h.Command)
			}
		}
	}
	return calls
}

// firstWord is the program of a shell command, its quotes taken off.
func firstWord(command string) string {
	var word strings.Builder
	quote, escaped := rune(0), false
	for _, r := range strings.TrimSpace(command) {
		switch {
		case escaped:
			word.WriteRune(r)
			escaped = false
		case r == '\\' && quote != '\'':
			escaped = true
		case quote != 0 && r == quote:
			quote = 0
		case quote == 0 && (r == '\'' || r == '"'):
			quote = r
		case quote == 0 && unicode.IsSpace(r):
			return word.String()
		default:
			word.WriteRune(r)
		}
	}
	return word.String()
}
