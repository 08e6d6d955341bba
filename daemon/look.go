package daemon

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"quotad/daemon/store"
	"quotad/quota"
)

// Backup copies the database as it is now to a path, or where that is "" into
// the folder of backups. It returns where the copy is. A folder that is named and
// not there is not made: it may be that of a disk that is not mounted.
func (e *Engine) Backup(path string) (string, error) {
	name, own := store.BackupName(e.now()), filepath.Join(e.store.Dir(), "backups")
	if path == "" {
		path = filepath.Join(own, name)
	} else if info, err := os.Stat(path); err == nil && info.IsDir() {
		path = filepath.Join(path, name)
	}
	dir := filepath.Dir(path) // of a path that ends with a slash all of it
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) && dir != own {
		return "", fmt.Errorf("the folder %s is not there: make it, or mount what it is on", dir)
	}
	return path, e.store.Backup(path)
}

// Event finds a recorded event by its ID.
func (e *Engine) Event(id string) (found quota.Event, ok bool, err error) {
	err = e.store.View(func(tx *store.Tx) error {
		var entry quota.Entry
		entry, _, ok, err = tx.Lookup(id)
		found = entry.Event
		return err
	})
	return found, ok, err
}

// Explain tells how the number of a window came about, of its steps the newest
// most. Where window is "" it is the one that will stop work first. State and
// events are of one transaction, so that the last step gives the number.
func (e *Engine) Explain(account, window string, most int) (x quota.Explanation, err error) {
	now := e.now()
	snap := e.Snapshot()
	st, ok := snap.Status(account, now)
	if !ok {
		return x, noAccount(account)
	}
	window = cmp.Or(window, st.Binding, st.Windows[0].Window)
	err = e.store.View(func(tx *store.Tx) error {
		told, err := toldOf(tx, account)
		if err != nil {
			return err
		}
		meter := meterOf(snap.Settings, account, told)
		ledger, _, err := ledgerOf(tx, meter)
		if err != nil {
			return err
		}
		state, _, err := ledger.Present(tx, now)
		if err != nil {
			return err
		}
		x, err = state.Explain(meter, snap.Settings.Notices, window, tx, now, most)
		return err
	})
	return x, complaint(err)
}
