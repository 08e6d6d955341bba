package backfill

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"quotad/quota"
)

const tool = "claude-code"

// asked, answered and refused are what a session "s" tells of.
func asked(id, turn string, second float64) quota.Event {
	return quota.Event{ID: tool + ":prompt:" + id, Kind: quota.KindPrompt, Tool: tool, Session: "s", Turn: turn, At: after(second), Count: 1}
}

func answered(id, turn, model string, second float64) quota.Event {
	return quota.Event{
		ID: tool + ":usage:" + id, Kind: quota.KindUsage, Tool: tool, Session: "s", Turn: turn, At: after(second), Model: model,
		Tokens: quota.Tokens{Input: 10, Cached: 20, Output: 5}, Count: 1,
	}
}

func refused(id string, second float64) quota.Event {
	return quota.Event{ID: tool + ":exhausted:" + id, Kind: quota.KindExhausted, Tool: tool, Session: "s", At: after(second), Window: "5h", Until: after(9000), Count: 1}
}

// hooked is a prompt as a hook records it.
func hooked(id, turn string, second float64) quota.Event {
	e := asked(id, turn, second)
	e.ID = id
	return e
}

// missing is what is to be recorded of a session beside what the record has.
func missing(rules Rules, kept, record []quota.Event) (*Harvest, []quota.Event) {
	h := New(tool, rules)
	for _, e := range kept {
		h.Take(e, "")
	}
	for _, e := range record {
		h.Known(e)
	}
	var list []quota.Event
	for _, e := range h.Missing() {
		list = append(list, *e)
	}
	return h, list
}

func ids(events []quota.Event) string {
	var list []string
	for _, e := range events {
		list = append(list, strings.TrimPrefix(e.ID, tool+":"))
	}
	return strings.Join(list, " ")
}

func with(e quota.Event, change func(*quota.Event)) quota.Event {
	change(&e)
	return e
}

