package config

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"quotad/quota"
)

func parse(t *testing.T, text string) Settings {
	t.Helper()
	s, err := Parse("config.toml", []byte(text))
	if err != nil {
		t.Fatalf("%v\nin\n%s", err, text)
	}
	return s
}

func TestDefault(t *testing.T) {
	s := Default()
	lite, _ := quota.PlanByID("v2/lite")
	want := Settings{
		Accounts:  []quota.Account{{Name: "default", Plan: lite, Assumed: true, Model: "glm-5.3"}},
		Providers: map[string]Provider{"default": {Site: "z.ai"}},
		Rules:     quota.Rules{Tools: map[string]bool{}},
		Plans:     quota.Plans(),
		Notices:   quota.NoticeRules{Thresholds: []int{75, 90, 100}, Refresh: true, Forecast: true, Renewal: true},
		Money:     Money{Prices: "official"},
		Notify:    Notify{Desktop: true},
		Store:     Store{Retention: 400 * 24 * time.Hour},
		Log:       Log{Level: "info"},
	}
	if !reflect.DeepEqual(s, want) {
		t.Errorf("got  %+v\nwant %+v", s, want)
	}
}

// testdata/full.toml sets everything that the documentation shows.
func TestParseFull(t *testing.T) {
	data, err := os.ReadFile("testdata/full.toml")
	if err != nil {
		t.Fatal(err)
	}
	s := parse(t, string(data))
	pro, _ := quota.PlanByID("v2/pro")
	a := s.Account("default")
	if a.Plan.Windows[0].Kind != quota.Rolling || pro.Windows[0].Kind != quota.Fixed {
		t.Errorf("five_hour: the account has %v, the plan %v", a.Plan.Windows[0].Kind, pro.Windows[0].Kind)
	}
	a.Plan = WithFiveHour(a.Plan, quota.Fixed)
	want := quota.Account{Name: "default", Plan: pro, Model: "glm-4.7",
		Subscribed: time.Date(2026, 3, 4, 8, 55, 13, 0, time.UTC)}
	if !reflect.DeepEqual(a, want) {
		t.Errorf("account\n got %+v\nwant %+v", a, want)
	}
	provider := Provider{Enabled: true, Site: "z.ai", KeyFile: "~/.config/quotad/zai.key", BaseURL: "http://127.0.0.1:8080"}
	if got := s.Providers["default"]; !reflect.DeepEqual(got, provider) {
		t.Errorf("provider %+v", got)
	}
	rules := quota.Rules{
		Endpoints: []quota.EndpointRule{{URL: "http://127.0.0.1:3456", Plan: true}},
		Tools:     map[string]bool{"cline": true},
	}
	if !reflect.DeepEqual(s.Rules, rules) {
		t.Errorf("rules %+v", s.Rules)
	}
	notify := Notify{Desktop: true, Command: []string{"/path/to/program"},
		QuietHours: QuietHours{Start: 23 * time.Hour, End: 8 * time.Hour}}
	if !reflect.DeepEqual(s.Notify, notify) {
		t.Errorf("notify %+v", s.Notify)
	}
}

