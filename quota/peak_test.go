package quota

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestPeakHours(t *testing.T) {
	for _, c := range []struct {
		name, at string // UTC
		want     bool
	}{
		{"a Monday before 14:00 UTC+8", "2026-08-31 05:59:59.999", false},
		{"a Monday at 14:00 UTC+8", "2026-08-31 06:00", true},
		{"a Monday in the last millisecond", "2026-08-31 09:59:59.999", true},
		{"a Monday at 18:00 UTC+8", "2026-08-31 10:00", false},
		{"a Saturday since weekends are free", "2026-08-29 07:00", false},
		{"a Sunday since weekends are free", "2026-08-30 07:00", false},
		{"a Friday", "2026-08-28 07:00", true},
		{"the last Sunday on which weekends were not free", "2026-07-26 07:00", true},
		{"the first Saturday on which they were", "2026-08-01 07:00", false},
		{"the Wednesday before the change", "2026-07-29 09:59:59.999", true},
		{"the Thursday of the change", "2026-07-30 06:00", true},
		{"the Thursday before the promotion", "2026-09-24 07:00", true},
		{"the first day of the promotion", "2026-09-25 07:00", false},
		{"the last day of the promotion", "2026-10-07 07:00", false},
		{"the Thursday after the promotion", "2026-10-08 07:00", true},
	} {
		for _, p := range Plans() {
			if got := p.IsPeak(utc(t, c.at)); got != c.want {
				t.Errorf("%s: %s (%s): %v", p.ID, c.name, c.at, got)
			}
		}
	}
}