func TestWhatIsMissing(t *testing.T) {
	turn := []quota.Event{asked("1", "a", 0), answered("1", "a", "glm-5.3[1m]", 5)}
	for _, c := range []struct {
		name         string
		rules        Rules
		kept, record []quota.Event
		want         string
		left         string
	}{
		{"a turn that nobody recorded", Rules{}, turn, nil, "prompt:1 usage:1", ""},
		{"a prompt that a hook recorded", Rules{}, turn, []quota.Event{hooked("01A", "a", 0.1)}, "usage:1", ""},
		{"one that another tool's hook recorded is another", Rules{}, turn,
			[]quota.Event{with(hooked("01A", "a", 0.1), func(e *quota.Event) { e.Tool = "cursor" })}, "prompt:1 usage:1", ""},
		{"what was imported before", Rules{}, turn, turn, "", ""},
		{"what was imported before stands for itself alone", Rules{}, turn, []quota.Event{asked("0", "a", -60)}, "prompt:1 usage:1", ""},
		{"a prompt of another model takes the hook's that is its own", Rules{},
			append([]quota.Event{asked("2", "b", 60), answered("2", "b", "claude-opus-4-5", 65)}, turn...),
			[]quota.Event{hooked("01A", "", 60)}, "prompt:1 usage:1", "[1 1 0] of another model: claude-opus-4-5"},
		{"without an answer nobody knows whose it was", Rules{}, turn[:1], nil, "", "[1 0 0] without an answer"},
		{"the first answer of a turn decides", Rules{},
			append([]quota.Event{answered("2", "a", "claude-haiku-4-5", 9)}, turn...), nil, "prompt:1 usage:1", "[0 1 0] of another model: claude-haiku-4-5"},
		{"prompts that were sent as one share the answer", Rules{}, append([]quota.Event{asked("0", "x", -1)}, turn...), nil, "prompt:0 prompt:1 usage:1", ""},
		{"one that was broken off does not have the next one's answer", Rules{}, append([]quota.Event{asked("0", "x", -30)}, turn...), nil, "prompt:1 usage:1", "[1 0 0] without an answer"},
		{"an answer without figures says whose the prompt is", Rules{},
			[]quota.Event{turn[0], with(turn[1], func(e *quota.Event) { e.Tokens = quota.Tokens{} })}, nil, "prompt:1", ""},
		{"a copy in a forked session is the same", Rules{},
			append([]quota.Event{with(turn[0], func(e *quota.Event) { e.Session = "fork" })}, turn...), []quota.Event{hooked("01A", "", 0)}, "usage:1", ""},
		{"a refusal", Rules{}, []quota.Event{refused("1", 9)}, nil, "exhausted:1", ""},
		{"a refusal that a hook recorded", Rules{}, []quota.Event{refused("1", 9)},
			[]quota.Event{with(refused("1", 2000), func(e *quota.Event) { e.ID = "01B" })}, "", ""},
		{"a refusal where only others answer", Rules{}, []quota.Event{refused("1", 9), answered("1", "a", "claude-opus-4-5", 5)}, nil, "",
			"[0 0 1] of another model, [0 1 0] of another model: claude-opus-4-5"},
		{"a refusal where the plan answers too", Rules{}, append([]quota.Event{refused("1", 9), answered("2", "b", "claude-opus-4-5", 7)}, turn...), nil,
			"prompt:1 usage:1 exhausted:1", "[0 1 0] of another model: claude-opus-4-5"},
		{"only what is at the time or later", Rules{Since: after(1)}, turn, nil, "usage:1", "[1 0 0] outside of the time asked for"},
		{"only what is before the time", Rules{Until: after(5)}, turn, nil, "prompt:1", "[0 1 0] outside of the time asked for"},
		{"a prompt outside of the time takes the hook's that is its own", Rules{Since: after(5)},
			append([]quota.Event{asked("2", "b", 60), answered("2", "b", "glm-5.3", 65)}, turn...), []quota.Event{hooked("01A", "", 0)},
			"usage:1 prompt:2 usage:2", "[1 0 0] outside of the time asked for"},
		{"older than is kept", Rules{Oldest: after(1)}, turn, nil, "usage:1", "[1 0 0] older than the record keeps"},
		{"of a clock that was wrong", Rules{Newest: after(1)}, turn, nil, "prompt:1", "[0 1 0] of a time to come"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h, got := missing(c.rules, c.kept, c.record)
			if ids(got) != c.want {
				t.Errorf("missing are %q, not %q", ids(got), c.want)
			}
			var left []string
			for _, l := range h.Tally().LeftOut {
				text := fmt.Sprint([]int{l.Prompts, l.Answers, l.Stops}, " ", l.Reason)
				if l.What != "" {
					text += ": " + l.What
				}
				left = append(left, text)
			}
			if got := strings.Join(left, ", "); got != c.left {
				t.Errorf("left out are %q, not %q", got, c.left)
			}
		})
	}
}

