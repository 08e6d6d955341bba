package provider

import (
	"strings"
	"time"

	"quotad/quota"
)

// Subscription is the subscription that holds now, as the list of them tells
// it. Of whom it belongs to nothing is kept.
type Subscription struct {
	Product   string    // "GLM Coding Max"
	Tier      string    // "max"; empty where the product names none
	Purchased time.Time // zero: not told
	Renews    time.Time // the start of a day in UTC+8; zero: not told, or it is not renewed
	Ends      time.Time // of one that is not renewed; zero: not told
}

// Told is the subscription as a reading carries it. The generation, and so the
// plan, is not in it.
func (s Subscription) Told() quota.PlanTold {
	return quota.PlanTold{Subscribed: s.Purchased, Renews: s.Renews, Ends: s.Ends}
}

// ParseSubscription reads the body of an answer to subscription/list that came
// at now. No fault holds more of the body than its code and text.
func ParseSubscription(body []byte, now time.Time) (Subscription, *Fault) {
	s, fault := parseSubscription(body, now)
	if fault != nil {
		return Subscription{}, fault.withSummary(body)
	}
	return s, nil
}

func parseSubscription(body []byte, now time.Time) (Subscription, *Fault) {
	e, ok := openEnvelope(body)
	switch {
	case !ok:
		return Subscription{}, unreadable("JSON of the provider's")
	case e.failed():
		return Subscription{}, e.fault()
	case !e.fields.has("data"):
		return Subscription{}, e.empty("no subscription is listed")
	}
	entries, ok := e.fields.list("data")
	if !ok {
		return Subscription{}, unreadable("in a shape that is known: its data is no list")
	}
	var best entry
	for _, o := range entries {
		if x := readEntry(o); x.beats(best) {
			best = x
		}
	}
	if best.rank == 0 {
		return Subscription{}, e.empty("no valid subscription is listed")
	}
	return best.subscription(now), nil
}

// entry is one subscription of the list.
type entry struct {
	object
	rank      int // 0: does not hold
	purchased time.Time
}

// readEntry ranks an entry: one that is valid and in its period holds, before
// one that is only valid.
func readEntry(o object) entry {
	x := entry{object: o, purchased: zonedUTC8(o.text("purchaseTime"))}
	current := o.truth("inCurrentPeriod")
	switch {
	case !strings.EqualFold(o.word("status"), "VALID"):
	case current != nil && *current:
		x.rank = 2
	default:
		x.rank = 1
	}
	return x
}

// beats: of two that hold alike, the one that was bought later.
func (x entry) beats(other entry) bool {
	if x.rank != other.rank {
		return x.rank > other.rank
	}
	return x.rank > 0 && x.purchased.After(other.purchased)
}

func (x entry) subscription(now time.Time) Subscription {
	s := Subscription{Product: x.word("productName")}
	s.Tier = tierOf(s.Product)
	if !x.purchased.After(now.Add(24 * time.Hour)) {
		s.Purchased = x.purchased
	}
	until := validUntil(x.text("valid"))
	if renewed := x.truth("autoRenew"); renewed != nil && !*renewed {
		s.Ends = until
		return s
	}
	s.Renews = dayOf(zonedUTC8(x.text("nextRenewTime")))
	if over(s.Renews, now) { // of a period that was renewed since
		s.Renews = dayOf(until)
	}
	if over(s.Renews, now) {
		s.Renews = time.Time{}
	}
	return s
}

// over reports whether a day is past.
func over(day, now time.Time) bool { return !now.Before(day.Add(24 * time.Hour)) }

// dayOf is the start of an instant's day in UTC+8.
func dayOf(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	y, m, d := t.In(quota.UTC8).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, quota.UTC8).UTC()
}

// validUntil is the second half of "from-to", both of which have dashes of
// their own.
func validUntil(valid string) time.Time {
	for i := range len(valid) {
		if valid[i] != '-' && valid[i] != '~' || zonedUTC8(valid[:i]).IsZero() {
			continue
		}
		if to := zonedUTC8(valid[i+1:]); !to.IsZero() {
			return to
		}
	}
	return time.Time{}
}

// zonedUTC8 reads a date with or without a time of day; without a zone it is
// UTC+8, on both of the provider's hosts. Zero: it is none, or of no year in
// which there were plans.
func zonedUTC8(text string) time.Time {
	text = strings.TrimSpace(text)
	for _, layout := range []string{time.DateTime, time.DateOnly, "2006-01-02T15:04:05", time.RFC3339} {
		t, err := time.ParseInLocation(layout, text, quota.UTC8)
		if err == nil && t.Year() >= 2025 && t.Year() < 2100 {
			return quota.Milli(t)
		}
	}
	return time.Time{}
}
