package main

import (
	"encoding/json"
	"encoding/xml"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"quotad/quota"
)

// A few glances that every format has to draw.
func barGlances() map[string]*glance {
	five := window("5h", quota.Fixed, 37, 400, in(3*time.Hour+40*time.Minute))
	five.Forecast = &quota.Forecast{PerHour: 112, ExhaustsAt: in(48 * time.Minute)}
	week := window("week", quota.Anchored, 240, 2000, in(49*time.Hour))
	full := blocked(pro(window("5h", quota.Fixed, 400, 400, in(72*time.Minute)), week), in(72*time.Minute))
	warned := pro(five)
	warned.Warnings = []quota.Warning{{Message: "a & b"}}
	return map[string]*glance{
		"ok": glanced(pro(five, week)), "idle": glanced(pro(idle("5h", quota.Fixed, 400))),
		"low":       glanced(low(pro(window("5h", quota.Fixed, 310, 400, in(time.Hour)), week))),
		"exhausted": glanced(full), "assumed": glanced(assumed(pro(five))), "warned": glanced(warned),
		"two": glanced(pro(five), other("work", full)), "away": absent(),
	}
}

func TestDrawnBars(t *testing.T) {
	glances := barGlances()
	for _, c := range []struct{ format, glance, want string }{
		{"tmux", "ok", "GLM 5h ~9 %, resets 10:10, runs out 07:18 · week ~12 %\n"},
		{"tmux", "low", "#[fg=black,bg=yellow]GLM 5h ~77 %, resets 07:30 · week ~12 %#[default]\n"},
		{"tmux", "two", "GLM default 5h ~9 %, resets 10:10, runs out 07:18 | #[fg=white,bg=red]work no room until 07:42 · week ~12 %#[default]\n"},
		{"tmux", "away", "#[fg=white,bg=brightblack]quotad: no daemon#[default]\n"},
		{"i3blocks", "ok", "GLM 5h ~9 %, resets 10:10, runs out 07:18 · week ~12 %\n5h ~9 %\n#98C379\n"},
		{"i3blocks", "exhausted", "GLM no room until 07:42 · week ~12 %\nno room\n#E06C75\n"},
		{"i3blocks", "away", "quotad: no daemon\nquotad: no daemon\n#7F848E\n"},
		{"polybar", "low", "%{F#E5C07B}GLM 5h ~77 %, resets 07:30 · week ~12 %%{F-}\n"},
		{"polybar", "two", "%{F#98C379}GLM default 5h ~9 %, resets 10:10, runs out 07:18%{F-} | %{F#E06C75}work no room until 07:42 · week ~12 %%{F-}\n"},
		{"polybar", "away", "%{F#7F848E}quotad: no daemon%{F-}\n"},
		{"xbar", "two", `GLM default 5h ~9 %, resets 10:10
GLM work no room until 07:42 | color=#DC322F
---
default: GLM Coding Pro
5h: 9 % · about 37 of 400 prompts · full at 10:10, in 3 h 40 min | color=#B58900
this pace, 112 an hour, runs out at 07:18, 2 h 52 min too early
---
work: GLM Coding Pro
5h: 100 % · about 400 of 400 prompts · full at 07:42, in 1 h 12 min | color=#DC322F
week: 12 % · about 240 of 2,000 prompts · full on Wed 25 Nov 07:30, in 2 d 1 h
---
Refresh | refresh=true
`},
		{"xbar", "assumed", `GLM 5h ~9 %, resets 10:10 · assumed
---
GLM Coding Pro, assumed: quotad setup
5h: 9 % · about 37 of 400 prompts · full at 10:10, in 3 h 40 min | color=#B58900
this pace, 112 an hour, runs out at 07:18, 2 h 52 min too early
---
Refresh | refresh=true
`},
		{"xbar", "away", "quotad: no daemon | color=#888888\n---\nNo daemon answers at /run/s.\nTry: quotad run\n---\nRefresh | refresh=true\n"},
	} {
		f, _ := barNamed(c.format)
		if got := f.draw(glances[c.glance]); got != c.want {
			t.Errorf("%s, %s:\n%s\nwant\n%s", c.format, c.glance, got, c.want)
		}
	}
}

// needed skips a test where a program is not here; in CI it has to be.
func needed(t *testing.T, program string) {
	t.Helper()
	if _, err := exec.LookPath(program); err == nil {
		return
	}
	if os.Getenv("QUOTAD_CI") != "" {
		t.Fatalf("%s is not here", program)
	}
	t.Skipf("%s is not here", program)
}

// jq runs a real one on a document.
func jq(t *testing.T, doc, program string) string {
	t.Helper()
	c := exec.Command("jq", "-r", program)
	c.Stdin = strings.NewReader(doc)
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("jq: %v\n%s\n%s", err, out, doc)
	}
	return strings.TrimSuffix(string(out), "\n")
}

