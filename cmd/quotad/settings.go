package main

import (
	"errors"
	"os"

	"quotad/config"
)

func (a *app) flags() config.Flags {
	return config.Flags{Config: a.configFile, StateDir: a.stateDir, Socket: a.socket}
}

// paths says where quotad's files are.
func (a *app) paths() (config.Paths, error) {
	p, err := config.FindPaths(a.flags(), a.env, os.Getuid())
	if err != nil {
		return p, &failure{code: exitFailed, err: err}
	}
	return p, nil
}

// configPath says where the configuration is, and whether it was named.
func (a *app) configPath() (path string, explicit bool, err error) {
	return config.FindConfig(a.flags(), a.env)
}

// settings reads the configuration.
func (a *app) settings() (config.Settings, error) {
	path, explicit, err := a.configPath()
	if err != nil {
		return config.Settings{}, err
	}
	s, err := config.Load(path, explicit)
	if wrong := (config.Errors)(nil); errors.As(err, &wrong) {
		return s, &failure{code: exitFailed, err: err, hint: "mend " + path + ", then: quotad config check"}
	}
	return s, err
}
