package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// serviceProgram is the absolute path of the program that the service starts.
func serviceProgram(named string) (string, error) {
	return lastingProgram(named, "quotad service install", "the service would start")
}

// lastingProgram is the absolute path of the program named, which is taken as it
// is, or of this one, if it stays where it is.
func lastingProgram(named, command, user string) (string, error) {
	if named != "" {
		return namedProgram(named)
	}
	path, err := thisProgram()
	if err != nil {
		return "", failed(command+" --binary PATH", "cannot tell where this program is: %v", err)
	}
	if why := vanishes(path, os.TempDir()); why != "" {
		return "", failed("make install", "%s %s, %s", user, path, why)
	}
	return path, nil
}

func namedProgram(path string) (string, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	if _, err := exec.LookPath(abs); err != nil {
		return "", usage("", "--binary: %s is no program that can be run: %v", abs, errors.Unwrap(err))
	}
	return abs, nil
}

// thisProgram is the path that this process was started by where that leads to
// it: a link in a bin folder outlives the versions it points to.
func thisProgram() (string, error) {
	real, err := os.Executable()
	if err != nil {
		return "", err
	}
	called, err := exec.LookPath(os.Args[0])
	if err == nil {
		called, err = filepath.Abs(called)
	}
	if err == nil && sameFile(called, real) {
		return called, nil
	}
	return real, nil
}

// vanishes says why a program will not be there for long; "" where it will.
func vanishes(path, temp string) string {
	switch {
	case strings.HasSuffix(path, " (deleted)"):
		return "which has been replaced or removed"
	case strings.Contains(path, "/go-build"):
		return "which go run made and takes away again"
	}
	for _, dir := range []string{"/tmp", "/var/tmp", "/run", "/dev/shm", temp} {
		if strings.HasPrefix(path, filepath.Clean(dir)+"/") {
			return fmt.Sprintf("which is in %s and will not stay there", dir)
		}
	}
	return ""
}
