package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"quotad/config"
	"quotad/daemon/api"
	"quotad/quota"
)

// reply is a whole answer of the daemon.
type reply struct {
	status int
	header http.Header
	text   string
}

// callDaemon makes one call. An error says that there was no whole answer.
func callDaemon(client *http.Client, method, path, media string, body io.Reader) (reply, error) {
	req, err := http.NewRequest(method, "http://quotad"+path, body)
	if err != nil {
		return reply{}, err
	}
	if media != "" {
		req.Header.Set("Content-Type", media)
	}
	resp, err := client.Do(req)
	if err != nil {
		return reply{}, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return reply{resp.StatusCode, resp.Header, string(text)}, err
}

// get expects 200.
func (h *daemonHome) get(path string) string {
	h.t.Helper()
	a, err := callDaemon(h.client, http.MethodGet, path, "", nil)
	if err != nil || a.status != http.StatusOK {
		h.t.Fatalf("GET %s: %d %s %v", path, a.status, a.text, err)
	}
	return a.text
}

// post sends events, one as an object, several as lines.
func (h *daemonHome) post(events ...quota.Event) reply {
	h.t.Helper()
	a, err := sendEvents(h.client, events)
	if err != nil {
		h.t.Fatalf("POST /v1/events: %v", err)
	}
	return a
}

func sendEvents(client *http.Client, events []quota.Event) (reply, error) {
	media := object
	if len(events) != 1 {
		media = ndjson
	}
	var body bytes.Buffer
	for _, e := range events {
		body.Write(api.EncodeEvent(e))
	}
	return callDaemon(client, http.MethodPost, "/v1/events", media, &body)
}

// accepted gives the results of a 200.
func (a reply) accepted(t *testing.T) []api.Result {
	t.Helper()
	var got api.Results
	if err := json.Unmarshal([]byte(a.text), &got); err != nil || a.status != http.StatusOK {
		t.Fatalf("%d %s (%v)", a.status, a.text, err)
	}
	return got.Results
}

// complaint gives the error of an answer with this status.
func (a reply) complaint(t *testing.T, status int) api.Error {
	t.Helper()
	var got struct{ Error api.Error }
	if err := json.Unmarshal([]byte(a.text), &got); err != nil || a.status != status || got.Error.Message == "" {
		t.Fatalf("%d %s (%v); %d with an error was expected", a.status, a.text, err, status)
	}
	if got := a.header.Get("Content-Type"); got != object {
		t.Errorf("the error is of the type %q", got)
	}
	return got.Error
}

// events lists what the daemon has.
func (h *daemonHome) events() []quota.Event {
	h.t.Helper()
	var list []quota.Event
	for line := range strings.Lines(h.get("/v1/events")) {
		e, bad := api.DecodeEvent([]byte(line), time.Time{})
		if bad != nil {
			h.t.Fatalf("listed: %s: %v", line, bad)
		}
		list = append(list, e)
	}
	return list
}

// ids counts how often each id is listed.
func (h *daemonHome) ids() map[string]int {
	h.t.Helper()
	ids := map[string]int{}
	for _, e := range h.events() {
		ids[e.ID]++
	}
	return ids
}

// checkCounters holds the status against a fold of the events listed. Nobody
// may be sending.
func (h *daemonHome) checkCounters() {
	h.t.Helper()
	settings, err := config.Load(h.config, true)
	if err != nil {
		h.t.Fatal(err)
	}
	var got quota.Statuses
	if err := json.Unmarshal([]byte(h.get("/v1/status?account=default")), &got); err != nil {
		h.t.Fatal(err)
	}
	ledger := quota.Ledger{Meter: &quota.Meter{Account: settings.Account("default"), Rules: settings.Rules, Prices: settings.Money.PriceTable()}}
	book := quota.NewMemBook()
	for _, e := range h.events() {
		if _, err := book.Put(e); err != nil {
			h.t.Fatal(err)
		}
	}
	if err := ledger.Rebuild(book, time.Time{}); err != nil {
		h.t.Fatal(err)
	}
	want := ledger.State.At(ledger.Meter, settings.Notices, got.Now)
	if g, w := asJSON(h.t, got.Accounts[0]), asJSON(h.t, want); g != w {
		h.t.Errorf("the status is not what the events give, from where they differ:\n%s", difference(g, w))
	}
}

// difference is what two texts have from where they differ on.
func difference(a, b string) string {
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	n = max(n-40, 0)
	return fmt.Sprintf("%.100s\n%.100s", a[n:], b[n:])
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// verify runs quotad verify, which has to find nothing.
func (h *daemonHome) verify() {
	h.t.Helper()
	if out, err := h.command("verify").CombinedOutput(); err != nil {
		h.t.Errorf("verify: %v\n%s", err, out)
	}
}
