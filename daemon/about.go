package daemon

import (
	"maps"
	"net/http"
	"os"
	"slices"
	"time"

	"quotad/daemon/store"
	"quotad/quota"
)

// About is the answer to GET /v1/about: what the daemon is and what it keeps,
// for those who look for a fault.
type About struct {
	Version      string         `json:"version"`
	PID          int            `json:"pid"`
	Database     string         `json:"database"`
	Bytes        int64          `json:"bytes"`
	Accounts     []AboutAccount `json:"accounts"`
	Tools        []AboutTool    `json:"tools"` // those heard of in the last week
	VerifiedAt   *time.Time     `json:"verified_at"`
	SnoozedUntil *time.Time     `json:"snoozed_until"`
}

// AboutAccount is how many events an account has, and when.
type AboutAccount struct {
	Account string     `json:"account"`
	Events  uint64     `json:"events"`
	First   *time.Time `json:"first"`
	Last    *time.Time `json:"last"`
}

// AboutTool is when a tool was last heard of.
type AboutTool struct {
	Tool   string    `json:"tool"`
	Newest time.Time `json:"newest"`
}

// heardOf is how far back tools are looked for.
const heardOf = 7 * 24 * time.Hour

func (d *service) getAbout(r *http.Request) (any, error) {
	if _, err := query(r); err != nil {
		return nil, err
	}
	a, err := d.engine.about()
	a.Version, a.PID = d.Version, os.Getpid()
	return a, err
}

// about says what the store has.
func (e *Engine) about() (a About, err error) {
	a = About{Database: e.store.Path(), Accounts: []AboutAccount{}, Tools: []AboutTool{}}
	if a.Bytes, err = e.store.Size(); err != nil {
		return a, err
	}
	now := e.now()
	a.SnoozedUntil = e.snoozed(now)
	err = e.store.View(func(tx *store.Tx) error {
		counts, err := tx.Counts()
		if err != nil {
			return err
		}
		for _, c := range counts {
			a.Accounts = append(a.Accounts, AboutAccount{c.Account, c.Events, set(c.First), set(c.Last)})
		}
		if a.VerifiedAt, err = verifiedAt(tx); err != nil {
			return err
		}
		a.Tools, err = tools(tx, now)
		return err
	})
	return a, err
}

func verifiedAt(tx *store.Tx) (*time.Time, error) {
	text, ok, err := tx.Value(verifiedKey)
	if err != nil || !ok {
		return nil, err
	}
	at, err := time.Parse(time.RFC3339, string(text))
	if err != nil {
		return nil, nil // of another version; it is checked again one day
	}
	return &at, nil
}

// tools lists those of the last week, sorted by name.
func tools(tx *store.Tx, now time.Time) ([]AboutTool, error) {
	newest := map[string]time.Time{}
	for e, err := range tx.Events("", now.Add(-heardOf), time.Time{}, 0) {
		if err != nil {
			return nil, err
		}
		if e.Kind == quota.KindPrompt {
			newest[e.Tool] = e.At
		}
	}
	list := []AboutTool{}
	for _, name := range slices.Sorted(maps.Keys(newest)) {
		list = append(list, AboutTool{name, newest[name]})
	}
	return list, nil
}

// set is t, or nil where that is zero.
func set(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