func TestParsePlan(t *testing.T) {
	data, err := os.ReadFile("testdata/full.toml")
	if err != nil {
		t.Fatal(err)
	}
	s := parse(t, string(data)+`
[[plan]]
id = "lab/credits"
unit = "credits"
estimate = 12.5
[[plan.window]]
name = "month"
kind = "monthly"
cap = 100
counts = "tools"
[[plan.peak]]
start = "22:00"
end = "24:00"
utc_offset = "-03:30"
until = 2026-07-30
[[plan.route]]
model = "zai/GLM-5.2[1m]"
as = "glm-5.3"
[[plan.model]]
model = "glm-5.3"
[[plan.promotion]]
name = "sale"
from = 2026-09-25
until = 2026-10-08
[[plan.discount]]
tool = "zcode"
factor = 0.67
until = 2026-10-08
`)
	august := time.Date(2026, 8, 25, 16, 0, 0, 0, time.UTC) // the 26th in UTC+8
	tiny := quota.Plan{
		ID: "lab/tiny", Name: "Tiny", Unit: quota.Prompts, Source: source,
		Windows: []quota.Window{{Name: "5h", Kind: quota.Fixed, Length: 20 * time.Second, Cap: 5 * quota.One, Counts: quota.CountPrompts}},
		Peaks: []quota.Peak{{Days: [7]bool{false, true, true, true, true, true, false},
			Start: 14 * time.Hour, End: 18 * time.Hour, Offset: 8 * time.Hour, Source: source}},
		Weights: []quota.Weight{{Model: "glm-5.3", Peak: 3 * quota.One, OffPeak: quota.One, Valid: quota.Span{From: august}, Source: source}},
		Rates: []quota.Rate{{Model: "glm-5.3", Input: 6_900_000, Cached: 1_700_000, Output: 24 * quota.One,
			OffPeakFactor: quota.One / 2, Source: source}},
		Tools: []quota.ToolRate{{Name: "*", Credits: 1_200_000, Source: source}},
	}
	credits := quota.Plan{
		ID: "lab/credits", Name: "lab/credits", Unit: quota.Credits, Source: source, Estimate: 12_500_000,
		Windows: []quota.Window{{Name: "month", Kind: quota.Monthly, Cap: 100 * quota.One, Counts: quota.CountTools}},
		Peaks: []quota.Peak{{Days: [7]bool{true, true, true, true, true, true, true},
			Start: 22 * time.Hour, End: 24 * time.Hour, Offset: -(3*time.Hour + 30*time.Minute), Source: source,
			Valid: quota.Span{Until: time.Date(2026, 7, 29, 16, 0, 0, 0, time.UTC)}}},
		Routes: []quota.Route{{Model: "glm-5.2", As: "glm-5.3", Source: source}},
		Models: []quota.Access{{Model: "glm-5.3", Source: source}},
		Promotions: []quota.Promotion{{Name: "sale", Source: source, Valid: quota.Span{
			From: time.Date(2026, 9, 24, 16, 0, 0, 0, time.UTC), Until: time.Date(2026, 10, 7, 16, 0, 0, 0, time.UTC)}}},
		Discounts: []quota.Discount{{Tool: "zcode", Factor: 670_000, Source: source,
			Valid: quota.Span{Until: time.Date(2026, 10, 7, 16, 0, 0, 0, time.UTC)}}},
	}
	for _, want := range []quota.Plan{tiny, credits} {
		if got, _ := s.Plan(want.ID); !reflect.DeepEqual(got, want) {
			t.Errorf("plan\n got %+v\nwant %+v", got, want)
		}
	}
	if got, want := len(s.Plans), len(quota.Plans())+2; got != want {
		t.Errorf("%d plans, not %d", got, want)
	}
}

func TestAccountOnAnotherPlan(t *testing.T) {
	const text = "[account.default]\nplan = \"v2/pro\"\nsubscribed = 2026-03-04\n"
	lite, _ := quota.PlanByID("v2/lite")
	for _, c := range []struct {
		what, fiveHour string
		plan           quota.Plan
		want           quota.WindowKind
	}{
		{"five_hour holds on any plan", "rolling", lite, quota.Rolling},
		{"also where it says what the configured plan says", "fixed", WithFiveHour(lite, quota.Rolling), quota.Fixed},
		{"without it the plan says", "", WithFiveHour(lite, quota.Rolling), quota.Rolling},
	} {
		set := ""
		if c.fiveHour != "" {
			set = "five_hour = \"" + c.fiveHour + "\"\n"
		}
		s := parse(t, text+set)
		a := s.AccountOn("default", c.plan)
		if a.Plan.ID != "v2/lite" || a.Plan.Windows[0].Kind != c.want || a.Assumed || a.Subscribed.IsZero() {
			t.Errorf("%s: %+v", c.what, a)
		}
		if other := s.AccountOn("other", c.plan); other.Plan.Windows[0].Kind != c.plan.Windows[0].Kind {
			t.Errorf("%s: it holds for another account", c.what)
		}
	}
	if lite.Windows[0].Kind != quota.Fixed {
		t.Error("the plan itself was changed")
	}
}

const fiveHours = "[[plan.window]]\nname = \"5h\"\nkind = \"fixed\"\nlength = \"5h\"\ncap = 7\n"

