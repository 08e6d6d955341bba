package transcript

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// findOpencode looks for a tool's databases, of which each of OpenCode's
// channels has its own, and for the folders it kept sessions in before.
func findOpencode(tool string) func(env func(string) string) ([]Source, error) {
	return func(env func(string) string) ([]Source, error) {
		home := filepath.Join(dataHome(env), tool)
		entries, err := os.ReadDir(home)
		if err != nil {
			return nil, absenceIsFine(err)
		}
		var found []Source
		for _, e := range entries {
			if matched, _ := filepath.Match(tool+"*.db", e.Name()); matched {
				found = appendDatabase(found, tool, filepath.Join(home, e.Name()))
			}
		}
		found, err = appendFolders(found, tool, filepath.Join(home, "storage", "message"))
		byAge(found)
		return found, err
	}
}

// appendFolders adds the sessions that have a folder of messages each.
func appendFolders(found []Source, tool, folders string) ([]Source, error) {
	entries, err := os.ReadDir(folders)
	for _, e := range entries {
		info, err := e.Info()
		if err == nil && e.IsDir() {
			found = append(found, Source{
				Tool: tool, Path: filepath.Join(folders, e.Name()), Session: e.Name(), Modified: info.ModTime(),
			})
		}
	}
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