func TestWaybarIsJSONToJq(t *testing.T) {
	needed(t, "jq")
	glances := barGlances()
	for _, c := range []struct{ glance, program, want string }{
		{"ok", "[.text, .alt, (.class|join(\",\")), .percentage] | @tsv", "GLM 5h ~9 %, resets 10:10\tok\tok\t9"},
		{"idle", "[.text, .alt, .percentage] | @tsv", "GLM 5h 0 %\tok\t0"},
		{"low", "[.alt, (.class|join(\",\")), .percentage] | @tsv", "low\tlow\t77"},
		{"exhausted", "[.text, (.class|join(\",\")), .percentage] | @tsv", "GLM no room until 07:42\texhausted\t100"},
		{"assumed", "[.text, (.class|join(\",\"))] | @tsv", "GLM 5h ~9 %, resets 10:10 · assumed\tok,assumed"},
		{"warned", ".class | join(\",\")", "ok,warning"},
		{"two", "[.text, .alt] | @tsv", "GLM default 5h ~9 %, resets 10:10 | work no room until 07:42\texhausted"},
		{"away", "[.text, .alt, (.class|join(\",\"))] | @tsv", "quotad: no daemon\taway\taway"},
		{"away", ".tooltip", "No daemon answers at /run/s.\nTry: quotad run"},
		{"low", "keys_unsorted | join(\",\")", "text,alt,tooltip,class,percentage"},
	} {
		doc := drawWaybar(glances[c.glance])
		if got := jq(t, doc, c.program); got != c.want || strings.Count(doc, "\n") != 1 {
			t.Errorf("%s, %s: %q, want %q, of\n%s", c.glance, c.program, got, c.want, doc)
		}
	}
}

// markup is the text of Pango markup, which is XML without a root.
func markup(t rapid.TB, text string) string {
	var out strings.Builder
	d := xml.NewDecoder(strings.NewReader("<r>" + text + "</r>"))
	for {
		token, err := d.Token()
		if err == io.EOF {
			return out.String()
		}
		if err != nil {
			t.Fatalf("no markup: %v\n%s", err, text)
		}
		if chars, ok := token.(xml.CharData); ok {
			out.Write(chars)
		}
	}
}

// polybarText is what polybar shows: the text outside of its tags, all of
// which have to be colours.
func polybarText(t rapid.TB, line string) string {
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(line, "%{")
		out.WriteString(before)
		if !found {
			return out.String()
		}
		tag, after, closed := strings.Cut(rest, "}")
		if !closed || tag != "F-" && !(strings.HasPrefix(tag, "F#") && len(tag) == len("F#98C379")) {
			t.Fatalf("polybar reads a tag %q in %q", tag, line)
		}
		line = after
	}
}

// xbarRow is one line of a menu, as xbar and Argos read it.
type xbarRow struct {
	text       string
	attributes map[string]string
}

func xbarRows(t rapid.TB, menu string) (rows []xbarRow) {
	for line := range strings.Lines(menu) {
		text, attributes, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "|")
		row := xbarRow{strings.TrimSpace(text), map[string]string{}}
		for _, pair := range strings.Fields(attributes) {
			name, value, ok := strings.Cut(pair, "=")
			if !ok || name != "color" && name != "refresh" {
				t.Fatalf("not an attribute that all know: %q in %q", pair, line)
			}
			row.attributes[name] = value
		}
		if strings.ContainsAny(row.text, `<>&\`) || strings.HasPrefix(row.text, "--") && row.text != "---" {
			t.Fatalf("more than text: %q", line)
		}
		rows = append(rows, row)
	}
	return rows
}

// hostile are names made of what the bars read as their own.
func hostile(t *rapid.T, label string) string {
	piece := rapid.SampledFrom([]string{"#[fg=red]", "#(id)", "#{host}", "##", "#", "%{A1:id:}", "%{", "%", "{", "|", " | bash=/bin/id", "<b>", "&", `\n`, `\`, "\n", "\r", "---", "-",
		"\"", "'", "\x1b[31m", "\x00", "é", "深", "\xff", "%d", "}", ",", "a", "5h", " "})
	return strings.Join(rapid.SliceOfN(piece, 1, 6).Draw(t, label), "")
}

// Whatever names there are, each bar reads text where we meant text.
func TestBarsTakeNoNameForACommand(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := window(hostile(t, "window"), quota.Fixed, rapid.Int64Range(0, 100).Draw(t, "used"), 100, in(time.Hour))
		st := other(hostile(t, "account"), pro(w))
		st.Plan.Name, st.Binding = hostile(t, "plan"), w.Window
		st.Warnings = []quota.Warning{{Message: hostile(t, "warning")}}
		all := cleanStatuses(quota.Statuses{Now: boardNow, Accounts: []quota.Status{st, st}})
		g := glanceOf(all, barScreen, clock{boardNow, time.UTC})
		if rapid.Bool().Draw(t, "away") {
			g = glance{away: absence{"no daemon", clean(hostile(t, "why")), clean(hostile(t, "hint"))}, screen: barScreen}
		}
		terse, usual := joined(g.parts(lengthTerse), bare), joined(g.parts(lengthUsual), bare)

		var block waybarBlock
		if err := json.Unmarshal([]byte(drawWaybar(&g)), &block); err != nil {
			t.Fatal(err)
		}
		if got := markup(t, block.Text); got != terse {
			t.Errorf("waybar shows %q, not %q", got, terse)
		}
		markup(t, block.Tooltip)

		if got := polybarText(t, strings.TrimSuffix(drawPolybar(&g), "\n")); strings.ReplaceAll(got, "% {", "%{") != strings.ReplaceAll(usual, "% {", "%{") {
			t.Errorf("polybar shows %q, not %q", got, usual)
		}
		if lines := strings.Split(drawI3blocks(&g), "\n"); len(lines) != 4 || lines[0] != usual || lines[3] != "" {
			t.Errorf("i3blocks reads %q", lines)
		}
		if line := drawTmux(&g); strings.Count(line, "\n") != 1 {
			t.Errorf("tmux reads %q", line)
		}
		rows := xbarRows(t, drawXbar(&g))
		if last := rows[len(rows)-1]; last.text != "Refresh" || last.attributes["refresh"] != "true" || strings.HasPrefix(rows[0].text, "-") {
			t.Errorf("xbar reads %q", rows)
		}
	})
}
