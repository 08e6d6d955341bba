package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"quotad/config"
	"quotad/daemon"
	"quotad/daemon/api"
	"quotad/daemon/store"
	"quotad/quota"
)

func (a *app) verifyCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "verify",
		Short: "Check the database and prove the counters",
		Long: `Checks the database: every page and checksum, every index against what it names,
and that the counters are what the events give when they are counted anew from
the first. It may be used while the daemon runs; where none runs it opens the
database itself, and says so where that had to mend something.

Exit code 0 says that all is well, 1 that something is wrong.`,
		Example: `  quotad verify
  quotad verify --json`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error { return a.verify(c.Context(), asJSON) },
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print the result as one JSON object")
	return c
}

func (a *app) verify(ctx context.Context, asJSON bool) error {
	paths, err := a.paths()
	if err != nil {
		return err
	}
	bar := a.progress("Checking the database")
	defer bar.end()
	tell := func(p daemon.Progress) { bar.set(uint64(p.Done), uint64(p.Total)) }
	found, err := verifyThrough(ctx, &api.Client{Sockets: paths.Sockets}, tell)
	if noDaemon(err) {
		found, err = a.verifyOffline(ctx, paths, tell)
	}
	bar.end()
	if err != nil {
		return err
	}
	if asJSON {
		err = a.encode(found)
	} else {
		err = a.tellVerified(paths, found)
	}
	if err == nil && !found.OK {
		err = a.notWell(paths, found)
	}
	return err
}

// verifyThrough has the daemon check.
func verifyThrough(ctx context.Context, c *api.Client, tell func(daemon.Progress)) (found daemon.Verification, err error) {
	for text, err := range c.PostStream(ctx, "/v1/verify", nil) {
		if err != nil {
			return found, err
		}
		var line daemon.VerifyLine
		if err := json.Unmarshal(text, &line); err != nil {
			return found, fmt.Errorf("the daemon's answer cannot be read: %w", err)
		}
		switch {
		case line.Result != nil:
			return *line.Result, nil
		case line.Progress != nil:
			tell(*line.Progress)
		}
	}
	return found, errors.New("the daemon broke off before it was through")
}

func (a *app) verifyOffline(ctx context.Context, paths config.Paths, tell func(daemon.Progress)) (daemon.Verification, error) {
	if err := someDatabase(paths); err != nil {
		return daemon.Verification{}, err
	}
	settings, err := a.settings()
	if err != nil {
		return daemon.Verification{}, err
	}
	return daemon.VerifyOffline(ctx, paths, settings, a.now, tell)
}

// someDatabase sees that there is one: opening would make one.
func someDatabase(paths config.Paths) error {
	for _, name := range []string{paths.Database, filepath.Join(paths.StateDir, "created")} {
		if _, err := os.Stat(name); !errors.Is(err, fs.ErrNotExist) {
			return nil
		}
	}
	return failed("quotad run", "there is no database yet: %s", paths.Database)
}

func (a *app) tellVerified(paths config.Paths, found daemon.Verification) error {
	verdict := "all is well"
	if !found.OK {
		verdict = counted(len(found.Problems), "problem")
	}
	fmt.Fprintf(a.stdout, "%s: %s\n", paths.Database, verdict)
	fmt.Fprintf(a.stdout, "  checked: pages, checksums, indexes, %s\n", counted(found.Events, "event"))
	fmt.Fprintf(a.stdout, "  counted anew: %s, and held against the counters and %s\n",
		counted(found.Accounts, "account"), counted(found.Points, "checkpoint"))
	for _, p := range found.Problems {
		fmt.Fprintf(a.stdout, "  problem: %s\n", clean(p))
	}
	return nil
}

// notWell says what to do: a backup where there is one, and nothing but to go on
// where opening the database has put it back already.
func (a *app) notWell(paths config.Paths, found daemon.Verification) error {
	if found.Mended {
		return failed("systemctl --user start quotad   (or quotad run), which looks for what may be missing",
			"the database was not as it should be, and was mended: %s", counted(len(found.Problems), "problem"))
	}
	hint := "quotad events --json >events.ndjson, to keep what can be read"
	if list, err := store.Backups(paths.StateDir); err == nil && len(list) > 0 {
		hint = "quotad restore --list, then: quotad restore FILE"
	}
	return failed(hint, "the database is not as it should be: %s", counted(len(found.Problems), "problem"))
}

// counted is "1 event", "2 events".
func counted(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return figure(quota.Amount(n)*quota.One) + " " + one + "s"
}
