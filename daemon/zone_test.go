package daemon

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"quotad/quota"
)

// inZone makes path a link to the zone of that name, as timedatectl does.
func inZone(t *testing.T, path, name string) {
	t.Helper()
	data := ""
	for _, dir := range []string{"/usr/share/zoneinfo", "/usr/lib/zoneinfo", "/usr/share/lib/zoneinfo"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			data = filepath.Join(dir, name)
		}
	}
	if data == "" {
		t.Skip("the zones are not in files here: ", name)
	}
	if err := os.Symlink(data, path+".new"); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

func noTZ(string) (string, bool) { return "", false }

// hour is what the clock on the wall shows at noon in UTC.
func hour(z *wallZone) string {
	return time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC).In(z.now()).Format("15:04")
}

func TestTheZoneIsTheOneThatTheMachineIsInNow(t *testing.T) {
	path := filepath.Join(t.TempDir(), "localtime")
	inZone(t, path, "Europe/Berlin")
	z := newWallZone(noTZ, path)
	if got := hour(z); got != "13:00" {
		t.Errorf("in Berlin it is %s", got)
	}
	same := z.now()
	if z.now() != same {
		t.Error("read again though nothing changed")
	}
	inZone(t, path, "Asia/Shanghai")
	if got := hour(z); got != "20:00" {
		t.Errorf("in Shanghai it is %s", got)
	}
	for _, spoilt := range []struct {
		what  string
		spoil func() error
	}{
		{"gone", func() error { return os.Remove(path) }}, // first: what is written to a link is written to the zone of this machine
		{"no zone", func() error { return os.WriteFile(path, []byte("UTC"), 0o600) }},
	} {
		if err := spoilt.spoil(); err != nil {
			t.Fatal(spoilt.what, err)
		}
		if got := hour(z); got != "20:00" {
			t.Errorf("%s: it is %s", spoilt.what, got)
		}
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	inZone(t, path, "UTC")
	if got := hour(z); got != "12:00" {
		t.Errorf("in UTC it is %s", got)
	}
}

func TestAZoneOfTheEnvironmentIsFixed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "localtime")
	inZone(t, path, "Asia/Shanghai")
	for _, tz := range []string{"", "Europe/Berlin"} {
		z := newWallZone(func(string) (string, bool) { return tz, true }, path)
		if z.now() != time.Local {
			t.Errorf("TZ=%q: %v", tz, z.now())
		}
	}
}

func TestAFileThatTheEnvironmentNamesIsLookedAt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "localtime")
	inZone(t, path, "Europe/Berlin")
	z := newWallZone(func(string) (string, bool) { return ":" + path, true }, filepath.Join(t.TempDir(), "another"))
	berlin := hour(z)
	inZone(t, path, "Asia/Shanghai")
	if shanghai := hour(z); berlin != "13:00" || shanghai != "20:00" {
		t.Errorf("in Berlin it is %s, in Shanghai %s", berlin, shanghai)
	}
}

// The windows are instants; only what is said of them goes by the new zone.
func TestAJourneyMovesTheWordsAndNotTheWindows(t *testing.T) {
	path := filepath.Join(t.TempDir(), "localtime")
	inZone(t, path, "Europe/Berlin")
	synctest.Test(t, func(t *testing.T) {
		r := begin(t, t.TempDir(), settings(t, liteConfig), time.Now, func(e *Engine) func() {
			e.zone = newWallZone(noTZ, path)
			return func() {}
		})
		defer r.stop()
		spend := func(n int) (body string, resets time.Time) {
			r.post(quota.Event{Count: n, Model: "glm-4.5"})
			for notice, err := range (backend{r.engine}).Notices(t.Context(), time.Time{}) {
				if err != nil {
					t.Fatal(err)
				}
				body = notice.Body
			}
			return body, *r.window("5h").ResetsAt
		}
		berlin, before := spend(61) // midnight in UTC, of 80
		inZone(t, path, "Asia/Shanghai")
		time.Sleep(time.Second)
		shanghai, after := spend(19)
		if !strings.Contains(berlin, "06:00") || !strings.Contains(shanghai, "13:00") {
			t.Errorf("in Berlin %q, in Shanghai %q", berlin, shanghai)
		}
		if !before.Equal(after) {
			t.Errorf("the window's end moved from %v to %v", before, after)
		}
	})
}
