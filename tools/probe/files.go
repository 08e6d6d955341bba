package main

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// knowOthers asks whose the root folder is: of somebody whom this user namespace
// knows.
func knowOthers() error {
	info, err := os.Stat("/")
	if err != nil {
		cannot(err)
	}
	if uid := info.Sys().(*syscall.Stat_t).Uid; uid != 0 {
		return fmt.Errorf("root is user %d", uid)
	}
	return nil
}

// write makes a file in a folder.
func write(dir string) error {
	path := filepath.Join(dir, fmt.Sprintf("probe-%d", os.Getpid()))
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		return plain(err)
	}
	return os.Remove(path)
}

// writeOwn makes a file in each folder that is the daemon's or its children's.
func writeOwn() error {
	for _, dir := range []string{
		os.Getenv("HOME") + "/.local/state/quotad", os.Getenv("XDG_RUNTIME_DIR"), "/tmp", "/var/tmp",
	} {
		if err := write(dir); err != nil {
			return fmt.Errorf("%s: %w", dir, err)
		}
	}
	return nil
}

func read(path string) error {
	_, err := os.ReadFile(path)
	return plain(err)
}
