package api

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// Requests of strange shapes, as sent on one connection: what each is answered,
// in order, and how many events come of it. A front that reads such a request
// otherwise than the server does could be made to hide one in another.
func TestRequestsOfStrangeShapes(t *testing.T) {
	const post, event = "POST /v1/events HTTP/1.1\r\nHost: q\r\n", `{"id":"x"}`
	hidden := "POST /v1/events HTTP/1.1\r\nHost: q\r\nContent-Length: 15\r\n\r\n{\"id\":\"hidden\"}"
	for _, c := range []struct {
		name, sends string
		answers     string // statuses; then the connection is closed by the server
		events      int
	}{
		{"several requests at once", post + "Content-Length: 10\r\n\r\n" + event + "GET /healthz HTTP/1.1\r\nHost: q\r\n\r\n" + hidden, "200 200 200", 2},
		{"a body in chunks", post + "Transfer-Encoding: chunked\r\n\r\n4\r\n{\"id\r\n6;x=y\r\n\":\"x\"}\r\n0\r\n\r\n", "200", 1},
		{"a body that waits for a nod", post + "Expect: 100-continue\r\nContent-Length: 10\r\n\r\n" + event, "100 200", 1},
		{"a body that waits for what is not known", post + "Expect: miracle\r\nContent-Length: 10\r\n\r\n" + event, "417", 0},
		{"HTTP/1.0", "POST /v1/events HTTP/1.0\r\nContent-Length: 10\r\n\r\n" + event, "200", 1},
		{"HTTP/1.0 that would stay", "GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /healthz HTTP/1.0\r\n\r\n", "200 200", 0},
		{"HTTP/0.9", "GET /healthz\r\n\r\n", "400", 0},
		{"HTTP/2 from the start", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "404", 0},
		{"HTTP/2 by upgrade", "GET /healthz HTTP/1.1\r\nHost: q\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n\r\n", "200", 0},
		{"HTTP/9.9", "GET /healthz HTTP/9.9\r\nHost: q\r\n\r\n", "505", 0},
		{"lines that end without CR", "GET /healthz HTTP/1.1\nHost: q\n\n", "200", 0},
		{"no Host", "GET /healthz HTTP/1.1\r\n\r\n", "400", 0},
		{"two Hosts", "GET /healthz HTTP/1.1\r\nHost: q\r\nHost: p\r\n\r\n", "400", 0},
		{"an absolute URL", "GET http://quotad/healthz HTTP/1.1\r\nHost: q\r\n\r\n", "200", 0},
		{"an absolute URL of a page's host", "GET http://evil.example/healthz HTTP/1.1\r\nHost: q\r\n\r\n", "403", 0},
		{"a tunnel", "CONNECT q:80 HTTP/1.1\r\nHost: q:80\r\n\r\n", "404", 0},
		{"a star", "OPTIONS * HTTP/1.1\r\nHost: q\r\n\r\n", "404", 0},
		{"a path that goes up", "GET /x/../v1/status HTTP/1.1\r\nHost: q\r\n\r\n", "404", 0},
		{"a path with an escaped slash", "GET /v1%2fstatus HTTP/1.1\r\nHost: q\r\n\r\n", "200", 0},
		{"a method that is no word", "G(T /healthz HTTP/1.1\r\nHost: q\r\n\r\n", "400", 0},
		{"a space before the colon", post + "Content-Length : 10\r\n\r\n" + event, "400", 0},
		{"a header that goes on in the next line", "GET /healthz HTTP/1.1\r\nHost: q\r\nX: a\r\n b\r\n\r\n", "200", 0},
		{"a header that begins with a fold", "GET /healthz HTTP/1.1\r\n X: a\r\nHost: q\r\n\r\n", "400", 0},
		{"a header without a colon", "GET /healthz HTTP/1.1\r\nHost: q\r\nnothing\r\n\r\n", "400", 0},
		{"a NUL in a header", "GET /healthz HTTP/1.1\r\nHost: q\r\nX: a\x00b\r\n\r\n", "400", 0},
		{"a header's name of 20 KiB", "GET /healthz HTTP/1.1\r\nHost: q\r\n" + strings.Repeat("x", 20<<10) + ": 1\r\n\r\n", "431", 0},
		{"10,000 headers", "GET /healthz HTTP/1.1\r\nHost: q\r\n" + strings.Repeat("x:1\r\n", 10_000) + "\r\n", "431", 0},
		{"a URL of 64 KiB", "GET /" + strings.Repeat("x", 64<<10) + " HTTP/1.1\r\nHost: q\r\n\r\n", "431", 0},
		{"a length and chunks at once: the chunks count (RFC 9112, 6.3)", post + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\na\r\n" + event + "\r\n0\r\n\r\n" + hidden, "200 200", 2},
		{"two lengths", post + "Content-Length: 10\r\nContent-Length: 0\r\n\r\n" + event + hidden, "400", 0},
		{"two lengths in one line", post + "Content-Length: 10, 0\r\n\r\n" + event, "400", 0},
		{"a length below nothing", post + "Content-Length: -1\r\n\r\n" + event, "400", 0},
		{"a length with a sign", post + "Content-Length: +10\r\n\r\n" + event, "400", 0},
		{"a length beyond all numbers", post + "Content-Length: 99999999999999999999\r\n\r\n" + event, "400", 0},
		{"chunks in another coding", post + "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" + hidden, "501", 0},
		{"chunks in disguise", post + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + hidden, "501", 0},
		{"chunks twice", post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + hidden, "501", 0},
		{"a chunk of no size", post + "Transfer-Encoding: chunked\r\n\r\nzz\r\n" + hidden, "400", 0},
		{"a chunk that is larger than it says", post + "Transfer-Encoding: chunked\r\n\r\n4\r\n{\"id\":\"x\"}\r\n0\r\n\r\n" + hidden, "400", 0},
		{"a chunk of a size beyond all numbers", post + "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n" + hidden, "400", 0},
		{"words after chunks that are headers", post + "Transfer-Encoding: chunked\r\nTrailer: Content-Length\r\n\r\na\r\n" + event + "\r\n0\r\nContent-Length: 5\r\n\r\n", "400", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			m := &memory{}
			socket := serve(t, m)
			conn := connect(t, socket)
			conn.SetDeadline(time.Now().Add(20 * time.Second))
			go io.WriteString(conn, c.sends)
			in := bufio.NewReader(conn)
			var got []string
			for range strings.Fields(c.answers) {
				resp, err := http.ReadResponse(in, &http.Request{Method: "GET"})
				if err != nil {
					t.Fatalf("after %v: %v", got, err)
				}
				io.Copy(io.Discard, resp.Body)
				got = append(got, fmt.Sprint(resp.StatusCode))
			}
			if strings.Join(got, " ") != c.answers || len(m.events) != c.events {
				t.Errorf("answered %v, %d events", got, len(m.events))
			}
			if last := got[len(got)-1]; last >= "400" && last != "404" && last != "417" {
				if rest, err := io.ReadAll(in); len(rest) > 0 {
					t.Errorf("and then %.200q, %v", rest, err)
				}
			}
			if !answers(connect(t, socket), healthRequest) {
				t.Error("others are not answered")
			}
		})
	}
}

// Half a request, broken off anywhere, is none.
func TestHalfARequestIsNone(t *testing.T) {
	const whole = "POST /v1/events HTTP/1.1\r\nHost: q\r\nContent-Length: 10\r\n\r\n{\"id\":\"x\"}"
	m := &memory{}
	socket := serve(t, m)
	for n := range len(whole) {
		conn := connect(t, socket)
		io.WriteString(conn, whole[:n])
		conn.Close()
	}
	if !answers(connect(t, socket), whole) || len(m.events) != 1 {
		t.Errorf("%d events", len(m.events))
	}
}
