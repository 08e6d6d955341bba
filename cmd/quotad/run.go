package main

import (
	"context"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
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

SIGTERM and SIGINT stop it; SIGHUP makes it read the configuration again.

Where it cannot start it says why and ends. Under systemd only the first start
that fails does: the next one stays (systemctl --user status quotad says why),
and tries again when the configuration changes and every few minutes at least.`,
		Example: "  quotad run\n  quotad run --state-dir /tmp/try --socket /tmp/try/quotad.sock",
		Args:    noArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return a.serve(c.Context()) },
	}
}

func (a *app) serve(ctx context.Context) error {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	reload := reloads(ctx)
	hold := daemon.Hold{
		Mark: startFailed(a.env), Reload: reload,
		Say: func(failure error) { a.report("quotad run", failure) },
	}
	if paths, err := a.paths(); err == nil {
		hold.Config = paths.Config
	}
	return hold.Serve(ctx, func(ready func()) error { return a.start(ctx, reload, ready) })
}

// startFailed is the file in which a start of the service that failed leaves word
// for the next one. It is found without a HOME, and without a configuration.
func startFailed(env func(string) string) string {
	runtime := env("XDG_RUNTIME_DIR")
	if runtime == "" {
		runtime = filepath.Join("/run/user", strconv.Itoa(os.Getuid()))
	}
	return filepath.Join(runtime, "quotad", "start-failed")
}

// start runs the daemon until ctx ends. The error says what kept it from
// starting, or what ended it.
func (a *app) start(ctx context.Context, reload <-chan struct{}, ready func()) error {
	paths, err := a.paths()
	if err != nil {
		return err
	}
	settings, err := a.settings()
	if err != nil {
		return err
	}
	return daemon.Run(ctx, daemon.Options{
		Paths: paths, Load: a.settings, Env: a.env,
		Log: daemon.NewLog(a.stderr, a.env, settings.Log.Level), Version: versionName(),
		Refill: a.refill, Ready: ready,
	}, reload)
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
