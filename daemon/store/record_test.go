package store

import (
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

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

// What is on disks stays readable: a change here needs a migration.
func TestTheFormatStaysAsItIs(t *testing.T) {
	percent, used, at := 34.5, 27*quota.One, day0.Add(time.Hour)
	e := quota.Entry{
		Event: quota.Event{
			ID: ulid(1), Kind: quota.KindReading, At: day0, Account: "default", Tool: "t", Session: "s", Project: "p",
			Model: "m", Endpoint: "e", Turn: "turn", Transcript: "f", Count: 2, Tokens: quota.Tokens{Input: 1, Cached: 2, Output: 300},
			Name: "n", Window: "5h", Until: at, Code: "1308", Voids: "v",
			Readings: []quota.Reading{{Window: "week", Percent: &percent, Used: &used, Cap: &used, ResetsAt: &at}, {Window: "5h"}},
		},
		Voided: true, TurnUsage: true, TurnModel: "x",
	}
	var c codec
	body, err := appendEvent(nil, &e, 7, c.word)
	must(t, err)
	p := place{account: 1, at: uint64(day0.UnixMilli()), id: packID(nil, e.ID)}
	key := p.key()
	for _, f := range []struct{ what, got, want string }{
		{"record", fmt.Sprintf("%x", body), "011d07ffff030001020304050607080903ebbe34040204d80480b3fef4c068020a0f000000000040414080f3df1980f3df1980b3fef4c0680b0001f0"},
		{"key", fmt.Sprintf("%x", key), "0101a20718de4004258e11021f19c2620e31641e524c0410410420"},
		{"checksum", fmt.Sprintf("%08x", checksum(tabEvents, key, body)), "97ac1710"},
		{"checkpoint", fmt.Sprintf("%x", pointKey(1, day0.UnixMilli())), "017ffffe5df8e721bf"},
		{"turn", fmt.Sprintf("%x", usageKey(turnKey(1, "turn"))), "0103ebbe3475"},
	} {
		if f.got != f.want {
			t.Errorf("%s:\n%s, not\n%s", f.what, f.got, f.want)
		}
	}
}
