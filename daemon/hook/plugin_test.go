package hook

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// bus stands in for the tool: for each line of standard input it loads the
// plugin anew, plays the list of events that the line is, and prints what the
// plugin would have sent. A session that it is asked for has the parent that its
// name tells.
const bus = `
import * as module from "./plugin.mjs"
import { readFileSync } from "node:fs"
const names = Object.keys(module)
if (names.length !== 1) throw new Error("exports " + names)
const server = module.default.server ?? module.default
const client = { session: { get: async ({ path }) => ({ data: { id: path.id, parentID: path.id.split("-of-")[1] } }) } }
for (const line of readFileSync(0, "utf8").split("\n").filter(Boolean)) {
  const hooks = await server({ client, directory: "/work" })
  for (const { config, ...event } of JSON.parse(line)) {
    if (config) await hooks.config(config)
    else await hooks.event({ event })
  }
  await hooks.event()
  await hooks.event({ event: 7 })
  console.log("end")
}
`

// spawner stands in for node:child_process.
const spawner = `
export const spawn = (program, args, options) => {
  if (program !== "/opt/quotad") throw new Error("no such program")
  if (!options.detached || options.stdio[1] !== "ignore" || options.stdio[2] !== "ignore") throw new Error("held")
  return { on() {}, unref() {}, stdin: { on() {}, end(text) { console.log(args.join(" ") + " " + text) } } }
}
`

// play is what the plugin sends at each of the lists of events, where Node is
// there to run it.
func play(t *testing.T, text string, lists ...[]string) [][]string {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("no node here to run the plugin with")
	}
	dir := t.TempDir()
	text = strings.Replace(text, `"node:child_process"`, `"./spawn.mjs"`, 1)
	for name, text := range map[string]string{"plugin.mjs": text, "spawn.mjs": spawner, "bus.mjs": bus} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var input, complaints strings.Builder
	for _, events := range lists {
		input.WriteString("[" + strings.Join(events, ",") + "]\n")
	}
	run := exec.Command(node, "bus.mjs")
	run.Dir, run.Stdin, run.Stderr = dir, strings.NewReader(input.String()), &complaints
	out, err := run.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, complaints.String())
	}
	var sent [][]string
	for part := range strings.SplitSeq(strings.TrimSuffix(string(out), "end\n"), "end\n") {
		sent = append(sent, strings.FieldsFunc(part, func(r rune) bool { return r == '\n' }))
	}
	return sent
}

// The events of a bus.
const (
	began   = `{"type":"session.created","properties":{"info":{"id":"s1"}}}`
	message = `{"type":"message.updated","properties":{"info":{"id":"m1","role":"user","sessionID":"s1","time":{"created":7},"model":{"providerID":"mine","modelID":"glm-5.3"}}}}`
	written = `{"type":"message.part.updated","properties":{"part":{"messageID":"m1","type":"text","text":"a secret"}}}`
	atRest  = `{"type":"session.idle","properties":{"sessionID":"s1"}}`
	refuses = `{"type":"session.status","properties":{"sessionID":"s1","status":{"type":"retry","attempt":1,"message":"used up"}}}`
	fails   = `{"type":"session.error","properties":{"sessionID":"s1","error":{"name":"APIError","data":{"message":"used up"}}}}`
)

func TestPlugin(t *testing.T) {
	const first = `hook opencode {"event":"prompt","session":"s1","id":"m1","at":7,"project":"/work","provider":"mine","model":"glm-5.3"`
	cases := []struct {
		what   string
		events []string
		want   []string // each a line's beginning
	}{
		{"a prompt is sent once, however often it is told of", []string{began, message, written, message, written},
			[]string{first + `,"parent":""}`}},
		{"with the URL that the settings give", []string{`{"config":{"provider":{"mine":{"options":{"baseURL":"http://h/v1"}}}}}`, began, message, written},
			[]string{first + `,"url":"http://h/v1","parent":""}`}},
		{"settings of any shape are borne", []string{`{"config":{"provider":{"a":null,"mine":{"options":{"baseURL":7}}}}}`, began, message, written},
			[]string{first}},
		{"what the tool wrote itself is no prompt", []string{began, message, strings.Replace(written, `"text",`, `"text","synthetic":true,`, 1)}, nil},
		{"nor is a summary", []string{began, message, strings.Replace(written, `"text",`, `"compaction",`, 1)}, nil},
		{"nor is an answer", []string{began, strings.Replace(message, `"user"`, `"assistant"`, 1), written}, nil},
		{"a subagent's is told apart", []string{strings.Replace(began, `"id":"s1"`, `"id":"s1","parentID":"s0"`, 1), message, written},
			[]string{first + `,"parent":"s0"}`}},
		{"also that of a session which began before", []string{strings.ReplaceAll(message, "s1", "s1-of-s0"), written},
			[]string{strings.ReplaceAll(first, "s1", "s1-of-s0") + `,"parent":"s0"}`}},
		{"the end of a turn names its prompt", []string{began, message, written, atRest},
			[]string{first, `hook opencode {"event":"stop","session":"s1","id":"m1"`}},
		{"a refusal is sent once, however often it comes", []string{began, message, written, refuses, refuses, fails},
			[]string{first, `hook opencode {"event":"retry","session":"s1","id":"m1"`}},
		{"and anew in the next turn", []string{began, refuses, atRest, refuses},
			[]string{`hook opencode {"event":"retry"`, `hook opencode {"event":"stop"`, `hook opencode {"event":"retry"`}},
		{"an error without a word is none", []string{began, `{"type":"session.error","properties":{"sessionID":"s1","error":{"name":"Aborted"}}}`}, nil},
		{"events of any shape are borne", []string{`{"type":"message.updated"}`, `{"type":"session.created","properties":{"info":null}}`, `{"type":"message.part.updated","properties":{"part":7}}`}, nil},
	}
	var lists [][]string
	for _, c := range cases {
		lists = append(lists, c.events)
	}
	sent := play(t, plugin("/opt/quotad", "opencode", "server"), lists...)
	if len(sent) != len(cases) {
		t.Fatalf("%d of %d played", len(sent), len(cases))
	}
	for i, c := range cases {
		got := sent[i]
		if len(got) != len(c.want) {
			t.Errorf("%s: sent %q", c.what, got)
			continue
		}
		for i := range got {
			if !strings.HasPrefix(got[i], c.want[i]) || strings.Contains(got[i], "secret") {
				t.Errorf("%s: got\n%s\nwant\n%s", c.what, got[i], c.want[i])
			}
		}
	}
}

func TestPluginBearsAMissingProgram(t *testing.T) {
	if got := play(t, plugin(`/gone/"quotad"`, "kilo", `{ id: "quotad", server }`), []string{began, message, written, atRest, refuses}); len(got[0]) != 0 {
		t.Errorf("sent %q", got)
	}
}

func TestPluginCannotHoldAPromptBack(t *testing.T) {
	for _, awaited := range []string{"chat.message", "chat.params", "permission.ask", "tool.execute", "command.execute"} {
		if strings.Contains(pluginText, awaited) {
			t.Errorf("it has a hook that is awaited: %s", awaited)
		}
	}
}
