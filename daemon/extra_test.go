package daemon

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"quotad/daemon/store"
	"quotad/notify"
	"quotad/quota"
)

// noon is when the tests below play.
var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func atNoon() time.Time { return noon }

// served is the service around a rig, as far as its calls need one.
func (r *rig) served() *service {
	return &service{
		Options: Options{Version: "1.2.3", Log: zerolog.Nop()}, engine: r.engine, store: r.store,
		follow: newFollower(r.engine, transcripts{}, zerolog.Nop()),
	}
}

// call calls "POST /v1/backup" and the like, and gives status and body.
func (d *service) call(t *testing.T, key, query, body string) (int, string) {
	t.Helper()
	h := d.extra()[key]
	if h == nil {
		t.Fatalf("there is no call %s", key)
	}
	method, path, _ := strings.Cut(key, " ")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(method, path+query, strings.NewReader(body)))
	return w.Code, strings.TrimSpace(w.Body.String())
}

func prompt(id string, ago time.Duration) quota.Event {
	return quota.Event{ID: id, At: noon.Add(-ago), Tool: "claude-code", Model: "glm-5.3"}
}

func TestExtraRefuses(t *testing.T) {
	d := start(t, t.TempDir(), settings(t, labConfig), atNoon).served()
	for _, c := range []struct{ name, key, query, body, code, says string }{
		{"a relative path of a backup", "POST /v1/backup", "", `{"path":"here.db"}`, "invalid", "absolute"},
		{"a backup where none can be", "POST /v1/backup", "", `{"path":"/proc/nowhere.db"}`, "invalid", "/proc/nowhere.db"},
		{"a path of the wrong type", "POST /v1/backup", "", `{"path":7}`, "invalid", `"field":"path"`},
		{"a body that is no object", "POST /v1/backup", "", `[]`, "invalid", "JSON object"},
		{"a body that is too long", "POST /v1/backup", "", strings.Repeat(" ", maxRequest+1), "too_large", "65536"},
		{"a snooze until no instant", "POST /v1/notify/snooze", "", `{"until":"soon"}`, "invalid", "not an instant"},
		{"an explanation of no window", "GET /v1/explain", "?window=day", "", "invalid", `"field":"window"`},
		{"an explanation of no account", "GET /v1/explain", "?account=other", "", "not_found", `"field":"account"`},
		{"an explanation without steps", "GET /v1/explain", "?limit=0", "", "invalid", `"field":"limit"`},
		{"a parameter that is unknown", "GET /v1/explain", "?windw=5h", "", "invalid", `"field":"windw"`},
		{"a parameter given twice", "GET /v1/explain", "?window=5h&window=week", "", "invalid", "given 2 times"},
		{"an event without an id", "GET /v1/event", "", "", "invalid", `"field":"id"`},
		{"an event that is not there", "GET /v1/event", "?id=none", "", "not_found", "no such event"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, got := d.call(t, c.key, c.query, c.body)
			if !strings.Contains(got, `"code":"`+c.code+`"`) || !strings.Contains(got, c.says) {
				t.Errorf("got %s, want code %s and %q", got, c.code, c.says)
			}
		})
	}
}

func TestEventIsFoundByItsID(t *testing.T) {
	r := start(t, t.TempDir(), settings(t, labConfig), atNoon)
	r.post(prompt("one", time.Second))
	status, got := r.served().call(t, "GET /v1/event", "?id=one", "")
	want := `{"id":"one","kind":"prompt","at":"2026-11-23T11:59:59Z","account":"default","tool":"claude-code","model":"glm-5.3","count":1}`
	if status != http.StatusOK || got != want {
		t.Errorf("got %d %s\nwant %s", status, got, want)
	}
}

