package notify

import (
	"fmt"
	"strings"
	"time"

	"quotad/quota"
)

// digestOf is one notice that stands for all that were held back, each with
// its words. Of one window only the last is said: it holds the others.
func digestOf(held []Item, now time.Time) quota.Notice {
	d := quota.Notice{Kind: quota.NoticeDigest, Account: held[0].Account, At: now, Reason: "held back until now"}
	var lines []string
	var ends time.Time
	for i, it := range held {
		if it.Account != d.Account {
			d.Account = quota.DefaultAccount
		}
		if end := worthUntil(it); end.IsZero() || i > 0 && ends.IsZero() {
			ends = time.Time{}
		} else if end.After(ends) {
			ends = end
		}
		if !saidLater(it, held[i+1:]) {
			lines = append(lines, digestLineOf(it.Notice))
		}
	}
	if !ends.IsZero() {
		d.ResetsAt = &ends
	}
	f := facts{"notices": count(len(held), "notice"), "digest": strings.Join(lines, "\n")}
	d.Title, d.Body = f.say(messages[d.Kind])
	return d
}

// worthUntil is when a notice is stale for certain; zero where that is open.
func worthUntil(it Item) time.Time {
	switch {
	case it.ResetsAt == nil:
		return time.Time{}
	case it.Kind == quota.NoticeRefreshed:
		return it.ResetsAt.Add(refreshWorth)
	}
	return *it.ResetsAt
}

func saidLater(it Item, later []Item) bool {
	for _, l := range later {
		if it.Kind != quota.NoticeDigest && l.Account == it.Account && l.Window == it.Window {
			return true
		}
	}
	return false
}

func digestLineOf(n quota.Notice) string {
	if n.Kind == quota.NoticeDigest {
		return n.Body
	}
	return facts{"title": n.Title, "body": n.Body}.fill(digestLine)
}

func count(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %ss", n, one)
}
