package install

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"quotad/daemon/hook"
)

// Step is what is to be done with one file.
type Step struct {
	Path string
	Edit
	Was    []byte   // nil: the file is not there
	Err    error    // why it is left as it is
	ByHand []string // of one that is left as it is: what belongs there
	mode   fs.FileMode
	backup string // that is of no more use afterwards
	keep   bool   // what is there is the user's, and of it there is no backup
}

// Aim is what a plan is for.
type Aim int

// The aims.
const (
	ToInstall Aim = iota
	ToUninstall
)

// Plan reads the files of a tool, and says what to do with each. It changes
// nothing.
func Plan(s hook.Setup, aim Aim) []Step {
	files, others := layer(s)
	var steps []Step
	for _, f := range files {
		if step := plan(f, aim); step.Err != nil || step.Was != nil || step.Changes() || aim == ToUninstall {
			steps = append(steps, step)
		}
	}
	for _, f := range others {
		if step := plan(f, ToUninstall); step.Reason == Removed || aim == ToUninstall && step.Err != nil {
			steps = append(steps, step)
		}
	}
	return steps
}

func plan(f hook.File, aim Aim) Step {
	s := Step{Path: f.Path, mode: modeOf(f)}
	if s.Was, s.Err = read(f.Path); s.Err == nil {
		s.Edit, s.Err = s.edit(f, aim)
	}
	if s.Err != nil {
		s.Edit = Edit{Text: s.Was, Reason: Refused}
		if aim == ToInstall {
			s.ByHand = byHand(f)
		}
		s.refuse()
	}
	return s
}

// edit is what becomes of the file.
func (s *Step) edit(f hook.File, aim Aim) (Edit, error) {
	if aim == ToInstall {
		if found, err := Find(s.Was, f); err == nil && s.Was != nil && f.Form.Lists() {
			s.keep = len(found) == 0 || len(backups(f.Path)) == 0
		}
		return Put(s.Was, f)
	}
	if s.Was == nil {
		return Edit{Reason: Absent}, nil
	}
	first, backup := original(f.Path)
	e, err := Take(s.Was, first, f)
	if err == nil && first != nil && bytes.Equal(e.Text, first) {
		s.backup = backup
	}
	return e, err
}

// refuse says of what is wrong with a text which file it is in.
func (s *Step) refuse() {
	if wrong := (*TextError)(nil); errors.As(s.Err, &wrong) {
		place := s.Path
		if wrong.Line > 0 {
			place = fmt.Sprintf("%s:%d:%d", s.Path, wrong.Line, wrong.Column)
		}
		s.Err = &FileError{place, wrong.Message, "mend it and run it again"}
	}
}

func modeOf(f hook.File) fs.FileMode {
	switch {
	case f.Mode != 0:
		return f.Mode
	case f.Form == hook.Script:
		return 0o755
	}
	return 0o600
}

// Changes reports whether applying the step would change the file.
func (s Step) Changes() bool { return s.Err == nil && s.Reason.changes() }

// After is the text that the file will have; nil where it will be gone.
func (s Step) After() []byte {
	if s.Gone {
		return nil
	}
	return s.Text
}

// Apply does it. The user's own text is kept beside the file before anything of
// ours comes into it. Where it cannot be done the file is as it was.
func (s Step) Apply(now time.Time) error {
	if !s.Changes() {
		return s.Err
	}
	if s.Gone {
		return removeFile(s.Path, s.Was, hook.Mark)
	}
	if s.keep {
		if err := keep(s.Path, s.Was, now); err != nil {
			return fmt.Errorf("%s: no backup can be written beside it: %w", s.Path, err)
		}
	}
	if err := write(s.Path, s.Was, s.Text, s.mode); err != nil {
		return err
	}
	if s.backup != "" {
		return os.Remove(s.backup)
	}
	return nil
}

// byHand is what belongs in a file, as a person would write it there.
func byHand(f hook.File) []string {
	f.Path = ""
	e, err := Put(nil, f)
	if err != nil {
		return nil
	}
	return strings.Split(strings.TrimSuffix(string(e.Text), "\n"), "\n")
}

// WithoutStatusLine leaves the status line out of what belongs in a tool's files.
func WithoutStatusLine(s hook.Setup) hook.Setup {
	s.Files = slices.Clone(s.Files)
	for i := range s.Files {
		s.Files[i].Unset = slices.DeleteFunc(slices.Clone(s.Files[i].Unset), func(set hook.Setting) bool {
			return set.Path[len(set.Path)-1] == "statusLine"
		})
	}
	return s
}
