package main

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"quotad/quota"
)

// nasty is what a tool, or whoever gives it names, may write into a field to
// get at the terminal, bar, log or table that shows it.
var nasty = map[string]string{
	"a cleared screen":         "\x1b[2J\x1b[H",
	"a colour":                 "\x1b[31mred",
	"a title":                  "\x1b]0;owned\x07",
	"a link":                   "\x1b]8;;http://evil.example\x1b\\click\x1b]8;;\x1b\\",
	"the clipboard":            "\x1b]52;c;cm0gLXJm\x07",
	"a control of 8 bits":      "\u009b2J\u009d0;x\u009c",
	"a line of its own":        "x\ny\r\nz\v\f\u0085\u2028\u2029",
	"a line over the line":     "good\rbad",
	"taken back":               "bad\b\b\bgood\x7f",
	"a NUL":                    "a\x00b",
	"a tab":                    "a\tb",
	"the direction of writing": "gnp\u202egpj\u2066x\u2069\u200f",
	"nothing to see":           "a\u200bb\ufeffc\u00ad\U000e0041",
	"marks upon marks":         "a" + strings.Repeat("\u0301", 300),
	"Pango markup":             `<span foreground="red">&amp;</span><b>&`,
	"HTML":                     `"><script>alert(1)</script>`,
	"tmux":                     "#[fg=red]#(touch /tmp/owned)#{pane_title}#S",
	"polybar":                  "%{A1:touch owned:}%{F#f00}%{O99}",
	"xbar":                     "x | bash=/bin/sh param1=-c terminal=false",
	"a formula":                `=HYPERLINK("http://evil.example","x")`,
	"a formula with a sign":    "+1-1", "a formula with a sign before": "@SUM(A1)", "a formula below nothing": "-2+3",
	"a cell and a row":       "\",\"\n=1",
	"a line of the log":      "x\n2026-01-01 00:00:00 INF forged",
	"the journal's priority": "<0>panic",
	"a label of a metric":    "x\"} 1\nquotad_forged{a=\"",
	"an event of a stream":   "x\n\nevent: notice\ndata: {\"forged\":true}",
	"a line of NDJSON":       "x\"}\n{\"id\":\"forged\"",
	"a template":             "{{.}}{{call .}}",
	"a format":               "%s%n%d%!x",
	"a command":              "$(touch owned)`touch owned`;touch owned",
	"an option":              "--help",
	"a path":                 "../../../../etc/passwd\x00.json",
	"as long as may be":      strings.Repeat("\x1bm", quota.MaxText/2),
}

// nastyEvents have each nasty text in each field that takes one.
func nastyEvents() (list []quota.Event) {
	at := time.Now().Add(-time.Hour)
	for name, text := range nasty {
		base := quota.Event{At: quota.Milli(at), Tool: text, Session: text, Project: text, Model: text, Turn: text, Count: 1}
		short := text[:min(len(text), 100)]
		prompt, call, usage, stop := base, base, base, base
		prompt.ID, prompt.Kind = "p"+short, quota.KindPrompt
		call.ID, call.Kind, call.Name = "c"+short, quota.KindTool, text
		usage.ID, usage.Kind, usage.Tokens = "u"+name, quota.KindUsage, quota.Tokens{Input: 1, Output: 1}
		stop.ID, stop.Kind, stop.Window, stop.Code = "s"+name, quota.KindExhausted, quota.WindowFive, "1308"
		list = append(list, prompt, call, usage, stop)
	}
	return list
}

// plainText is what any terminal and log can show as it stands. It gives what
// is wrong with a text.
func plainText(text string) string {
	marks := 0
	for i, r := range text {
		if !unicode.In(r, unicode.Mn, unicode.Me) {
			marks = 0
		} else if marks++; marks > maxMarks {
			return fmt.Sprintf("marks upon marks at %.20q", text[i:])
		}
	}
	return noControls(text)
}

