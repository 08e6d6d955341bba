package main

import (
	"testing"
	"time"

	"quotad/quota"
)

func TestAStatusLineShowsTheAccountOfItsSession(t *testing.T) {
	rules := quota.Assignment{Rows: []quota.Belonging{{Account: "work", Project: "/work"}, {Account: "gone", Tool: "goose"}}}
	for _, c := range []struct {
		what  string
		p     placement
		shown int
		want  string
	}{
		{"by a rule", placement{known: true, rules: rules, prompt: quota.Event{Project: "/work/x"}}, 1, "work"},
		{"by an account's own key, which the daemon tells", placement{known: true, rules: rules, prompt: quota.Event{Key: "0123456789ab"}}, 1, "mine"},
		{"by its name", placement{known: true, rules: rules, prompt: quota.Event{Account: "mine"}}, 1, "mine"},
		{"where nothing fits", placement{known: true, rules: rules, prompt: quota.Event{Project: "/x"}}, 1, "default"},
		{"an account that the daemon does not know", placement{known: true, rules: rules, prompt: quota.Event{Tool: "goose"}}, 3, "default"},
		{"a session of which nothing is told", placement{rules: rules}, 3, "default"},
	} {
		all := quota.Statuses{Accounts: []quota.Status{{Account: "default"}, {Account: "mine", Key: "0123456789ab"}, {Account: "work"}}}
		g := glanceOf(all, screen{}, clock{time.Now(), time.UTC})
		c.p.narrow(&g)
		if len(g.all.Accounts) != c.shown || len(g.briefs) != c.shown || g.all.Accounts[0].Account != c.want {
			t.Errorf("%s: %d accounts, the first %s", c.what, len(g.briefs), g.all.Accounts[0].Account)
		}
	}
}

func TestWhereWhatWasRecordedBelongs(t *testing.T) {
	for _, c := range [][3]string{
		{"default", "default", ""},
		{"default", "name", ""},
		{"default", "project", " for account default (by project)"},
		{"work", "name", " for account work"},
		{"work", "tool and host", " for account work (by tool and host)"},
		{"work", "", " for account work"},
	} {
		if got := belongs(c[0], c[1]); got != c[2] {
			t.Errorf("%s by %q: %q, want %q", c[0], c[1], got, c[2])
		}
	}
}
