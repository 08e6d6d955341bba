package config

import (
	"os"
	"path/filepath"
	"testing"
)

func modeOf(t *testing.T, path string) os.FileMode {
	t.Helper()
	info, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Mode()
}

func TestWrite(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "new", "config.toml")
	write := func(path, text string) {
		t.Helper()
		if err := Write(path, []byte(text)); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != text {
			t.Errorf("%s holds %q, %v", path, got, err)
		}
	}
	write(path, "a")
	if file, folder := modeOf(t, path).Perm(), modeOf(t, filepath.Dir(path)).Perm(); file != 0o600 || folder != 0o700 {
		t.Errorf("modes %v and %v", file, folder)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	write(path, "b")
	if mode := modeOf(t, path).Perm(); mode != 0o644 {
		t.Errorf("the mode became %v", mode)
	}

	link, dangling := filepath.Join(dir, "link"), filepath.Join(dir, "dangling")
	for name, target := range map[string]string{link: "new/config.toml", dangling: "later/config.toml"} {
		if err := os.Symlink(target, name); err != nil {
			t.Fatal(err)
		}
		write(name, "c")
		if modeOf(t, name)&os.ModeSymlink == 0 {
			t.Errorf("%s is no link any more", name)
		}
	}
	left, err := filepath.Glob(filepath.Join(dir, "*", ".config*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestWriteFails(t *testing.T) {
	dir := t.TempDir()
	if err := Write(dir, nil); err == nil {
		t.Error("a folder was overwritten")
	}
	loop := filepath.Join(dir, "loop")
	if err := os.Symlink("loop", loop); err != nil {
		t.Fatal(err)
	}
	if err := Write(loop, nil); err == nil {
		t.Error("a loop of links was written to")
	}
	if err := Write("/dev/null", nil); err == nil {
		t.Error("a device was replaced")
	}
}
