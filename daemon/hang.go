package daemon

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"

	"github.com/rs/zerolog"
	"golang.org/x/sys/unix"
)

// hangLines is how many lines a report of a hang has at most.
const hangLines = 40

// exitHung is what the runtime of Go ends with where it reports one itself.
const exitHung = 2

// reportHangs ends the process with a report of where it hangs as soon as the
// watchdog's SIGABRT says that it does. The runtime's own has some four hundred
// lines, of connections that wait for the same. Where not even this answers
// systemd kills the process a little later. It does so until end is called.
func reportHangs(log zerolog.Logger) (end func()) {
	ctx, end := context.WithCancel(context.Background())
	aborts := make(chan os.Signal, 1)
	signal.Notify(aborts, unix.SIGABRT)
	go func() {
		defer signal.Stop(aborts)
		select {
		case <-ctx.Done():
		case <-aborts:
			stacks := make([]byte, 4<<20)
			for _, line := range hangReport(stacks[:runtime.Stack(stacks, true)]) {
				log.Error().Msg(line)
			}
			os.Exit(exitHung)
		}
	}()
	return end
}

// hangReport makes of the stacks of all goroutines a few lines: the engine's first,
// then others that are in the middle of something of ours, one line a call. What
// a call was given is not in it.
func hangReport(stacks []byte) []string {
	var all []goroutine
	for text := range bytes.SplitSeq(stacks, []byte("\n\n")) {
		g, ok := parseGoroutine(string(text))
		if !ok {
			continue
		}
		if i := slices.IndexFunc(all, func(other goroutine) bool { return slices.Equal(other.calls, g.calls) }); i >= 0 {
			all[i].alike++
			continue
		}
		all = append(all, g)
	}
	slices.SortStableFunc(all, func(a, b goroutine) int { return int(b.weight()) - int(a.weight()) })
	const foot = 1
	lines := []string{"SIGABRT, as the watchdog sends where the daemon hangs. Of its goroutines:"}
	untold := 0
	for _, g := range all {
		calls := g.ends()
		if g.weight() == foreign || len(lines)+1+len(calls)+foot > hangLines {
			untold += 1 + g.alike
			continue
		}
		lines = append(append(lines, g.title()), calls...)
	}
	return append(lines, fmt.Sprintf("and %d more", untold))
}

// goroutine is what one does.
type goroutine struct {
	state string   // "goroutine 7 [select, 3 minutes]:"
	calls []string // the innermost first, as "  package.function file:line"
	alike int      // others that do the same
}

// ends are the innermost calls, and the outermost, which say whose they are.
func (g goroutine) ends() []string {
	const inner, outer = 8, 4
	if len(g.calls) <= inner+outer {
		return g.calls
	}
	return slices.Concat(g.calls[:inner], g.calls[len(g.calls)-outer:])
}

func (g goroutine) title() string {
	if g.alike == 0 {
		return g.state
	}
	return fmt.Sprintf("%s and %d like it:", strings.TrimSuffix(g.state, ":"), g.alike)
}

// relevance of a goroutine for where a daemon hangs.
type relevance int

const (
	foreign relevance = iota // nothing of ours is in it
	ours
	theEngine
)

func (g goroutine) weight() relevance {
	all := strings.Join(g.calls, "\n")
	switch {
	case strings.Contains(all, "daemon.(*Engine).Run "):
		return theEngine
	case strings.Contains(all, " quotad/") && !strings.Contains(all, "daemon.reportHangs"):
		return ours
	}
	return foreign
}

// parseGoroutine reads one block of runtime.Stack: its state, then two lines for
// each call, and who made it.
func parseGoroutine(text string) (g goroutine, ok bool) {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	if !strings.HasPrefix(lines[0], "goroutine ") {
		return g, false
	}
	g.state = lines[0]
	arguments := regexp.MustCompile(`\([^()]*\)$`)
	for i := 1; i+1 < len(lines); i += 2 {
		if strings.HasPrefix(lines[i], "created by ") {
			break
		}
		at, _, _ := strings.Cut(strings.TrimSpace(lines[i+1]), " ")
		g.calls = append(g.calls, "  "+arguments.ReplaceAllString(lines[i], "")+" "+filepath.Base(at))
	}
	return g, true
}
