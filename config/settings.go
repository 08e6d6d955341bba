package config

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"quotad/quota"
)

// Settings is all that a configuration says, every default filled in.
type Settings struct {
	// Accounts are the configured ones in the order of the file, and always one
	// named "default". Each holds its plan, with five_hour applied.
	Accounts  []quota.Account
	Providers map[string]Provider         // one for each of Accounts, by name
	FiveHour  map[string]quota.WindowKind // five_hour of the accounts that set it, by name
	Rules     quota.Rules                 // Tools is never nil
	Belongs   []quota.Belonging           // which account an event belongs to; the first that fits decides. A Project may begin with "~/"
	Plans     []quota.Plan                // built-in ones, overlaid by [[plan]]
	Notices   quota.NoticeRules
	Notify    Notify
	Money     Money
	Store     Store
	Log       Log
}

// Provider says how to get the provider's own reading for an account.
type Provider struct {
	Enabled      bool
	Site         string   // "z.ai" or "bigmodel.cn"
	KeyFile      string   // absolute, or from "~/"; [ExpandHome] resolves it
	KeyCommand   []string // program and arguments that print the key
	BaseURL      string   // in place of the site's; plain http on loopback only
	Organization string   // of a team, with Project; empty: a plan of one's own
	Project      string
}

// Notify says how notices are delivered.
type Notify struct {
	QuietHours QuietHours
	Desktop    bool
	Command    []string // program and arguments; empty: none
}

// Store says what is kept.
type Store struct {
	Retention time.Duration // whole days; older events are rejected, and forgotten
}

// Log says what the daemon writes about itself.
type Log struct {
	Level string // one of LogLevels
}

// LogLevels are the values of log.level, from the most words to the fewest.
func LogLevels() []string { return []string{"trace", "debug", "info", "warn", "error"} }

const (
	minRetention = 35 // days: a month, and room for what comes late
	maxRetention = 36500
	// maxFile is far above any real configuration.
	maxFile = 1 << 20
)

// Load reads a configuration file. One that is not there is no error unless it
// was named explicitly: then the defaults hold. The error is [Errors] where the
// file was read and is wrong.
func Load(path string, explicit bool) (Settings, error) {
	data, err := read(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !explicit:
		return Default(), nil
	case errors.Is(err, fs.ErrNotExist):
		return Settings{}, fmt.Errorf("no configuration file %s: name one that is there, or leave --config and QUOTAD_CONFIG away", path)
	case err != nil:
		return Settings{}, fmt.Errorf("cannot read the configuration: %w", err)
	}
	return Parse(path, data)
}

// read takes no more than shows that a file is too large: it may be a device.
func read(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxFile+1))
}

// Default is what holds without a file.
func Default() Settings {
	s, err := Parse("defaults", nil)
	if err != nil {
		panic(err) // an empty text has nothing wrong in it
	}
	return s
}

// Account is the account of that name; one that nobody configured has the
// assumed plan.
func (s Settings) Account(name string) quota.Account {
	i := slices.IndexFunc(s.Accounts, func(a quota.Account) bool { return a.Name == name })
	if i >= 0 {
		return s.Accounts[i]
	}
	return s.assumed(name)
}

// AccountOn is the account of that name as it would be on another plan: what it
// sets besides, five_hour too, holds there as well.
func (s Settings) AccountOn(name string, plan quota.Plan) quota.Account {
	a := s.Account(name)
	a.Plan, a.Assumed = WithFiveHour(plan, s.FiveHour[name]), false
	return a
}

func (s Settings) assumed(name string) quota.Account {
	plan, _ := s.Plan(quota.DefaultPlan)
	return quota.Account{Name: name, Plan: plan, Assumed: true, Model: quota.DefaultModel}
}

// Assignment is which account events belong to, home being the user's folder.
func (s Settings) Assignment(home string) quota.Assignment {
	rows := slices.Clone(s.Belongs)
	for i := range rows {
		rows[i].Project = ExpandHome(rows[i].Project, home)
	}
	return quota.Assignment{Rows: rows}
}

// Plan finds a plan by its id.
func (s Settings) Plan(id string) (quota.Plan, bool) {
	for _, p := range s.Plans {
		if p.ID == id {
			return p, true
		}
	}
	return quota.Plan{}, false
}

// PlanIDs are the ids of all plans.
func (s Settings) PlanIDs() []string {
	ids := make([]string, len(s.Plans))
	for i, p := range s.Plans {
		ids[i] = p.ID
	}
	return ids
}

// Hash changes with everything that the fold of events rests on: the accounts
// with their plans, the rules of what is charged, and the prices. It is the same
// in every run, whatever the order of the accounts, and does not look at the
// rest.
func (s Settings) Hash() string {
	accounts := slices.Clone(s.Accounts)
	for i := range accounts {
		accounts[i] = withoutFees(accounts[i])
	}
	slices.SortFunc(accounts, func(a, b quota.Account) int { return strings.Compare(a.Name, b.Name) })
	sum := sha256.New()
	// Plain data into a hash: this cannot fail.
	_ = json.NewEncoder(sum).Encode(struct {
		Accounts []quota.Account
		Others   quota.Account // events may name an account that nobody configured
		Rules    quota.Rules
		Prices   quota.Prices
	}{accounts, withoutFees(s.assumed("")), s.Rules, s.Money.PriceTable()})
	return hex.EncodeToString(sum.Sum(nil))
}

// AccountKey names a setting of an account: "account.default.plan".
func AccountKey(account, key string) string {
	if strings.ContainsRune(account, '.') {
		account = strconv.Quote(account)
	}
	return "account." + account + "." + key
}

// withoutFees leaves out when an account is paid for, and what it costs: no
// event is counted by that.
func withoutFees(a quota.Account) quota.Account {
	a.Renews, a.Ends, a.Cycle, a.Plan.Fees = time.Time{}, time.Time{}, "", nil
	return a
}

// ExpandHome is path with a leading "~/" replaced by the home folder.
func ExpandHome(path, home string) string {
	if rest, ok := strings.CutPrefix(path, "~/"); ok && home != "" {
		return strings.TrimSuffix(home, "/") + "/" + rest
	}
	return path
}
