package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"quotad/systemd"
)

func (a *app) serviceUninstall() *cobra.Command {
	return &cobra.Command{
		Use:   "uninstall",
		Short: "Stop the service and remove it; your data stays",
		Long: `Stops the service, takes it out of the login, and removes its units. The
database, its backups and the configuration stay; it says where they are.`,
		Example: `  quotad service uninstall`,
		Args:    noArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return a.uninstallService(c.Context()) },
	}
}

// uninstallService removes what there is. Where no manager answers the service
// does not run, and its files can go all the same.
func (a *app) uninstallService(ctx context.Context) error {
	u, err := a.userService()
	if err != nil {
		return err
	}
	managed, stopped := u.reach(ctx) == nil, false
	if managed {
		if stopped, err = u.disable(ctx); err != nil {
			return err
		}
	}
	removed, err := u.remove()
	if err != nil {
		return failed("", "cannot remove the units: %v", err)
	}
	if managed && removed > 0 {
		if _, err := u.do(ctx, askWithin, "daemon-reload"); err != nil {
			return failed("", "systemd cannot read its units anew: %v", err)
		}
		_, _ = u.do(ctx, askWithin, "reset-failed", systemd.Service, systemd.Socket) // nothing failed: an error, and no matter
	}
	if removed == 0 && !stopped {
		fmt.Fprintln(a.stdout, "quotad.service is not installed; nothing to remove")
	}
	u.tellKept()
	return nil
}

// disable stops the service, and the socket with it, which would start it
// again; stopped is false where there is none.
func (u *userService) disable(ctx context.Context) (stopped bool, err error) {
	state, err := u.show(ctx, systemd.Service)
	if err != nil || state.Load == "not-found" && !state.running() {
		return false, err
	}
	if _, err := u.do(ctx, startWithin, "disable", "--now", systemd.Socket, systemd.Service); err != nil {
		return false, failed(journalHint, "the service cannot be stopped: %v", err)
	}
	fmt.Fprintf(u.stdout, "%s: stopped\n", systemd.Service)
	return true, nil
}

// remove takes the unit files away, and the links that enable them where no
// manager did.
func (u *userService) remove() (removed int, err error) {
	for _, name := range []string{
		systemd.Service, systemd.Socket,
		filepath.Join("default.target.wants", systemd.Service),
		filepath.Join("sockets.target.wants", systemd.Socket),
	} {
		path := filepath.Join(u.dir, name)
		switch err := os.Remove(path); {
		case err == nil:
			removed++
			fmt.Fprintf(u.stdout, "%s: removed\n", path)
		case !errors.Is(err, fs.ErrNotExist):
			return removed, err
		}
	}
	dropped, err := u.dropSandbox()
	if dropped {
		removed++
	}
	return removed, err
}

// tellKept says where the rest is.
func (u *userService) tellKept() {
	for _, kept := range [][2]string{{"data", u.paths.StateDir}, {"configuration", u.paths.Config}} {
		if _, err := os.Stat(kept[1]); err == nil {
			fmt.Fprintf(u.stdout, "kept: %s (%s)\n", kept[1], kept[0])
		}
	}
}
