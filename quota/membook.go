package quota

import (
	"iter"
	"slices"
	"sort"
	"time"
)

// MemBook is a Book in memory, for replays and tests.
type MemBook struct {
	entries map[string][]Entry // by account, in the order of Before
	ids     map[string]placeOf
	voids   map[inAccount]bool   // account and ID
	turns   map[inAccount]Event  // the first usage event of a turn
	prompts map[inAccount][]spot // of a turn
	points  map[string][]Checkpoint
}

type placeOf struct {
	account string
	at      time.Time
	seq     uint64
}

// spot is where an entry stands in its account.
type spot struct {
	at time.Time
	id string
}

type inAccount struct{ account, name string }

// NewMemBook is an empty one.
func NewMemBook() *MemBook {
	return &MemBook{
		entries: map[string][]Entry{}, ids: map[string]placeOf{}, voids: map[inAccount]bool{},
		turns: map[inAccount]Event{}, prompts: map[inAccount][]spot{}, points: map[string][]Checkpoint{},
	}
}

// Put implements Book.
func (b *MemBook) Put(e Event) (Placed, error) {
	if at, ok := b.ids[e.ID]; ok {
		return Placed{Outcome: Duplicate, Seq: at.seq, From: at.at, To: at.at}, nil
	}
	p := Placed{Outcome: Recorded, Seq: uint64(len(b.ids) + 1), From: e.At, To: e.At,
		Entry: Entry{Event: e, Voided: b.voids[inAccount{e.Account, e.ID}]}}
	b.ids[e.ID] = placeOf{e.Account, e.At, p.Seq}
	switch {
	case e.Kind == KindVoid:
		b.void(&p)
	case e.Turn != "" && e.Kind == KindUsage:
		b.usage(&p)
	case e.Turn != "" && e.Kind == KindPrompt:
		key := inAccount{e.Account, e.Turn}
		b.prompts[key] = append(b.prompts[key], spot{e.At, e.ID})
		if u, ok := b.turns[key]; ok {
			p.Entry.TurnModel, p.Entry.TurnUsage = u.Model, true
		}
	}
	list := b.entries[e.Account]
	i := sort.Search(len(list), func(i int) bool { return e.Before(list[i].Event) })
	b.entries[e.Account] = slices.Insert(list, i, p.Entry)
	return p, nil
}

// void marks the entry that a void event names.
func (b *MemBook) void(p *Placed) {
	e := p.Entry
	b.voids[inAccount{e.Account, e.Voids}] = true
	if x := b.entry(e.Account, spot{b.ids[e.Voids].at, e.Voids}); x != nil {
		x.Voided = true
		p.Relink(x.At)
	}
}

// entry finds an entry; nil where it is not there.
func (b *MemBook) entry(account string, at spot) *Entry {
	list, sought := b.entries[account], Event{At: at.at, ID: at.id}
	i := sort.Search(len(list), func(i int) bool { return !list[i].Before(sought) })
	if i == len(list) || list[i].ID != at.id {
		return nil
	}
	return &list[i]
}

// usage links the prompts of a turn to its first usage event.
func (b *MemBook) usage(p *Placed) {
	e, key := p.Entry, inAccount{p.Entry.Account, p.Entry.Turn}
	if first, ok := b.turns[key]; ok && first.Before(e.Event) {
		return
	}
	b.turns[key] = e.Event
	for _, at := range b.prompts[key] {
		x := b.entry(e.Account, at)
		x.TurnModel, x.TurnUsage = e.Model, true
		p.Relink(x.At)
	}
}

// Entries implements Book.
func (b *MemBook) Entries(account string, from time.Time) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		list := b.entries[account]
		i := sort.Search(len(list), func(i int) bool { return !list[i].At.Before(from) })
		for _, e := range list[i:] {
			if !yield(e, nil) {
				return
			}
		}
	}
}

// Checkpoints implements Book.
func (b *MemBook) Checkpoints(account string, from time.Time) ([]Checkpoint, error) {
	list := b.points[account]
	return slices.Clone(list[b.point(account, from):]), nil
}

// point is the index of the first checkpoint at from or after.
func (b *MemBook) point(account string, from time.Time) int {
	list := b.points[account]
	return sort.Search(len(list), func(i int) bool { return !list[i].At.Before(from) })
}

// CheckpointBefore implements Book.
func (b *MemBook) CheckpointBefore(account string, t time.Time) (Checkpoint, bool, error) {
	i := b.point(account, t.Add(time.Millisecond))
	if i == 0 {
		return Checkpoint{}, false, nil
	}
	return b.points[account][i-1], true, nil
}

// PutCheckpoint implements Book.
func (b *MemBook) PutCheckpoint(account string, c Checkpoint) error {
	i := b.point(account, c.At)
	list := b.points[account]
	if i < len(list) && list[i].At.Equal(c.At) {
		list[i] = c
		return nil
	}
	b.points[account] = slices.Insert(list, i, c)
	return nil
}

// DropCheckpoints implements Book.
func (b *MemBook) DropCheckpoints(account string, from time.Time) error {
	b.points[account] = b.points[account][:b.point(account, from)]
	return nil
}
