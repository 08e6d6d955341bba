package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// barFormat is how one status bar takes what it shows. What it draws ends with
// a newline. None of them fails: a bar would show nothing, or the wrong thing.
type barFormat struct {
	name string
	draw func(g *glance) string
	// urgent is the exit code by which the bar takes exhausted as urgent; 0: it
	// has none. It is the bar's code, not one of ours: nothing else asks for the format.
	urgent int
}

// barFormats are the values of --format that are for a bar.
func barFormats() []barFormat {
	return []barFormat{
		{name: "waybar", draw: drawWaybar},
		{name: "tmux", draw: drawTmux},
		{name: "i3blocks", draw: drawI3blocks, urgent: i3blocksUrgent},
		{name: "polybar", draw: drawPolybar},
		{name: "xbar", draw: drawXbar},
	}
}

func barNamed(name string) (barFormat, bool) {
	all := barFormats()
	i := slices.IndexFunc(all, func(f barFormat) bool { return f.name == name })
	if i < 0 {
		return barFormat{}, false
	}
	return all[i], true
}

// statusFormats are the values of --format.
func statusFormats() []string {
	names := []string{"short"}
	for _, f := range barFormats() {
		names = append(names, f.name)
	}
	return names
}

// bar prints what one bar shows.
func (a *app) bar(ctx context.Context, f barFormat, account string, start time.Time) error {
	g := a.glance(ctx, account, start.Add(glanceBy), a.screen())
	if _, err := fmt.Fprint(a.stdout, f.draw(&g)); err != nil {
		return err
	}
	if f.urgent != 0 && g.level() == levelExhausted {
		return &failure{code: f.urgent, err: errors.New("")}
	}
	return nil
}

// barColour is a level's colour in bars that take one, readable on their usual
// dark ground.
func barColour(l level) string {
	return [...]string{"#98C379", "#E5C07B", "#E06C75", "#7F848E"}[l]
}

// mends says what is wrong and what to run, one sentence each.
func (g *glance) mends() []string {
	return []string{upperFirst(g.away.why) + ".", "Try: " + g.away.hint}
}

func upperFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
