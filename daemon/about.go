package daemon

import (
	"cmp"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"quotad/daemon/store"
	"quotad/quota"
)

// About is the answer to GET /v1/about: what the daemon is and what it keeps,
// for those who look for a fault.
type About struct {
	Version      string         `json:"version"`
	PID          int            `json:"pid"`
	Settings     string         `json:"settings,omitempty"` // fingerprint of those in use
	Database     string         `json:"database"`
	Bytes        int64          `json:"bytes"`
	Accounts     []AboutAccount `json:"accounts"`
	VerifiedAt   *time.Time     `json:"verified_at"`
	SnoozedUntil *time.Time     `json:"snoozed_until"`

	Own    map[string]string    `json:"own_keys,omitempty"` // hash of each account's own key
	Keys   []AboutKey           `json:"keys"`               // those that tools used in that time, the newest first
	Tools  map[string]AboutTool `json:"tools"`              // those heard of in the last 30 days, by name
	Follow AboutFollow          `json:"follow"`

	Provider []AboutProvider `json:"provider"` // the accounts whose own reading is enabled
}

// AboutAccount is how many events an account has, and when, and what is left of
// those older than the retention.
type AboutAccount struct {
	Account  string     `json:"account"`
	Events   uint64     `json:"events"`
	First    *time.Time `json:"first"`
	Last     *time.Time `json:"last"`
	Sums     uint64     `json:"sums,omitempty"`      // hourly ones
	SumsFrom *time.Time `json:"sums_from,omitempty"` // the first hour of them
}

// AboutTool is what a tool was heard to do.
type AboutTool struct {
	Last   time.Time `json:"last"`   // its newest event
	Events int       `json:"events"` // prompts and refusals
}

// AboutKey is a key that a tool was seen to use.
type AboutKey struct {
	Key     string    `json:"key"` // salted hash of it
	Tool    string    `json:"tool"`
	Account string    `json:"account"` // of the newest event with it
	Last    time.Time `json:"last"`
	Events  int       `json:"events"`
}

// heardOf is how far back tools are looked for.
const heardOf = 30 * 24 * time.Hour

func (d *service) getAbout(r *http.Request) (any, error) {
	if _, err := query(r); err != nil {
		return nil, err
	}
	a, err := d.engine.about()
	a.Version, a.PID, a.Follow = d.Version, os.Getpid(), d.follow.tally.get()
	return a, err
}

// about says what the store has.
func (e *Engine) about() (a About, err error) {
	a = About{Database: e.store.Path(), Accounts: []AboutAccount{}, Keys: []AboutKey{}, Tools: map[string]AboutTool{}}
	if a.Bytes, err = e.store.Size(); err != nil {
		return a, err
	}
	snap := e.Snapshot()
	a.Settings, a.Provider = snap.Settings.Fingerprint(), snap.aboutProvider()
	now := e.now()
	a.SnoozedUntil = e.snoozed(now)
	if keys := e.keys.Load(); keys != nil {
		a.Own = *keys
	}
	err = e.store.View(func(tx *store.Tx) error {
		counts, err := tx.Counts()
		if err != nil {
			return err
		}
		for _, c := range counts {
			sums, from, err := tx.Summed(c.Account)
			if err != nil {
				return err
			}
			a.Accounts = append(a.Accounts, AboutAccount{c.Account, c.Events, set(c.First), set(c.Last), sums, set(from)})
		}
		if a.VerifiedAt, err = verifiedAt(tx); err != nil {
			return err
		}
		return a.hear(tx, now)
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

// hear fills in the tools of the last days and their keys, by what their hooks
// sent: usage is what the daemon read by itself.
func (a *About) hear(tx *store.Tx, now time.Time) error {
	keys := map[[2]string]AboutKey{}
	for e, err := range tx.Events("", now.Add(-heardOf), time.Time{}, 0) {
		if err != nil {
			return err
		}
		if e.Kind != quota.KindPrompt && e.Kind != quota.KindExhausted {
			continue
		}
		a.Tools[e.Tool] = AboutTool{e.At, a.Tools[e.Tool].Events + 1}
		if e.Key != "" {
			id := [2]string{e.Key, e.Tool}
			keys[id] = AboutKey{e.Key, e.Tool, e.Account, e.At, keys[id].Events + 1}
		}
	}
	a.Keys = slices.AppendSeq(a.Keys, maps.Values(keys))
	slices.SortFunc(a.Keys, func(x, y AboutKey) int {
		return cmp.Or(y.Last.Compare(x.Last), strings.Compare(x.Key, y.Key), strings.Compare(x.Tool, y.Tool))
	})
	return nil
}

// set is t, or nil where that is zero.
func set(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
