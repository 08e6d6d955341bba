package backfill

import (
	"slices"
	"time"
)

// prompt is one that a session has, to be found among those that hooks told of.
type prompt struct {
	sessions []string
	turn     string
	at       time.Time
}

// told is a prompt that the record has, or several in one event.
type told struct {
	session, turn string
	at            time.Time
	count         int
}

const (
	// waits is how long a prompt may wait for the one before it: the hook tells
	// of it when it is typed, its session when it is sent.
	waits = 15 * time.Minute
	// lags is how far the two may be apart where nothing waits.
	lags = 5 * time.Second
)

// closeness is how well a prompt of a session and one of the record agree.
type closeness struct {
	turn         bool // in the turn as well as the session
	early, later time.Duration
}

// closest lists it, best first. A prompt that waited carries the turn of the
// one that ran, so that a turn alone does not make two the same.
func closest() []closeness {
	const ever = 1 << 62
	return []closeness{
		{turn: true, early: lags, later: lags},
		{turn: true, early: ever, later: ever},
		{early: lags, later: lags},
		{early: waits, later: lags},
	}
}

// cover finds for each prompt the one of the record that is the same: its
// index, or -1. No prompt of the record is taken more often than it counts.
// Within one closeness both are paired in their order, as they were sent.
func cover(prompts []prompt, record []told) []int {
	found := make([]int, len(prompts))
	for i := range found {
		found[i] = -1
	}
	order := inOrder(len(prompts), func(i int) time.Time { return prompts[i].at })
	m := matcher{record: record, left: make([]int, len(record)), places: map[place][]int{}}
	for _, j := range inOrder(len(record), func(j int) time.Time { return record[j].at }) {
		t := record[j]
		m.left[j] = max(t.count, 1)
		m.places[place{session: t.session}] = append(m.places[place{session: t.session}], j)
		if t.turn != "" {
			key := place{t.session, t.turn}
			m.places[key] = append(m.places[key], j)
		}
	}
	for _, c := range closest() {
		for _, i := range order {
			if found[i] < 0 {
				found[i] = m.take(prompts[i], c)
			}
		}
	}
	return found
}

// inOrder are the indexes of n things by time.
func inOrder(n int, at func(int) time.Time) []int {
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return at(a).Compare(at(b)) })
	return order
}

// place is where a prompt of the record may be found: a session, or a turn in it.
type place struct{ session, turn string }

type matcher struct {
	record []told
	left   []int           // how many prompts each one stands for yet
	places map[place][]int // indexes in the record, by time
}

// take is the earliest in the record that agrees with a prompt, used up by one,
// or -1.
func (m *matcher) take(p prompt, c closeness) int {
	if c.turn && p.turn == "" {
		return -1
	}
	best := -1
	for _, session := range p.sessions {
		key := place{session: session}
		if c.turn {
			key.turn = p.turn
		}
		if j := m.first(m.places[key], p.at, c); j >= 0 && (best < 0 || m.record[j].at.Before(m.record[best].at)) {
			best = j
		}
	}
	if best >= 0 {
		m.left[best]--
	}
	return best
}

func (m *matcher) first(list []int, at time.Time, c closeness) int {
	from, _ := slices.BinarySearchFunc(list, at.Add(-c.early), func(j int, t time.Time) int {
		return m.record[j].at.Compare(t)
	})
	for _, j := range list[from:] {
		if m.record[j].at.Sub(at) > c.later {
			return -1
		}
		if m.left[j] > 0 {
			return j
		}
	}
	return -1
}
