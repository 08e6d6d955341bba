package hook

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Trouble is a run of a hook that came to nothing for a reason that somebody
// should look into. A hook says nothing to anybody; this is where `quotad
// doctor` finds it.
type Trouble struct {
	Tool string    `json:"tool"` // "" where the hook was called for a tool that is not known
	At   time.Time `json:"at"`
	Why  string    `json:"why"`
}

// trouble is what is wrong with an outcome in words, "" where nothing is.
func (o Outcome) trouble() string {
	switch o.Reason {
	case OtherTool, Unreadable, TooLong, UnknownTool, Unfinished:
		return o.Reason.String()
	}
	if o.Fate == Refused || o.Fate == Lost {
		return "the event was " + o.Fate.String()
	}
	return ""
}

// Troubles keeps the latest trouble of each tool in a folder, a file each. They
// hold nothing of what the tool sent.
type Troubles struct{ Dir string }

// Note keeps what was wrong with an outcome, if anything was.
func (t Troubles) Note(tool string, at time.Time, out Outcome) error {
	why := out.trouble()
	if why == "" {
		return nil
	}
	if _, ok := adapter(tool); !ok {
		tool = ""
	}
	text, err := json.Marshal(Trouble{Tool: tool, At: at.UTC(), Why: why})
	if err != nil {
		return err
	}
	if err := os.MkdirAll(t.Dir, 0o700); err != nil {
		return err
	}
	return t.write(tool, text)
}

// write puts the file there whole.
func (t Troubles) write(tool string, text []byte) error {
	f, err := os.CreateTemp(t.Dir, ".trouble-*") // mode 0600
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), filepath.Join(t.Dir, "hook"+strings.Repeat("-", min(len(tool), 1))+tool+".trouble"))
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// Since lists the troubles at an instant or later, the newest first.
func (t Troubles) Since(since time.Time) ([]Trouble, error) {
	names, err := fs.Glob(os.DirFS(t.Dir), "hook*.trouble")
	if err != nil {
		return nil, err
	}
	var list []Trouble
	for _, name := range names {
		text, err := ReadSmall(filepath.Join(t.Dir, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		var one Trouble
		if json.Unmarshal(text, &one) == nil && !one.At.Before(since) {
			list = append(list, one)
		}
	}
	slices.SortFunc(list, func(a, b Trouble) int { return b.At.Compare(a.At) })
	return list, nil
}
