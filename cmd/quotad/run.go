package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"quotad/daemon"
)

func (a *app) runCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "run",
		Short: "Run the daemon in the foreground",
		Long: `Run the daemon in the foreground: it takes events on the local socket, keeps
the counters, and tells when a window runs out or is full again. This is what
the systemd service runs; without systemd, run it yourself.

SIGTERM and SIGINT stop it; SIGHUP makes it read the configuration again.`,
		Example: "  quotad run\n  quotad run --state-dir /tmp/try --socket /tmp/try/quotad.sock",
		Args:    noArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return a.serve(c.Context()) },
	}
}

func (a *app) serve(ctx context.Context) error {
	paths, err := a.paths()
	if err != nil {
		return err
	}
	settings, err := a.settings()
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	return daemon.Run(ctx, daemon.Options{
		Paths: paths, Load: a.settings, Env: a.env,
		Log: daemon.NewLog(a.stderr, a.env, settings.Log.Level), Version: versionName(),
		Refill: a.refill,
	}, reloads(ctx))
}

// reloads gives a value for each SIGHUP; several that come close are one.
func reloads(ctx context.Context) <-chan struct{} {
	hups, ask := make(chan os.Signal, 1), make(chan struct{})
	signal.Notify(hups, syscall.SIGHUP)
	go func() {
		defer signal.Stop(hups)
		for {
			select {
			case <-ctx.Done():
				return
			case <-hups:
			}
			select {
			case <-ctx.Done():
				return
			case ask <- struct{}{}:
			}
		}
	}()
	return ask
}
