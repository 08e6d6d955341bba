package store

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"quotad/quota"
)

// aYear is a year of somebody who works some six hours a day: 20 projects, of
// which some are worked on in an hour, with 3 tools and 5 models.
func aYear(t tb, from time.Time, record func(quota.Event)) {
	t.Helper()
	rnd := rand.New(rand.NewPCG(1, 2))
	models := []string{"glm-5.3", "glm-5.3", "glm-5.3", "glm-4.7", "glm-4.6", "glm-4.5-air", "glm-5.3-flash"}
	tools := []string{"claude-code", "claude-code", "opencode", "crush"}
	n := 0
	for day := range 365 {
		for hour := range 6 {
			at := from.Add(time.Duration(24*day+8+hour+rnd.IntN(3)) * time.Hour)
			project := rnd.IntN(20)
			for range 3 + rnd.IntN(8) {
				if rnd.IntN(8) == 0 {
					project = rnd.IntN(20)
				}
				e := quota.Event{
					Account: "default", Kind: quota.KindPrompt, Count: 1, At: at.Add(time.Duration(rnd.IntN(3600)) * time.Second),
					Tool: tools[project%len(tools)], Project: fmt.Sprintf("/home/u/src/project-%d", project), Model: models[rnd.IntN(len(models))],
					Session: fmt.Sprintf("session %d of %d", project, day), Turn: fmt.Sprint("turn ", n), Endpoint: "https://api.z.ai/api/anthropic",
				}
				for i := range 2 + rnd.IntN(4) {
					e.ID = ulid(n)
					n++
					record(e)
					e.Kind = quota.KindUsage
					e.Tokens = quota.Tokens{Input: rnd.Int64N(20_000), Cached: rnd.Int64N(120_000), Output: rnd.Int64N(3_000)}
					e.At = e.At.Add(time.Duration(5+i) * time.Second)
				}
			}
		}
	}
}

// pruneAll sums up all that is before an instant.
func pruneAll(t tb, s *Store, before time.Time) {
	t.Helper()
	must(t, s.Update(func(tx *Tx) error {
		return tx.PutCheckpoint("default", quota.Checkpoint{At: before, State: []byte("x")})
	}))
	for gone := 2000; gone == 2000; {
		must(t, s.Update(func(tx *Tx) (err error) {
			gone, err = tx.Prune(before, 0, 2000)
			return err
		}))
	}
}

// The pages of the table over the sums in it are what one takes.
func TestAnHourlySumTakesLittleOfTheDisk(t *testing.T) {
	s := newStore(t)
	from := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	var list []quota.Event
	aYear(t, from, func(e quota.Event) { list = append(list, e) })
	for rest := list; len(rest) > 0; rest = rest[min(5000, len(rest)):] {
		put(t, s, rest[:min(5000, len(rest))]...)
	}
	pruneAll(t, s, from.Add(400*24*time.Hour))
	must(t, s.View(func(tx *Tx) error {
		sums, first, err := tx.Summed("default")
		must(t, err)
		used := tx.bucket(tabHours).Stats()
		bytes := (used.BranchPageN + used.BranchOverflowN + used.LeafPageN + used.LeafOverflowN) * 4096
		each := float64(bytes) / float64(sums)
		t.Logf("%d events became %d sums: %.1f B each, %d KiB a year", len(list), sums, each, bytes>>10)
		if each > 64 || sums < 2000 || !first.Before(from.Add(24*time.Hour)) {
			t.Errorf("%d sums from %v, %.1f B each", sums, first, each)
		}
		if n := len(entries(t, s, "")); n != 0 {
			t.Errorf("%d events are left", n)
		}
		return nil
	}))
	verify(t, s)
}

func sumKeyGen() *rapid.Generator[quota.HourKey] {
	return rapid.Custom(func(t *rapid.T) quota.HourKey {
		e := quota.Entry{Event: eventGen().Draw(t, "event"), TurnUsage: rapid.Bool().Draw(t, "usage")}
		if e.Kind == quota.KindReading || e.Kind == quota.KindVoid {
			e.Kind = quota.KindTool
		}
		e.At = day0
		k, _, _ := e.Hour()
		return k
	})
}

func TestTheRecordOfAnHourIsReadAsItWasWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		amount := rapid.Int64Range(0, 1<<50)
		h := hours(rapid.MapOf(sumKeyGen(), rapid.Custom(func(t *rapid.T) quota.HourSum {
			return quota.HourSum{Events: amount.Draw(t, "events") + 1, Count: amount.Draw(t, "count"),
				Tokens: quota.Tokens{Input: amount.Draw(t, "input"), Cached: amount.Draw(t, "cached"), Output: amount.Draw(t, "output")}}
		})).Draw(t, "sums"))
		var texts []string
		body, err := appendHours(nil, h, func(text string) (uint64, error) {
			texts = append(texts, text)
			return uint64(len(texts) - 1), nil
		})
		must(t, err)
		got, err := readHours(body, day0.Truncate(time.Hour), func(no uint64) (string, error) { return texts[no], nil })
		if err != nil || !reflect.DeepEqual(got, h) {
			t.Fatalf("got %v, %v, want %v", got, err, h)
		}
		if cut := rapid.IntRange(0, len(body)-1).Draw(t, "cut"); cut < len(body) {
			if _, err := readHours(body[:cut], day0, func(uint64) (string, error) { return "", nil }); err == nil {
				t.Fatalf("%d of %d bytes are read as a whole", cut, len(body))
			}
		}
	})
}

