package providertest_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"quotad/quota"
)

// sample is one window at one instant: what was said and what was true.
type sample struct {
	at       time.Time
	plan     string
	seed     uint64
	window   string
	source   quota.Source
	regular  bool // it is read every 5 minutes
	busy     bool // somebody works
	said     float64
	truth    float64
	low      float64
	high     float64
	stated   bool // low and high were said
	since    time.Duration
	elsewere float64
}

func (s sample) off() float64 { return math.Abs(s.said - s.truth) }

// grain is what a stated range may be short by, in percent.
const grain = 1e-3

// covered reports whether a range was stated, and the truth lies in it.
func (s sample) covered() bool { return s.stated && !s.below() && !s.above() }

func (s sample) below() bool { return s.stated && s.truth < s.low-grain }
func (s sample) above() bool { return s.stated && s.truth > s.high+grain }

func (s sample) String() string {
	return fmt.Sprintf("%s %-7s seed %-2d %-4s off %6.2f: said %.2f [%.2f, %.2f], true %.2f, %s, read %v ago, busy %t, elsewhere %.2f",
		s.at.Format("01-02 15:04:05"), s.plan, s.seed, s.window, s.off(), s.said, s.low, s.high, s.truth, s.source,
		s.since.Round(time.Second), s.busy, s.elsewere)
}

// tally is the samples of all worlds.
type tally []sample

// of are those that something holds for.
func (t tally) of(holds func(sample) bool) (list tally) {
	for _, s := range t {
		if holds(s) {
			list = append(list, s)
		}
	}
	return list
}

// within is the share of them that is off by no more than a limit.
func (t tally) within(limit float64) float64 {
	return t.share(func(s sample) bool { return s.off() <= limit })
}

func (t tally) share(holds func(sample) bool) float64 {
	if len(t) == 0 {
		return math.NaN()
	}
	return float64(len(t.of(holds))) / float64(len(t))
}

// quantiles of what f gives, 0 to 1.
func (t tally) quantiles(f func(sample) float64, at ...float64) (list []float64) {
	if len(t) == 0 {
		return make([]float64, len(at))
	}
	var all []float64
	for _, s := range t {
		all = append(all, f(s))
	}
	slices.Sort(all)
	for _, q := range at {
		list = append(list, all[min(int(q*float64(len(all))), len(all)-1)])
	}
	return list
}

// worst are the samples that are off most, one of each hour.
func (t tally) worst(n int) (list tally) {
	all := slices.Clone(t)
	slices.SortFunc(all, func(a, b sample) int {
		switch {
		case a.off() > b.off():
			return -1
		case a.off() < b.off():
			return 1
		}
		return 0
	})
	for _, s := range all {
		if !slices.ContainsFunc(list, func(o sample) bool {
			return o.plan == s.plan && o.seed == s.seed && o.window == s.window && o.at.Sub(s.at).Abs() < time.Hour
		}) {
			list = append(list, s)
		}
		if len(list) == n {
			break
		}
	}
	return list
}

// table is the distribution of the error in percentage points, a line each.
type table struct{ strings.Builder }

func (b *table) head() {
	fmt.Fprintf(b, "%-34s %7s %6s %6s %6s %6s %6s %7s %8s %7s %7s %6s %6s\n",
		"", "n", "p50", "p90", "p95", "p99", "max", "<=1 pp", "covered", "below", "above", "w50", "w95")
}

func (b *table) line(name string, t tally) {
	if len(t) == 0 {
		return
	}
	q := t.quantiles(sample.off, 0.5, 0.9, 0.95, 0.99, 1)
	stated := t.of(func(s sample) bool { return s.stated })
	width := stated.quantiles(func(s sample) float64 { return s.high - s.low }, 0.5, 0.95)
	fmt.Fprintf(b, "%-34s %7d %6.2f %6.2f %6.2f %6.2f %6.2f %6.1f%% %7.1f%% %6.1f%% %6.1f%% %6.2f %6.2f\n", name, len(t), q[0], q[1], q[2], q[3], q[4],
		100*t.within(1), 100*t.share(sample.covered), 100*t.share(sample.below), 100*t.share(sample.above), width[0], width[1])
}

// plans are those that any sample is of.
func (t tally) plans() (ids []string) {
	for _, s := range t {
		if !slices.Contains(ids, s.plan) {
			ids = append(ids, s.plan)
		}
	}
	return ids
}
