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
			got, err := readValue(split(in), maxPayload)
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
		if got, err := readValue(strings.NewReader(input), maxPayload); !errors.Is(err, errCut) {
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

func TestReadValueKeepsAMegabyte(t *testing.T) {
	value := `{"prompt":"` + strings.Repeat("x", 1<<20) + `"}`
	got, err := readValue(strings.NewReader(value+"tail"), maxPayload)
	if err != nil || string(got) != value {
		t.Errorf("%d of %d bytes, %v", len(got), len(value), err)
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
		raw, err := readValue(bytes.NewReader(input), maxPayload)
		if err != nil {
			t.Fatal(err)
		}
		var got map[string]any
		if err := json.Unmarshal(raw, &got); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("got %v, %v; want %v", got, err, want)
		}
	})
}
