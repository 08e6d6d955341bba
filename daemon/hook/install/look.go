package install

import (
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"quotad/daemon/hook"
)

// Problem is something about the hooks of a tool that keeps it from reporting
// each prompt once.
type Problem struct {
	Kind    Kind
	Path    string // of the file
	Text    string
	Foreign bool // the file is a project's or a plugin's
}

// Kind says what is wrong.
type Kind int

// The kinds of problems.
const (
	Missing      Kind = iota // there is nothing of ours
	Changed                  // something of ours was stripped, or is not as it should be
	NoProgram                // what is called is no program that can be run
	OtherProgram             // another quotad is called than the one that looks
	Twice                    // it is called more than once for one event
	SwitchedOff              // the tool is told to run no hooks
	Unreadable               // the file cannot be read or understood
)

// String is the kind in words.
func (k Kind) String() string {
	return [...]string{
		"nothing of ours", "changed", "no program", "another program", "called twice", "switched off", "unreadable",
	}[k]
}

// Looked is what was found of a tool's hooks.
type Looked struct {
	Problems []Problem
	Programs []string // that are called, absolute or by name
	Files    []string // in which ours are
}

// look is one look at a tool.
type look struct{ Looked }

// Look looks at the hooks of a tool. Folders are the projects in which the tool
// may run.
func Look(setup func(hook.Host) hook.Setup, h hook.Host, folders []string) Looked {
	var l look
	mine := h.Program
	if program, guard, ok := called(setup(h)); ok {
		h.Program, h.Guard = program, guard
	}
	s := setup(h)
	files, others := layer(s)
	for _, f := range files {
		l.file(f)
	}
	l.missing(files)
	for _, f := range others {
		l.other(f)
	}
	for _, f := range s.Elsewhere {
		for _, path := range placesOf(f.Path, folders) {
			if !slices.ContainsFunc(slices.Concat(files, others), func(known hook.File) bool { return known.Path == path }) {
				f.Path = path
				n := len(l.Problems)
				l.other(f)
				for i := range l.Problems[n:] {
					l.Problems[n+i].Foreign = true
				}
			}
		}
	}
	l.programs(mine)
	return l.Looked
}

func (l *look) note(k Kind, path, format string, args ...any) {
	l.Problems = append(l.Problems, Problem{Kind: k, Path: path, Text: fmt.Sprintf(format, args...)})
}

// missing notes which of the files has nothing of ours. Where none has, that is
// one thing to say, and it may have been said why.
func (l *look) missing(files []hook.File) {
	lacking := slices.DeleteFunc(slices.Clone(files), func(f hook.File) bool {
		return len(f.Entries) == 0 && f.Text == "" || slices.Contains(l.Files, f.Path) || l.hasProblem(f.Path)
	})
	if len(l.Files) == 0 {
		lacking = lacking[:min(len(lacking), 1)]
		if len(l.Problems) > 0 {
			return
		}
	}
	for _, f := range lacking {
		l.note(Missing, f.Path, "it has no hook of quotad")
	}
}

func (l *look) hasProblem(path string) bool {
	return slices.ContainsFunc(l.Problems, func(p Problem) bool { return p.Path == path })
}

// file looks at one that should have entries of ours.
func (l *look) file(f hook.File) {
	text, found, ok := l.find(f)
	if !ok {
		return
	}
	l.switches(f, text)
	if len(found) == 0 {
		return
	}
	if l.repeated(f.Path, found) {
		return
	}
	f.Unset = nil // the user may not want them
	if e, err := Put(text, f); err == nil && e.Reason.changes() {
		l.note(Changed, f.Path, "%s", lacks(f, found))
	}
}

// lacks says in what the file is not as it should be.
func lacks(f hook.File, found []Found) string {
	var missing []string
	for _, e := range f.Entries {
		if !slices.ContainsFunc(found, func(x Found) bool { return x.Event == e.Event }) {
			missing = append(missing, e.Event)
		}
	}
	if len(missing) > 0 {
		return "it has no hook of quotad for " + strings.Join(missing, ", ")
	}
	return "what is in it of quotad is of another version, or was changed"
}

