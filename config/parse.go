package config

import (
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"quotad/quota"
)

// Parse reads a configuration text; name stands for the file in what it
// complains of. The error is [Errors], all of them.
func Parse(name string, data []byte) (Settings, error) {
	if len(data) > maxFile {
		return Settings{}, Errors{{File: name, Line: 1, Column: 1, Message: "larger than 1 MiB; this is no configuration"}}
	}
	d, root := open(name, data)
	s := Settings{Providers: map[string]Provider{}}
	s.Plans = overlay(quota.Plans(), root.get("plan").tables())
	s.accounts(root.get("account").table())
	s.Rules = rules(root.get("endpoint").tables(), root.get("tool").table())
	s.belongs(root.get("belongs").tables())
	s.notify(root.get("notify").table())
	s.Money = money(root.get("money").table(), root.get("price").tables())
	s.Store = store(root.get("store").table())
	s.Log = logging(root.get("log").table())
	root.close()
	if err := d.err(); err != nil {
		return Settings{}, err
	}
	return s, nil
}

func (s *Settings) accounts(t *table) {
	for _, name := range t.names() {
		v := t.get(name)
		if !quota.ValidAccount(name) {
			t.doc.fail(v.mark.Place().Key, "%s: not an account name; expected 1 to 64 of a-z A-Z 0-9 . _ -", v.name)
		}
		account := v.table()
		s.Accounts = append(s.Accounts, s.account(name, account))
		s.Providers[name] = provider(account.get("provider").table())
		account.noKeys()
		account.close()
	}
	if _, ok := s.Providers[quota.DefaultAccount]; !ok {
		s.Accounts = append(s.Accounts, s.assumed(quota.DefaultAccount))
		s.Providers[quota.DefaultAccount] = provider(&table{})
	}
}

func (s *Settings) account(name string, t *table) quota.Account {
	a := s.assumed(name)
	if v := t.get("plan"); v.set() {
		a.Assumed = false
		a.Plan = s.planOf(v)
	}
	a.Subscribed = t.get("subscribed").instant()
	t.term(&a)
	if v := t.get("model"); v.set() {
		if a.Model = v.line(); quota.NormalModel(a.Model) == "" {
			v.bad("names no model; expected one such as %q", quota.DefaultModel)
		}
	}
	if kind := t.get("five_hour").choice("", string(quota.Fixed), string(quota.Rolling)); kind != "" {
		if s.FiveHour == nil {
			s.FiveHour = map[string]quota.WindowKind{}
		}
		s.FiveHour[name] = quota.WindowKind(kind)
	}
	a.Plan = WithFiveHour(a.Plan, s.FiveHour[name])
	return a
}

func (s *Settings) planOf(v value) quota.Plan {
	id := v.text()
	p, ok := s.Plan(id)
	if v.isText() && !ok {
		v.bad("%s is not a plan; %s", quoted(id), suggest(id, s.PlanIDs()))
	}
	return p
}

// WithFiveHour is the plan with another kind of the window named "5h", where it
// has one and the kind is not empty; p itself stays as it is.
func WithFiveHour(p quota.Plan, kind quota.WindowKind) quota.Plan {
	i, ok := p.Window(quota.WindowFive)
	if !ok || kind == "" {
		return p
	}
	p.Windows = slices.Clone(p.Windows)
	w := &p.Windows[i]
	w.Kind = kind
	if w.Length == 0 { // was monthly, which has none
		w.Length = 5 * time.Hour
	}
	return p
}

// path is the path of a file, absolute or from the home folder.
func (v value) path() string {
	s := v.line()
	if v.set() && s != "" && !filepath.IsAbs(s) && !strings.HasPrefix(s, "~/") {
		v.bad(`is relative; expected a path that begins with "/" or "~/"`)
	}
	return s
}

// command is a program and its arguments; nil where there is none.
func (v value) command() []string {
	var words []string
	for _, item := range v.list(`an array such as ["/path/to/program", "argument"]`) {
		words = append(words, item.text())
	}
	if len(words) > 0 && words[0] == "" {
		v.bad("the program is empty; expected a path or a name on PATH")
	}
	return words
}

// url takes s apart as an http or https URL; nil where it is none. The text is
// not shown in what is complained of: it may hold a password.
func (v value) url(s string) *url.URL {
	const expected = `expected scheme, host, and where needed port and path, such as "http://127.0.0.1:3456"`
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		v.bad("not an http or https URL; %s", expected)
	case u.User != nil:
		v.bad("has a user name or password; %s", expected)
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		v.bad("has a query or fragment; %s", expected)
	default:
		return u
	}
	return nil
}

func rules(endpoints []*table, tools *table) quota.Rules {
	r := quota.Rules{Tools: map[string]bool{}}
	for _, t := range endpoints {
		v := t.need("url", `a URL such as "http://127.0.0.1:3456"`)
		rule := quota.EndpointRule{Plan: planFlag(t)}
		if rule.URL = v.text(); v.isText() && v.url(rule.URL) != nil {
			v.checkMatches(rule.URL)
		}
		r.Endpoints = append(r.Endpoints, rule)
		t.close()
	}
	for _, name := range tools.names() {
		t := tools.get(name).table()
		r.Tools[name] = planFlag(t)
		t.close()
	}
	return r
}

func planFlag(t *table) bool { return t.need("plan", "true or false").flag(false) }

// checkMatches complains of a URL that the domain reads more strictly than
// net/url does: as a rule it would never match anything.
func (v value) checkMatches(u string) {
	probe := quota.Rules{Endpoints: []quota.EndpointRule{{URL: u, Plan: true}}}
	if probe.Bill(quota.Event{Endpoint: u}) != quota.OnPlan {
		v.bad(`would never match; expected plain ASCII without "%%", "\" or ".." in the path`)
	}
}

func (s *Settings) notify(t *table) {
	s.Notices = quota.NoticeRules{
		Thresholds: t.get("thresholds").thresholds(),
		Refresh:    t.get("refresh").flag(true),
		Forecast:   t.get("forecast").flag(true),
		Renewal:    t.get("renewal").flag(true),
	}
	s.Notify = Notify{
		QuietHours: t.get("quiet_hours").quietHours(),
		Desktop:    t.get("desktop").flag(true),
		Command:    t.get("command").command(),
	}
	t.close()
}

// thresholds are percentages, ascending, each once.
func (v value) thresholds() []int {
	if !v.set() {
		return []int{75, 90, 100}
	}
	levels := []int{}
	for _, item := range v.list("an array of whole numbers such as [75, 90, 100]") {
		levels = append(levels, int(item.whole(0, 1, 100)))
	}
	slices.Sort(levels)
	return slices.Compact(levels)
}

func store(t *table) Store {
	days := t.get("retention_days").whole(400, minRetention, maxRetention)
	t.close()
	return Store{Retention: time.Duration(days) * day}
}

func logging(t *table) Log {
	level := t.get("level").choice("info", LogLevels()...)
	t.close()
	return Log{Level: level}
}
