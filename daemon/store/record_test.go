package store

import (
	"errors"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"quotad/quota"
)

// codec numbers texts in the order it meets them.
type codec struct{ texts []string }

func (c *codec) word(text string) (uint64, error) {
	c.texts = append(c.texts, text)
	return uint64(len(c.texts) - 1), nil
}

func (c *codec) text(no uint64) (string, error) {
	if no >= uint64(len(c.texts)) {
		return "", errors.New("no such text")
	}
	return c.texts[no], nil
}

func TestEventRecordsComeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := quota.Entry{Event: eventGen().Draw(t, "event"), Voided: rapid.Bool().Draw(t, "voided")}
		if want.TurnUsage = rapid.Bool().Draw(t, "usage"); want.TurnUsage {
			want.TurnModel = rapid.SampledFrom([]string{"", "glm-5.3"}).Draw(t, "model")
		}
		var c codec
		seq := rapid.Uint64().Draw(t, "seq")
		body, err := appendEvent(nil, &want, seq, c.word)
		must(t, err)
		got := quota.Entry{Event: quota.Event{ID: want.ID, At: want.At, Account: want.Account}}
		gotSeq, err := readEvent(body, &got, c.text)
		must(t, err)
		if gotSeq != seq || !reflect.DeepEqual(got, want) {
			t.Fatalf("got %d %+v\nwant %d %+v", gotSeq, got, seq, want)
		}
	})
}

func FuzzReadEvent(f *testing.F) {
	c := codec{}
	e := quota.Entry{Event: prompt("x", day0)}
	body, err := appendEvent(nil, &e, 7, c.word)
	must(f, err)
	f.Add(body)
	percent := 34.0
	e.Readings = []quota.Reading{{Window: "5h", Percent: &percent}}
	body, err = appendEvent(nil, &e, 7, c.word)
	must(f, err)
	f.Add(body)
	f.Fuzz(func(t *testing.T, body []byte) {
		var e quota.Entry
		seq, err := readEvent(body, &e, func(no uint64) (string, error) { return "x", nil })
		if err != nil {
			return
		}
		var again quota.Entry
		b, err := appendEvent(nil, &e, seq, func(string) (uint64, error) { return 1, nil })
		must(t, err)
		if s, err := readEvent(b, &again, func(uint64) (string, error) { return "x", nil }); err != nil || s != seq {
			t.Errorf("%x reads well, and written again as %x does not: %v", body, b, err)
		}
	})
}
