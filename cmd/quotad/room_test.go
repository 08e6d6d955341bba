package main

import (
	"errors"
	"testing"
	"time"

	"quotad/quota"
)

func TestJudge(t *testing.T) {
	five := window("5h", quota.Fixed, 370, 400, in(time.Hour))
	fullFive := window("5h", quota.Fixed, 400, 400, in(time.Hour))
	week := window("week", quota.Anchored, 1900, 2000, in(26*time.Hour))
	fullWeek := window("week", quota.Anchored, 2000, 2000, in(26*time.Hour))
	tools := window("month", quota.Monthly, 1000, 1000, in(time.Hour))
	tools.Counts, tools.Approximate = quota.CountTools, false
	for _, c := range []struct {
		name string
		need need
		st   quota.Status
		room bool
		why  string
		next *time.Time
	}{
		{"room in all windows that stop work", need{}, pro(five, week, tools), true,
			"Room: 5h has about 30 of 400 prompts left; week has about 100 of 2,000 prompts left", nil},
		{"one full window is no room", need{}, blocked(pro(fullFive, week), in(time.Hour)), false,
			"No room until 07:30, in 1 h: 5h exhausted", in(time.Hour)},
		{"of two full ones the later decides, and the earlier is looked at first", need{}, blocked(pro(fullFive, fullWeek), in(26*time.Hour)), false,
			"No room until Tue 24 Nov 08:30, in 1 d 2 h: 5h and week exhausted", in(time.Hour)},
		{"just enough is enough", need{amount: 30 * quota.One}, pro(five, week), true,
			"Room: 5h has about 30 of 400 prompts left; week has about 100 of 2,000 prompts left", nil},
		{"not enough says what is missing", need{amount: 31 * quota.One}, pro(five, week), false,
			"No room: 31 needed, and 5h has about 30 of 400 prompts left, full at 07:30, in 1 h", in(time.Hour)},
		{"one window alone", need{window: "week"}, blocked(pro(fullFive, week), in(time.Hour)), true,
			"Room: week has about 100 of 2,000 prompts left", nil},
		{"a window that does not stop work, asked for by name", need{window: "month"}, pro(five, tools), false,
			"No room: month is exhausted, full at 07:30, in 1 h", in(time.Hour)},
	} {
		got, err := c.need.judge(&c.st, clock{boardNow, time.UTC})
		if err != nil || got.room != c.room || got.why != c.why || got.never {
			t.Errorf("%s: %+v (%v)\nwant %q", c.name, got, err, c.why)
		}
		if next := got.again; c.next == nil != next.IsZero() || c.next != nil && !next.Equal(*c.next) {
			t.Errorf("%s: looks again at %v, want %v", c.name, next, c.next)
		}
	}
}

func TestJudgeNever(t *testing.T) {
	st := pro(window("5h", quota.Fixed, 0, 400, nil), window("week", quota.Anchored, 0, 2000, nil))
	got, err := need{amount: 500 * quota.One}.judge(&st, clock{boardNow, time.UTC})
	if err != nil || got.room || !got.never || got.why != "No room: 500 needed, and 5h holds 400 prompts" {
		t.Errorf("more than the cap: %+v (%v)", got, err)
	}
	_, err = need{window: "day"}.judge(&st, clock{boardNow, time.UTC})
	var f *failure
	if !errors.As(err, &f) || f.code != exitUsage || f.Error() != `--window "day" is not a window of v2/pro, which has 5h, week` {
		t.Errorf("no such window: %v", err)
	}
}
