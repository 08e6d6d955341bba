package store

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"time"

	"go.etcd.io/bbolt"

	"quotad/quota"
)

// VerifyOptions say what Verify does besides.
type VerifyOptions struct {
	// Fold holds an account's state against its events: Tx.State, and a fold of
	// Tx.Entries from the oldest of Tx.Checkpoints where Tx.Pruned is not zero.
	// What is wrong is an error.
	Fold func(t *Tx, account string) error
	// Progress is told how many records of all were looked at, now and then.
	Progress func(done, total int)
}

// Verified is what Verify found.
type Verified struct {
	Events   int
	Problems []string // one sentence each; at most maxProblems, and then "and so on"
}

const maxProblems = 100

// Verify holds everything in the database against everything else: pages,
// checksums, each index against what it names and back, links, counts. The
// error is of the code Damaged where something was found wrong. Writers wait
// while the pages are looked at, and only then.
func (s *Store) Verify(o VerifyOptions) (Verified, error) {
	defer s.Trim()
	if err := s.verifyPages(); err != nil {
		return Verified{Problems: []string{err.Error()}}, err
	}
	v := &verifier{options: o}
	if err := s.View(v.run); err != nil {
		return v.found, err
	}
	if n := len(v.found.Problems); n > 0 {
		return v.found, damaged("the database has %d problems, the first: %s", n, v.found.Problems[0])
	}
	return v.found, nil
}

// verifyPages looks at every page, first with plain reads, for bbolt's own
// check crashes on what is badly damaged.
func (s *Store) verifyPages() error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.db == nil {
		return errClosed
	}
	return guarded(func() error {
		tx, err := s.db.Begin(true)
		if err != nil {
			return diskError("reading the database", err)
		}
		defer tx.Rollback()
		info, err := s.file.Stat()
		if err != nil {
			return diskError("reading the database", err)
		}
		if _, err := inspect(s.file, info.Size(), whole, s.schema); err != nil {
			return err
		}
		return check(tx)
	})
}

// check is bbolt's own check.
func check(tx *bbolt.Tx) (first error) {
	for err := range tx.Check() {
		if first == nil {
			first = damaged("the database is damaged: %v", err)
		}
	}
	return first
}

// verifier is one run over the records.
type verifier struct {
	options VerifyOptions
	t       *Tx
	found   Verified

	done, total int
	events      map[uint64]tally  // by account
	usage       map[string]uint64 // living usage events, by turn
	waiting     int
	voids       map[string]uint64 // void events, by what they name
}

// tally is what an account's record counts along.
type tally struct{ events, last uint64 }

func (v *verifier) problem(format string, args ...any) {
	switch n := len(v.found.Problems); {
	case n < maxProblems:
		v.found.Problems = append(v.found.Problems, fmt.Sprintf(format, args...))
	case n == maxProblems:
		v.found.Problems = append(v.found.Problems, "and so on")
	}
}

// note makes a problem of an error that damage explains, and passes on others.
func (v *verifier) note(err error) {
	if err != nil {
		v.problem("%v", err)
	}
}

func (v *verifier) step() {
	if v.done++; v.options.Progress != nil && (v.done%1024 == 0 || v.done == v.total) {
		v.options.Progress(v.done, v.total)
	}
}

func (v *verifier) run(t *Tx) error {
	v.t = t
	v.events, v.usage, v.voids = map[uint64]tally{}, map[string]uint64{}, map[string]uint64{}
	counts, err := t.Counts()
	if err != nil {
		return err
	}
	for _, c := range counts {
		v.total += 2 * int(c.Events)
	}
	v.each(tabEvents, v.event)
	v.each(tabIDs, v.id)
	v.each(tabTurns, v.turn)
	v.each(tabVoids, v.void)
	v.each(tabWords, v.word)
	v.each(tabTexts, v.text)
	v.each(tabNotices, v.notice)
	v.each(tabNoticeKeys, v.noticeKey)
	v.each(tabFollows, v.followed)
	v.each(tabHours, v.hour)
	v.each(tabRecent, v.recent)
	if v.waiting != t.layer.events {
		v.problem("%d recent events are in the file, and %d wait", v.waiting, t.layer.events)
	}
	v.sequence(tabTexts, tabWords)
	v.sequence(tabNotices, tabNotices)
	for _, c := range counts {
		v.account(c)
	}
	return nil
}