func TestWhereItWent(t *testing.T) {
	router := "http://127.0.0.1:3456"
	mine := Rules{Billing: quota.Rules{Endpoints: []quota.EndpointRule{{URL: router, Plan: true}}}, URLs: map[string]string{"box": router}}
	for _, c := range []struct {
		name, tool, provider string
		rules                Rules
		want                 string
		reason               Reason
	}{
		{"a tool that keeps nothing of it", tool, "", Rules{}, "", Wanted},
		{"what the user says of such", tool, "", Rules{Endpoint: "https://api.z.ai/api/anthropic"}, "https://api.z.ai/api/anthropic", Wanted},
		{"the plan", "opencode", "zai-coding-plan", Rules{}, "https://api.z.ai/api/coding/paas/v4", Wanted},
		{"the plan in China", "opencode", "zhipuai-coding-plan", Rules{}, "https://open.bigmodel.cn/api/coding/paas/v4", Wanted},
		{"what is told is not said anew", "opencode", "zai-coding-plan", Rules{Endpoint: router}, "https://api.z.ai/api/coding/paas/v4", Wanted},
		{"paid by the token", "opencode", "zai", Rules{}, "https://api.z.ai/api/paas/v4", Wanted},
		{"paid by the token in China", "opencode", "zhipuai", Rules{}, "https://open.bigmodel.cn/api/paas/v4", Wanted},
		{"the plan, as Crush calls it", "crush", "zai", Rules{}, "https://api.z.ai/api/coding/paas/v4", Wanted},
		{"somebody else who serves the model", "opencode", "openrouter", Rules{}, "", OtherProvider},
		{"a provider of the user's own, to the plan", "codex", "box", Rules{URLs: map[string]string{"box": "https://api.z.ai/api/v1"}}, "https://api.z.ai/api/v1", Wanted},
		{"to a router that is to the plan", "codex", "box", mine, router, Wanted},
		{"to a router of which nothing is said", "codex", "box", Rules{URLs: mine.URLs}, "", OtherProvider},
		{"of a name that is set no more, like the provider's", "codex", "z-ai", Rules{}, "", Wanted},
		{"of another name that is set no more", "codex", "openai", Rules{}, "", OtherProvider},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := New(c.tool, c.rules)
			h.Take(answered("1", "a", "zai-org/GLM-4.7", 5), c.provider)
			got := ""
			for _, e := range h.Missing() {
				got = e.Endpoint
			}
			reason := Wanted
			for _, l := range h.Tally().LeftOut {
				reason = l.Reason
			}
			if got != c.want || reason != c.reason {
				t.Errorf("%q, %v", got, reason)
			}
		})
	}
}

// A session that cannot tell goes where a hook in it saw it going.
func TestHooksTellTheEndpoint(t *testing.T) {
	kept := []quota.Event{asked("1", "a", 0), answered("1", "a", "glm-5.3", 5), asked("2", "b", 60), answered("2", "b", "glm-5.3", 65)}
	seen := with(hooked("01A", "a", 0), func(e *quota.Event) { e.Endpoint = "http://127.0.0.1:1" })
	h, got := missing(Rules{}, kept, []quota.Event{seen})
	for _, e := range got {
		if e.Endpoint != seen.Endpoint {
			t.Errorf("%s went to %q", e.ID, e.Endpoint)
		}
	}
	said := "https://api.z.ai/api/anthropic"
	_, all := missing(Rules{Endpoint: said}, kept, []quota.Event{seen})
	for _, e := range all {
		if e.Endpoint != said {
			t.Errorf("%s went to %q, whatever the user says", e.ID, e.Endpoint)
		}
	}
	if n := h.Tally(); len(got) != 3 || n.Guessed != 0 {
		t.Errorf("%d missing, %d guessed", len(got), n.Guessed)
	}
}

// A session that was taken up with another endpoint has turns of both.
func TestEachTurnWentWhereAHookSawItGoing(t *testing.T) {
	const plan, paid = "https://api.z.ai/api/anthropic", "https://api.z.ai/api/paas/v4"
	kept := []quota.Event{asked("1", "a", 0), answered("1", "a", "glm-5.3", 5), asked("2", "b", 60), answered("2", "b", "glm-5.3", 65), answered("3", "c", "glm-5.3", 70)}
	to := func(e quota.Event, url string) quota.Event { e.Endpoint = url; return e }
	_, got := missing(Rules{}, kept, []quota.Event{to(hooked("01A", "a", 0), paid), to(hooked("01B", "b", 60), plan)})
	var went []string
	for _, e := range got {
		went = append(went, e.Endpoint)
	}
	if want := []string{paid, plan, plan}; !slices.Equal(went, want) {
		t.Errorf("%s went to %q, want %q", ids(got), went, want)
	}
}

