package main

import (
	"errors"

	"quotad/daemon/api"
	"quotad/daemon/store"
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

// mendable gives an error of the daemon or of the database its exit code and
// the command that mends it.
func mendable(err error) error {
	var (
		known *failure
		none  *api.NoDaemonError
		disk  *store.Error
	)
	switch {
	case err == nil, errors.As(err, &known):
		return err
	case errors.As(err, &none):
		return &failure{code: exitNoDaemon, err: err, hint: none.Hint()}
	case errors.As(err, &disk):
		return &failure{code: exitFailed, err: err, hint: disk.Hint}
	}
	return err
}
