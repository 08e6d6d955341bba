package hook

import (
	"io/fs"
	"path/filepath"
	"strings"
)

// Host is where, and for whom, hooks are installed.
type Host struct {
	Home    string
	Env     func(string) string
	Program string // absolute path of quotad
	Guard   Guard  // what the hooks are to do where there is little room, or none
}

// Setup says how a tool is made to report.
type Setup struct {
	// The tool is here where one of the folders is, or one of the programs is on
	// PATH.
	Folders  []string // absolute
	Programs []string // names
	// Files are those to write, Other those in which an entry of ours would have
	// the tool report twice, or which the tool reads in their place.
	Files, Other []File
	// Elsewhere are files in which an entry of ours would have the tool report
	// twice, and which are not ours to write: those of a project, by their path
	// in it, and those of plugins, by a pattern.
	Elsewhere []File
	// Trust is what the person has to do before the tool runs a hook that is new;
	// "" where it asks for nothing.
	Trust string
	// Notes are what is left for the person to do or to know, a sentence each.
	Notes []string
	// Mute says that the tool cannot tell its endpoint, so that its prompts are
	// taken as the plan's unless the configuration says otherwise.
	Mute bool
}

// File is one file that a tool reads, and what belongs in it.
type File struct {
	Path    string // absolute
	Form    Form
	Entries []Entry     // of the forms that list hooks
	Unset   []Setting   // keys to set where the user has not set them
	Text    string      // of OwnFile and Script, with Mark in it
	Mode    fs.FileMode // of a new file; 0 is 0600, and of a Script 0755
	// Instead says of one of Other that the tool reads hooks there in the place of
	// Files: where it lists hooks of the user's, ours go there too.
	Instead bool
}

// Form is how a file lists hooks.
type Form int

// The forms.
const (
	GroupedJSON Form = iota // {"hooks": {EVENT: [{"hooks": [{"type", "command", "timeout"}]}]}}, with comments where the tool takes them
	FlatJSON                // {"version": 1, "hooks": {EVENT: [{"command", "timeout"}]}}
	GroupedTOML             // the same as GroupedJSON, in TOML: [[hooks.EVENT]] [[hooks.EVENT.hooks]]
	OwnFile                 // all of it is ours
	Script                  // one program an event, which may be the user's own
)

// Lists reports whether a file of this form is the user's and lists hooks.
func (f Form) Lists() bool { return f != OwnFile && f != Script }

// Entry is one hook in a file.
type Entry struct {
	Event   string
	Command string
	Timeout int    // in the tool's unit; 0: none is written
	Name    string // where the tool shows one
	Async   bool   // the tool does not wait for it
}

// Setting is a key of a file, and its value as JSON has it.
type Setting struct {
	Path  []string
	Value any
	// Instead is what to tell a user who has set it to something of their own.
	Instead string
}

// Mark stands in each file and each command of ours, of this version and of
// older ones, and in nobody else's.
const Mark = "quotad"

// CommandLine calls the hook of a tool such that the tool goes on in silence
// whatever happens, even where the program is gone.
func (h Host) CommandLine(tool string) string {
	return quoteShell(h.Program) + " hook " + tool + h.Guard.flag() + " 2>/dev/null || true"
}

func quoteShell(word string) string { return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'" }

// absoluteOr is a folder that a variable names, or else the usual one.
func absoluteOr(set, usual string) string {
	if filepath.IsAbs(set) {
		return set
	}
	return usual
}