func TestPlanOfTheSameIDReplaces(t *testing.T) {
	s := parse(t, "[[plan]]\nid = \"v3/pro\"\nunit = \"credits\"\n"+fiveHours)
	builtin, _ := quota.PlanByID("v3/pro")
	got, _ := s.Plan("v3/pro")
	if len(got.Windows) != 1 || got.Windows[0].Cap != 7*quota.One || got.Rates != nil {
		t.Errorf("not replaced as a whole: %+v", got)
	}
	if got.Estimate != builtin.Estimate || got.Estimate == 0 {
		t.Errorf("estimate %v, the built-in plan has %v", got.Estimate, builtin.Estimate)
	}
	order := slices.IndexFunc(quota.Plans(), func(p quota.Plan) bool { return p.ID == "v3/pro" })
	if len(s.Plans) != len(quota.Plans()) || s.Plans[order].Source != source {
		t.Error("the plan changed its place")
	}
	s = parse(t, "[[plan]]\nid = \"v2/lite\"\n"+fiveHours)
	if a := s.Account("nobody"); !a.Assumed || a.Plan.Windows[0].Cap != 7*quota.One {
		t.Errorf("the assumed plan is not the replaced one: %+v", a)
	}
}

func TestAccounts(t *testing.T) {
	for _, c := range []struct{ title, text, want string }{
		{"there is always a default", "", "default:v2/lite?"},
		{"the order is the file's, and default is added", "[account.z]\nplan=\"v2/max\"\n[account.a]\n", "z:v2/max a:v2/lite? default:v2/lite?"},
		{"a default that is configured keeps its place", "account.default.plan=\"v1/pro\"\n[account.a]\n", "default:v1/pro a:v2/lite?"},
		{"a name may be quoted", "[account.\"a.b\"]\n", "a.b:v2/lite? default:v2/lite?"},
		{"inline tables are tables too", "account = { b = { plan = \"v2/pro\" }, a = {} }", "b:v2/pro a:v2/lite? default:v2/lite?"},
	} {
		t.Run(c.title, func(t *testing.T) {
			s := parse(t, c.text)
			var words []string
			for _, a := range s.Accounts {
				words = append(words, a.Name+":"+a.Plan.ID+map[bool]string{true: "?"}[a.Assumed])
				if _, ok := s.Providers[a.Name]; !ok {
					t.Errorf("%s has no provider", a.Name)
				}
			}
			if got := strings.Join(words, " "); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestSubscribed(t *testing.T) {
	for _, c := range []struct{ title, value, want string }{
		{"an offset holds", "2026-03-04T16:55:13+08:00", "2026-03-04T08:55:13Z"},
		{"without a zone it is the provider's", "2026-03-04 16:55:13.5", "2026-03-04T08:55:13.5Z"},
		{"a date is its midnight in the provider's zone", "2026-03-04", "2026-03-03T16:00:00Z"},
		{"it is cut to the millisecond", "2026-03-04T00:00:00.1239Z", "2026-03-04T00:00:00.123Z"},
	} {
		t.Run(c.title, func(t *testing.T) {
			s := parse(t, "[account.default]\nsubscribed = "+c.value)
			if got := s.Accounts[0].Subscribed.Format(time.RFC3339Nano); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestThresholdsAreSortedAndOnce(t *testing.T) {
	s := parse(t, "notify.thresholds = [100, 50, 100, 75]")
	if want := []int{50, 75, 100}; !reflect.DeepEqual(s.Notices.Thresholds, want) {
		t.Errorf("got %v, want %v", s.Notices.Thresholds, want)
	}
}

func TestQuietHoursHold(t *testing.T) {
	for _, c := range []struct {
		title, hours, at string
		want             bool
	}{
		{"none holds never", "", "00:00", false},
		{"the start is in it", "23:00-08:00", "23:00", true},
		{"so is the night after midnight", "23:00-08:00", "07:59", true},
		{"the end is not", "23:00-08:00", "08:00", false},
		{"nor is the day", "23:00-08:00", "12:00", false},
		{"a stretch within one day", "12:00-13:30", "13:29", true},
		{"and after it", "12:00-13:30", "13:30", false},
		{"the whole day", "00:00-24:00", "23:59", true},
	} {
		t.Run(c.title, func(t *testing.T) {
			q := parse(t, `notify.quiet_hours = "`+c.hours+`"`).Notify.QuietHours
			at, _ := parseClock(c.at)
			if got := q.Holds(at); got != c.want {
				t.Errorf("%v holds %s: %v", q, c.at, got)
			}
		})
	}
}

func TestHash(t *testing.T) {
	base := "[account.default]\nplan = \"v2/pro\"\n[account.b]\n"
	hash := func(text string) string { return parse(t, text).Hash() }
	if first, again := hash(base), hash(base); first != again || len(first) != 64 {
		t.Errorf("not stable: %s, then %s", first, again)
	}
	for _, same := range []string{
		"[account.b]\n[account.default]\nplan = \"v2/pro\"\n",
		base + "[notify]\nthresholds = [1]\ncommand = [\"x\"]\n[log]\nlevel = \"debug\"\n[store]\nretention_days = 50\n",
		base + "[account.b.provider]\nenabled = true\n",
		base + "[[plan]]\nid = \"lab/unused\"\n" + fiveHours,
	} {
		if hash(same) != hash(base) {
			t.Errorf("changed without need by\n%s", same)
		}
	}
	for _, other := range []string{
		"[account.default]\nplan = \"v2/max\"\n[account.b]\n",
		base + "model = \"glm-4.7\"",
		base + "subscribed = 2026-03-04",
		base + "five_hour = \"rolling\"",
		base + "[[endpoint]]\nurl = \"http://127.0.0.1:1\"\nplan = true",
		base + "[tool.x]\nplan = false",
		base + "[[plan]]\nid = \"v2/pro\"\n" + fiveHours,
		base + "[[plan]]\nid = \"v2/lite\"\n" + fiveHours,
	} {
		if hash(other) == hash(base) {
			t.Errorf("did not change by\n%s", other)
		}
	}
	pro := "[account.default]\nplan = \"v2/pro\"\n"
	if hash(pro) == hash(pro+"[[plan]]\nid = \"v2/lite\"\n"+fiveHours) {
		t.Error("the plan of accounts that nobody configured changed unseen")
	}
}

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "config.toml")
	if s, err := Load(path, false); err != nil || !reflect.DeepEqual(s, Default()) {
		t.Errorf("a missing file is not the defaults: %v", err)
	}
	if _, err := Load(path, true); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("a missing file that was named: %v", err)
	}
	if _, err := Load(dir, false); err == nil {
		t.Error("a folder was read")
	}
	if _, err := Load("/dev/zero", true); err == nil || !strings.Contains(err.Error(), "larger than") {
		t.Errorf("a file without end: %v", err)
	}
	if err := os.WriteFile(path, []byte("log.level = \"loud\""), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Load(path, false)
	if list := (Errors)(nil); !errors.As(err, &list) || list[0].File != path {
		t.Errorf("error %v", err)
	}
}

func TestExpandHome(t *testing.T) {
	for in, want := range map[string]string{"~/k": "/h/k", "/k": "/k", "~x/k": "~x/k", "": ""} {
		if got := ExpandHome(in, "/h/"); got != want {
			t.Errorf("%s: %s", in, got)
		}
	}
}

func TestRemarksOnKeys(t *testing.T) {
	for _, c := range []struct {
		title, text string
		want        []string
	}{
		{"a key file", "[account.a.provider]\nenabled = true\nkey_file = \"/k\"", nil},
		{"not enabled", "[account.a.provider]\nkey_command = [\"pass\"]\n[account.b]", nil},
		{"no key", "[account.a.provider]\nenabled = true", []string{"account a has no key_file"}},
		{"two without a key", "[account.a.provider]\nenabled = true\n[account.b.provider]\nenabled = true",
			[]string{"account a has no key_file", "account b has no key_file", "the accounts a, b would all take QUOTAD_ZAI_KEY"}},
		{"half a team", "[account.a.provider]\norganization = \"o\"", []string{"account a names half a team"}},
		{"a whole team", "[account.a.provider]\norganization = \"o\"\nproject = \"p\"", nil},
		{"a key in a command", "[account.a.provider]\nkey_command = [\"/bin/echo\", \"s3cret\"]", []string{"account a has its key in the clear"}},
	} {
		t.Run(c.title, func(t *testing.T) {
			got := parse(t, c.text).Remarks()
			if len(got) != len(c.want) {
				t.Fatalf("%q", got)
			}
			for i, want := range c.want {
				if !strings.HasPrefix(got[i], want) || strings.Contains(got[i], "s3cret") {
					t.Errorf("%q, want %q", got[i], want)
				}
			}
		})
	}
}