func TestTally(t *testing.T) {
	kept := []quota.Event{
		asked("1", "a", 0), answered("1", "a", "glm-5.3", 5), answered("2", "a", "glm-4.7", 8),
		asked("3", "c", 86400), answered("3", "c", "glm-5.3", 86405), refused("1", 9),
	}
	h, _ := missing(Rules{}, kept, []quota.Event{hooked("01A", "a", 0)})
	n := h.Tally()
	if n.Sessions != 1 || n.Wanted != (Count{2, 3, 1}) || n.Known != (Count{Prompts: 1}) || n.Guessed != 1 {
		t.Errorf("%+v", n)
	}
	east := time.FixedZone("", 13*3600)
	var got []string
	for _, d := range Days(h.Missing(), east) {
		got = append(got, fmt.Sprint(d.Day, d.Model, d.Prompts, d.Answers, d.Tokens))
	}
	want := []string{"2026-10-06glm-4.70 1 {10 20 5}", "2026-10-06glm-5.30 1 {10 20 5}", "2026-10-07glm-5.31 1 {10 20 5}"}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

func TestAddressesInCodexSettings(t *testing.T) {
	got := CodexURLs([]byte("model = \"glm-5.3\"\n[model_providers.box]\nname = \"Box\"\nbase_url = \"https://me:secret@box.example/v1?key=secret\"\n"))
	if got["box"] != "https://box.example/v1" {
		t.Errorf("%q", got)
	}
	if got := CodexURLs([]byte("model = ")); len(got) != 0 {
		t.Errorf("%q of what cannot be read", got)
	}
}

// drawnSession is a session, and what hooks recorded of it and beside it.
func drawnSession(t *rapid.T) (kept, record []quota.Event) {
	prompts, hooks := drawn(t)
	for i, p := range prompts {
		e := with(asked(fmt.Sprint(i), p.turn, 0), func(e *quota.Event) { e.At, e.Session = p.at, p.sessions[0] })
		kept = append(kept, e)
	}
	for _, turn := range []string{"a", "b", "c"} {
		kept = append(kept, answered(turn, turn, rapid.SampledFrom([]string{"glm-5.3", "claude-opus-4-5"}).Draw(t, "model"), 4000))
	}
	for j, r := range hooks {
		record = append(record, with(hooked(fmt.Sprint(j), r.turn, 0), func(e *quota.Event) { e.At, e.Session, e.Count = r.at, r.session, r.count }))
	}
	slices.SortFunc(record, func(a, b quota.Event) int {
		if a.Before(b) {
			return -1
		}
		return 1
	})
	return kept, record
}

// What was imported once is not imported again, in whatever order it is read,
// and it is one event each.
func TestTwiceIsOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		kept, record := drawnSession(t)
		_, first := missing(Rules{}, kept, record)
		_, mixed := missing(Rules{}, rapid.Permutation(kept).Draw(t, "mixed"), record)
		if ids(first) != ids(mixed) {
			t.Fatalf("%s, and in another order %s", ids(first), ids(mixed))
		}
		if _, second := missing(Rules{}, kept, append(record, first...)); len(second) > 0 {
			t.Fatalf("again: %s", ids(second))
		}
	})
}

// A session that is imported while it goes on ends with no more prompts than
// one that is imported once, where hooks tell of each in time.
func TestImportsOfAGrowingSession(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		kept, record := drawnSession(t)
		cut := after(rapid.Float64Range(0, 3600).Draw(t, "cut"))
		early := func(e quota.Event) bool { return e.At.Before(cut) || e.Kind == quota.KindUsage }
		_, whole := missing(Rules{}, kept, record)
		_, part := missing(Rules{}, filter(kept, early), record)
		_, rest := missing(Rules{}, kept, append(record, part...))
		if len(part)+len(rest) > len(whole) {
			t.Fatalf("at once %s, in two parts %s and %s", ids(whole), ids(part), ids(rest))
		}
	})
}

func filter(events []quota.Event, keep func(quota.Event) bool) (kept []quota.Event) {
	for _, e := range events {
		if keep(e) {
			kept = append(kept, e)
		}
	}
	return kept
}

// Prompts that came after the import and that a hook recorded add nothing.
func TestHooksAfterAnImport(t *testing.T) {
	kept := []quota.Event{asked("1", "a", 0), answered("1", "a", "glm-5.3", 5)}
	_, first := missing(Rules{}, kept, nil)
	later := append(kept, asked("2", "b", 30), answered("2", "b", "glm-5.3", 35))
	_, second := missing(Rules{}, later, append(first, hooked("01A", "b", 30)))
	if ids(second) != "usage:2" {
		t.Errorf("missing are %q", ids(second))
	}
}
