package quota

import (
	"testing"
	"time"
)

func TestTheStatedErrorOfANumber(t *testing.T) {
	exact := func(clock string, output int64) Event {
		return Event{Kind: KindUsage, At: instant("2026-11-23T" + clock + "Z"), Model: "glm-5.3", Tokens: Tokens{Output: output}}
	}
	for _, c := range []struct {
		name      string
		plan      string
		events    []Event
		at        string
		low, high string // "" where none is told
	}{
		{"without a reading none is told", "v2/lite", []Event{used("05:00:00", 10)}, "06:00:00", "", ""},
		{"at a reading it is the bracket", "v2/lite", []Event{told("06:00:00", percent(34))}, "06:00:00", "27.2", "27.999999"},
		{"with what was charged within the lag", "v2/lite", []Event{used("05:56:00", 2), told("06:00:00", percent(34))}, "06:00:00", "27.2", "29.999999"},
		{"a prompt since is from a half of it to twice", "v2/lite", []Event{told("06:00:00", percent(34)), used("06:00:00", 4)}, "06:00:00", "29.2", "35.999999"},
		{"each five minutes may hide half a percent", "v2/lite", []Event{told("06:00:00", percent(34))}, "06:10:00", "27.2", "28.799999"},
		{"exact tokens are what they are, and of a figure a part was cut off", "v3/lite", []Event{told("06:00:00", Reading{Used: of(100 * One)}), exact("06:00:00", 10_000)}, "06:00:00", "124", "124.999999"},
		{"a full window is used up, and little more", "v2/lite", []Event{told("06:00:00", percent(100))}, "06:00:00", "80", "81.6"},
		{"so is a stopped one", "v2/lite", []Event{told("05:58:00", percent(95)), stopped("06:00:00", "10:00:00")}, "06:00:00", "80", "80"},
		{"after a refresh it begins at nothing", "v2/lite", []Event{told("06:00:00", percent(34).until("07:00:00")), used("08:00:00", 2)}, "08:00:00", "1", "4"},
		{"an idle window may be used elsewhere", "v2/lite", []Event{told("06:00:00", percent(34).until("07:00:00"))}, "07:10:00", "0", "0.8"},
		{"a reading of the day before says nothing of now", "v2/lite", []Event{told("06:00:00", percent(34))}, "30:00:01", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := meterOf(t, c.plan, "")
			now := instant("2026-11-24T06:00:01Z")
			if c.at != "30:00:01" {
				now = instant("2026-11-23T" + c.at + "Z")
			}
			w := stateOf(t, m, c.events...).At(m, all, now).window(t, WindowFive)
			low, high := "", ""
			if w.Low != nil {
				low, high = w.Low.String(), w.High.String()
			}
			if low != c.low || high != c.high {
				t.Errorf("from %q to %q, want %q to %q (used %v)", low, high, c.low, c.high, w.Used)
			}
		})
	}
}

func TestHowFarOffTheCountGetsIsLearned(t *testing.T) {
	m := meterOf(t, "v2/lite", "")
	for _, c := range []struct {
		name  string
		step  float64 // percent that readings of 5 minutes find more, by nobody here
		least float64 // percent that the bound adds after 10 minutes
		most  float64
	}{
		{"never off", 0, 0, 0.1},
		{"off by 2 % each time", 2, 4, 5},
	} {
		var list []Event
		for i := range 20 {
			r := percent(30 + c.step*float64(i)).until("10:00:00")
			r.Window = WindowFive
			list = append(list, Event{Kind: KindReading, At: instant("2026-11-23T05:10:00Z").Add(time.Duration(i) * 5 * time.Minute), Readings: []Reading{r}})
		}
		s := stateOf(t, m, list...)
		w := s.At(m, all, s.Head.Add(10*time.Minute)).window(t, WindowFive)
		if off := (*w.High - w.Used).Percent(w.Cap) - 1; off < c.least || off > c.most {
			t.Errorf("%s: %v %% more after 10 minutes, want %v to %v", c.name, off, c.least, c.most)
		}
	}
}
