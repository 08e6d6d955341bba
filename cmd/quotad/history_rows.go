package main

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"quotad/quota"
)

// toldHistory is a history on its way to a person.
type toldHistory struct {
	screen
	*quota.History
	now    time.Time // in the zone of the history
	home   string    // folder of the user, written as ~
	newest int       // periods to show; 0: all
}

// topRows keeps of each period the keys that used most, the most first, and
// sums the others up.
func topRows(rows []quota.HistoryRow, most int) (list []quota.HistoryRow) {
	for len(rows) > 0 {
		n := 1
		for n < len(rows) && sameStart(&rows[n], &rows[0]) {
			n++
		}
		list, rows = append(list, topOf(rows[:n], most)...), rows[n:]
	}
	return list
}

func sameStart(a, b *quota.HistoryRow) bool {
	return a.From == nil && b.From == nil || a.From != nil && b.From != nil && a.From.Equal(*b.From)
}

func topOf(rows []quota.HistoryRow, most int) []quota.HistoryRow {
	rows = slices.Clone(rows)
	slices.SortStableFunc(rows, func(a, b quota.HistoryRow) int {
		if a.Rest != b.Rest {
			return map[bool]int{true: 1, false: -1}[a.Rest]
		}
		return cmp.Or(cmp.Compare(b.Charged, a.Charged), cmp.Compare(weight(&b.Use), weight(&a.Use)))
	})
	if len(rows) <= most {
		return rows
	}
	rest := quota.HistoryRow{From: rows[0].From, Until: rows[0].Until, Rest: true}
	for i := range rows[most:] {
		rest.Use = rest.Plus(rows[most+i].Use)
	}
	return append(rows[:most], rest)
}

// weight orders what was charged the same, such as nothing.
func weight(u *quota.Use) int64 { return u.Prompts + u.Answers + u.Calls + u.Apart }

// perTime are the sums of each period from the first to the last that was used
// or asked for, those without use among them.
func (h *toldHistory) perTime() (list []quota.HistoryRow) {
	if h.Per == "" || len(h.Rows) == 0 {
		return nil
	}
	zone := h.now.Location()
	begin, end := h.Per.Begin(*h.Rows[0].From, zone), *h.Rows[len(h.Rows)-1].Until
	if h.Since != nil && h.Since.Before(begin) {
		begin = h.Per.Begin(*h.Since, zone)
	}
	if asked := h.end(); asked.After(end) {
		end = asked
	}
	sums := map[time.Time]quota.Use{}
	for _, row := range h.Rows {
		sums[*row.From] = row.Plus(sums[*row.From])
	}
	for begin.Before(end) && len(list) < quota.MaxHistoryPeriods {
		from, until := begin.UTC(), h.Per.End(begin, zone).UTC()
		list = append(list, quota.HistoryRow{From: &from, Until: &until, Use: sums[from]})
		begin = until
	}
	return list
}

// end is the instant up to which the history goes.
func (h *toldHistory) end() time.Time {
	if h.Until != nil && h.Until.Before(h.now) {
		return *h.Until
	}
	return h.now
}

// when names a period, as people do.
func (h *toldHistory) when(from time.Time) string {
	at := from.In(h.now.Location())
	switch h.Per {
	case quota.PerHour:
		return h.day(at) + at.Format(" 15:04")
	case quota.PerMonth:
		return at.Format("January 2006")
	}
	return h.day(at)
}

// day names a day, with its year where that is another than the present one.
func (h *toldHistory) day(at time.Time) string {
	if at.Year() != h.now.Year() {
		return at.Format("Mon 2 Jan 2006")
	}
	return at.Format("Mon 2 Jan")
}

// keyOf names what a row is of.
func (h *toldHistory) keyOf(row *quota.HistoryRow) string {
	switch {
	case row.Rest:
		return "(others)"
	case row.Key == "":
		return "(none)"
	}
	key := clean(row.Key)
	if rest, ok := strings.CutPrefix(key, h.home); h.By == quota.SplitByProject && h.home != "" && ok && (rest == "" || rest[0] == '/') {
		return "~" + rest
	}
	return key
}

// share is a part of the total: of what was charged, or where nothing was, of
// the prompts, answers and calls.
func (h *toldHistory) share(u *quota.Use) float64 {
	if h.Total.Charged > 0 {
		return u.Charged.Percent(h.Total.Charged)
	}
	if all := weight(&h.Total); all > 0 {
		return 100 * float64(weight(u)) / float64(all)
	}
	return 0
}
