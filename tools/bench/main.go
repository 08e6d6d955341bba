// Command bench measures quotad as a user meets it: the built binary, a real
// daemon on a socket of its own, real fsyncs. Each figure that depends on the
// machine stands beside a baseline taken in the same run.
//
//	go run -C tools ./bench [-quick] [-only PART,...] [-soak DURATION]
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// sizes are how much of everything is measured.
type sizes struct {
	processes int    // starts of each program
	events    int    // one by one, for each number of connections
	lines     int    // as NDJSON
	history   [3]int // events in the database: each ten times the one before

	transcript int64         // bytes of a tool's record
	idle       time.Duration // of watching the daemon do nothing
	soak       time.Duration // of steady load
}

// part is one of the things that are measured.
type part struct {
	name string
	run  func(programs, string, sizes) ([]table, error)
}

func parts() []part {
	return []part{
		{"hooks", inTable(measureHooks)}, {"bars", inTable(measureBars)}, {"rates", inTable(measureRates)},
		{"writes", inTable(measureWrites)}, {"reading", inTable(measureReading)}, {"idle", inTable(measureIdle)},
		{"growth", measureGrowth}, {"transcript", inTable(measureTranscript)}, {"soak", measureSoak},
	}
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == askerCommand {
		end(askerMain(os.Args[2:], os.Stdout))
		return
	}
	quick := flag.Bool("quick", false, "a tenth of everything: for a look, not for a record")
	only := flag.String("only", "", "the `parts` to measure, of "+names()+"; without it all but soak")
	soak := flag.Duration("soak", 10*time.Minute, "how long the part soak lasts")
	flag.Parse()
	s := sizes{processes: 200, events: 60_000, lines: 500_000, history: [3]int{100_000, 1_000_000, 10_000_000}, idle: 3 * time.Minute, transcript: 1e9, soak: *soak}
	if *quick {
		s = sizes{processes: 40, events: 6_000, lines: 50_000, history: [3]int{10_000, 100_000, 1_000_000}, idle: 10 * time.Second, transcript: 1e8, soak: *soak}
	}
	chosen, err := choose(*only)
	if err == nil {
		err = run(s, chosen)
	}
	end(err)
}

// end ends the program where something failed.
func end(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func names() string {
	var list []string
	for _, p := range parts() {
		list = append(list, p.name)
	}
	return strings.Join(list, ", ")
}

// choose gives the parts that are named; all but the soak where none is.
func choose(only string) ([]part, error) {
	all := parts()
	if only == "" {
		return all[:len(all)-1], nil
	}
	var chosen []part
	for name := range strings.SplitSeq(only, ",") {
		i := slices.IndexFunc(all, func(p part) bool { return p.name == name })
		if i < 0 {
			return nil, fmt.Errorf("there is no part %q; there are %s", name, names())
		}
		chosen = append(chosen, all[i])
	}
	return chosen, nil
}

func run(s sizes, chosen []part) (err error) {
	dir, err := os.MkdirTemp("", "qb")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	bin, err := build(dir)
	if err != nil {
		return err
	}
	figures := table{head: figuresHead}
	var others []table
	for _, p := range chosen {
		got, err := p.run(bin, dir, s)
		if err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		for _, t := range got {
			if t.head == figuresHead {
				figures.rows = append(figures.rows, t.rows...)
			} else {
				others = append(others, t)
			}
		}
	}
	for _, t := range append([]table{figures}, others...) {
		t.show()
	}
	return nil
}

// row is one figure.
type row struct{ what, figure, against, aim string }

// table is what is printed of a part.
type table struct {
	head string   // its columns, by tabs
	rows []row    // of figures
	more []string // lines of another table, by tabs
}

const figuresHead = "WHAT\tFIGURE\tAGAINST\tAIM"

// inTable makes a part of what gives figures alone.
func inTable(measure func(programs, string, sizes) ([]row, error)) func(programs, string, sizes) ([]table, error) {
	return func(p programs, dir string, s sizes) ([]table, error) {
		rows, err := measure(p, dir, s)
		return []table{{head: figuresHead, rows: rows}}, err
	}
}

func (t table) show() {
	if len(t.rows)+len(t.more) == 0 {
		return
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, t.head)
	for _, r := range t.rows {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", r.what, r.figure, r.against, r.aim)
	}
	for _, line := range t.more {
		fmt.Fprintln(w, line)
	}
	w.Flush()
	fmt.Println()
}
