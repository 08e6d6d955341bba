package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// growthHead is of the table that tells what becomes of a figure when the work
// is ten and a hundred times as much.
const growthHead = "AS IT GROWS\tx1\tx10\tx100\tx10 COSTS\tx100 COSTS\tAIM AT x100"

// grown is one figure at three sizes.
type grown struct {
	what   string
	values [3]float64
	format func(float64) string
	aim    string
}

func (g grown) line() string {
	cells := []string{g.what}
	for _, v := range g.values {
		cells = append(cells, g.format(v))
	}
	for _, v := range g.values[1:] {
		cells = append(cells, fmt.Sprintf("%.2fx", v/g.values[0]))
	}
	return strings.Join(append(cells, g.aim), "\t")
}

func inMillis(v float64) string    { return fmt.Sprintf("%.2f ms", v) }
func inMegabytes(v float64) string { return fmt.Sprintf("%.1f MB", v) }
func inKiB(v float64) string       { return fmt.Sprintf("%.1f KiB", v) }
func inBytes(v float64) string     { return fmt.Sprintf("%.0f B", v) }

// measureGrowth tells how the figures grow with the history, the connections
// and the size of a request.
func measureGrowth(p programs, dir string, s sizes) ([]table, error) {
	rows, lines, err := growthOfHistory(p, dir, s)
	if err != nil {
		return nil, err
	}
	more, err := growthOfLoad(p, dir, s)
	if err != nil {
		return nil, err
	}
	return []table{{head: figuresHead, rows: rows}, {head: growthHead, more: append(lines, more...)}}, nil
}

// aged is what a daemon over a history of some length costs.
type aged struct {
	ready, p50, p99, rss, lone, foreign, disk, day float64
}

// growthOfHistory starts a daemon over histories of three lengths. The figures
// against their aims are those of the longest.
func growthOfHistory(p programs, dir string, s sizes) ([]row, []string, error) {
	home := filepath.Join(dir, "history")
	d, err := startDaemon(p, home)
	if err != nil {
		return nil, nil, err
	}
	empty := d.ready
	d.stop()
	var all [3]aged
	var rows []row
	for i, n := range s.history {
		from := 0
		if i > 0 {
			from = s.history[i-1]
		}
		if err := fillHistory(p, home, from, n, s.history[2]); err != nil {
			return nil, nil, err
		}
		if all[i], err = age(p, home, n); err != nil {
			return nil, nil, err
		}
		if i == 1 { // sums over the longest take as long as its export, which is minutes
			if rows, err = sums(p, home, n); err != nil {
				return nil, nil, err
			}
		}
	}
	last, n := all[2], thousands(s.history[2])
	rows = append([]row{
		{"start to ready, " + n, inMillis(last.ready), fmt.Sprintf("empty %s: %.1fx", ms(empty), last.ready/millis(empty)), "<= 100 ms"},
		{"status, " + n, "p50 " + inMillis(last.p50) + ", p99 " + inMillis(last.p99), "", "<= 1 ms"},
		{"memory, " + n, inMegabytes(last.rss), "", "<= 40 MB"},
		{"lone event, " + n, inKiB(last.lone), "", "<= 33 KiB"},
		{"on disk, an event of " + n, inBytes(last.disk), "", "<= 160 B"},
	}, rows...)
	of := "of " + thousands(s.history[0]) + ": "
	pick := func(field func(aged) float64) (v [3]float64) {
		for i := range all {
			v[i] = field(all[i])
		}
		return v
	}
	var lines []string
	for _, g := range []grown{
		{of + "start to ready", pick(func(a aged) float64 { return a.ready }), inMillis, "<= 100 ms"},
		{of + "status p99", pick(func(a aged) float64 { return a.p99 }), inMillis, "<= 1 ms"},
		{of + "memory", pick(func(a aged) float64 { return a.rss }), inMegabytes, "<= 40 MB"},
		{of + "bytes written, lone event", pick(func(a aged) float64 { return a.lone }), inKiB, "<= 33 KiB"},
		{of + "the same, its id a random one", pick(func(a aged) float64 { return a.foreign }), inKiB, "<= 33 KiB"},
		{of + "on disk, an event", pick(func(a aged) float64 { return a.disk }), inBytes, "<= 160 B"},
		{of + "history of its last day", pick(func(a aged) float64 { return a.day }), inMillis, ""},
	} {
		lines = append(lines, g.line())
	}
	return rows, lines, nil
}

