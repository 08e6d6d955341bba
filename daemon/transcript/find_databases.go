package transcript

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// findOpencode looks for OpenCode's databases, of which each of its channels
// has its own, and for the folders it kept sessions in before.
func findOpencode(env func(string) string) ([]Source, error) {
	home := filepath.Join(dataHome(env), "opencode")
	entries, err := os.ReadDir(home)
	if err != nil {
		return nil, absenceIsFine(err)
	}
	var found []Source
	for _, e := range entries {
		if matched, _ := filepath.Match("opencode*.db", e.Name()); matched {
			found = appendDatabase(found, opencode, filepath.Join(home, e.Name()))
		}
	}
	folders := filepath.Join(home, "storage", "message")
	entries, err = os.ReadDir(folders)
	for _, e := range entries {
		info, err := e.Info()
		if err == nil && e.IsDir() {
			found = append(found, Source{
				Tool: opencode, Path: filepath.Join(folders, e.Name()), Session: e.Name(), Modified: info.ModTime(),
			})
		}
	}
	byAge(found)
	return found, absenceIsFine(err)
}

// findCrush looks into the projects that Crush remembers.
func findCrush(env func(string) string) ([]Source, error) {
	text, err := readBeginning(filepath.Join(dataHome(env), crush, "projects.json"))
	if err != nil {
		return nil, absenceIsFine(err)
	}
	var found []Source
	for projects := array(member(text, "projects")); projects.next(); {
		const longest = 4 << 10
		path, data := word(member(projects.value, "path"), longest), word(member(projects.value, "data_dir"), longest)
		if data == "" {
			data = "." + crush
		}
		if !filepath.IsAbs(data) {
			data = filepath.Join(path, data)
		}
		found = appendDatabase(found, crush, filepath.Join(data, crush+".db"))
	}
	byAge(found)
	return found, nil
}

func dataHome(env func(string) string) string {
	return under(env, "XDG_DATA_HOME", filepath.Join(".local", "share"))
}

func appendDatabase(found []Source, tool, path string) []Source {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() {
		return found
	}
	s := Source{Tool: tool, Path: path, Size: info.Size(), Modified: info.ModTime()}
	if log, err := os.Stat(path + "-wal"); err == nil {
		s.Size += log.Size()
		if log.ModTime().After(s.Modified) {
			s.Modified = log.ModTime()
		}
	}
	return append(found, s)
}

func absenceIsFine(err error) error {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, ErrGone) {
		return nil
	}
	return err
}
