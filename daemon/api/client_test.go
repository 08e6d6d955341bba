package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"quotad/quota"
)

func environment(pairs ...string) func(string) string {
	m := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i]] = pairs[i+1]
	}
	return func(name string) string { return m[name] }
}

func TestSockets(t *testing.T) {
	for _, c := range []struct {
		name string
		env  func(string) string
		want []string
	}{
		{"a named socket alone", environment("QUOTAD_SOCKET", "/x/s", "XDG_RUNTIME_DIR", "/run/user/7", "HOME", "/home/u"), []string{"/x/s"}},
		{"the runtime folder, then the state folder", environment("XDG_RUNTIME_DIR", "/rt", "HOME", "/home/u"),
			[]string{"/rt/quotad/quotad.sock", "/home/u/.local/state/quotad/quotad.sock"}},
		{"without a runtime folder, the usual one", environment("HOME", "/home/u", "XDG_STATE_HOME", "/st"),
			[]string{"/run/user/7/quotad/quotad.sock", "/st/quotad/quotad.sock"}},
		{"a relative runtime folder is none", environment("XDG_RUNTIME_DIR", "rt", "QUOTAD_STATE_DIR", "/mine"),
			[]string{"/run/user/7/quotad/quotad.sock", "/mine/quotad.sock"}},
		{"nothing at all", environment(), []string{"/run/user/7/quotad/quotad.sock"}},
	} {
		if got := Sockets(c.env, 7); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func TestStartCommand(t *testing.T) {
	there := func(paths ...string) func(string) bool {
		return func(p string) bool { return strings.Contains("|"+strings.Join(paths, "|")+"|", "|"+p+"|") }
	}
	env := environment("HOME", "/home/u", "XDG_RUNTIME_DIR", "/rt")
	for _, c := range []struct {
		name   string
		exists func(string) bool
		want   string
	}{
		{"an installed unit is started", there("/home/u/.config/systemd/user/quotad.service", "/rt/systemd/private"), "systemctl --user start quotad"},
		{"a packaged unit too", there("/usr/lib/systemd/user/quotad.service"), "systemctl --user start quotad"},
		{"a user manager without the unit takes it", there("/rt/systemd/private"), "quotad service install"},
		{"without a user manager it is run by hand", there(), "quotad run"},
	} {
		if got := startCommand(env, c.exists); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func TestZeroClientFindsTheDaemonByTheEnvironment(t *testing.T) {
	t.Setenv("QUOTAD_SOCKET", serve(t, &memory{}))
	var c Client
	if err := c.Healthy(context.Background()); err != nil {
		t.Error(err)
	}
}

func TestClientGoesOnToTheNextSocket(t *testing.T) {
	c := Client{Sockets: []string{filepath.Join(shortDir(t), "none"), serve(t, &memory{})}}
	if err := c.Healthy(context.Background()); err != nil {
		t.Error(err)
	}
}

func TestNoDaemon(t *testing.T) {
	dir := shortDir(t)
	missing, dead := filepath.Join(dir, "missing"), filepath.Join(dir, "dead")
	ln, err := net.ListenUnix("unix", &net.UnixAddr{Name: dead, Net: "unix"})
	must(t, err)
	ln.SetUnlinkOnClose(false)
	ln.Close()
	c := Client{Sockets: []string{missing, dead}}
	err = c.Healthy(context.Background())
	var none *NoDaemonError
	if !errors.As(err, &none) || !reflect.DeepEqual(none.Tried, c.Sockets) || none.Hint() == "" {
		t.Fatalf("got %v", err)
	}
	if want := "no daemon answers at " + missing + " or " + dead; !strings.HasPrefix(err.Error(), want) || !strings.Contains(err.Error(), "refused") {
		t.Errorf("got %q", err)
	}
	c.Sockets = []string{"/" + strings.Repeat("x", 120)}
	if err := (&Client{Sockets: c.Sockets}).Healthy(context.Background()); !errors.As(err, &none) || !strings.Contains(err.Error(), "at most 107") {
		t.Errorf("a path that is too long: %v", err)
	}
	for _, err := range c.Events(context.Background(), EventQuery{}, 0) {
		if !errors.As(err, &none) {
			t.Errorf("a stream gave %v", err)
		}
	}
}

func TestClientSpeaksTheServersLanguage(t *testing.T) {
	m := &memory{notices: []Notice{{Notice: quota.Notice{Kind: quota.NoticeRefreshed, At: testNow}, Delivered: "pending"}}}
	c := &Client{Sockets: []string{serve(t, m)}}
	ctx := context.Background()
	results, err := c.Record(ctx, quota.Event{ID: "a", At: testNow}, quota.Event{At: testNow.Add(-time.Hour), Session: "s"}, quota.Event{ID: "a", At: testNow},
		quota.Event{ID: "late", At: testNow.Add(time.Hour)})
	must(t, err)
	var got []string
	for _, r := range results {
		got = append(got, fmt.Sprint(r.Status, r.Seq, r.Line, r.Error != nil))
	}
	if want := "recorded1 0 false recorded2 0 false duplicate1 0 false rejected0 4 true"; strings.Join(got, " ") != want {
		t.Errorf("got %q", got)
	}
	if len(results[1].ID) != 26 {
		t.Errorf("no id was minted: %+v", results[1])
	}
	var events []quota.Event
	for e, err := range c.Events(ctx, EventQuery{Since: testNow.Add(-2 * time.Hour), Until: testNow}, 5) {
		must(t, err)
		events = append(events, e)
	}
	if len(events) != 1 || events[0].Session != "s" || events[0].ID != results[1].ID {
		t.Errorf("got %+v", events)
	}
	doc, err := c.Status(ctx, "default")
	if err != nil || !doc.Now.Equal(testNow) || doc.Accounts[0].Binding != "2" {
		t.Errorf("got %+v, %v", doc, err)
	}
	for n, err := range c.Notices(ctx, testNow) {
		if err != nil || n.Delivered != "pending" || n.Kind != quota.NoticeRefreshed {
			t.Errorf("got %+v, %v", n, err)
		}
	}
	var lines []string
	for line, err := range c.PostStream(ctx, "/v1/echo", map[string]int{"a": 1}) {
		must(t, err)
		lines = append(lines, string(line))
	}
	if fmt.Sprint(lines) != `[{"a":1} {"a":1}]` {
		t.Errorf("got %q", lines)
	}
}

func TestClientGivesBackTheServersError(t *testing.T) {
	c := &Client{Sockets: []string{serve(t, &memory{fail: errDiskFull})}}
	_, err := c.Record(context.Background(), quota.Event{At: testNow})
	var e *Error
	if !errors.As(err, &e) || e.Code != Unavailable || e.Message != errDiskFull.Error() {
		t.Errorf("got %v", err)
	}
	_, err = c.Status(context.Background(), "nobody")
	if !errors.As(err, &e) || e.Code != NotFound || e.Field != "account" {
		t.Errorf("got %v", err)
	}
	if err := c.Post(context.Background(), "/v1/nowhere", nil, nil); !errors.As(err, &e) || e.Code != NotFound {
		t.Errorf("got %v", err)
	}
}

func TestClientSendsManyEventsInSeveralRequests(t *testing.T) {
	m := &memory{}
	c := &Client{Sockets: []string{serve(t, m)}}
	events := make([]quota.Event, MaxLines+5)
	for i := range events {
		events[i] = quota.Event{ID: fmt.Sprint(i), At: testNow}
	}
	results, err := c.Record(context.Background(), events...)
	if err != nil || len(results) != len(events) || m.batches != 2 {
		t.Errorf("%d results, %d requests, %v", len(results), m.batches, err)
	}
	m.batches = 0
	for i := range events[:6000] {
		events[i] = quota.Event{ID: fmt.Sprint("long", i), At: testNow, Project: strings.Repeat("p", 1000), Session: strings.Repeat("s", 1000)}
	}
	results, err = c.Record(context.Background(), events[:6000]...)
	if err != nil || len(results) != 6000 || m.batches != 2 {
		t.Errorf("long ones: %d results, %d requests, %v", len(results), m.batches, err)
	}
}

func TestClientGivesUpAfterItsTimeout(t *testing.T) {
	path := filepath.Join(shortDir(t), "s")
	ln, err := net.Listen("unix", path) // it takes connections, and says nothing
	must(t, err)
	defer ln.Close()
	c := &Client{Sockets: []string{path}, Timeout: 50 * time.Millisecond}
	if err := c.Healthy(context.Background()); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestErrorIsOneSentenceWithItsField(t *testing.T) {
	e := InvalidField("count", "a number was expected")
	text, _ := json.Marshal(envelope{e})
	if string(text) != `{"error":{"code":"invalid","message":"a number was expected","field":"count"}}` || e.Error() != "count: a number was expected" {
		t.Errorf("%s, %s", text, e)
	}
}
