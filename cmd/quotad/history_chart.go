package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"quotad/quota"
)

// chart draws a history. Periods are bars, one below the other, and so are keys;
// hours are columns, one line a day; where both are told apart each key has
// a line of columns.
func (h *toldHistory) chart() string {
	if len(h.Rows) == 0 {
		return h.nothing()
	}
	var lines []string
	switch {
	case h.Per == "":
		lines = h.bars(h.Rows, h.keyOf, 0)
	case h.By != "":
		lines = h.keyLines()
	case h.Per == quota.PerHour:
		lines = h.dayLines()
	default:
		rows := h.perTime()
		if h.newest > 0 {
			rows = rows[max(len(rows)-h.newest, 0):]
		}
		lines = h.bars(rows, func(r *quota.HistoryRow) string { return h.when(*r.From) }, h.fairShare())
	}
	return strings.Join(append(lines, h.hints()...), "\n") + "\n"
}

// mostName is how wide a name beside a bar may be.
const mostName = 30

// bars are one a row, the longest the largest; what is above a fair share of
// the cap stands out.
func (h *toldHistory) bars(rows []quota.HistoryRow, name func(*quota.HistoryRow) string, fair quota.Amount) []string {
	var texts [][]string
	var most float64
	for i := range rows {
		texts = append(texts, []string{h.shortName(name(&rows[i])), h.measure(&rows[i].Use), percentage(h.share(&rows[i].Use))})
		most = max(most, h.share(&rows[i].Use))
	}
	lines := aligned(texts, 1, 2)
	names, wide := widest(texts, 0), 0
	for _, line := range lines {
		wide = max(wide, cells(line))
	}
	room := min(h.width-wide-gap, 2*mostBar)
	for i := range lines {
		label, figures := padRight(texts[i][0], names), lines[i][len(padRight(texts[i][0], names)):]
		lines[i] = label + figures
		if room >= leastBar {
			lines[i] = label + "  " + h.bar(h.share(&rows[i].Use)/max(most, 1e-9)*100, room, overFair(&rows[i].Use, fair)) + figures
		}
	}
	return lines
}

func overFair(u *quota.Use, fair quota.Amount) style {
	if fair > 0 && u.Charged > fair {
		return warned
	}
	return good
}

func widest(rows [][]string, column int) (n int) {
	for _, row := range rows {
		n = max(n, cells(row[column]))
	}
	return n
}

func (h *toldHistory) shortName(name string) string {
	most := min(mostName, max(h.width/3, leastFlex))
	if h.By == quota.SplitByProject {
		return h.fitTail(name, most)
	}
	return h.fit(name, most)
}

// measure is what a bar stands for, in words.
func (h *toldHistory) measure(u *quota.Use) string {
	if h.Total.Charged > 0 {
		return figure(u.Charged)
	}
	return compact(weight(u))
}

// columns draws one column a value, as high as its part of the largest.
func (h *toldHistory) columns(values []float64, most float64) string {
	steps := []rune("▁▂▃▄▅▆▇█")
	none := "·"
	if !h.blocks {
		steps, none = []rune(".:-=+*#@"), "_"
	}
	var b strings.Builder
	for _, v := range values {
		if v <= 0 {
			b.WriteString(none)
			continue
		}
		n := int(v / most * float64(len(steps)))
		b.WriteRune(steps[min(n, len(steps)-1)])
	}
	return b.String()
}

// dayLines are the hours of each day, one line a day. Each has its place: where
// the clock is moved one stays empty, or stands for two.
func (h *toldHistory) dayLines() []string {
	type dayOf struct {
		name  string
		hours []float64
		use   quota.Use
	}
	var days []dayOf
	var most float64
	for _, row := range h.perTime() {
		at := row.From.In(h.now.Location())
		name := h.day(at)
		if len(days) == 0 || days[len(days)-1].name != name {
			days = append(days, dayOf{name: name})
		}
		d := &days[len(days)-1]
		for len(d.hours) <= at.Hour() {
			d.hours = append(d.hours, 0)
		}
		d.hours[at.Hour()] += h.share(&row.Use)
		d.use = row.Plus(d.use)
		most = max(most, d.hours[at.Hour()])
	}
	rows := [][]string{{"", "0     6     12    18    ", strings.ToUpper(string(h.Plan.Unit))}}
	for _, d := range days {
		rows = append(rows, []string{d.name, h.columns(d.hours, most), h.measure(&d.use)})
	}
	return aligned(rows, 2)
}

// keyLines are the periods of each key, one line a key, the most used first.
func (h *toldHistory) keyLines() []string {
	zero, place := h.perTime(), map[time.Time]int{}
	zero = zero[max(len(zero)-max(h.width/2, leastBar), 0):]
	for i := range zero {
		place[*zero[i].From] = i
	}
	sums, values := map[string]quota.Use{}, map[string][]float64{}
	var most float64
	for i := range h.Rows {
		row := &h.Rows[i]
		key := h.keyOf(row)
		sums[key] = row.Plus(sums[key])
		if values[key] == nil {
			values[key] = make([]float64, len(zero))
		}
		if at, ok := place[*row.From]; ok {
			values[key][at] += h.share(&row.Use)
			most = max(most, values[key][at])
		}
	}
	var rows []quota.HistoryRow
	for key, use := range sums {
		rows = append(rows, quota.HistoryRow{Key: key, Use: use})
	}
	slices.SortFunc(rows, func(a, b quota.HistoryRow) int { return strings.Compare(a.Key, b.Key) })
	texts := [][]string{}
	for _, row := range topOf(rows, len(rows)) {
		texts = append(texts, []string{h.shortName(row.Key), h.columns(values[row.Key], most), h.measure(&row.Use), percentage(h.share(&row.Use))})
	}
	last := len(zero) - 1
	note := fmt.Sprintf("Each column is one %s, from %s to %s.", h.Per, h.when(*zero[0].From), h.when(*zero[last].From))
	return append(aligned(texts, 2, 3), "", note)
}

// fairShare is what a period may use so that the longest window lasts, 0 where
// no window is as long.
func (h *toldHistory) fairShare() quota.Amount {
	hours := map[quota.Per]float64{quota.PerHour: 1, quota.PerDay: 24, quota.PerWeek: 7 * 24}[h.Per]
	for _, c := range slices.Backward(h.Caps) {
		if hours > 0 && c.Hours >= hours {
			return quota.FromFloat(c.Cap.Float() * hours / c.Hours)
		}
	}
	return 0
}

// hints say how the use is spread, and what the plan allows.
func (h *toldHistory) hints() []string {
	rows := h.perTime()
	if len(rows) == 0 || h.Total.Charged == 0 {
		return nil
	}
	average := h.Total.Charged / quota.Amount(len(rows))
	a := "a " + string(h.Per)
	if h.Per == quota.PerHour {
		a = "an hour"
	}
	text := fmt.Sprintf("On average %s %s %s", figure(average), h.Plan.Unit, a)
	if fair := h.fairShare(); fair > 0 {
		window := h.Caps[len(h.Caps)-1]
		text += fmt.Sprintf("; the %s of %s (%s) lasts at %s %s", window.Window, figure(window.Cap), clean(h.Plan.ID), figure(fair), a)
	}
	return append([]string{""}, wrap(text+".", min(h.width, 100))...)
}
