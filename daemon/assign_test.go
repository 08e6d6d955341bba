package daemon

import (
	"context"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"quotad/daemon/api"
	"quotad/quota"
)

const twoPlans = `
[account.default]
plan = "v2/lite"
[account.work]
plan = "v2/pro"
[[belongs]]
account = "work"
project = "/src/work"
[[belongs]]
account = "work"
key = "3f9a0c12d4e5"
`

// submit records events, and gives what became of them.
func (r *rig) submit(events ...quota.Event) []api.Result {
	r.t.Helper()
	for i := range events {
		events[i] = events[i].Fill(r.engine.now())
	}
	results, err := backend{r.engine}.Submit(context.Background(), events)
	if err != nil {
		r.t.Fatal(err)
	}
	return results
}

func TestAnEventBelongsToAnAccountWhenItIsRecorded(t *testing.T) {
	r := start(t, t.TempDir(), settings(t, twoPlans), atNoon)
	r.engine.SetKeys(map[string]string{"own": "0123456789ab"})
	for _, c := range []struct {
		what        string
		event       quota.Event
		account, by string
	}{
		{"a prompt that no rule fits", quota.Event{ID: "p0", Session: "s0", Turn: "t0", Project: "/src/home"}, "default", "default"},
		{"a prompt by its project", quota.Event{ID: "p1", Session: "s1", Turn: "t1", Project: "/src/work/x"}, "work", "project"},
		{"a prompt by its key", quota.Event{ID: "p2", Session: "s2", Turn: "t2", Key: "3f9a0c12d4e5"}, "work", "key"},
		{"a prompt that names its account", quota.Event{ID: "p3", Session: "s3", Turn: "t3", Account: "mine", Project: "/src/work"}, "mine", "name"},
		{"a prompt with an account's own key", quota.Event{ID: "p4", Key: "0123456789ab", Project: "/src/work"}, "own", "own key"},
		{"the same prompt again, from another folder", quota.Event{ID: "p1", Project: "/src/home"}, "work", ""},
		{"the tokens of a turn follow its prompt, though they know no key", quota.Event{ID: "u2", Kind: quota.KindUsage, Session: "s2", Turn: "t2"}, "work", "turn"},
		{"a call of a tool too, though a rule fits it", quota.Event{ID: "c0", Kind: quota.KindTool, Session: "s0", Turn: "t0", Project: "/src/work"}, "default", "turn"},
		{"a refusal of a turn that is not known follows its session", quota.Event{ID: "x3", Kind: quota.KindExhausted, Window: "5h", Session: "s3", Turn: "t9"}, "mine", "session"},
		{"one with a key of its own does not", quota.Event{ID: "x4", Kind: quota.KindExhausted, Window: "5h", Session: "s3", Key: "3f9a0c12d4e5"}, "work", "key"},
		{"another tool's turn of that name is another", quota.Event{ID: "u9", Kind: quota.KindUsage, Tool: "other", Session: "s2", Turn: "t2"}, "default", "default"},
		{"a void goes where its event is", quota.Event{ID: "v1", Kind: quota.KindVoid, Voids: "p1"}, "work", "id"},
	} {
		got := r.submit(c.event)[0]
		if got.Error != nil || got.Account != c.account || got.By != c.by {
			t.Errorf("%s: %s by %s (%v), want %s by %s", c.what, got.Account, got.By, got.Error, c.account, c.by)
		}
	}
	all, _ := r.engine.Snapshot().Statuses("own", noon)
	if len(all.Accounts) != 1 || all.Accounts[0].Key != "0123456789ab" {
		t.Errorf("the status does not tell the key of the account: %+v", all.Accounts)
	}
}

func TestEventsOfOneRequestFollowEachOther(t *testing.T) {
	r := start(t, t.TempDir(), settings(t, twoPlans), atNoon)
	results := r.submit(
		quota.Event{ID: "p", Session: "s", Turn: "t", Key: "3f9a0c12d4e5"},
		quota.Event{ID: "u", Kind: quota.KindUsage, Session: "s", Turn: "t"},
		quota.Event{ID: "x", Kind: quota.KindUsage, Session: "s"},
	)
	for _, got := range results {
		if got.Account != "work" {
			t.Errorf("%s: %s by %s", got.ID, got.Account, got.By)
		}
	}
}

