package api

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

// What a bridge (socat TCP-LISTEN:8080,fork UNIX-CONNECT:...) would hand on of a
// browser's requests, and of those of programs.
func TestNoWebPageIsAnswered(t *testing.T) {
	m := &memory{}
	socket := serve(t, m)
	for _, c := range []struct {
		name, head string
		status     int
	}{
		{"curl as the README has it", "Host: quotad", 200},
		{"a script under a name of its own choice", "Host: x", 200},
		{"a program through a bridge", "Host: localhost:8080", 200},
		{"a program through a bridge, by address", "Host: 127.0.0.1:8080", 200},
		{"a program through a bridge, by an address of IPv6", "Host: [::1]:8080", 200},
		{"a name under localhost", "Host: quotad.localhost", 200},
		{"what a person typed into a browser", "Host: localhost:8080\r\nSec-Fetch-Site: none\r\nSec-Fetch-Mode: navigate", 200},
		{"a page's fetch", "Host: localhost:8080\r\nOrigin: https://evil.example\r\nSec-Fetch-Site: cross-site", 403},
		{"a page's form, in a browser without Sec-Fetch", "Host: 127.0.0.1:8080\r\nOrigin: http://evil.example\r\nContent-Type: application/x-www-form-urlencoded", 403},
		{"a page in a frame without an origin", "Host: localhost:8080\r\nOrigin: null", 403},
		{"an origin that is empty", "Host: localhost:8080\r\nOrigin:", 403},
		{"an image or a link of a page", "Host: localhost:8080\r\nSec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: no-cors", 403},
		{"a page of another port here", "Host: localhost:8080\r\nSec-Fetch-Site: same-site", 403},
		{"a page whose name was bound to our address", "Host: evil.example:8080", 403},
		{"the same with the root's dot", "Host: evil.example.", 403},
		{"the same in capitals", "Host: EVIL.EXAMPLE", 403},
		{"a name that only looks like an address", "Host: 127.0.0.1.evil.example", 403},
		{"a name that only ends as ours", "Host: evil-localhost.example", 403},
		{"a web socket", "Host: localhost:8080\r\nOrigin: http://localhost:8080\r\nConnection: Upgrade\r\nUpgrade: websocket", 403},
	} {
		for _, call := range []string{"GET /v1/status", "GET /v1/events", "GET /v1/watch", "GET /metrics", "OPTIONS /v1/events", "OPTIONS *", "GET /nowhere", "POST /v1/events"} {
			t.Run(c.name+": "+call, func(t *testing.T) {
				if c.status == 200 && call != "GET /v1/status" && call != "POST /v1/events" {
					t.Skip("what is answered is tested elsewhere")
				}
				before := len(m.events)
				conn := connect(t, socket)
				fmt.Fprintf(conn, "%s HTTP/1.1\r\n%s\r\nContent-Length: 2\r\n\r\n{}", call, c.head)
				resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
				must(t, err)
				body, _ := io.ReadAll(resp.Body)
				if resp.StatusCode != c.status || c.status == 403 && !strings.Contains(string(body), `"code":"forbidden"`) {
					t.Errorf("%d %s", resp.StatusCode, body)
				}
				if c.status == 403 && (len(m.events) != before || resp.Header.Get("Access-Control-Allow-Origin") != "") {
					t.Error("a page was let in")
				}
			})
		}
	}
}

func TestAClientOfHTTP10NamesNoHost(t *testing.T) {
	conn := connect(t, serve(t, &memory{}))
	fmt.Fprint(conn, "GET /v1/status HTTP/1.0\r\n\r\n")
	text, _ := until(conn)
	if !strings.HasPrefix(text, "HTTP/1.0 200") {
		t.Errorf("%.200q", text)
	}
}
