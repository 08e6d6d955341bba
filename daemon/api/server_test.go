package api

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"quotad/quota"
)

func TestPostOneEvent(t *testing.T) {
	for _, c := range []struct{ name, mediaType string }{
		{"as JSON", "application/json"},
		{"as JSON with a charset", "application/json; charset=utf-8"},
		{"without a Content-Type", ""},
		{"as curl -d sends it", "application/x-www-form-urlencoded"},
	} {
		t.Run(c.name, func(t *testing.T) {
			socket := serve(t, &memory{})
			status, _, body := ask(t, socket, "POST", "/v1/events", c.mediaType, strings.NewReader(`{"id":"a"}`))
			if want := `{"results":[{"id":"a","status":"recorded","seq":1}]}` + "\n"; status != 200 || body != want {
				t.Errorf("got %d %s, want %s", status, body, want)
			}
			status, _, body = ask(t, socket, "POST", "/v1/events", c.mediaType, strings.NewReader(`{"id":"a"}`))
			if want := `{"results":[{"id":"a","status":"duplicate","seq":1}]}` + "\n"; status != 200 || body != want {
				t.Errorf("the second time got %d %s, want %s", status, body, want)
			}
		})
	}
}

func TestPostMintsAnIDAndTheTime(t *testing.T) {
	m := &memory{}
	ask(t, serve(t, m), "POST", "/v1/events", "", strings.NewReader(`{}`))
	if len(m.events) != 1 || len(m.events[0].ID) != 26 || !m.events[0].At.Equal(testNow) {
		t.Errorf("got %+v", m.events)
	}
}

func TestPostLines(t *testing.T) {
	m := &memory{}
	lines := `{"id":"a"}` + "\n\n" + `{"id":"b","count":"x"}` + "\r\n   \n" + `{"id":"a"}` + "\n" +
		`{"id":"c","at":"2026-11-23T09:00:00Z"}` + "\n[]\n" + `{"id":"d"}`
	status, _, body := ask(t, serve(t, m), "POST", "/v1/events", ndjson, strings.NewReader(lines))
	var got Results
	if err := json.Unmarshal([]byte(body), &got); err != nil || status != 200 {
		t.Fatal(status, body, err)
	}
	var short []string
	for _, r := range got.Results {
		text := fmt.Sprintf("%s %s %d %d", r.ID, r.Status, r.Seq, r.Line)
		if r.Error != nil {
			text += " " + r.Error.Field
		}
		short = append(short, text)
	}
	want := []string{"a recorded 1 0", "b rejected 0 3 count", "a duplicate 1 0", "c rejected 0 6 at", " rejected 0 7 ", "d recorded 2 0"}
	if strings.Join(short, "|") != strings.Join(want, "|") {
		t.Errorf("got  %q\nwant %q", short, want)
	}
	if m.batches != 1 {
		t.Errorf("%d batches for one request", m.batches)
	}
}

