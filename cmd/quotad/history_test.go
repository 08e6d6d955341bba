package main

import (
	"strings"
	"testing"
	"time"

	"quotad/quota"
)

func TestACountFitsSixColumns(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0", 9_999: "9,999", 10_000: "10.0k", 12_345: "12.3k", 123_456: "123k", 999_499: "999k", 999_500: "1.00M",
		1_234_567: "1.23M", 999_500_000: "1.00G", 7_000_000_000_000: "7.00T",
	} {
		if got := compact(n); got != want {
			t.Errorf("%d is %s, want %s", n, got, want)
		}
	}
}

func TestAPercentageIsOnlyAllWhereItIsAll(t *testing.T) {
	for p, want := range map[float64]string{0: "0 %", 0.01: "<1 %", 1: "1 %", 49.6: "50 %", 99.9: "99 %", 100: "100 %"} {
		if got := percentage(p); got != want {
			t.Errorf("%v is %s, want %s", p, got, want)
		}
	}
}

func TestThePathIsCutAtItsBeginning(t *testing.T) {
	for _, c := range []struct {
		text, want string
		width      int
		blocks     bool
	}{
		{"/src/x", "/src/x", 6, true},
		{"/home/u/src/x", "…/src/x", 7, true},
		{"/home/u/src/x", "~/src/x", 7, false},
		{"/srv/データ/解析", "…/解析", 6, true},
		{"/srv/データ/解析", "…/解析", 7, true}, // half of a character is none
	} {
		if got := (screen{blocks: c.blocks}).fitTail(c.text, c.width); got != c.want || cells(got) > c.width {
			t.Errorf("%s in %d columns: %q, want %q", c.text, c.width, got, c.want)
		}
	}
}

func TestAFormulaIsNoCell(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "glm-5.3": "glm-5.3", "=1+1": "'=1+1", "+1": "'+1", "-1": "'-1", "@x": "'@x", "\t=1": " =1", "a=1": "a=1",
	} {
		if got := inCell(text); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}

func TestTheZoneIsNamed(t *testing.T) {
	for tz, want := range map[string]string{
		"Europe/Berlin": "Europe/Berlin", ":Asia/Tokyo": "Asia/Tokyo", "/usr/share/zoneinfo/Asia/Tokyo": "Asia/Tokyo", "No/Where": "Local",
	} {
		a := &app{env: func(name string) string { return map[string]string{"TZ": tz}[name] }}
		if got := a.localZone(time.Local).String(); got != want {
			t.Errorf("TZ=%s is %s, want %s", tz, got, want)
		}
	}
	if got := new(app).localZone(quota.UTC8); got != quota.UTC8 {
		t.Errorf("a zone that is no local one became %s", got)
	}
}

func TestAHistoryBeginsSomePeriodsBack(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Skip(err)
	}
	now := time.Date(2026, 10, 27, 14, 30, 0, 0, zone) // two days after a day of 25 hours
	for _, c := range []struct {
		per   quota.Per
		until string
		want  string
	}{
		{quota.PerDay, "", "2026-10-21T00:00:00+02:00"},
		{"", "", "2026-10-21T00:00:00+02:00"},
		{quota.PerHour, "", "2026-10-26T15:00:00+01:00"},
		{quota.PerWeek, "", "2026-09-07T00:00:00+02:00"},
		{quota.PerMonth, "", "2025-11-01T00:00:00+01:00"},
		{quota.PerDay, "2026-10-08T00:00:00+02:00", "2026-10-01T00:00:00+02:00"},
		{quota.PerDay, "2099-01-01T00:00:00Z", "2026-10-21T00:00:00+02:00"},
	} {
		var until time.Time
		if c.until != "" {
			until, _ = time.Parse(time.RFC3339, c.until)
		}
		if got := usualSince(c.per, until, now).Format(time.RFC3339); got != c.want {
			t.Errorf("per %q until %s: %s, want %s", c.per, c.until, got, c.want)
		}
	}
}

func TestTheKeysThatUsedMostComeFirst(t *testing.T) {
	row := func(key string, rest bool, charged quota.Amount, prompts int64) quota.HistoryRow {
		return quota.HistoryRow{Key: key, Rest: rest, Use: quota.Use{Charged: charged, Prompts: prompts}}
	}
	rows := []quota.HistoryRow{row("a", false, 1, 1), row("b", false, 3, 1), row("c", false, 1, 2), row("d", false, 2, 1), row("", true, 9, 9)}
	said := func(rows []quota.HistoryRow) string {
		var keys []string
		for i := range rows {
			keys = append(keys, (&toldHistory{History: &quota.History{}}).keyOf(&rows[i])+" "+rows[i].Charged.String()[len("0.00000"):])
		}
		return strings.Join(keys, ", ")
	}
	for most, want := range map[int]string{
		5: "b 3, d 2, c 1, a 1, (others) 9", 9: "b 3, d 2, c 1, a 1, (others) 9", 2: "b 3, d 2, (others) ",
	} {
		if got := said(topRows(rows, most)); !strings.HasPrefix(got, want) {
			t.Errorf("%d: %s, want %s", most, got, want)
		}
	}
	if rest := topRows(rows, 2)[2]; rest.Charged != 11 || rest.Prompts != 12 {
		t.Errorf("the others come to %+v", rest.Use)
	}
}

// On a day of another length than 24 hours each hour has its place all the same.
func TestHoursHaveTheirColumnsWhereClocksAreMoved(t *testing.T) {
	for _, c := range []struct{ name, zone, day string }{
		{"an ordinary day", "Europe/Berlin", "2026-03-28"},
		{"an hour is missing", "Europe/Berlin", "2026-03-29"},
		{"an hour comes twice", "Europe/Berlin", "2026-10-25"},
		{"midnight is missing", "America/Sao_Paulo", "2018-11-04"},
		{"half an hour comes twice", "Australia/Lord_Howe", "2024-04-07"},
	} {
		t.Run(c.name, func(t *testing.T) {
			noon := inZone(t, c.zone, c.day+"T12:00:00Z")
			eight, _ := onDay(noon, 0, 8*time.Hour)
			since, until := midnight(noon, 0), midnight(noon, 1)
			from, next := eight.UTC(), eight.Add(time.Hour).UTC()
			use := quota.Use{Prompts: 1}
			h := &toldHistory{screen: screen{width: 80}, now: until, History: &quota.History{
				Per: quota.PerHour, Since: &since, Until: &until, Total: use,
				Rows: []quota.HistoryRow{{From: &from, Until: &next, Use: use}},
			}}
			lines := h.dayLines()
			if len(lines) != 2 || !strings.Contains(lines[1], "  ________@_______________  ") {
				t.Errorf("%q", lines)
			}
		})
	}
}
