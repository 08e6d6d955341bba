package daemon

import (
	"fmt"
	"io"
	"math"
	"sync/atomic"
	"time"

	"quotad/quota"
)

// counts are what the engine did since it was started.
type counts struct {
	events, duplicates, rejected, commits, failures, refolds atomic.Uint64
}

// add counts a transaction that became durable.
func (c *counts) add(w *work) {
	c.commits.Add(1)
	c.events.Add(w.events)
	c.duplicates.Add(w.duplicates)
	c.rejected.Add(w.rejected)
	c.refolds.Add(w.refolds)
}

// metrics writes the Prometheus text format.
type metrics struct{ io.Writer }

func (m metrics) head(name, kind, help string) {
	fmt.Fprintf(m, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind)
}

// windows writes one line for each window; a value that is not a number has none.
func (m metrics) windows(all quota.Statuses, name string, value func(quota.WindowStatus) float64) {
	for _, a := range all.Accounts {
		for _, w := range a.Windows {
			if v := value(w); !math.IsNaN(v) {
				fmt.Fprintf(m, "%s{account=%q,window=%q} %g\n", name, a.Account, w.Window, v)
			}
		}
	}
}

func until(t *time.Time, now time.Time) float64 {
	if t == nil {
		return math.NaN()
	}
	return math.Round(t.Sub(now).Seconds())
}

func (m metrics) counters(e *Engine) {
	for _, c := range []struct {
		name, help string
		value      uint64
	}{
		{"quotad_events_total", "Events recorded since the daemon was started.", e.counts.events.Load()},
		{"quotad_events_duplicate_total", "Events that were there already.", e.counts.duplicates.Load()},
		{"quotad_events_rejected_total", "Events that were refused.", e.counts.rejected.Load()},
		{"quotad_commits_total", "Transactions that became durable.", e.counts.commits.Load()},
		{"quotad_commit_failures_total", "Transactions that could not be stored.", e.counts.failures.Load()},
		{"quotad_refolds_total", "Times that a late event made the counters be folded anew.", e.counts.refolds.Load()},
	} {
		m.head(c.name, "counter", c.help)
		fmt.Fprintf(m, "%s %d\n", c.name, c.value)
	}
}

// withParts is the backend of a service, which reads the tools' records and the
// provider's figures too.
type withParts struct {
	backend
	service *service
}

// Metrics implements api.Backend.
func (b withParts) Metrics(w io.Writer) {
	b.backend.Metrics(w)
	metrics{w}.follow(b.service.follow.tally.get())
	metrics{w}.readings(b.service.polls.all(), b.now())
}

func (m metrics) follow(f AboutFollow) {
	m.head("quotad_records_followed", "gauge", "Records of tools that are followed now.")
	fmt.Fprintf(m, "quotad_records_followed %d\n", f.Records)
	for _, c := range []struct {
		name, help string
		value      int64
	}{
		{"quotad_records_bytes_total", "Bytes read of the tools' records.", f.Bytes},
		{"quotad_records_events_total", "Events found in the tools' records.", f.Events},
		{"quotad_records_faults_total", "Times that a tool's record could not be read, or what was read could not be stored.", f.Faults},
	} {
		m.head(c.name, "counter", c.help)
		fmt.Fprintf(m, "%s %d\n", c.name, c.value)
	}
}
