package daemon

import (
	"context"
	"errors"
	"os"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"quotad/config"
	"quotad/daemon/api"
	"quotad/daemon/store"
)

// Offline runs f on an engine of its own, for commands that work where no
// daemon runs. The error is store.ErrLocked, with the hint what to do, where
// one does. What opening the database had to mend is said on standard error.
func Offline(paths config.Paths, settings config.Settings, now func() time.Time, f func(*Engine) error) error {
	return offline(paths, settings, now, func(e *Engine, report store.Report) error {
		log := NewLog(os.Stderr, os.Getenv, settings.Log.Level)
		for _, line := range report.Lines() {
			log.Warn().Msg(line)
		}
		return f(e)
	})
}

func offline(paths config.Paths, settings config.Settings, now func() time.Time, f func(*Engine, store.Report) error) (err error) {
	s, report, err := store.Open(store.Options{Dir: paths.StateDir, Now: now})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	// Its complaints come back as errors here.
	e, err := NewEngine(s, settings, now, zerolog.Nop())
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { e.Run(ctx) })
	defer running.Wait()
	defer stop()
	return f(e, report)
}

// VerifyOffline is Verify of a database that no daemon uses. What was found
// wrong when it was opened, and mended, is among the problems.
func VerifyOffline(ctx context.Context, paths config.Paths, settings config.Settings, now func() time.Time, progress func(Progress)) (v Verification, err error) {
	err = offline(paths, settings, now, func(e *Engine, report store.Report) (err error) {
		if v, err = e.Verify(ctx, progress); err == nil && report.Lost() {
			v.OK, v.Mended = false, v.OK
			v.Problems = append(report.Lines(), v.Problems...)
		}
		return err
	})
	return v, err
}

// Backend is the engine as the local API uses it.
func (e *Engine) Backend() api.Backend { return backend{e} }
