package store

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"quotad/quota"
)

func session(name string, at time.Time) quota.Event {
	e := prompt("id of "+name+at.String(), at)
	e.Session = name
	return e
}

// More texts than are kept in memory come between two uses of one, in the same
// transaction or not.
func TestATextKeepsTheLastDayItWasUsed(t *testing.T) {
	for _, odd := range []bool{false, true} {
		textKeepsItsDay(t, odd)
	}
}

func textKeepsItsDay(t *testing.T, odd bool) {
	s := newStore(t)
	day := 24 * time.Hour
	put(t, s, session("x", day0))
	must(t, s.Update(func(tx *Tx) error {
		_, err := tx.Put(session("x", day0.Add(3*day)))
		for i := 0; err == nil && !tx.words.spilled; i++ {
			_, err = tx.Put(session(fmt.Sprint(i, strings.Repeat("y", 900)), day0))
		}
		if err == nil && odd {
			_, err = tx.Put(session("x", day0.Add(2*day)))
		}
		return err
	}))
	put(t, s, session("z", day0), session("z2", day0.Add(day)), session("x", day0.Add(day)))
	must(t, s.View(func(tx *Tx) error {
		w, _, err := tx.findWord("x")
		must(t, err)
		stored, _, err := tx.readText(w.no)
		if want := dayOf(day0.Add(3 * day)); stored != want || w.day > want {
			t.Errorf("last used on the day %d, and %d is stored; want %d", w.day, stored, want)
		}
		return err
	}))
	verify(t, s)
}

func TestTextsThatNoEventUsesAreForgotten(t *testing.T) {
	s := newStore(t)
	day := 24 * time.Hour
	put(t, s, session("old", day0), session("both", day0), session("both", day0.Add(9*day)), session("new", day0.Add(10*day)))
	must(t, s.Update(func(tx *Tx) error {
		must(t, tx.PutCheckpoint("default", quota.Checkpoint{At: day0.Add(5 * day), State: []byte("x")}))
		n, err := tx.Prune(day0.Add(6*day), 0, 100)
		if n != 2 {
			t.Errorf("pruned %d", n)
		}
		return err
	}))
	must(t, s.View(func(tx *Tx) error {
		for text, want := range map[string]bool{"old": false, "both": true, "new": true} {
			if _, ok, err := tx.findWord(text); ok != want || err != nil {
				t.Errorf("%q is there: %t, %v", text, ok, err)
			}
		}
		return nil
	}))
	verify(t, s)
	put(t, s, session("old", day0.Add(11*day)))
	verify(t, s)
}
