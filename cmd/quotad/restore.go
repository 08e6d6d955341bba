package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"quotad/config"
	"quotad/daemon/store"
	"quotad/notify"
)

func (a *app) restoreCommand() *cobra.Command {
	var list, asJSON, yes bool
	c := &cobra.Command{
		Use:   "restore [FILE | latest]",
		Short: "Put a backup in the place of the database",
		Long: `Puts a backup in the place of the database: FILE, the name of one in the folder
of backups, or latest, the newest one there. The backup is checked first; where
it is bad nothing is changed. The database that was there is kept under another
name. What was recorded since the backup is only in that file.

The daemon has to be stopped for it.`,
		Example: `  quotad restore --list
  systemctl --user stop quotad
  quotad restore latest
  systemctl --user start quotad`,
		Args: rangeArgs(0, 1, "FILE or latest"),
		RunE: func(_ *cobra.Command, args []string) error {
			switch {
			case list && len(args) > 0:
				return usage("quotad restore --list", "--list names no FILE")
			case list:
				return a.listBackups(asJSON)
			case asJSON:
				return usage("quotad restore --list --json", "--json goes with --list")
			case len(args) == 0:
				return usage("quotad restore --list", "which backup? Name a FILE, or latest")
			}
			return a.restore(args[0], yes)
		},
	}
	c.Flags().BoolVar(&list, "list", false, "list the backups, newest first")
	c.Flags().BoolVar(&asJSON, "json", false, "with --list: print one JSON object for each")
	c.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	return c
}

// restore puts a backup in place.
func (a *app) restore(name string, yes bool) error {
	paths, err := a.paths()
	if err != nil {
		return err
	}
	if err := noneRuns(paths); err != nil {
		return err
	}
	b, err := backupNamed(paths, name)
	if err != nil {
		return err
	}
	if err := a.agreed(paths, b, yes); err != nil {
		return err
	}
	if isTerminal(a.stderr) {
		fmt.Fprintf(a.stderr, "Checking and copying %s ...\n", bytesOf(b.Size))
	}
	done, err := store.Restore(store.Options{Dir: paths.StateDir, Now: a.now}, b.Path)
	if err != nil {
		return restoreError(err)
	}
	return a.tellRestored(paths, done)
}

// noneRuns refuses while the database is in use, before anything is asked. Who
// has it holds a lock; a daemon that starts later is kept off by it. Nobody is
// called on the socket: that would have systemd start the daemon.
func noneRuns(paths config.Paths) error {
	f, err := os.Open(filepath.Join(paths.StateDir, "lock"))
	if err != nil {
		return nil // nobody was ever there, or Restore says what is wrong
	}
	defer f.Close()
	if errors.Is(unix.Flock(int(f.Fd()), unix.LOCK_SH|unix.LOCK_NB), unix.EWOULDBLOCK) {
		return failed(stopHint, "the daemon runs, and has the database %s", paths.Database)
	}
	return nil
}

const stopHint = "systemctl --user stop quotad   (or end `quotad run` with Ctrl-C), then again"

func restoreError(err error) error {
	if errors.Is(err, store.ErrLocked) {
		return failed(stopHint, "%w", err)
	}
	var known *store.Error
	if errors.As(err, &known) && known.Hint != "" && !errors.Is(err, store.ErrDamaged) {
		return err
	}
	return failed("quotad restore --list", "%w; nothing was changed", err)
}

// backupNamed finds a backup by its path, or among those in their folder.
func backupNamed(paths config.Paths, name string) (store.Backup, error) {
	list, err := store.Backups(paths.StateDir)
	if err != nil {
		return store.Backup{}, err
	}
	if name == "latest" {
		if len(list) == 0 {
			return store.Backup{}, failed("quotad restore FILE", "there is no backup in %s", paths.Backups)
		}
		return list[0], nil
	}
	path := name
	if _, err := os.Stat(path); err != nil && !strings.ContainsRune(name, filepath.Separator) {
		path = filepath.Join(paths.Backups, name)
	}
	info, err := os.Stat(path)
	if err != nil {
		return store.Backup{}, failed("quotad restore --list", "there is no backup %s", clean(name))
	}
	path, err = filepath.Abs(path)
	return store.Backup{Path: path, At: info.ModTime(), Size: info.Size()}, err
}

// agreed asks, unless that was answered by a flag.
func (a *app) agreed(paths config.Paths, b store.Backup, yes bool) error {
	if yes {
		return nil
	}
	if !a.asks() {
		return usage("quotad restore --yes "+b.Path, "no terminal to ask on whether to replace %s", paths.Database)
	}
	now := a.now()
	ok, err := a.confirm(fmt.Sprintf("Put %s (%s, %s ago) in the place of the database?\nWhat was recorded since will only be in the file that is kept.",
		b.Path, notify.Clock(b.At, now, now.Location()), notify.Duration(now.Sub(b.At))), false)
	if err == nil && !ok {
		err = failed("", "not agreed to; nothing was changed")
	}
	return err
}

func (a *app) tellRestored(paths config.Paths, done store.Restored) error {
	fmt.Fprintf(a.stdout, "%s: restored from %s\n", paths.Database, done.From)
	if done.Replaced != "" {
		fmt.Fprintf(a.stdout, "What was there is kept: %s\n", done.Replaced)
	}
	_, err := fmt.Fprintln(a.stdout, "Go on with: systemctl --user start quotad   (or quotad run)")
	return err
}

// listedBackup is a line of `restore --list --json`.
type listedBackup struct {
	Path  string    `json:"path"`
	At    time.Time `json:"at"`
	Bytes int64     `json:"bytes"`
}

func (a *app) listBackups(asJSON bool) error {
	paths, err := a.paths()
	if err != nil {
		return err
	}
	list, err := store.Backups(paths.StateDir)
	if err != nil {
		return err
	}
	if len(list) == 0 && !asJSON {
		fmt.Fprintf(a.stderr, "quotad: note: there is no backup in %s yet\n", paths.Backups)
	}
	now := a.now()
	for _, b := range list {
		if asJSON {
			err = json.NewEncoder(a.stdout).Encode(listedBackup{b.Path, b.At.UTC(), b.Size})
		} else {
			_, err = fmt.Fprintf(a.stdout, "%s  %s  %s  %s\n", b.At.In(now.Location()).Format("2006-01-02 15:04"),
				padRight(notify.Duration(now.Sub(b.At))+" ago", 16), padLeft(bytesOf(b.Size), 9), b.Path)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// bytesOf writes a size for people: "64 kB", "1.5 MB".
func bytesOf(n int64) string {
	switch {
	case n < 1000:
		return fmt.Sprintf("%d B", n)
	case n < 1_000_000:
		return fmt.Sprintf("%d kB", n/1000)
	case n < 1_000_000_000:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	}
	return fmt.Sprintf("%.1f GB", float64(n)/1e9)
}