// other looks at one in which nothing of ours should be.
func (l *look) other(f hook.File) {
	text, found, ok := l.find(f)
	if !ok || text == nil {
		return
	}
	l.switches(f, text)
	if slices.ContainsFunc(found, func(x Found) bool { return !x.Setting }) {
		l.note(Twice, f.Path, "it calls quotad too, and the tool reports twice")
	}
}

// find lists what calls quotad. A link is fine for reading.
func (l *look) find(f hook.File) (text []byte, found []Found, ok bool) {
	text, err := readAny(f.Path)
	if err == nil && text != nil {
		found, err = Find(text, f)
	}
	if err != nil {
		l.note(Unreadable, f.Path, "%v", err)
		return nil, nil, false
	}
	if len(found) > 0 {
		l.Files = append(l.Files, f.Path)
	}
	for _, x := range found {
		if program, _ := hook.Called(x.Command); program != "" && !slices.Contains(l.Programs, program) {
			l.Programs = append(l.Programs, program)
		}
	}
	return text, found, true
}

// repeated notes the events for which one file calls quotad more than once, and
// reports whether there are any.
func (l *look) repeated(path string, found []Found) (any bool) {
	calls := map[string]int{}
	for _, x := range found {
		if calls[x.Event]++; !x.Setting && calls[x.Event] == 2 {
			l.note(Twice, path, "it calls quotad more than once for %s", cmp.Or(x.Event, "each event"))
			any = true
		}
	}
	return any
}

func (l *look) switches(f hook.File, text []byte) {
	if name := switchedOff(text, f.Form); name != "" {
		l.note(SwitchedOff, f.Path, "%s there switches all hooks off", name)
	}
}

// programs looks at what is called.
func (l *look) programs(mine string) {
	for _, program := range l.Programs {
		path, err := exec.LookPath(program)
		switch {
		case err != nil:
			l.note(NoProgram, l.Files[0], "it calls %s, which is no program", program)
		case !sameFile(path, mine):
			l.note(OtherProgram, l.Files[0], "it calls %s, and this is %s", program, mine)
		}
	}
}

func sameFile(a, b string) bool {
	x, errX := os.Stat(a)
	y, errY := os.Stat(b)
	return errX == nil && errY == nil && os.SameFile(x, y)
}

// placesOf are the files that a pattern names, or that a project may have.
func placesOf(pattern string, folders []string) []string {
	if filepath.IsAbs(pattern) {
		found, _ := filepath.Glob(pattern)
		return found
	}
	var paths []string
	for _, dir := range folders {
		if path := filepath.Join(dir, pattern); !slices.Contains(paths, path) {
			paths = append(paths, path)
		}
	}
	return paths
}

// Keep gives the host what the entries that are there say: the guard, where none
// was asked for, and the path of the program, where it leads to the same one. So
// a command that a tool was told to trust stays as it is.
func Keep(setup func(hook.Host) hook.Setup, h hook.Host, guarded bool) hook.Host {
	program, guard, ok := called(setup(h))
	if ok && filepath.IsAbs(program) && sameFile(program, h.Program) {
		h.Program = program
	}
	if ok && !guarded {
		h.Guard = guard
	}
	return h
}

// called is what the first entry of ours calls, and with which guard.
func called(s hook.Setup) (program string, guard hook.Guard, ok bool) {
	files, _ := layer(s)
	for _, f := range files {
		text, err := readAny(f.Path)
		if err != nil || text == nil {
			continue
		}
		found, _ := Find(text, f)
		for _, x := range found {
			if program, args := hook.Called(x.Command); program != "" && !x.Mixed && !x.Setting {
				return program, hook.GuardIn(args), true
			}
		}
	}
	return "", hook.GuardOff, false
}
