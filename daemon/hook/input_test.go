package hook

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
)

func TestReadValueStopsAtItsEnd(t *testing.T) {
	for _, c := range []struct{ what, input, want string }{
		{"one object", `{"a":1}`, `{"a":1}`},
		{"blanks before it", " \n\t{}", " \n\t{}"},
		{"what follows is left alone", `{"a":{"b":[1]}} {"c":1}`, `{"a":{"b":[1]}}`},
		{"brackets in strings do not count", `{"a":"}]{\"}","b":"\\"}x`, `{"a":"}]{\"}","b":"\\"}`},
	} {
		for chunk, split := range map[string]func(io.Reader) io.Reader{
			"whole": func(r io.Reader) io.Reader { return r }, "by bytes": iotest.OneByteReader,
		} {
			// The writer's end stays open: only the value's own end can end it.
			in, out := io.Pipe()
			go io.WriteString(out, c.input)
			got, err := readValue(split(in), maxInput)
			in.Close()
			if err != nil || string(got) != c.want {
				t.Errorf("%s, %s: got %q, %v", c.what, chunk, got, err)
			}
		}
	}
}

func TestReadValueGivesUp(t *testing.T) {
	for what, input := range map[string]string{
		"nothing comes":         "",
		"blanks come":           "  \n",
		"the object is cut off": `{"a":"}`,
		"it is a word":          "true",
		"it is a string":        `"{}"`,
	} {
		if got, err := readValue(strings.NewReader(input), maxInput); !errors.Is(err, errCut) {
			t.Errorf("%s: got %q, %v", what, got, err)
		}
	}
}

func TestReadValueDrainsWhatIsTooLong(t *testing.T) {
	in, out := io.Pipe()
	wrote := make(chan error, 1)
	go func() {
		_, err := io.WriteString(out, `{"prompt":"`+strings.Repeat("x", 1000)+`"}`)
		wrote <- err // the writer's end stays open
	}()
	if got, err := readValue(in, 999); !errors.Is(err, errTooLong) {
		t.Errorf("got %q, %v", got, err)
	}
	if err := <-wrote; err != nil {
		t.Error("the tool's write failed:", err)
	}
}

// bigPrompt is a payload with a prompt of n bytes, none of whose characters
// are of the same length.
func bigPrompt(n int, end string) string {
	const mixed = `a\n\u00e4\ud83d\ude80ü\\\"`
	return `{"a":1,"prompt":"` + strings.Repeat(mixed, n/len(mixed)) + end + `","z":2}`
}

func TestReadValueKeepsLongStringsShort(t *testing.T) {
	seen := map[string]bool{}
	for _, value := range []string{bigPrompt(1<<20, ""), bigPrompt(1<<20, "."), bigPrompt(1<<20-30, "")} {
		got, err := readValue(strings.NewReader(value+"tail"), maxInput)
		if err != nil {
			t.Fatal(err)
		}
		p, ok := decode(got)
		if !ok || p.text("a") != "1" || p.text("z") != "2" {
			t.Errorf("not whole: %.40s ... %s", got, got[len(got)-40:])
		}
		if !strings.HasPrefix(p.text("prompt"), "a\nä🚀ü\\\"a") || strings.Count(p.text("prompt"), "\uFFFD") > 1 || len(got) > maxWhole+200 {
			t.Errorf("%d bytes kept of %.40q", len(got), p.text("prompt"))
		}
		seen[p.text("prompt")] = true
	}
	if len(seen) != 3 {
		t.Error("prompts that differ at their end look alike")
	}
}

// A string is not cut within an escape, wherever its pieces end.
func TestReadValueCutsBetweenCharacters(t *testing.T) {
	for pad := range 24 {
		value := `{"pad":"` + strings.Repeat("x", pad) + `","prompt":"` + strings.Repeat("x", pad) + bigPrompt(maxWhole+100, "")[len(`{"a":1,"prompt":"`):]
		got, err := readValue(iotest.OneByteReader(strings.NewReader(value)), maxInput)
		if err != nil || !json.Valid(got) {
			t.Errorf("%d: %v, ... %s", pad, err, got[len(got)-90:])
		}
	}
}

func TestReadValueKeepsWhatIsNotLong(t *testing.T) {
	for _, n := range []int{maxWhole - 1, maxWhole} {
		value := `{"prompt":"` + strings.Repeat("x", n) + `"}`
		if got, err := readValue(strings.NewReader(value), maxInput); err != nil || string(got) != value {
			t.Errorf("%d: %d bytes, %v", n, len(got), err)
		}
	}
}

func FuzzReadValue(f *testing.F) {
	for _, s := range []string{`{"a":"\"}"} x`, `[{}]`, `{"a":{"b":[]}}{}`, `{"\\":"}"}`, "{]"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, input []byte) {
		var want map[string]any
		if json.NewDecoder(bytes.NewReader(input)).Decode(&want) != nil || want == nil {
			return
		}
		raw, err := readValue(bytes.NewReader(input), maxInput)
		if err != nil {
			t.Fatal(err)
		}
		if len(input) > maxWhole { // some string may have been cut
			if !json.Valid(raw) {
				t.Errorf("%.40q became %.40q", input, raw)
			}
			return
		}
		var got map[string]any
		if err := json.Unmarshal(raw, &got); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("got %v, %v; want %v", got, err, want)
		}
	})
}
