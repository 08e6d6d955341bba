package store

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"quotad/quota"
)

// model is a store told in the plainest way: a list of events, and of those
// pruned events that others lean on.
type model struct {
	events  []quota.Event
	ghosts  []quota.Event
	points  map[string]map[time.Time]string
	states  map[string]string
	follows map[string]Followed
	sums    map[string]hours // by account
	horizon time.Time
}

func newModel() *model {
	return &model{points: map[string]map[time.Time]string{}, states: map[string]string{}, follows: map[string]Followed{}, sums: map[string]hours{}}
}

func (m *model) clone() *model {
	c := newModel()
	c.events, c.ghosts, c.horizon = slices.Clone(m.events), slices.Clone(m.ghosts), m.horizon
	for name, points := range m.points {
		c.points[name] = map[time.Time]string{}
		for at, s := range points {
			c.points[name][at] = s
		}
	}
	maps.Copy(c.states, m.states)
	maps.Copy(c.follows, m.follows)
	for name, h := range m.sums {
		c.sums[name] = maps.Clone(h)
	}
	return c
}

func (m *model) has(id string) bool {
	return slices.ContainsFunc(m.events, func(e quota.Event) bool { return e.ID == id })
}

func (m *model) put(e quota.Event) bool {
	if m.has(e.ID) {
		return false
	}
	m.events = append(m.events, e)
	return true
}

// entry says what the others say about an event.
func (m *model) entry(e quota.Event) quota.Entry {
	out := quota.Entry{Event: e}
	var first *quota.Event
	all := append(slices.Clone(m.events), m.ghosts...)
	for i := range all {
		x := &all[i]
		if x.Account != e.Account {
			continue
		}
		if x.Kind == quota.KindVoid && x.Voids == e.ID && x.ID != e.ID {
			out.Voided = true
		}
		if x.Kind == quota.KindUsage && x.Turn == e.Turn && (first == nil || x.Before(*first)) {
			first = x
		}
	}
	if e.Kind == quota.KindPrompt && e.Turn != "" && first != nil {
		out.TurnUsage, out.TurnModel = true, first.Model
	}
	return out
}

func (m *model) entries(account string) (list []quota.Entry) {
	for _, e := range m.events {
		if account == "" || e.Account == account {
			list = append(list, m.entry(e))
		}
	}
	slices.SortFunc(list, func(a, b quota.Entry) int {
		if a.Before(b.Event) {
			return -1
		}
		return 1
	})
	return list
}

// base is the newest checkpoint of an account that is not after t.
func (m *model) base(account string, t time.Time) (base time.Time) {
	for at := range m.points[account] {
		if !at.After(t) && at.After(base) {
			base = at
		}
	}
	return base
}

// prune forgets all that may be, and then what nothing leans on.
func (m *model) prune(before time.Time, reach time.Duration) (n int) {
	for account := range m.points {
		base := m.base(account, before)
		if base.IsZero() {
			continue
		}
		for at := range m.points[account] {
			if at.Before(base) {
				delete(m.points[account], at)
			}
		}
		var gone []quota.Event
		for _, e := range m.events {
			if e.Account == account && e.At.Before(base.Add(-reach)) {
				m.sum(m.entry(e))
			}
		}
		m.events = slices.DeleteFunc(m.events, func(e quota.Event) bool {
			old := e.Account == account && e.At.Before(base.Add(-reach))
			if old {
				gone = append(gone, e)
				n++
			}
			return old
		})
		m.ghosts = append(m.ghosts, gone...)
	}
	m.sweep()
	return n
}

// sum adds an entry that is to be forgotten to the sum of its hour.
func (m *model) sum(e quota.Entry) {
	k, s, ok := e.Hour()
	if !ok {
		return
	}
	if m.sums[e.Account] == nil {
		m.sums[e.Account] = hours{}
	}
	m.sums[e.Account][k] = m.sums[e.Account][k].Plus(s)
}

func (m *model) sweep() {
	leans := func(ghost quota.Event) bool {
		return slices.ContainsFunc(m.events, func(e quota.Event) bool {
			if e.Account != ghost.Account {
				return false
			}
			if ghost.Kind == quota.KindVoid {
				return e.ID == ghost.Voids || e.Kind == quota.KindVoid && e.Voids == ghost.Voids && e.ID != e.Voids
			}
			return ghost.Kind == quota.KindUsage && ghost.Turn != "" && e.Turn == ghost.Turn &&
				(e.Kind == quota.KindPrompt || e.Kind == quota.KindUsage)
		})
	}
	m.ghosts = slices.DeleteFunc(m.ghosts, func(e quota.Event) bool { return !leans(e) })
}

// machine runs a store beside its model.
type machine struct {
	root string
	dirs int
	s    *Store
	m    *model
}

func (x *machine) dir() string { return filepath.Join(x.root, string(rune('a'+x.dirs))) }