func TestPostAfterAByteOrderMark(t *testing.T) {
	const mark = "\xef\xbb\xbf"
	for _, c := range []struct{ name, mediaType, body, want string }{
		{"one event", "", mark + `{"id":"a"}`, `{"results":[{"id":"a","status":"recorded","seq":1}]}`},
		{"lines", ndjson, mark + `{"id":"a"}` + "\n" + `{"id":"b"}`, `{"results":[{"id":"a","status":"recorded","seq":1},{"id":"b","status":"recorded","seq":2}]}`},
		{"a blank line first", ndjson, mark + "\n" + `{"id":"a"}`, `{"results":[{"id":"a","status":"recorded","seq":1}]}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			status, _, body := ask(t, serve(t, &memory{}), "POST", "/v1/events", c.mediaType, strings.NewReader(c.body))
			if status != 200 || body != c.want+"\n" {
				t.Errorf("got %d %s, want %s", status, body, c.want)
			}
		})
	}
}

func TestEveryResultHasAnID(t *testing.T) {
	lines := "[]\n" + `{"id":7}` + "\n" + `{"id":"c","count":"x"}`
	_, _, body := ask(t, serve(t, &memory{}), "POST", "/v1/events", ndjson, strings.NewReader(lines))
	var got struct{ Results []map[string]any }
	must(t, json.Unmarshal([]byte(body), &got))
	for i, want := range []string{"", "", "c"} {
		if id, there := got.Results[i]["id"]; !there || id != want {
			t.Errorf("line %d: id %v, there: %v; want %q", i+1, id, there, want)
		}
	}
}

func TestEveryMetricOfTheServerIsDescribed(t *testing.T) {
	_, _, text := ask(t, serve(t, &memory{}), "GET", "/metrics", "", nil)
	for _, name := range []string{"quotad_connections", "quotad_connections_closed_total"} {
		for _, word := range []string{"# HELP ", "# TYPE "} {
			if strings.Count(text, word+name+" ") != 1 {
				t.Errorf("no %s%s, or several: %s", word, name, text)
			}
		}
	}
}

func TestPostNoLinesIsNoError(t *testing.T) {
	m := &memory{}
	status, _, body := ask(t, serve(t, m), "POST", "/v1/events", ndjson, strings.NewReader("\n \n"))
	if status != 200 || body != `{"results":[]}`+"\n" || m.batches != 0 {
		t.Errorf("got %d %s, %d batches", status, body, m.batches)
	}
}

func TestErrors(t *testing.T) {
	long := strings.Repeat("x", 300)
	for _, c := range []struct {
		name, method, target, mediaType, body string
		status                                int
		code                                  Code
		field, words                          string
	}{
		{"a bad event", "POST", "/v1/events", "", `{"count":"3"}`, 400, Invalid, "count", "a number was expected, not a string"},
		{"an event of the future", "POST", "/v1/events", "", `{"at":"2026-11-23T07:00:00Z"}`, 400, Invalid, "at", "in the future"},
		{"no event", "POST", "/v1/events", "", ``, 400, Invalid, "", "there is nothing"},
		{"several events without the header", "POST", "/v1/events", "", "{}\n{}\n", 400, Invalid, "", "application/x-ndjson"},
		{"a type that is not known", "POST", "/v1/events", "text/plain", `{}`, 415, Invalid, "Content-Type", "application/x-ndjson"},
		{"a type that is none", "POST", "/v1/events", ";;", `{}`, 415, Invalid, "Content-Type", "application/json"},
		{"a parameter where none is taken", "POST", "/v1/events?account=a", "", `{}`, 400, Invalid, "account", "takes none"},
		{"an unknown path", "GET", "/v2/status", "", "", 404, NotFound, "", "/v2/status"},
		{"a long unknown path", "GET", "/" + long, "", "", 404, NotFound, "", "…"},
		{"a path with a slash too many", "GET", "/v1/status/", "", "", 404, NotFound, "", ""},
		{"a wrong method", "DELETE", "/v1/events", "", "", 405, MethodNotAllowed, "", "GET, HEAD, POST"},
		{"a wrong method on a call of the daemon", "GET", "/v1/echo", "", "", 405, MethodNotAllowed, "", "POST"},
		{"an unknown account", "GET", "/v1/status?account=nobody", "", "", 404, NotFound, "account", "nobody"},
		{"an account to watch that is not there", "GET", "/v1/watch?account=nobody", "", "", 404, NotFound, "account", "nobody"},
		{"an account that is no name", "GET", "/v1/status?account=a%20b", "", "", 400, Invalid, "account", "not an account name"},
		{"a mistyped parameter", "GET", "/v1/status?acount=a", "", "", 400, Invalid, "acount", "takes account"},
		{"a parameter given twice", "GET", "/v1/status?account=a&account=b", "", "", 400, Invalid, "account", "2 times"},
		{"a query that is badly escaped", "GET", "/v1/status?account=%zz", "", "", 400, Invalid, "", "escaped"},
		{"a time that is none", "GET", "/v1/events?since=yesterday", "", "", 400, Invalid, "since", "RFC 3339"},
		{"an empty time", "GET", "/v1/notices?since=", "", "", 400, Invalid, "since", "RFC 3339"},
		{"a limit that is none", "GET", "/v1/events?limit=-1", "", "", 400, Invalid, "limit", "above 0"},
		{"a call of the daemon with bad JSON", "POST", "/v1/echo", "", "[]", 400, Invalid, "", "not an array"},
	} {
		t.Run(c.name, func(t *testing.T) {
			status, head, body := ask(t, serve(t, &memory{}), c.method, c.target, c.mediaType, strings.NewReader(c.body))
			var got envelope
			if err := json.Unmarshal([]byte(body), &got); err != nil || got.Error == nil {
				t.Fatalf("%d %s: %v", status, body, err)
			}
			e := got.Error
			if status != c.status || e.Code != c.code || e.Field != c.field || !strings.Contains(e.Message, c.words) {
				t.Errorf("got %d %+v", status, e)
			}
			if ct := head.Get(contentType); ct != "application/json" {
				t.Errorf("Content-Type %q", ct)
			}
			if allow := head.Get("Allow"); (allow != "") != (status == 405) || status == 405 && allow != c.words {
				t.Errorf("Allow %q", allow)
			}
		})
	}
}

func TestBodyOverTheLimit(t *testing.T) {
	socket := serve(t, &memory{})
	fits := `{"id":"a","note":"` + strings.Repeat("x", MaxBody-20) + `"}`
	for _, c := range []struct {
		name, mediaType string
		body            io.Reader
		status          int
	}{
		{"a body that just fits", "", strings.NewReader(fits), 200},
		{"a byte more", "", strings.NewReader(fits + " "), 413},
		{"a byte more, of untold length", "", io.MultiReader(strings.NewReader(fits), strings.NewReader(" ")), 413},
		{"a body without end", ndjson, endless{}, 413},
		{"as many lines as are taken", ndjson, strings.NewReader(strings.Repeat("{}\n", MaxLines)), 200},
		{"a line more", ndjson, strings.NewReader(strings.Repeat("{}\n", MaxLines) + "{}"), 413},
		{"blank lines do not count", ndjson, strings.NewReader(strings.Repeat("\n", 2*MaxLines) + "{}"), 200},
	} {
		t.Run(c.name, func(t *testing.T) {
			req, _ := http.NewRequest("POST", "http://quotad/v1/events", c.body)
			req.Header.Set(contentType, c.mediaType)
			req.Header.Set("Expect", "100-continue")
			client := httpClient(t, socket)
			client.Transport.(*http.Transport).ExpectContinueTimeout = 5 * time.Second
			resp, err := client.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			text, _ := io.ReadAll(resp.Body)
			if resp.StatusCode != c.status || c.status == 413 && !strings.Contains(string(text), `"code":"too_large"`) {
				t.Errorf("got %d %.200s", resp.StatusCode, text)
			}
		})
	}
}

func TestOneWhoSendsAllBeforeReadingIsToldWhyItIsRefused(t *testing.T) {
	socket := serve(t, &memory{})
	body := strings.Repeat(strings.Repeat(" ", 1023)+"\n", 9<<10)
	chunked := fmt.Sprintf("Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", len(body), body)
	length := fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(body), body)
	for _, c := range []struct{ name, target, mediaType, rest, answer string }{
		{"one event of 9 MiB", "/v1/events", "application/json", length, "413 Request Entity Too Large"},
		{"lines of 9 MiB", "/v1/events", ndjson, length, "413 Request Entity Too Large"},
		{"lines of 9 MiB, their length untold", "/v1/events", ndjson, chunked, "413 Request Entity Too Large"},
		{"9 MiB of an unknown type", "/v1/events", "text/plain", length, "415 Unsupported Media Type"},
		{"9 MiB under a wrong parameter", "/v1/events?x=y", ndjson, length, "400 Bad Request"},
	} {
		t.Run(c.name, func(t *testing.T) {
			conn := connect(t, socket)
			conn.SetDeadline(time.Now().Add(20 * time.Second))
			if _, err := fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: q\r\nContent-Type: %s\r\n%s", c.target, c.mediaType, c.rest); err != nil {
				t.Fatalf("broken off while it was sending: %v", err)
			}
			resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				t.Fatal(err)
			}
			if text, _ := io.ReadAll(resp.Body); resp.Status != c.answer || !strings.Contains(string(text), `"error":{"code"`) {
				t.Errorf("got %s %.200s", resp.Status, text)
			}
		})
	}
}

func TestTheRestOfARefusedBodyIsBounded(t *testing.T) {
	conn := connect(t, serve(t, &memory{}))
	conn.SetDeadline(time.Now().Add(20 * time.Second))
	fmt.Fprintf(conn, "POST /v1/events HTTP/1.1\r\nHost: q\r\nContent-Length: %d\r\n\r\n", int64(1)<<40)
	sent, err := io.Copy(conn, io.LimitReader(endless{}, 2*maxRest))
	if err == nil || sent < maxRest || sent > maxRest+MaxBody {
		t.Errorf("%d bytes were taken, %v", sent, err)
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = '\n'
	}
	return len(p), nil
}

func TestNothingCanBeStored(t *testing.T) {
	socket := serve(t, &memory{fail: errDiskFull})
	for _, c := range []struct{ method, target, body string }{{"POST", "/v1/events", "{}"}, {"GET", "/healthz", ""}} {
		status, head, body := ask(t, socket, c.method, c.target, "", strings.NewReader(c.body))
		if status != 503 || head.Get("Retry-After") != "1" || !strings.Contains(body, `"code":"unavailable","message":"no space left on device"`) {
			t.Errorf("%s: got %d, Retry-After %q, %s", c.target, status, head.Get("Retry-After"), body)
		}
	}
}

func TestReads(t *testing.T) {
	m := &memory{
		events: []quota.Event{
			{ID: "a", At: testNow.Add(-2 * time.Hour)}, {ID: "b", At: testNow.Add(-time.Hour), Account: "work"}, {ID: "c", At: testNow}},
		notices: []Notice{{Notice: quota.Notice{Kind: quota.NoticeExhausted, At: testNow}, Delivered: "desktop"}},
	}
	for i := range m.events {
		m.events[i] = m.events[i].Normalize(testNow)
	}
	socket := serve(t, m)
	for _, c := range []struct{ name, method, target, mediaType, has, hasNot string }{
		{"the status", "GET", "/v1/status", "application/json", `"schema":1,"now":"2026-11-23T06:30:00.123Z","accounts":[{`, ""},
		{"the status of one", "GET", "/v1/status?account=default", "application/json", `"account":"default"`, ""},
		{"all events", "GET", "/v1/events", ndjson, `{"id":"a","kind":"prompt","at":"2026-11-23T04:30:00.123Z","account":"default","count":1}` + "\n" + `{"id":"b"`, ""},
		{"events of an account", "GET", "/v1/events?account=work", ndjson, `"b"`, `"a"`},
		{"events from an instant on, its + unescaped", "GET", "/v1/events?since=2026-11-23T14:30:00+08:00", ndjson, `"c"`, `"b"`},
		{"events before an instant", "GET", "/v1/events?until=2026-11-23T06:30:00.123Z", ndjson, `"b"`, `"c"`},
		{"the oldest few events", "GET", "/v1/events?limit=2", ndjson, `"b"`, `"c"`},
		{"no event", "GET", "/v1/events?since=2027-01-01T00:00:00Z", ndjson, ``, `{`},
		{"notices", "GET", "/v1/notices?since=2026-11-23T00:00:00Z", ndjson, `"notice":"exhausted"`, ""},
		{"what became of a notice", "GET", "/v1/notices", ndjson, `"delivered":"desktop"`, ""},
		{"health", "GET", "/healthz", "application/json", `"ok"`, ""},
		{"metrics", "GET", "/metrics", "text/plain; version=0.0.4; charset=utf-8", "quotad_events_total 3\n", ""},
		{"metrics of the server itself", "GET", "/metrics", "text/plain; version=0.0.4; charset=utf-8", "# TYPE quotad_connections gauge\nquotad_connections ", ""},
		{"HEAD of the status", "HEAD", "/v1/status", "application/json", "", "{"},
		{"HEAD of the events", "HEAD", "/v1/events", ndjson, "", "{"},
		{"HEAD of the stream, which ends", "HEAD", "/v1/watch", "text/event-stream", "", "event"},
		{"a call that the daemon adds", "POST", "/v1/echo", ndjson, "null\nnull\n", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			status, head, body := ask(t, socket, c.method, c.target, "", nil)
			if status != 200 || head.Get(contentType) != c.mediaType || !strings.Contains(body, c.has) || c.hasNot != "" && strings.Contains(body, c.hasNot) {
				t.Errorf("got %d %s %s", status, head.Get(contentType), body)
			}
		})
	}
}

func TestAStreamThatFails(t *testing.T) {
	m := &memory{fail: errors.New("page 7 is damaged")}
	socket := serve(t, m)
	status, _, body := ask(t, socket, "GET", "/v1/events", "", nil)
	if status != 500 || !strings.Contains(body, `{"error":{"code":"internal","message":"page 7 is damaged"}}`) {
		t.Errorf("before its first piece: %d %s", status, body)
	}
	for range 1000 {
		m.events = append(m.events, quota.Event{ID: strings.Repeat("x", 100), At: testNow})
	}
	resp, err := httpClient(t, socket).Get("http://quotad/v1/events")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err == nil {
		t.Error("after its first piece: a part was passed off for the whole")
	}
}

func TestAPanicIsNoAcknowledgement(t *testing.T) {
	socket := serve(t, &memory{})
	if resp, err := httpClient(t, socket).Post("http://quotad/v1/panic", "", nil); err == nil {
		t.Errorf("answered %s", resp.Status)
	}
	if status, _, _ := ask(t, socket, "GET", "/healthz", "", nil); status != 200 {
		t.Errorf("afterwards %d", status)
	}
}

func TestExtraCallsAreChecked(t *testing.T) {
	for _, key := range []string{"/v1/x", "GET v1/x", "GET /v1/status", "HEAD /v1/status"} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%q was taken", key)
				}
			}()
			NewServer(Config{Backend: &memory{}, Extra: map[string]http.Handler{key: http.NotFoundHandler()}})
		}()
	}
}

func TestAnotherUserIsForbidden(t *testing.T) {
	for _, v := range []verdict{otherUser, unidentified} {
		m := &memory{}
		socket := serve(t, m, func(s *Server) { s.peer = func(net.Conn) verdict { return v } })
		for _, c := range []struct{ method, target, body string }{{"POST", "/v1/events", "{}"}, {"GET", "/v1/status", ""}, {"GET", "/nowhere", ""}} {
			status, _, body := ask(t, socket, c.method, c.target, "", strings.NewReader(c.body))
			if status != 403 || !strings.Contains(body, `"code":"forbidden"`) {
				t.Errorf("%s: got %d %s", c.target, status, body)
			}
		}
		if len(m.events) != 0 {
			t.Error("an event was recorded")
		}
	}
}

func TestWhoIsAdmitted(t *testing.T) {
	for _, c := range []struct {
		name     string
		peer     int
		known    bool
		self     int
		stranger int // what a namespace shows users as that it does not know
		want     verdict
	}{
		{"the same user", 1000, true, 1000, allKnown, admitted},
		{"root", 0, true, 1000, allKnown, admitted},
		{"another user", 1001, true, 1000, allKnown, otherUser},
		{"another user, where the daemon is root's", 1000, true, 0, allKnown, otherUser},
		{"somebody", 0, false, 1000, allKnown, unidentified},
		{"nobody is a user like another", 65534, true, 65534, allKnown, admitted},
		{"the same user, in a sandbox", 1000, true, 1000, 65534, admitted},
		{"any other, root too, in a sandbox", 65534, true, 1000, 65534, unmapped},
		{"any at all, in a sandbox of nobody's", 65534, true, 65534, 65534, unmapped},
		{"root, in a namespace that knows it", 0, true, 1000, 65534, admitted},
	} {
		if got := judge(c.peer, c.known, c.self, c.stranger); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

func TestWhatAUserNamespaceKnows(t *testing.T) {
	for _, c := range []struct {
		name, users string
		want        bool
	}{
		{"the first one knows all", "         0          0 4294967295\n", true},
		{"that of the service's sandbox knows one", "      1000       1000          1\n", false},
		{"that of a container knows many", "0 1000 1\n1 100000 65536\n", false},
		{"all in two parts", "0 0 1000\n1000 1000 4294966295\n", true},
		{"a new one knows none", "", false},
		{"what cannot be read promises nothing", "0 0\n", false},
	} {
		if got := knowsAll(c.users); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}