func noControls(text string) string {
	if !utf8.ValidString(text) {
		return "no UTF-8"
	}
	for i, r := range text {
		if r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029') {
			return fmt.Sprintf("%U at %.60q", r, text[max(0, i-20):])
		}
	}
	return ""
}

// colouredText is plain but for colours.
func colouredText(text string) string {
	return plainText(regexp.MustCompile("\x1b\\[[0-9;]*m").ReplaceAllString(text, ""))
}

// jsonValue does no harm to a terminal either; marks stay, for it tells all.
func jsonValue(text string) string {
	if !json.Valid([]byte(text)) {
		return fmt.Sprintf("no JSON: %.200q", text)
	}
	return noControls(text)
}

// jsonLines are several of them.
func jsonLines(text string) string {
	if wrong := ndjsonOnly(text); wrong != "" {
		return wrong
	}
	return noControls(text)
}

func csvCells(text string) string {
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		return err.Error()
	}
	for _, row := range rows {
		for _, cell := range row {
			if _, err := strconv.ParseFloat(cell, 64); err != nil && cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
				return fmt.Sprintf("a formula: %.80q", cell)
			}
		}
	}
	return plainText(strings.ReplaceAll(text, "\r\n", "\n"))
}

var metricLine = regexp.MustCompile(`^(# (HELP|TYPE) quotad_\w+ .+|(quotad|go|process)_\w+(\{(\w+="([^"\\]|\\.)*",?)+\})? [-+.0-9eInfNa]+)$`)

func metricsText(text string) string {
	for line := range strings.Lines(text) {
		if !metricLine.MatchString(strings.TrimSuffix(line, "\n")) || strings.HasPrefix(line, "quotad_forged") {
			return fmt.Sprintf("no metric: %.200q", line)
		}
	}
	return plainText(text)
}

var logLine = regexp.MustCompile(`^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [A-Z]{3} `)

func logText(text string) string {
	for line := range strings.Lines(text) {
		if !logLine.MatchString(line) || strings.HasPrefix(line, "2026-01-01 00:00:00 INF forged") {
			return fmt.Sprintf("no line of the log: %.200q", line)
		}
	}
	return plainText(text)
}

// nastyConfig has the texts in what a person's configuration names, and is
// short of room, so that notices come.
func nastyConfig(h *daemonHome) string {
	text := strings.ReplaceAll(loadConfig, "cap = 1_000_000\n", "cap = 3\n")
	text = strings.Replace(text, `name = "Load"`, "name = "+tomlText(nasty["Pango markup"]+nasty["tmux"]+nasty["polybar"]+nasty["xbar"]), 1)
	told := filepath.Join(h.root, "told")
	return strings.Replace(text, "desktop = false", "desktop = false\ncommand = [\"/bin/sh\", \"-c\", \"cat >>"+told+"; printf '\\\\033[2J<0>x' >&2; exit 1\"]", 1)
}

