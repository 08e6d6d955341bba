package daemon

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"quotad/daemon/provider"
)

// pollTally counts how the provider was asked. It is safe for concurrent use.
type pollTally struct {
	mu   sync.Mutex
	mine map[string]pollCount // by account
}

// pollCount is how often the provider was asked about an account since the
// daemon was started.
type pollCount struct {
	good, failed uint64
	last         time.Time // good one
}

func (t *pollTally) count(account string, fault *provider.Fault, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.mine == nil {
		t.mine = map[string]pollCount{}
	}
	c := t.mine[account]
	if fault != nil {
		c.failed++
	} else {
		c.good, c.last = c.good+1, now
	}
	t.mine[account] = c
}

func (t *pollTally) all() map[string]pollCount {
	t.mu.Lock()
	defer t.mu.Unlock()
	return maps.Clone(t.mine)
}

// readings writes how the provider was asked; nothing where it never was.
func (m metrics) readings(all map[string]pollCount, now time.Time) {
	if len(all) == 0 {
		return
	}
	names := slices.Sorted(maps.Keys(all))
	m.head("quotad_provider_reads_total", "counter", "Times that the provider told its figures, since the daemon was started.")
	for _, name := range names {
		fmt.Fprintf(m, "quotad_provider_reads_total{account=%q} %d\n", name, all[name].good)
	}
	m.head("quotad_provider_read_failures_total", "counter", "Times that it was asked and told none.")
	for _, name := range names {
		fmt.Fprintf(m, "quotad_provider_read_failures_total{account=%q} %d\n", name, all[name].failed)
	}
	m.head("quotad_provider_reading_age_seconds", "gauge", "Age of its last figures; absent where it told none yet.")
	for _, name := range names {
		if at := all[name].last; !at.IsZero() {
			fmt.Fprintf(m, "quotad_provider_reading_age_seconds{account=%q} %g\n", name, max(now.Sub(at), 0).Round(time.Second).Seconds())
		}
	}
}
