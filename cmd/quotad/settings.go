package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"quotad/config"
	"quotad/quota"
)

func (a *app) flags() config.Flags {
	return config.Flags{Config: a.configFile, StateDir: a.stateDir, Socket: a.socket}
}

// paths says where quotad's files are.
func (a *app) paths() (config.Paths, error) {
	p, err := config.FindPaths(a.flags(), a.env, os.Getuid())
	if err == nil {
		return p, nil
	}
	hint := a.placeHint()
	if len(cmp.Or(a.socket, a.env("QUOTAD_SOCKET"))) > config.MaxSocket {
		hint = fmt.Sprintf("quotad run --socket /run/user/%d/quotad/quotad.sock", os.Getuid())
	}
	return p, &failure{code: exitFailed, err: err, hint: hint}
}

// placeHint is what to do where there is no place for quotad's files.
func (a *app) placeHint() string {
	if !filepath.IsAbs(a.env("HOME")) {
		return "export HOME"
	}
	return "quotad --help"
}

// configPath says where the configuration is, and whether it was named.
func (a *app) configPath() (path string, explicit bool, err error) {
	path, explicit, err = config.FindConfig(a.flags(), a.env)
	if err != nil {
		err = &failure{code: exitFailed, err: err, hint: a.placeHint()}
	}
	return path, explicit, err
}

// settings reads the configuration.
func (a *app) settings() (config.Settings, error) {
	path, explicit, err := a.configPath()
	if err != nil {
		return config.Settings{}, err
	}
	s, err := config.Load(path, explicit)
	if err == nil {
		return s, nil
	}
	hint := "ls -ld " + path
	if inFile(err) {
		hint = a.mendHint(path)
	} else if missing(path) {
		hint = "quotad config set --config " + path + " account.default.plan " + quota.DefaultPlan
	}
	return s, &failure{code: exitFailed, err: err, hint: hint}
}

// inFile reports whether an error is of what stands in the configuration.
func inFile(err error) bool {
	var wrong config.Errors
	return errors.As(err, &wrong)
}

// mendHint is what to do about that.
func (a *app) mendHint(path string) string {
	hint := "mend " + path + ", then: quotad config check"
	if a.configFile != "" {
		hint += " --config " + path
	}
	return hint
}