func TestExplainEndsAtTheNumber(t *testing.T) {
	r := start(t, t.TempDir(), settings(t, labConfig), atNoon)
	r.post(prompt("gone", time.Minute), prompt("a", 9*time.Second), prompt("b", 8*time.Second), prompt("c", 7*time.Second))
	for _, c := range []struct {
		name, query    string
		window         string
		steps, omitted int
		used           quota.Amount
	}{
		{"one that is named, since it opened", "?window=5h", "5h", 3, 0, 3 * quota.One},
		{"the binding one where none is named", "", "5h", 3, 0, 3 * quota.One},
		{"the newest steps where there is a limit", "?window=week&limit=2", "week", 2, 2, 4 * quota.One},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, got := r.served().call(t, "GET /v1/explain", c.query, "")
			var x quota.Explanation
			if err := json.Unmarshal([]byte(got), &x); err != nil {
				t.Fatalf("%v: %s", err, got)
			}
			if x.Window.Window != c.window || len(x.Steps) != c.steps || x.Omitted != c.omitted {
				t.Fatalf("got window %s, %d steps, %d left out", x.Window.Window, len(x.Steps), x.Omitted)
			}
			if last := x.Steps[c.steps-1]; last.Used != c.used || x.Window.Used != c.used {
				t.Errorf("the steps end at %s, the window says %s, want %s", last.Used, x.Window.Used, c.used)
			}
		})
	}
}

func TestExplainOfRollingWindowAfterRestart(t *testing.T) {
	dir := t.TempDir()
	s := settings(t, strings.Replace(labConfig, `kind = "fixed"`, `kind = "rolling"`, 1))
	r := start(t, dir, s, atNoon)
	r.post(prompt("gone", 21*time.Second), prompt("a", 9*time.Second), prompt("b", 8*time.Second))
	r.stop()
	x, err := start(t, dir, s, atNoon).engine.Explain(quota.DefaultAccount, "5h", 10)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(x.Steps); n != 2 || x.Steps[n-1].Used != 2*quota.One || x.Window.Used != 2*quota.One {
		t.Errorf("got steps %+v of %s, want 2 that end at 2", x.Steps, x.Window.Used)
	}
}

func TestSnoozeIsKeptAndEnded(t *testing.T) {
	r := start(t, t.TempDir(), settings(t, labConfig), atNoon)
	later := noon.Add(time.Hour)
	for _, c := range []struct {
		name, body, want string
		until            time.Time
	}{
		{"until an instant", `{"until":"2026-11-23T13:00:00Z"}`, `{"until":"2026-11-23T13:00:00Z"}`, later},
		{"until one in another zone", `{"until":"2026-11-23T21:00:00+08:00"}`, `{"until":"2026-11-23T13:00:00Z"}`, later},
		{"until one that is past", `{"until":"2026-11-23T11:00:00Z"}`, `{"until":null}`, noon.Add(-time.Hour)},
		{"off", `{"until":null}`, `{"until":null}`, time.Time{}},
		{"off by no body", ``, `{"until":null}`, time.Time{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, got := r.served().call(t, "POST /v1/notify/snooze", "", c.body); got != c.want {
				t.Errorf("answered %s, want %s", got, c.want)
			}
			until, err := outbox{r.engine}.SnoozedUntil(context.Background())
			if err != nil || !until.Equal(c.until) {
				t.Errorf("kept %v (%v), want %v", until, err, c.until)
			}
		})
	}
}

// A hook's guard asks no more than this.
func TestStatusTellsOfTheSnooze(t *testing.T) {
	dir := t.TempDir()
	r := start(t, dir, settings(t, labConfig), atNoon)
	for _, c := range []struct {
		until time.Time
		told  bool
	}{{noon.Add(time.Hour), true}, {noon, false}, {time.Time{}, false}} {
		if err := r.engine.Snooze(t.Context(), c.until); err != nil {
			t.Fatal(err)
		}
		for _, when := range []string{"at once", "after a restart"} {
			all, _ := backend{r.engine}.Status("", noon)
			if told := all.SnoozedUntil != nil; told != c.told || told && !all.SnoozedUntil.Equal(c.until) {
				t.Errorf("%v, %s: told %v", c.until, when, all.SnoozedUntil)
			}
			r.stop()
			r = start(t, dir, settings(t, labConfig), atNoon)
		}
	}
}

func TestResultsTellWhatIsKeptApart(t *testing.T) {
	r := start(t, t.TempDir(), settings(t, labConfig+`
[[endpoint]]
url = "http://127.0.0.1:3456"
plan = true
[tool.cline]
plan = false
`), atNoon)
	for _, c := range []struct {
		what string
		e    quota.Event
		want bool
	}{
		{"the plan's endpoint", quota.Event{Endpoint: "https://api.z.ai/api/anthropic"}, false},
		{"none", quota.Event{}, false},
		{"the same service, paid by the token", quota.Event{Endpoint: "https://api.z.ai/api/paas/v4"}, true},
		{"a router to the plan, by the user's word", quota.Event{Endpoint: "http://127.0.0.1:3456/v1"}, false},
		{"a tool that is not on it, by the user's word", quota.Event{Tool: "cline"}, true},
	} {
		for _, outcome := range []quota.Outcome{quota.Recorded, quota.Duplicate} {
			c.e.ID, c.e.At = c.what, noon
			results, err := backend{r.engine}.Submit(t.Context(), []quota.Event{c.e.Normalize(noon)})
			if err != nil || len(results) != 1 || results[0].Status != outcome || results[0].Apart != c.want {
				t.Errorf("%s, %s: %+v, %v", c.what, outcome, results, err)
			}
		}
	}
}

