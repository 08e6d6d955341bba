package store

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"quotad/quota"
)

func notice(key string, at time.Time, final bool) NoticeRecord {
	resets := at.Add(time.Hour)
	return NoticeRecord{
		Key: key, Opened: at.Add(-time.Hour), Delivered: "pending", Final: final, UpdatedAt: at,
		Notice: quota.Notice{Kind: quota.NoticeThreshold, Account: "default", Window: "5h", Level: 90, Percent: 91.2,
			At: at, ResetsAt: &resets, Title: "title", Body: "body", Reason: "reason"},
	}
}

func TestANoticeOfAKeyIsStoredOnce(t *testing.T) {
	s := newStore(t)
	must(t, s.Update(func(tx *Tx) error {
		first, err := tx.PutNotice(notice("k", day0, false))
		must(t, err)
		other := notice("k", day0.Add(time.Hour), true)
		again, err := tx.PutNotice(other)
		must(t, err)
		if !reflect.DeepEqual(again, first) || first.ID == 0 {
			t.Errorf("got %+v, want %+v", again, first)
		}
		if ok, err := tx.HasNotice("k"); !ok || err != nil {
			t.Error("the key is not known")
		}
		if ok, err := tx.HasNotice("other"); ok || err != nil {
			t.Error("another key is known")
		}
		return nil
	}))
	verify(t, s)
}

func TestWhatBecameOfANoticeIsKept(t *testing.T) {
	s := newStore(t)
	var r NoticeRecord
	must(t, s.Update(func(tx *Tx) (err error) {
		for i := range 3 {
			r, err = tx.PutNotice(notice(fmt.Sprint("k", i), day0.Add(time.Duration(i)*time.Hour), false))
			must(t, err)
		}
		r.Delivered, r.Why, r.Final, r.Attempts = "stale", "the window has refreshed", true, 3
		_, err = tx.PutNotice(r)
		return err
	}))
	must(t, s.View(func(tx *Tx) error {
		got, ok, err := tx.Notice(r.ID)
		must(t, err)
		if !ok || !reflect.DeepEqual(got, r) {
			t.Errorf("got %+v, want %+v", got, r)
		}
		pending, err := tx.Pending()
		must(t, err)
		if len(pending) != 2 || pending[0].Key != "k0" || pending[1].Key != "k1" {
			t.Errorf("pending: %+v", pending)
		}
		since, err := tx.Notices(day0.Add(time.Hour))
		must(t, err)
		if len(since) != 2 || since[0].Key != "k1" {
			t.Errorf("since: %+v", since)
		}
		return nil
	}))
	verify(t, s)
}

func TestANoticeKeepsItsKey(t *testing.T) {
	s := newStore(t)
	err := s.Update(func(tx *Tx) error {
		r, err := tx.PutNotice(notice("k", day0, false))
		must(t, err)
		r.Key = "other"
		_, err = tx.PutNotice(r)
		return err
	})
	if err == nil {
		t.Error("a notice took another key")
	}
}

func TestOldNoticesArePrunedOnceFinal(t *testing.T) {
	s := newStore(t)
	must(t, s.Update(func(tx *Tx) error {
		for i := range 10 {
			_, err := tx.PutNotice(notice(fmt.Sprint("k", i), day0.Add(time.Duration(i)*time.Hour), i%2 == 0))
			must(t, err)
		}
		_, err := tx.Prune(day0.Add(5*time.Hour), 0, 1000)
		return err
	}))
	must(t, s.View(func(tx *Tx) error {
		left, err := tx.Notices(time.Time{})
		must(t, err)
		if len(left) != 7 {
			t.Errorf("%d are left: %+v", len(left), left)
		}
		return nil
	}))
	verify(t, s)
}

func TestSmallValuesAreKept(t *testing.T) {
	dir := stateDir(t, 0, 0)
	s := openIn(t, dir)
	must(t, s.Update(func(tx *Tx) error {
		return firstError(tx.PutValue("snooze", []byte("x")), tx.PutValue("gone", []byte("y")), tx.PutValue("gone", nil),
			tx.PutSettingsHash("h"))
	}))
	must(t, s.Close())
	s = openIn(t, dir)
	defer s.Close()
	must(t, s.View(func(tx *Tx) error {
		v, ok, err := tx.Value("snooze")
		if string(v) != "x" || !ok || err != nil {
			t.Errorf("%q %v %v", v, ok, err)
		}
		if _, ok, _ := tx.Value("gone"); ok {
			t.Error("forgotten, and still there")
		}
		if h, err := tx.SettingsHash(); h != "h" || err != nil {
			t.Errorf("%q %v", h, err)
		}
		return nil
	}))
}
