package main

import (
	"bytes"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

const payload = `{"session_id":"761f3430-12b1-4323-a6e6-397150ac411c","transcript_path":"/home/u/.claude/projects/-home-u-proj/761f3430.jsonl","cwd":"/home/u/proj","prompt_id":"a525a7ff-cda6-4dd3-9acb-f58c1a12%04d","permission_mode":"default","hook_event_name":"UserPromptSubmit","prompt":"hello %d"}`

// measureHook compares a hook, from start to exit and with its event durable,
// with a program that only says hello.
func measureHook(p programs, dir string, s sizes) ([]row, error) {
	d, err := startDaemon(p, filepath.Join(dir, "hook"))
	if err != nil {
		return nil, err
	}
	defer d.stop()
	hello, hook := make([]time.Duration, s.processes), make([]time.Duration, s.processes)
	for i := range s.processes { // in turn, so that both meet the same machine
		if hello[i], err = process(d, "", p.hello); err == nil {
			hook[i], err = process(d, fmt.Sprintf(payload, i, i), p.quotad, "hook", "claude-code")
		}
		if err != nil {
			return nil, err
		}
	}
	h, k := median(hello), median(hook)
	return []row{{"hook, start to exit", ms(k), fmt.Sprintf("hello world %s: %.2fx", ms(h), float64(k)/float64(h)), "<= 2.5x"}}, nil
}

func process(d *daemonAt, stdin string, args ...string) (time.Duration, error) {
	c := exec.Command(args[0], args[1:]...)
	c.Env = environment(d.dir)
	c.Stdin = strings.NewReader(stdin)
	begun := time.Now()
	err := c.Run()
	return time.Since(begun), err
}

func median(list []time.Duration) time.Duration { return percentile(list, 50) }

func percentile(list []time.Duration, p int) time.Duration {
	sorted := slices.Sorted(slices.Values(list))
	return sorted[min(len(sorted)*p/100, len(sorted)-1)]
}

func ms(d time.Duration) string { return fmt.Sprintf("%.2f ms", float64(d.Microseconds())/1000) }

func event(i int, at time.Time) []byte {
	return fmt.Appendf(nil, `{"id":"b-%08d","at":%q,"tool":"bench","session":"s%d","project":"/home/u/src/x","model":"glm-5.3"}`,
		i, at.UTC().Format("2006-01-02T15:04:05.000Z"), i/50)
}

// measureRates counts events a second, durable before each answer.
func measureRates(p programs, dir string, s sizes) ([]row, error) {
	d, err := startDaemon(p, filepath.Join(dir, "rates"))
	if err != nil {
		return nil, err
	}
	defer d.stop()
	one, err := oneByOne(d, 1, s.events/20, 0)
	if err != nil {
		return nil, err
	}
	many, err := oneByOne(d, 64, s.events, s.events)
	if err != nil {
		return nil, err
	}
	lines, err := asLines(d, s.lines, 2*s.events)
	if err != nil {
		return nil, err
	}
	return []row{
		{"events, 1 connection", perSecond(one), "", ""},
		{"events, 64 connections", perSecond(many), fmt.Sprintf("1 connection: %.1fx", many/one), ">= 15 k/s"},
		{"events, NDJSON", perSecond(lines), fmt.Sprintf("1 connection: %.1fx", lines/one), ">= 50 k/s"},
	}, nil
}

func perSecond(f float64) string { return fmt.Sprintf("%.1f k/s", f/1000) }

// oneByOne posts each event in a request of its own, the next after the answer.
func oneByOne(d *daemonAt, conns, n, from int) (float64, error) {
	var wg sync.WaitGroup
	errs := make(chan error, conns)
	begun := time.Now()
	for c := range conns {
		wg.Go(func() {
			w, err := dial(d.socket)
			if err == nil {
				defer w.conn.Close()
			}
			for i := c; i < n && err == nil; i += conns {
				err = w.post(event(from+i, time.Now()))
			}
			if err != nil {
				errs <- err
			}
		})
	}
	wg.Wait()
	spent := time.Since(begun)
	select {
	case err := <-errs:
		return 0, err
	default:
		return float64(n) / spent.Seconds(), nil
	}
}

// asLines posts events in bodies of 10,000, spread over the last hour.
func asLines(d *daemonAt, n, from int) (float64, error) {
	const chunk = 10_000
	start := time.Now().Add(-time.Hour)
	var spent time.Duration
	for i := 0; i < n; i += chunk {
		var body bytes.Buffer
		for k := i; k < min(i+chunk, n); k++ {
			body.Write(event(from+k, start.Add(time.Duration(k)*time.Hour/time.Duration(n))))
			body.WriteByte('\n')
		}
		begun := time.Now()
		if err := d.post(d.client, "application/x-ndjson", body.Bytes()); err != nil {
			return 0, err
		}
		spent += time.Since(begun)
	}
	return float64(n) / spent.Seconds(), nil
}

// measureWrites counts the bytes that one event costs the disk.
func measureWrites(p programs, dir string, s sizes) ([]row, error) {
	d, err := startDaemon(p, filepath.Join(dir, "writes"))
	if err != nil {
		return nil, err
	}
	defer d.stop()
	if _, err := asLines(d, 20_000, 0); err != nil {
		return nil, err
	}
	before, err := d.proc("io", "write_bytes")
	if err != nil {
		return nil, err
	}
	const lone = 200
	if _, err := oneByOne(d, 1, lone, 100_000); err != nil {
		return nil, err
	}
	middle, _ := d.proc("io", "write_bytes")
	if _, err := asLines(d, s.lines/5, 200_000); err != nil {
		return nil, err
	}
	after, _ := d.proc("io", "write_bytes")
	return []row{
		{"bytes written, lone event", fmt.Sprintf("%.1f KiB", float64(middle-before)/lone/1024), "", "<= 33 KiB"},
		{"bytes written, NDJSON", fmt.Sprintf("%d B", (after-middle)/int64(s.lines/5)), "", "<= 200 B"},
	}, nil
}

// measureIdle watches a daemon that nobody asks anything.
func measureIdle(p programs, dir string, s sizes) ([]row, error) {
	d, err := startDaemon(p, filepath.Join(dir, "idle"))
	if err != nil {
		return nil, err
	}
	defer d.stop()
	const few = 20 // so that no notice is due, which would wait for a desktop
	if _, err := oneByOne(d, 1, few, 0); err != nil {
		return nil, err
	}
	d.client.CloseIdleConnections()
	time.Sleep(2 * time.Second)
	before, err := d.wakeups()
	if err != nil {
		return nil, err
	}
	time.Sleep(s.idle)
	after, err := d.wakeups()
	if err != nil {
		return nil, err
	}
	rss, err := d.proc("status", "VmRSS")
	return []row{
		{"memory, idle", fmt.Sprintf("%.1f MB", float64(rss)/1024), "", "<= 15 MB"},
		{"wake-ups, idle", fmt.Sprintf("%.1f a minute", float64(after-before)/s.idle.Minutes()), "all threads", "<= 2 a minute"},
	}, err
}

// measureHistory starts a daemon over a long history.
func measureHistory(p programs, dir string, s sizes) ([]row, error) {
	home := filepath.Join(dir, "history")
	d, err := startDaemon(p, home)
	if err != nil {
		return nil, err
	}
	empty := d.ready
	if err := fillHistory(d, s.history); err != nil {
		d.stop()
		return nil, err
	}
	d.stop()
	if d, err = startDaemon(p, home); err != nil {
		return nil, err
	}
	defer d.stop()
	var asked []time.Duration
	for range 500 {
		t, err := d.get("/v1/status")
		if err != nil {
			return nil, err
		}
		asked = append(asked, t)
	}
	rss, err := d.proc("status", "VmRSS")
	n := fmt.Sprintf("%d k events", s.history/1000)
	return []row{
		{"start to ready, " + n, ms(d.ready), fmt.Sprintf("empty %s: %.1fx", ms(empty), float64(d.ready)/float64(empty)), "<= 100 ms"},
		{"status, " + n, "p50 " + ms(percentile(asked, 50)) + ", p99 " + ms(percentile(asked, 99)), "", "<= 1 ms"},
		{"memory, " + n, fmt.Sprintf("%.1f MB", float64(rss)/1024), "", "<= 40 MB"},
	}, err
}

// fillHistory spreads events over the last 300 days.
func fillHistory(d *daemonAt, n int) error {
	const chunk = 10_000
	start := time.Now().Add(-300 * 24 * time.Hour)
	step := 300 * 24 * time.Hour / time.Duration(n)
	for i := 0; i < n; i += chunk {
		var body bytes.Buffer
		for k := i; k < min(i+chunk, n); k++ {
			body.Write(event(k, start.Add(time.Duration(k)*step)))
			body.WriteByte('\n')
		}
		if err := d.post(d.client, "application/x-ndjson", body.Bytes()); err != nil {
			return err
		}
	}
	return nil
}
