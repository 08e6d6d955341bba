package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"quotad/config"
	"quotad/daemon"
	"quotad/daemon/api"
)

// backupWithin is how long a daemon may take to copy its database.
const backupWithin = 10 * time.Minute

func (a *app) backupCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "backup [FILE]",
		Short: "Copy the database as it is now",
		Long: `Copies the database, whole and checked, to FILE, or where none is named to the
folder of backups, and prints where the copy is. A FILE that is there is
replaced; where it is a folder the copy gets a name of its own in it. A folder
that is not there is not made.

It may be used while the daemon runs; where none runs it opens the database
itself. The daemon makes a backup each day by itself and keeps seven of them.`,
		Example: `  quotad backup
  quotad backup /mnt/usb/quotad.db
  quotad restore --list`,
		Args: rangeArgs(0, 1, "at most one FILE"),
		RunE: func(c *cobra.Command, args []string) error { return a.backup(c.Context(), args) },
	}
}

func (a *app) backup(ctx context.Context, args []string) error {
	paths, err := a.paths()
	if err != nil {
		return err
	}
	var in daemon.BackupRequest
	if len(args) == 1 {
		if in.Path, err = filepath.Abs(args[0]); err != nil {
			return err
		}
		if strings.HasSuffix(args[0], "/") { // a folder, be it there or not
			in.Path += "/"
		}
	}
	var out daemon.BackupAnswer
	client := api.Client{Sockets: paths.Sockets, Timeout: backupWithin}
	err = client.Post(ctx, "/v1/backup", in, &out)
	if noDaemon(err) {
		out.Path, err = a.backupOffline(paths, in.Path)
	}
	if err != nil {
		return fmt.Errorf("no backup was made: %w", err)
	}
	_, err = fmt.Fprintln(a.stdout, out.Path)
	return err
}

func (a *app) backupOffline(paths config.Paths, path string) (made string, err error) {
	if err := someDatabase(paths); err != nil {
		return "", err
	}
	settings, err := a.settings()
	if err != nil {
		return "", err
	}
	err = daemon.Offline(paths, settings, a.now, func(e *daemon.Engine) (err error) {
		made, err = e.Backup(path)
		return err
	})
	return made, err
}
