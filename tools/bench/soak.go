package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"time"
)

// The steady load of the soak: events a second, over so many connections.
const (
	soakRate  = 1000
	soakConns = 16
)

const soakHead = "SOAK\tEVENTS\tACK p50\tACK p99\tSTATUS p99\tMEMORY\tOF ITS OWN"

// measureSoak keeps a daemon under steady load, and prints a line for each tenth
// of the time: where memory and latency are flat, the last is as the first.
func measureSoak(p programs, dir string, s sizes) ([]table, error) {
	d, err := startDaemon(p, filepath.Join(dir, "soak"))
	if err != nil {
		return nil, err
	}
	defer d.stop()
	const slices = 10
	var all [slices]stretch
	lines := make([]string, 0, slices)
	for i := range all {
		if all[i], err = soakFor(d, i, s.soak/slices); err != nil {
			return nil, err
		}
		lines = append(lines, all[i].line((s.soak * time.Duration(i+1) / slices).Round(time.Second).String()))
	}
	first, last := all[1], all[slices-1] // in the first one the daemon warms up
	return []table{
		{head: figuresHead, rows: []row{
			{fmt.Sprintf("soak of %s, %d events/s", s.soak, soakRate), ms(last.ack(99)), fmt.Sprintf("p99 of the second tenth %s: %.2fx", ms(first.ack(99)), float64(last.ack(99))/float64(first.ack(99))), "flat"},
			{"memory at its end", fmt.Sprintf("%.1f MB", last.rss), fmt.Sprintf("second tenth %.1f MB: %.2fx", first.rss, last.rss/first.rss), "flat"},
		}},
		{head: soakHead, more: lines},
	}, nil
}

// stretch is what one tenth of the soak was like.
type stretch struct {
	acks, status []time.Duration
	rss, own     float64 // MB at its end, all and without the pages of files
}

func (s stretch) ack(p int) time.Duration { return percentile(s.acks, p) }

func (s stretch) line(at string) string {
	return fmt.Sprintf("%s\t%d\t%s\t%s\t%s\t%.1f MB\t%.1f MB", at, len(s.acks), ms(s.ack(50)), ms(s.ack(99)), ms(percentile(s.status, 99)), s.rss, s.own)
}

// soakFor sends events at the steady rate for a while, whatever the answers
// take, and asks for the status ten times a second.
func soakFor(d *daemonAt, tenth int, length time.Duration) (s stretch, err error) {
	var mu sync.Mutex
	var wg sync.WaitGroup
	until := time.Now().Add(length)
	fail := func(e error) {
		mu.Lock()
		defer mu.Unlock()
		err = errors.Join(err, e)
	}
	for c := range soakConns {
		wg.Go(func() {
			acks, bad := steady(d, tenth, c, until)
			mu.Lock()
			defer mu.Unlock()
			s.acks, err = append(s.acks, acks...), errors.Join(err, bad)
		})
	}
	wg.Go(func() {
		for time.Now().Before(until) {
			took, bad := d.get("/v1/status")
			if bad != nil {
				fail(bad)
				return
			}
			s.status = append(s.status, took)
			time.Sleep(100 * time.Millisecond)
		}
	})
	wg.Wait()
	if err != nil {
		return s, err
	}
	rss, err := d.proc("status", "VmRSS")
	own, bad := d.proc("status", "RssAnon")
	s.rss, s.own = float64(rss)/1024, float64(own)/1024
	return s, errors.Join(err, bad)
}

// steady is one connection's share of the load. An answer that comes late holds
// up those after it, and counts from when they were due.
func steady(d *daemonAt, tenth, c int, until time.Time) (acks []time.Duration, err error) {
	w, err := dial(d.socket)
	if err != nil {
		return nil, err
	}
	defer w.conn.Close()
	const every = time.Second * soakConns / soakRate
	due := time.Now().Add(every * time.Duration(c) / soakConns)
	for i := 0; due.Before(until); i, due = i+1, due.Add(every) {
		time.Sleep(time.Until(due))
		if err := w.post(event(tenth*10_000_000+c*500_000+i, time.Now())); err != nil {
			return acks, err
		}
		acks = append(acks, time.Since(due))
	}
	return acks, nil
}
