package main

import (
	"context"
	"errors"
	"io"
	"log"
	"os"
	"strings"
	"time"

	"quotad/quota"
)

// glanceBy is when a bar has to have its answer, from the start of the command:
// a bar waits for its programs, and 200 ms are what they may take in all.
const glanceBy = 100 * time.Millisecond

// level is how things stand, as a bar colours them.
type level int

// The levels, from the best to the worst to know.
const (
	levelOK level = iota
	levelLow
	levelExhausted
	levelAway // nobody tells
)

func (l level) String() string {
	return [...]string{"ok", "low", "exhausted", "away"}[l]
}

func levelOf(st quota.AccountState) level {
	switch st {
	case quota.StateExhausted:
		return levelExhausted
	case quota.StateLow:
		return levelLow
	}
	return levelOK
}

// glance is what a bar has to show: each account in brief, or why nobody tells.
type glance struct {
	all    quota.Statuses
	briefs []brief // one for each account; none where nobody tells
	away   absence
	screen screen
	clock  clock
}

// absence is why there is nothing to show.
type absence struct {
	what string // in two words
	why  string // in a sentence
	hint string // the command that mends it
}

// glance asks the daemon once, and has an answer by the deadline whatever it
// is: a bar shows an error nowhere else.
func (a *app) glance(ctx context.Context, account string, by time.Time, s screen) glance {
	log.SetOutput(io.Discard) // where net/http complains of a server, on standard error
	all, err := a.statusesBy(ctx, account, by)
	if err == nil && len(all.Accounts) == 0 {
		err = errors.New("the daemon has told of no account")
	}
	if err != nil {
		return glance{away: a.absence(err), screen: s}
	}
	return glanceOf(all, s, a.clockOf(all))
}

// glanceOf is what there is to show of a status that has an account.
func glanceOf(all quota.Statuses, s screen, c clock) glance {
	g := glance{all: all, screen: s, clock: c}
	for i := range all.Accounts {
		st := &all.Accounts[i]
		named := len(all.Accounts) > 1 || st.Account != quota.DefaultAccount
		g.briefs = append(g.briefs, g.brief(st, named))
	}
	return g
}

// statusesBy is what the daemon tells until the deadline.
func (a *app) statusesBy(ctx context.Context, account string, by time.Time) (quota.Statuses, error) {
	client, err := a.client()
	if err != nil {
		return quota.Statuses{}, err
	}
	client.Timeout = max(time.Until(by), time.Millisecond)
	all, err := client.Status(ctx, account)
	return cleanStatuses(all), accountError(err)
}

func (a *app) absence(err error) absence {
	gone := absence{what: "no status", why: clean(err.Error()), hint: clean(a.hintOf(err))}
	switch {
	case noDaemon(err):
		gone.what = "no daemon"
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		gone.what, gone.why = "no answer", "the daemon does not answer in time"
	}
	if gone.hint == "" {
		gone.hint = "quotad doctor"
	}
	return gone
}

// level is that of the worst account.
func (g *glance) level() level {
	if w := g.worst(); w != nil {
		return w.level
	}
	return levelAway
}

// worst is the account to know of first; nil where there is none.
func (g *glance) worst() *brief {
	var worst *brief
	for i := range g.briefs {
		if b := &g.briefs[i]; worst == nil || b.level > worst.level || b.level == worst.level && b.percent > worst.percent {
			worst = b
		}
	}
	return worst
}

// parts are the accounts in so many words, or the one thing to say in their place.
func (g *glance) parts(n length) []part {
	if len(g.briefs) == 0 {
		return []part{{g.absent(), levelAway}}
	}
	var parts []part
	for i := range g.briefs {
		text := g.briefs[i].texts[n]
		if i == 0 {
			text = n.titled(text)
		}
		parts = append(parts, part{text, g.briefs[i].level})
	}
	return parts
}

// absent says in few words that nobody tells.
func (g *glance) absent() string { return "quotad: " + g.away.what }

// part is a piece of a line, in one colour.
type part struct {
	text  string
	level level
}

// between stands between accounts on one line.
const between = " | "

// joined is parts on one line, each drawn by draw.
func joined(parts []part, draw func(part) string) string {
	var texts []string
	for _, p := range parts {
		texts = append(texts, draw(p))
	}
	return strings.Join(texts, between)
}

// bare is a part without its colour.
func bare(p part) string { return p.text }
