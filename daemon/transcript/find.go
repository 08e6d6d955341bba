package transcript

import (
	"cmp"
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
)

// findClaude looks in the folders that Claude Code is told to use, or else in
// both that it has used.
func findClaude(env func(string) string) ([]Source, error) {
	var roots []string
	for _, dir := range strings.Split(env("CLAUDE_CONFIG_DIR"), ",") {
		if dir = strings.TrimSpace(dir); dir != "" {
			roots = append(roots, filepath.Join(dir, "projects"))
		}
	}
	if len(roots) == 0 {
		roots = []string{
			filepath.Join(under(env, "XDG_CONFIG_HOME", ".config"), "claude", "projects"),
			filepath.Join(env("HOME"), ".claude", "projects"),
		}
	}
	return findLines(claudeCode, roots)
}

// findCodex looks where Codex keeps its rollouts, also those put aside.
func findCodex(env func(string) string) ([]Source, error) {
	home := under(env, "CODEX_HOME", ".codex")
	return findLines(codex, []string{filepath.Join(home, "sessions"), filepath.Join(home, "archived_sessions")})
}

// under is the folder that a variable names, or else one below the home.
func under(env func(string) string, key, otherwise string) string {
	if dir := env(key); filepath.IsAbs(dir) {
		return dir
	}
	return filepath.Join(env("HOME"), otherwise)
}

// findLines lists the files of lines below some folders, oldest first.
func findLines(tool string, roots []string) ([]Source, error) {
	var found []Source
	seen := map[string]bool{}
	for _, root := range roots {
		if real, err := filepath.EvalSymlinks(root); err == nil {
			root = real
		}
		if seen[root] {
			continue
		}
		seen[root] = true
		err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			if err != nil {
				return passOver(path, root, err)
			}
			if s, ok := fileSource(tool, path, entry); ok {
				found = append(found, s)
			}
			return nil
		})
		if err != nil {
			return found, err
		}
	}
	byAge(found)
	return found, nil
}

// passOver goes on where one folder cannot be read or has gone. Where that is
// the whole of it, only its absence is fine.
func passOver(path, root string, err error) error {
	if path == root && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func byAge(found []Source) {
	slices.SortStableFunc(found, func(a, b Source) int {
		return cmp.Or(a.Modified.Compare(b.Modified), strings.Compare(a.Path, b.Path))
	})
}

// fileSource is a file of lines as a source.
func fileSource(tool, path string, entry fs.DirEntry) (Source, bool) {
	if !entry.Type().IsRegular() || !strings.HasSuffix(entry.Name(), ".jsonl") {
		return Source{}, false
	}
	info, err := entry.Info()
	if err != nil {
		return Source{}, false
	}
	return Source{Tool: tool, Path: path, Size: info.Size(), Modified: info.ModTime()}, true
}
