package quota

import (
	"fmt"
	"testing"
	"time"
)

// keeper puts events into a ledger as the daemon does.
type keeper struct {
	t    *testing.T
	book *countingBook
	l    *Ledger
}

func keep(t *testing.T, m *Meter, events ...Event) *keeper {
	k := &keeper{t: t, book: &countingBook{MemBook: NewMemBook()}, l: &Ledger{Meter: m, every: 10}}
	k.put(events...)
	return k
}

func (k *keeper) put(events ...Event) {
	k.t.Helper()
	for _, e := range events {
		p, err := k.book.Put(e.Normalize(e.At))
		if err == nil {
			_, err = k.l.Take(k.book, p)
		}
		if err == nil {
			_, err = k.l.Settle(k.book)
		}
		if err != nil {
			k.t.Fatal(err)
		}
	}
}

func (k *keeper) present(now time.Time) (*State, time.Time) {
	k.t.Helper()
	s, next, err := k.l.Present(k.book, now)
	if err != nil {
		k.t.Fatal(err)
	}
	return s, next
}

// longAhead is how far a clock was ahead.
const longAhead = 26000 * time.Hour

func TestWhatAClockAheadRecordedCountsWhenItsTimeComes(t *testing.T) {
	for _, kind := range []WindowKind{Fixed, Rolling, Anchored, Monthly} {
		t.Run(string(kind), func(t *testing.T) {
			m := tinyMeter(kind)
			k := keep(t, m, after(0, 2), after(longAhead, 3), after(longAhead+time.Second, 1), after(2*time.Second, 1))
			s, next := k.present(day0.Add(3 * time.Second))
			want := keep(t, m, after(0, 2), after(2*time.Second, 1)).l.State
			if string(s.Encode()) != string(want.Encode()) {
				t.Errorf("\n got %s\nwant %s", s.Encode(), want.Encode())
			}
			if ahead := day0.Add(longAhead); next.IsZero() || next.After(ahead) || !next.After(ahead.Add(-32*24*time.Hour)) {
				t.Errorf("more holds at %v", next)
			}
			if s, _ := k.present(next.Add(-time.Millisecond)); s == &k.l.State {
				t.Error("all holds before it is time")
			}
			for _, now := range []time.Time{next, day0.Add(longAhead + 2*time.Second)} {
				if s, next := k.present(now); s != &k.l.State || !next.IsZero() {
					t.Errorf("at %v not all holds: %s, %v", now, s.Encode(), next)
				}
			}
		})
	}
}

func TestWhatAClockAheadAddedToAnOpenWindowCountsAtOnce(t *testing.T) {
	m := meterOf(t, "v2/lite", "2026-03-04T16:55:13+08:00")
	k := keep(t, m, after(0, 2), after(2*time.Hour, 3), after(400*24*time.Hour, 1))
	s, _ := k.present(day0.Add(time.Minute))
	if w := s.At(m, all, day0.Add(time.Minute)).window(t, "5h"); w.Used.String() != keep(t, m, after(0, 2), after(2*time.Hour, 3)).l.State.Windows[0].Used.String() {
		t.Errorf("used %v", w.Used)
	}
}

func TestOneEventFarAheadKeepsOthersNoLonger(t *testing.T) {
	k := keep(t, meterOf(t, "v2/lite", "2026-03-04T16:55:13+08:00"), after(longAhead, 1))
	for i := range 1000 {
		k.put(after(time.Duration(i)*10*time.Minute, 1))
	}
	k.book.read = 0
	k.put(after(1000*10*time.Minute, 1))
	k.present(day0.Add(1000 * 10 * time.Minute))
	if k.book.read > 60 {
		t.Errorf("an event made %d of 1,000 entries be read again", k.book.read)
	}
}

func TestWhatWasToldAheadSilencesNothing(t *testing.T) {
	k := keep(t, tinyMeter(Fixed), after(0, 4))
	now := day0.Add(time.Second)
	s, _ := k.present(now)
	st := s.At(k.l.Meter, all, now)
	told := []Told{{Kind: NoticeExhausted, Window: WindowFive, Level: 100, At: day0.Add(longAhead), Opened: day0.Add(longAhead)}}
	var got []string
	for _, d := range Due(k.l.Meter, &st, told, all, now) {
		got = append(got, fmt.Sprint(d.Kind, d.Level))
	}
	if fmt.Sprint(got) != "[threshold75]" {
		t.Errorf("due: %v", got)
	}
	told = append(told, Told{Kind: NoticeThreshold, Window: WindowFive, Level: 75, At: now.Add(time.Hour), Opened: day0})
	if due := Due(k.l.Meter, &st, told, all, now); len(due) > 0 {
		t.Errorf("told of this window by a clock ahead, and due again: %v", due)
	}
}

func TestAClockOfLongAgoAnchorsNothing(t *testing.T) {
	early := Event{ID: "early", At: instant("1970-01-01T00:00:03Z"), Kind: KindPrompt, Account: DefaultAccount, Count: 1}
	if complaint := early.Check(); complaint != nil {
		t.Fatalf("an event of a board without a battery: %v", complaint)
	}
	if early.At = instant("1969-12-31T23:59:59Z"); early.Check() == nil {
		t.Error("an event that cannot be stored is taken")
	}
	early.At = instant("1999-01-01T00:00:03Z")
	want := keep(t, tinyMeter(Anchored), after(0, 1), after(25*time.Second, 2))
	for _, events := range [][]Event{
		{early, after(0, 1), after(25*time.Second, 2)},
		{after(0, 1), early, after(25*time.Second, 2)},
		{after(0, 1), after(25*time.Second, 2), early},
	} {
		k := keep(t, tinyMeter(Anchored), events...)
		if got, want := k.l.State.Encode(), want.l.State.Encode(); string(got) != string(want) {
			t.Errorf("\n got %s\nwant %s", got, want)
		}
	}
	if w := keep(t, tinyMeter(Anchored), early, early).l.State.At(tinyMeter(Anchored), all, early.At).Windows[0]; w.Used < 0 || w.OpenedAt != nil {
		t.Errorf("while no anchor is known: %s", mustJSON(w))
	}
}