// tomlText is a basic string of TOML.
func tomlText(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range text {
		if r < ' ' || r == '"' || r == '\\' || r == 0x7f {
			fmt.Fprintf(&b, `\u%04X`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String() + `"`
}

// Whatever stands in an event or is typed: no face of quotad hands it on as
// anything but text.
func TestNoFaceHandsOnWhatIsNastyInAField(t *testing.T) {
	t.Parallel()
	h := newDaemonHome(t)
	h.configure(nastyConfig(h))
	p := h.start()
	events := nastyEvents()
	for _, r := range h.post(events...).accepted(t) {
		if r.Status != quota.Recorded {
			t.Fatalf("%+v", r)
		}
	}
	told := filepath.Join(h.root, "told")
	eventually(t, startLimit, "a notice is told", func() bool { info, err := os.Stat(told); return err == nil && info.Size() > 0 })
	file := filepath.Join(h.root, "\x1b[2Jevents.ndjson")
	h.must(os.WriteFile(file, []byte("{\"kind\":\"\x1b[2J\"}\n\x1b[2J\n{\"\\u202e\\u001b\":1}\n"), 0o600))

	for _, face := range []struct {
		check func(string) string // of standard output; that of errors is plain
		args  []string
	}{
		{plainText, []string{"status"}}, {jsonLines, []string{"status", "--json"}}, {plainText, []string{"status", "--format", "short"}},
		{jsonLines, []string{"status", "--format", "waybar"}}, {plainText, []string{"status", "--format", "tmux"}},
		{plainText, []string{"status", "--format", "i3blocks"}}, {plainText, []string{"status", "--format", "polybar"}},
		{plainText, []string{"status", "--format", "xbar"}}, {plainText, []string{"status", "--template", "{{range .Accounts}}{{.Plan.Name}}{{end}}"}},
		{colouredText, []string{"statusline"}}, {plainText, []string{"check"}},
		{plainText, []string{"history"}}, {jsonLines, []string{"history", "--json"}}, {csvCells, []string{"history", "--csv"}}, {plainText, []string{"history", "--chart"}},
		{plainText, []string{"history", "--by", "tool"}}, {plainText, []string{"history", "--by", "project"}},
		{plainText, []string{"history", "--by", "model"}}, {plainText, []string{"history", "--by", "session"}},
		{csvCells, []string{"history", "--by", "tool", "--csv"}}, {csvCells, []string{"history", "--by", "project", "--csv"}},
		{csvCells, []string{"history", "--by", "model", "--csv"}}, {csvCells, []string{"history", "--by", "session", "--csv"}},
		{jsonLines, []string{"history", "--by", "model", "--json"}}, {plainText, []string{"history", "--by", "project", "--chart"}},
		{plainText, []string{"events"}}, {jsonLines, []string{"events", "--json"}},
		{plainText, []string{"explain", "--all"}}, {jsonLines, []string{"explain", "--all", "--json"}}, {plainText, []string{"explain", "week", "--all"}},
		{plainText, []string{"notify", "list"}}, {jsonLines, []string{"notify", "list", "--json"}}, {plainText, []string{"notify", "test"}},
		{plainText, []string{"plans"}}, {plainText, []string{"plans", "lab/load"}}, {jsonValue, []string{"plans", "--json"}},
		{plainText, []string{"config", "show"}}, {plainText, []string{"config", "check"}},
		{plainText, []string{"doctor"}}, {jsonLines, []string{"doctor", "--json"}}, {plainText, []string{"hooks", "list"}},
		{plainText, []string{"verify"}}, {plainText, []string{"import", file}}, {plainText, []string{"simulate", "--plan", "v2/pro", file}},
	} {
		h.face(t, face.check, face.args...)
	}
	for _, args := range [][]string{
		{}, {"status", "--account"}, {"status", "--format"}, {"history", "--by"}, {"history", "--since"}, {"events", "--account"},
		{"explain"}, {"explain", "--account"}, {"void"}, {"record", "--tool"}, {"record", "--at"}, {"record", "--id"}, {"record", "--account"},
		{"record", "--exhausted"}, {"record", "--reading"}, {"plans"}, {"config", "set"}, {"config", "--config"}, {"--socket"}, {"import"},
		{"hooks", "install"}, {"notify", "snooze"}, {"restore"}, {"check", "--need"}, {"check", "--window"}, {"simulate", "--plan"}, {"completion"}, {"setup", "--plan"},
	} {
		for _, name := range []string{"a cleared screen", "the direction of writing", "marks upon marks"} {
			h.face(t, plainText, append(args, nasty[name])...)
		}
	}
	for path, check := range map[string]func(string) string{"/metrics": metricsText, "/v1/events": ndjsonOnly, "/v1/notices": ndjsonOnly, "/v1/history?by=model": ndjsonOnly} {
		if wrong := check(h.get(path)); wrong != "" {
			t.Errorf("%s: %s", path, wrong)
		}
	}
	if text, _ := os.ReadFile(told); ndjsonOnly(string(text)) != "" {
		t.Errorf("the command was told %q", text)
	}
	if len(h.ids()) < len(events) {
		t.Errorf("%d events are listed; at least %d were expected", len(h.ids()), len(events))
	}
	if wrong := logText(p.said.String()); wrong != "" {
		t.Errorf("the log: %s", wrong)
	}
}

// ndjsonOnly is for programs, which take escapes for what they are.
func ndjsonOnly(text string) string {
	for line := range strings.Lines(text) {
		if !json.Valid([]byte(line)) {
			return fmt.Sprintf("no JSON: %.200q", line)
		}
	}
	return ""
}

// face runs a command, and checks both that it writes.
func (h *daemonHome) face(t *testing.T, check func(string) string, args ...string) {
	t.Helper()
	for _, arg := range args {
		if strings.ContainsRune(arg, 0) {
			return
		}
	}
	var out, said strings.Builder
	c := h.command(args...)
	c.Stdin, c.Stdout, c.Stderr = strings.NewReader(`{"session_id":"x","model":{"display_name":"\u001b[2J"}}`), &out, &said
	c.Run()
	if wrong := check(out.String()); wrong != "" {
		t.Errorf("%q writes: %s", args, wrong)
	}
	if wrong := plainText(said.String()); wrong != "" {
		t.Errorf("%q complains: %s", args, wrong)
	}
}

// Nor what the provider answers, or somebody in its place.
func TestNoFaceHandsOnWhatIsNastyInAnAnswer(t *testing.T) {
	t.Parallel()
	h := newDaemonHome(t)
	var refuses atomic.Bool
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write(nastyAnswer(refuses.Load())) }))
	t.Cleanup(server.Close)
	key := filepath.Join(h.root, "key")
	h.must(os.WriteFile(key, []byte(scriptKey), 0o600))
	h.configure(loadConfig + fmt.Sprintf("\n[account.default.provider]\nenabled = true\nkey_file = %q\nbase_url = %q\n", key, server.URL))
	p := h.start()
	faces := func() {
		for _, face := range []struct {
			check func(string) string
			args  []string
		}{
			{plainText, []string{"sync"}}, {jsonLines, []string{"sync", "--json"}},
			{plainText, []string{"doctor"}}, {plainText, []string{"doctor", "--verbose"}}, {jsonLines, []string{"doctor", "--json"}},
			{plainText, []string{"status"}}, {jsonLines, []string{"status", "--json"}}, {plainText, []string{"events"}}, {plainText, []string{"explain", "--all"}},
		} {
			h.face(t, face.check, face.args...)
		}
		for path, check := range map[string]func(string) string{"/metrics": metricsText, "/v1/about": ndjsonOnly, "/v1/status": ndjsonOnly} {
			if wrong := check(h.get(path)); wrong != "" {
				t.Errorf("%s: %s", path, wrong)
			}
		}
	}
	faces()
	if out, err := h.command("sync").Output(); err != nil || !strings.Contains(string(out), "Unknown row") {
		t.Errorf("a good answer: %v\n%s", err, out)
	}
	refuses.Store(true)
	faces()
	if out, _ := h.command("doctor", "--verbose").Output(); !strings.Contains(string(out), "forged") {
		t.Errorf("a bad answer is not shown to who looks for it:\n%s", out)
	}
	if wrong := logText(p.said.String()); wrong != "" {
		t.Errorf("the log: %s", wrong)
	}
}

// nastyAnswer has nasty texts wherever the provider writes any.
func nastyAnswer(refuses bool) []byte {
	var rows []map[string]any
	for _, text := range nasty {
		rows = append(rows, map[string]any{"type": text, "unit": 9, "percentage": 3})
	}
	clear, forged := nasty["a cleared screen"], nasty["a line of the log"]
	rows = append(rows, map[string]any{"type": "TOKENS_LIMIT", "unit": 3, "percentage": 10})
	answer := map[string]any{"code": 200, "success": true, "msg": clear, "data": map[string]any{"level": clear + forged, "limits": rows}}
	if refuses {
		answer = map[string]any{"code": 1234, "success": false, "msg": clear + forged + nasty["the direction of writing"]}
	}
	body, err := json.Marshal(answer)
	if err != nil {
		panic(err)
	}
	return body
}
