package store

import (
	"errors"
	"strings"
	"testing"
	"time"

	"quotad/quota"
)

// linked has an event of each sort of link.
func linked(t *testing.T) *Store {
	s := newStore(t)
	put(t, s, prompts(5)...)
	put(t, s,
		quota.Event{ID: "p", Kind: quota.KindPrompt, At: day0, Account: "default", Count: 1, Turn: "t"},
		quota.Event{ID: "u", Kind: quota.KindUsage, At: day0, Account: "default", Count: 1, Turn: "t", Model: "glm-4.7"},
		quota.Event{ID: "v", Kind: quota.KindVoid, At: day0, Account: "default", Count: 1, Voids: ulid(1)})
	must(t, s.Update(func(tx *Tx) error {
		_, err := tx.PutNotice(notice("k", day0, false))
		return firstError(err, tx.PutFollowed(followedAt("/f", day0)))
	}))
	return s
}

func TestVerifyFindsWhatDoesNotFit(t *testing.T) {
	for name, spoil := range map[string]func(tx *Tx) error{
		"an event that no id leads to":   func(tx *Tx) error { return tx.delete(tabIDs, packID(nil, "p")) },
		"an id that leads to no event":   func(tx *Tx) error { return tx.put(tabIDs, packID(nil, "x"), appendMilli(uvarintKey(1), 7)) },
		"an id that leads elsewhere":     func(tx *Tx) error { return tx.put(tabIDs, packID(nil, "p"), appendMilli(uvarintKey(1), 7)) },
		"a void that is not marked":      func(tx *Tx) error { return change(tx, ulid(1), func(e *quota.Entry) { e.Voided = false }) },
		"a mark without a void":          func(tx *Tx) error { return change(tx, ulid(2), func(e *quota.Entry) { e.Voided = true }) },
		"a void that is counted twice":   func(tx *Tx) error { return tx.put(tabVoids, voidKey(1, packID(nil, ulid(1))), uvarintKey(2)) },
		"a prompt with a wrong model":    func(tx *Tx) error { return change(tx, "p", func(e *quota.Entry) { e.TurnModel = "glm-5.3" }) },
		"a prompt without its usage":     func(tx *Tx) error { return change(tx, "p", func(e *quota.Entry) { e.TurnUsage = false }) },
		"a turn that lacks its prompt":   func(tx *Tx) error { return tx.delete(tabTurns, promptKey(turnKey(1, "t"), at(1, "p"))) },
		"a turn with a prompt too many":  func(tx *Tx) error { return tx.put(tabTurns, promptKey(turnKey(1, "t"), at(1, "x")), nil) },
		"a turn that counts wrong":       func(tx *Tx) error { return tx.saveUsage(turnKey(1, "t"), firstUsage{place: at(1, "u"), living: 2}) },
		"a turn without its usage":       func(tx *Tx) error { return tx.delete(tabTurns, usageKey(turnKey(1, "t"))) },
		"an account that counts wrong":   func(tx *Tx) error { a, err := tx.account("default"); a.events, a.dirty = 9, true; return err },
		"a text that no word leads to":   func(tx *Tx) error { return tx.delete(tabWords, []byte("glm-4.7")) },
		"a text that is missing":         func(tx *Tx) error { return tx.delete(tabTexts, numberKey(1)) },
		"a number that was given twice":  func(tx *Tx) error { return tx.bucket(tabWords).SetSequence(1) },
		"a notice that no key leads to":  func(tx *Tx) error { return tx.delete(tabNoticeKeys, []byte("k")) },
		"a key that leads to no notice":  func(tx *Tx) error { return tx.put(tabNoticeKeys, []byte("x"), numberKey(9)) },
		"an open notice that is not so":  func(tx *Tx) error { return tx.delete(tabNoticeOpen, numberKey(1)) },
		"a followed record of another":   func(tx *Tx) error { return tx.put(tabFollows, []byte("x"), []byte(`{"tool":"t","path":"/f"}`)) },
		"a followed record of nothing":   func(tx *Tx) error { return tx.put(tabFollows, []byte("x"), []byte("{")) },
		"a record with a wrong checksum": func(tx *Tx) error { return tx.bucket(tabValues).Put([]byte("x"), []byte("12345678")) },
	} {
		t.Run(name, func(t *testing.T) {
			s := linked(t)
			verify(t, s)
			must(t, s.Update(spoil))
			s.words.forget()
			v, err := s.Verify(VerifyOptions{})
			if !errors.Is(err, ErrDamaged) || len(v.Problems) == 0 {
				t.Errorf("verify: %v, %q", err, v.Problems)
			}
		})
	}
}

func at(account uint64, id string) place {
	return place{account, uint64(day0.UnixMilli()), packID(nil, id)}
}

func change(tx *Tx, id string, fn func(*quota.Entry)) error {
	p, _, err := tx.find(packID(nil, id))
	return firstError(err, tx.relink(p, fn))
}

func TestVerifyAsksTheCallerAboutTheFold(t *testing.T) {
	s := linked(t)
	put(t, s, quota.Event{ID: "w", Kind: quota.KindPrompt, At: day0, Account: "work", Count: 1})
	var asked []string
	var last, most int
	v, err := s.Verify(VerifyOptions{
		Fold: func(tx *Tx, account string) error {
			asked = append(asked, account)
			for _, err := range tx.Entries(account, time.Time{}) {
				must(t, err)
			}
			if account == "work" {
				return errors.New("used is 3, and the events make it 4")
			}
			return nil
		},
		Progress: func(done, total int) { last, most = done, total },
	})
	if len(asked) != 2 || len(v.Problems) != 1 || !strings.Contains(err.Error(), "the account work: used is 3") {
		t.Errorf("asked of %q, found %q", asked, v.Problems)
	}
	if v.Events != 9 || last != 18 || most != 18 {
		t.Errorf("%d events, %d of %d", v.Events, last, most)
	}
}

func TestVerifyNamesADamagedPage(t *testing.T) {
	s := newStore(t)
	put(t, s, prompts(500)...)
	overwrite(t, s.Path(), pageOf(t, s.Path(), isRecords)+8, make([]byte, 2))
	if _, err := s.Verify(VerifyOptions{}); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "page") {
		t.Errorf("got %v", err)
	}
}
