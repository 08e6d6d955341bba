package store

import "testing"

func TestTheAccountOfATurnIsThatOfItsPrompt(t *testing.T) {
	s := newStore(t)
	must(t, s.Update(func(tx *Tx) error {
		mine, other := prompt("p1", day0), prompt("p2", day0)
		mine.Account, mine.Turn, mine.Session = "work", "t", "s1"
		other.Turn, other.Session = "t", "s2" // another session's turn of that name
		if got, ok, err := tx.TurnAccount("claude-code", "s1", "t"); ok || err != nil {
			t.Errorf("before its prompt is there: %q %v", got, err)
		}
		_, err := tx.Put(mine)
		must(t, err)
		_, err = tx.Put(other)
		return err
	}))
	must(t, s.View(func(tx *Tx) error {
		for _, c := range []struct{ tool, session, turn, want string }{
			{"claude-code", "s1", "t", "work"},
			{"claude-code", "s2", "t", "default"},
			{"claude-code", "s3", "t", ""},
			{"codex", "s1", "t", ""},
			{"claude-code", "s1", "t2", ""},
			{"claude-code", "s1", "", ""},
		} {
			got, ok, err := tx.TurnAccount(c.tool, c.session, c.turn)
			if got != c.want || ok != (c.want != "") || err != nil {
				t.Errorf("%+v: %q %v %v", c, got, ok, err)
			}
		}
		return nil
	}))
}