// change runs fn on both sides, or on none.
func (x *machine) change(t *rapid.T, fn func(tx *Tx, m *model)) {
	errUndo := errors.New("undo")
	undo := rapid.IntRange(0, 5).Draw(t, "undo") == 0
	next := x.m.clone()
	err := x.s.Update(func(tx *Tx) error {
		fn(tx, next)
		if undo {
			return errUndo
		}
		return nil
	})
	if undo && !errors.Is(err, errUndo) || !undo && err != nil {
		t.Fatalf("update: %v", err)
	}
	if !undo {
		x.m = next
	}
}

func (x *machine) Put(t *rapid.T) { x.put(t, rapid.SliceOfN(eventGen(), 1, 8).Draw(t, "events")) }

// PutOne is a transaction of its own for one event, which then waits.
func (x *machine) PutOne(t *rapid.T) { x.put(t, []quota.Event{eventGen().Draw(t, "event")}) }

func (x *machine) put(t *rapid.T, events []quota.Event) {
	x.change(t, func(tx *Tx, m *model) {
		for _, e := range events {
			if e.At.Before(m.horizon) {
				continue // as with the retention: what is older than the bound is not taken
			}
			p, err := tx.Put(e)
			must(t, err)
			if recorded := m.put(e); recorded != (p.Outcome == quota.Recorded) {
				t.Fatalf("%s: %s, want recorded: %t", e.ID, p.Outcome, recorded)
			}
		}
	})
}

func (x *machine) Checkpoint(t *rapid.T) {
	e := eventGen().Draw(t, "at")
	x.change(t, func(tx *Tx, m *model) {
		must(t, tx.PutCheckpoint(e.Account, quota.Checkpoint{At: e.At, State: []byte(e.ID)}))
		must(t, tx.PutState(e.Account, []byte(e.ID)))
		if m.points[e.Account] == nil {
			m.points[e.Account] = map[time.Time]string{}
		}
		m.points[e.Account][e.At] = e.ID
		m.states[e.Account] = e.ID
	})
}

func (x *machine) Prune(t *rapid.T) {
	before := eventGen().Draw(t, "before").At
	reach := rapid.SampledFrom([]time.Duration{0, 6 * time.Hour}).Draw(t, "reach")
	step := rapid.SampledFrom([]int{3, 100}).Draw(t, "step")
	x.change(t, func(tx *Tx, m *model) {
		want, got := m.prune(before, reach), 0
		for {
			n, err := tx.Prune(before, reach, step)
			must(t, err)
			if got += n; n < step {
				break
			}
		}
		if got != want {
			t.Fatalf("pruned %d, want %d", got, want)
		}
		if before.After(m.horizon) {
			m.horizon = before
		}
	})
}

func (x *machine) Follow(t *rapid.T) {
	path := rapid.SampledFrom([]string{"/a", "/b", "/a b/é"}).Draw(t, "path")
	f := followedAt(path, eventGen().Draw(t, "grown").At)
	f.Session = rapid.SampledFrom([]string{"", "s"}).Draw(t, "session")
	x.change(t, func(tx *Tx, m *model) {
		must(t, tx.PutFollowed(f))
		m.follows[string(f.key())] = f
	})
}

func (x *machine) PruneFollowed(t *rapid.T) {
	before := eventGen().Draw(t, "before").At
	x.change(t, func(tx *Tx, m *model) {
		old := func(_ string, f Followed) bool { return f.Grown.Before(before) }
		want := len(m.follows)
		maps.DeleteFunc(m.follows, old)
		want -= len(m.follows)
		got, n := 0, 2
		for n == 2 {
			var err error
			n, err = tx.PruneFollowed(before, 2)
			must(t, err)
			got += n
		}
		if got != want {
			t.Fatalf("forgot %d records, want %d", got, want)
		}
	})
}

func (x *machine) Reopen(t *rapid.T) {
	must(t, x.s.Close())
	x.open(t)
}

// open opens the store so that some events wait, and not for long.
func (x *machine) open(t *rapid.T) {
	x.s = openIn(t, x.dir())
	x.s.limits = limits{few: rapid.IntRange(1, 4).Draw(t, "few"), most: rapid.IntRange(1, 12).Draw(t, "most")}
}

// Refresh opens the file anew while the store is in use, knowing what waited.
func (x *machine) Refresh(t *rapid.T) {
	behind := func() (list []bool) {
		must(t, x.s.View(func(tx *Tx) error {
			for _, name := range []string{"default", "work"} {
				b, err := tx.Behind(name)
				must(t, err)
				list = append(list, b)
			}
			return nil
		}))
		return list
	}
	before := behind()
	x.s.Trim()
	x.s.mu.Lock()
	err := x.s.refresh()
	x.s.mu.Unlock()
	must(t, err)
	if after := behind(); !slices.Equal(before, after) {
		t.Fatalf("states were lost: behind %v, then %v", before, after)
	}
}

