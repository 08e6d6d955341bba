package main

import (
	"errors"

	"quotad/daemon/api"
)

// client talks to the daemon where flags and environment say that it listens.
func (a *app) client() (*api.Client, error) {
	paths, err := a.paths()
	if err != nil {
		return nil, err
	}
	return &api.Client{Sockets: paths.Sockets}, nil
}

// noDaemon reports whether an error of the client says that nobody answers.
func noDaemon(err error) bool {
	var none *api.NoDaemonError
	return errors.As(err, &none)
}