func TestBackupIsADatabase(t *testing.T) {
	dir := t.TempDir()
	r := start(t, dir, settings(t, labConfig), atNoon)
	r.post(prompt("one", time.Second))
	aside := t.TempDir()
	for _, c := range []struct{ name, body, want string }{
		{"in the folder of backups", ``, filepath.Join(dir, "backups", "quotad-20261123T120000Z.db")},
		{"where it is told to", fmt.Sprintf(`{"path":%q}`, aside+"/mine.db"), aside + "/mine.db"},
		{"in a folder, by its own name", fmt.Sprintf(`{"path":%q}`, aside), aside + "/quotad-20261123T120000Z.db"},
	} {
		t.Run(c.name, func(t *testing.T) {
			want := fmt.Sprintf(`{"path":%q}`, c.want)
			if _, got := r.served().call(t, "POST /v1/backup", "", c.body); got != want {
				t.Fatalf("answered %s, want %s", got, want)
			}
			if _, err := store.Restore(store.Options{Dir: t.TempDir()}, c.want); err != nil {
				t.Error(err)
			}
		})
	}
}

// sender tells what it is told to.
type sender struct {
	name    string
	outcome notify.Outcome
	err     error
}

func (s sender) Name() string { return s.name }
func (s sender) Send(_ context.Context, n quota.Notice, commit func() error) (notify.Outcome, error) {
	if n.Kind != notify.NoticeTest || commit() != nil {
		return notify.Failed, errors.New("no test")
	}
	return s.outcome, s.err
}

func TestSendersAreEachTried(t *testing.T) {
	got := TestSenders(context.Background(), []notify.Sender{
		sender{"desktop", notify.NoBus, errors.New("there is none")}, sender{"command", notify.Delivered, nil},
	}, noon)
	want := []TestResult{{"desktop", "no session bus", "there is none"}, {"command", "delivered", ""}}
	if len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestTestWithoutSendersIsEmpty(t *testing.T) {
	d := start(t, t.TempDir(), settings(t, labConfig+"[notify]\ndesktop = false\n"), atNoon).served()
	if _, got := d.call(t, "POST /v1/notify/test", "", ""); got != `{"results":[]}` {
		t.Errorf("answered %s", got)
	}
}

func TestAboutSaysWhatIsThere(t *testing.T) {
	r := start(t, t.TempDir(), settings(t, labConfig), atNoon)
	usage := quota.Event{Kind: quota.KindUsage, ID: "read", At: noon, Tool: "claude-code"}
	r.post(prompt("old", 31*24*time.Hour), prompt("a", time.Hour), prompt("b", time.Minute), usage)
	keyed := prompt("k", 2*time.Hour)
	keyed.Key = "3f9a0c12d4e5"
	r.post(keyed)
	r.engine.SetKeys(map[string]string{"default": "0123456789ab"})
	if _, err := r.engine.Verify(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
	_, got := r.served().call(t, "GET /v1/about", "", "")
	for _, want := range []string{
		`"version":"1.2.3"`, fmt.Sprintf(`"pid":%d`, os.Getpid()), `"verified_at":"2026-11-23T12:00:00Z"`, `"snoozed_until":null`,
		`"accounts":[{"account":"default","events":5,"first":"2026-10-23T12:00:00Z","last":"2026-11-23T12:00:00Z"}]`,
		`"tools":{"claude-code":{"last":"2026-11-23T11:59:00Z","events":3}}`,
		`"own_keys":{"default":"0123456789ab"},"keys":[{"key":"3f9a0c12d4e5","tool":"claude-code","account":"default","last":"2026-11-23T10:00:00Z","events":1}]`,
		`"follow":{"records":0,"bytes":0,"events":0,"faults":0,"last_fault":"","fault_at":null}`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("got %s, want %s in it", got, want)
		}
	}
}
