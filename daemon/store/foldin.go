package store

// foldIn moves all that waits into the tables it is for. The rest of the
// transaction writes to these.
func (t *Tx) foldIn() error {
	if t.direct {
		return nil
	}
	l := t.layer
	t.direct, t.layer = true, layer{}
	if l.events == 0 {
		return nil
	}
	for tab := range tabEnd {
		for _, r := range l.tables[tab] {
			t.changes.note(tab, r.key)
			if err := t.wrote(t.bucket(tab).Put(r.key, r.value)); err != nil {
				return err
			}
		}
	}
	if err := t.dropBehind(l.behind()); err != nil {
		return err
	}
	if err := t.wrote(t.bucket(tabEvents).SetSequence(l.seq)); err != nil {
		return err
	}
	keys, err := t.keys(tabRecent, nil, nil, 0)
	if err != nil {
		return err
	}
	return t.deleteAll(tabRecent, keys)
}

// dropBehind forgets the states that lack events: see Behind.
func (t *Tx) dropBehind(behind []uint64) error {
	for _, no := range behind {
		if err := t.delete(tabStates, uvarintKey(no)); err != nil {
			return err
		}
	}
	return nil
}

// foldInAtEnd puts all that waits where it belongs before the file is closed,
// unless the states have to be made first: whoever opens it again does that.
func (s *Store) foldInAtEnd() {
	if s.suspect.Load() {
		return
	}
	var wait bool
	s.View(func(t *Tx) error {
		wait = t.layer.events > 0 && len(t.layer.behind()) == 0
		return nil
	})
	if wait {
		s.Update((*Tx).foldIn) // where it fails they wait on: nothing is lost
	}
}