func thousands(n int) string { return fmt.Sprintf("%d k events", n/1000) }

func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// age measures a daemon that is started over a history of n events.
func age(p programs, home string, n int) (a aged, err error) {
	info, err := os.Stat(filepath.Join(home, "quotad.db"))
	if err != nil {
		return a, err
	}
	a.disk = float64(info.Size()) / float64(n)
	d, err := startDaemon(p, home)
	if err != nil {
		return a, err
	}
	defer d.stop()
	a.ready = millis(d.ready)
	var asked []time.Duration
	for range 500 {
		t, err := d.get("/v1/status")
		if err != nil {
			return a, err
		}
		asked = append(asked, t)
	}
	a.p50, a.p99 = millis(percentile(asked, 50)), millis(percentile(asked, 99))
	rss, err := d.proc("status", "VmRSS")
	if err != nil {
		return a, err
	}
	a.rss = float64(rss) / 1024
	if a.lone, err = loneBytes(d, 50_000_000+n, event); err != nil {
		return a, err
	}
	if a.foreign, err = loneBytes(d, 50_000_000+n, foreign); err != nil {
		return a, err
	}
	a.lone /= 1024
	a.foreign /= 1024
	day, err := d.all("/v1/history?per=hour&since=" + time.Now().Add(-24*time.Hour).UTC().Format(time.RFC3339))
	a.day = millis(day)
	return a, err
}

// sums holds calls that add all events up against one that only sends them.
func sums(p programs, home string, events int) (rows []row, err error) {
	d, err := startDaemon(p, home)
	if err != nil {
		return nil, err
	}
	defer d.stop()
	n := thousands(events)
	read, err := d.all("/v1/events")
	for _, call := range []struct{ what, path string }{
		{"history by day and model, ", "/v1/history?per=day&by=model"},
		{"what if, on 8 plans, ", "/v1/whatif"},
	} {
		if err != nil {
			return rows, err
		}
		var took time.Duration
		took, err = d.all(call.path)
		rows = append(rows, row{call.what + n, ms(took), fmt.Sprintf("export %s: %.2fx", ms(read), float64(took)/float64(read)), ""})
	}
	return rows, err
}

// fillHistory adds the events from one number to another, of so many that lie
// in the last 300 days.
func fillHistory(p programs, home string, from, to, all int) error {
	d, err := startDaemon(p, home)
	if err != nil {
		return err
	}
	defer d.stop()
	const chunk = 10_000
	start := time.Now().Add(-300 * 24 * time.Hour)
	step := 300 * 24 * time.Hour / time.Duration(all)
	for i := from; i < to; i += chunk {
		var body bytes.Buffer
		for k := i; k < min(i+chunk, to); k++ {
			body.Write(event(k, start.Add(time.Duration(k)*step)))
			body.WriteByte('\n')
		}
		if err := d.post(d.client, "application/x-ndjson", body.Bytes()); err != nil {
			return err
		}
	}
	return nil
}

// growthOfLoad tells what more connections, and more lines in a request, do to
// the events that are taken in a second.
func growthOfLoad(p programs, dir string, s sizes) ([]string, error) {
	d, err := startDaemon(p, filepath.Join(dir, "load"))
	if err != nil {
		return nil, err
	}
	defer d.stop()
	conns := grown{what: "of 1 connection: events", format: perSecond, aim: ">= 15 k/s"}
	lines := grown{what: "of 100 lines a request: events", format: perSecond, aim: ">= 50 k/s"}
	next := 0
	for i, scale := range []int{1, 10, 100} {
		n := s.events * min(scale, 20) / 20
		if conns.values[i], err = oneByOne(d, scale, n, next); err != nil {
			return nil, err
		}
		next += n
	}
	for i, scale := range []int{1, 10, 100} {
		n := s.lines * min(scale, 10) / 10
		if lines.values[i], err = asLines(d, n, next, maxLines/100*scale); err != nil {
			return nil, err
		}
		next += n
	}
	return []string{conns.line(), lines.line()}, nil
}
