package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"quotad/config"
)

// setUp runs setup for somebody who has Claude Code.
func (p *person) setUp(f setupFlags) (installed bool, err error) {
	if f.account == "" {
		f.account = "default"
	}
	f.binary = filepath.Join(p.env("HOME"), "bin", "quotad")
	if err := errors.Join(os.MkdirAll(filepath.Dir(f.binary), 0o700), os.MkdirAll(filepath.Dir(p.claude()), 0o700),
		os.WriteFile(f.binary, []byte("#!/bin/sh\n"), 0o700)); err != nil {
		return false, err
	}
	s := setup{app: p.app, setupFlags: f, install: func(context.Context) error { installed = true; return nil }}
	return installed, s.run(context.Background())
}

func (p *person) claude() string { return filepath.Join(p.env("HOME"), ".claude", "settings.json") }

func TestSetupAsks(t *testing.T) {
	const proFrom = "[account.default]\nplan = \"v2/pro\"\nsubscribed = 2026-03-04\n"
	for _, c := range []struct {
		name      string
		typed     []string
		flags     setupFlags
		config    string
		hooked    bool
		installed bool
		says      string // on the terminal
	}{
		{"for all: plan by id, date, write, hooks, service", []string{"v2/pro", "2026-03-04", "", "y", "y", "y"}, setupFlags{}, proFrom, true, true,
			"Week and month step from that instant"},
		{"for a plan by its number, until it is one", []string{"", "0", "v9/pro", "5", "2026-03-04", "n", "", "n", "n"}, setupFlags{}, proFrom, false, false,
			`"v9/pro" is no plan`},
		{"for a date until it is one", []string{"5", "someday", "2999-01-01", "2026-03-04", "", "y", "n", "n"}, setupFlags{}, proFrom, false, false,
			"is still to come"},
		{"for a date that may be skipped", []string{"5", "", "", "y", "n", "n"}, setupFlags{}, "[account.default]\nplan = \"v2/pro\"\n", false, false,
			"empty to skip"},
		{"not for what flags say", []string{"y"}, setupFlags{plan: "v2/pro", subscribed: "2026-03-04", provider: answeredNo, hooks: answeredNo, service: answeredYes}, proFrom, false, true,
			"Write it? [Y/n]"},
		{"for the file of the key where the provider's figures are to be read", []string{"5", "2026-03-04", "y", "zai.key", "", "y", "n", "n"}, setupFlags{},
			proFrom + "\n[account.default.provider]\nkey_file = \"~/.config/quotad/zai.key\"\nenabled = true\n", false, false, "there is no such file here"},
		{"nothing where it is told yes", nil, setupFlags{plan: "v2/pro", subscribed: "2026-03-04", yes: true}, proFrom, true, true,
			""},
		{"for the plan alone where it is told yes and nothing is known", []string{"v2/pro"}, setupFlags{subscribed: "2026-03-04", yes: true}, proFrom, true, true,
			"Which plan do you have?"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := atTerminal(t, c.typed...)
			installed, err := p.setUp(c.flags)
			if err != nil || installed != c.installed {
				t.Errorf("installed %t, %v", installed, err)
			}
			if _, err := os.Stat(p.claude()); (err == nil) != c.hooked {
				t.Errorf("hooks: %v", err)
			}
			if got := p.config(t); got != c.config {
				t.Errorf("wrote\n%s", got)
			}
			if got := p.screenText(); !strings.Contains(got, c.says) {
				t.Errorf("showed\n%s", got)
			}
		})
	}
}

func TestSetupKeepsWhatIsConfigured(t *testing.T) {
	p := atTerminal(t, "", "", "", "n", "n")
	path := filepath.Join(p.env("HOME"), ".config", "quotad", "config.toml")
	const mine = "# mine\n[account.default]\nplan = \"v1/max\"\n"
	if err := config.Write(path, []byte(mine)); err != nil {
		t.Fatal(err)
	}
	if _, err := p.setUp(setupFlags{}); err != nil {
		t.Fatal(err)
	}
	if got := p.config(t); got != mine {
		t.Errorf("wrote\n%s", got)
	}
	if got := p.screenText(); !strings.Contains(got, "[v1/max]") {
		t.Errorf("showed\n%s", got)
	}
}

func TestSetupWritesNothingUnlessAgreed(t *testing.T) {
	for name, typed := range map[string][]string{"no": {"5", "", "", "n"}, "the end of the input": {"5", "", ""}} {
		t.Run(name, func(t *testing.T) {
			p := atTerminal(t, typed...)
			installed, err := p.setUp(setupFlags{})
			if err == nil || installed || p.config(t) != "" {
				t.Errorf("%v, installed %t, wrote %q", err, installed, p.config(t))
			}
		})
	}
}
