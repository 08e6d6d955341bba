package fakemodel

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// apis are the calls that the tools make, each offering a function in its way.
var apis = map[string]string{
	"/api/anthropic/v1/messages":                     `{"stream":true,"tools":[{"name":"shell"}]}`,
	"/api/coding/paas/v4/chat/completions":           `{"stream":true,"tools":[{"type":"function","function":{"name":"shell"}}]}`,
	"/api/v1/responses":                              `{"stream":true,"tools":[{"type":"function","name":"shell"}]}`,
	"/v1beta/models/m:streamGenerateContent?alt=sse": `{"tools":[{"functionDeclarations":[{"name":"shell"}]}]}`,
}

func TestEveryAPIAnswers(t *testing.T) {
	s := start(t)
	for path, body := range apis {
		for _, text := range []string{body, strings.Replace(body, `"stream":true,`, "", 1)} {
			if status, got := post(t, s, path, text); status != http.StatusOK || !strings.Contains(got, Reply) {
				t.Errorf("%s %s: %d %s", path, text, status, got)
			}
		}
	}
	if n := len(s.Requests()); n != 2*len(apis) || len(s.Requests()) != 0 {
		t.Errorf("%d requests were kept", n)
	}
}

func TestFunctionIsCalledOnce(t *testing.T) {
	s := start(t)
	for path, body := range apis {
		s.CallTool(ToolCall{Names: []string{"other", "shell"}, Args: map[string]any{"command": "true"}})
		if _, got := post(t, s, path, `{"tools":[]}`); strings.Contains(got, "shell") || s.ToolCalled() {
			t.Errorf("%s: called what was not offered: %s", path, got)
		}
		if _, got := post(t, s, path, body); !strings.Contains(got, `"shell"`) || !strings.Contains(got, "command") || !s.ToolCalled() {
			t.Errorf("%s: not called: %s", path, got)
		}
		if _, got := post(t, s, path, body); !strings.Contains(got, Reply) {
			t.Errorf("%s: called again: %s", path, got)
		}
	}
}

func TestRefusalTellsTheProvidersTime(t *testing.T) {
	s := start(t)
	s.Refuse(time.Date(2026, 11, 25, 20, 30, 0, 0, time.UTC))
	for path, body := range apis {
		status, got := post(t, s, path, body)
		if status != http.StatusTooManyRequests || !strings.Contains(got, `"1308"`) || !strings.Contains(got, "2026-11-26 04:30:00") {
			t.Errorf("%s: %d %s", path, status, got)
		}
	}
	s.Refuse(time.Time{})
	if status, _ := post(t, s, "/v1/messages", "{}"); status != http.StatusOK {
		t.Error("refused still:", status)
	}
}

func TestEndsByItself(t *testing.T) {
	s, err := Start(0)
	if err != nil {
		t.Fatal(err)
	}
	for range 1000 {
		if _, err := http.Get("http://" + s.Addr); err != nil {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Error("it serves after its life")
}

func start(t *testing.T) *Server {
	t.Helper()
	s, err := Start(time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func post(t *testing.T, s *Server, path, body string) (status int, text string) {
	t.Helper()
	resp, err := http.Post("http://"+s.Addr+path, "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(got)
}
