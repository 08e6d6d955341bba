package api

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"quotad/quota"
)

// FuzzPostLines holds that whatever stands between two good lines of a body
// spoils neither of them, and that each line which is not blank is answered.
func FuzzPostLines(f *testing.F) {
	for _, between := range []string{"", "{", "null\n\n[1]", `{"id":"first"}`, `{"id":"a"}` + "\n" + `{"id":"a"}`, "\r\n\x00\xff", strings.Repeat("{}\n", 40), "\xef\xbb\xbf{}"} {
		f.Add([]byte(between))
	}
	f.Fuzz(func(t *testing.T, between []byte) {
		if bytes.Count(between, []byte{'\n'}) > 1000 || bytes.Contains(between, []byte("last")) {
			return
		}
		m := &memory{}
		s := NewServer(Config{Backend: m, Now: func() time.Time { return testNow }})
		body := fmt.Appendf(nil, "{\"id\":\"first\"}\n%s\n{\"id\":\"last\"}\n", between)
		rec := httptest.NewRecorder()
		s.recordLines(rec, httptest.NewRequest("POST", "/v1/events", nil), body)
		var answer Results
		if err := json.Unmarshal(rec.Body.Bytes(), &answer); rec.Code != 200 || err != nil {
			t.Fatalf("status %d, %v: %.200s", rec.Code, err, rec.Body)
		}
		want := 0
		for line := range bytes.SplitSeq(body, []byte{'\n'}) {
			if len(bytes.TrimSpace(line)) > 0 {
				want++
			}
		}
		if len(answer.Results) != want {
			t.Fatalf("%d results for %d lines", len(answer.Results), want)
		}
		recorded := 0
		for _, r := range answer.Results {
			if (r.Status == quota.Rejected) != (r.Error != nil) || r.Error != nil && (r.Error.Message == "" || len(r.Error.Message) > 500) {
				t.Fatalf("a poor result: %+v", r)
			}
			if r.Status == quota.Recorded {
				recorded++
			}
		}
		if first, last := answer.Results[0], answer.Results[want-1]; first.Status != quota.Recorded || last.Status != quota.Recorded {
			t.Fatalf("the good lines became %+v and %+v", first, last)
		}
		if recorded != len(m.events) {
			t.Fatalf("%d results say recorded, and %d are", recorded, len(m.events))
		}
	})
}

// FuzzReadAnswer holds that a hook takes no answer for an acknowledgement that
// is none, and ends with any.
func FuzzReadAnswer(f *testing.F) {
	ok := `{"results":[{"id":"a","status":"recorded","seq":7}]}`
	for _, text := range []string{
		fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(ok), ok), "HTTP/1.1 503 x\r\nContent-Length: 2\r\n\r\n{}", "HTTP/1.1 200\r\nContent-Length: -1\r\n\r\n",
		"HTTP/1.1 200 OK\r\ncontent-length: 99999999999999999999\r\n\r\n", "\r\n\r\n", "HTTP/1.1 \r\n" + strings.Repeat("a: b\r\n", 20) + "\r\n",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		status, body, err := readAnswer(bufio.NewReader(bytes.NewReader(text)))
		if err != nil {
			return
		}
		if len(body) > maxAnswer || !bytes.Contains(text, body) {
			t.Fatalf("a body of %d bytes that was not sent", len(body))
		}
		receipt, err := receiptOf(status, body)
		if told := receipt.Delivery == Delivered || receipt.Delivery == Apart; told != (err == nil) {
			t.Fatalf("%v with the error %v", receipt.Delivery, err)
		}
		if err == nil && (status != 200 || !bytes.Contains(bytes.ToLower(body), []byte("results"))) {
			t.Fatalf("status %d and %q are taken for an acknowledgement", status, body)
		}
	})
}

// FuzzSpool holds that a file of any content, under any name, is drained or set
// aside at once, gives the same events whenever it is offered, and leaves what
// else is there alone.
func FuzzSpool(f *testing.F) {
	s := Spool{Now: func() time.Time { return testNow }}
	good := string(EncodeEvent(quota.Event{ID: "a", At: testNow}))
	for _, text := range []string{good, good + good, "{", "", "[1]", "{\n}", good + "null\n", "\xef\xbb\xbf" + good, strings.Repeat("{}\n", 30)} {
		f.Add("hand-made.json", []byte(text))
		f.Add("00000000000000000001-a.json", []byte(text))
	}
	f.Fuzz(func(t *testing.T, name string, text []byte) {
		if name = filepath.Base(name); len(name) > 100 || strings.ContainsRune(name, 0) || !strings.HasSuffix(name, spoolSuffix) || strings.HasPrefix(name, ".") {
			return
		}
		s.Dir = t.TempDir()
		path := filepath.Join(s.Dir, name)
		must(t, os.WriteFile(path, text, 0o600))
		must(t, os.Chtimes(path, testNow, testNow.Add(-time.Minute)))
		var first, again []string
		_, err := s.Deliver(func(list []quota.Event) ([]Result, error) {
			first = idsOf(list)
			return nil, errDiskFull
		})
		if len(first) > 0 && !errors.Is(err, errDiskFull) {
			t.Fatal(err)
		}
		done, err := s.Deliver(func(list []quota.Event) (out []Result, _ error) {
			again = idsOf(list)
			for _, e := range list {
				if bad := e.Check(); bad != nil {
					t.Errorf("%+v: %v", e, bad)
				}
				out = append(out, Result{ID: e.ID, Status: quota.Recorded})
			}
			return out, nil
		})
		must(t, err)
		if fmt.Sprint(first) != fmt.Sprint(again) {
			t.Errorf("first %q, then %q", first, again)
		}
		if left := files(t, s.Dir); done.Kept+done.Waiting > 0 || len(left) > 1 || len(left) == 1 && left[0] != spoolBad {
			t.Errorf("%+v, and left %q", done, left)
		}
	})
}

func idsOf(list []quota.Event) (ids []string) {
	for _, e := range list {
		ids = append(ids, e.ID)
	}
	return ids
}