// Where all events of a session tell of the same origin it does not matter in
// which order they come: each belongs where the rules say.
func TestTheOrderOfArrivalDoesNotMatterToWhereEventsBelong(t *testing.T) {
	r := start(t, t.TempDir(), settings(t, twoPlans), atNoon)
	rules := r.engine.settings.Assignment("")
	run := 0
	rapid.Check(t, func(t *rapid.T) {
		run++
		var events []quota.Event
		for s := range rapid.IntRange(1, 3).Draw(t, "sessions") {
			origin := quota.Event{
				Session: fmt.Sprintf("%d-%d", run, s),
				Project: rapid.SampledFrom([]string{"", "/src/work", "/src/home"}).Draw(t, "project"),
				Key:     rapid.SampledFrom([]string{"", "3f9a0c12d4e5", "ffffffffffff"}).Draw(t, "key"),
			}
			for n := range rapid.IntRange(1, 5).Draw(t, "events") {
				e := origin
				e.ID, e.Turn = fmt.Sprintf("%s-%d", e.Session, n), rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, "turn")
				e.Kind = rapid.SampledFrom([]quota.Kind{quota.KindPrompt, quota.KindUsage, quota.KindTool}).Draw(t, "kind")
				events = append(events, e)
			}
		}
		for _, e := range rapid.Permutation(events).Draw(t, "order") {
			want, _ := rules.Of(e)
			if got := r.submit(e)[0]; got.Account != want {
				t.Fatalf("%+v belongs to %s by %s, want %s", e, got.Account, got.By, want)
			}
		}
	})
}

func TestLaterRulesMoveNothing(t *testing.T) {
	dir := t.TempDir()
	r := start(t, dir, settings(t, twoPlans), atNoon)
	r.submit(quota.Event{ID: "p", Session: "s", Turn: "t", Project: "/src/work"})
	if err := r.engine.Reconfigure(t.Context(), settings(t, "[account.work]\nplan = \"v2/pro\"\n")); err != nil {
		t.Fatal(err)
	}
	if got := r.submit(quota.Event{ID: "p", Project: "/src/work"})[0]; got.Status != quota.Duplicate || got.Account != "work" {
		t.Errorf("the prompt of before: %+v", got)
	}
	if got := r.submit(quota.Event{ID: "q", Project: "/src/work"})[0]; got.Account != "default" {
		t.Errorf("the next one: %+v", got)
	}
	if got := r.submit(quota.Event{ID: "u", Kind: quota.KindUsage, Session: "s", Turn: "t"})[0]; got.Account != "work" {
		t.Errorf("the tokens of the prompt of before: %+v", got)
	}
}

func TestSessionsAreKnownAfterARestart(t *testing.T) {
	dir := t.TempDir()
	r := start(t, dir, settings(t, twoPlans), atNoon)
	r.submit(quota.Event{ID: "p", Session: "s", Key: "3f9a0c12d4e5"})
	r.stop()
	r = start(t, dir, settings(t, twoPlans), atNoon)
	if got := r.submit(quota.Event{ID: "u", Kind: quota.KindUsage, Session: "s"})[0]; got.Account != "work" || got.By != "session" {
		t.Errorf("%+v", got)
	}
}

func TestSessionsAreForgottenBeforeTheyAreTooMany(t *testing.T) {
	e := &Engine{sessions: map[sessionOf]string{}}
	for i := range 2 * maxSessions {
		e.keep(map[sessionOf]string{{"t", time.Unix(int64(i), 0).String()}: "a"})
	}
	if n := len(e.sessions); n == 0 || n > maxSessions {
		t.Errorf("%d sessions in mind", n)
	}
}

func TestAFolderBelowHomeIsMeant(t *testing.T) {
	t.Setenv("HOME", "/home/ada")
	r := start(t, t.TempDir(), settings(t, "[account.work]\n[[belongs]]\naccount = \"work\"\nproject = \"~/src\"\n"), atNoon)
	if got := r.submit(quota.Event{ID: "p", Project: "/home/ada/src/x"})[0]; got.Account != "work" {
		t.Errorf("%+v", got)
	}
}