// Crash goes on with what was on the disk in the middle of a transaction, in a
// folder that nobody closed.
func (x *machine) Crash(t *rapid.T) {
	if x.dirs == 20 {
		t.Skip("enough folders")
	}
	old := x.s
	events := rapid.SliceOfN(eventGen(), 0, 4).Draw(t, "lost")
	err := old.Update(func(tx *Tx) error {
		for _, e := range events {
			if _, err := tx.Put(e); err != nil {
				return err
			}
		}
		from := x.dir()
		x.dirs++
		copyFile(t, filepath.Join(from, fileName), filepath.Join(x.dir(), fileName))
		copyFile(t, filepath.Join(from, markerName), filepath.Join(x.dir(), markerName))
		return os.ErrProcessDone
	})
	if !errors.Is(err, os.ErrProcessDone) {
		t.Fatalf("%v", err)
	}
	x.open(t)
	must(t, old.Close())
}

func (x *machine) Verify(t *rapid.T) { verify(t, x.s) }

// Check holds everything that can be read against the model.
func (x *machine) Check(t *rapid.T) {
	for _, account := range []string{"", "default", "work"} {
		got, want := entries(t, x.s, account), x.m.entries(account)
		if len(got)+len(want) > 0 && !reflect.DeepEqual(got, want) {
			t.Fatalf("entries of %q:\ngot  %v\n%+v\nwant %v\n%+v", account, ids(got), got, ids(want), want)
		}
	}
	must(t, x.s.View(func(tx *Tx) error {
		counts, err := tx.Counts()
		must(t, err)
		for _, c := range counts {
			want := x.m.entries(c.Account)
			if int(c.Events) != len(want) || len(want) > 0 && (c.First != want[0].At || c.Last != want[len(want)-1].At) {
				t.Fatalf("count %+v, want %d", c, len(want))
			}
			state, _, err := tx.State(c.Account)
			must(t, err)
			behind, err := tx.Behind(c.Account)
			must(t, err)
			if !behind && string(state) != x.m.states[c.Account] {
				t.Fatalf("state of %s: %q, want %q", c.Account, state, x.m.states[c.Account])
			}
			points, err := tx.Checkpoints(c.Account, time.Time{})
			must(t, err)
			if len(points) != len(x.m.points[c.Account]) {
				t.Fatalf("%d checkpoints of %s, want %d", len(points), c.Account, len(x.m.points[c.Account]))
			}
		}
		for _, account := range []string{"default", "work"} {
			if got := sumsOf(t, tx, account); len(got)+len(x.m.sums[account]) > 0 && !reflect.DeepEqual(got, x.m.sums[account]) {
				t.Fatalf("sums of %s:\ngot  %+v\nwant %+v", account, got, x.m.sums[account])
			}
		}
		follows := tx.FollowedSince(time.Time{})
		if len(follows) != len(x.m.follows) {
			t.Fatalf("%d records are followed, want %d", len(follows), len(x.m.follows))
		}
		for _, f := range follows {
			if !reflect.DeepEqual(f, x.m.follows[string(f.key())]) {
				t.Fatalf("followed: %+v, want %+v", f, x.m.follows[string(f.key())])
			}
		}
		for _, e := range append(slices.Clone(x.m.events), x.m.ghosts...) {
			got, seq, ok, err := tx.Lookup(e.ID)
			must(t, err)
			if ok != x.m.has(e.ID) || ok && (seq == 0 || got.At.Equal(e.At) && !reflect.DeepEqual(got, x.m.entry(e))) {
				t.Fatalf("lookup of %q: %v %+v", e.ID, ok, got)
			}
		}
		return nil
	}))
}

// sumsOf are an account's hourly sums as the store tells them.
func sumsOf(t tb, tx *Tx, account string) hours {
	t.Helper()
	h := hours{}
	for e, err := range tx.Sums(account, time.Time{}, time.Time{}) {
		must(t, err)
		k, s, ok := e.Hour()
		if !ok || h[k].Events != 0 || e.Account != account {
			t.Fatalf("not one sum by itself: %+v", e)
		}
		h[k] = s
	}
	return h
}

func TestStoreAgainstModel(t *testing.T) {
	root := t.TempDir()
	round := 0
	rapid.Check(t, func(t *rapid.T) {
		round++
		x := &machine{root: filepath.Join(root, time.Duration(round).String()), m: newModel()}
		must(t, os.Mkdir(x.root, 0o700))
		x.open(t)
		defer func() {
			x.s.Close()
			os.RemoveAll(x.root)
		}()
		t.Repeat(map[string]func(*rapid.T){
			"": x.Check, "put": x.Put, "put more": x.Put, "put one": x.PutOne, "refresh": x.Refresh, "checkpoint": x.Checkpoint, "prune": x.Prune,
			"follow": x.Follow, "prune follows": x.PruneFollowed, "reopen": x.Reopen, "crash": x.Crash, "verify": x.Verify,
		})
	})
}
