package store

import (
	"encoding/binary"
	"maps"
	"sync"
	"time"
)

// word is a text's number, and the last day an event used it. Texts unused
// since before the oldest event are forgotten; numbers are never given twice.
type word struct {
	no  uint64
	day uint64
}

// words are the texts that one transaction has met.
type words struct {
	byText map[string]word
	byNo   map[uint64]string
	bytes  int

	spilled bool // there were too many: not all are here, and what others know may be old
}

func newWords() words { return words{byText: map[string]word{}, byNo: map[uint64]string{}} }

// dictionary is the texts that transactions have met and committed.
type dictionary struct {
	mu sync.Mutex
	words
}

// dictionaryMost is how many bytes of text are kept in memory.
const dictionaryMost = 256 << 10

func newDictionary() *dictionary { return &dictionary{words: newWords()} }

// learn takes over what a committed transaction has met.
func (d *dictionary) learn(w words) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if w.spilled || d.bytes+w.bytes > dictionaryMost {
		d.words = newWords()
	}
	maps.Copy(d.byText, w.byText)
	maps.Copy(d.byNo, w.byNo)
	d.bytes += w.bytes
}

func (d *dictionary) forget() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.words = newWords()
}

func (d *dictionary) word(text string) (word, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	w, ok := d.byText[text]
	return w, ok
}

func (d *dictionary) text(no uint64) (string, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	s, ok := d.byNo[no]
	return s, ok
}

// dayOf counts days since 1970, from 1.
func dayOf(at time.Time) uint64 { return uint64(max(at.Unix(), 0))/86400 + 1 }

// forEver is the day on which a text is last used that hourly sums name: they
// are never forgotten, nor is it.
const forEver = 1<<28 - 1

// word is the number of a text that an event at an instant uses.
func (t *Tx) word(text string, at time.Time) (uint64, error) { return t.wordOn(text, dayOf(at)) }

// keepWord is the number of a text that is used for ever.
func (t *Tx) keepWord(text string) (uint64, error) { return t.wordOn(text, forEver) }

// wordOn is the number of a text that is used on a day.
func (t *Tx) wordOn(text string, day uint64) (uint64, error) {
	w, known, err := t.findWord(text)
	if err != nil {
		return 0, err
	}
	if known && w.day >= day {
		return w.no, nil
	}
	if !known {
		if w.no, err = t.next(tabWords); err != nil {
			return 0, err
		}
		if err := t.put(tabWords, []byte(text), uvarintKey(w.no)); err != nil {
			return 0, err
		}
	}
	w.day = day
	if err := t.put(tabTexts, numberKey(w.no), append(uvarintKey(day), text...)); err != nil {
		return 0, err
	}
	t.words.note(text, w)
	return w.no, nil
}

func (ws *words) note(text string, w word) {
	if ws.bytes > dictionaryMost {
		*ws = newWords()
		ws.spilled = true
	}
	if _, ok := ws.byText[text]; !ok {
		ws.bytes += 2*len(text) + 64
	}
	ws.byText[text], ws.byNo[w.no] = w, text
}

func (t *Tx) findWord(text string) (word, bool, error) {
	if w, ok := t.words.byText[text]; ok {
		return w, true, nil
	}
	if w, ok := t.shared.word(text); ok && !t.words.spilled {
		t.words.note(text, w)
		return w, true, nil
	}
	body, ok, err := t.get(tabWords, []byte(text))
	if err != nil || !ok {
		return word{}, false, err
	}
	no, _ := binary.Uvarint(body)
	day, _, err := t.readText(no)
	if err != nil {
		return word{}, false, err
	}
	w := word{no, day}
	t.words.note(text, w)
	return w, true, nil
}

// text is the text of a number.
func (t *Tx) text(no uint64) (string, error) {
	if s, ok := t.words.byNo[no]; ok {
		return s, nil
	}
	if s, ok := t.shared.text(no); ok {
		t.words.byNo[no] = s // without its day: not for findWord
		return s, nil
	}
	day, s, err := t.readText(no)
	if err != nil {
		return "", err
	}
	t.words.note(s, word{no, day})
	return s, nil
}

func (t *Tx) readText(no uint64) (day uint64, text string, err error) {
	body, ok, err := t.get(tabTexts, numberKey(no))
	if err != nil {
		return 0, "", err
	}
	day, n := binary.Uvarint(body)
	if !ok || n <= 0 {
		return 0, "", damaged("database: the text number %d is missing", no)
	}
	return day, string(body[n:]), nil
}
