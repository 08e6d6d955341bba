package config

import (
	"bytes"
	"errors"
	"os"
	"reflect"
	"strings"
	"testing"

	"quotad/quota"
)

// roundTrip shows settings, and holds that they come back the same.
func roundTrip(t *testing.T, s Settings) []byte {
	t.Helper()
	text, err := Show(s)
	if err != nil {
		t.Fatal(err)
	}
	back, err := Parse("shown.toml", text)
	if err != nil {
		t.Fatalf("%v\nin\n%s", err, text)
	}
	if !reflect.DeepEqual(back, s) {
		t.Errorf("got  %+v\nwant %+v\nfrom\n%s", back, s, text)
	}
	return text
}

func TestShowComesBackTheSame(t *testing.T) {
	full, err := os.ReadFile("testdata/full.toml")
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{
		"",
		string(full),
		"[account.\"a.b\"]\nplan = \"v3/max\"\nsubscribed = 2026-01-31T23:59:59.999Z\nmodel = 'x\"y\\'\n[account.default]\nfive_hour = \"rolling\"",
		"[account.default]\nplan = \"v2/pro\"\nfive_hour = \"fixed\"\n",
		strings.Replace(lab, `length="5h"`, `length="100ms"`, 1),
		"[account.default.provider]\nkey_command = [\"pass\", \"a b\", \"\\t\"]\nbase_url = \"https://proxy.example\"\nsite = \"bigmodel.cn\"\norganization = \"org-1\"\nproject = \"proj_2\"",
		"[account.a.provider]\nproject = \"p\"",
		"[tool.\"\"]\nplan = false\n[tool.\"a b\"]\nplan = true\n[notify]\nthresholds = []\nrefresh = false\ndesktop = false",
		strings.Replace(lab, "unit", "estimate = 0\nunit", 1),
		lab + "[[plan.peak]]\ndays=[\"sun\"]\nstart=\"22:30\"\nend=\"02:00\"\nutc_offset=\"-03:30\"\nfrom=2026-01-01T12:00:00Z",
		lab + "[[plan.weight]]\nmodel=\"M\"\npeak=0.000001\noff_peak=99.999999\n[[plan.promotion]]\nname=\"x\"\nuntil=2026-10-08\n[[plan.discount]]\ntool=\"x\"\nfactor=0.000001\nfrom=2026-01-01",
		"[[plan]]\nid=\"v2/lite\"\n" + fiveHours,
		lab + "[[plan.fee]]\nusd=5\n[[plan.fee]]\ncycle=\"first month\"\nusd=0.5\nuntil=2026-10-08",
		"[account.a]\nrenews = 2026-12-04\ncycle = \"year\"\n[account.b]\nends = 2026-12-04T08:55:13.5Z\n[notify]\nrenewal = false",
		prices,
	} {
		roundTrip(t, parse(t, text))
	}
}

// Every built-in plan can be copied into a file and changed there.
func TestBuiltInPlansCanBeWrittenDown(t *testing.T) {
	for _, p := range quota.Plans() {
		s := Default()
		for i := range s.Plans {
			if s.Plans[i].ID == p.ID {
				s.Plans[i].Name = "mine"
			}
		}
		text, err := Show(s)
		if err != nil {
			t.Errorf("%s: %v", p.ID, err)
			continue
		}
		roundTrip(t, parse(t, string(text)))
	}
}

func TestShowRefusesWhatParseWould(t *testing.T) {
	s := Default()
	s.Log.Level = "loud"
	if text, err := Show(s); err == nil {
		t.Errorf("shown:\n%s", text)
	}
}

func FuzzParse(f *testing.F) {
	full, err := os.ReadFile("testdata/full.toml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(full)
	f.Add([]byte(prices + "[account.a]\nrenews = 2026-12-04\ncycle = \"year\"\n" + lab + "[[plan.fee]]\nusd = 5"))
	for _, seed := range []string{
		"", "x", lab, "[notify]\nthresholds = [175]", "account = { a = { plan = \"v2/pro\" } }", "plan = [[{}], 5]",
		"[[plan]]\n[plan.window]\n", "[[account]]\nx=1", "\"\\u0000\" = {a.b.c = [{}, [], 1]}", "[account.a]\nsubscribed = 9999-12-31",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := Parse("the-file", data)
		if err == nil {
			roundTrip(t, s)
			return
		}
		var list Errors
		if !errors.As(err, &list) || len(list) == 0 {
			t.Fatalf("not Errors: %v", err)
		}
		lines := 1 + bytes.Count(data, []byte("\n"))
		for _, e := range list {
			if e.File != "the-file" || e.Line < 1 || e.Line > lines || e.Column < 1 || e.Message == "" {
				t.Errorf("a complaint without its place: %v", e)
			}
		}
	})
}

func FuzzSet(f *testing.F) {
	f.Add("[log]\nlevel = \"info\"\n", "log.level", "debug")
	f.Add("notify = { refresh = true }", "notify.desktop", "false")
	f.Add("account.default.plan = \"v2/pro\"", "account.default.model", "x # y")
	f.Fuzz(func(t *testing.T, text, key, value string) {
		out, err := Set("the-file", []byte(text), key, value)
		if err != nil {
			return
		}
		if _, err := Parse("the-file", out); err != nil {
			t.Errorf("%v\nin\n%s", err, out)
		}
	})
}

// A comment or another layout changes nothing; a value does.
func TestFingerprint(t *testing.T) {
	first := parse(t, "[notify]\nrefresh = false").Fingerprint()
	if same := parse(t, "# mine\nnotify.refresh=false # so").Fingerprint(); first == "" || same != first {
		t.Errorf("%q and %q of the same settings", first, same)
	}
	for _, text := range []string{"", "[notify]\nrefresh = false\n[log]\nlevel = \"debug\"", "[account.work]\n[notify]\nrefresh = false"} {
		if other := parse(t, text).Fingerprint(); other == first || other == "" {
			t.Errorf("%q: %q", text, other)
		}
	}
}
