package transcript

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestMembersOfAnObject(t *testing.T) {
	for text, want := range map[string]string{
		`{}`: "", ` { } `: "", `{"a":1}`: "a=1 ", `{"a" : "x\"}" , "b":[1,{"c":"]"}],"d":null}`: `a="x\"}" b=[1,{"c":"]"}] d=null `,
		`{"a":"\\"}`: `a="\\" `, `{"a":{"b":{}},"":-1.5e3}`: `a={"b":{}} =-1.5e3 `,
		`{`: "wrong", ``: "wrong", `[1]`: "wrong", `{"a"}`: "wrong", `{"a":}`: "wrong", `{"a":1`: "a=1 wrong", `{"a":1 "b":2}`: "a=1 wrong",
		`{"a":"x}`: "wrong", `{"a":[1,2`: "wrong", `{"a":1}x`: "a=1 wrong", `{a:1}`: "wrong", `{,}`: "wrong", `{"a":1,}`: "a=1 wrong",
	} {
		got := ""
		m := object([]byte(text))
		for m.next() {
			got += string(m.key) + "=" + string(m.value) + " "
		}
		if m.wrong {
			got += "wrong"
		}
		if got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

func TestWords(t *testing.T) {
	for _, c := range []struct {
		text, want string
		most       int
	}{
		{`"abc"`, "abc", 9}, {`"abc"`, "ab", 2}, {`7`, "", 9}, {`null`, "", 9}, {`"`, "", 9}, {``, "", 9},
		{`"a\nb"`, "a\nb", 9}, {`"a\u00fcb"`, "aü", 7}, {`"a\u00fcb"`, "a", 3}, {`"\u00fc"`, "", 1},
		{`"aü"`, "aü", 4}, {`"aü"`, "a", 2}, {"\"a\xffb\"", "a\uFFFDb", 9}, {`"\x"`, "", 9}, {`"` + strings.Repeat(`\"`, 50) + `"`, `""""`, 9},
	} {
		if got := word([]byte(c.text), c.most); got != c.want {
			t.Errorf("%s to %d: %q, want %q", c.text, c.most, got, c.want)
		}
	}
}

func TestNumbers(t *testing.T) {
	for text, want := range map[string]int64{"7": 7, "0": 0, "-3": 0, "1.9": 1, "1e3": 1000, "1e300": 50_000, `"7"`: 0, "null": 0, "": 0, "NaN": 0} {
		if got := number([]byte(text), 50_000); got != want {
			t.Errorf("%s: %d, want %d", text, got, want)
		}
	}
}

// FuzzObject holds the walk against the decoder of the standard library.
func FuzzObject(f *testing.F) {
	for _, text := range []string{
		`{"a":1,"b":"x\"y\\","c":[{"d":null},"]"]}`, `{}`, ` {"a" : {} } `, `{"a":"\u00fc"}`, `[1,2]`, `{"a":"`, numbered(1), claudeAnswer("m", "null", 1, ""), codexMeta(""),
	} {
		f.Add([]byte(text), 0)
	}
	f.Fuzz(func(t *testing.T, text []byte, most int) {
		walked := map[string][]byte{}
		m := object(text)
		for m.next() {
			walked[string(m.key)] = m.value
			word(m.value, most&0xff)
		}
		var want map[string]json.RawMessage
		if json.Unmarshal(text, &want) != nil || want == nil {
			return
		}
		if m.wrong {
			t.Fatalf("%q is an object", text)
		}
		if !utf8.Valid(text) || bytes.IndexByte(text, '\\') >= 0 {
			return // the keys are not as they are written
		}
		for key, value := range want {
			if !bytes.Equal(value, walked[key]) {
				t.Fatalf("%q: %q is %q, want %q", text, key, walked[key], value)
			}
		}
	})
}

// FuzzSqueeze holds that a text keeps its structure, and short strings whole.
func FuzzSqueeze(f *testing.F) {
	for _, text := range []string{`{"a":"` + strings.Repeat(`ü\"\u00fc`, 300) + `","b":[1]}`, `{"a":"\\"}`, `"\ud83d\ude00"`, `{"a":"\`} {
		f.Add([]byte(text), 7)
	}
	for n := range 12 { // wherever the cut falls
		f.Add([]byte(`{"a":"`+strings.Repeat("x", n)+strings.Repeat(`\u00fc\"`, 200)+`","b":[1]}`), n)
	}
	f.Fuzz(func(t *testing.T, text []byte, cut int) {
		var s squeezer
		s.reset()
		at := int(uint(cut) % uint(len(text)+1))
		s.write(text[:at])
		s.write(text[at:])
		if out := s.bytes(); json.Valid(text) && !json.Valid(out) {
			t.Fatalf("%q became %q", text, out)
		} else if len(text) <= squeezedString && !bytes.Equal(out, text) {
			t.Fatalf("%q became %q", text, out)
		}
	})
}

// FuzzLines holds that whatever a line is, no reader falls over it, and all
// that is told can be stored.
func FuzzLines(f *testing.F) {
	for _, line := range []string{
		numbered(1), claudeAnswer("m", "null", 1, ""), claudeRefusal("Usage limit reached for 5 hour. Your limit will reset at 2026-10-05 19:30:00"), claudeUser("u", `[{"type":"tool_result"}]`, ""),
		codexMeta(`"source":{"subagent":{}},`), codexTurn("t", "r")[5], codexAnswered("r", "t", codexUsage(9, 2, 3))[0], codexCount(codexUsage(1, 0, 2), codexUsage(9, 2, 3)),
	} {
		f.Add([]byte(line))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		var told []Item
		tell := func(i Item) { told = append(told, i) }
		var claude claudeState
		var rollout codexState
		for range 2 {
			if wantsClaude(line) {
				claude.fold(line, tell)
			}
			if wantsCodex(line) {
				rollout.fold(line, tell)
			}
		}
		claude.closeAll(tell)
		inWords(t, told)
		for _, state := range []any{claude, rollout} {
			if text, err := json.Marshal(state); err != nil || len(text) > 16<<10 {
				t.Errorf("a state of %d bytes, %v", len(text), err)
			}
		}
	})
}