// sequence sees that the next number given is a new one.
func (v *verifier) sequence(tab, from table) {
	k, _ := v.t.bucket(tab).Cursor().Last()
	if len(k) == 8 && binary.BigEndian.Uint64(k) > v.t.bucket(from).Sequence() {
		v.problem("the numbers of %q begin anew", tab)
	}
}

func (v *verifier) each(tab table, fn func(key, body []byte) error) {
	c := v.t.cursor(tab)
	for k, value := c.seek(nil); k != nil; k, value = c.next() {
		body, err := unseal(tab, k, value)
		if err == nil {
			err = fn(k, body)
		}
		v.note(err)
	}
}

func (v *verifier) account(c Count) {
	a := v.t.accounts.byName[c.Account]
	if got := v.events[a.no]; got != (tally{a.events, a.last}) {
		v.problem("the account %s has %d events up to %v, and counts %d up to %v",
			c.Account, got.events, milliTime(got.last), a.events, milliTime(a.last))
	}
	if v.options.Fold != nil {
		if err := v.options.Fold(v.t, c.Account); err != nil {
			v.problem("the account %s: %v", c.Account, err)
		}
	}
}

// event checks one event, and that the indexes lead to it.
func (v *verifier) event(key, body []byte) error {
	v.step()
	v.found.Events++
	e, _, err := v.t.decode(key, body)
	if err != nil {
		return err
	}
	p, _ := splitPlace(key)
	seen := v.events[p.account]
	v.events[p.account] = tally{seen.events + 1, max(seen.last, p.at)}
	if at, ok, err := v.t.find(p.id); err != nil || !ok || !bytes.Equal(at.key(), key) {
		return firstError(err, damaged("the index of ids does not lead to the event %s", e.ID))
	}
	if err := v.voided(p, e); err != nil {
		return err
	}
	return v.inTurn(p, e)
}

func (v *verifier) voided(p place, e quota.Entry) error {
	if e.Kind == quota.KindVoid && e.Voids != e.ID {
		v.voids[string(voidKey(p.account, packID(nil, e.Voids)))]++
	}
	voided, err := v.t.isVoided(p)
	if err == nil && voided != e.Voided {
		return damaged("the event %s says voided: %t, the index of voids says %t", e.ID, e.Voided, voided)
	}
	return err
}

func (v *verifier) inTurn(p place, e quota.Entry) error {
	if e.Turn == "" || e.Kind != quota.KindPrompt && e.Kind != quota.KindUsage {
		return nil
	}
	turn := turnKey(p.account, e.Turn)
	u, known, err := v.t.loadUsage(p.account, turn)
	if err != nil {
		return err
	}
	if e.Kind == quota.KindUsage {
		v.usage[string(turn)]++
		if !known || p.before(u.place) {
			return damaged("the turn of the usage event %s does not know it", e.ID)
		}
		return nil
	}
	model, err := v.t.modelOf(u)
	if err != nil {
		return err
	}
	if e.TurnUsage != known || e.TurnModel != model {
		return damaged("the prompt %s has the model %q of its turn, which says %q", e.ID, e.TurnModel, model)
	}
	if _, ok, err := v.t.get(tabTurns, promptKey(turn, p)); err != nil || !ok {
		return firstError(err, damaged("the turn of the prompt %s does not lead to it", e.ID))
	}
	return nil
}

func (v *verifier) id(key, _ []byte) error {
	v.step()
	p, _, err := v.t.find(key)
	if err != nil {
		return err
	}
	return v.leads("the index of ids", p)
}

// leads tells whether an index names an event that is there.
func (v *verifier) leads(index string, p place) error {
	if v.t.value(tabEvents, p.key()) == nil {
		return damaged("%s names the event %x, which is not there", index, p.key())
	}
	return nil
}