// What hourly sums name is not forgotten with the events.
func TestTheTextsOfSumsStay(t *testing.T) {
	s := newStore(t)
	old := prompt("a", day0)
	old.Project, old.Session = "/old", "gone"
	put(t, s, old, prompt("b", day0.Add(100*24*time.Hour)))
	pruneAll(t, s, day0.Add(24*time.Hour))
	must(t, s.View(func(tx *Tx) error {
		for text, want := range map[string]bool{"gone": false, "/old": true} {
			if _, ok, err := tx.findWord(text); ok != want || err != nil {
				t.Errorf("%q is there: %t, %v", text, ok, err)
			}
		}
		for e, err := range tx.Sums("default", time.Time{}, time.Time{}) {
			if e.Project != "/old" || err != nil {
				t.Errorf("%+v, %v", e, err)
			}
		}
		return nil
	}))
	verify(t, s)
}

func TestVerifyFindsSumsThatAreWrong(t *testing.T) {
	for name, spoil := range map[string]func(tx *Tx) error{
		"of what was not forgotten": func(tx *Tx) error {
			k, sum, _ := quota.Entry{Event: prompt("x", day0.Add(48*time.Hour))}.Hour()
			return tx.putHour(hourKey(1, k.Hour), hours{k: sum})
		},
		"of no account":  func(tx *Tx) error { return tx.put(tabHours, hourKey(7, day0), []byte{hoursFormat, 0}) },
		"cut off":        func(tx *Tx) error { return tx.put(tabHours, hourKey(1, day0), []byte{hoursFormat, 1}) },
		"of another key": func(tx *Tx) error { return tx.put(tabHours, []byte{1}, []byte{hoursFormat, 0}) },
		"of no checksum": func(tx *Tx) error { return tx.bucket(tabHours).Put(hourKey(1, day0), []byte("nonsense")) },
	} {
		s := newStore(t)
		put(t, s, prompt("a", day0), prompt("b", day0.Add(48*time.Hour)))
		pruneAll(t, s, day0.Add(24*time.Hour))
		verify(t, s)
		must(t, s.Update(spoil))
		if v, err := s.Verify(VerifyOptions{}); err == nil {
			t.Errorf("sums %s: %+v", name, v)
		}
	}
}

// A backup has events that the damaged file has only the sums of, and the other
// way round: what is in both is taken once.
func TestSalvageTakesSumsOnce(t *testing.T) {
	for _, c := range []struct {
		name   string
		backup func(t *testing.T, s *Store)
		sums   int64 // events in the sums
		events int
	}{
		{"no backup", func(*testing.T, *Store) {}, 200, 40},
		{"a backup with all of the events", func(t *testing.T, s *Store) { _, err := s.BackupDaily(); must(t, err) }, 0, 240},
		{"a backup with half of the sums", func(t *testing.T, s *Store) {
			pruneAll(t, s, day0.Add(100*time.Hour))
			_, err := s.BackupDaily()
			must(t, err)
		}, 100, 140},
	} {
		dir := filepath.Join(t.TempDir(), "state")
		s := openIn(t, dir)
		var list []quota.Event
		for i := range 240 {
			list = append(list, prompt(ulid(i), day0.Add(time.Duration(i)*time.Hour)))
		}
		put(t, s, list...)
		c.backup(t, s)
		pruneAll(t, s, day0.Add(200*time.Hour))
		must(t, s.Close())
		spoilRoot(t, filepath.Join(dir, fileName))
		s, report, err := Open(options(dir))
		must(t, err)
		var sums int64
		must(t, s.View(func(tx *Tx) error {
			sums = sumsOf(t, tx, "default").events()
			return nil
		}))
		if n := len(entries(t, s, "")); sums != c.sums || n != c.events {
			t.Errorf("%s: %d events and sums of %d, want %d and %d (%q)", c.name, n, sums, c.events, c.sums, report.Lines())
		}
		verify(t, s)
		must(t, s.Close())
	}
}

// spoilRoot makes the page rubbish that leads to the tables.
func spoilRoot(t *testing.T, path string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	must(t, err)
	defer f.Close()
	m, _, err := readMetas(f)
	must(t, err)
	_, err = f.WriteAt(make([]byte, m.pageSize), int64(m.root*m.pageSize))
	must(t, err)
}
