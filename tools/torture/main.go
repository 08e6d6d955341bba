// Command torture cuts the power of quotad. It runs the built program under
// strace, which writes down each write and each sync and each answer to a
// client. From that it makes the disks that a power cut at any moment may
// leave: what no sync had covered is there, is not there, or is there in part,
// in any order. Each is opened as quotad does, and held against what was
// acknowledged before the cut: every event once, and the counters as the events
// give them.
//
// A run whose syncs do nothing is explored too. That one has to lose events, or
// the others prove nothing.
//
//	go run -C tools ./torture [-images N] [-all] [-only NAME] [-seed N]
package main

import (
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"quotad/config"
	"quotad/quota"
)

// options are what the command line asks for.
type options struct {
	images int
	all    bool
	only   string
	seed   uint64
	keep   string
}

func main() {
	var o options
	flag.IntVar(&o.images, "images", 100, "random cuts of each scenario")
	flag.BoolVar(&o.all, "all", false, fmt.Sprintf("beside them every subset of what is not synced, where that is at most %d changes", exhaustive))
	flag.StringVar(&o.only, "only", "", "the one scenario of this name")
	flag.StringVar(&o.keep, "keep", "", "a folder for images that fail")
	flag.Uint64Var(&o.seed, "seed", rand.Uint64(), "of the random cuts")
	flag.Parse()
	if err := torture(o); err != nil {
		fmt.Fprintln(os.Stderr, "torture:", err)
		os.Exit(1)
	}
}

func torture(o options) error {
	dir, err := os.MkdirTemp("", "quotad-torture")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	quotad := filepath.Join(dir, "quotad")
	build := exec.Command("go", "build", "-trimpath", "-o", quotad, "../cmd/quotad")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return fmt.Errorf("build quotad: %w", err)
	}
	begun := time.Now()
	if _, err := exec.LookPath("strace"); err != nil {
		return fmt.Errorf("no strace here, which writes down what quotad does")
	}
	fmt.Printf("seed %d\n", o.seed)
	var all []findings
	for _, s := range scenarios() {
		if o.only != "" && o.only != s.name {
			continue
		}
		found, err := o.play(s, quotad, filepath.Join(dir, s.name), nil)
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		all = append(all, found)
		fmt.Fprintf(os.Stderr, "%s: %d cuts, %d failed, after %v\n", s.name, found.cuts, found.failed, time.Since(begun).Round(time.Second))
	}
	control, err := o.control(quotad, dir)
	if err != nil {
		return fmt.Errorf("control: %w", err)
	}
	report(os.Stdout, all, control)
	cuts, images := 0, 0
	for _, f := range all {
		cuts, images = cuts+f.cuts, images+f.images
	}
	fmt.Printf("figures: %d cuts, %d images opened, in %v\n", cuts, images, time.Since(begun).Round(time.Second))
	return judged(all, control)
}

// noSync makes each sync do nothing and say that it did.
const noSync = "fsync,fdatasync:retval=0"

// control plays the load with syncs that do nothing.
func (o options) control(quotad, dir string) (findings, error) {
	o.all, o.keep = false, ""
	s := scenarios()[1]
	s.name = "control: no sync"
	return o.play(s, quotad, filepath.Join(dir, "control"), []string{noSync})
}

// play runs a scenario and explores what it did.
func (o options) play(s scenario, quotad, dir string, meddle []string) (findings, error) {
	h, err := newHome(quotad, dir)
	if err != nil {
		return findings{}, err
	}
	st := &stage{home: h, traces: dir, sent: map[string]quota.Event{}, rand: rand.New(rand.NewPCG(o.seed, 1)), meddle: meddle}
	if err := s.prepare(st); err != nil {
		return findings{}, fmt.Errorf("prepare: %w", err)
	}
	if st.model, err = newDisk(h.disk); err != nil {
		return findings{}, err
	}
	if err := s.run(st); err != nil {
		return findings{}, err
	}
	if err := st.model.understood(); err != nil {
		return findings{}, err
	}
	loaded, err := config.Load(h.config(), true)
	if err != nil {
		return findings{}, err
	}
	x := explorer{
		disk: st.model, judge: &judge{settings: loaded, sent: st.sent, now: time.Now, schema: s.schema, before: st.promised, lacked: st.lacked}, state: "state",
		promised: st.promised, keep: o.keep, may: s.damaged, found: findings{name: s.name},
	}
	return x.explore(o.images, o.all, o.seed)
}

func report(w io.Writer, all []findings, control findings) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "power cut\twrites\tsyncs\tanswers\tkills\tcuts\tof them torn\timages\tdamage told\tfailed\t")
	for _, f := range append(all, control) {
		fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t\n", f.name, f.writes, f.syncs, f.acks, f.kills, f.cuts, f.torn, f.images, f.told, f.failed)
	}
	t.Flush()
	for _, f := range all {
		for _, r := range f.reasons {
			fmt.Fprintf(w, "%s: %s\n", f.name, r)
		}
	}
	if len(control.reasons) > 0 {
		fmt.Fprintf(w, "the control fails, as it has to: %s\n", control.reasons[0])
	}
}

// judged is the error of a run that found something, or of a control that did
// not.
func judged(all []findings, control findings) error {
	var bad []string
	for _, f := range all {
		if f.failed > 0 {
			bad = append(bad, fmt.Sprintf("%s: %d cuts", f.name, f.failed))
		}
		if f.acks == 0 {
			bad = append(bad, f.name+": nothing was acknowledged: nothing was tested")
		}
	}
	if control.failed == 0 {
		bad = append(bad, "a daemon that does not sync is found to lose nothing: the cuts prove nothing")
	}
	if len(bad) > 0 {
		return fmt.Errorf("%s", strings.Join(bad, "; "))
	}
	return nil
}
