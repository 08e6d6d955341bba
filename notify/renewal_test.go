package notify

import (
	"strings"
	"testing"
	"time"

	"quotad/quota"
)

// fourth is 4 December on the provider's clock, which is the 3rd, 17:00 in Berlin.
var fourth = time.Date(2026, 12, 4, 0, 0, 0, 0, quota.UTC8).UTC()

func subscription(renews, ends *time.Time, fee *quota.FeeStatus) *quota.Status {
	return &quota.Status{Account: "default", Plan: quota.PlanStatus{Name: "GLM Coding Pro", RenewsAt: renews, EndsAt: ends, Fee: fee}}
}

func TestWordsOfARenewal(t *testing.T) {
	now := fourth.Add(-72 * time.Hour)
	month := &quota.FeeStatus{USD: 72 * quota.One, Cycle: quota.CycleMonth}
	other := subscription(&fourth, nil, month)
	other.Account = "work"
	instant := fourth.Add(8*time.Hour + 55*time.Minute)
	for _, c := range []struct {
		name        string
		status      *quota.Status
		at, now     time.Time
		title, body string
	}{
		{"a day is the provider's day, whatever the local one is", subscription(&fourth, nil, month), fourth, now,
			"GLM Coding Pro renews on Fri 4 Dec: US$ 72", "In 3 d, for a month."},
		{"an instant is told by the local clock", subscription(&instant, nil, month), instant, now,
			"GLM Coding Pro renews on Fri 4 Dec 01:55: US$ 72", "In 3 d 8 h, for a month."},
		{"the same day", subscription(&instant, nil, month), instant, instant.Add(-time.Hour),
			"GLM Coding Pro renews at 01:55: US$ 72", "In 1 h, for a month."},
		{"another account is named", other, fourth, now, "GLM Coding Pro (work) renews on Fri 4 Dec: US$ 72", "In 3 d, for a month."},
		{"without a fee", subscription(&fourth, nil, nil), fourth, now, "GLM Coding Pro renews on Fri 4 Dec", "In 3 d."},
		{"the end", subscription(nil, &fourth, month), fourth, now, "GLM Coding Pro ends on Fri 4 Dec",
			"In 3 d. It is not renewed: what it allows is at an end then."},
		{"without a status", nil, fourth, now, "GLM Coding Plan renews or ends on Fri 4 Dec", "In 3 d."},
		{"in another year", subscription(&fourth, nil, nil), fourth, fourth.AddDate(-1, 0, 0), "GLM Coding Pro renews on Fri 4 Dec 2026", "In 365 d."},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := quota.Notice{Kind: quota.NoticeRenewal, Account: "default", At: c.now, ResetsAt: &c.at}
			if title, body := Words(n, c.status, c.now, berlin); title != c.title || body != c.body {
				t.Errorf("%q, %q\nwant %q, %q", title, body, c.title, c.body)
			}
		})
	}
}

func TestARenewalIsStaleOnceItHasPassedOrMoved(t *testing.T) {
	moved, hour := fourth.AddDate(0, 0, 30), fourth.Add(9*time.Hour)
	for _, c := range []struct {
		name   string
		status *quota.Status
		now    time.Time
		want   Staleness
	}{
		{"a moment before", subscription(&fourth, nil, nil), fourth.Add(-time.Second), Fresh},
		{"at its instant", subscription(&fourth, nil, nil), fourth, StalePassed},
		{"told by its hour since", subscription(&hour, nil, nil), fourth.Add(-time.Hour), Fresh},
		{"on another day now", subscription(&moved, nil, nil), fourth.Add(-time.Hour), StaleMoved},
		{"not known any more", subscription(nil, nil, nil), fourth.Add(-time.Hour), StaleMoved},
		{"an end", subscription(nil, &fourth, nil), fourth.Add(-time.Hour), Fresh},
		{"ends on another day now", subscription(&fourth, &moved, nil), fourth.Add(-time.Hour), StaleMoved},
		{"without a status", nil, fourth.Add(-time.Hour), Fresh},
	} {
		t.Run(c.name, func(t *testing.T) {
			j := judge{now: c.now, low: 75, current: func(string) *quota.Status { return c.status }}
			it := Item{Notice: quota.Notice{Kind: quota.NoticeRenewal, Account: "default", At: c.now.Add(-time.Hour), ResetsAt: &fourth}}
			if got := j.stale(it, nil); got != c.want {
				t.Errorf("%v, want %v", got, c.want)
			}
		})
	}
}

// A renewal has no window, and neither has a digest that was held once more.
func TestADigestDoesNotSwallowARenewal(t *testing.T) {
	renewal := Item{Notice: quota.Notice{Kind: quota.NoticeRenewal, Account: "default", Title: "renews", Body: "soon.", ResetsAt: &fourth}}
	old := Item{Notice: quota.Notice{Kind: quota.NoticeDigest, Account: "default", Body: "x. y."}}
	if d := digestOf([]Item{renewal, old}, noon); !strings.HasPrefix(d.Body, "renews. soon.") {
		t.Errorf("%q", d.Body)
	}
}

func TestDollars(t *testing.T) {
	for f, want := range map[float64]string{0: "0", 0.004999: "<0.01", 0.005: "0.01", 1.234999: "1.23", 1.235: "1.24", 72: "72", 43.2: "43.20", 1411.2: "1,411.20", 0.999: "1"} {
		if got := Dollars(quota.FromFloat(f)); got != want {
			t.Errorf("%v is %q, want %q", f, got, want)
		}
	}
}
