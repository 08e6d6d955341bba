// Command bench measures quotad as a user meets it: the built binary, a real
// daemon on a socket of its own, real fsyncs. Each figure that depends on the
// machine stands beside a baseline taken in the same run.
//
//	go run -C tools ./bench [-quick]
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"text/tabwriter"
	"time"
)

// sizes are how much of everything is measured.
type sizes struct {
	processes int // starts of each program
	events    int // one by one, for each number of connections
	lines     int // as NDJSON
	history   int // events in the database for the start-up figures

	transcript int64         // bytes of a tool's record
	idle       time.Duration // of watching the daemon do nothing
}

func main() {
	quick := flag.Bool("quick", false, "a tenth of everything: for a look, not for a record")
	flag.Parse()
	s := sizes{processes: 200, events: 60_000, lines: 500_000, history: 1_000_000, idle: time.Minute, transcript: 1e9}
	if *quick {
		s = sizes{processes: 40, events: 6_000, lines: 50_000, history: 100_000, idle: 10 * time.Second, transcript: 1e8}
	}
	if err := run(s); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// row is one figure.
type row struct{ what, figure, against, aim string }

func run(s sizes) (err error) {
	dir, err := os.MkdirTemp("", "qb")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	bin, err := build(dir)
	if err != nil {
		return err
	}
	var rows []row
	for _, part := range []func(programs, string, sizes) ([]row, error){measureHooks, measureBars, measureRates, measureWrites, measureIdle, measureHistory, measureTranscript} {
		got, err := part(bin, dir, s)
		if err != nil {
			return err
		}
		rows = append(rows, got...)
	}
	show(rows)
	return nil
}

func show(rows []row) {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "WHAT\tFIGURE\tAGAINST\tAIM")
	for _, r := range rows {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", r.what, r.figure, r.against, r.aim)
	}
	w.Flush()
}
