package notify

import (
	"fmt"
	"strings"
	"time"

	"quotad/quota"
)

// digestOf is one notice that stands for all that were held back, each with
// its words. Of one window only the last is said, and counted: it holds the
// others.
func digestOf(held []Item, now time.Time) Item {
	d := quota.Notice{Kind: quota.NoticeDigest, Account: held[0].Account, At: quota.Milli(now), Reason: "held back until now"}
	var lines []string
	for i, it := range held {
		if it.Account != d.Account {
			d.Account = quota.DefaultAccount
		}
		if !saidLater(it, held[i+1:]) {
			lines = append(lines, digestLinesOf(it.Notice)...)
		}
	}
	f := facts{"notices": count(len(lines), "notice"), "digest": strings.Join(lines, "\n")}
	m, _ := messageOf(d.Kind)
	d.Title, d.Body = f.say(m)
	return Item{Notice: d, Expires: expiry(held)}
}

// expiry is when the last of them is stale for certain; zero where that is open.
func expiry(held []Item) time.Time {
	var last time.Time
	for _, it := range held {
		end := worthUntil(it)
		if end.IsZero() {
			return end
		}
		if end.After(last) {
			last = end
		}
	}
	return last
}

// worthUntil is when a notice is stale for certain; zero where that is open.
func worthUntil(it Item) time.Time {
	switch {
	case it.Kind == quota.NoticeDigest:
		return it.Expires
	case it.ResetsAt == nil:
		return time.Time{}
	case it.Kind == quota.NoticeRefreshed:
		return it.ResetsAt.Add(refreshWorth)
	}
	return *it.ResetsAt
}

func saidLater(it Item, later []Item) bool {
	digest := quota.NoticeDigest // has no window, as a renewal has none
	for _, l := range later {
		if it.Kind != digest && l.Kind != digest && l.Account == it.Account && l.Window == it.Window {
			return true
		}
	}
	return false
}

// digestLinesOf is what a digest says of a notice, which may be one itself.
func digestLinesOf(n quota.Notice) []string {
	if n.Kind == quota.NoticeDigest {
		return strings.Split(n.Body, "\n")
	}
	return []string{facts{"title": n.Title, "body": n.Body}.fill(digestLine)}
}

func count(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %ss", n, one)
}
