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

// subject is a program that users wait for.
type subject struct {
	what  string
	args  []string // of quotad
	input func(i int) string
	aim   string
}

// againstHello compares programs, from start to exit, with one that only says
// hello.
func againstHello(p programs, d *daemonAt, times int, runs []subject) ([]row, error) {
	hello, spent := make([]time.Duration, times), make([][]time.Duration, len(runs))
	for i := range times { // in turn, so that all meet the same machine
		var err error
		if hello[i], err = process(d, "", p.hello); err != nil {
			return nil, err
		}
		for k, r := range runs {
			took, err := process(d, r.input(i), append([]string{p.quotad}, r.args...)...)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", r.what, err)
			}
			spent[k] = append(spent[k], took)
		}
	}
	var rows []row
	h := median(hello)
	for k, r := range runs {
		m := median(spent[k])
		rows = append(rows, row{r.what, "p50 " + ms(m), fmt.Sprintf("hello world %s: %.2fx", ms(h), float64(m)/float64(h)), r.aim})
	}
	return rows, nil
}

func process(d *daemonAt, stdin string, args ...string) (time.Duration, error) {
	c := exec.Command(args[0], args[1:]...)
	c.Env = environment(d.dir)
	c.Stdin = strings.NewReader(stdin)
	begun := time.Now()
	err := c.Run()
	return time.Since(begun), err
}

// output is what a program writes.
func output(d *daemonAt, args ...string) ([]byte, error) {
	c := exec.Command(args[0], args[1:]...)
	c.Env = environment(d.dir)
	return c.Output()
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
	if err != nil {
		return nil, err
	}
	n := fmt.Sprintf("%d k events", s.history/1000)
	rows := []row{
		{"start to ready, " + n, ms(d.ready), fmt.Sprintf("empty %s: %.1fx", ms(empty), float64(d.ready)/float64(empty)), "<= 100 ms"},
		{"status, " + n, "p50 " + ms(percentile(asked, 50)) + ", p99 " + ms(percentile(asked, 99)), "", "<= 1 ms"},
		{"memory, " + n, fmt.Sprintf("%.1f MB", float64(rss)/1024), "", "<= 40 MB"},
	}
	sums, err := measureSums(d, n)
	return append(rows, sums...), err
}

// measureSums holds calls that add all events up against one that only sends
// them.
func measureSums(d *daemonAt, n string) (rows []row, err error) {
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
