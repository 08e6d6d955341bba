package main

import (
	"bytes"
	"crypto/rand"
	"errors"
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
	args  []string // of quotad, or a program and its
	other bool     // than quotad
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
			took, err := process(d, r.input(i), r.command(p)...)
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

func (s subject) command(p programs) []string {
	if s.other {
		return s.args
	}
	return append([]string{p.quotad}, s.args...)
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

func event(i int, at time.Time) []byte { return eventOf(fmt.Sprintf("b-%08d", i), i, at) }

// foreign is one whose id is a program's own, and random: it has its place
// anywhere among those of all others.
func foreign(i int, at time.Time) []byte { return eventOf(rand.Text(), i, at) }

func eventOf(id string, i int, at time.Time) []byte {
	return fmt.Appendf(nil, `{"id":%q,"at":%q,"tool":"bench","session":"s%d","project":"/home/u/src/x","model":"glm-5.3"}`,
		id, at.UTC().Format("2006-01-02T15:04:05.000Z"), i/50)
}

// measureRates counts events a second, durable before each answer, beside what
// rivals keep without a socket.
func measureRates(p programs, dir string, s sizes) ([]row, error) {
	bolt, err := rivalCost(openBolt, filepath.Join(dir, "bolt"), s.events)
	if err != nil {
		return nil, err
	}
	sqlite, err := rivalCost(openSQLite, filepath.Join(dir, "sqlite"), s.events)
	if err != nil {
		return nil, err
	}
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
	lines, err := asLines(d, s.lines, 2*s.events, maxLines)
	if err != nil {
		return nil, err
	}
	return []row{
		{"events, 1 connection", perSecond(one), against(one, bolt.one, sqlite.one, perSecond), ""},
		{"events, 64 connections", perSecond(many), against(many, bolt.many, sqlite.many, perSecond), ">= 15 k/s"},
		{"events, NDJSON", perSecond(lines), fmt.Sprintf("1 connection: %.1fx", lines/one), ">= 50 k/s"},
		{"bytes of a lone event by rivals", inKiB(bolt.bytes/1024) + " bare bbolt", fmt.Sprintf("SQLite %s", inKiB(sqlite.bytes/1024)), ""},
	}, nil
}

// against tells what the rivals' figures are, and what share of them ours is.
func against(ours, bolt, sqlite float64, format func(float64) string) string {
	return fmt.Sprintf("bare bbolt %s: %.2fx, SQLite %s: %.2fx", format(bolt), ours/bolt, format(sqlite), ours/sqlite)
}

func perSecond(f float64) string { return fmt.Sprintf("%.1f k/s", f/1000) }

// oneByOne posts each event in a request of its own, the next after the answer.
func oneByOne(d *daemonAt, conns, n, from int) (float64, error) {
	return madeOneByOne(d, conns, n, from, event)
}

// madeOneByOne is oneByOne of other events.
func madeOneByOne(d *daemonAt, conns, n, from int, event func(i int, at time.Time) []byte) (float64, error) {
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

// maxLines is how many a request may have.
const maxLines = 10_000

// asLines posts events in bodies of so many lines, spread over the last hour.
func asLines(d *daemonAt, n, from, chunk int) (float64, error) {
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

// alreadyThere is how many events there are when the bytes of further ones are
// counted.
const alreadyThere = 20_000

// measureWrites counts the bytes that one event costs the disk.
func measureWrites(p programs, dir string, s sizes) ([]row, error) {
	d, err := startDaemon(p, filepath.Join(dir, "writes"))
	if err != nil {
		return nil, err
	}
	defer d.stop()
	if _, err := asLines(d, alreadyThere, 0, maxLines); err != nil {
		return nil, err
	}
	lone, err := loneBytes(d, 100_000, event)
	if err != nil {
		return nil, err
	}
	before, err := d.proc("io", "write_bytes")
	if err != nil {
		return nil, err
	}
	n := s.lines / 5
	if _, err := asLines(d, n, 200_000, maxLines); err != nil {
		return nil, err
	}
	after, err := d.proc("io", "write_bytes")
	return []row{
		{"bytes written, lone event", inKiB(lone / 1024), "", "<= 33 KiB"},
		{"bytes written, NDJSON", inBytes(float64(after-before) / float64(n)), "", "<= 200 B"},
	}, err
}

// loneBytes is how many bytes are written for each of some events that come one
// by one.
func loneBytes(d *daemonAt, from int, event func(i int, at time.Time) []byte) (float64, error) {
	const lone = 1000
	before, err := d.proc("io", "write_bytes")
	if err != nil {
		return 0, err
	}
	if _, err := madeOneByOne(d, 1, lone, from, event); err != nil {
		return 0, err
	}
	after, err := d.proc("io", "write_bytes")
	return float64(after-before) / lone, err
}

// measureReading asks for the status while others write as fast as they can, and
// while nobody does.
func measureReading(p programs, dir string, s sizes) ([]row, error) {
	d, err := startDaemon(p, filepath.Join(dir, "reading"))
	if err != nil {
		return nil, err
	}
	defer d.stop()
	if _, err := oneByOne(d, 1, 100, 0); err != nil {
		return nil, err
	}
	const times = 1000
	alone, err := askedApart(d, times)
	if err != nil {
		return nil, err
	}
	var rows []row
	from := 1000
	for _, one := range []struct {
		what    string
		writers int
	}{{"status while one writes", 1}, {"status while 64 write", 64}} {
		busy, err := askedMeanwhile(d, times, one.writers, s.events/10, &from)
		if err != nil {
			return nil, err
		}
		rows = append(rows, row{
			one.what, "p50 " + ms(percentile(busy, 50)) + ", p99 " + ms(percentile(busy, 99)),
			fmt.Sprintf("alone p99 %s: %.1fx", ms(percentile(alone, 99)), float64(percentile(busy, 99))/float64(percentile(alone, 99))), "p99 <= 1 ms",
		})
	}
	return rows, nil
}

// askedMeanwhile asks for the status while so many connections write as fast as
// they can, so many events at a time until all was asked. It moves on the number
// that the next event has.
func askedMeanwhile(d *daemonAt, times, writers, atOnce int, from *int) (took []time.Duration, err error) {
	asked, written := make(chan struct{}), make(chan error, 1)
	go func() {
		var failed error
		for ; failed == nil; *from += atOnce {
			select {
			case <-asked:
				written <- nil
				return
			default:
				_, failed = oneByOne(d, writers, atOnce, *from)
			}
		}
		written <- failed
	}()
	took, err = askedApart(d, times)
	close(asked)
	return took, errors.Join(err, <-written)
}

// settled is when all that came of the start is over.
const settled = 15 * time.Second

// measureIdle watches a daemon that nobody asks anything, and of which systemd
// wants to hear as it does of the service.
func measureIdle(p programs, dir string, s sizes) ([]row, error) {
	d, err := startDaemon(p, filepath.Join(dir, "idle"), "NOTIFY_SOCKET=@quotad-bench", fmt.Sprintf("WATCHDOG_USEC=%d", (3*time.Minute).Microseconds()))
	if err != nil {
		return nil, err
	}
	defer d.stop()
	const few = 20 // so that no notice is due, which would wait for a desktop
	if _, err := oneByOne(d, 1, few, 0); err != nil {
		return nil, err
	}
	d.client.CloseIdleConnections()
	time.Sleep(settled)
	seen, err := d.watch(s.idle)
	if err != nil {
		return nil, err
	}
	rss, err := d.proc("status", "VmRSS")
	each := func(n int64) string { return fmt.Sprintf("%.1f", float64(n)/s.idle.Minutes()) }
	return []row{
		{"memory, idle", fmt.Sprintf("%.1f MB", float64(rss)/1024), "", "<= 15 MB"},
		{"wake-ups, idle", each(seen.wakes) + " a minute", each(seen.switches) + " switches of threads", "<= 2 a minute"},
	}, err
}