func TestThePeakFollowsItsOwnClock(t *testing.T) {
	// 22:00 to 02:30 on Fridays, at five and a half hours east.
	p := Plan{Peaks: []Peak{{Days: [7]bool{time.Friday: true}, Start: 22 * time.Hour, End: 150 * time.Minute, Offset: 330 * time.Minute}}}
	for _, c := range []struct {
		name, at string // UTC
		want     bool
	}{
		{"Friday evening before", "2026-09-04 16:29:59.999", false},
		{"Friday 22:00", "2026-09-04 16:30", true},
		{"past midnight, on Saturday", "2026-09-04 18:30", true},
		{"Saturday 02:29:59.999", "2026-09-04 20:59:59.999", true},
		{"Saturday 02:30", "2026-09-04 21:00", false},
		{"Friday past midnight, of no Thursday peak", "2026-09-03 19:30", false},
	} {
		if got := p.IsPeak(utc(t, c.at)); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

func TestAPeakThatEndsWhereItStartsLastsADay(t *testing.T) {
	p := Plan{Peaks: []Peak{{Days: [7]bool{time.Friday: true}, Start: 6 * time.Hour, End: 6 * time.Hour}}}
	for at, want := range map[string]bool{
		"2026-09-04 05:59": false, "2026-09-04 06:00": true, "2026-09-05 05:59": true, "2026-09-05 06:00": false,
	} {
		if got := p.IsPeak(utc(t, at)); got != want {
			t.Errorf("%s: %v", at, got)
		}
	}
}

func TestNextPeakChange(t *testing.T) {
	p := plan(t, "v2/pro")
	for _, c := range []struct{ name, at, want string }{
		{"from the morning to the start", "2026-08-31 01:00", "2026-08-31 06:00"},
		{"from the start to the end", "2026-08-31 06:00", "2026-08-31 10:00"},
		{"from a Friday's end to Monday", "2026-08-28 10:00", "2026-08-31 06:00"},
		{"up to the start of a promotion", "2026-09-24 10:00", "2026-09-24 16:00"},
		{"a far past instant", "2001-01-01 00:00", "2001-01-01 06:00"},
	} {
		if got, ok := p.NextPeakChange(utc(t, c.at)); !ok || !got.Equal(utc(t, c.want)) {
			t.Errorf("%s: %s, %v", c.name, got, ok)
		}
	}
}

func TestAPeakOfOneDayIsFoundAWeekAhead(t *testing.T) {
	p := Plan{Peaks: []Peak{{Days: [7]bool{time.Friday: true}, Start: 6 * time.Hour, End: 7 * time.Hour}}}
	for at, want := range map[string]string{
		"2026-09-04 07:00": "2026-09-11 06:00", "2026-09-04 23:59": "2026-09-11 06:00", "2026-09-05 00:00": "2026-09-11 06:00",
	} {
		if got, ok := p.NextPeakChange(utc(t, at)); !ok || !got.Equal(utc(t, want)) {
			t.Errorf("from %s: %s, %v", at, got, ok)
		}
	}
}

func TestAPlanMayNeverChange(t *testing.T) {
	at := utc(t, "2026-08-31 01:00")
	gone := Peak{Days: [7]bool{1: true}, Start: 1, End: 2, Valid: before(at)}
	for name, p := range map[string]Plan{
		"no peaks":               {},
		"a promotion of nothing": {Promotions: []Promotion{{Valid: since(at.Add(1))}}},
		"a peak on no day":       {Peaks: []Peak{{Start: 1, End: 2, Valid: since(at.Add(time.Hour))}}},
		"a peak that is over":    {Peaks: []Peak{gone}},
	} {
		if got, ok := p.NextPeakChange(at); ok {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func anyPeakPlan(t *rapid.T) Plan {
	instant := rapid.Custom(func(t *rapid.T) time.Time {
		if rapid.Bool().Draw(t, "open") {
			return time.Time{}
		}
		return time.UnixMilli(rapid.Int64Range(1784000000000, 1786500000000).Draw(t, "instant")).UTC()
	})
	span := rapid.Custom(func(t *rapid.T) Span {
		return Span{instant.Draw(t, "from"), instant.Draw(t, "until")}
	})
	minutes := func(name string, from, to int) time.Duration {
		return time.Duration(rapid.IntRange(from, to).Draw(t, name)) * time.Minute
	}
	var p Plan
	for range rapid.IntRange(0, 3).Draw(t, "peaks") {
		k := Peak{Start: minutes("start", 0, 1439), End: minutes("end", 0, 1440), Offset: minutes("offset", -720, 840)}
		for d := range k.Days {
			k.Days[d] = rapid.Bool().Draw(t, "day")
		}
		k.Valid = span.Draw(t, "valid")
		p.Peaks = append(p.Peaks, k)
	}
	for range rapid.IntRange(0, 2).Draw(t, "promotions") {
		p.Promotions = append(p.Promotions, Promotion{Valid: span.Draw(t, "valid")})
	}
	return p
}

func TestNextPeakChangeIsLaterAndNothingChangesUpToIt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := anyPeakPlan(t)
		at := time.UnixMilli(rapid.Int64Range(1783500000000, 1787000000000).Draw(t, "at")).UTC()
		next, ok := p.NextPeakChange(at)
		if ok && !next.After(at) {
			t.Fatalf("%s is not later than %s", next, at)
		}
		if !ok {
			next = at.Add(60 * aDay)
		}
		probes := []time.Time{next.Add(-time.Millisecond)}
		for range 20 {
			probes = append(probes, at.Add(time.Duration(rapid.Int64Range(0, int64(next.Sub(at))-1).Draw(t, "into"))))
		}
		for _, probe := range probes {
			if probe.After(at) && p.IsPeak(probe) != p.IsPeak(at) {
				t.Fatalf("peak is %v at %s and %v at %s, before %s", p.IsPeak(at), at, p.IsPeak(probe), probe, next)
			}
		}
	})
}

// Whoever steps from change to change sees the same hours as whoever asks at
// each minute.
func TestStepsFromChangeToChangeMissNothing(t *testing.T) {
	p := plan(t, "v3/pro")
	end := utc(t, "2026-10-12 00:00")
	var stepped, asked int
	for at := utc(t, "2026-07-20 00:00"); at.Before(end); {
		next, _ := p.NextPeakChange(at)
		if next.After(end) {
			next = end
		}
		if p.IsPeak(at) {
			stepped += int(next.Sub(at) / time.Minute)
		}
		at = next
	}
	for at := utc(t, "2026-07-20 00:00"); at.Before(end); at = at.Add(time.Minute) {
		if p.IsPeak(at) {
			asked++
		}
	}
	if stepped != asked || asked == 0 {
		t.Errorf("%d minutes by steps, %d by asking", stepped, asked)
	}
}