// turn checks what leads from a turn to its events.
func (v *verifier) turn(key, body []byte) error {
	r := reader{b: key}
	account := r.uvarint()
	r.bytes(r.uvarint())
	turn := key[:len(key)-len(r.b)]
	switch r.byte() {
	case turnPrompt:
		return v.leads("a turn", place{account: account, at: r.milli(), id: r.b})
	case turnUsage:
		u, err := readUsage(account, body)
		if err != nil {
			return damaged("the usage of the turn %x cannot be read", turn)
		}
		return v.usageOf(turn, u)
	}
	return damaged("the key %x of a turn cannot be read", key)
}

func (v *verifier) usageOf(turn []byte, u firstUsage) error {
	if n := v.usage[string(turn)]; n != u.living {
		return damaged("the turn %x has %d usage events, and counts %d", turn, n, u.living)
	}
	a, err := v.t.accountOf(u.account)
	if err != nil || u.at < a.pruned {
		return err
	}
	return v.leads("a turn", u.place)
}

// void checks what is known of the void events that name an id.
func (v *verifier) void(key, body []byte) error {
	n, _ := binary.Uvarint(body)
	if v.voids[string(key)] != n {
		return damaged("%d void events name %x, and the index counts %d", v.voids[string(key)], key, n)
	}
	return nil
}

func (v *verifier) word(key, body []byte) error {
	no, _ := binary.Uvarint(body)
	if _, text, err := v.t.readText(no); err != nil || text != string(key) {
		return firstError(err, damaged("the text %d is not the one that leads to it", no))
	}
	return nil
}

func (v *verifier) text(key, body []byte) error {
	_, n := binary.Uvarint(body)
	if n <= 0 || len(key) != 8 {
		return damaged("the text %x cannot be read", key)
	}
	no, ok, err := v.t.get(tabWords, body[n:])
	if got, _ := binary.Uvarint(no); err != nil || !ok || got != binary.BigEndian.Uint64(key) {
		return firstError(err, damaged("the text %x cannot be found by its words", key))
	}
	return nil
}

func (v *verifier) notice(key, body []byte) error {
	r, err := readNotice(key, body)
	if err != nil {
		return err
	}
	if no, ok, err := v.t.noticeNumber(r.Key); err != nil || !ok || no != r.ID {
		return firstError(err, damaged("the key of the notice %d does not lead to it", r.ID))
	}
	if _, open, err := v.t.get(tabNoticeOpen, key); err != nil || open == r.Final {
		return firstError(err, damaged("the notice %d says final: %t, the index says open: %t", r.ID, r.Final, open))
	}
	return nil
}

func (v *verifier) noticeKey(_, body []byte) error {
	if len(body) != 8 || v.t.bucket(tabNotices).Get(body) == nil {
		return damaged("a key names the notice %x, which is not there", body)
	}
	return nil
}

func (v *verifier) followed(key, body []byte) error {
	_, err := readFollowed(key, body)
	return err
}

// hour checks the sums of an hour: all that they were made of was forgotten.
func (v *verifier) hour(key, body []byte) error {
	no, at, err := splitHour(key)
	if err != nil {
		return err
	}
	a, err := v.t.accountOf(no)
	if err != nil {
		return err
	}
	if uint64(at.UnixMilli()) >= a.pruned {
		return damaged("there are sums of %s, but of the account %s only what was before %s was forgotten",
			at.Format(time.RFC3339), a.name, milliTime(a.pruned).Format(time.RFC3339))
	}
	_, err = v.t.hourAt(key, body)
	return err
}

// recent checks an event that waits: it is the one that is told of.
func (v *verifier) recent(key, record []byte) error {
	v.waiting++
	r, err := readRecent(key, record)
	if err != nil {
		return err
	}
	if _, _, err := v.t.decode(r.key(), r.body); err != nil {
		return err
	}
	if _, seq, err := v.t.load(r.place); err != nil || seq != r.seq {
		return firstError(err, damaged("the recent event %d has the number %d", r.seq, seq))
	}
	return nil
}
